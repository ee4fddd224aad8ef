"""Replay: the whole way from mentions to messages, on simulated time."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest

from detectors.signal import Level
from monitor.config_loader import parse_config
from monitor.replay import read_files, replay, summary
from tests.monitor.stream import START, mention, quiet, seen, surge

SHARED = Path(__file__).parents[3] / "shared" / "data" / "mentions"
ONSET = START + timedelta(days=5, hours=13)
CONFIG = parse_config(
    "timezone: UTC\nbrands: [{name: Nordtåg, themes: {money: [charged, money]}}]", environment={}
).config


@pytest.fixture(scope="module")
def crisis():
    replayed = replay(CONFIG, seen(chain(quiet(6), surge(ONSET, 220, timedelta(hours=3)))))
    yield replayed
    replayed.close()


def test_a_surge_of_complaints_opens_one_incident_and_raises_it(crisis):
    found = [i for i in summary(crisis)["incidents"] if i["opened_at"] >= ONSET.isoformat()[:16]]
    assert len(found) == 1
    assert found[0]["peak_level"] in ("warning", "crisis")
    first = datetime.fromisoformat(found[0]["levels"][0]["at"])
    assert first - ONSET <= timedelta(minutes=60)


def test_the_quiet_days_before_wake_nobody(crisis):
    before = [i for i in summary(crisis)["incidents"] if i["opened_at"] < ONSET.isoformat()[:16]]
    assert all(i["peak_level"] == "watch" for i in before)
    assert len(before) <= 1


def test_the_onset_is_stated_near_the_true_one(crisis):
    onset = datetime.fromisoformat(summary(crisis)["incidents"][-1]["onset_at"])
    assert abs(onset - ONSET) <= timedelta(minutes=60)


def test_the_alert_names_the_theme_and_the_people(crisis):
    alerts = [m for m in crisis.channel.sent if m.card.level >= Level.WARNING]
    assert alerts
    whole = " ".join([alerts[0].card.title, alerts[0].card.lead, alerts[0].card.opening])
    assert "Nordtåg" in whole
    incident = crisis.monitor.store.list_incidents()[0]
    assert "money" in incident.themes


def test_every_message_is_sent_once(crisis):
    keys = [message.key for message in crisis.channel.sent]
    assert len(keys) == len(set(keys))


def test_counters_equal_a_recount_after_the_whole_run(crisis):
    store = crisis.monitor.store
    since, until = START, START + timedelta(days=7)
    assert store.counters("Nordtåg", since, until) == store.recount("Nordtåg", since, until)


def test_the_same_mentions_give_the_same_incidents():
    def run():
        replayed = replay(
            CONFIG, seen(chain(quiet(3), surge(START + timedelta(days=2, hours=10), 120, timedelta(hours=2))))
        )
        try:
            found = summary(replayed)
            return {**found, "seconds": 0}
        finally:
            replayed.close()

    assert run() == run()


def test_a_brand_that_the_config_does_not_know_is_watched_with_default_settings():
    posts = [mention(n, START + timedelta(minutes=n), f"hello {n}", brand="Elsewhere") for n in range(30)]
    replayed = replay(CONFIG, posts)
    assert replayed.monitor.store.count_mentions("Elsewhere") == 30
    replayed.close()


def test_no_mentions_at_all_is_no_crash():
    replayed = replay(CONFIG, [])
    assert summary(replayed)["incidents"] == []
    replayed.close()


def test_replay_json_prints_one_object_and_reports_bad_lines(tmp_path):
    file = tmp_path / "posts.csv"
    file.write_text(
        "id,created_at,text,brand\n1,2026-03-02T10:00:00Z,hello,Nordtåg\n2,not a time,bad,Nordtåg\n"
        "3,2026-03-02T10:05:00Z,more,Nordtåg\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "replay", str(file), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert (answer["mentions"], answer["skipped"]) == (2, 1)
    assert answer["from"] == "2026-03-02T10:00:00Z"
    assert "posts.csv" in done.stderr


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded airline mentions are not at hand")
class TestRecordedAirlines:
    """The two recorded weeks, with the shipped thresholds."""

    def test_us_airways_is_a_warning_in_the_night_of_the_ice_storm_and_quiet_before(self):
        found = self.incidents("airline_2015_us_airways.csv", until=datetime(2015, 2, 22, 8, tzinfo=UTC))
        rises = [(rise["level"], rise["at"], i) for i in found for rise in i["levels"]]
        before = [rise for rise in rises if rise[1] < "2015-02-22T02:00:00Z"]
        assert {level for level, _, _ in before} <= {"watch"}
        assert len({i["id"] for _, _, i in before}) <= 2
        warned = [at for level, at, _ in rises if level in ("warning", "crisis")]
        assert warned
        assert "2015-02-22T02:00:00Z" <= warned[0] <= "2015-02-22T06:00:00Z"

    def test_jetblue_jokes_and_floods_stay_at_watch(self):
        found = self.incidents("airline_2015_jetblue.csv")
        above = [rise["at"][:10] for i in found for rise in i["levels"] if rise["level"] in ("warning", "crisis")]
        assert "2015-02-19" not in above
        assert "2015-02-23" not in above

    def incidents(self, name: str, until: datetime | None = None):
        posts = read_files([SHARED / name], None).mentions
        replayed = replay(
            parse_config("{}", environment={}).config,
            [post for post in posts if until is None or (post.created_at and post.created_at < until)],
        )
        try:
            return summary(replayed)["incidents"]
        finally:
            replayed.close()

"""`alert-test`: a marked test through every channel, and an honest word on what arrived."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from alerts.mandate import Mandate
from detectors.signal import Level
from monitor.alert_test import places, run_alert_test, send_tests
from monitor.clock import SimulatedClock
from monitor.config import BrandOptions, Config
from monitor.output import FAILED, FINE, Output
from tests.alerts.card_stories import NOW
from tests.fakes.slack import BOT_TOKEN, CRISIS, FakeSlack, Fault
from tests.monitor.delivery_world import Notebook, slack_channel

MANDATE = Mandate.model_validate(
    {
        "people": {"anna": {"name": "Anna", "slack": "U0ANNA001", "phone": "+46700000001"}},
        "roles": {"crisis_group": {"people": ["anna"], "slack": "S0CRISIS1"}},
        "levels": {"crisis": {"steps": [{"tell": ["crisis_group"], "by": ["slack", "sms"]}]}},
    }
)
CONFIG = Config(language="sv", brands=(BrandOptions(name="Nordtåg"),), mandate=MANDATE)
CLOCK = SimulatedClock(NOW)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    fake = FakeSlack(clock=lambda: NOW.timestamp())
    yield fake
    fake.stop()
    assert fake.broken_rules == []


def test_every_place_of_the_level_gets_a_marked_test_and_slack_is_asked_whether_it_stands(slack):
    sms = Notebook()
    outcomes = list(send_tests(CONFIG, {"slack": slack_channel(slack), "sms": sms}, Level.CRISIS, CLOCK))
    assert [(o.channel, o.place, o.arrived) for o in outcomes] == [
        ("slack", "", True),
        ("slack", "U0ANNA001", True),
        ("sms", "+46700000001", None),
    ]
    slack.take(CRISIS, "[TESTMEDDELANDE] Prov av larmen", "Inget har hänt")
    slack.take("D0ANNA001", "[TESTMEDDELANDE]")
    slack.verify()
    assert "[TESTMEDDELANDE]" in sms.texts[0]


def test_a_broken_channel_is_named_with_what_to_do(slack):
    slack.revoked = True
    outcome = next(send_tests(CONFIG, {"slack": slack_channel(slack)}, Level.WARNING, CLOCK))
    assert (outcome.arrived, "token_revoked" in outcome.said) == (False, True)
    assert "renew alerts.slack.token" in outcome.remedy


def test_a_message_that_slack_swallows_is_not_called_arrived(slack):
    slack.fail("chat.postMessage", Fault("vanish"))
    outcome = next(send_tests(CONFIG, {"slack": slack_channel(slack)}, Level.WARNING, CLOCK))
    assert outcome.arrived is False


def test_the_console_is_only_tested_where_there_is_nothing_else(slack):
    both = send_tests(CONFIG, {"console": Notebook(), "sms": Notebook()}, Level.WARNING, CLOCK)
    alone = send_tests(CONFIG, {"console": Notebook()}, Level.WARNING, CLOCK)
    assert [{o.channel for o in outcomes} for outcomes in (both, alone)] == [{"sms"}, {"console"}]


def test_with_json_only_the_answer_is_on_stdout(tmp_path, capsys):
    config = tmp_path / "config.yaml"
    config.write_text("language: sv\nbrands: [{name: Nordtåg, keywords: [nordtåg]}]\n", encoding="utf-8")
    assert run_alert_test(config, "warning", Output(as_json=True)) == FINE
    printed = capsys.readouterr()
    assert json.loads(printed.out)["messages"][0]["channel"] == "console"
    assert "[TESTMEDDELANDE]" in printed.err


def test_slack_user_groups_are_no_place_to_send_to():
    assert places(MANDATE, Level.CRISIS, "", NOW)["slack"] == ("", "U0ANNA001")


def test_the_command_reports_and_fails_when_something_did_not_arrive(tmp_path, slack, capsys):
    config = tmp_path / "config.yaml"
    config.write_text(
        "language: en\nbrands: [{name: Nordtåg, keywords: [nordtåg]}]\n"
        f"alerts:\n  slack: {{token: {BOT_TOKEN}, channel: '#krisgrupp', api_url: '{slack.api_url}'}}\n",
        encoding="utf-8",
    )
    slack.clock = time.time
    slack.fail("chat.postMessage", Fault("error", error="not_in_channel"))
    assert run_alert_test(config, "warning", Output(as_json=True)) == FAILED
    assert run_alert_test(config, "warning", Output()) == FINE
    said = capsys.readouterr().out.splitlines()
    assert json.loads(said[0])["messages"][0]["channel"] == "slack"
    assert said[1] == "ok    slack: arrived"
    assert BOT_TOKEN not in "".join(said)

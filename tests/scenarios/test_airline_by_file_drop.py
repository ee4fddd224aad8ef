"""The recorded airline week as an operator would meet it: history imported, then files dropped as time passes."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.assembly import build_monitor
from monitor.clock import SimulatedClock
from monitor.collectors.http import Network
from monitor.config_loader import parse_config
from monitor.importing import import_mentions
from monitor.jobs import Job, run_simulated
from monitor.recording import RecordingChannel
from monitor.replay import in_order, read_files, replay
from monitor.store.store import open_store

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "mentions" / "airline_2015_us_airways.csv"
LIVE_FROM = datetime(2015, 2, 22, tzinfo=UTC)
UNTIL = LIVE_FROM + timedelta(hours=8)
EVERY = timedelta(minutes=5)

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded weeks are not at hand")


class Dropper:
    """Writes the lines of a recorded file into a folder, as time passes."""

    def __init__(self, folder: Path, rows: list[tuple[datetime, dict[str, str]]]) -> None:
        self.folder, self.rows, self.files = folder, rows, 0

    def run(self, now: datetime) -> None:
        ripe = [row for at, row in self.rows if at <= now]
        self.rows = [(at, row) for at, row in self.rows if at > now]
        if not ripe:
            return
        self.files += 1
        part = self.folder / f"{self.files:05}.part"
        with part.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, ripe[0])
            writer.writeheader()
            writer.writerows(ripe)
        earlier = (now - timedelta(minutes=1)).timestamp()
        os.utime(part, (earlier, earlier))
        part.rename(part.with_suffix(".csv"))


def rows_since(since: datetime, until: datetime) -> list[tuple[datetime, dict[str, str]]]:
    with RECORDED.open(encoding="utf-8", newline="") as stream:
        rows = [(datetime.fromisoformat(row["created_at"]).astimezone(UTC), row) for row in csv.DictReader(stream)]
    return sorted(((at, row) for at, row in rows if since <= at < until), key=lambda pair: pair[0])


def rises(store) -> list[list[tuple[str, datetime]]]:
    """The levels of every incident with their times."""
    found = sorted(store.list_incidents(limit=100), key=lambda incident: incident.number)
    return [[(level.label, at) for level, at in incident.levels] for incident in found]


def test_a_dropped_week_leads_to_the_incidents_of_the_replay(tmp_path):
    config = parse_config(f"sources: [{{type: file_drop, folder: {tmp_path}}}]", environment={}, year=2026).config
    posts = [post for post in read_files([RECORDED], None).mentions if post.created_at and post.created_at < UNTIL]
    replayed = replay(config, posts)
    expected = [levels for levels in rises(replayed.monitor.store) if levels[0][1] >= LIVE_FROM]
    replayed.close()
    assert expected, "the night of the ice storm must be seen at all"

    clock = SimulatedClock(LIVE_FROM)
    store = open_store("sqlite://", secret=b"replay")
    store.migrate(LIVE_FROM)
    history, _ = in_order(post for post in posts if post.created_at and post.created_at < LIVE_FROM)
    import_mentions(store, config, history, clock)
    channel = RecordingChannel()
    network = Network(clock)
    monitor = build_monitor(config, store, clock, {"console": channel, "slack": channel}, network)
    monitor.pipeline.start(LIVE_FROM)
    dropper = Dropper(tmp_path, rows_since(LIVE_FROM, UNTIL))
    on_the_grid = [
        Job(job.name, EVERY, lambda now, job=job: job.run(now) and None, aligned=True)
        for job in [Job("drop", EVERY, dropper.run), *monitor.collect_jobs()]
    ]
    run_simulated([*on_the_grid, *monitor.simulated_jobs()], clock, UNTIL)
    assert store.count_mentions("US Airways") == len(posts)
    assert rises(store) == expected
    store.close()

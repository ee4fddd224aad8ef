"""Watching the watcher: who is told, what `status` and the dead-man's switch hear of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from alerts.renderers.plain import plain_text
from monitor.assembly import build_monitor
from monitor.clock import SimulatedClock
from monitor.collecting import SourceHealth
from monitor.collectors.base import SourceError, SourceOptions
from monitor.config_loader import parse_config
from monitor.jobs import Job
from monitor.recording import RecordingChannel
from monitor.store import open_store
from monitor.watch import Watch

MORNING = datetime(2026, 5, 4, 5, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CONFIG = """
timezone: UTC
brands: [{name: Nordtåg}]
watchdog: {heartbeat: "https://beats.example/secret-id", every: 5m}
mandate:
  people: {op: {name: Olle Park, slack: U9}, anna: {name: Anna Ek, slack: U1}}
  roles: {operator: {people: [op]}, crisis_group: {people: [anna]}, customer_service: {people: [anna]}}
"""


@dataclass
class FakeNetwork:
    """Answers heartbeats, or does not."""

    down: bool = False
    called: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def session(self, *, secrets=()):
        self.secrets += secrets
        return self

    def get(self, url: str) -> None:
        self.called.append(url)
        if self.down:
            raise SourceError("beats.example does not answer.")


class World:
    """A monitor with one source and a schedule that says what it is told to."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(MORNING)
        self.loaded = parse_config(CONFIG, environment={}, year=2026)
        self.store = open_store("sqlite://", secret=b"any")
        self.store.migrate(MORNING)
        self.channel = RecordingChannel()
        channels = {"console": self.channel, "slack": self.channel}
        self.monitor = build_monitor(self.loaded.config, self.store, self.clock, channels)
        options = SourceOptions(type="rss", name="feed", every=MINUTE)
        self.monitor.runners["feed"] = SimpleNamespace(options=options)
        self.monitor.pipeline.start(MORNING)
        self.network = FakeNetwork()
        self.watch = Watch(self.store, self.clock, self.network)
        jobs = {"tick": Job("tick", MINUTE, lambda now: None)}
        self.schedule = SimpleNamespace(jobs=jobs, last_fine={}, errors={}, missed=Counter())
        self.watch.schedule = self.schedule

    def round(self, *, feed: str = "well") -> bool:
        """A minute passes; returns whether all is well."""
        now = self.clock.now() + MINUTE
        self.clock.move_to(now)
        if feed == "well":
            self.monitor.sink.save_health(SourceHealth("feed", last_ok_at=now))
        self.schedule.last_fine["tick"] = now
        self.monitor.pipeline.detect(now)
        found = self.watch.check(self.loaded, self.monitor, now)
        self.monitor.deliverer.deliver_due()
        return found

    def fails(self, since: datetime) -> None:
        self.monitor.sink.save_health(
            SourceHealth("feed", last_ok_at=since, failing_since=since, error="401", remedy="Renew the key.")
        )

    @property
    def told(self) -> list[str]:
        return [plain_text(message.card) for message in self.channel.sent]


@pytest.fixture
def world():
    made = World()
    yield made
    made.store.close()


def test_while_all_is_well_the_heartbeat_is_called_at_its_interval(world):
    for _ in range(11):
        assert world.round()
    assert world.network.called == ["https://beats.example/secret-id"] * 3
    assert world.network.secrets[0] == "https://beats.example/secret-id"  # kept out of logs


def test_a_blind_source_is_told_once_stops_the_heartbeat_and_is_told_well_again(world):
    world.round()
    world.fails(world.clock.now())
    for _ in range(30):
        world.round(feed="failing")
    (message,) = world.told
    assert "feed" in message
    assert "Renew the key." in message
    assert len(world.network.called) < 6
    assert not world.round(feed="failing")
    for _ in range(3):
        well = world.round()
    assert well
    assert len(world.told) == 2


def test_a_job_that_no_longer_runs_is_named(world):
    world.round()
    for _ in range(15):
        now = world.clock.now() + MINUTE
        world.clock.move_to(now)
        world.monitor.sink.save_health(SourceHealth("feed", last_ok_at=now))
        world.watch.check(world.loaded, world.monitor, now)
    assert any("tick" in failure for failure in world.watch.failures)


def test_how_the_jobs_do_is_written_down_for_status(world):
    world.schedule.missed["tick"] = 3
    world.schedule.errors["tick"] = "RuntimeError: boom"
    world.round()
    run = world.store.job_runs()["tick"]
    assert (run.ok_at, run.missed, run.error) == (world.clock.now(), 3, "RuntimeError: boom")


def test_a_heartbeat_that_cannot_be_called_changes_nothing_else(world):
    world.network.down = True
    assert world.round()
    assert world.network.called


def test_once_a_day_all_is_quiet_is_said(world):
    for _ in range(5 * 60):
        world.round()
    assert len(world.told) == 1
    for _ in range(60):
        world.round()
    assert len(world.told) == 1

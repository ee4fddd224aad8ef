"""SIGKILL at every step between a file in the drop folder and a message in Slack: nothing lost or doubled."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.channels.slack import SlackChannel
from monitor.assembly import Monitor, build_monitor
from monitor.clock import SimulatedClock
from monitor.collectors.file_drop import FileDropCollector
from monitor.collectors.http import Network
from monitor.config import Config
from monitor.config_loader import parse_config
from monitor.store.store import Store, open_store
from tests.fakes.slack import BOT_TOKEN, CRISIS, FakeSlack
from tests.monitor.kill_steps import Countdown, in_child

NOW = datetime(2026, 5, 4, 12, 0, 30, tzinfo=UTC)
KILLED = -signal.SIGKILL
STEPS = (
    "save_batch",
    "save_source_state",
    "apply_decision",
    "set_fact",
    "save_people_hours",
    "save_detector_state",
    "mark_sending",
    "mark_sent",
    "set_root",
)
"""Store methods that end a step; each is a place to die at, before it and after it."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@dataclass
class Here:
    """One made-up installation: a folder, a fake Slack, a simulated clock."""

    folder: Path
    slack: FakeSlack
    now: datetime = NOW

    @property
    def config(self) -> Config:
        text = f"""
        timezone: UTC
        brands: [{{name: Nordtåg, keywords: [nordtåg]}}]
        sources: [{{type: file_drop, name: drop, folder: "{self.folder / "drop"}", settle: 0s}}]
        alerts: {{slack: {{token: {BOT_TOKEN}, channel: "{CRISIS}", api_url: "{self.slack.api_url}"}}}}
        """
        return parse_config(text, environment={}, year=2026).config

    def store(self) -> Store:
        return open_store(f"sqlite:///{self.folder / 'monitor.db'}", secret=b"test")

    def monitor(self, store: Store) -> Monitor:
        config, clock = self.config, SimulatedClock(self.now)
        assert config.alerts.slack is not None
        return build_monitor(config, store, clock, {"slack": SlackChannel(config.alerts.slack)}, Network(clock))

    def one_pass(self, kill_at: int | None) -> None:
        """What a daemon does once: start, poll, detect, tick, deliver. Dies at the chosen step."""
        countdown = Countdown(kill_at)
        for name in STEPS:
            setattr(Store, name, _stepped(getattr(Store, name), countdown))
        FileDropCollector.collect = _stepped_batches(FileDropCollector.collect, countdown)  # type: ignore[method-assign]
        monitor = self.monitor(self.store())
        monitor.pipeline.start(self.now)
        monitor.once()
        monitor.pipeline.save_snapshots(self.now)

    def run(self, kill_at: int | None, after: timedelta = timedelta(seconds=40)) -> int:
        """A pass in a process of its own, some time later. Returns its exit code."""
        self.now += after
        return in_child(lambda: self.one_pass(kill_at))


def _stepped(method: Any, countdown: Countdown) -> Any:
    def stepped(*arguments: Any, **named: Any) -> Any:
        countdown.step()
        answer = method(*arguments, **named)
        countdown.step()
        return answer

    return stepped


def _stepped_batches(collect: Any, countdown: Countdown) -> Any:
    def stepped(*arguments: Any, **named: Any) -> Any:
        for batch in collect(*arguments, **named):
            countdown.step()
            yield batch
            countdown.step()

    return stepped


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    (tmp_path / "drop").mkdir()
    posts = [
        {
            "id": str(n),
            "created_at": f"2026-05-04T11:5{n % 10}:00Z",
            "text": f"nordtåg är sena igen {n}",
            "author": f"a{n}",
        }
        for n in range(12)
    ]
    posts.append(
        {
            "id": "t",
            "created_at": "2026-05-04T11:59:00Z",
            "text": "Nordtåg, I will kill you all and burn down your office",
            "language": "en",
            "author": "x",
        }
    )
    lines = "".join(json.dumps(post) + "\n" for post in posts)
    (tmp_path / "drop" / "posts.ndjson").write_text(lines, encoding="utf-8")
    os.utime(tmp_path / "drop" / "posts.ndjson", (NOW.timestamp() - 600, NOW.timestamp() - 600))
    slack = FakeSlack(clock=lambda: here.now.timestamp())
    slack.rate_limited = False
    here = Here(tmp_path, slack)
    store = here.store()
    store.migrate(NOW)
    store.close()
    yield here
    slack.stop()


def everything_once(here: Here) -> None:
    """Every mention once, counters equal to a recount, one incident, each message once."""
    store = here.store()
    try:
        assert store.count_mentions("Nordtåg") == 13
        since, until = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
        assert store.counters("Nordtåg", since, until) == store.recount("Nordtåg", since, until)
        assert len(store.list_incidents()) == 1
    finally:
        store.close()
    roots = [message for message in here.slack.messages if message.thread is None]
    assert len(roots) == 1, [message.text for message in here.slack.messages]
    keys = [message.key for message in here.slack.messages]
    assert len(keys) == len(set(keys))
    assert here.slack.broken_rules == []


def settle(here: Here) -> None:
    """Undisturbed passes until the work is done."""
    for _ in range(4):
        assert here.run(None) == 0


@pytest.mark.parametrize("kill_at", range(1, 37))
def test_killed_at_any_step_everything_stands_once(here, kill_at):
    assert here.run(kill_at, after=timedelta(0)) in (KILLED, 0)
    settle(here)
    everything_once(here)


def test_the_steps_above_are_all_there_are(here):
    """If a pass gets more steps, the kills above must reach them, too."""
    assert here.run(37, after=timedelta(0)) == 0
    settle(here)
    everything_once(here)


@pytest.mark.parametrize("kill_at", [2, 5, 8, 13])
def test_killed_again_and_again(here, kill_at):
    for _ in range(5):
        here.run(kill_at)
    settle(here)
    everything_once(here)

"""A small world for delivery: real store, strict fake Slack, a fallback that writes down, simulated clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from pydantic import SecretStr

from alerts.channels.base import Channel, ChannelError, Receipt, RenderedMessage
from alerts.channels.options import SlackOptions
from alerts.channels.slack import SlackChannel
from alerts.incident import Decision, Incident, Notification, NotificationState, Reason
from alerts.renderers.plain import plain_text
from monitor.clock import SimulatedClock
from monitor.deliver import Deliverer, DeliveryReport
from monitor.messages import DeliveryContext
from monitor.store.store import Store, open_store
from tests.alerts.card_stories import NOW, WARNING
from tests.fakes.slack import BOT_TOKEN, FakeSlack


@dataclass
class Notebook:
    """A channel that cannot look: it writes down what it was told, and fails when told to."""

    type_name: ClassVar[str] = "notebook"
    reconciles: ClassVar[bool] = False
    told: list[RenderedMessage] = field(default_factory=list)
    trouble: list[ChannelError] = field(default_factory=list)

    @property
    def landing(self) -> timedelta:
        return timedelta(seconds=30)

    @property
    def texts(self) -> list[str]:
        return [plain_text(message.card, 1000) for message in self.told]

    def send(self, message: RenderedMessage) -> Receipt:
        if self.trouble:
            raise self.trouble.pop(0)
        self.told.append(message)
        return Receipt(message.key, message.place)

    def edit(self, message: RenderedMessage) -> Receipt:
        return Receipt(message.edits or "", message.place)

    def find(self, key: str, place: str, since: datetime, thread: str | None = None) -> Receipt | None:
        raise AssertionError("a channel that cannot look was asked to")

    def check(self) -> str:
        return "a notebook"


@dataclass
class World:
    """Everything that a delivery test touches."""

    store: Store
    slack: FakeSlack
    clock: SimulatedClock
    fallback: Notebook
    deliverer: Deliverer

    def queue(self, *notifications: Notification, incident: Incident | None = WARNING) -> None:
        """Store a decision."""
        incidents = (incident,) if incident is not None else ()
        self.store.apply_decision(Decision(incidents=incidents, notifications=notifications), self.clock.now())

    def deliver(self, after: float = 0.0) -> DeliveryReport:
        """Move the clock by `after` seconds and make one pass."""
        self.clock.advance(timedelta(seconds=after))
        return self.deliverer.deliver_due()

    def restart(self, channels: Mapping[str, Channel] | None = None) -> None:
        """What a new process would do: a new deliverer over the same store, perhaps with other channels."""
        known = channels if channels is not None else self.deliverer.channels
        self.deliverer = Deliverer(self.store, known, self.clock, self.deliverer.context)

    def state(self, key: str) -> NotificationState:
        """Where a notification stands."""
        found = self.store.notification(key)
        assert found is not None, key
        return found.state

    def told(self, kind: str) -> list[str]:
        """Names of channels in the daemon's own timeline events of this kind."""
        return [event.channel for event in self.store.timeline(None) if event.kind == kind]


def slack_channel(slack: FakeSlack) -> SlackChannel:
    """The real Slack channel, pointed at the fake."""
    options = SlackOptions(
        token=SecretStr(BOT_TOKEN), channel="#krisgrupp", api_url=slack.api_url, timeout=timedelta(seconds=2)
    )
    return SlackChannel(options)


@cache
def empty_database() -> bytes:
    """A migrated database without rows; migrating takes half a second, copying none."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        store = open_store(f"sqlite:///{path}", secret=b"test")
        store.migrate(NOW)
        store.close()
        return path.read_bytes()


@contextmanager
def world(folder: Path, *, fallback: bool = True, slack_set: bool = True) -> Iterator[World]:
    """Build a world; at its end the fake Slack must have seen no broken rule."""
    clock = SimulatedClock(NOW)
    slack = FakeSlack(clock=lambda: clock.now().timestamp())
    (folder / "monitor.db").write_bytes(empty_database())
    store = open_store(f"sqlite:///{folder / 'monitor.db'}", secret=b"test")
    notebook = Notebook()
    channels: dict[str, Channel] = {"console": Notebook()}
    if slack_set:
        channels["slack"] = slack_channel(slack)
    if fallback:
        channels["fallback"] = notebook
    deliverer = Deliverer(store, channels, clock, DeliveryContext("sv", "Europe/Stockholm"))
    try:
        yield World(store, slack, clock, notebook, deliverer)
    finally:
        slack.stop()
        store.close()
    assert slack.broken_rules == []


def first(**fields: object) -> Notification:
    """The root message of the story's incident."""
    values = {"place": "#krisgrupp", "root": True, "priority": 0, **fields}
    return Notification("INC-12/1/first", Reason.FIRST, NOW, incident=12, **values)  # type: ignore[arg-type]


def reply(number: int = 2, reason: Reason = Reason.ESCALATED, **fields: object) -> Notification:
    """A reply in its thread."""
    values = {"place": "#krisgrupp", "priority": 0, "data": {"told": "Anna Berg"}, **fields}
    return Notification(f"INC-12/{number}/{reason}", reason, NOW, incident=12, **values)  # type: ignore[arg-type]


def edit(number: int = 9, **fields: object) -> Notification:
    """An edit of its card."""
    return Notification(
        f"INC-12/{number}/edit",
        Reason.EDIT,
        NOW,
        incident=12,
        place="#krisgrupp",
        edit=True,
        priority=2,
        **fields,  # type: ignore[arg-type]
    )


def at_level(incident: Incident, version: int) -> Incident:
    """The incident with another version of its card."""
    return replace(incident, card_version=version)

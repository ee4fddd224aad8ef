"""A story told end to end: signals in, decisions in a real store, delivery into a strict Slack, clicks back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from alerts.actions import Action, ActionKind, Event, Signals, Tick
from alerts.incident import Decision, Incident
from alerts.mandate import Mandate
from detectors.signal import Signal
from monitor.clock import SimulatedClock
from monitor.deciding import decide_stored
from monitor.deliver import Deliverer
from monitor.messages import DeliveryContext
from monitor.slack_inbound import InboundContext, SlackInbound
from monitor.slack_payloads import Wish
from monitor.store.store import Store, open_store
from tests.alerts.world import BRAND, NOON, staffed
from tests.fakes.slack import CRISIS, SERVICE, FakeSlack
from tests.monitor.delivery_world import Notebook, empty_database, slack_channel

PASS_EVERY = timedelta(seconds=20)
_clicks = count(1)


@dataclass
class SlackStory:
    """Everything between a signal and a click. Every pass is made by a new process's deliverer."""

    store: Store
    slack: FakeSlack
    clock: SimulatedClock
    mandate: Mandate
    sms: Notebook
    fallback: Notebook
    deliverer: Deliverer
    inbound: SlackInbound

    def happen(self, event: Event) -> Decision:
        """Decide about an event now, and deliver."""
        decision = decide_stored(self.store, self.mandate, event, self.clock.now())
        self.deliver()
        return decision

    def deliver(self) -> None:
        """One pass, by a process that has just started."""
        self.deliverer = Deliverer(self.store, self.deliverer.channels, self.clock, self.deliverer.context)
        self.deliverer.deliver_due()

    def signals(self, *signals: Signal, brand: str = BRAND) -> Decision:
        """The signals of one closed bucket."""
        now = self.clock.now()
        timed = tuple(replace(s, finding=replace(s.finding, at=now)) for s in signals)
        return self.happen(Signals(brand, now, timed))

    def later(self, minutes: float) -> None:
        """Let time pass: a tick and a pass every 20 seconds."""
        until = self.clock.now() + timedelta(minutes=minutes)
        while self.clock.now() < until:
            self.clock.advance(min(PASS_EVERY, until - self.clock.now()))
            self.happen(Tick())

    def click(self, kind: ActionKind, user: str, incident: int = 1, **data: str) -> list[str]:
        """Somebody presses a button in the crisis channel; returns what they alone are told."""
        before = len(self.slack.answers)
        self.inbound.take(
            Wish(
                kind,
                user,
                event_id=f"click:{next(_clicks)}",
                incident=incident,
                place=CRISIS,
                reply_url=self.slack.response_url,
                data=data,
            )
        )
        self.deliver()
        return self.slack.answers[before:]

    def incident(self, number: int = 1) -> Incident:
        """An incident as it is stored."""
        found = self.store.incident(number)
        assert found is not None
        return found

    def thread(self, number: int = 1) -> list[tuple[int, str, bool]]:
        """Minute, text and broadcast of every reply in an incident's thread; takes the messages."""
        root = self.incident(number).root
        assert root is not None
        replies = [m for m in self.slack.standing(CRISIS) if m.thread == root.message_id]
        for message in replies:
            message.taken = True
        began = NOON.timestamp()
        return [(round((m.visible_at - began) // 60), m.text, m.broadcast) for m in replies]


@contextmanager
def slack_story(folder: Path, mandate: Mandate | None = None, start: datetime = NOON) -> Iterator[SlackStory]:
    """Build a story; at its end no rule of Slack's may have been broken."""
    mandate = mandate or staffed()
    clock = SimulatedClock(start)
    slack = FakeSlack(clock=lambda: clock.now().timestamp(), channels={CRISIS: "kris", SERVICE: "kundservice"})
    (folder / "monitor.db").write_bytes(empty_database())
    store = open_store(f"sqlite:///{folder / 'monitor.db'}", secret=b"test")
    channel, sms, fallback = slack_channel(slack), Notebook(), Notebook()
    channels = {"slack": channel, "sms": sms, "fallback": fallback, "console": Notebook()}

    def act(action: Action) -> Decision:
        return decide_stored(store, mandate, action, clock.now())

    context = InboundContext("en", "Europe/Stockholm", (BRAND,))
    inbound = SlackInbound(channel, act, store, clock, context)
    deliverer = Deliverer(store, channels, clock, DeliveryContext("en", "Europe/Stockholm"))
    try:
        yield SlackStory(store, slack, clock, mandate, sms, fallback, deliverer, inbound)
    finally:
        slack.stop()
        store.close()
    assert slack.broken_rules == []

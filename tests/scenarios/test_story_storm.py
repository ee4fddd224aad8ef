"""A storm through decision and outbox together: few stories, few messages, and no call for a person is lost."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from alerts.actions import ActionKind
from alerts.incident import Notification, NotificationState, Reason
from alerts.outbox import Limits, plan_next
from detectors.signal import Level, ScopeKind, Signal
from tests.alerts.world import BRAND, NOON, World, signal

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass
class Channel:
    """An outbox that does what the plan says, and the channel behind it, which may be down."""

    world: World
    limits: Limits = field(default_factory=Limits)
    box: dict[str, Notification] = field(default_factory=dict)
    sent: list[tuple[datetime, Notification]] = field(default_factory=list)
    down: bool = False
    taken: int = 0

    def deliver(self) -> None:
        """One pass."""
        for n in self.world.said[self.taken :]:
            self.box[n.key] = n
        self.taken = len(self.world.said)
        plan = plan_next(self.box.values(), self.world.now, self._limits())
        for gone in plan.superseded:
            self.box[gone.key] = replace(self.box[gone.key], state=NotificationState.SUPERSEDED)
        for n in plan.send if not self.down else ():
            self.box[n.key] = replace(n, state=NotificationState.SENT)
            self.sent.append((self.world.now, n))

    def _limits(self) -> Limits:
        spent: dict[int, list[datetime]] = defaultdict(list)
        edits: dict[int, datetime] = {}
        for when, n in self.sent:
            if n.incident is not None and n.edit:
                edits[n.incident] = when
            elif n.incident is not None and n.priority > 0:
                spent[n.incident].append(when)
        return replace(self.limits, spent=spent, last_edit=edits)

    def hours(self, *reasons: Reason) -> list[int]:
        """How many messages of these reasons (of all but edits without) were sent in each hour."""
        counts: dict[int, int] = defaultdict(int)
        for when, n in self.sent:
            if n.reason in reasons or (not reasons and not n.edit):
                counts[int((when - NOON) / HOUR)] += 1
        return list(counts.values())


def storm(seed: int) -> list[Signal]:
    """Five hundred signals on the brand, its themes and its threads."""
    draw = random.Random(seed)
    threads = [
        signal(
            Level.WARNING,
            kind=ScopeKind.THREAD,
            name=f"t{i}",
            ids=range(10 * i, 10 * i + 10),
            observed=draw.randint(5, 99),
        )
        for i in range(490)
    ]
    themes = [
        signal(Level.CRISIS, kind=ScopeKind.THEME, name=f"theme{i}", ids=range(400 * i, 400 * i + 400))
        for i in range(9)
    ]
    shares = {f"theme{i}": draw.randint(0, 60) for i in range(9)}
    return [signal(Level.CRISIS, ids=range(4900), mentions=100, themes=shares), *themes, *threads]


@pytest.fixture(scope="module")
def stormy() -> tuple[World, Channel]:
    """Two hours of storm, a bucket every five minutes, a delivery every minute."""
    world = World()
    channel = Channel(world)
    for bucket in range(24):
        world.signals(*storm(bucket))
        for _ in range(5):
            channel.deliver()
            world.later(minutes=1)
        if bucket == 1:
            world.act(ActionKind.ACKNOWLEDGE, "hanna")
    return world, channel


def test_five_hundred_signals_are_one_story(stormy: tuple[World, Channel]) -> None:
    world, _ = stormy
    assert len(world.incidents) == 1


def test_the_message_budget_is_kept(stormy: tuple[World, Channel]) -> None:
    _, channel = stormy
    assert max(channel.hours()) <= channel.limits.budget + 10  # and what must be said: alert, copies, reminders
    assert max(channel.hours(Reason.NEW_TURN, Reason.UPDATE)) <= channel.limits.budget


def test_the_card_is_kept_fresh_without_a_flood_of_edits(stormy: tuple[World, Channel]) -> None:
    _, channel = stormy
    edits = [when for when, n in channel.sent if n.edit]
    assert edits
    assert all(b - a >= channel.limits.edit_gap for a, b in pairwise(edits))


def test_every_call_for_a_person_arrives_once_and_the_alert_first(stormy: tuple[World, Channel]) -> None:
    world, channel = stormy
    called = [n.key for n in world.said if n.priority == 0]
    arrived = [n.key for _, n in channel.sent if n.priority == 0]
    assert sorted(arrived) == sorted(called)
    assert channel.sent[0][1].root


def test_after_an_hour_of_outage_alerts_come_first_and_only_the_newest_edit_is_left() -> None:
    world = World()
    channel = Channel(world, down=True)
    world.signals(signal(Level.WARNING, kind=ScopeKind.THEME, name="delays", ids=range(20)))
    for _ in range(60):
        world.later(minutes=1)
        world.signals(signal(Level.WARNING, kind=ScopeKind.THEME, name="delays", ids=range(20)))
        channel.deliver()
    world.act(ActionKind.FLAG, "agent", None, brand=BRAND, text="kassan står", thread="t9")
    channel.down = False
    channel.deliver()
    sent = [n for _, n in channel.sent]
    lanes = [n.incident for n in sent if n.priority == 0 and n.channel == "slack"]
    assert sent[0].root
    assert set(lanes) == {1, 2}
    assert not [n for n in sent if n.edit]  # the root that is sent now says it all
    in_lane = [n.created_at for n in sent if n.incident == 1 and n.channel == "slack"]
    assert in_lane == sorted(in_lane)

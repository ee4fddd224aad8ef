"""Each growing thread has a clock of its own, shorter the faster it grows (practice P22, P23)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.actions import ActionKind
from alerts.deciding.threads import answer_within, comments_per_hour
from alerts.incident import ObligationKind, Reason
from alerts.mandate import Timing
from detectors.signal import Level, Quote, ScopeKind, Signal
from tests.alerts.world import NOON, World, signal, staffed

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KIND = ObligationKind.ANSWER_THREAD
TABLE = Timing().answer_targets


def thread(
    name: str = "t1", comments: float = 10, *, hours: int = 1, ids: range = range(1, 5), **fields
) -> Signal:
    """A thread with so many comments in its window."""
    made = signal(Level.WATCH, kind=ScopeKind.THREAD, name=name, observed=comments, ids=ids, onset=NOON, **fields)
    post = Quote(1, NOON, "så fælt", url=f"https://social.example/{name}")
    assert made.evidence is not None
    found = replace(made.finding, window_seconds=3600 * hours)
    return replace(made, finding=found, evidence=replace(made.evidence, first=post))


def hot(*threads: Signal, level: Level = Level.WARNING, **mandate: object) -> World:
    """An incident of a brand with these threads in it."""
    world = World(mandate=staffed(**mandate))
    world.signals(signal(level, ids=range(1, 20)), *threads)
    return world


def due(world: World) -> list[float]:
    """Minutes from noon to each thread's deadline."""
    return [(o.due_at - NOON) / MINUTE for o in world.owed(KIND)]


@pytest.mark.parametrize(("comments", "minutes"), [(0, 240), (19, 240), (20, 60), (59, 60), (60, 30), (900, 30)])
def test_the_target_shrinks_with_velocity(comments, minutes):
    assert answer_within(TABLE, comments) == minutes * MINUTE
    assert due(hot(thread(comments=comments))) == [minutes]


def test_an_empty_table_asks_nothing():
    assert answer_within((), 900) is None
    assert due(hot(thread(comments=900), timing={"answer_targets": []})) == []


def test_velocity_is_comments_an_hour():
    assert comments_per_hour(thread(comments=60, hours=3)) == 20


def test_each_thread_has_its_own_clock_and_it_runs_from_its_onset():
    world = hot(thread("slow", 5), thread("fast", 100, ids=range(5, 9)))
    assert sorted(due(world)) == [30, 240]
    assert {o.where for o in world.owed(KIND)} == {"slow", "fast"}


def test_where_many_threads_grow_the_fastest_three_have_a_clock():
    """Hundreds of reminders would bury what they remind of; then one answers by theme (practice P26)."""
    many = [thread(f"t{n}", n, ids=range(10 * n, 10 * n + 4)) for n in range(1, 10)]
    world = hot(*many)
    assert {o.where for o in world.owed(KIND)} == {"t7", "t8", "t9"}
    world.own_post("Vi ser det", thread="t9")
    world.signals(*many)
    assert {o.where for o in world.owed(KIND)} == {"t6", "t7", "t8"}


def test_a_thread_that_gets_faster_has_less_time_and_one_that_slows_down_no_more():
    world = hot(thread(comments=10))
    world.signals(thread(comments=100))
    assert due(world) == [30]
    world.signals(thread(comments=10))
    assert due(world) == [30]


def test_overdue_is_told_once_with_the_address():
    world = hot(thread(comments=100))
    world.act(ActionKind.ACKNOWLEDGE)
    told = [n for n in world.later(hours=3, step=5 * MINUTE) if n.data.get("obligation") == str(KIND)]
    assert [(n.reason, (n.created_at - NOON) / MINUTE) for n in told] == [(Reason.REMINDER, 30)]
    assert told[0].data["text"] == "https://social.example/t1"


def test_our_word_in_the_thread_stops_its_clock_and_no_other():
    world = hot(thread("slow", 5), thread("fast", 100, ids=range(5, 9)))
    world.own_post("Vi ser det", thread="fast")
    assert [o.where for o in world.owed(KIND)] == ["slow"]
    world.signals(thread("fast", 200, ids=range(5, 9)))
    assert [o.where for o in world.owed(KIND)] == ["slow"]


def test_a_thread_that_began_long_ago_is_not_overdue_the_moment_it_is_seen():
    world = World()
    world.now = NOON + 5 * HOUR
    world.signals(signal(Level.WARNING, ids=range(1, 20)), thread(comments=100))
    assert [o.due_at - world.now for o in world.owed(KIND)] == [10 * MINUTE]


def test_at_watch_nobody_is_hurried_and_calm_ends_the_clock():
    assert due(hot(thread(comments=100), level=Level.WATCH)) == []
    world = hot(thread(comments=5))
    world.act(ActionKind.LOWER, "hanna", level="watch")
    assert due(world) == []

"""Down only after quiet: the law, whatever is heard and however long the buckets are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.actions import ActionKind
from alerts.incident import IncidentState, ObligationKind, Reason
from alerts.silences import Matcher, Silence
from detectors.signal import Level
from tests.alerts.world import NOON, World, by_reason, signal, staffed

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

BUCKETS = st.lists(
    st.tuples(
        st.sampled_from((None, None, None, Level.WATCH, Level.WARNING, Level.CRISIS)),
        st.sampled_from((5, 15, 45, 120)),
        st.sampled_from((1.0, 1.0, 0.8, 0.5, 0.0)),
    ),
    min_size=20,
    max_size=60,
)


@settings(max_examples=40, deadline=None)
@given(BUCKETS)
def test_no_fall_before_the_configured_quiet_was_heard(buckets: list[tuple[Level | None, int, float]]) -> None:
    world = World()
    world.signals(signal(Level.CRISIS))
    heard = dict.fromkeys(Level, timedelta())  # quiet heard since each level was last asked for
    for level, minutes, covered in buckets:
        before = world.one
        world.now += minutes * MINUTE
        world.signals(*([signal(level)] if level else []), covered=covered)
        for asked in Level:
            heard[asked] += min(minutes * MINUTE, HOUR) if covered >= 0.75 else timedelta()
            if level is not None and asked <= level:
                heard[asked] = timedelta()
        fell = world.one.level < before.level or world.one.state in (IncidentState.AFTERCARE, IncidentState.CLOSED)
        if fell and before.state is IncidentState.OPEN:
            assert heard[before.level] >= world.mandate.policy(before.level).down_after


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from((Level.WATCH, Level.WARNING, Level.CRISIS)), min_size=1, max_size=30))
def test_the_level_is_the_highest_that_was_asked_for_lately(levels: list[Level]) -> None:
    world = World()
    for level in levels:
        world.signals(signal(level))
        world.now += 5 * MINUTE
    assert world.one.level is max(levels)
    assert world.one.peak_level is max(levels)
    assert [level for level, _ in world.one.levels] == sorted({level for level, _ in world.one.levels})


@pytest.mark.parametrize(("down_after", "hours"), [("1h", 1), ("6h", 6), ("12h", 12)])
def test_the_quiet_is_configured_by_level(down_after: str, hours: int) -> None:
    levels = {"warning": {"steps": [{"tell": "customer_service"}], "down_after": down_after}}
    world = World(mandate=staffed(levels=levels))
    world.signals(signal(Level.WARNING))
    world.calm(hours=hours, step=15 * MINUTE)
    assert [(e.at - NOON) / HOUR for e in world.written if e.kind == "aftercare"] == [hours]


def test_a_crisis_falls_to_warning_while_warnings_go_on_and_says_so_once() -> None:
    world = World()
    world.signals(signal(Level.CRISIS))
    world.act(ActionKind.ACKNOWLEDGE, "hanna")
    for _ in range(20):
        world.now += 30 * MINUTE
        world.signals(signal(Level.WARNING))
    (said,) = by_reason(world.said, Reason.STATE_CHANGED)
    assert (said.data["was"], said.data["level"], said.data["why"]) == ("crisis", "warning", "calm")
    assert world.one.state is IncidentState.ACKNOWLEDGED


def test_falling_to_watch_ends_what_only_more_than_a_watch_asks_for() -> None:
    world = World()
    world.signals(signal(Level.CRISIS))
    for _ in range(13):
        world.now += 30 * MINUTE
        world.signals(signal(Level.WATCH))
    assert world.one.level is Level.WATCH
    ended = {o.kind: o.ended for o in world.one.obligations}
    assert ended[ObligationKind.CONFIRM_PUBLICLY] == "calm"
    assert ended[ObligationKind.REFRESH_MESSAGE] == "calm"


def test_aftercare_keeps_promises_and_ends_the_rest() -> None:
    world = World()
    world.signals(signal(Level.CRISIS))
    world.act(ActionKind.ACKNOWLEDGE, "hanna")
    world.act(ActionKind.PROMISE, "hanna", text="Ersättning", until=(NOON + 20 * HOUR).isoformat())
    said = world.calm(hours=22, step=30 * MINUTE)
    assert world.one.state is IncidentState.AFTERCARE
    assert [n.data["text"] for n in said if n.data.get("obligation") == "promise"] == ["Ersättning"]


def test_blind_time_makes_aftercare_longer() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.calm(hours=6, step=30 * MINUTE)
    until = world.one.aftercare_until
    assert until is not None
    world.calm(hours=3, step=30 * MINUTE, covered=0.0)
    assert world.one.aftercare_until == until + 3 * HOUR


def test_what_nobody_was_told_of_is_calmed_without_a_word() -> None:
    world = World()
    world.silences.append(Silence("S", Matcher(), "underhåll", "kim", NOON + 20 * HOUR, NOON))
    world.signals(signal(Level.WARNING))
    world.calm(hours=8, step=30 * MINUTE)
    assert world.one.state is IncidentState.AFTERCARE
    assert world.said == []

"""Corners of the decision core that a story seldom turns."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alerts.actions import ActionKind, Signals, Tick
from alerts.decide import decide
from alerts.deciding.findings import IDS_KEPT, MENTIONS_KEPT, SIGNALS_KEPT
from alerts.incident import IncidentState, ObligationKind, Reason
from alerts.mandate import default_mandate, from_snapshot
from alerts.obligations import next_deadline, next_look
from detectors.signal import Level, ScopeKind
from tests.alerts.world import BRAND, NOON, World, by_reason, signal, staffed

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def test_the_same_signals_again_say_nothing_new() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    again = world.signals(signal(Level.WARNING))
    assert again.notifications == ()
    assert again.timeline == ()


def test_a_judgement_of_a_person_is_about_one_wave() -> None:
    world = World()
    world.signals(signal(Level.CRISIS))
    world.act(ActionKind.STAND_DOWN, "hanna")
    world.signals(signal(Level.CRISIS))
    assert world.one.state is IncidentState.AFTERCARE
    world.calm(hours=4, step=30 * MINUTE)
    world.signals(signal(Level.WARNING))
    assert world.one.state is IncidentState.OPEN


def test_a_crisis_that_was_lowered_while_waiting_and_comes_back_breaks_the_wait() -> None:
    world = World()
    world.signals(signal(Level.CRISIS, observed=50))
    world.act(ActionKind.WAIT, "hanna", reason="väntar", until=(NOON + 5 * HOUR).isoformat())
    world.act(ActionKind.LOWER, "hanna", level="warning")
    assert world.one.state is IncidentState.WAITING
    world.signals(signal(Level.CRISIS, observed=100))
    assert world.one.wait is None
    assert world.one.state is IncidentState.OPEN
    assert world.owed(ObligationKind.ACKNOWLEDGE)


def test_whoever_waits_on_a_watch_is_asked_again_by_name() -> None:
    world = World()
    world.signals(signal(Level.WATCH))
    world.act(ActionKind.WAIT, "kim", reason="vi ser", until=(NOON + HOUR).isoformat())
    (asked,) = world.later(hours=1, step=10 * MINUTE)
    assert (asked.place, asked.recipients, asked.data["why"]) == ("#kundservice", ("U1KIM",), "wait_over")
    assert world.one.obligations[-1].met_at is not None


def test_a_snapshot_that_an_older_version_wrote_does_not_stop_the_ticks() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.incidents[1] = replace(world.one, mandate={"people": {}, "colour": "blue"})
    assert by_reason(world.later(minutes=10), Reason.ESCALATED)
    assert from_snapshot({}, default_mandate()) == default_mandate()


def test_a_drill_is_marked_on_the_incident_and_in_every_message() -> None:
    event = Signals(BRAND, NOON, (signal(Level.CRISIS),))
    decision = decide([], event, staffed(), NOON, next_number=1, drill=True)
    assert decision.incidents[0].drill
    assert all(n.data["drill"] == 1 for n in decision.notifications)


def test_a_storm_does_not_make_the_record_of_an_incident_grow_without_end() -> None:
    world = World()
    world.signals(signal(Level.CRISIS, ids=range(6000)))
    for start in range(0, 300, 100):
        found = (
            signal(kind=ScopeKind.THREAD, name=f"t{i}", ids=range(1000 + 15 * i, 1015 + 15 * i))
            for i in range(start, start + 100)
        )
        world.signals(*found)
    assert len(world.incidents) == 1
    assert len(world.one.signals) <= SIGNALS_KEPT
    assert len(world.one.mention_ids) <= MENTIONS_KEPT
    assert all(len(s.mention_ids) <= IDS_KEPT for s in world.one.signals)
    assert max(s.level for s in world.one.signals) is Level.CRISIS
    assert all(s.evidence is None for s in world.one.signals)
    assert world.one.evidence is not None


def test_the_next_deadline_is_when_a_tick_has_something_to_do() -> None:
    world = World()
    world.signals(signal(Level.CRISIS))
    while (
        when := next_deadline(world.one, world.mandate.timing.remind_before)
    ) is not None and world.now < NOON + 5 * HOUR:
        world.now = when
        before = world.one
        world.happen(Tick())
        assert world.one != before
    assert world.one.state is IncidentState.OPEN


def test_between_deadlines_a_tick_does_nothing() -> None:
    world = World()
    world.signals(signal(Level.CRISIS))
    when = next_deadline(world.one, world.mandate.timing.remind_before)
    assert when is not None
    world.now = when - timedelta(seconds=1)
    assert world.happen(Tick()).incidents == ()


def test_a_deadline_that_was_told_of_is_not_looked_at_again() -> None:
    world = World()
    world.signals(signal(Level.CRISIS))
    (owed,) = world.owed(ObligationKind.CONFIRM_PUBLICLY)
    assert next_look(owed) == owed.due_at
    assert next_look(replace(owed, told_at=NOON)) is None
    assert next_look(replace(owed, ended="met")) is None


def test_at_night_with_everybody_off_the_chain_waits_for_the_first_who_is_back() -> None:
    office = {"people": ["kim"], "hours": {"mon-fri": "08:00-16:00"}}
    levels = {"warning": {"steps": [{"tell": "customer_service"}]}}
    mandate = staffed(roles={"customer_service": office}, levels=levels, safety_contact=[])
    world = World(mandate=mandate, now=NOON + 12 * HOUR)  # midnight
    world.signals(signal(Level.WARNING))
    assert [(n.root, n.recipients) for n in world.said if n.place == "#kris"] == [(True, ())]
    assert "nobody_on_call" in world.kinds()
    said = world.later(hours=9, step=10 * MINUTE)
    asked = [n for n in said if n.recipients]
    assert asked[0].created_at == NOON + 20 * HOUR  # 08:00 in Stockholm
    assert asked[0].recipients == ("U1KIM",)


def test_with_nobody_ever_the_end_is_explicit_and_the_root_stands() -> None:
    levels = {"warning": {"steps": [{"tell": "customer_service"}]}}
    mandate = staffed(roles={"customer_service": {"people": []}}, safety_contact=[], levels=levels)
    world = World(mandate=mandate)
    world.signals(signal(Level.WARNING))
    assert [n.root for n in world.said if n.place == "#kris"] == [True, False]
    assert world.kinds()[-1] == "chain_ended"
    assert not world.owed(ObligationKind.ACKNOWLEDGE)


def test_a_role_that_is_a_slack_channel_is_told_there() -> None:
    levels = {"warning": {"steps": [{"tell": ["press", "customer_service"]}]}}
    roles = {"customer_service": {"people": ["kim"]}, "press": {"slack": "#press"}}
    world = World(mandate=staffed(roles=roles, levels=levels, safety_contact=[]))
    world.signals(signal(Level.WARNING))
    assert [(n.place, n.root) for n in world.said] == [("#kris", True), ("#press", False), ("#kundservice", False)]


def test_a_late_bucket_is_judged_without_turning_the_clock_of_calm_back() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.calm(hours=5, step=30 * MINUTE)
    world.happen(Signals(BRAND, NOON + HOUR, (), 0.0))
    world.calm(hours=1, step=30 * MINUTE)
    assert world.one.state is IncidentState.AFTERCARE


def test_a_brand_that_is_not_asked_about_is_left_alone() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    assert world.signals(brand="Nordkraft").incidents == ()

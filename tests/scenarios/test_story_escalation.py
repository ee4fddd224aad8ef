"""Whole stories on simulated time: who is told, who is next, until somebody answers; restarted at every step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.actions import ActionKind
from alerts.incident import IncidentState, ObligationKind, Reason
from detectors.signal import Level, ScopeKind
from tests.alerts.world import BRAND, NOON, STAFFED, World, by_reason, signal, staffed

RESTAURANT_NIGHT = datetime(2026, 6, 19, 0, tzinfo=UTC)
"""02:00 on Midsummer's Eve in Stockholm."""

MINUTE = timedelta(minutes=1)


def pinged(world: World) -> list[tuple[int, str, tuple[str, ...]]]:
    """Minute, channel and recipients of every message that calls somebody."""
    return [
        (int((n.created_at - NOON) / MINUTE), n.channel, n.recipients)
        for n in world.said
        if n.recipients and n.data.get("obligation") == "acknowledge"
    ]


def test_no_answer_goes_to_the_deputy_then_the_head_then_the_crisis_group() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.later(minutes=65)
    assert pinged(world) == [
        (0, "slack", ("U1KIM",)),
        (10, "slack", ("U2DEA",)),
        (20, "slack", ("U3HAN",)),
        (20, "sms", ("+463",)),
        (30, "slack", ("U3HAN", "U4STI")),
        (30, "sms", ("+463",)),
        (30, "sms", ("+464",)),
        (40, "slack", ("U3HAN", "U4STI")),
        (40, "sms", ("+463",)),
        (40, "sms", ("+464",)),
        (50, "slack", ("U3HAN", "U4STI")),
        (50, "sms", ("+463",)),
        (50, "sms", ("+464",)),
    ]


def test_the_end_of_the_chain_is_said_once_and_never_again() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.later(minutes=59)
    assert by_reason(world.later(minutes=2), Reason.ESCALATED)[0].data["chain_ended"] == 1
    assert world.kinds().count("chain_ended") == 1
    assert not [
        n for n in world.later(hours=5, step=timedelta(minutes=10)) if n.data.get("obligation") == "acknowledge"
    ]
    assert world.one.state is IncidentState.OPEN


def test_the_answer_stops_the_chain() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.later(minutes=12)
    world.act(ActionKind.ACKNOWLEDGE, "U2DEA")
    assert world.one.state is IncidentState.ACKNOWLEDGED
    assert world.one.acknowledgement is not None
    assert world.one.acknowledgement.by == "dea"
    assert not [n for n in world.later(hours=2) if n.recipients]


def test_the_wrong_person_is_refused_and_the_chain_goes_on() -> None:
    world = World(mandate=staffed(may={"acknowledge": ["customer_service", "head"]}))
    world.signals(signal(Level.WARNING))
    refusal = world.act(ActionKind.ACKNOWLEDGE, "agent").refusal
    assert refusal is not None
    assert refusal.why == "not_allowed"
    assert refusal.allowed == ("Kim", "Hanna")
    assert world.written[-1].kind == "refused"
    assert world.written[-1].data["allowed"] == "Kim, Hanna"
    assert [n.recipients for n in by_reason(world.later(minutes=10), Reason.ESCALATED) if n.recipients] == [
        ("U2DEA",)
    ]


def test_a_stranger_is_told_who_may() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    refusal = world.act(ActionKind.STAND_DOWN, "U9NOBODY").refusal
    assert refusal is not None
    assert refusal.why == "unknown_person"
    assert refusal.allowed == ("Hanna", "Stig")


def test_customer_service_is_copied_on_every_escalation_with_the_current_message() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.act(ActionKind.MESSAGE, "hanna", text="Vi felsöker")
    world.later(minutes=10)
    copies = [n for n in world.said if n.place == "#kundservice"]
    assert [n.reason for n in copies] == [Reason.FIRST, Reason.ESCALATED]
    assert copies[1].data["message"] == "Vi felsöker"
    assert copies[1].data["message_at"] == NOON.isoformat()


def test_a_higher_level_starts_its_own_chain_although_the_lower_was_acknowledged() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.act(ActionKind.ACKNOWLEDGE, "kim")
    world.now += 5 * MINUTE
    world.signals(signal(Level.CRISIS))
    assert world.one.state is IncidentState.OPEN
    raised = by_reason(world.said, Reason.LEVEL_RAISED)
    assert ("slack", ("U3HAN", "U4STI")) in [(n.channel, n.recipients) for n in raised]
    assert raised[0].broadcast
    assert [o.due_at for o in world.owed(ObligationKind.ACKNOWLEDGE)] == [world.now + 5 * MINUTE]


def test_an_acknowledgement_of_a_crisis_covers_a_later_warning() -> None:
    world = World()
    world.signals(signal(Level.CRISIS))
    world.act(ActionKind.ACKNOWLEDGE, "hanna")
    world.act(ActionKind.LOWER, "hanna", level="warning")
    assert world.one.state is IncidentState.ACKNOWLEDGED
    assert not world.owed(ObligationKind.ACKNOWLEDGE)


QUIET = {**STAFFED["roles"], "head": {"people": ["hanna"], "quiet": "22:00-06:00", "customer_service": True}}


def test_a_crisis_pierces_the_quiet_hours_that_a_warning_respects() -> None:
    world = World(mandate=staffed(roles=QUIET), now=NOON + timedelta(hours=12))
    world.signals(signal(Level.WARNING))
    world.later(minutes=20)
    assert "nobody_on_call" in world.kinds()
    assert not [n for n in world.said if "U3HAN" in n.recipients and n.channel == "slack" and n.data["step"] == 2]
    world.signals(signal(Level.CRISIS))
    assert by_reason(world.said, Reason.LEVEL_RAISED)[0].recipients == ("U3HAN", "U4STI")


def test_a_flag_at_two_on_midsummers_eve_reaches_whoever_is_on_call_and_climbs() -> None:
    roles = {
        **STAFFED["roles"],
        "customer_service": {"people": ["kim"], "hours": {"mon-fri": "08:00-17:00"}, "holidays": "SE",
                             "outside_hours": "deputy"},
    }  # fmt: skip
    world = World(mandate=staffed(roles=roles), now=RESTAURANT_NIGHT)
    world.act(ActionKind.FLAG, "U7AGENT", None, brand=BRAND, text="Tåget brinner i Södertälje")
    assert [n.recipients for n in by_reason(world.said, Reason.FLAG) if n.recipients] == [("U2DEA",)]
    world.now = RESTAURANT_NIGHT + timedelta(hours=8)  # 10:00, but it is a holiday by custom
    world.act(ActionKind.FLAG, "U7AGENT", None, brand="Nordkraft", text="Strömlöst")
    assert by_reason(world.said, Reason.FLAG)[-2].recipients == ("U2DEA",)


def test_an_unanswered_flag_climbs_the_chain_although_it_is_a_watch() -> None:
    world = World()
    world.act(ActionKind.FLAG, "agent", None, brand=BRAND, text="Många ringer om dubbeldragning")
    assert world.one.level is Level.WATCH
    world.later(minutes=30)
    who = [n.recipients for n in world.said if n.recipients and n.channel == "slack"]
    assert who == [("U1KIM",), ("U2DEA",), ("U3HAN",), ("U3HAN", "U4STI")]
    world.act(ActionKind.ANSWER_FLAG, "hanna", text="Tack, vi tar det")
    assert world.one.state is IncidentState.ACKNOWLEDGED
    assert not world.owed(ObligationKind.ANSWER_FLAG)
    assert by_reason(world.said, Reason.ACKNOWLEDGED)[0].data["text"] == "Tack, vi tar det"


def test_a_flagged_watch_is_not_closed_by_calm_before_it_is_answered() -> None:
    world = World()
    world.act(ActionKind.FLAG, "agent", None, brand=BRAND, text="?")
    world.calm(hours=8)
    assert world.one.state is IncidentState.OPEN
    world.act(ActionKind.ANSWER_FLAG, "kim")
    world.calm(hours=8)
    assert world.one.state is IncidentState.CLOSED


def test_a_watch_goes_to_customer_service_and_asks_nobody() -> None:
    world = World()
    world.signals(signal(Level.WATCH))
    assert [(n.place, n.root, n.recipients) for n in world.said] == [("#kundservice", False, ())]
    assert not world.later(hours=2)
    assert world.one.obligations == ()


def test_a_watch_that_becomes_a_warning_gets_its_root_in_the_crisis_group() -> None:
    world = World()
    world.signals(signal(Level.WATCH))
    world.now += 5 * MINUTE
    world.signals(signal(Level.WARNING))
    assert [(n.place, n.reason) for n in world.said if n.root] == [("#kris", Reason.LEVEL_RAISED)]


def test_two_incidents_at_once_each_climb_their_own_chain() -> None:
    world = World()
    world.signals(signal(kind=ScopeKind.THEME, name="delays", ids=range(20)))
    world.now += 4 * MINUTE
    world.signals(signal(kind=ScopeKind.THEME, name="payment", ids=range(100, 120)))
    assert sorted(world.incidents) == [1, 2]
    world.later(minutes=3)
    world.act(ActionKind.ACKNOWLEDGE, "kim", 2)
    world.later(minutes=10)
    asked = [(n.incident, n.recipients) for n in by_reason(world.said, Reason.ESCALATED) if n.recipients]
    assert asked == [(1, ("U2DEA",))]


def test_a_storm_of_five_hundred_signals_is_few_incidents_and_few_messages() -> None:
    world = World()
    storm = [signal(kind=ScopeKind.THREAD, name=f"t{i}", ids=range(10 * i, 10 * i + 10)) for i in range(500)]
    for _ in range(12):
        world.signals(*storm)
        world.now += 5 * MINUTE
    assert len(world.incidents) == world.mandate.timing.open_at_most
    assert all(len([n for n in world.said if n.incident == number]) < 40 for number in world.incidents)


def test_the_sleep_of_the_daemon_gives_everybody_their_full_time() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.now += timedelta(hours=1)
    assert [n.recipients for n in by_reason(world.later(minutes=1), Reason.ESCALATED) if n.recipients] == [
        ("U2DEA",)
    ]
    assert not [n for n in world.later(minutes=9) if n.recipients]
    assert next(n.recipients for n in world.later(minutes=1) if n.recipients) == ("U3HAN",)


@pytest.mark.parametrize(
    ("night", "name"),
    [
        (datetime(2026, 3, 28, 23, 55, tzinfo=UTC), "spring"),
        (datetime(2026, 10, 24, 23, 55, tzinfo=UTC), "autumn"),
    ],
)
def test_the_chain_takes_the_same_minutes_on_the_nights_of_the_clock_changes(night: datetime, name: str) -> None:
    world = World(now=night)
    world.signals(signal(Level.WARNING))
    world.later(minutes=60)
    steps = [
        int((e.at - night) / MINUTE) for e in world.written if e.kind in ("told", "told_again", "chain_ended")
    ]
    assert steps == [0, 10, 20, 30, 40, 50, 60]


def test_a_threat_calls_the_safety_contact_at_any_hour_once_for_each_post() -> None:
    roles = {
        **STAFFED["roles"],
        "safety": {"people": ["stig"], "quiet": "20:00-08:00", "hours": {"mon": "09:00-10:00"}},
    }
    world = World(mandate=staffed(roles=roles), now=NOON + timedelta(hours=13))
    for _ in range(3):
        world.signals(signal(Level.WATCH, detector="threat", ids=[7]))
        world.now += 5 * MINUTE
    assert [(n.channel, n.place) for n in world.said if n.data.get("threat")] == [("sms", "+464")]
    world.signals(signal(Level.WATCH, detector="threat", ids=[7, 8]))
    assert len([n for n in world.said if n.data.get("threat")]) == 2


def test_the_mandate_in_force_at_the_opening_holds_but_a_mended_number_is_used_at_once() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    mended = {**STAFFED["people"], "dea": {"name": "Dea", "slack": "U2NEW"}}
    world.mandate = staffed(people=mended, levels={})
    world.later(minutes=10)
    assert [n.recipients for n in by_reason(world.said, Reason.ESCALATED) if n.recipients] == [("U2NEW",)]


def test_brands_have_their_own_crisis_group_and_channel() -> None:
    brands = {"Nordkraft": {"crisis_group": "safety", "channels": {"slack": "#nordkraft"},
                            "levels": {"warning": {"steps": [{"tell": "crisis_group"}]}}}}  # fmt: skip
    world = World(mandate=staffed(brands=brands))
    world.signals(signal(brand="Nordkraft"), brand="Nordkraft")
    root = next(n for n in world.said if n.root)
    assert (root.place, root.recipients) == ("#nordkraft", ("U4STI",))

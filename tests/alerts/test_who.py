"""The dry run of the mandate, and that it says what then happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.actions import ActionKind, Tick
from alerts.incident import ObligationKind
from alerts.obligations import next_deadline
from alerts.who import coming_steps, who
from detectors.signal import Level
from tests.alerts.world import NOON, STAFFED, World, signal, staffed

CHRISTMAS_NIGHT = datetime(2026, 12, 24, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_it_tells_when_whom_and_through_what_until_the_end() -> None:
    plan = who(staffed(), Level.WARNING, at=NOON)
    told = [((m.at - NOON) / MINUTE, m.kind, [t.name for t in m.told]) for m in plan.moments]
    assert told == [
        (0, "tell", ["Kim"]),
        (10, "tell", ["Dea"]),
        (20, "tell", ["Hanna"]),
        (30, "tell", ["Hanna", "Stig"]),
        (40, "repeat", ["Hanna", "Stig"]),
        (50, "repeat", ["Hanna", "Stig"]),
        (60, "end", []),
    ]
    assert plan.moments[2].told[0].channels == ("slack", "sms")
    assert plan.copied == "#kundservice"
    assert plan.gaps == ()
    assert plan.reaches_somebody


@pytest.mark.parametrize("level", [Level.WARNING, Level.CRISIS])
def test_what_it_says_is_what_happens(level: Level) -> None:
    turns = {"people": ["dea", "kim"], "start": "2026-02-02", "days": 1, "handover": "12:05"}
    world = World(mandate=staffed(roles={**STAFFED["roles"], "deputy": {"rotation": turns}}))
    plan = who(world.mandate, level, at=NOON)
    world.signals(signal(level))
    world.later(minutes=90)
    happened = [(e.at, e.data["who"]) for e in world.written if e.kind in ("told", "told_again")]
    promised = [(m.at, ", ".join(t.name.lower() for t in m.told)) for m in plan.moments if m.told]
    assert happened == promised


def test_a_gap_is_shown_with_its_reason() -> None:
    office = {"people": ["kim"], "hours": {"mon-fri": "08:00-16:00"}, "holidays": "SE"}
    roles = {**STAFFED["roles"], "customer_service": office}
    plan = who(staffed(roles=roles), Level.WARNING, at=CHRISTMAS_NIGHT)
    (gap,) = plan.gaps
    assert [(m.who, m.why) for m in gap.missed] == [("customer_service", "outside_hours")]
    assert gap.missed[0].until == datetime(2026, 12, 28, 7, tzinfo=UTC)  # Monday after Christmas
    assert [t.name for t in plan.moments[1].told] == ["Dea"]
    assert plan.moments[1].at == CHRISTMAS_NIGHT


def test_it_says_what_each_may_do_and_who_owns_the_theme() -> None:
    rights = {"confirm_publicly": ["customer_service"], "publish": ["head"]}
    themes = {
        "delays": {"owner": "head", "departments": ["traffic"], "confirm_at_once": True, "safety_contact": "kim"}
    }
    plan = who(staffed(may=rights, themes=themes, safety_by=["slack"]), Level.CRISIS, "delays", at=NOON)
    assert dict(plan.may)["publish"] == ("Hanna",)
    assert "hide_posts" not in dict(plan.may)
    assert "publish" in plan.moments[0].told[0].may
    assert plan.theme_row.owner == "head"
    assert [t.name for t in plan.safety] == ["Kim"]


def test_a_watch_asks_nobody() -> None:
    plan = who(staffed(), Level.WATCH, at=NOON)
    assert plan.moments == ()
    assert not plan.reaches_somebody


@pytest.mark.parametrize("minutes", [0, 3, 10, 15, 25, 30, 41, 55])
def test_what_comes_next_in_an_alert_is_what_then_happens(minutes: int) -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.later(minutes=minutes)
    coming = coming_steps(world.one, world.mandate, at_most=20)
    begin = len(world.written)
    world.later(minutes=90)
    told = [e.at for e in world.written[begin:] if e.kind in ("told", "told_again", "chain_ended")]
    assert told == [m.at for m in coming]


def test_nothing_comes_when_it_was_acknowledged() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.act(ActionKind.ACKNOWLEDGE)
    assert coming_steps(world.one, world.mandate) == ()
    assert not world.owed(ObligationKind.ACKNOWLEDGE)


def test_at_most_so_many_steps_are_shown() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    assert len(coming_steps(world.one, world.mandate)) == 3


ROTA = {"people": ["dea", "kim", "stig"], "start": "2026-01-05", "days": 1, "handover": "02:30"}
ODD_HOURS = staffed(
    roles={
        "customer_service": {"people": ["kim"], "hours": {"mon-fri": "07:30-17:00"}, "holidays": "SE"},
        "deputy": {"rotation": ROTA, "quiet": "23:00-05:15"},
        "head": {"people": ["hanna"], "hours": {"mon-sat": "06:00-22:00"}, "customer_service": True},
        "crisis_group": {"people": ["hanna", "stig"], "quiet": "22:30-06:45"},
    },
    safety_contact=[],
)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 365 * 24 * 6).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=10 * n)),
    st.sampled_from([Level.WARNING, Level.CRISIS]),
)
def test_at_any_hour_of_the_year_what_it_says_is_what_happens(at: datetime, level: Level) -> None:
    world = World(mandate=ODD_HOURS, now=at)
    plan = who(ODD_HOURS, level, at=at)
    world.signals(signal(level))
    while (due := next_deadline(world.one)) is not None and world.now < at + timedelta(days=4):
        world.now = due
        world.happen(Tick())
    names = {person.name: who_id for who_id, person in ODD_HOURS.people.items()}
    kinds = ("told", "told_again", "chain_ended")
    happened = [(e.at, e.data["who"] if e.kind != "chain_ended" else "") for e in world.written if e.kind in kinds]
    promised = [
        (m.at, ", ".join(names[t.name] for t in m.told)) for m in plan.moments if m.told or m.kind == "end"
    ]
    assert happened == promised

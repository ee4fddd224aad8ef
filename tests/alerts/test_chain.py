"""Who is reached by a step at an hour, and what comes after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.chain import Missed, Reach, Reached, address_of, reach, step_lasts, steps_of, what_next
from alerts.incident import ObligationKind
from alerts.mandate import Person, Step
from detectors.signal import Level
from tests.alerts.world import NOON, STAFFED, staffed

NIGHT = NOON + timedelta(hours=12)
MINUTE = timedelta(minutes=1)


def found(role: dict[str, Any], at: datetime = NOON, by: tuple[str, ...] = ("slack",), **more: Any) -> Reach:
    mandate = staffed(
        roles={**STAFFED["roles"], "asked": role, **more.pop("roles", {})}, **more.pop("sections", {})
    )
    return reach(mandate, ["asked"], by, at=at, **more)


def ids(reached: Reach) -> list[str | None]:
    return [way.person for way in reached.reached]


def test_each_address_is_named_once_although_two_roles_share_a_person() -> None:
    mandate = staffed()
    both = reach(mandate, ["head", "crisis_group"], ["slack", "sms"], at=NOON)
    assert [(w.channel, w.address) for w in both.reached] == [
        ("slack", "U3HAN"),
        ("sms", "+463"),
        ("slack", "U4STI"),
        ("sms", "+464"),
    ]


def test_a_person_can_be_told_directly() -> None:
    assert reach(staffed(), ["kim"], ["email"], at=NOON).reached == (Reached("", "email", "kim@x.se", "kim"),)


def test_roles_of_roles_are_followed() -> None:
    assert ids(found({"people": ["customer_service", "stig"]})) == ["kim", "stig"]


def test_deputies_stand_in_only_when_nobody_of_the_role_can() -> None:
    away = {"slack": "U1KIM", "away": [{"from": "2026-02-03T00:00", "until": "2026-02-04T00:00"}]}
    people = {"sections": {"people": {**STAFFED["people"], "kim": away}}}
    here = found({"people": ["kim", "stig"], "deputies": ["dea"]}, **people)
    assert ids(here) == ["stig"]
    assert here.missed == (Missed("kim", "asked", "away", datetime(2026, 2, 3, 23, tzinfo=UTC)),)
    (deputy,) = found({"people": ["kim"], "deputies": ["dea"]}, sections=people["sections"]).reached
    assert (deputy.person, deputy.why) == ("dea", "deputy")


def test_outside_working_hours_the_role_named_for_it_is_told() -> None:
    office = {"people": ["kim"], "hours": {"mon-fri": "08:00-16:00"}, "outside_hours": "deputy"}
    assert ids(found(office)) == ["kim"]
    assert ids(found(office, NIGHT)) == ["dea"]


def test_whoever_is_off_is_answered_with_the_time_of_their_return() -> None:
    missed = found({"people": ["kim"], "hours": {"mon-fri": "08:00-16:00"}}, NIGHT)
    assert missed.reached == ()
    assert missed.next_chance == datetime(2026, 2, 4, 7, tzinfo=UTC)


@pytest.mark.parametrize(("level", "told"), [(Level.WARNING, []), (Level.CRISIS, ["kim"])])
def test_quiet_hours_are_pierced_by_the_levels_that_say_so(level: Level, told: list[str]) -> None:
    assert ids(found({"people": ["kim"], "quiet": "22:00-06:00"}, NIGHT, level=level)) == told


def test_a_role_without_quiet_hours_is_told_in_the_mandates() -> None:
    quiet = {"sections": {"quiet": "22:00-06:00"}}
    assert ids(found({"people": ["kim"]}, NIGHT, **quiet)) == []
    assert ids(found({"people": ["kim"], "quiet": "never"}, NIGHT, **quiet)) == ["kim"]


def test_at_any_hour_neither_quiet_nor_working_hours_count() -> None:
    role = {"people": ["kim"], "quiet": "22:00-06:00", "hours": {"sat": "10:00-11:00"}}
    assert ids(found(role, NIGHT, at_any_hour=True)) == ["kim"]


def test_the_person_on_call_is_told_and_says_so() -> None:
    (way,) = found({"rotation": {"people": ["dea", "kim"], "start": "2026-02-02"}, "people": ["stig"]}).reached
    assert (way.person, way.why) == ("dea", "on_call")


def test_a_user_group_and_a_channel_stand_for_the_role_in_slack_only() -> None:
    role = {"slack": "S0KRIS", "people": ["kim"]}
    assert [w.address for w in found(role).reached] == ["S0KRIS", "U1KIM"]
    assert [w.address for w in found(role, by=("sms",)).reached] == ["+461"]


def test_the_readers_of_the_alerts_are_told_where_the_channel_goes_by_itself() -> None:
    assert found({"alert_channel": True}, by=("teams",)).reached == (Reached("asked", "teams", "", None, "group"),)


def test_a_person_without_an_address_is_missed() -> None:
    missed = found({"people": ["agent"]}, by=("sms",))
    assert missed.missed == (Missed("agent", "asked", "no_address"),)


def test_roles_that_go_in_a_circle_end() -> None:
    circle = found({"people": ["other"]}, roles={"other": {"people": ["asked"]}})
    assert circle.reached == ()
    assert {m.why for m in circle.missed} >= {"unknown"}


def test_an_unknown_name_is_missed_and_not_an_error() -> None:
    assert reach(staffed(), ["nobody"], ["slack"], at=NOON).missed == (Missed("nobody", "nobody", "unknown"),)


@pytest.mark.parametrize(
    ("channel", "address"),
    [("slack", "U1"), ("email", None), ("sms", "+1"), ("call", "+1"), ("teams", ""), ("pager", "p-7")],
)
def test_channels_find_people_by_the_address_they_need(channel: str, address: str | None) -> None:
    assert address_of(Person(slack="U1", phone="+1", addresses={"pager": "p-7"}), channel) == address


def test_a_flag_climbs_its_own_chain_or_the_warnings() -> None:
    mandate = staffed()
    kind = ObligationKind.ANSWER_FLAG
    assert steps_of(mandate, Level.WATCH, "", kind) == mandate.policy(Level.WARNING).steps
    own = staffed(flags={"steps": [{"tell": "head"}]})
    assert steps_of(own, Level.WATCH, "", kind) == own.flags.steps


STEPS = st.lists(
    st.builds(
        Step,
        tell=st.just(("a",)),
        acknowledge_within=st.integers(1, 60).map(lambda m: m * MINUTE),
        repeat_every=st.none() | st.integers(1, 60).map(lambda m: m * MINUTE),
        at_most=st.integers(0, 5),
    ),
    min_size=1,
    max_size=5,
).map(tuple)


@given(STEPS)
def test_every_chain_ends_and_time_only_goes_forward(steps: tuple[Step, ...]) -> None:
    index, begun, repeats, last, moves = 0, NOON, 0, NOON, 0
    while True:
        coming = what_next(steps, index, begun, repeats)
        assert coming.at > last or (repeats and coming.at >= last)
        last, moves = coming.at, moves + 1
        assert moves <= sum(step.at_most + 1 for step in steps)
        if coming.kind == "end":
            break
        index, begun, repeats = (index, begun, repeats + 1) if coming.kind == "repeat" else (index + 1, last, 0)
    assert index == len(steps) - 1
    assert last - NOON == sum((step_lasts(s, s is steps[-1]) for s in steps), timedelta())

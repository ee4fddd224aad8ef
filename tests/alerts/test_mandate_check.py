"""What a mandate must not say: one mistake a row, with the path to it."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from alerts.mandate import Mandate, default_mandate
from alerts.mandate_check import Problem, validate_mandate
from tests.alerts.world import STAFFED, staffed

CHANNELS = ("slack", "sms", "email")


def problems(**sections: Any) -> list[Problem]:
    return validate_mandate(staffed(**sections), CHANNELS, 2026)


def steps(*rows: dict[str, Any], level: str = "warning") -> dict[str, Any]:
    return {**STAFFED["levels"], level: {**STAFFED["levels"][level], "steps": list(rows)}}


def roles(**changes: Any) -> dict[str, Any]:
    return {**STAFFED["roles"], **changes}


def test_a_good_mandate_has_no_problems() -> None:
    assert problems() == []
    assert validate_mandate(default_mandate(), (), 2026) == []


CRISIS_STEPS = ("mandate", "levels", "crisis", "steps")
WRONG: list[tuple[dict[str, Any], tuple[str | int, ...], str]] = [
    (
        {"levels": steps({"tell": ["costumer_service"]})},
        ("mandate", "levels", "warning", "steps", 0, "tell", 0),
        "did you mean customer_service",
    ),
    (
        {"levels": steps({"tell": "head", "by": ["pigeon"]})},
        ("mandate", "levels", "warning", "steps", 0, "by", 0),
        "no channel 'pigeon'",
    ),
    (
        {"roles": roles(head={"people": ["nobody"]})},
        ("mandate", "roles", "head", "people", 0),
        "no role or person",
    ),
    (
        {"roles": roles(head={"people": ["hanna"], "deputies": ["x"]})},
        ("mandate", "roles", "head", "deputies", 0),
        "'x'",
    ),
    (
        {"roles": roles(head={"people": ["hanna"], "outside_hours": "x"})},
        ("mandate", "roles", "head", "outside_hours"),
        "'x'",
    ),
    ({"roles": roles(empty={})}, ("mandate", "roles", "empty"), "nobody is in the role"),
    ({"roles": roles(kim={"people": ["dea"]})}, ("mandate", "roles", "kim"), "both a role and a person"),
    ({"roles": roles(anyone={"people": ["dea"]})}, ("mandate", "roles", "anyone"), "meaning of its own"),
    (
        {"roles": roles(duty={"rotation": {"people": ["head"], "start": "2026-01-05"}})},
        ("mandate", "roles", "duty", "rotation", "people", 0),
        "taken by a person",
    ),
    (
        {"roles": roles(a={"people": ["b"]}, b={"deputies": ["c"]}, c={"people": ["kim"], "outside_hours": "a"})},
        ("mandate", "roles", "a"),
        "circle: a → b → c → a",
    ),
    ({"may": {"dance": ["head"]}}, ("mandate", "may", "dance"), "nobody can do 'dance'"),
    ({"may": {"lower": ["hed"]}}, ("mandate", "may", "lower", 0), "did you mean head"),
    ({"safety_contact": ["guard"]}, ("mandate", "safety_contact", 0), "guard"),
    ({"safety_by": ["horn"]}, ("mandate", "safety_by", 0), "horn"),
    ({"operator": ["ops"]}, ("mandate", "operator", 0), "ops"),
    (
        {"themes": {"delays": {"safety_contact": "guard"}}},
        ("mandate", "themes", "delays", "safety_contact", 0),
        "guard",
    ),
    ({"brands": {"B": {"crisis_group": "them"}}}, ("mandate", "brands", "B", "crisis_group"), "them"),
    ({"flags": {"steps": [{"tell": "them"}]}}, ("mandate", "flags", "steps", 0, "tell", 0), "them"),
    (
        {"levels": steps({"tell": "head", "repeat_every": "5m", "at_most": 2}, {"tell": "deputy"})},
        ("mandate", "levels", "warning", "steps", 0, "repeat_every"),
        "next step comes before",
    ),
    (
        {"levels": steps({"tell": "head", "repeat_every": "5m"})},
        ("mandate", "levels", "warning", "steps", 0, "repeat_every"),
        "how many times",
    ),
    (
        {"levels": steps({"tell": "head", "at_most": 2})},
        ("mandate", "levels", "warning", "steps", 0, "at_most"),
        "how often",
    ),
    ({"levels": steps()}, ("mandate", "levels", "warning", "steps"), "nobody is told at warning"),
    ({"levels": steps({"tell": ["deputy", "stig"]}, level="crisis")}, CRISIS_STEPS, "no customer-service role"),
    (
        {"brands": {"B": {"levels": {"crisis": {"steps": [{"tell": "safety"}]}}}}},
        ("mandate", "brands", "B", "levels", "crisis", "steps"),
        "no customer-service role",
    ),
]


@pytest.mark.parametrize(("sections", "path", "says"), WRONG, ids=[w[2][:30] for w in WRONG])
def test_each_mistake_is_found_where_it_is(
    sections: dict[str, Any], path: tuple[str | int, ...], says: str
) -> None:
    found = problems(**sections)
    assert [p.path for p in found] == [path]
    assert says in found[0].message
    assert found[0].expected
    assert found[0].found


def test_rows_that_nobody_would_ever_see_are_found_when_the_brands_are_known() -> None:
    mandate = staffed(themes={"delay": {}, "payment": {}}, brands={"Nordtag": {}})
    known = {"Nordtåg": ["delays", "payment"], "Nordkraft": []}
    found = validate_mandate(mandate, CHANNELS, 2026, known)
    assert [(p.path, p.message) for p in found] == [
        (("mandate", "brands", "Nordtag"), "there is no brand 'Nordtag'; did you mean Nordtåg?"),
        (("mandate", "themes", "delay"), "there is no theme 'delay'; did you mean delays?"),
    ]
    assert validate_mandate(mandate, CHANNELS, 2026) == []


def test_all_mistakes_are_told_at_once() -> None:
    found = problems(safety_contact=["a"], operator=["b"], may={"dance": ["c"]})
    assert [p.path[1] for p in found] == ["safety_contact", "operator", "may", "may"]


def test_the_first_hour_in_which_nobody_can_be_reached_is_named() -> None:
    office = {"people": ["kim"], "hours": {"mon-fri": "08:00-16:00"}, "holidays": "SE"}
    (gap,) = problems(roles=roles(customer_service=office), levels=steps({"tell": "customer_service"}))
    assert gap.path == ("mandate", "levels", "warning", "steps")
    assert gap.found == "nobody on Thursday 2026-01-01 00:00 (Europe/Stockholm)"
    assert "Customer service" not in gap.message  # the replaced role has no name of its own
    assert "customer_service (outside hours)" in gap.message


@pytest.mark.parametrize(
    ("role", "found"),
    [
        ({"people": ["kim"], "quiet": "23:30-05:00"}, "Thursday 2026-01-01 00:00"),
        ({"people": ["kim"], "hours": {"mon-sun": "00:00-24:00"}, "holidays": "SE"}, "Thursday 2026-01-01 00:00"),
        ({"people": ["kim"], "hours": {"mon-sat": "00:00-24:00"}}, "Sunday 2026-01-04 00:00"),
        ({"people": ["kim"], "hours": {"mon-sun": "00:00-23:15"}}, "Thursday 2026-01-01 23:15"),
        ({"people": ["ann"]}, "Wednesday 2026-07-01 00:00"),
        ({"rotation": {"people": ["kim", "ann"], "start": "2026-01-05"}}, "Wednesday 2026-07-01 00:00"),
    ],
)
def test_gaps_of_every_kind(role: dict[str, Any], found: str) -> None:
    ann = {"slack": "U8", "away": [{"from": "2026-07-01T00:00", "until": "2026-07-08T00:00"}]}
    people = {**STAFFED["people"], "ann": ann}
    (gap,) = problems(
        people=people, roles=roles(customer_service=role), levels=steps({"tell": "customer_service"})
    )
    assert found in gap.found


@pytest.mark.parametrize(
    "role",
    [
        {"people": ["kim"], "hours": {"mon-fri": "08:00-16:00"}, "holidays": "SE", "outside_hours": "deputy"},
        {"people": ["kim"], "hours": {"mon-sun": "00:00-24:00"}},
        {"people": ["ann"], "deputies": ["dea"]},
        {"rotation": {"people": ["kim", "dea"], "start": "2026-01-05", "handover": "02:30"}},
        {"slack": "#kundservice"},
    ],
)
def test_no_gap_where_somebody_stands_in(role: dict[str, Any]) -> None:
    ann = {"slack": "U8", "away": [{"from": "2026-07-01T00:00", "until": "2026-07-08T00:00"}]}
    people = {**STAFFED["people"], "ann": ann}
    assert (
        problems(people=people, roles=roles(customer_service=role), levels=steps({"tell": "customer_service"}))
        == []
    )


def test_people_whom_the_channel_cannot_find_are_not_reached() -> None:
    (gap,) = problems(levels=steps({"tell": "agents", "by": ["sms"]}))
    assert "no address" in gap.message


def test_a_crisis_that_respects_quiet_hours_has_a_gap_and_one_that_pierces_has_none() -> None:
    levels = {**STAFFED["levels"], "crisis": {**STAFFED["levels"]["crisis"], "pierces_quiet": False}}
    found = problems(levels=levels, quiet="22:00-06:00")
    assert {p.path[2] for p in found} == {"warning", "crisis"}
    assert {p.path[2] for p in problems(quiet="22:00-06:00")} == {"warning"}


def test_a_year_of_hours_is_walked_through_fast_enough_for_a_reload() -> None:
    day = {
        "hours": {"mon-sun": "06:00-22:00", "holiday": "06:00-22:00"},
        "holidays": "SE",
        "outside_hours": "safety",
    }
    long_chain = {name: {**STAFFED["roles"][name], **day} for name in ("customer_service", "deputy", "head")}
    mandate = Mandate.model_validate({**STAFFED, "roles": roles(**long_chain)})
    began = process_time()
    assert validate_mandate(mandate, CHANNELS, 2026) == []
    assert process_time() - began < 3

"""The typed mandate: what a newcomer gets, what is read, what survives a snapshot."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from alerts.mandate import CRISIS_GROUP, Mandate, default_mandate
from detectors.signal import Level
from tests.alerts.world import STAFFED, staffed


def test_without_a_section_whoever_reads_the_alerts_is_asked_again_every_ten_minutes() -> None:
    mandate = default_mandate()
    (step,) = mandate.policy(Level.WARNING).steps
    assert step.tell == (CRISIS_GROUP,)
    assert (step.acknowledge_within, step.repeat_every, step.at_most) == (timedelta(minutes=10),) * 2 + (3,)
    assert mandate.roles[CRISIS_GROUP].alert_channel
    assert mandate.policy(Level.CRISIS).pierces_quiet
    assert not mandate.policy(Level.WARNING).pierces_quiet


@pytest.mark.parametrize(
    "mandate", [default_mandate(), staffed(), staffed(brands={"B": {"crisis_group": "head"}})]
)
def test_a_snapshot_is_json_and_the_same_mandate_again(mandate: Mandate) -> None:
    assert Mandate.model_validate(json.loads(json.dumps(mandate.document()))) == mandate


def test_a_brand_writes_only_what_differs() -> None:
    mandate = staffed(
        brands={"Nordkraft": {"levels": {"crisis": {"steps": [{"tell": "head"}], "down_after": "1h"}},
                              "customer_service_channel": "#kraft", "channels": {"slack": "#kraftkris"}}}
    )  # fmt: skip
    assert mandate.policy(Level.CRISIS, "Nordkraft").down_after == timedelta(hours=1)
    assert mandate.policy(Level.WARNING, "Nordkraft") == mandate.policy(Level.WARNING)
    assert mandate.customer_service_place("Nordkraft") == "#kraft"
    assert mandate.customer_service_place("Nordtåg") == "#kundservice"
    assert mandate.place("slack", "Nordkraft") == "#kraftkris"
    assert mandate.place("email", "Nordkraft") == ""


def test_calm_and_watch_share_a_policy() -> None:
    assert staffed().policy(Level.CALM) == staffed().policy(Level.WATCH)


@pytest.mark.parametrize(
    ("written", "roles"),
    [
        (["head"], [(("head",), ())]),
        ("head", [(("head",), ())]),
        ({"crisis": ["head", "stig"]}, [(("head", "stig"), (Level.CRISIS,))]),
        ([{"roles": "head", "levels": ["watch"], "hours": "08:00-16:00"}], [(("head",), (Level.WATCH,))]),
    ],
)
def test_rights_are_read_in_three_forms(written: object, roles: list[object]) -> None:
    grants = staffed(may={"lower": written}).may["lower"]
    assert [(grant.roles, grant.levels) for grant in grants] == roles


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"quiet": "late"}, "08:00-16:30"),
        ({"timezone": "Mars/Olympus"}, "Europe/Oslo"),
        ({"holidays": ["Atlantis"]}, "public holidays"),
        ({"levels": {"warning": {"steps": [{"tell": []}]}}}, "at least 1"),
        ({"levels": {"warning": {"steps": [{"tell": "x", "acknowledge_within": "soon"}]}}}, "10m"),
        ({"roles": {"a": {"hours": {"workdays": "08:00-16:00"}}}}, "mon-fri"),
        ({"roles": {"a": {"peple": ["x"]}}}, "peple"),
        ({"may": {"lower": [{"roles": "a", "levels": ["panic"]}]}}, "watch, warning or crisis"),
        ({"timing": {"digest_at": "morning"}}, "digest_at"),
        ({"people": {"a": {"slak": "U1"}}}, "slak"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(section: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Mandate.model_validate(section)


@pytest.mark.parametrize("who", ["kim", "U1KIM", "kim@x.se"])
def test_a_person_is_known_by_any_of_their_names(who: str) -> None:
    assert staffed().person_id(who) == "kim"


def test_a_stranger_is_nobody_and_keeps_the_name_they_came_with() -> None:
    assert staffed().person_id("U9") is None
    assert staffed().person_id("") is None
    assert staffed().name_of("U9") == "U9"
    assert staffed().name_of("head") == "Head of customer service"


@pytest.mark.parametrize(
    ("role", "is_service"),
    [("customer_service", True), ("kundservice_natt", True), ("head", True), ("deputy", False), ("nobody", False)],
)
def test_customer_service_is_known_by_name_or_by_its_own_word(role: str, is_service: bool) -> None:
    roles = {**STAFFED["roles"], "kundservice_natt": {"people": ["kim"]}}
    assert staffed(roles=roles).is_customer_service(role) is is_service


def test_newer_addresses_reach_an_older_mandate_and_nobody_is_lost() -> None:
    old = staffed()
    new = staffed(people={"kim": {"slack": "U1NEW"}, "new": {"slack": "U8"}})
    mixed = old.with_people_of(new)
    assert mixed.people["kim"].slack == "U1NEW"
    assert mixed.people["dea"] == old.people["dea"]
    assert "new" not in mixed.people
    assert old.with_people_of(old) is old

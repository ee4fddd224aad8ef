"""Who may do what: by role, level and hour; and what holds when nothing is written."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.actions import ActionKind
from alerts.mandate import default_mandate
from alerts.rights import may, powers_of, who_may
from detectors.signal import Level
from tests.alerts.world import NOON, STAFFED, staffed


def allowed(action: str, by: str, rights: dict[str, Any] | None = None, **more: Any) -> bool:
    asked = {"level": Level.WARNING, "at": NOON, **more}
    return may(staffed(may=rights or {}), action, by, **asked)


@pytest.mark.parametrize(
    ("action", "by", "is_allowed"),
    [
        ("flag", "U9STRANGER", True),
        ("note", "agent", True),
        ("note", "U9STRANGER", False),
        ("acknowledge", "kim", True),
        ("acknowledge", "stig", True),
        ("acknowledge", "agent", False),
        ("stand_down", "stig", True),
        ("stand_down", "kim", False),
        ("false_alarm", "hanna", True),
        ("merge", "agent", False),
    ],
)
def test_what_holds_when_nothing_is_written(action: str, by: str, is_allowed: bool) -> None:
    assert allowed(action, by) is is_allowed


def test_what_is_written_replaces_what_holds_by_itself() -> None:
    rights = {"acknowledge": ["agents"]}
    assert allowed("acknowledge", "agent", rights)
    assert not allowed("acknowledge", "hanna", rights)


def test_rights_by_level() -> None:
    rights = {"lower": {"warning": ["customer_service"], "crisis": ["crisis_group"]}}
    assert allowed("lower", "kim", rights, level=Level.WARNING)
    assert not allowed("lower", "kim", rights, level=Level.CRISIS)
    assert allowed("lower", "stig", rights, level=Level.CRISIS)


@pytest.mark.parametrize(("at", "is_allowed"), [(NOON, False), (NOON + timedelta(hours=12), True)])
def test_rights_by_hour(at: datetime, is_allowed: bool) -> None:
    rights = {"stand_down": ["head", {"roles": ["deputy"], "hours": "18:00-08:00"}]}
    assert allowed("stand_down", "dea", rights, at=at) is is_allowed


@pytest.mark.parametrize(("name", "is_allowed"), [("anyone", True), ("known", False), ("told", False)])
def test_the_names_with_a_meaning_of_their_own(name: str, is_allowed: bool) -> None:
    assert allowed("lower", "U9STRANGER", {"lower": [name]}) is is_allowed
    assert allowed("lower", "kim", {"lower": [name]})


def test_a_person_can_be_named() -> None:
    assert allowed("lower", "agent", {"lower": ["agent"]})


def test_members_of_a_slack_group_belong_to_the_role() -> None:
    roles = {**STAFFED["roles"], "crisis_group": {"slack": "S0KRIS"}}
    mandate = staffed(roles=roles)
    asked = {"level": Level.CRISIS, "at": NOON}
    assert may(mandate, "stand_down", "U9", groups=["S0KRIS"], **asked)  # type: ignore[arg-type]
    assert not may(mandate, "stand_down", "U9", groups=["S0OTHER"], **asked)  # type: ignore[arg-type]
    assert may(mandate, "note", "U9", groups=["S0KRIS"], **asked)  # type: ignore[arg-type]
    assert who_may(mandate, "stand_down", level=Level.CRISIS, at=NOON) == ("crisis_group",)


def test_deputies_stand_ins_and_people_on_call_hold_the_roles_rights() -> None:
    duty = {
        "rotation": {"people": ["dea"], "start": "2026-01-05",
                     "overrides": [{"person": "agent", "from": "2026-02-01T00:00", "until": "2026-02-02T00:00"}]},
        "deputies": ["stig"],
        "outside_hours": "customer_service",
    }  # fmt: skip
    mandate = staffed(roles={**STAFFED["roles"], "duty": duty}, may={"lower": ["duty"]})
    held = [who for who in STAFFED["people"] if may(mandate, "lower", who, level=Level.WATCH, at=NOON)]
    assert held == ["kim", "dea", "stig", "agent"]


def test_without_a_mandate_everybody_in_the_channel_may_do_everything() -> None:
    assert all(may(default_mandate(), k, "U1", level=Level.CRISIS, at=NOON) for k in ActionKind)


def test_without_a_crisis_group_whoever_is_told_decides() -> None:
    roles = {k: v for k, v in STAFFED["roles"].items() if k not in ("crisis_group", "safety")}
    levels = {"warning": {"steps": [{"tell": "customer_service"}]}, "crisis": {"steps": [{"tell": "head"}]}}
    mandate = staffed(roles=roles, levels=levels, safety_contact=[])
    assert who_may(mandate, "stand_down", level=Level.CRISIS, at=NOON) == ("Hanna",)
    assert who_may(mandate, "stand_down", level=Level.WATCH, at=NOON) == ("Kim",)


def test_a_brands_own_crisis_group_decides_for_the_brand() -> None:
    mandate = staffed(brands={"Nordkraft": {"crisis_group": "agents"}})
    asked = {"level": Level.CRISIS, "at": NOON}
    assert who_may(mandate, "stand_down", brand="Nordkraft", **asked) == ("Agent",)  # type: ignore[arg-type]
    assert who_may(mandate, "stand_down", brand="Nordtåg", **asked) == ("Hanna", "Stig")  # type: ignore[arg-type]


def test_powers_outside_the_monitor_are_only_told_when_written() -> None:
    asked = {"level": Level.WARNING, "at": NOON}
    assert "publish" not in powers_of(staffed(), "hanna", **asked)  # type: ignore[arg-type]
    rights = {"publish": ["head"], "confirm_publicly": ["customer_service"]}
    assert "publish" in powers_of(staffed(may=rights), "hanna", **asked)  # type: ignore[arg-type]
    assert "confirm_publicly" in powers_of(staffed(may=rights), "kim", **asked)  # type: ignore[arg-type]

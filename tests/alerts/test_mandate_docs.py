"""The example in docs/mandate.md is whole, right, and does what the text says of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from alerts.mandate import Mandate
from alerts.mandate_check import validate_mandate
from alerts.rights import GRANTED, POWERS, who_may
from alerts.who import who
from detectors.signal import Level

PAGE = (Path(__file__).parents[2] / "docs" / "mandate.md").read_text(encoding="utf-8")
CHANNELS = ("slack", "sms")


@pytest.fixture(scope="module")
def mandate() -> Mandate:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return Mandate.model_validate(YAML(typ="safe").load(example)["mandate"])


def test_the_example_has_no_problems(mandate: Mandate) -> None:
    assert validate_mandate(mandate, CHANNELS, 2026) == []


@pytest.mark.parametrize(
    ("at", "first"),
    [
        (datetime(2026, 2, 3, 11, tzinfo=UTC), ["Anna Berg", "Bo Ek"]),  # Tuesday noon
        (datetime(2026, 2, 3, 21, 30, tzinfo=UTC), ["Bo Ek"]),  # the night of Bo's week
        (datetime(2026, 6, 19, 0, tzinfo=UTC), ["Dag Holm"]),  # 02:00 on Midsummer's Eve
    ],
)
def test_who_is_told_first(mandate: Mandate, at: datetime, first: list[str]) -> None:
    assert [told.name for told in who(mandate, Level.WARNING, at=at).moments[0].told] == first


def test_a_crisis_on_christmas_night_reaches_the_head_and_the_group(mandate: Mandate) -> None:
    plan = who(mandate, Level.CRISIS, "delays", at=datetime(2026, 12, 24, 2, tzinfo=UTC))
    assert [told.name for told in plan.moments[0].told] == ["Cia Lund", "Dag Holm", "Eva Strand"]
    assert plan.gaps == ()
    assert [told.name for told in plan.safety] == ["Eva Strand"]


def test_a_deputy_stands_in_during_the_holiday(mandate: Mandate) -> None:
    plan = who(mandate, Level.CRISIS, at=datetime(2026, 7, 10, 11, tzinfo=UTC))
    assert [told.name for told in plan.moments[0].told] == ["Bo Ek", "Dag Holm", "Eva Strand"]


@pytest.mark.parametrize(
    ("level", "hour", "may"),
    [(Level.WARNING, 23, True), (Level.WARNING, 11, False), (Level.CRISIS, 23, False)],
)
def test_standing_down_at_night(mandate: Mandate, level: Level, hour: int, may: bool) -> None:
    names = who_may(mandate, "stand_down", level=level, at=datetime(2026, 2, 3, hour, tzinfo=UTC))
    assert ("Anna Berg" in names) is may


def test_every_action_and_power_is_explained() -> None:
    table = PAGE[PAGE.index("| action |") : PAGE.index("A **silence**")]
    named = set(re.findall(r"`(\w+)`", table)) - {"may"}
    assert named == {*GRANTED, *POWERS}

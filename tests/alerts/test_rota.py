"""Who is on call: turns, hand-over times, overrides."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.rota import Override, Period, Rotation, Turn, on_call

STOCKHOLM = "Europe/Stockholm"
WEEKLY = Rotation(people=("anna", "bo", "cia"), start=date(2026, 1, 5))
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda m: datetime(2025, 6, 1, tzinfo=UTC) + timedelta(minutes=m))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("at", "person"),
    [
        ("2026-01-05 08:00", "anna"),  # 09:00 in Stockholm: the hand-over
        ("2026-01-05 07:59", "cia"),
        ("2026-01-12 07:59", "anna"),
        ("2026-01-12 08:00", "bo"),
        ("2026-01-26 08:00", "anna"),
        ("2025-12-29 08:00", "cia"),
    ],
)
def test_turns_change_at_the_handover(at: str, person: str) -> None:
    assert on_call(WEEKLY, utc(at), STOCKHOLM).person == person


def test_the_handover_stays_at_nine_when_the_clocks_change() -> None:
    assert on_call(WEEKLY, utc("2026-03-30 06:59"), STOCKHOLM).until == utc("2026-03-30 07:00")
    assert on_call(WEEKLY, utc("2026-03-23 07:59"), STOCKHOLM).until == utc("2026-03-23 08:00")


def test_an_override_takes_the_turn_and_gives_it_back() -> None:
    swap = Override.model_validate(
        {"person": "dan", "from": "2026-01-06T12:00", "until": "2026-01-07T12:00+01:00"}
    )
    rotation = WEEKLY.model_copy(update={"overrides": (swap,)})
    assert on_call(rotation, utc("2026-01-06 10:59"), STOCKHOLM) == Turn("anna", utc("2026-01-06 11:00"))
    assert on_call(rotation, utc("2026-01-06 11:00"), STOCKHOLM) == Turn("dan", utc("2026-01-07 11:00"), True)
    assert on_call(rotation, utc("2026-01-07 11:00"), STOCKHOLM).person == "anna"


@given(MOMENTS)
def test_there_is_always_one_and_until_is_later(at: datetime) -> None:
    turn = on_call(WEEKLY, at, STOCKHOLM)
    assert turn.person in WEEKLY.people
    assert at < turn.until <= at + timedelta(days=7, hours=1)


@given(MOMENTS, st.integers(1, 30))
def test_the_next_turn_is_the_next_persons(at: datetime, days: int) -> None:
    rotation = WEEKLY.model_copy(update={"days": days})
    turn = on_call(rotation, at, STOCKHOLM)
    following = on_call(rotation, turn.until, STOCKHOLM)
    assert rotation.people.index(following.person) == (rotation.people.index(turn.person) + 1) % 3


def test_a_period_ends_after_it_begins() -> None:
    with pytest.raises(ValidationError, match="later than"):
        Period.model_validate({"from": "2026-01-02T00:00", "until": "2026-01-01T00:00"})
    with pytest.raises(ValidationError):
        Rotation(people=("a",), start=date(2026, 1, 1), handover="nine")

"""What is usual at this hour: learnt by clock hour and kind of day, robust to what is not usual."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.calendar import DayCalendar
from detectors.usual import HourOfDay, Usual

T0 = datetime(2026, 3, 2, tzinfo=UTC)
CALENDAR = DayCalendar(ZoneInfo("Europe/Oslo"), "NO")


def day_curve(at: datetime) -> float:
    return 12.0 if 8 <= at.astimezone(CALENDAR.timezone).hour < 20 else 2.0


def taught(days: int, people=day_curve) -> HourOfDay:
    profile = HourOfDay()
    for hour in range(1, 24 * days + 1):
        end = T0 + timedelta(hours=hour)
        profile.learn(people(end - timedelta(hours=1)), CALENDAR.moment(end), 1.0)
    return profile


def usual_at(profile: HourOfDay, hour: float, days: int = 0) -> Usual:
    return profile.usual(CALENDAR.moment(T0 + timedelta(days=days, hours=hour)))


def test_days_and_nights_are_told_apart_after_two_weeks() -> None:
    profile = taught(14)
    assert usual_at(profile, 13).expected == pytest.approx(12, rel=0.15)
    assert usual_at(profile, 3).expected == pytest.approx(2, abs=1.2)


def test_between_two_whole_hours_the_expectation_moves_evenly() -> None:
    profile = taught(10)
    at_7, half_past, at_8 = (usual_at(profile, h).expected for h in (7, 7.5, 8))
    assert half_past == pytest.approx((at_7 + at_8) / 2)


def test_a_crisis_of_a_day_hardly_teaches_itself() -> None:
    profile = taught(14)
    before = usual_at(profile, 13).expected
    for hour in range(1, 25):
        profile.learn(300, CALENDAR.moment(T0 + timedelta(days=14, hours=hour)), 1.0)
    assert usual_at(profile, 13).expected < 2 * before


def test_hours_half_heard_count_for_half() -> None:
    whole, half = HourOfDay(), HourOfDay()
    for hour in range(1, 24 * 5):
        moment = CALENDAR.moment(T0 + timedelta(hours=hour))
        whole.learn(8, moment, 1.0)
        half.learn(4, moment, 0.5)
    assert usual_at(half, 12).expected == pytest.approx(usual_at(whole, 12).expected, rel=0.05)
    assert half.days == pytest.approx(whole.days / 2)


def test_quiet_sundays_become_usual_but_only_once_they_are_over() -> None:
    def quiet_sunday(at: datetime) -> float:
        return 4.0 if at.astimezone(CALENDAR.timezone).weekday() == 6 else 12.0

    profile = taught(34, quiet_sunday)
    sunday, monday = usual_at(profile, 12, 41), usual_at(profile, 12, 42)
    assert sunday.expected < 0.7 * monday.expected


def test_a_public_holiday_is_taken_for_a_sunday_at_first() -> None:
    def quiet_sunday(at: datetime) -> float:
        return 4.0 if at.astimezone(CALENDAR.timezone).weekday() == 6 else 12.0

    profile = taught(34, quiet_sunday)
    constitution_day = datetime(2027, 5, 17, 10, tzinfo=UTC)  # a Monday
    ordinary_monday = constitution_day + timedelta(days=7)
    holiday, monday = (profile.usual(CALENDAR.moment(at)).expected for at in (constitution_day, ordinary_monday))
    assert holiday < 0.8 * monday


def test_scattered_days_widen_the_deviation() -> None:
    even = taught(20, lambda at: 10.0)
    wild = taught(20, lambda at: 25.0 if at.hour % 5 == 0 else 5.0)
    assert wild.dispersion > 2 * even.dispersion
    assert even.dispersion >= 1.0


def test_state_goes_through_json() -> None:
    profile = taught(9)
    again = HourOfDay.from_state(json.loads(json.dumps(profile.to_state())))
    assert again.to_state() == profile.to_state()
    assert usual_at(again, 9.25) == usual_at(profile, 9.25)


@given(st.floats(0, 1e5), st.floats(1, 30), st.floats(0, 400), st.floats(0, 1e6))
def test_more_people_are_never_less_unusual(
    expected: float, dispersion: float, days: float, people: float
) -> None:
    usual = Usual(expected, dispersion, days)
    assert usual.z(people + 1) > usual.z(people)
    low, high = usual.between()
    assert 0 <= low <= max(expected, 1)
    assert high >= 1

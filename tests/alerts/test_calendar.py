"""Working hours, quiet hours and public holidays on the local wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.calendar import (
    at_work,
    in_span,
    is_public_holiday,
    is_quiet,
    known_country,
    next_time_at_work,
    next_wall_clock,
    parse_days,
    parse_span,
    quiet_ends,
    wall_clock,
    zone,
)

STOCKHOLM = "Europe/Stockholm"
OFFICE = {"mon-fri": "08:00-16:30"}
MOMENTS = st.integers(0, 3 * 365 * 24 * 60).map(lambda m: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=m))
CLOCKS = st.times().map(lambda t: t.replace(second=0, microsecond=0))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("08:00-16:30", (time(8), time(16, 30))),
        ("8.00 – 16.30", (time(8), time(16, 30))),
        ("22:00-06:00", (time(22), time(6))),
        ("00:00-24:00", (time(0), time(0))),
    ],
)
def test_spans_are_read_as_people_write_them(text: str, span: tuple[time, time]) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "08-16", "25:00-26:00", "08:61-09:00", "nine to five"])
def test_what_is_no_span_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"08:00-16:30|from 00:00 to 24:00"):
        parse_span(text)


def test_days_are_read_as_ranges_lists_and_holidays() -> None:
    assert parse_days("mon-wed") == ("mon", "tue", "wed")
    assert parse_days("sat-mon") == ("sat", "sun", "mon")
    assert parse_days("Tue, sat, holiday") == ("tue", "sat", "holiday")
    with pytest.raises(ValueError, match="mon-fri"):
        parse_days("weekdays")


@pytest.mark.parametrize(
    ("at", "works"),
    [
        ("2026-02-03 06:59", False),  # Tuesday 07:59 in Stockholm
        ("2026-02-03 07:00", True),
        ("2026-02-03 15:29", True),
        ("2026-02-03 15:30", False),
        ("2026-02-07 10:00", False),  # Saturday
        ("2026-07-03 06:00", True),  # 08:00 in summer
    ],
)
def test_office_hours_follow_the_local_clock(at: str, works: bool) -> None:
    assert at_work(OFFICE, utc(at), STOCKHOLM) is works


@pytest.mark.parametrize(
    ("country", "day", "off"),
    [
        ("SE", date(2026, 6, 19), True),  # Midsummer's Eve, by custom
        ("SE", date(2026, 12, 24), True),
        ("NO", date(2026, 5, 17), True),
        ("NO", date(2026, 12, 24), True),
        ("NO", date(2026, 6, 19), False),
        ("DK", date(2026, 6, 5), True),
        ("FI", date(2026, 12, 6), True),
        ("SE", date(2026, 12, 6), False),
        ("SE", date(2026, 2, 3), False),
    ],
)
def test_nordic_days_off(country: str, day: date, off: bool) -> None:
    assert is_public_holiday(day, (country,)) is off


def test_a_holiday_has_only_its_own_row() -> None:
    midsummer_eve = utc("2026-06-19 10:00")
    assert not at_work(OFFICE, midsummer_eve, STOCKHOLM, ("SE",))
    assert at_work({**OFFICE, "holiday": "10:00-14:00"}, midsummer_eve, STOCKHOLM, ("SE",))
    assert at_work(OFFICE, midsummer_eve, STOCKHOLM, ("NO",))


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    nights = {"fri": "22:00-06:00"}
    assert at_work(nights, utc("2026-02-06 22:00"), STOCKHOLM)  # Friday 23:00
    assert at_work(nights, utc("2026-02-07 04:59"), STOCKHOLM)  # Saturday 05:59
    assert not at_work(nights, utc("2026-02-07 05:00"), STOCKHOLM)
    assert not at_work(nights, utc("2026-02-06 04:00"), STOCKHOLM)


def test_quiet_hours_run_over_midnight() -> None:
    assert is_quiet("22:00-07:00", utc("2026-02-03 22:00"), STOCKHOLM)
    assert not is_quiet("22:00-07:00", utc("2026-02-03 20:59"), STOCKHOLM)
    assert not is_quiet(None, utc("2026-02-03 22:00"), STOCKHOLM)
    assert quiet_ends("22:00-07:00", utc("2026-02-03 22:00"), STOCKHOLM) == utc("2026-02-04 06:00")


def test_the_next_working_hour_skips_weekend_and_holidays() -> None:
    thursday_night = utc("2026-06-18 20:00")
    assert next_time_at_work(OFFICE, thursday_night, STOCKHOLM, ("SE",)) == utc("2026-06-22 06:00")
    assert next_time_at_work({}, thursday_night, STOCKHOLM) is None


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (date(2026, 3, 29), time(2, 30), "2026-03-29 01:30"),  # skipped: the moment after the gap
        (date(2026, 10, 25), time(2, 30), "2026-10-25 00:30"),  # twice: the first
    ],
)
def test_the_nights_of_the_clock_changes(day: date, clock: time, expected: str) -> None:
    assert wall_clock(day, clock, STOCKHOLM) == utc(expected)


@given(MOMENTS, CLOCKS)
def test_the_next_time_of_day_is_later_and_within_a_day_and_an_hour(at: datetime, clock: time) -> None:
    coming = next_wall_clock(clock, at, STOCKHOLM)
    assert timedelta() < coming - at <= timedelta(hours=25)


@given(MOMENTS, CLOCKS, CLOCKS)
def test_a_time_is_in_a_span_or_in_its_complement(at: datetime, start: time, end: time) -> None:
    here = at.astimezone(zone(STOCKHOLM)).time()
    if start != end:
        assert in_span(here, (start, end)) is not in_span(here, (end, start))


@given(MOMENTS)
def test_work_begins_when_it_is_said_to(at: datetime) -> None:
    coming = next_time_at_work(OFFICE, at, STOCKHOLM, ("SE",))
    if coming is not None:
        assert at_work(OFFICE, coming, STOCKHOLM, ("SE",))
        assert not at_work(OFFICE, coming - timedelta(minutes=1), STOCKHOLM, ("SE",))


def test_unknown_zones_and_countries() -> None:
    with pytest.raises(ValueError, match="Europe/Oslo"):
        zone("Europe/Atlantis")
    assert known_country("se")
    assert not known_country("XX")

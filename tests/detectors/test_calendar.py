"""Local hours over both clock changes, and public holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from detectors.calendar import HOLIDAY, DayCalendar, public_holidays

STOCKHOLM = DayCalendar(ZoneInfo("Europe/Stockholm"), "SE")


@pytest.mark.parametrize(
    ("at", "hour", "next_hour"),
    [
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 1, 3),  # the hour that is skipped
        (datetime(2026, 3, 29, 2, 0, tzinfo=UTC), 3, 4),
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), 2, 2),  # the hour that comes twice
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), 2, 3),
        (datetime(2026, 1, 15, 13, 0, tzinfo=UTC), 13, 14),
    ],
)
def test_the_local_hour_follows_both_clock_changes(at: datetime, hour: int, next_hour: int) -> None:
    moment = STOCKHOLM.moment(at)
    assert (moment.hour, moment.next_hour, moment.whole_hour) == (hour, next_hour, True)


def test_midsummer_is_a_holiday_and_the_day_before_is_its_weekday() -> None:
    assert STOCKHOLM.kind(date(2026, 6, 20)) == HOLIDAY
    assert STOCKHOLM.kind(date(2026, 6, 18)) == 3


def test_the_hour_before_midnight_belongs_to_the_day_that_ends() -> None:
    moment = STOCKHOLM.moment(datetime(2026, 12, 24, 23, 0, tzinfo=UTC))  # midnight in Stockholm
    assert moment.hour == 23
    assert moment.kind == STOCKHOLM.kind(date(2026, 12, 24))


def test_between_whole_hours_the_fraction_tells_how_far() -> None:
    moment = STOCKHOLM.moment(datetime(2026, 5, 5, 10, 15, tzinfo=UTC))
    assert moment.fraction == 0.25
    assert not moment.whole_hour


def test_a_year_of_hours_is_a_year_of_moments() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    hours = [STOCKHOLM.moment(start + timedelta(hours=h)).hour for h in range(24 * 365)]
    assert {h: hours.count(h) for h in (1, 2, 3)} == {
        1: 365,
        2: 365,
        3: 365,
    }  # one lost in spring, one won in autumn


def test_an_unknown_country_is_refused_and_no_country_has_no_holidays() -> None:
    with pytest.raises(ValueError, match="ISO code"):
        public_holidays("XX")
    assert public_holidays(None) == frozenset()

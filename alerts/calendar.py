"""Working hours, quiet hours and public holidays, asked of an aware time in somebody's time zone.

Everything is decided on the local wall clock, so that the nights on which the clocks change need no rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = "holiday"

_SPAN = re.compile(r"(\d{1,2})[:.](\d{2})\s*[-–]\s*(\d{1,2})[:.](\d{2})")
_DAYS_LOOKED_AHEAD = 15

# Of the categories that `holidays` knows: those on which an office is closed all day. Swedes are off on the three
# eves without a law; the Danish "optional" days are in most agreements; Finland's eves are in its law.
_CATEGORIES = {"SE": ("public", "de_facto"), "DK": ("public", "optional")}
_EVES_OFF_BY_CUSTOM = {"NO": ((12, 24), (12, 31)), "IS": ((12, 24), (12, 31))}

Span = tuple[time, time]
"""From, until (excluded), local wall clock; until before from runs over midnight; both equal is all day."""


@lru_cache(maxsize=256)
def parse_span(text: str) -> Span:
    """Read `22:00-06:00`. Raises ValueError when it is no such thing."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        raise ValueError(f"expected hours such as 08:00-16:30, found {text!r}")
    h1, m1, h2, m2 = map(int, found.groups())
    if max(h1, h2) > 24 or max(m1, m2) > 59:
        raise ValueError(f"expected times of day from 00:00 to 24:00, found {text!r}")
    return time(h1 % 24, m1), time(h2 % 24, m2)


@lru_cache(maxsize=256)
def parse_days(text: str) -> tuple[str, ...]:
    """Read `mon-fri`, `sat`, `mon, wed` or `holiday` as day names. Raises ValueError for unknown days."""
    days: list[str] = []
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if part == HOLIDAY:
            days.append(HOLIDAY)
        elif first in DAYS and (last or first) in DAYS:
            days += _run_of_days(DAYS.index(first), DAYS.index(last or first))
        else:
            raise ValueError(f"expected days such as mon-fri, sat or holiday, found {text!r}")
    return tuple(days)


def _run_of_days(first: int, last: int) -> list[str]:
    return [DAYS[(first + i) % 7] for i in range((last - first) % 7 + 1)]


@lru_cache(maxsize=256)
def is_public_holiday(day: date, countries: tuple[str, ...]) -> bool:
    """Is `day` a public holiday in one of the countries (`SE`, `NO`, `DK`, `FI` …)?

    The eves that Swedes and Finns take off without a law (Midsummer's Eve, Christmas Eve) count, too.
    """
    return any(day in _holidays_of(country, day.year) for country in countries)


@lru_cache(maxsize=64)
def _holidays_of(country: str, year: int) -> frozenset[date]:
    import holidays

    kind = getattr(holidays, country.upper())
    by_law = frozenset(kind(years=year, categories=_CATEGORIES.get(country.upper(), ("public",))))
    by_custom = _EVES_OFF_BY_CUSTOM.get(country.upper(), ())
    return by_law | {date(year, month, day) for month, day in by_custom}


def known_country(country: str) -> bool:
    """Does the holiday calendar know this country code?"""
    import holidays

    return country.upper() in holidays.list_supported_countries()


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"expected a time zone such as Europe/Oslo, found {name!r}") from error


def local(at: datetime, timezone: str) -> datetime:
    """The aware time `at` on the wall clock of `timezone`."""
    return at.astimezone(zone(timezone))


def in_span(clock: time, span: Span) -> bool:
    """Does a wall-clock time fall into a span (which may run over midnight)?"""
    start, end = span
    if start == end:
        return True
    return start <= clock < end if start < end else clock >= start or clock < end


def at_work(hours: Mapping[str, str], at: datetime, timezone: str, countries: tuple[str, ...] = ()) -> bool:
    """Is `at` within working hours, given as `{"mon-fri": "08:00-16:00", "holiday": "10:00-14:00"}`?

    On a public holiday only the row `holiday` counts. Hours that run over midnight belong to the day on which
    they begin.
    """
    here = local(at, timezone)
    yesterday = here.date() - timedelta(days=1)
    return any(_begins_today(span, here.time()) for span in _spans_of(hours, here.date(), countries)) or any(
        _runs_on_from_yesterday(span, here.time()) for span in _spans_of(hours, yesterday, countries)
    )


def _spans_of(hours: Mapping[str, str], day: date, countries: tuple[str, ...]) -> list[Span]:
    name = HOLIDAY if is_public_holiday(day, countries) else DAYS[day.weekday()]
    return [parse_span(span) for days, span in hours.items() if name in parse_days(days)]


def _begins_today(span: Span, clock: time) -> bool:
    start, end = span
    return start <= clock < end if start < end else clock >= start


def _runs_on_from_yesterday(span: Span, clock: time) -> bool:
    start, end = span
    return end <= start and clock < end


def is_quiet(quiet: str | None, at: datetime, timezone: str) -> bool:
    """Is `at` within the quiet hours (`22:00-07:00`), if there are any?"""
    return quiet is not None and in_span(local(at, timezone).time(), parse_span(quiet))


def next_time_at_work(
    hours: Mapping[str, str], at: datetime, timezone: str, countries: tuple[str, ...] = ()
) -> datetime | None:
    """When working hours next begin after `at` (aware UTC); None when they do not within two weeks."""
    today = local(at, timezone).date()
    for offset in range(_DAYS_LOOKED_AHEAD):
        day = today + timedelta(days=offset)
        begins = [wall_clock(day, start, timezone) for start, _ in _spans_of(hours, day, countries)]
        later = [when for when in begins if when > at]
        if later:
            return min(later)
    return None


def quiet_ends(quiet: str, at: datetime, timezone: str) -> datetime:
    """When the quiet hours that hold `at` end (aware UTC)."""
    return next_wall_clock(parse_span(quiet)[1], at, timezone)


def next_wall_clock(clock: time, after: datetime, timezone: str) -> datetime:
    """The first aware UTC time after `after` at which the wall clock in `timezone` shows `clock`.

    A time that the spring change skips is the moment after the gap; one that comes twice is the first.
    """
    day = local(after, timezone).date()
    for offset in range(3):
        when = wall_clock(day + timedelta(days=offset), clock, timezone)
        if when > after:
            return when
    raise AssertionError("a wall clock shows every time of day within two days")


def wall_clock(day: date, clock: time, timezone: str) -> datetime:
    """That local day and time as aware UTC."""
    return datetime.combine(day, clock, tzinfo=zone(timezone)).astimezone(UTC)

"""Filling texts in for one reader: language, time zone and the time at which it is read.

Numbers, shares, times and lists are written as that language writes them; strings are cleaned, never trusted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from string import Formatter
from zoneinfo import ZoneInfo

from alerts.safe_text import quote
from alerts.texts.catalogue import FALLBACK_LANGUAGE, LANGUAGES, pattern

Value = int | float | str | datetime | timedelta | None
"""What can fill a placeholder. None becomes "–"."""

_LONGEST_VALUE = 320
_NOTHING = "–"
_TIME_NAMES = ("_at", "since", "from", "until", "earliest", "latest")
_SHARE_NAMES = ("share", "_share")
_PERCENT_NAMES = ("_percent",)
_DURATION_NAMES = ("_seconds",)
_MINUTES, _HOURS_LEARNT = "minutes", "hours_learnt"
"""A window's length and how long was listened, as the detectors say it: written like any duration, 720 as 12 h."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: `language` (one of LANGUAGES), `timezone` (IANA name) and `now` (aware), when it is read."""

    language: str
    timezone: str
    now: datetime

    def text(self, key: str, count: int | None = None, /, **values: Value) -> str:
        """Return the text of `key` filled with `values`; `count` chooses the plural and fills `{count}`.

        Raises KeyError when no language has the key: a test holds that all keys in use exist.
        """
        language = self.language if self.language in LANGUAGES else FALLBACK_LANGUAGE
        found = pattern(language, key, count) or pattern(FALLBACK_LANGUAGE, key, count)
        if found is None:
            raise KeyError(f"no text {key!r} in the catalogues")
        filled = {"count": count, **values} if count is not None else values
        return found.format_map({name: self.value(name, filled.get(name)) for name in placeholders(found)})

    def has(self, key: str) -> bool:
        """Tell whether there is a text for `key`."""
        return pattern(FALLBACK_LANGUAGE, key) is not None or pattern(FALLBACK_LANGUAGE, key, 2) is not None

    def value(self, name: str, value: Value) -> str:
        """Write one value; the placeholder's name says what a number or ISO string means."""
        if value is None:
            return _NOTHING
        if isinstance(value, str) and name.endswith(_TIME_NAMES):
            value = _parsed(value)
        if isinstance(value, datetime):
            return self.time(value)
        if isinstance(value, timedelta):
            return self.duration(value)
        if isinstance(value, str):
            return quote(value, _LONGEST_VALUE)
        return self._quantity(name, value)

    def _quantity(self, name: str, value: float) -> str:
        if name.endswith(_SHARE_NAMES):
            return self.percent(value)
        if name.endswith(_PERCENT_NAMES):
            return self.percent(value / 100)
        if name.endswith(_DURATION_NAMES):
            return self.duration(timedelta(seconds=value))
        if name == _MINUTES:
            return self.duration(timedelta(minutes=value))
        if name == _HOURS_LEARNT:
            return self.duration(timedelta(hours=value))
        return self.number(value)

    def number(self, value: float) -> str:
        """Write a number: whole from ten on, one decimal below (7.4), as the language groups digits."""
        from babel.numbers import format_decimal

        digits = "#,##0" if abs(value) >= 10 or float(value).is_integer() else "#,##0.#"
        return format_decimal(value, format=digits, locale=self.language)

    def percent(self, share: float) -> str:
        """Write a share (0.42) as a whole percentage (42 %)."""
        from babel.numbers import format_percent

        return format_percent(round(share, 2), locale=self.language)

    def time(self, when: datetime) -> str:
        """Write a time of the reader's day: the clock alone today, with the date on other days."""
        from babel.dates import format_skeleton

        local = when.astimezone(ZoneInfo(self.timezone))
        today = self.now.astimezone(ZoneInfo(self.timezone)).date()
        clock = f"{local:%H:%M}"
        if local.date() == today:
            return clock
        skeleton = "MMMd" if local.year == today.year else "yMMMd"
        return f"{format_skeleton(skeleton, local, locale=self.language)} {clock}"

    def duration(self, span: timedelta) -> str:
        """Write how long: `45 min`, `2 h`, `1 h 30 min`, `3` days in words."""
        minutes = max(0, round(span.total_seconds() / 60))
        if minutes < 60:
            return self.text("duration.minutes", number=minutes)
        if minutes >= 48 * 60:
            return self.text("duration.days", round(minutes / 1440))
        hours, rest = divmod(minutes, 60)
        if rest:
            return self.text("duration.hours_minutes", hours=hours, rest=rest)
        return self.text("duration.hours", hours=hours)

    def list(self, items: Iterable[str]) -> str:
        """Write "a, b and c" in the reader's language."""
        from babel.lists import format_list

        return format_list([item for item in items if item], locale=self.language)


@lru_cache(maxsize=2048)
def placeholders(text: str) -> frozenset[str]:
    """Return the names of the `{placeholders}` of a text."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def _parsed(value: str) -> datetime | str:
    """Return an ISO time as an aware datetime; anything else unchanged."""
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        return value
    return when if when.tzinfo else when.replace(tzinfo=UTC)

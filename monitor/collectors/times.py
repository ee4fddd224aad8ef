"""Times as platforms, desks and feeds write them, read as aware UTC datetimes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from monitor.soundness import EARLIEST, FUTURE_TOLERANCE, wrong_time

_MS_FROM = 1e11  # seconds would be the year 5138
_US_FROM = 1e14  # milliseconds would be the year 5138
_LONGEST = 64  # characters; beyond that it is no date
_NUMBER = re.compile(r"-?\d{1,17}(?:\.\d+)?")
_SHORT_DATE = re.compile(r"\d{8}")
_MONTHS = {  # as Nordic feeds and Excel write them, by their first three letters
    "jan": "Jan", "feb": "Feb", "mar": "Mar", "apr": "Apr", "maj": "May", "mai": "May", "jun": "Jun",
    "jul": "Jul", "aug": "Aug", "sep": "Sep", "okt": "Oct", "nov": "Nov", "dec": "Dec", "des": "Dec",
}  # fmt: skip
_NORDIC = re.compile(r"(?:[^\W\d_]+\.?,?\s+)?(\d{1,2})\.?\s+([^\W\d_]{3,9})\.?\s+(\d{4}.*)", re.DOTALL)


def parse_time(value: object) -> datetime | None:
    """ISO 8601, epoch seconds, milliseconds or microseconds (by size), RFC 822, Nordic month names; else None.

    A time without a zone is taken as UTC.

    >>> parse_time("2026-01-05T10:00:00+01:00"), parse_time(1767603600000) == parse_time("1767603600")
    (datetime.datetime(2026, 1, 5, 9, 0, tzinfo=datetime.timezone.utc), True)
    """
    try:
        return _parse(value)
    except (ValueError, TypeError, OverflowError, OSError, IndexError):
        return None


def dated(value: object, now: datetime) -> datetime | None:
    """The time of a post; None where none is given (or none that can be read): first sight counts then.

    Raises ValueError for a time that no post can have (before 2000, or further ahead than clocks go wrong): who
    sends that sends something else wrong, too, so the item is refused and told.
    """
    at = parse_time(value)
    wrong = wrong_time(at, now) if at is not None else None
    if wrong:
        raise ValueError(f"its date {wrong}")
    return at


def believable(at: datetime | None, now: datetime) -> datetime | None:
    """`at`, or None where it cannot be the time of a post.

    For networks that tell when they saw a post beside what its author's software claims: then theirs counts.
    """
    return at if at is not None and EARLIEST <= at <= now + FUTURE_TOLERANCE else None


def _parse(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    if len(text) > _LONGEST:
        return None
    if _NUMBER.fullmatch(text) and not _SHORT_DATE.fullmatch(text):
        return _of_epoch(float(text))
    try:
        return _utc(datetime.fromisoformat(text))
    except ValueError:
        return _utc(parsedate_to_datetime(_in_english(text)))


def _of_epoch(number: float) -> datetime:
    size = abs(number)
    divisor = 1e6 if size >= _US_FROM else 1e3 if size >= _MS_FROM else 1.0
    return datetime.fromtimestamp(number / divisor, UTC)


def _in_english(text: str) -> str:
    found = _NORDIC.fullmatch(text)
    month = _MONTHS.get(found[2][:3].lower()) if found else None
    return f"{found[1]} {month} {found[3]}" if found and month else text


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)

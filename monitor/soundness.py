"""What makes a post unfit to be stored, said in words. One rule for files, hooks and platforms alike."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from monitor.mention import Measurement, Mention, Removal

TEXT_LIMIT = 1_000_000
"""Characters. Longer than any e-mail; a text of megabytes is an export gone wrong."""

NAME_LIMIT = 4_000
"""Characters of an id, a url, an author or a brand."""

COUNT_LIMIT = 2**62

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No platform that we read is older; 1970 is what a missing date looks like."""

FUTURE_TOLERANCE = timedelta(hours=48)
"""A clock may be wrong, a time zone forgotten: up to this the first sight is taken as the time of the post."""

_NAMES = ("platform", "global_id", "source", "url", "author", "parent_id", "thread_id", "language")
_COUNTS = ("followers", "likes", "replies", "shares", "views", "stars")
_TIMES = ("created_at", "first_seen_at", "edited_at")
_SURROGATES = re.compile("[\ud800-\udfff]")
_REQUIRED = ("platform", "global_id", "source")


def defect(mention: Mention, now: datetime) -> str | None:
    """Why a post cannot be stored; None when it can."""
    for name in _REQUIRED:
        if not getattr(mention, name):
            return f"{name} is empty"
    for name in _NAMES:
        value = getattr(mention, name)
        if value is None or (type(value) is str and len(value) <= NAME_LIMIT and value.isprintable()):
            continue  # the usual case, checked quickly
        wrong = _wrong_text(value, NAME_LIMIT)
        if wrong:
            return f"{name} {wrong}"
    for name in ("text", "extra_text"):
        value = getattr(mention, name)
        wrong = "is missing" if value is None else _wrong_text(value, TEXT_LIMIT)
        if wrong:
            return f"{name} {wrong}"
    return _wrong_brands(mention) or _wrong_numbers(mention) or _wrong_times(mention, now)


def measurement_defect(found: Measurement, now: datetime) -> str | None:
    """Why a measurement cannot be stored; None when it can."""
    for name in ("brand", "name", "source"):
        value = getattr(found, name)
        wrong = "is missing" if value is None else _wrong_text(value, NAME_LIMIT)
        if wrong:
            return f"{name} {wrong}"
    if isinstance(found.value, bool) or not isinstance(found.value, int | float) or not math.isfinite(found.value):
        return "value is no finite number"
    wrong = wrong_time(found.at, now) if isinstance(found.at, datetime) else "is no time"
    return f"at {wrong}" if wrong else None


def removal_defect(found: Removal, now: datetime) -> str | None:  # noqa: ARG001 - the same shape as its siblings
    """Why a removal cannot be looked up; None when it can."""
    for name in ("platform", "global_id"):
        value = getattr(found, name)
        wrong = _wrong_text(value, NAME_LIMIT) if value else "is empty"
        if wrong:
            return f"{name} {wrong}"
    return None


def broken_characters(text: str) -> str | None:
    """What no text can hold: NUL (PostgreSQL refuses it) and lone surrogates (no encoding has them)."""
    if text.isprintable():  # most texts; neither is printable
        return None
    if "\0" in text:
        return "holds a NUL character"
    if not text.isascii() and _SURROGATES.search(text):
        return "holds half a character (a lone surrogate)"
    return None


def wrong_time(when: datetime, now: datetime) -> str | None:
    """Why a time cannot be that of a post; None when it can."""
    if when.tzinfo is None:
        return "has no time zone"
    if when < EARLIEST:
        return f"is {when:%Y-%m-%d}, before any platform existed"
    if when > now + FUTURE_TOLERANCE:
        return f"is {when:%Y-%m-%d}, in the future"
    return None


def _wrong_text(value: object, limit: int) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return f"is {type(value).__name__}, not text"
    if len(value) > limit:
        return f"has {len(value):,} characters, more than {limit:,}"
    return broken_characters(value)


def _wrong_brands(mention: Mention) -> str | None:
    for name in (*mention.brands, *mention.author_handles):
        wrong = _wrong_text(name, NAME_LIMIT)
        if wrong or name is None:
            return f"brand or handle {wrong or 'is missing'}"
    return None


def _wrong_numbers(mention: Mention) -> str | None:
    for name in _COUNTS:
        value = getattr(mention, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            return f"{name} is {type(value).__name__}, not a whole number"
        if value is not None and value > COUNT_LIMIT:
            return f"{name} is beyond any count"
    return None


def _wrong_times(mention: Mention, now: datetime) -> str | None:
    for name in _TIMES:
        value = getattr(mention, name)
        if value is None:
            continue
        wrong = wrong_time(value, now) if isinstance(value, datetime) else f"is {type(value).__name__}, not a time"
        if wrong:
            return f"{name} {wrong}"
    return None

"""Mentions and measurements from plain records (a webhook's JSON objects, rows of files), by the column names of
the mentions file: `id`, `created_at`, `text` and the optional ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.collectors.html_text import clean_text
from monitor.collectors.times import parse_time
from monitor.mention import Measurement, Mention, MentionKind, Refusal

COLUMNS = (
    "id", "created_at", "text", "brand", "author", "url", "source", "kind", "thread_id", "parent_id", "language",
    "author_followers", "likes", "replies", "shares", "views", "stars", "first_seen_at", "edited_at", "platform",
)  # fmt: skip
MEASURED = ("brand", "name", "at", "value")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a source knows of all its records."""

    platform: str
    source: str
    kind: MentionKind = MentionKind.POST
    brand: str | None = None
    language: str | None = None


def read_record(record: object, defaults: Defaults, where: str) -> Mention | Measurement | Refusal:
    """A record as what it is; a Refusal says what is missing or wrong. Never raises."""
    if not isinstance(record, Mapping):
        return Refusal(where, f"expected an object, found {type(record).__name__}")
    try:
        if "value" in record and "text" not in record:
            return _measurement(record, defaults)
        return _mention(record, defaults)
    except (ValueError, TypeError, OverflowError) as exc:
        return Refusal(where, str(exc)[:200])


def _measurement(record: Mapping[str, Any], defaults: Defaults) -> Measurement:
    at = parse_time(record.get("at") or record.get("created_at"))
    if at is None:
        raise ValueError("a measurement needs `at`, a time with a date")
    value = record["value"]
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("a measurement needs a number as `value`")
    number = float(value)
    if number != number or abs(number) == float("inf"):
        raise ValueError("a measurement needs a finite `value`")
    brand = _word(record, "brand") or defaults.brand or ""
    return Measurement(brand, _required(record, "name"), at, number, defaults.source)


def _mention(record: Mapping[str, Any], defaults: Defaults) -> Mention:
    brand = _word(record, "brand") or defaults.brand
    author = _word(record, "author")
    return Mention(
        platform=_word(record, "platform") or defaults.platform,
        global_id=_required(record, "id"),
        source=_word(record, "source") or defaults.source,
        text=_required(record, "text"),
        created_at=_time(record, "created_at", required=True),
        first_seen_at=_time(record, "first_seen_at"),
        kind=_kind(record, defaults.kind),
        url=_word(record, "url"),
        author=author,
        author_handles=(author,) if author else (),
        followers=_count(record, "author_followers"),
        parent_id=_word(record, "parent_id"),
        thread_id=_word(record, "thread_id"),
        likes=_count(record, "likes"),
        replies=_count(record, "replies"),
        shares=_count(record, "shares"),
        views=_count(record, "views"),
        stars=_count(record, "stars"),
        language=_word(record, "language") or defaults.language,
        brands=(brand,) if brand else (),
        edited_at=_time(record, "edited_at"),
    )


def _word(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    if value is None or isinstance(value, bool):
        return None
    if not isinstance(value, str | int | float):
        raise ValueError(f"`{name}` should be text, found {type(value).__name__}")
    return clean_text(str(value)) or None


def _required(record: Mapping[str, Any], name: str) -> str:
    value = _word(record, name)
    if value is None:
        raise ValueError(f"`{name}` is missing or empty")
    return value


def _time(record: Mapping[str, Any], name: str, *, required: bool = False) -> Any:
    value = record.get(name)
    if value in (None, "") and not required:
        return None
    at = parse_time(value)
    if at is None:
        raise ValueError(f"`{name}` is {'missing' if value in (None, '') else 'not a time that can be read'}")
    return at


def _kind(record: Mapping[str, Any], default: MentionKind) -> MentionKind:
    value = _word(record, "kind")
    try:
        return MentionKind(value.lower()) if value else default
    except ValueError:
        raise ValueError(f"`kind` should be one of {', '.join(MentionKind)}") from None


def _count(record: Mapping[str, Any], name: str) -> int | None:
    """A count, or None where it is missing or makes no sense: a wrong count is no reason to lose a post."""
    value = record.get(name)
    if value is None or isinstance(value, bool):
        return None
    try:
        number = int(float(value))
    except (ValueError, TypeError, OverflowError):
        return None
    return number if 0 <= number < 2**53 else None

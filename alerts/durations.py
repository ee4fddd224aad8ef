"""Durations as people write them in the config: `45s`, `10m`, `1h30m`, `2d`, `1w`.

`Duration` is a `timedelta` for pydantic models that reads and writes this form, so that a mandate survives
the round trip through JSON that an incident's snapshot makes.
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

SECONDS_OF_UNIT = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_FORM = re.compile(r"(?:\d+[wdhms]\s*)+")
_PART = re.compile(r"(\d+)([wdhms])")


@lru_cache(maxsize=512)
def parse_duration(text: str) -> timedelta:
    """Read `1h30m` as a timedelta. Raises ValueError, with examples, for any other form and for zero."""
    cleaned = text.strip().lower()
    if not _FORM.fullmatch(cleaned):
        raise ValueError(f"expected a duration such as 45s, 10m, 1h30m or 2d, found {text!r}")
    length = timedelta(seconds=sum(int(n) * SECONDS_OF_UNIT[unit] for n, unit in _PART.findall(cleaned)))
    if not length:
        raise ValueError(f"expected a duration longer than nothing, found {text!r}")
    return length


def format_duration(length: timedelta) -> str:
    """Write a timedelta as `1h30m`; the inverse of `parse_duration` for whole positive seconds."""
    rest = round(length.total_seconds())
    parts = []
    for unit, seconds in SECONDS_OF_UNIT.items():
        count, rest = divmod(rest, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _accept(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f"expected a duration such as 45s, 10m, 1h30m or 2d, found {value!r}")
    return parse_duration(value)


Duration = Annotated[
    timedelta,
    BeforeValidator(_accept),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(\d+[wdhms]\s*)+$", "examples": ["45s", "10m", "1h30m", "2d"]}
    ),
]
"""A `timedelta` that reads and writes `10m`, `1h30m`, `2d`."""

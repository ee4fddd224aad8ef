"""Durations as people write them in the config: `90s`, `5m`, `1h`, `2d`, `1h30m`.

`Duration` is a pydantic-annotated `timedelta`: it parses such words (and takes timedeltas), is written back as
such a word, and describes itself in the JSON Schema.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from alerts.durations import SECONDS_OF_UNIT, format_duration

__all__ = ["Duration", "format_duration", "parse_duration"]

PATTERN = r"^\s*(\d+(\.\d+)?\s*[wdhms]\s*)+$"
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([wdhms])")
_LONGEST_SECONDS = 10 * 365 * 86_400


def parse_duration(value: object) -> timedelta:
    """`"90s"`, `"1h30m"` or a timedelta as a timedelta. Raises ValueError with what is expected.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not re.fullmatch(PATTERN, value.lower(), re.ASCII):
        raise ValueError(f"expected a duration such as 90s, 5m, 1h or 2d, found {value!r}")
    parts = _PART.findall(value.lower())
    seconds = sum(float(number) * SECONDS_OF_UNIT[unit] for number, unit in parts)
    if seconds > _LONGEST_SECONDS:
        raise ValueError(f"expected a duration under ten years, found {value!r}")
    return timedelta(seconds=seconds)


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["90s", "5m", "1h", "2d"]}),
]
"""A timedelta that reads and writes as `5m`. Give it a `Field(gt=timedelta(0))` where zero makes no sense."""

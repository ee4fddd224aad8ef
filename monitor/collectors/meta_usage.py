"""How much of Meta's limits is used up: `X-App-Usage` and `X-Business-Use-Case-Usage`, in percent.

The fifth dialect of rate limits, beside those in `rate_limits.py`, which reads it through this module. What counts
is the fullest of all meters: calls, time and processor time of the app and of each page or account named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

FULL = 95.0
"""Percent. The rest is left to the desk's and the marketing department's own tools, which share the limit."""

CALLS = 4800.0
"""What 100 % are at least: 4,800 calls a day and engaged person (Meta's documentation, Business Use Cases)."""

_HEADERS = ("x-app-usage", "x-page-usage", "x-business-use-case-usage")
_METERS = ("call_count", "total_time", "total_cputime")
_REGAIN = "estimated_time_to_regain_access"


def calls_left(headers: Mapping[str, str]) -> float | None:
    """About how many calls are left (0 from `FULL` percent on); None where the answer does not say."""
    used = [_number(meter.get(name)) for meter in _meters(headers) for name in _METERS if name in meter]
    return max(FULL - max(used), 0.0) / FULL * CALLS if used else None


def time_to_regain(headers: Mapping[str, str]) -> timedelta | None:
    """How long until calls are let through again; None where they are, or nobody knows."""
    minutes = max((_number(meter.get(_REGAIN)) for meter in _meters(headers)), default=0.0)
    return timedelta(minutes=minutes) if minutes > 0 else None


def _meters(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Every meter in the headers, whatever app, page or account it is of."""
    for name in _HEADERS:
        try:
            told = json.loads(headers.get(name, "null"))
        except (ValueError, RecursionError):
            continue
        if not isinstance(told, dict):
            continue
        yield told
        for entries in told.values():
            if isinstance(entries, list):
                yield from (entry for entry in entries if isinstance(entry, dict))


def _number(value: object) -> float:
    """A percentage or minutes; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        return 0.0
    return float(value)

"""The volume detector on a whole pandas Series at once: the same code as the daemon's, fed row by row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pandas as pd

from detectors.surge import SurgeDetector, SurgeOptions

_LONGEST_GAP_DAYS = 2.0


def detect_counts(
    series: pd.Series, *, timezone: str | None = None, options: SurgeOptions | None = None
) -> pd.DataFrame:
    """Judge counts on a sorted DatetimeIndex of any regular step; each row knows only the rows before it.

    A naive index is read as UTC, `timezone` (IANA) is the zone of the hour-of-day profile. A missing row or a NaN
    is a time in which nothing was heard. Returns a frame on the same index with `expected` (mentions), `surprise`
    (−log10 of a day's chance) and `alarm` (True on the row at which an alert would be sent).
    Raises ValueError for an unsorted index or one without times.
    """
    index = series.index
    if not isinstance(index, pd.DatetimeIndex):
        raise ValueError("detect_counts needs a DatetimeIndex")
    if not index.is_monotonic_increasing:
        raise ValueError("detect_counts needs rows in order of time: sort the series first")
    chosen = options or SurgeOptions()
    if timezone is not None:
        chosen = replace(chosen, baseline=replace(chosen.baseline, timezone=timezone))
    times = _epoch_seconds(index)
    step = _step_of(times)
    detector = SurgeDetector(chosen, timedelta(seconds=step))
    rows = list(_judge(detector, times, series.to_numpy(float).tolist(), step))
    return pd.DataFrame(rows, index=index, columns=["expected", "surprise", "alarm"]).astype(
        {"expected": float, "surprise": float, "alarm": bool}
    )


def _judge(
    detector: SurgeDetector, times: list[float], counts: list[float], step: float
) -> Iterator[tuple[float, float, bool]]:
    last = None
    for at, count in zip(times, counts, strict=True):
        if last is not None:
            for k in range(1, _missed(at - last, step) + 1):
                detector.observe(last + k * step, 0.0, covered=0.0)
        heard = not math.isnan(count)
        found = detector.observe(at, count if heard else 0.0, covered=1.0 if heard else 0.0)
        last = at
        yield found.expected, found.surprise, found.alarm


def _missed(elapsed: float, step: float) -> int:
    """Count the buckets missing between two rows; beyond two days of them the windows are empty anyway."""
    return min(round(elapsed / step) - 1, int(_LONGEST_GAP_DAYS * 86_400 / step))


def _epoch_seconds(index: pd.DatetimeIndex) -> list[float]:
    utc = index if index.tz is None else index.tz_convert("UTC").tz_localize(None)
    return [float(ns) / 1e9 for ns in utc.as_unit("ns").asi8.tolist()]


def _step_of(times: list[float]) -> float:
    """Return the commonest distance of the first rows (later rows must not change what was said before)."""
    gaps = Counter(b - a for a, b in pairwise(times[:50]) if b > a)
    return min(gaps, key=lambda g: (-gaps[g], g)) if gaps else 300.0

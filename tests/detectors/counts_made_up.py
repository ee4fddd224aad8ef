"""Counts for the volume tests, drawn here and nowhere else: a day curve, Poisson noise, surges laid on top."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
FIVE = timedelta(minutes=5)


def daily_rates(rows: int, mean: float, step: timedelta = FIVE, swing: float = 0.6) -> np.ndarray:
    """A rate a bucket that peaks at 15:00 UTC and rests at 03:00."""
    hours = np.arange(rows) * (step / timedelta(hours=1))
    return mean * (1 + swing * np.cos((hours - 15) / 24 * 2 * math.pi))


def made_up(
    days: float,
    mean: float,
    *,
    seed: int = 1,
    step: timedelta = FIVE,
    swing: float = 0.6,
    start: datetime = MONDAY,
) -> pd.Series:
    """Poisson counts around the day curve, on an aware index."""
    rows = round(timedelta(days=days) / step)
    counts = np.random.default_rng(seed).poisson(daily_rates(rows, mean, step, swing)).astype(float)
    return pd.Series(counts, index=pd.date_range(start, periods=rows, freq=step))


def with_surge(series: pd.Series, at: int, rows: int, extra: float) -> pd.Series:
    """The series with about `extra` mentions more a bucket (Poisson) from row `at` on."""
    out = series.copy()
    out.iloc[at : at + rows] += np.random.default_rng(at).poisson(extra, rows)
    return out

"""The incremental volume detector: what it sees, what it leaves alone, and that it can be stopped and resumed."""

import json

import numpy as np
import pandas as pd

from detectors import SurgeDetector, detect_counts


def flat_series(rows: int = 3000, mean: float = 20.0) -> pd.Series:
    """Poisson counts every five minutes."""
    values = np.random.default_rng(1).poisson(mean, rows).astype(float)
    return pd.Series(values, index=pd.date_range("2026-03-02", periods=rows, freq="5min"))


def test_a_large_surge_raises_an_alarm_within_the_hour_and_none_before() -> None:
    series = flat_series()
    series.iloc[2500:2560] *= 10
    alarms = np.flatnonzero(detect_counts(series)["alarm"])
    assert 2500 <= alarms[0] <= 2512


def test_the_detector_resumes_from_its_state_as_if_it_had_never_stopped() -> None:
    times, counts = zip(*((t.timestamp(), c) for t, c in flat_series(800).items()), strict=True)
    one = SurgeDetector()
    for at, count in zip(times[:500], counts[:500], strict=True):
        one.observe(at, count)
    two = SurgeDetector.from_state(json.loads(json.dumps(one.to_state())))
    for at, count in zip(times[500:], counts[500:], strict=True):
        assert one.observe(at, count) == two.observe(at, count)

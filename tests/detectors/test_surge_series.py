"""`detect_counts`: the whole series at once, with exactly the answers of the daemon's detector."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import SurgeDetector, SurgeOptions, detect_counts
from tests.detectors.counts_made_up import MONDAY, daily_rates, made_up, with_surge

DAY = 288


def surged() -> pd.Series:
    """Three weeks of twenty mentions a bucket, with a surge on day 18."""
    return with_surge(made_up(21, 20.0), 18 * DAY + 100, 40, 250.0)


def test_it_answers_row_by_row_what_the_incremental_detector_answers() -> None:
    series = surged()
    detector = SurgeDetector()
    rows = [detector.observe(at.timestamp(), count) for at, count in series.items()]
    found = detect_counts(series)
    assert found["expected"].tolist() == [r.expected for r in rows]
    assert found["surprise"].tolist() == [r.surprise for r in rows]
    assert found["alarm"].tolist() == [r.alarm for r in rows]


def test_a_surge_gives_one_alarm_row_soon_after_its_onset() -> None:
    alarms = np.flatnonzero(detect_counts(surged())["alarm"])
    assert 18 * DAY + 100 <= alarms[0] <= 18 * DAY + 106


@settings(max_examples=12, deadline=None)
@given(cut=st.integers(60, 1500), seed=st.integers(0, 50))
def test_the_future_changes_nothing_before_it(cut: int, seed: int) -> None:
    series = made_up(6, 8.0, seed=seed)
    changed = series.copy()
    changed.iloc[cut:] = changed.iloc[cut:] * 30 + 7
    pd.testing.assert_frame_equal(detect_counts(series).iloc[:cut], detect_counts(changed).iloc[:cut])
    pd.testing.assert_frame_equal(detect_counts(series).iloc[:cut], detect_counts(series.iloc[:cut]))


def test_a_constant_series_never_surprises() -> None:
    series = pd.Series(7.0, index=pd.date_range(MONDAY, periods=20 * DAY, freq="5min"))
    assert not detect_counts(series)["alarm"].any()


def test_zeros_never_surprise() -> None:
    series = pd.Series(0.0, index=pd.date_range(MONDAY, periods=5 * DAY, freq="5min"))
    found = detect_counts(series)
    assert not found["alarm"].any()
    assert (found["expected"] == 0).all()


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_any_rows_are_fine(rows: int) -> None:
    series = pd.Series([5.0] * rows, index=pd.date_range(MONDAY, periods=rows, freq="5min"))
    found = detect_counts(series)
    assert list(found.columns) == ["expected", "surprise", "alarm"]
    assert len(found) == rows
    assert found["alarm"].dtype == bool


def test_a_naive_index_is_read_as_utc_and_kept() -> None:
    aware = surged()
    naive = aware.tz_localize(None)
    found = detect_counts(naive)
    assert found.index.equals(naive.index)
    assert found["surprise"].tolist() == detect_counts(aware)["surprise"].tolist()


def test_missing_rows_are_a_gap_and_not_a_calm() -> None:
    series = made_up(20, 20.0)
    gap = pd.concat([series.iloc[: 10 * DAY], series.iloc[12 * DAY + 50 :]])
    found = detect_counts(gap)
    assert not found["alarm"].any()
    after = found["expected"].iloc[10 * DAY : 11 * DAY].mean()
    assert after == pytest.approx(20.0, rel=0.25)


def test_missing_rows_and_rows_without_a_number_are_the_same_gap() -> None:
    series = made_up(8, 20.0)
    unheard = series.copy()
    unheard.iloc[1000:1100] = np.nan
    missing = pd.concat([series.iloc[:1000], series.iloc[1100:]])
    left, right = detect_counts(unheard), detect_counts(missing)
    assert left["surprise"].drop(unheard.index[1000:1100]).tolist() == right["surprise"].tolist()


def test_hours_are_those_of_the_given_zone() -> None:
    """With the zone known, the clock change moves the busy hours with it."""
    days = 60
    index = pd.date_range("2026-02-23", periods=days * 96, freq="15min", tz="UTC")
    local = index.tz_convert(ZoneInfo("Europe/Stockholm"))
    busy = (local.hour >= 9) & (local.hour < 17)
    counts = np.random.default_rng(4).poisson(np.where(busy, 60.0, 6.0)).astype(float)
    first_week_after = slice(34 * 96, 41 * 96)

    def error(zone: str | None) -> float:
        found = detect_counts(pd.Series(counts, index=index), timezone=zone)["expected"].to_numpy()
        return float(np.abs(found - np.where(busy, 60.0, 6.0))[first_week_after].mean())

    assert error("Europe/Stockholm") < 0.75 * error(None)


@pytest.mark.parametrize(
    "step", [timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)]
)
def test_any_regular_step_finds_a_lasting_ten_fold_surge(step: timedelta) -> None:
    mean, days = (30.0, 8) if step < timedelta(hours=1) else (300.0, 60)
    rows = round(timedelta(days=days) / step)
    swing = 0.0 if step >= timedelta(days=1) else 0.6
    counts = np.random.default_rng(6).poisson(daily_rates(rows, mean, step, swing)).astype(float)
    onset = rows - max(3, round(timedelta(hours=12) / step))
    counts[onset:] *= 10
    found = detect_counts(pd.Series(counts, index=pd.date_range(MONDAY, periods=rows, freq=step)))
    alarms = np.flatnonzero(found["alarm"])
    assert len(alarms) >= 1
    assert alarms[0] >= onset


def test_options_are_obeyed() -> None:
    assert not detect_counts(surged(), options=SurgeOptions(threshold=1e9))["alarm"].any()


def test_unsorted_rows_are_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="sort the series first"):
        detect_counts(made_up(1, 5.0).iloc[::-1])


def test_an_index_without_times_is_refused() -> None:
    with pytest.raises(ValueError, match="DatetimeIndex"):
        detect_counts(pd.Series([1.0, 2.0]))

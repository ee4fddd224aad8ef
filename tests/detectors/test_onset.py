"""When a surge began, and how sure that is."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import Onset, estimate_onset
from tests.detectors.counts_made_up import FIVE, MONDAY, daily_rates


def times(rows: int) -> list[datetime]:
    """Five-minute buckets."""
    return [MONDAY + k * FIVE for k in range(rows)]


def step_up(rows: int, onset: int, mean: float, factor: float, seed: int = 1) -> list[float]:
    """Poisson counts that rise at once."""
    rates = np.full(rows, mean)
    rates[onset:] *= factor
    return np.random.default_rng(seed).poisson(rates).astype(float).tolist()


@pytest.mark.parametrize(
    ("mean", "factor", "off"), [(20.0, 5.0, 1), (3.0, 5.0, 3), (0.5, 10.0, 6), (200.0, 2.0, 1)]
)
def test_a_step_is_dated_to_its_bucket_give_or_take(mean: float, factor: float, off: int) -> None:
    found = estimate_onset(step_up(200, 150, mean, factor), times(200))
    assert found is not None
    assert abs(found.at - times(200)[150]) <= off * FIVE
    assert found.earliest <= found.at <= found.latest


def test_the_truth_lies_in_the_stated_span_nine_times_of_ten() -> None:
    hits = 0
    for seed in range(40):
        found = estimate_onset(step_up(160, 120, 3.0, 4.0, seed), times(160))
        hits += found is not None and found.earliest <= times(160)[120] <= found.latest
    assert hits >= 36


def test_few_mentions_give_a_wider_span_than_many() -> None:
    few, many = (estimate_onset(step_up(160, 120, mean, 4.0), times(160)) for mean in (1.0, 100.0))
    assert few is not None
    assert many is not None
    assert few.latest - few.earliest > many.latest - many.earliest


def test_a_gradual_climb_is_dated_to_its_foot_and_not_to_its_peak() -> None:
    rates = np.full(200, 10.0)
    rates[140:] += np.linspace(0, 120, 60)
    counts = np.random.default_rng(2).poisson(rates).astype(float).tolist()
    found = estimate_onset(counts, times(200))
    assert found is not None
    assert timedelta(0) <= found.at - times(200)[140] <= timedelta(minutes=75)


def test_the_morning_is_no_onset_when_the_baseline_expects_it() -> None:
    rates = daily_rates(288, 20.0, swing=0.9)
    counts = np.random.default_rng(3).poisson(rates).astype(float).tolist()
    assert estimate_onset(counts, times(288), expected=rates.tolist()) is None
    assert estimate_onset(counts, times(288)) is not None


def test_a_surge_at_night_is_dated_against_the_baseline() -> None:
    rates = daily_rates(288, 20.0, swing=0.9)
    counts = np.random.default_rng(4).poisson(rates + np.where(np.arange(288) >= 240, 60.0, 0.0))
    found = estimate_onset(counts.astype(float).tolist(), times(288), expected=rates.tolist())
    assert found is not None
    assert abs(found.at - times(288)[240]) <= 2 * FIVE


@pytest.mark.parametrize("rows", [0, 1, 7])
def test_too_few_buckets_have_no_onset(rows: int) -> None:
    assert estimate_onset([5.0] * rows, times(rows)) is None


@pytest.mark.parametrize("value", [0.0, 12.0])
def test_a_constant_has_no_onset(value: float) -> None:
    assert estimate_onset([value] * 100, times(100)) is None


def test_a_fall_has_no_onset() -> None:
    assert estimate_onset(step_up(100, 50, 40.0, 0.1), times(100)) is None


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="same length"):
        estimate_onset([1.0, 2.0], times(3))
    with pytest.raises(ValueError, match="same length"):
        estimate_onset([1.0] * 9, times(9), expected=[1.0])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 300), min_size=8, max_size=80))
def test_whatever_the_counts_the_span_holds_the_onset_and_lies_inside(counts: list[int]) -> None:
    found = estimate_onset(counts, times(len(counts)))
    if isinstance(found, Onset):
        assert times(len(counts))[0] < found.earliest <= found.at <= found.latest <= times(len(counts))[-1]

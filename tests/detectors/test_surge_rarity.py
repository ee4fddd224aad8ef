"""Rarity among own past days: bounded by nothing, cautious while there is little to compare with."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.rarity import Rarity, RarityOptions

OPTIONS = RarityOptions(prior_at=0.7)
VALUES = st.floats(-5, 20)


def after(days: list[float], options: RarityOptions = OPTIONS, usual_count: float = 1000.0) -> Rarity:
    """A rarity that saw these daily maxima."""
    rarity = Rarity(options)
    for maximum in days:
        rarity.learn(maximum, usual_count)
    return rarity


@given(st.lists(st.floats(-1, 6), max_size=20), VALUES, VALUES)
def test_a_higher_value_is_never_less_surprising(days: list[float], one: float, two: float) -> None:
    rarity = after(days)
    low, high = sorted((one, two))
    assert rarity.surprise(low) <= rarity.surprise(high) + 1e-12


@given(VALUES)
def test_surprise_is_a_finite_number_from_zero_up(value: float) -> None:
    surprise = after([1.0, 2.0]).surprise(value)
    assert 0.0 <= surprise < math.inf


def test_what_half_of_the_days_reach_has_a_chance_of_about_a_half() -> None:
    days = np.random.default_rng(1).normal(1.0, 0.4, 200).tolist()
    assert 10 ** -after(days).surprise(1.0) == pytest.approx(0.5, abs=0.06)


def test_what_one_day_in_twenty_reaches_has_about_that_chance() -> None:
    days = np.random.default_rng(2).normal(1.0, 0.8, 300).tolist()
    assert 10 ** -after(days).surprise(1.0 + 1.645 * 0.8) == pytest.approx(0.05, abs=0.03)


def test_surprise_grows_without_bound_beyond_everything_seen() -> None:
    rarity = after([1.0] * 60)
    assert rarity.surprise(4.0) > 2.5
    assert rarity.surprise(12.0) > rarity.surprise(9.0) + 1 > rarity.surprise(6.0) + 2


def test_beating_a_record_by_a_hair_is_no_surprise() -> None:
    assert after([1.0] * 100).surprise(1.05) < 0.6


def test_two_days_of_history_are_not_believed_like_two_hundred() -> None:
    assert after([0.5] * 2).surprise(2.0) < after([0.5] * 200).surprise(2.0)


def test_old_days_fade() -> None:
    wild_past = after([5.0] * 30 + [0.5] * 300)
    wild_present = after([0.5] * 300 + [5.0] * 30)
    assert wild_past.surprise(4.0) > wild_present.surprise(4.0) + 0.4


def test_counting_noise_blurs_the_past_of_a_small_scope_only() -> None:
    options = RarityOptions(prior_at=0.7, noise=1.0)
    small, large = after([1.0] * 60, options, 0.05), after([1.0] * 60, options, 500.0)
    assert small.surprise(2.0) < 0.7 * large.surprise(2.0)


def test_it_remembers_a_year_of_days_for_the_explanation() -> None:
    rarity = after([float(k) for k in range(400)])
    assert len(rarity.days) == 365
    assert rarity.days[-1] == 399.0


def test_state_and_copy_answer_like_the_original() -> None:
    one = after([0.3, 1.2, 2.0])
    two = Rarity.from_state(json.loads(json.dumps(one.to_state())), OPTIONS)
    three = one.copy()
    one.learn(6.0, 10.0)
    two.learn(6.0, 10.0)
    assert one.surprise(3.0) == two.surprise(3.0) < three.surprise(3.0)
    assert three.days == (0.3, 1.2, 2.0)

"""Ranking an hour against the scope's own days."""

from __future__ import annotations

import json
import random

from hypothesis import given
from hypothesis import strategies as st

from detectors.own_days import OwnDays


def taught(days: int, seed: int = 1, episode: int | None = None) -> OwnDays:
    """Days whose worst hours scatter around z = 1.5; an `episode` of three terrible days may begin on a day."""
    rng, own = random.Random(seed), OwnDays()
    for day in range(days):
        for hour in range(24):
            bad = episode is not None and episode <= day < episode + 3
            own.learn(15.0 if bad else rng.lognormvariate(-0.4, 0.5), 100 if bad else 5 + hour % 3, day)
    return own


def test_a_day_worse_than_all_others_is_rare_and_an_ordinary_one_is_not() -> None:
    own = taught(60)
    assert own.surprise(1.5) < 0.7
    assert own.surprise(6.0) > 2.3


def test_a_brand_with_wild_days_is_not_surprised_by_one_more() -> None:
    rng, wild = random.Random(2), OwnDays()
    for day in range(60):
        for _ in range(24):
            wild.learn(rng.lognormvariate(0.2, 0.9), 5, day)
    assert wild.surprise(6.0) < taught(60).surprise(6.0) - 1


def test_an_episode_is_one_bad_day_and_is_not_compared_with_itself() -> None:
    own = taught(33, episode=30)
    assert own.as_many(50) == 0  # it is still open
    later = taught(40, episode=30)
    assert later.as_many(50) == 1
    assert len(later) == 40 - 2 - 1  # three days count once, today is not over


def test_one_crisis_does_not_make_the_next_one_ordinary() -> None:
    assert taught(60, episode=20).surprise(10.0) > 2.3


def test_the_first_day_already_has_an_opinion() -> None:
    assert OwnDays().surprise(12.0) > 2 > OwnDays().surprise(2.0)


def test_state_goes_through_json_and_copies_are_independent() -> None:
    own = taught(25, episode=22)
    again = OwnDays.from_state(json.loads(json.dumps(own.to_state())))
    twin = own.copy()
    twin.learn(99.0, 999, 26)
    assert again.to_state() == own.to_state() != twin.to_state()


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_surprise_grows_with_z(a: float, b: float) -> None:
    own = taught(15)
    low, high = sorted((a, b))
    assert 0 <= own.surprise(low) <= own.surprise(high)

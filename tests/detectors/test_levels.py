"""The table of conditions for watch, warning and crisis."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.levels import Opening, PeopleNumbers, judge_cold, judge_people, sustained_surprise
from detectors.observation import People
from detectors.options import Thresholds
from detectors.signal import Level

T = Thresholds()
CALM = PeopleNumbers(
    burst=1, hour=3, hours=8, day=40, z_burst=0, z_day=0, z=0.1, surprise=0.1, usual_hours=6, usual_day=40,
    negativity=1, age_days=40, loudness=0, souring=2.0,
)  # fmt: skip
OPENING = Opening(heard=12, hours=2, busiest=4, first=4, expected=4.0)
OUTAGE = replace(CALM, burst=12, hour=30, hours=34, z_burst=6, z=6.0, surprise=3.0)


def level(n: PeopleNumbers, sustained: float = 0.0, scopes: int = 1) -> Level:
    return judge_people(n, T, sustained, scopes).level


def test_the_ordinary_is_calm_an_outage_a_warning_and_a_disaster_a_crisis() -> None:
    assert level(CALM) == Level.CALM
    assert level(OUTAGE) == Level.WARNING
    assert level(replace(OUTAGE, hour=80, z=15, surprise=5)) == Level.CRISIS


def test_a_joke_stays_a_watch_because_its_crowd_is_less_negative_than_usual() -> None:
    assert level(replace(OUTAGE, hour=80, z=15, surprise=5, negativity=0.5)) == Level.WATCH


def test_a_topic_as_negative_as_ever_is_a_watch_where_a_soured_hour_wakes_somebody() -> None:
    topic = replace(OUTAGE, burst=5, souring=0.0)
    assert level(topic) == Level.WATCH
    assert level(replace(topic, souring=1.5)) == Level.WARNING
    assert level(replace(topic, z=9, surprise=4.0)) == Level.WARNING


def test_at_a_brand_of_a_few_a_day_six_people_in_three_hours_are_enough() -> None:
    few = replace(OUTAGE, burst=2, hour=4, hours=6, day=7, usual_hours=0.3, usual_day=2.0)
    assert level(few) == Level.WARNING
    assert level(replace(few, hours=5)) == Level.WATCH
    assert level(replace(few, usual_day=9.0)) == Level.CALM


def test_one_loud_author_makes_the_same_numbers_a_watch() -> None:
    assert level(replace(OUTAGE, z=3.9, loudness=0.3)) == Level.WATCH
    assert level(replace(OUTAGE, z=3.9)) == Level.WARNING


def test_a_young_baseline_needs_more() -> None:
    assert level(replace(OUTAGE, z=4.0, age_days=1.5)) == Level.WATCH


def test_few_people_are_never_a_warning_however_unusual() -> None:
    assert level(replace(OUTAGE, burst=3, hour=5, hours=6)) == Level.CALM


def test_what_lasts_becomes_a_warning_though_no_hour_is_extreme() -> None:
    lasting = replace(OUTAGE, z=3.4, surprise=1.6)
    assert level(lasting) == Level.WATCH
    assert level(lasting, sustained=1.6) == Level.WARNING


def test_a_slow_day_is_seen_at_a_small_brand() -> None:
    slow = replace(CALM, hour=2, hours=4, day=12, usual_hours=0.5, usual_day=2.0, z_day=6.5)
    assert level(slow) == Level.WARNING
    assert level(replace(slow, day=6, z_day=4.2)) == Level.WATCH


def test_a_burst_that_is_over_does_not_burn_on_for_a_day() -> None:
    after = replace(CALM, hour=0, hours=1, day=40, usual_hours=3, usual_day=12, z_day=9)
    assert level(after) == Level.CALM
    assert level(replace(after, hours=5)) == Level.WATCH
    assert level(replace(after, hours=7)) == Level.WARNING


def test_among_many_themes_more_is_asked_of_each() -> None:
    assert level(OUTAGE) == Level.WARNING
    assert level(OUTAGE, scopes=40) < Level.WARNING


def test_sustained_surprise_grows_while_it_lasts_and_drains_after() -> None:
    total = 0.0
    for _ in range(24):
        total = sustained_surprise(total, replace(OUTAGE, surprise=1.6))
    assert total == pytest.approx(24 * (1.6 / 1.0125 - 1) / 12)
    for _ in range(24):
        total = sustained_surprise(total, CALM)
    assert total == 0.0


@given(st.floats(0, 30), st.floats(0, 30), st.floats(0, 10), st.floats(0, 10))
def test_worse_numbers_never_lower_the_level(z: float, more: float, surprise: float, rarer: float) -> None:
    better = replace(OUTAGE, z=z, surprise=surprise)
    worse = replace(better, z=z + more, surprise=surprise + rarer)
    assert level(worse) >= level(better)


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (People(authors=60, negative=40, mentions=70, negative_mentions=50), Level.WARNING),
        (People(authors=34, negative=22, mentions=38, negative_mentions=27), Level.WATCH),
        (People(authors=90, negative=22, mentions=120, negative_mentions=27), Level.CALM),
        (People(authors=9, negative=6, mentions=9, negative_mentions=6), Level.CALM),
        (People(), Level.CALM),
    ],
)
def test_without_a_baseline_numbers_and_share_decide(people: People, expected: Level) -> None:
    assert judge_cold(people, OPENING, T).level == expected


def test_without_a_baseline_growth_over_the_own_earlier_hours_is_a_watch() -> None:
    people = People(authors=14, negative=9, mentions=15, negative_mentions=9)
    later = Opening(heard=14, hours=14, busiest=3, first=2, expected=2.5)
    assert judge_cold(people, later, T).horizon == "cold_growth"
    assert judge_cold(people, replace(later, expected=3.5), T).level == Level.CALM
    assert judge_cold(people, replace(later, busiest=4), T).level == Level.CALM
    assert judge_cold(people, replace(later, hours=1), T).level == Level.CALM


CROWD = People(authors=60, negative=40, mentions=70, negative_mentions=50)


def test_a_brand_that_began_quietly_is_its_own_measure() -> None:
    morning = Opening(heard=12, hours=9, busiest=30, first=5, expected=35.0)
    assert judge_cold(CROWD, morning, T).level == Level.CALM
    assert judge_cold(CROWD, replace(morning, expected=10.0), T).level == Level.WARNING


def test_a_stream_that_begins_in_a_crisis_stays_in_it_however_long_it_lasts() -> None:
    later = Opening(heard=20, hours=20, busiest=60, first=50, expected=45.0)
    assert judge_cold(CROWD, later, T).level == Level.WARNING


def test_the_quiet_evening_of_a_busy_first_day_is_no_crisis() -> None:
    evening = Opening(heard=14, hours=14, busiest=300, first=150, expected=60.0)
    assert judge_cold(CROWD, evening, T).level == Level.CALM


def test_a_big_brand_that_is_half_unhappy_is_no_crisis_on_its_first_day() -> None:
    hour = People(authors=1200, negative=650, mentions=1300, negative_mentions=700)
    assert judge_cold(hour, OPENING, T).level == Level.WATCH
    assert judge_cold(replace(hour, negative_mentions=1000), OPENING, T).level == Level.WARNING


def test_a_big_brand_is_told_from_its_first_minutes_on() -> None:
    minutes = People(authors=52, negative=28, mentions=56, negative_mentions=29)
    assert judge_cold(minutes, replace(OPENING, heard=1.0), T).level == Level.WARNING
    assert judge_cold(minutes, replace(OPENING, heard=0.25), T).level == Level.WATCH

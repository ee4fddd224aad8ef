"""The baseline: hours and weekdays in the brand's zone, clock changes, holidays, and how it starts."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from detectors.baseline import Baseline, BaselineOptions

STOCKHOLM = "Europe/Stockholm"
QUARTER = timedelta(minutes=15)


def office_rate(local: datetime) -> float:
    """Twelve mentions a quarter in local office hours of workdays, two else."""
    return 12.0 if local.weekday() < 5 and 9 <= local.hour < 17 else 2.0


def taught(
    options: BaselineOptions, start: datetime, days: int, holidays: frozenset[date] = frozenset()
) -> Baseline:
    """A baseline that lived through `days` of office hours without noise."""
    baseline = Baseline(options, QUARTER.total_seconds())
    zone = ZoneInfo(options.timezone)
    for k in range(days * 96):
        at = start + k * QUARTER
        local = at.astimezone(zone)
        baseline.expected(at.timestamp())
        baseline.learn(2.0 if local.date() in holidays else office_rate(local), 1.0)
    return baseline


def expected_at(baseline: Baseline, zone: str, *when: int) -> float:
    """The expected count at a local wall-clock time."""
    return baseline.expected(datetime(*when, tzinfo=ZoneInfo(zone)).timestamp())


def test_nothing_is_expected_before_anything_was_learnt() -> None:
    baseline = Baseline(BaselineOptions(), 300.0)
    assert baseline.expected(1.7e9) == 0.0
    assert baseline.days_learnt == 0.0


@pytest.mark.parametrize(
    ("start", "before", "after"),
    [
        (datetime(2026, 2, 16, tzinfo=UTC), (2026, 3, 27), (2026, 3, 30)),
        (datetime(2026, 9, 14, tzinfo=UTC), (2026, 10, 23), (2026, 10, 26)),
    ],
)
def test_the_office_opens_at_nine_local_time_on_both_sides_of_a_clock_change(
    start: datetime, before: tuple[int, int, int], after: tuple[int, int, int]
) -> None:
    baseline = taught(BaselineOptions(timezone=STOCKHOLM), start, 39)
    for day in (before, after):
        assert expected_at(baseline, STOCKHOLM, *day, 11, 0) > 2.5 * expected_at(baseline, STOCKHOLM, *day, 5, 0)
        opening = expected_at(baseline, STOCKHOLM, *day, 9, 45) / expected_at(baseline, STOCKHOLM, *day, 7, 30)
        assert opening > 2.5


def test_the_hour_that_comes_twice_in_autumn_is_expected_twice() -> None:
    baseline = taught(BaselineOptions(timezone=STOCKHOLM), datetime(2026, 9, 14, tzinfo=UTC), 39)
    first = baseline.expected(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp())
    second = baseline.expected(datetime(2026, 10, 25, 1, 30, tzinfo=UTC).timestamp())
    assert first == pytest.approx(second, rel=0.1)


def test_saturdays_are_expected_to_be_quieter_than_workdays() -> None:
    baseline = taught(BaselineOptions(timezone=STOCKHOLM), datetime(2026, 1, 5, tzinfo=UTC), 42)
    saturday = expected_at(baseline, STOCKHOLM, 2026, 2, 21, 12, 0)
    assert saturday < 0.65 * expected_at(baseline, STOCKHOLM, 2026, 2, 19, 12, 0)


def test_an_unseen_public_holiday_is_expected_to_be_like_a_sunday() -> None:
    options = BaselineOptions(timezone=STOCKHOLM, holidays=frozenset({date(2026, 2, 18), date(2026, 2, 25)}))
    start = datetime(2026, 1, 5, tzinfo=UTC)
    baseline = taught(options, start, 45, holidays=frozenset({date(2026, 2, 18)}))
    workday = expected_at(baseline, STOCKHOLM, 2026, 2, 24, 12, 0)
    assert expected_at(baseline, STOCKHOLM, 2026, 2, 25, 12, 0) < 0.75 * workday


def test_the_expectation_glides_between_hours_instead_of_jumping() -> None:
    baseline = taught(BaselineOptions(), datetime(2026, 1, 5, tzinfo=UTC), 28)
    day = datetime(2026, 2, 3, tzinfo=UTC).timestamp()
    curve = np.array([baseline.expected(day + 60.0 * minute) for minute in range(24 * 60)])
    assert np.abs(np.diff(curve)).max() < 0.2
    assert curve.max() > 3 * curve.min()


def test_a_brand_of_few_mentions_starts_with_an_ordinary_day() -> None:
    baseline = Baseline(BaselineOptions(), 3600.0)
    for hour in range(48):
        baseline.expected(hour * 3600.0)
        baseline.learn(0.2, 1.0)
    night, noon = baseline.expected(48 * 3600.0 + 3 * 3600), baseline.expected(48 * 3600.0 + 13 * 3600)
    assert noon > 2 * night


def test_unheard_time_counts_for_nothing() -> None:
    half = Baseline(BaselineOptions(), 900.0)
    for k in range(96 * 20):
        half.expected(k * 900.0)
        half.learn(5.0, 0.5)
    day = [half.expected((96 * 20 + k) * 900.0) for k in range(96)]
    assert sum(day) / 96 == pytest.approx(10.0, rel=0.03)
    assert half.days_learnt == pytest.approx(10.0)


def test_a_baseline_resumes_from_its_state_mid_hour() -> None:
    options = BaselineOptions(timezone=STOCKHOLM)
    one = taught(options, datetime(2026, 1, 5, 0, 15, tzinfo=UTC), 9)
    two = Baseline.from_state(json.loads(json.dumps(one.to_state())), options, QUARTER.total_seconds())
    for k in range(200):
        at = datetime(2026, 1, 14, 0, 15, tzinfo=UTC).timestamp() + 900.0 * k
        assert one.expected(at) == two.expected(at)
        one.learn(3.0, 1.0)
        two.learn(3.0, 1.0)


def test_a_copy_learns_on_its_own() -> None:
    one = taught(BaselineOptions(), datetime(2026, 1, 5, tzinfo=UTC), 3)
    level = one.level
    twin = one.copy()
    for k in range(100):
        twin.expected(datetime(2026, 1, 8, tzinfo=UTC).timestamp() + 900.0 * k)
        twin.learn(500.0, 1.0)
    assert one.level == level
    assert twin.level > 2 * level


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(KeyError, match="Atlantis"):
        Baseline(BaselineOptions(timezone="Europe/Atlantis"), 300.0)

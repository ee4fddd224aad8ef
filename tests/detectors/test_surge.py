"""The incremental volume detector: what it sees, what it leaves alone, that it can be stopped and resumed."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from detectors.surge import Judgement, SurgeDetector, SurgeOptions
from tests.detectors.counts_made_up import FIVE, MONDAY, made_up, with_surge

DAY = 288


def feed(detector: SurgeDetector, series: pd.Series) -> list[Judgement]:
    """Lead the detector over the series."""
    return [detector.observe(at.to_pydatetime(), count) for at, count in series.items()]


def alarm_rows(found: Iterable[Judgement]) -> list[int]:
    """The rows at which an alert would be sent."""
    return [i for i, judgement in enumerate(found) if judgement.alarm]


@pytest.mark.parametrize(("mean", "within"), [(0.2, 36), (2.0, 12), (20.0, 6), (2000.0, 6)])
def test_a_ten_fold_surge_is_seen_the_sooner_the_more_mentions_there_are(mean: float, within: int) -> None:
    onset = 20 * DAY + 120
    series = with_surge(made_up(21, mean), onset, 100, 9 * mean)
    alarms = alarm_rows(feed(SurgeDetector(), series))
    assert alarms[0] >= onset
    assert alarms[0] - onset <= within


def test_a_brand_of_five_mentions_a_day_is_warned_of_a_ten_fold_day() -> None:
    onset = 60 * DAY
    calm, storm = made_up(62, 5 / DAY, seed=3), made_up(62, 45 / DAY, seed=4)
    series = calm.copy()
    series.iloc[onset : onset + DAY] += storm.iloc[onset : onset + DAY]
    alarms = alarm_rows(feed(SurgeDetector(), series))
    assert [a for a in alarms if a < onset] == []
    assert onset <= alarms[0] <= onset + DAY


@pytest.mark.parametrize("mean", [5 / DAY, 2.0, 200.0])
def test_quiet_months_stay_quiet(mean: float) -> None:
    assert len(alarm_rows(feed(SurgeDetector(), made_up(90, mean, seed=5)))) <= 1


def test_a_single_bot_burst_of_five_minutes_surprises_less_than_a_sustained_surge() -> None:
    series = made_up(20, 20.0)
    row = 18 * DAY + 100
    burst = feed(SurgeDetector(), with_surge(series, row, 1, 200.0))
    surge = feed(SurgeDetector(), with_surge(series, row, 24, 200.0))
    top_burst = max(j.surprise for j in burst[row : row + 24])
    top_surge = max(j.surprise for j in surge[row : row + 24])
    assert top_burst < 0.6 * top_surge


def test_a_slow_burn_that_doubles_half_a_day_is_noticed() -> None:
    series = with_surge(made_up(30, 20.0), 28 * DAY, DAY // 2, 25.0)
    assert alarm_rows(feed(SurgeDetector(), series))


def test_after_an_alarm_there_is_silence_unless_the_surprise_doubles() -> None:
    series = with_surge(made_up(20, 20.0), 18 * DAY, 200, 150.0)
    found = feed(SurgeDetector(), series)
    alarms = alarm_rows(found)
    assert alarms
    for before, after in pairwise(alarms):
        assert found[after].surprise >= 2 * found[before].surprise


def test_a_surge_that_is_over_does_not_alarm_again_when_the_silence_ends() -> None:
    series = with_surge(made_up(22, 20.0), 18 * DAY, 200, 150.0)
    alarms = alarm_rows(feed(SurgeDetector(), series))
    assert max(alarms) < 18 * DAY + 200


def test_the_same_surge_raises_a_new_alarm_once_the_silence_is_over() -> None:
    series = with_surge(made_up(30, 20.0), 18 * DAY, 24, 150.0)
    series = with_surge(series, 22 * DAY, 24, 400.0)
    days = {a // DAY for a in alarm_rows(feed(SurgeDetector(), series))}
    assert {18, 22} <= days


def test_day_one_learns_and_does_not_alarm_for_half_a_day() -> None:
    found = feed(SurgeDetector(), with_surge(made_up(1, 20.0), 60, 30, 400.0))
    assert alarm_rows(found[: DAY // 2]) == []
    assert {j.surprise for j in found[: DAY // 2]} == {0.0}


def test_the_days_learnt_grow_with_what_was_heard() -> None:
    detector = SurgeDetector()
    assert detector.days_learnt == 0.0
    feed(detector, made_up(3, 5.0))
    assert detector.days_learnt == pytest.approx(3.0)


def test_a_blind_gap_is_neither_calm_nor_a_surge_on_return() -> None:
    series = made_up(20, 20.0)
    detector = SurgeDetector()
    feed(detector, series.iloc[: 15 * DAY])
    usual = detector.observe(series.index[15 * DAY], 20.0).expected
    for k in range(1, 2 * DAY + 1):
        blind = detector.observe(series.index[15 * DAY] + k * FIVE, 0.0, covered=0.0)
        assert not blind.alarm
        assert blind.surprise == 0.0
    back = feed(detector, series.iloc[17 * DAY + 1 :])
    assert alarm_rows(back) == []
    assert back[DAY - 1].expected == pytest.approx(usual, rel=0.25)


def test_a_half_covered_bucket_with_half_the_mentions_is_nothing_new() -> None:
    detector = SurgeDetector()
    for k, count in enumerate(made_up(14, 40.0, swing=0.0)):
        covered = 0.5 if k % 2 else 1.0
        found = detector.observe(MONDAY + k * FIVE, round(count * covered), covered=covered)
    assert found.expected == pytest.approx(40.0, rel=0.15)


def test_the_evidence_names_window_numbers_and_past_days() -> None:
    series = with_surge(made_up(20, 20.0), 18 * DAY + 150, 24, 300.0)
    first = next(j for j in feed(SurgeDetector(), series) if j.alarm)
    why = first.evidence
    assert why is not None
    assert why.observed > 2 * why.expected > 0
    assert why.window >= timedelta(minutes=5)
    assert why.days_as_high == 0
    assert 16 <= why.days_compared <= 19
    assert why.days_learnt == pytest.approx(18.5, abs=0.2)


def test_an_ordinary_bucket_carries_no_evidence_but_can_be_explained() -> None:
    detector = SurgeDetector()
    assert feed(detector, made_up(3, 20.0))[-1].evidence is None
    assert detector.explain().days_compared >= 2


def test_a_surge_does_not_teach_itself_to_be_usual() -> None:
    calm, stormy = SurgeDetector(), SurgeDetector()
    series = made_up(12, 20.0, swing=0.0)
    feed(calm, series)
    feed(stormy, with_surge(series, 11 * DAY, DAY // 2, 2000.0))
    after = series.index[-1] + FIVE
    assert stormy.observe(after, 20.0).expected < 2.0 * calm.observe(after, 20.0).expected


def test_growth_is_followed_within_two_weeks() -> None:
    series = pd.concat([made_up(14, 20.0), 3 * made_up(14, 20.0, start=MONDAY + timedelta(days=14), seed=2)])
    found = feed(SurgeDetector(), series)
    last_day = found[-DAY:]
    assert sum(j.expected for j in last_day) == pytest.approx(DAY * 60, rel=0.25)
    assert alarm_rows(last_day) == []


def test_the_detector_resumes_from_its_state_as_if_it_had_never_stopped() -> None:
    series = with_surge(made_up(6, 20.0), 5 * DAY, 20, 300.0)
    one = SurgeDetector()
    feed(one, series.iloc[:1401])
    two = SurgeDetector.from_state(json.loads(json.dumps(one.to_state(), allow_nan=False)))
    assert feed(one, series.iloc[1401:]) == feed(two, series.iloc[1401:])


def test_a_copy_goes_its_own_way() -> None:
    series = made_up(4, 20.0)
    one, control = SurgeDetector(), SurgeDetector()
    feed(one, series.iloc[:800])
    feed(control, series.iloc[:800])
    feed(one.copy(), 50 * series.iloc[800:])
    assert feed(one, series.iloc[800:]) == feed(control, series.iloc[800:])


def test_restoring_a_checkpoint_and_feeding_again_corrects_the_past() -> None:
    late = made_up(4, 20.0)
    detector = SurgeDetector()
    feed(detector, late.iloc[:1000])
    checkpoint = detector.copy()
    feed(detector, 0.5 * late.iloc[1000:1100])
    fed_twice = feed(checkpoint, late.iloc[1000:])
    straight = feed(SurgeDetector(), late)[1000:]
    assert fed_twice == straight


def test_a_fresh_detector_has_a_state_too() -> None:
    twin = SurgeDetector.from_state(json.loads(json.dumps(SurgeDetector().to_state(), allow_nan=False)))
    assert feed(twin, made_up(1, 5.0)) == feed(SurgeDetector(), made_up(1, 5.0))


def test_a_state_of_another_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="rebuild it from the counts"):
        SurgeDetector.from_state({"version": 1})


def test_a_higher_threshold_alerts_later_or_never() -> None:
    series = with_surge(made_up(20, 20.0), 18 * DAY, 60, 60.0)
    balanced = alarm_rows(feed(SurgeDetector(), series))
    calm = alarm_rows(feed(SurgeDetector(SurgeOptions(threshold=3.0)), series))
    assert balanced
    assert not calm or calm[0] >= balanced[0]


def test_times_may_be_datetimes_or_epoch_seconds() -> None:
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert SurgeDetector().observe(at, 3.0) == SurgeDetector().observe(at.timestamp(), 3.0)


def test_numpy_numbers_do_not_spoil_the_state() -> None:
    detector = SurgeDetector()
    for k in range(300):
        detector.observe(np.int64(1_700_000_000 + 300 * k), np.int64(3))  # type: ignore[arg-type]
    assert json.loads(json.dumps(detector.to_state(), allow_nan=False)) == detector.to_state()

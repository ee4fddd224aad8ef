"""The four channels: what each sees, and what their windows hold."""

from datetime import timedelta

import pytest

from detectors.channels import BURST, CHANNELS, HALF_DAY, HOUR, RUN, Windows

FIVE = timedelta(minutes=5)


def windows(counts: list[float], expected: float = 10.0, step: timedelta = FIVE) -> Windows:
    """Windows that took in these counts."""
    found = Windows(step)
    for count in counts:
        found.push(count, expected)
    return found


def test_a_calm_day_has_ordinary_values_in_every_channel() -> None:
    burst, hour, run, half_day = windows([10.0] * 200).values(10.0)
    assert burst == pytest.approx(-2.3, abs=0.1)
    assert hour == pytest.approx(0.0)
    assert run < -1
    assert half_day == pytest.approx(0.0, abs=0.01)


def test_one_bot_bucket_moves_the_burst_and_leaves_the_sustained_hour() -> None:
    calm, bot = windows([10.0] * 200).values(10.0), windows([10.0] * 199 + [500.0]).values(10.0)
    assert bot[BURST] > calm[BURST] + 4
    assert bot[HOUR] == calm[HOUR]


def test_two_thirds_of_an_hour_must_be_high_for_the_hour_to_be_high() -> None:
    assert windows([10.0] * 200 + [80.0] * 7).values(10.0)[HOUR] == pytest.approx(0.0)
    assert windows([10.0] * 200 + [80.0] * 9).values(10.0)[HOUR] > 1.5


def test_a_run_grows_with_every_high_bucket_and_ends_with_the_first_calm_hour() -> None:
    high = [80.0] * 24
    assert windows([10.0] * 50 + high).values(10.0)[RUN] > windows([10.0] * 50 + high[:6]).values(10.0)[RUN] + 0.5
    assert windows([10.0] * 50 + high + [10.0] * 12).values(10.0)[RUN] < -1


def test_the_half_day_sees_a_doubling_that_no_bucket_shows() -> None:
    assert windows([10.0] * 200 + [20.0] * 144).values(10.0)[HALF_DAY] == pytest.approx(0.69, abs=0.03)


def test_totals_are_the_sums_of_their_windows() -> None:
    found = windows([10.0] * 150 + [40.0] * 4)
    assert found.total(BURST) == (timedelta(minutes=15), 120.0, 30.0)
    assert found.total(HOUR) == (timedelta(hours=1), 240.0, 120.0)
    assert found.total(HALF_DAY) == (timedelta(hours=12), 1560.0, 1440.0)
    assert found.total(RUN) == (timedelta(minutes=20), 160.0, 40.0)


def test_sums_do_not_drift_over_a_year() -> None:
    found = Windows(FIVE)
    for k in range(100_000):
        found.push(float(k % 7), 0.1 + (k % 13) / 10)
    total = found.total(HALF_DAY)
    last = range(100_000 - 144, 100_000)
    assert total.observed == sum(k % 7 for k in last)
    assert total.expected == pytest.approx(sum(0.1 + (k % 13) / 10 for k in last), abs=1e-6)


@pytest.mark.parametrize("minutes", [1, 15, 60, 720, 1440])
def test_windows_fit_any_step(minutes: int) -> None:
    step = timedelta(minutes=minutes)
    found = windows([10.0] * 40 + [200.0] * 30, step=step)
    values = found.values(10.0)
    assert values[BURST] > 2
    assert values[HOUR] > 1 or minutes == 1
    assert found.total(BURST).window >= timedelta(minutes=15)


def test_every_channel_has_a_name_of_its_own() -> None:
    assert len({channel.name for channel in CHANNELS}) == 4

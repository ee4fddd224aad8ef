"""Four ways to be too many: a burst, a sustained hour, a run of high buckets, a high half-day.

Each channel's value is a logarithm of a ratio to the expected count; how rare that is, `rarity.py` says.
A count enters as log ratio where counts are large and as a Poisson step where they are small: 2·asinh(√(n/4)).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from detectors.rarity import RarityOptions

BURST, HOUR, RUN, HALF_DAY = range(4)


@dataclass(frozen=True, slots=True)
class Channel:
    """Name, window (None: as long as the run lasts) and the rarity prior of a channel."""

    name: str
    window: timedelta | None
    rarity: RarityOptions


CHANNELS = (
    Channel("burst", timedelta(minutes=15), RarityOptions(prior_at=math.log(2.0), noise=0.4)),
    Channel("hour", timedelta(hours=1), RarityOptions(prior_at=0.6)),
    Channel("run", None, RarityOptions(prior_at=0.5, noise=0.4)),
    Channel("half_day", timedelta(hours=12), RarityOptions(prior_at=0.8, noise=0.7)),
)
"""Ten pseudo-days stand for days not yet seen: daily maxima of brands of all sizes, give or take a factor e."""

_BURST_FLOOR = 0.1  # mentions: keeps the burst of a scope of five mentions a day from dividing by nothing
_BURST_OFFSET = 0.1
_RUN_OFFSET = 0.3
_RUN_ALLOWANCE = 0.9  # a bucket extends a run when it is more than about e times the expected
_RUN_STEP = timedelta(minutes=5)
_THIRD = 3  # the sustained hour is what two thirds of its buckets exceed


class WindowSum(NamedTuple):
    """Observed and expected count over a window that ends with the latest bucket."""

    window: timedelta
    observed: float
    expected: float


class Windows:
    """The last twelve hours of one scope, with the running sums from which the channels are computed."""

    __slots__ = (
        "_counts", "_expected", "_half_day", "_hour", "_hour_next", "_hour_ratio", "_next", "_run",
        "_run_buckets", "_run_sums", "_short", "_step", "_sums", "_weight",
    )  # fmt: skip

    def __init__(self, step: timedelta) -> None:
        self._step = step
        self._weight = step / _RUN_STEP
        self._short = _buckets(timedelta(minutes=15), step)
        self._half_day = _buckets(timedelta(hours=12), step)
        self._counts = [0.0] * self._half_day
        self._expected = [0.0] * self._half_day
        self._next = 0
        self._sums = [0.0, 0.0, 0.0, 0.0]
        self._hour = [0.0] * _buckets(timedelta(hours=1), step)
        self._hour_next = 0
        self._hour_ratio = 0.0
        self._run = 0.0
        self._run_buckets = 0
        self._run_sums = [0.0, 0.0]

    def push(self, count: float, expected: float) -> None:
        """Take in the next bucket. A blind one is (0, 0): neither more nor less than expected."""
        counts, expecteds, i, sums = self._counts, self._expected, self._next, self._sums
        short = i - self._short
        sums[2] += count - counts[i]
        sums[3] += expected - expecteds[i]
        sums[0] += count - counts[short]
        sums[1] += expected - expecteds[short]
        counts[i] = count
        expecteds[i] = expected
        self._next = i + 1 if i + 1 < len(counts) else 0
        ratio = _scaled(count) - _scaled(expected)
        hour, j = self._hour, self._hour_next
        hour[j] = ratio
        self._hour_next = j + 1 if j + 1 < len(hour) else 0
        self._hour_ratio = sorted(hour)[len(hour) // _THIRD]
        self._extend_run(ratio, count, expected)

    def _extend_run(self, ratio: float, count: float, expected: float) -> None:
        """Add the bucket to the run; a run ends by its sum, or at once when most of the last hour was calm."""
        self._run += (ratio - _RUN_ALLOWANCE) * self._weight
        if self._run <= 0.0 or (self._hour_ratio <= 0.0 and ratio <= 0.0):
            self._run = 0.0
            self._run_buckets = 0
            return
        sums = self._run_sums
        if self._run_buckets == 0:
            sums[0] = sums[1] = 0.0
        self._run_buckets += 1
        sums[0] += count
        sums[1] += expected

    def values(self, level: float) -> tuple[float, float, float, float]:
        """Return the four channels' values; `level`: mean count of a bucket of this scope."""
        sums = self._sums
        excess = sums[0] - sums[1]
        burst = excess / (self._short * level + _BURST_FLOOR) if excess > 0.0 else 0.0
        return (
            math.log(burst + _BURST_OFFSET),
            self._hour_ratio,
            math.log(self._run + _RUN_OFFSET),
            _scaled(sums[2] + 0.375) - _scaled(sums[3] + 0.375),
        )

    def total(self, channel: int) -> WindowSum:
        """Return observed and expected over the window of a channel."""
        if channel == BURST:
            return WindowSum(self._short * self._step, self._sums[0], self._sums[1])
        if channel == RUN:
            return WindowSum(self._run_buckets * self._step, self._run_sums[0], self._run_sums[1])
        if channel == HALF_DAY:
            return WindowSum(self._half_day * self._step, self._sums[2], self._sums[3])
        size = len(self._hour)
        last = [self._next - k for k in range(1, size + 1)]
        counts, expected = self._counts, self._expected
        return WindowSum(size * self._step, sum(counts[k] for k in last), sum(expected[k] for k in last))

    @property
    def half_day(self) -> tuple[float, float]:
        """Observed and expected count of the last twelve hours."""
        return self._sums[2], self._sums[3]

    def copy(self) -> Windows:
        """Return an independent copy."""
        twin = Windows.__new__(Windows)
        for name in self.__slots__:
            value = getattr(self, name)
            setattr(twin, name, value.copy() if isinstance(value, list) else value)
        return twin

    def to_state(self) -> dict[str, Any]:
        """Return everything remembered, ready for JSON."""
        twin = self.copy()
        return {name: getattr(twin, name) for name in self.__slots__ if name != "_step"}

    @classmethod
    def from_state(cls, state: dict[str, Any], step: timedelta) -> Windows:
        """Rebuild from `to_state`; raises KeyError when something is missing from it."""
        self = cls(step)
        for name in self.__slots__:
            if name != "_step":
                value = state[name]
                setattr(self, name, list(value) if isinstance(value, list) else value)
        return self


def _scaled(count: float) -> float:
    return 2.0 * math.asinh(math.sqrt(count) * 0.5) if count > 0.0 else 0.0


def _buckets(window: timedelta, step: timedelta) -> int:
    return max(1, round(window / step))

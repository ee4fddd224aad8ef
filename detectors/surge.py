"""Is this many mentions rare for this scope? The incremental volume detector, one bucket at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from detectors.baseline import Baseline, BaselineOptions
from detectors.channels import BURST, CHANNELS, HALF_DAY, HOUR, RUN, Windows
from detectors.rarity import Rarity

_STATE_VERSION = 2
_DEFAULT_STEP = timedelta(minutes=5)
_SETTLING_DAYS = 0.5  # of learning before anything is judged: a level must exist first
_LEARN_BY_HOUR = 12  # a day's maximum becomes "past" at noon of the next day: no surge is its own precedent
_CALIBRATION = 1.85
"""Agreement of three channels is rarer than each: with it, on the self-made backgrounds of `benchmarks/surge.py`,
10 ** −surprise is the share of days on which the surprise is reached (docs/detection-volume.md)."""
_COUNTED_OVER = timedelta(minutes=15)  # a run has no window of its own
_HALF_DAY_WEIGHT = 0.8
_LEARNT_TIMES, _LEARNT_BUCKET_MORE, _LEARNT_HALF_DAY_MORE = 3.0, 3.0, 6.0


@dataclass(frozen=True, slots=True)
class SurgeOptions:
    """When to alert. `threshold` is a surprise: −log10 of the share of days that may reach it.

    After an alert there is silence for `silence`, unless the surprise grows to `break_through` times the alert's.
    """

    baseline: BaselineOptions = field(default_factory=BaselineOptions)
    threshold: float = 1.4
    silence: timedelta = timedelta(hours=24)
    break_through: float = 2.0


class SurgeEvidence(NamedTuple):
    """What explains a judgement: the channel that stood out most and its numbers over its window.

    On `days_as_high` of the `days_compared` past days that channel was as high at some time.
    """

    channel: str
    window: timedelta
    observed: float
    expected: float
    days_as_high: int
    days_compared: int
    days_learnt: float


class Judgement(NamedTuple):
    """The finding on one bucket; `at` in epoch seconds, `expected` for a fully heard bucket.

    `evidence` is there from half the threshold upwards.
    """

    at: float
    observed: float
    expected: float
    surprise: float
    alarm: bool
    evidence: SurgeEvidence | None


class SurgeDetector:
    """Judges one scope's counts bucket by bucket; never looks ahead. Cheap to copy, and resumes from its state."""

    def __init__(self, options: SurgeOptions | None = None, step: timedelta = _DEFAULT_STEP) -> None:
        self.options = options or SurgeOptions()
        self.step = step
        self._baseline = Baseline(self.options.baseline, step.total_seconds())
        self._windows = Windows(step)
        self._rarities = [Rarity(channel.rarity) for channel in CHANNELS]
        self._values: tuple[float, ...] = ()
        self._highest: list[float] = []
        self._pending: list[float] = []
        self._day = 0
        self._alarm_at = -math.inf
        self._alarm_surprise = 0.0

    @property
    def days_learnt(self) -> float:
        """How many days of heard buckets the baseline has seen."""
        return self._baseline.days_learnt

    def observe(self, at: datetime | float, count: float, *, covered: float = 1.0) -> Judgement:
        """Judge, then learn, the bucket that starts at `at` (aware time or epoch seconds) with `count` mentions.

        `covered`: share of the bucket in which its sources were heard. At 0 nothing is judged or learnt.
        Feed buckets in order of time, missing ones with `covered=0`.
        """
        seconds = at.timestamp() if isinstance(at, datetime) else float(at)
        count = float(count)  # numpy's integers would spoil the JSON state
        usual = self._baseline.expected(seconds)
        self._turn_days()
        surprise = 0.0
        if covered > 0.0:
            expected = usual * covered
            self._windows.push(count, expected)
            if self._baseline.days_learnt >= _SETTLING_DAYS:
                surprise = self._judge()
            self._baseline.learn(self._winsorised(count, expected), covered)
        else:
            self._windows.push(0.0, 0.0)
        alarm = surprise >= self.options.threshold and self._alerts(seconds, surprise)
        evidence = self.explain() if surprise >= 0.5 * self.options.threshold else None
        return Judgement(seconds, count, usual, surprise, alarm, evidence)

    def explain(self) -> SurgeEvidence:
        """Say what stood out most in the bucket last judged, and on how many past days it was as high."""
        scores = [r.surprise(v) for r, v in zip(self._rarities, self._values, strict=False)]
        top = max(range(len(scores)), key=scores.__getitem__, default=BURST)
        days = self._rarities[top].days
        as_high = sum(day >= self._values[top] for day in days) if scores else 0
        total = self._windows.total(top)
        return SurgeEvidence(CHANNELS[top].name, *total, as_high, len(days), self._baseline.days_learnt)

    def _judge(self) -> float:
        """Combine how rare the channels are: burst, hour and run must agree, or the half-day speak alone."""
        values = self._values = self._windows.values(self._baseline.level)
        highest = self._highest or list(values)
        for channel, value in enumerate(values):
            if value > highest[channel]:
                highest[channel] = value
        self._highest = highest
        burst, hour, run, half_day = self._rarities
        together = burst.surprise(values[BURST]) + hour.surprise(values[HOUR]) + run.surprise(values[RUN])
        return _CALIBRATION * max(together / 3.0, _HALF_DAY_WEIGHT * half_day.surprise(values[HALF_DAY]))

    def _turn_days(self) -> None:
        """At the brand's midnight set the day's maxima aside, and learn them by noon."""
        day = self._baseline.local_day
        if day != self._day:
            self._learn_pending()
            self._pending, self._highest, self._day = self._highest, [], day
        if self._pending and self._baseline.local_hour >= _LEARN_BY_HOUR:
            self._learn_pending()

    def _learn_pending(self) -> None:
        for channel, rarity, highest in zip(CHANNELS, self._rarities, self._pending, strict=False):
            window = channel.window or _COUNTED_OVER
            rarity.learn(highest, self._baseline.level * (window / self.step))
        self._pending = []

    def _alerts(self, seconds: float, surprise: float) -> bool:
        options = self.options
        silent = seconds - self._alarm_at < options.silence.total_seconds()
        if silent and surprise < options.break_through * self._alarm_surprise:
            return False
        self._alarm_at, self._alarm_surprise = seconds, surprise
        return True

    def _winsorised(self, count: float, expected: float) -> float:
        """Cut a surge down to thrice the usual, bucket and half-day, so that it does not teach itself."""
        if self._baseline.days_learnt < _SETTLING_DAYS:
            return count
        count = min(count, _LEARNT_TIMES * expected + _LEARNT_BUCKET_MORE)
        observed, usual = self._windows.half_day
        most = _LEARNT_TIMES * usual + _LEARNT_HALF_DAY_MORE
        return count if observed <= most else count * most / observed

    def copy(self) -> SurgeDetector:
        """Return an independent copy: the checkpoint to restore when late mentions correct the past."""
        twin = SurgeDetector.__new__(SurgeDetector)
        twin.__dict__.update(self.__dict__)
        twin._baseline = self._baseline.copy()
        twin._windows = self._windows.copy()
        twin._highest = self._highest.copy()
        twin._rarities = [rarity.copy() for rarity in self._rarities]
        return twin

    def to_state(self) -> dict[str, Any]:
        """Return everything learnt as JSON-safe lists and numbers; the options are the config's."""
        return {
            "version": _STATE_VERSION,
            "step_seconds": self.step.total_seconds(),
            "baseline": self._baseline.to_state(),
            "windows": self._windows.to_state(),
            "rarities": [rarity.to_state() for rarity in self._rarities],
            "values": list(self._values),
            "highest": list(self._highest),
            "pending": list(self._pending),
            "day": self._day,
            "alarm": None if self._alarm_at == -math.inf else [self._alarm_at, self._alarm_surprise],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], options: SurgeOptions | None = None) -> SurgeDetector:
        """Rebuild a detector from `to_state`. Raises ValueError for a state of another version."""
        if state.get("version") != _STATE_VERSION:
            found = state.get("version")
            raise ValueError(f"surge state of version {found}, not {_STATE_VERSION}: rebuild it from the counts")
        self = cls(options, timedelta(seconds=state["step_seconds"]))
        self._baseline = Baseline.from_state(state["baseline"], self.options.baseline, state["step_seconds"])
        self._windows = Windows.from_state(state["windows"], self.step)
        self._rarities = [
            Rarity.from_state(kept, channel.rarity)
            for kept, channel in zip(state["rarities"], CHANNELS, strict=True)
        ]
        self._values, self._highest = tuple(state["values"]), list(state["highest"])
        self._pending, self._day = list(state["pending"]), state["day"]
        if state["alarm"] is not None:
            self._alarm_at, self._alarm_surprise = state["alarm"]
        return self

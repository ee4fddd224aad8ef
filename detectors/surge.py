"""Is this many mentions rare for this scope? The incremental volume detector, one bucket at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from detectors.baseline import DAY, Baseline, BaselineOptions
from detectors.rarity import Rarity

_STATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class SurgeOptions:
    """Thresholds and memory of the volume detector.

    `threshold` is in surprise (−log10 of a day's chance); after an alert the detector keeps silent for
    `silence` unless the surprise grows to `break_through` times that of the alert.
    """

    baseline: BaselineOptions = field(default_factory=BaselineOptions)
    threshold: float = 0.7
    silence: timedelta = timedelta(hours=24)
    break_through: float = 2.0
    rarity_days: float = 120.0


class SurgeEvidence(NamedTuple):
    """What explains a judgement: the channel that was highest and its numbers over its window."""

    channel: str
    window: timedelta
    observed: float
    expected: float
    days_as_high: int
    days_compared: int
    days_learnt: float


class Judgement(NamedTuple):
    """The finding on one bucket. `evidence` is filled from half the threshold upwards."""

    at: float
    observed: float
    expected: float
    surprise: float
    alarm: bool
    evidence: SurgeEvidence | None


_CHANNELS = ("burst", "hour", "hours", "day")
_WINDOWS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=3), timedelta(hours=24))
_DISPERSION = 4.0


class SurgeDetector:
    """Judges one scope's counts bucket by bucket; never looks ahead."""

    def __init__(self, options: SurgeOptions | None = None, step: timedelta = timedelta(minutes=5)) -> None:
        self.options = options or SurgeOptions()
        self.step = step
        seconds = step.total_seconds()
        self._sizes = [max(1, round(w / step)) for w in _WINDOWS]
        length = max(self._sizes)
        self._baseline = Baseline(self.options.baseline, seconds)
        self._counts = [0.0] * length
        self._expected = [0.0] * length
        self._steps_up = [0.0] * length
        self._next = 0
        self._sums = [[0.0, 0.0, 0.0] for _ in self._sizes]
        self._rarities = [Rarity(0.0, 1.0, 6.0) for _ in self._sizes]
        self._highest = [0.0] * len(self._sizes)
        self._day = -1.0
        self._alarm_at = -math.inf
        self._alarm_surprise = 0.0
        self._forget = 0.5 ** (1 / self.options.rarity_days)
        self._values = [0.0] * len(self._sizes)
        self._scores = [0.0] * len(self._sizes)

    def observe(self, at: datetime | float, count: float, *, covered: float = 1.0) -> Judgement:
        """Judge the bucket that starts at `at` (aware time or epoch seconds) with `count` mentions.

        `covered` is the share of the bucket in which its sources were heard; at 0 nothing is learnt or judged.
        """
        seconds = at if isinstance(at, (int, float)) else at.timestamp()
        full = self._baseline.expected(seconds)
        expected = full * covered
        self._push(count if covered > 0 else 0.0, expected)
        self._close_day(seconds)
        surprise = self._surprise() if covered > 0 else 0.0
        alarm = self._decide(seconds, surprise)
        if covered > 0:
            self._baseline.learn(self._winsorised(count, expected), covered)
        evidence = self.explain() if surprise >= 0.5 * self.options.threshold else None
        return Judgement(seconds, count, full, surprise, alarm, evidence)

    def explain(self) -> SurgeEvidence:
        """Say what stood out most in the latest bucket and how often that was so before."""
        top = max(range(len(self._scores)), key=self._scores.__getitem__)
        days = self._rarities[top].days
        value = self._values[top]
        return SurgeEvidence(
            _CHANNELS[top],
            _WINDOWS[top],
            self._sums[top][0],
            self._sums[top][1],
            sum(d >= value for d in days),
            len(days),
            self._baseline.days_learnt,
        )

    def _push(self, count: float, expected: float) -> None:
        up = 0.0
        if expected > 0:
            k = _DISPERSION
            up = math.asinh(math.sqrt(count / k)) - math.asinh(math.sqrt(expected / k))
        counts, expecteds, ups, i = self._counts, self._expected, self._steps_up, self._next
        for size, sums in zip(self._sizes, self._sums, strict=True):
            j = i - size
            sums[0] += count - counts[j]
            sums[1] += expected - expecteds[j]
            sums[2] += up - ups[j]
        counts[i], expecteds[i], ups[i] = count, expected, up
        self._next = (i + 1) % len(counts)

    def _surprise(self) -> float:
        level = self._baseline.level
        values, scores = self._values, self._scores
        burst = self._sums[0]
        values[0] = 0.1 + max(0.0, burst[0] - burst[1]) / (self._sizes[0] * level + 1.0)
        for c in range(1, len(values)):
            size = self._sizes[c]
            values[c] = math.exp(
                max(-2.0, 2.0 * self._sums[c][2] / math.sqrt(size * (size + 1.0 / (level + 1e-3))))
            )
        for c, value in enumerate(values):
            scores[c] = self._rarities[c].surprise(value)
            self._highest[c] = max(self._highest[c], value)
        return max((scores[0] + scores[1] + scores[2]) / 3.0, 0.8 * scores[3])

    def _close_day(self, seconds: float) -> None:
        day = seconds // DAY
        if day == self._day:
            return
        if self._day >= 0:
            for rarity, highest in zip(self._rarities, self._highest, strict=True):
                if highest > 0:
                    rarity.learn(highest, self._forget)
            self._highest = [0.0] * len(self._sizes)
        self._day = day

    def _decide(self, seconds: float, surprise: float) -> bool:
        options = self.options
        if surprise < options.threshold:
            return False
        silent = seconds - self._alarm_at < options.silence.total_seconds()
        if silent and surprise < options.break_through * self._alarm_surprise:
            return False
        self._alarm_at, self._alarm_surprise = seconds, surprise
        return True

    def _winsorised(self, count: float, expected: float) -> float:
        """Cut a surge down so that it does not teach itself: no bucket and no day counts for thrice the usual."""
        if self._baseline.days_learnt < 0.5:
            return count
        day, usual, _ = self._sums[-1]
        trust = min(1.0, (3.0 * usual + 6.0) / (day + 1e-9))
        return min(count, 3.0 * expected + 3.0) * trust

    def copy(self) -> SurgeDetector:
        """Return an independent copy: the checkpoint to restore when late mentions correct the past."""
        twin = SurgeDetector.__new__(SurgeDetector)
        twin.__dict__.update(self.__dict__)
        for name in ("_counts", "_expected", "_steps_up", "_highest", "_values", "_scores"):
            setattr(twin, name, list(getattr(self, name)))
        twin._sums = [list(s) for s in self._sums]
        twin._baseline = self._baseline.copy()
        twin._rarities = [r.copy() for r in self._rarities]
        return twin

    def to_state(self) -> dict[str, Any]:
        """Return everything learnt as JSON-safe lists and numbers; the options are the config's."""
        kept = ("_counts", "_expected", "_steps_up", "_next", "_sums", "_highest", "_day", "_alarm_surprise")
        state: dict[str, Any] = {name: getattr(self, name) for name in kept}
        state["alarm_at"] = None if self._alarm_at == -math.inf else self._alarm_at
        state["baseline"] = self._baseline.to_state()
        state["rarities"] = [r.to_state() for r in self._rarities]
        return {"version": _STATE_VERSION, "step_seconds": self.step.total_seconds(), **state}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], options: SurgeOptions | None = None) -> SurgeDetector:
        """Rebuild a detector from `to_state`. Raises ValueError for a state of another version."""
        if state.get("version") != _STATE_VERSION:
            raise ValueError(
                f"surge state of version {state.get('version')}, expected {_STATE_VERSION}: rebuild it"
            )
        self = cls(options, timedelta(seconds=state["step_seconds"]))
        for name in ("_counts", "_expected", "_steps_up", "_highest"):
            setattr(self, name, list(state[name]))
        self._sums = [list(s) for s in state["_sums"]]
        self._next, self._day, self._alarm_surprise = state["_next"], state["_day"], state["_alarm_surprise"]
        self._alarm_at = -math.inf if state["alarm_at"] is None else state["alarm_at"]
        self._baseline = Baseline.from_state(self.options.baseline, state["baseline"])
        for rarity, kept in zip(self._rarities, state["rarities"], strict=True):
            rarity.restore(kept)
        return self

"""How many different people are usual at this hour, how far that scatters, and which own days were as bad.

Learns at whole clock hours only (the numbers of the rule are in docs/detection.md): a mean for every hour of
the day, smoothed over two hours either way and drawn to the overall mean, times a factor for the kind of day,
with a half-life of 14 days. An hour is cut at 4 standard deviations before it is learnt, so that a crisis does
not teach itself.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from detectors.calendar import Moment

_HALF_LIFE_DAYS = 14.0
_KIND_HALF_LIFE_DAYS = 56.0
_SMOOTH = (0.25, 0.5, 1.0, 0.5, 0.25)
_LEVEL_WEIGHT = 2.0
_KIND_PRIOR_DAYS = 3.0
_CUT_SD = 4.0
_PRIOR_DISPERSION = 1.4
_DISPERSION_PRIOR_PEOPLE = 60.0
_DAILY_KEEP = 0.5 ** (1 / _HALF_LIFE_DAYS)
_KIND_KEEP = 0.5 ** (1 / (_KIND_HALF_LIFE_DAYS * 24))
_KINDS = 8


class Usual(NamedTuple):
    """What is usual now: expected people, their dispersion (variance ÷ mean) and the days that say so."""

    expected: float
    dispersion: float
    days: float

    def deviation(self) -> float:
        """Return the standard deviation, the uncertainty of the expectation included."""
        unsure = (0.3 * self.expected) ** 2 / max(self.days, 0.5)
        return math.sqrt(self.expected * self.dispersion + unsure + 0.25)

    def z(self, people: float) -> float:
        """Return how many standard deviations `people` is above what is usual."""
        return (people - self.expected) / self.deviation()

    def between(self) -> tuple[int, int]:
        """Return the span that nine in ten such hours fall into."""
        sd = self.deviation()
        return max(0, math.ceil(self.expected - 1.645 * sd)), max(1, math.floor(self.expected + 1.645 * sd))


class HourOfDay:
    """The mean of one number for each hour of the local day and kind of day. State is JSON-safe lists."""

    __slots__ = ("_count", "_kind_count", "_kind_weight", "_residual", "_residual_weight", "_weight", "hours")

    def __init__(self) -> None:
        self._count = [0.0] * 24
        self._weight = [0.0] * 24
        self._kind_count = [0.0] * _KINDS
        self._kind_weight = [0.0] * _KINDS
        self._residual = 0.0
        self._residual_weight = 0.0
        self.hours = 0.0

    @property
    def days(self) -> float:
        """Days learnt, counted in hours that were heard."""
        return self.hours / 24.0

    def usual(self, moment: Moment) -> Usual:
        """What is usual in the hour that ends at `moment`; between two whole hours, between their means."""
        mean = self._mean(moment.hour)
        if moment.fraction:
            mean += moment.fraction * (self._mean(moment.next_hour) - mean)
        return Usual(mean * self._kind(moment.kind), self.dispersion, self.days)

    @property
    def dispersion(self) -> float:
        """Variance ÷ mean of an ordinary hour, from a prior of 1.4."""
        prior = _DISPERSION_PRIOR_PEOPLE
        found = (_PRIOR_DISPERSION * prior + self._residual) / (prior + self._residual_weight)
        return max(1.0, found)

    @property
    def level(self) -> float:
        """Mean over all hours."""
        return sum(self._count) / max(sum(self._weight), 1e-9)

    def learn(self, people: float, moment: Moment, covered: float) -> None:
        """Learn the hour that ends at `moment`, of which the share `covered` was heard."""
        if covered <= 0.0:
            return
        usual = self.usual(moment)
        whole = people / covered
        if self.hours >= 6:
            whole = min(whole, usual.expected + _CUT_SD * usual.deviation())
        if self.hours >= 24:
            self._residual = self._residual * _KIND_KEEP + (whole - usual.expected) ** 2 * covered
            self._residual_weight = self._residual_weight * _KIND_KEEP + usual.expected * covered
        self._learn_kind(whole * covered, moment, covered)
        hour = moment.hour
        self._count[hour] = self._count[hour] * _DAILY_KEEP + whole * covered
        self._weight[hour] = self._weight[hour] * _DAILY_KEEP + covered
        self.hours += covered

    def _learn_kind(self, people: float, moment: Moment, covered: float) -> None:
        kind = moment.kind
        self._kind_count[kind] = self._kind_count[kind] * _KIND_KEEP + people
        self._kind_weight[kind] = self._kind_weight[kind] * _KIND_KEEP + self._mean(moment.hour) * covered

    def _kind(self, kind: int) -> float:
        prior = _KIND_PRIOR_DAYS * 24 * max(self.level, 0.05)
        usual = self._kind_ratio(6, prior, 1.0) if kind == 7 else 1.0
        return self._kind_ratio(kind, prior, usual)

    def _kind_ratio(self, kind: int, prior: float, usual: float) -> float:
        return (self._kind_count[kind] + prior * usual) / (self._kind_weight[kind] + prior)

    def _mean(self, hour: int) -> float:
        count = weight = 0.0
        for step, share in enumerate(_SMOOTH, start=hour - 2):
            count += share * self._count[step % 24]
            weight += share * self._weight[step % 24]
        return (count + _LEVEL_WEIGHT * self.level) / (weight + _LEVEL_WEIGHT)

    def copy(self) -> HourOfDay:
        """Return an independent copy."""
        return HourOfDay.from_state(self.to_state())

    def to_state(self) -> list[Any]:
        """Return what was learnt, ready for JSON."""
        kept = (self._count, self._weight, self._kind_count, self._kind_weight)
        return [*(list(k) for k in kept), self._residual, self._residual_weight, self.hours]

    @classmethod
    def from_state(cls, state: list[Any]) -> HourOfDay:
        """Rebuild from `to_state`."""
        self = cls()
        self._count, self._weight, self._kind_count, self._kind_weight = (list(s) for s in state[:4])
        self._residual, self._residual_weight, self.hours = state[4:]
        return self


class OwnDays:
    """The worst hour of each own past day, to ask how many days were as bad.

    An episode is one day, however long it lasts: days are put into the archive only after `quiet` hours in a
    row, so that a crisis is never compared with its own beginning.
    """

    __slots__ = ("_calm_hours", "_day", "_open", "days")

    _KEEP = 365
    _QUIET_HOURS = 20
    _CALM_Z = 2.5

    def __init__(self) -> None:
        self.days: list[list[float]] = []  # [highest z, most people] of each closed day
        self._open: list[list[float]] = []
        self._day = -1
        self._calm_hours = 0

    def learn(self, z: float, people: float, day: int) -> None:
        """Note a whole hour of the local day `day` (ordinal)."""
        if day != self._day:
            self._close()
            self._open.append([0.0, 0.0])
            self._day = day
        today = self._open[-1]
        today[0], today[1] = max(today[0], z), max(today[1], people)
        self._calm_hours = 0 if z >= self._CALM_Z else self._calm_hours + 1

    def _close(self) -> None:
        """Archive the days of a closed episode: its worst once, its other days as they were if calm."""
        if not self._open or (self._calm_hours < self._QUIET_HOURS and self._open[-1][0] >= self._CALM_Z):
            return
        worst = max(self._open)
        self.days += [d for d in self._open if d is worst or d[0] < self._CALM_Z]
        del self.days[: -self._KEEP]
        self._open = []

    def share(self, z: float) -> float:
        """Share of the archived days that had an hour at least as bad as `z`."""
        return sum(d[0] >= z for d in self.days) / len(self.days) if self.days else 0.0

    def as_many(self, people: float) -> int:
        """How many archived days had an hour with at least so many people."""
        return sum(d[1] >= people for d in self.days)

    def copy(self) -> OwnDays:
        """Return an independent copy."""
        return OwnDays.from_state(self.to_state())

    def to_state(self) -> list[Any]:
        """Return what was learnt, ready for JSON."""
        return [[list(d) for d in self.days], [list(d) for d in self._open], self._day, self._calm_hours]

    @classmethod
    def from_state(cls, state: list[Any]) -> OwnDays:
        """Rebuild from `to_state`."""
        self = cls()
        self.days = [list(d) for d in state[0]]
        self._open = [list(d) for d in state[1]]
        self._day, self._calm_hours = state[2], state[3]
        return self

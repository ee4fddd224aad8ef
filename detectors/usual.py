"""How many different people are usual at this hour, and how far that scatters.

Learns at whole clock hours only (the numbers of the rule are in docs/detection.md): a mean for every hour of
the day, smoothed over two hours either way and drawn to the overall mean, times a factor for the kind of day,
with a half-life of 14 days. An hour is cut at 4 standard deviations before it is learnt, so that a crisis does
not teach itself.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from detectors.calendar import HOLIDAY, Moment

_HALF_LIFE_DAYS = 14.0
_KIND_HALF_LIFE_DAYS = 56.0
_SMOOTH = (0.25, 0.5, 1.0, 0.5, 0.25)
_LEVEL_WEIGHT = 2.0
_KIND_PRIOR_DAYS = 3.0
_CUT_SD, _CUT_AFTER_HOURS = 4.0, 6
_SCATTER_CUT_SD, _SCATTER_AFTER_HOURS = 2.5, 24
_UNSURE = 0.3**2  # variance of the expectation after one day, relative
_DAY_TO_DAY = 0.12**2  # variance from day to day that no history takes away, relative
_PRIOR_DISPERSION = 1.4
_DISPERSION_PRIOR_PEOPLE = 60.0
_DAILY_KEEP = 0.5 ** (1 / _HALF_LIFE_DAYS)
_KIND_KEEP = 0.5 ** (1 / _KIND_HALF_LIFE_DAYS)
_SCATTER_KEEP = 0.5 ** (1 / (_KIND_HALF_LIFE_DAYS * 24))
_KINDS = 8


class Usual(NamedTuple):
    """What is usual now: expected people, their dispersion (variance ÷ mean) and the days that say so."""

    expected: float
    dispersion: float
    days: float

    def deviation(self) -> float:
        """Return the standard deviation, the uncertainty of the expectation included."""
        unsure = (_UNSURE / max(self.days, 0.5) + _DAY_TO_DAY) * self.expected * self.expected
        return math.sqrt(self.expected * self.dispersion + unsure + 0.25)

    def z(self, people: float) -> float:
        """Return how many standard deviations `people` is above what is usual."""
        return (people - self.expected) / self.deviation()

    def between(self) -> tuple[int, int]:
        """Return the span that nine in ten such hours fall into."""
        sd = self.deviation()
        return max(0, math.ceil(self.expected - 1.645 * sd)), max(1, math.floor(self.expected + 1.645 * sd))


class HourOfDay:
    """The mean of one number for each hour of the local day and kind of day. State is JSON-safe lists.

    A day teaches its kind only when it is over, so that a bad Sunday does not make Sundays usual while it lasts.
    """

    __slots__ = (
        "_asked", "_count", "_day", "_kind_count", "_kind_weight", "_residual", "_residual_weight", "_today",
        "_weight", "hours",
    )  # fmt: skip

    def __init__(self) -> None:
        self._count = [0.0] * 24
        self._weight = [0.0] * 24
        self._kind_count = [0.0] * _KINDS
        self._kind_weight = [0.0] * _KINDS
        self._day = [-1, 0]  # ordinal and kind of the day that runs
        self._today = [0.0, 0.0]  # people and expected people of the day that runs
        self._residual = 0.0
        self._residual_weight = 0.0
        self.hours = 0.0
        self._asked: tuple[int, int, float, float, float, float] | None = None

    @property
    def days(self) -> float:
        """Days learnt, counted in hours that were heard."""
        return self.hours / 24.0

    def usual(self, moment: Moment) -> Usual:
        """Say what is usual in the hour that ends at `moment`; between two whole hours, between their means."""
        asked = self._asked
        if asked is None or asked[0] != moment.hour or asked[1] != moment.kind:
            factor = self._kind(moment.kind)
            here, next_ = self._mean(moment.hour) * factor, self._mean(moment.next_hour) * factor
            asked = self._asked = (moment.hour, moment.kind, here, next_ - here, self.dispersion, self.days)
        return Usual(asked[2] + moment.fraction * asked[3], asked[4], asked[5])

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
        if self.hours >= _CUT_AFTER_HOURS:
            whole = min(whole, usual.expected + _CUT_SD * usual.deviation())
        if self.hours >= _SCATTER_AFTER_HOURS:
            self._learn_scatter(whole, usual, covered)
        self._learn_kind(whole * covered, moment, covered)
        hour = moment.hour
        self._count[hour] = self._count[hour] * _DAILY_KEEP + whole * covered
        self._weight[hour] = self._weight[hour] * _DAILY_KEEP + covered
        self.hours += covered
        self._asked = None

    def _learn_scatter(self, whole: float, usual: Usual, covered: float) -> None:
        off = min(abs(whole - usual.expected), _SCATTER_CUT_SD * usual.deviation())
        self._residual = self._residual * _SCATTER_KEEP + off * off * covered
        self._residual_weight = self._residual_weight * _SCATTER_KEEP + usual.expected * covered

    def _learn_kind(self, people: float, moment: Moment, covered: float) -> None:
        if moment.day != self._day[0]:
            kind = self._day[1]
            self._kind_count = [c * _KIND_KEEP for c in self._kind_count]
            self._kind_weight = [w * _KIND_KEEP for w in self._kind_weight]
            self._kind_count[kind] += self._today[0]
            self._kind_weight[kind] += self._today[1]
            self._day, self._today = [moment.day, moment.kind], [0.0, 0.0]
        self._today[0] += people
        self._today[1] += self._mean(moment.hour) * covered

    def _kind(self, kind: int) -> float:
        """Return the factor of a kind of day; a holiday is taken for a Sunday until there were holidays."""
        prior = _KIND_PRIOR_DAYS * 24 * max(self.level, 0.05)
        usual = self._kind_ratio(6, prior, 1.0) if kind == HOLIDAY else 1.0
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
        kept = (self._count, self._weight, self._kind_count, self._kind_weight, self._day, self._today)
        return [*(list(k) for k in kept), self._residual, self._residual_weight, self.hours]

    @classmethod
    def from_state(cls, state: list[Any]) -> HourOfDay:
        """Rebuild from `to_state`."""
        self = cls()
        lists = [list(part) for part in state[:6]]
        self._count, self._weight, self._kind_count, self._kind_weight, self._day, self._today = lists
        self._residual, self._residual_weight, self.hours = state[6:]
        return self

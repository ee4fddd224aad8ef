"""The worst hour of each own past day: how rare is a day with an hour this bad, and how many were as bad?

A fixed number of standard deviations means a false alarm a month for one brand and one a year for another. Ranked
against the brand's own days it means the same for all, so thresholds can be set by their false-alarm rate. The
logarithm of the daily maxima of 1 + z is close to normal (docs/detection.md shows how close).
"""

from __future__ import annotations

import math
from typing import Any

_PRIOR_MEAN, _PRIOR_SD, _PRIOR_DAYS = 0.9, 0.28, 6.0
_MEMORY = 0.5 ** (1 / 120)  # half-life of 120 days
_CUT_SD, _LEAST_SD = 3.0, 0.18
_KEPT_DAYS = 365
_QUIET_HOURS = 20
_CALM_Z = 2.5
_LOG10_E = math.log10(math.e)


class OwnDays:
    """Learns the worst hour of each day and says how rare a worse one is.

    An episode counts as one bad day, however long it lasts: days are archived only when it is over, so that a
    crisis is never compared with its own beginning.
    """

    __slots__ = ("_calm_hours", "_day", "_mean", "_open", "_spread", "_weight", "people")

    def __init__(self) -> None:
        self._mean = _PRIOR_MEAN
        self._weight = _PRIOR_DAYS
        self._spread = _PRIOR_SD**2 * _PRIOR_DAYS
        self.people: list[float] = []  # most people in an hour of each archived day
        self._open: list[list[float]] = []  # [highest z, most people] of the days not archived yet
        self._day = -1
        self._calm_hours = 0

    def __len__(self) -> int:
        return len(self.people)

    def surprise(self, z: float) -> float:
        """Return −log10 of the chance that an own day has an hour at least `z` deviations above the usual."""
        sd = max(_LEAST_SD, math.sqrt(self._spread / self._weight * (1.0 + 1.0 / self._weight)))
        return tail_surprise((math.log1p(max(z, 0.0)) - self._mean) / sd)

    def as_many(self, people: float) -> int:
        """How many archived days had an hour with at least so many people."""
        return sum(n >= people for n in self.people)

    def learn(self, z: float, people: float, day: int) -> None:
        """Note a whole hour of the local day `day` (ordinal)."""
        if day != self._day:
            if self._over():
                self._archive()
            self._open.append([0.0, 0.0])
            self._day = day
        today = self._open[-1]
        today[0], today[1] = max(today[0], z), max(today[1], people)
        self._calm_hours = 0 if z >= _CALM_Z else self._calm_hours + 1

    def _over(self) -> bool:
        return bool(self._open) and (self._calm_hours >= _QUIET_HOURS or self._open[-1][0] < _CALM_Z)

    def _archive(self) -> None:
        """Archive the worst day of the episode and the calm ones beside it."""
        worst = max(self._open)
        for day in self._open:
            if day is worst or day[0] < _CALM_Z:
                self._learn_day(math.log1p(max(day[0], 0.0)))
                self.people.append(day[1])
        del self.people[:-_KEPT_DAYS]
        self._open = []

    def _learn_day(self, value: float) -> None:
        sd = math.sqrt(self._spread / self._weight)
        value = min(value, self._mean + _CUT_SD * sd)
        weight = max(self._weight * _MEMORY, _PRIOR_DAYS)
        self._spread *= weight / self._weight
        self._weight = weight + 1.0
        off = value - self._mean
        self._mean += off / self._weight
        self._spread += off * (value - self._mean)

    def copy(self) -> OwnDays:
        """Return an independent copy."""
        return OwnDays.from_state(self.to_state())

    def to_state(self) -> list[Any]:
        """Return what was learnt, ready for JSON."""
        opened = [list(day) for day in self._open]
        numbers = [self._mean, self._weight, self._spread]
        return [numbers, list(self.people), opened, self._day, self._calm_hours]

    @classmethod
    def from_state(cls, state: list[Any]) -> OwnDays:
        """Rebuild from `to_state`."""
        self = cls()
        self._mean, self._weight, self._spread = state[0]
        self.people = list(state[1])
        self._open = [list(day) for day in state[2]]
        self._day, self._calm_hours = state[3], state[4]
        return self


def tail_surprise(z: float) -> float:
    """Return −log10 of the chance that a standard normal exceeds `z`, for any `z`."""
    if z < 25.0:
        return -math.log10(0.5 * math.erfc(z * math.sqrt(0.5)))
    return (0.5 * z * z + math.log(z * math.sqrt(2 * math.pi))) * _LOG10_E

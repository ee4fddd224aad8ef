"""How rare is a value among this scope's own past daily maxima? An unbounded answer from few days or many."""

from __future__ import annotations

import math
from typing import Any

_LOG10_E = math.log10(math.e)


class Rarity:
    """Remembers the daily maxima of one channel and says how improbable a day with a higher one is.

    The logarithms of the maxima are taken as normal with unknown mean and deviation, so that the answer is the
    tail of Student's t: cautious after few days, sharper with every day learnt. A prior of some pseudo-days
    stands in for the days not yet seen.
    """

    __slots__ = ("_mean", "_prior", "_spread", "_weight", "days")

    def __init__(self, prior_mean: float, prior_sd: float, prior_days: float) -> None:
        self._prior = (prior_mean, prior_sd, prior_days)
        self._weight = prior_days
        self._mean = prior_mean
        self._spread = prior_sd * prior_sd * prior_days
        self.days: list[float] = []

    def learn(self, maximum: float, forget: float) -> None:
        """Close a day whose highest value was `maximum`; older days keep the share `forget` of their weight."""
        x = math.log(maximum)
        floor = self._prior[2]
        weight = max(self._weight * forget, floor)
        self._spread *= weight / self._weight
        self._weight = weight + 1.0
        delta = x - self._mean
        self._mean += delta / self._weight
        self._spread += delta * (x - self._mean)
        self.days.append(maximum)
        del self.days[:-365]

    def surprise(self, value: float) -> float:
        """Return −log10 of the chance that a day's maximum is at least `value` (> 0)."""
        nu = self._weight
        sd = math.sqrt(self._spread / nu * (1.0 + 1.0 / nu))
        t = (math.log(value) - self._mean) / sd
        z = math.sqrt(nu * math.log1p(t * t / nu)) * (1.0 - 0.75 / (nu + 1.0))
        return _minus_log10_normal_tail(z if t > 0 else -z)

    def copy(self) -> Rarity:
        """Return an independent copy."""
        twin = Rarity(*self._prior)
        twin._weight, twin._mean, twin._spread = self._weight, self._mean, self._spread
        twin.days = list(self.days)
        return twin

    def to_state(self) -> list[Any]:
        """Return what was learnt, ready for JSON."""
        return [self._weight, self._mean, self._spread, list(self.days)]

    def restore(self, state: list[Any]) -> None:
        """Take over what `to_state` returned."""
        self._weight, self._mean, self._spread = state[0], state[1], state[2]
        self.days = list(state[3])


def _minus_log10_normal_tail(z: float) -> float:
    """Return −log10 of the chance that a standard normal exceeds z, for any z."""
    if z < 25.0:
        return -math.log10(0.5 * math.erfc(z * 0.7071067811865476))
    return (0.5 * z * z + math.log(z * 2.5066282746310002)) * _LOG10_E

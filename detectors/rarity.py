"""How rare is a value among this scope's own past daily maxima? An unbounded answer from few days or from many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

_LOWEST, _STEP, _KNOTS = -2.5, 0.15, 77
"""The table's grid, in natural logarithms: from a twelfth to nine thousand times the usual."""
_SQRT_HALF = math.sqrt(0.5)
_REMEMBERED_DAYS = 365


@dataclass(frozen=True, slots=True)
class RarityOptions:
    """Memory and prior of one channel.

    A channel's value is a logarithm of a ratio. Each past maximum is blurred by `blur`, widened by counting noise
    (`noise`, the variance for a scope of hardly any mentions): a record beaten by a hair is no surprise.
    `prior_days` pseudo-days around `prior_at` (sd `prior_sd`) stand in for days not yet seen.
    """

    prior_at: float
    prior_sd: float = 0.7
    prior_days: float = 10.0
    half_life_days: float = 120.0
    blur: float = 0.25
    noise: float = 0.0


class Rarity:
    """Remembers one channel's daily maxima, and says how improbable a day with a higher one is.

    Days fade by half-life. The blurred share of days above each knot of a grid is kept up to date as days close,
    so that asking costs the same after a week or after a year.
    """

    __slots__ = ("_above", "_keep", "_options", "_prior", "_table", "_weight", "days")

    def __init__(self, options: RarityOptions) -> None:
        self._options = options
        self._keep = 0.5 ** (1 / options.half_life_days)
        self._prior = _tail_on_grid(options.prior_at, options.prior_sd, options.prior_days)
        self._above: tuple[float, ...] = (0.0,) * _KNOTS
        self._weight = 0.0
        self.days: tuple[float, ...] = ()
        self._table: tuple[float, ...] = ()
        self._tabulate()

    def learn(self, maximum: float, usual_count: float) -> None:
        """Close a day with its highest value; `usual_count`: mentions expected in the channel's window."""
        options = self._options
        blur = math.sqrt(options.blur**2 + options.noise / (1.0 + usual_count) ** 2)
        new = _tail_on_grid(maximum, blur, 1.0)
        self._above = tuple(old * self._keep + n for old, n in zip(self._above, new, strict=True))
        self._weight = self._weight * self._keep + 1.0
        self.days = (*self.days[1 - _REMEMBERED_DAYS :], maximum)
        self._tabulate()

    def surprise(self, value: float) -> float:
        """Return −log10 of the chance that a day's maximum is at least `value`."""
        position = (value - _LOWEST) / _STEP
        if position <= 0.0:
            return 0.0
        knot = int(position) if position < _KNOTS - 2 else _KNOTS - 2
        low = self._table[knot]
        return low + (position - knot) * (self._table[knot + 1] - low)

    def _tabulate(self) -> None:
        weight = self._weight + self._options.prior_days
        self._table = tuple(
            -math.log10((above + prior) / weight) for above, prior in zip(self._above, self._prior, strict=True)
        )

    def copy(self) -> Rarity:
        """Return an independent copy; what is shared is never changed in place."""
        twin = Rarity.__new__(Rarity)
        for name in self.__slots__:
            setattr(twin, name, getattr(self, name))
        return twin

    def to_state(self) -> dict[str, Any]:
        """Return what was learnt, ready for JSON."""
        return {"weight": self._weight, "above": list(self._above), "days": list(self.days)}

    @classmethod
    def from_state(cls, state: dict[str, Any], options: RarityOptions) -> Rarity:
        """Rebuild from `to_state`; raises KeyError when something is missing from it."""
        self = cls(options)
        self._weight, self._above, self.days = state["weight"], tuple(state["above"]), tuple(state["days"])
        self._tabulate()
        return self


def _tail_on_grid(centre: float, sd: float, weight: float) -> tuple[float, ...]:
    """Return, for each knot, `weight` × the chance that a normal value lies above it."""
    scale = _SQRT_HALF / sd
    return tuple(0.5 * weight * math.erfc((_LOWEST + k * _STEP - centre) * scale) for k in range(_KNOTS))

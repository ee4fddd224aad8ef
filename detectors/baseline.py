"""What is normal for this scope at this hour: a slow level × hour of day × kind of day, learnt as it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

DAY = 86_400.0
HOUR = 3_600.0
SUNDAY = 6
HOLIDAY = 7
"""Kind of day of a public holiday; 0 Monday … 6 Sunday are the others."""
_KINDS = 8

_ORDINARY_DAY = tuple(
    share / 0.9958
    for share in (
        0.45, 0.30, 0.25, 0.22, 0.25, 0.38, 0.65, 0.95, 1.15, 1.30, 1.35, 1.38,
        1.38, 1.38, 1.38, 1.38, 1.35, 1.35, 1.35, 1.38, 1.38, 1.25, 1.00, 0.69,
    )
)  # fmt: skip
"""Mentions of each local hour ÷ the mean hour, until this scope's own day is known: quiet night, broad day."""

_KEPT = (
    "days_learnt",
    "_level_count",
    "_level_weight",
    "_hour_count",
    "_hour_weight",
    "_hour_factor",
    "_kind_count",
    "_kind_weight",
    "_kind_factor",
    "_hour",
    "_kind",
    "_hour_from",
    "_hour_until",
    "local_day",
)


@dataclass(frozen=True, slots=True)
class BaselineOptions:
    """Where the brand lives, how fast its baseline forgets, how much it believes beforehand (days, mentions).

    Half-lives: three days of level follow a brand's growth but not its evening; three weeks of hours and sixty
    days of weekdays change as slowly as habits do. Priors: a first odd day moves an hour by a third of its oddity.
    """

    timezone: str = "UTC"
    holidays: frozenset[date] = frozenset()
    level_days: float = 3.0
    hour_days: float = 21.0
    kind_weeks: float = 8.0
    prior_days: float = 2.0
    prior_mentions: float = 30.0


class Baseline:
    """Expected count of a bucket. For each bucket in turn: `expected`, then (if it was heard) `learn`."""

    def __init__(self, options: BaselineOptions, step_seconds: float) -> None:
        self.options = options
        self._zone = ZoneInfo(options.timezone)
        self._buckets_a_day = DAY / step_seconds
        self._glides = step_seconds <= HOUR
        self._middle = step_seconds / 2
        self._ordinary = _ORDINARY_DAY if self._glides else (1.0,) * 24
        self._level_keep = 0.5 ** (1 / (options.level_days * self._buckets_a_day))
        self._hour_keep = 0.5 ** (1 / options.hour_days)
        self._kind_keep = 0.5 ** (1 / options.kind_weeks)
        self._level_count = 0.0
        self._level_weight = 0.0
        self._hour_count = [0.0] * 24
        self._hour_weight = [0.0] * 24
        self._hour_factor = list(self._ordinary)
        self._kind_count = [0.0] * _KINDS
        self._kind_weight = [0.0] * _KINDS
        self._kind_factor = [1.0] * _KINDS
        self._hour = self._kind = 0
        self._hour_from = self._hour_until = 0.0
        self._shape = 1.0
        self.local_day = 0
        self.days_learnt = 0.0

    @property
    def level(self) -> float:
        """Mean count of a bucket over an ordinary day; 0 before anything was learnt."""
        return self._level_count / self._level_weight if self._level_weight > 0.0 else 0.0

    @property
    def local_hour(self) -> int:
        """Hour of day (0–23) in the brand's zone of the bucket last asked for."""
        return self._hour

    def expected(self, at: float) -> float:
        """Return the expected count of the fully heard bucket that starts at epoch second `at`.

        The hours' factors hold in the middle of each hour, and the expectation glides between them.
        """
        if not self._hour_from <= at < self._hour_until:
            self._enter_hour(at)
        factors, hour = self._hour_factor, self._hour
        here = factors[hour]
        if self._glides:
            beyond = (at + self._middle - self._hour_from) / HOUR - 0.5
            towards = factors[hour - 1] if beyond < 0.0 else factors[(hour + 1) % 24]
            here += (towards - here) * abs(beyond)
        self._shape = here * self._kind_factor[self._kind]
        return self._shape * self.level

    def learn(self, count: float, covered: float) -> None:
        """Learn the count of the bucket last asked for, of which the share `covered` was heard.

        A surge must be cut down by the caller, so that it does not teach itself.
        """
        hour, kind = self._hour, self._kind
        level = self.level or count / (self._shape * covered)
        self._level_count = self._level_count * self._level_keep + count
        self._level_weight = self._level_weight * self._level_keep + self._shape * covered
        self._hour_count[hour] += count
        self._hour_weight[hour] += level * self._kind_factor[kind] * covered
        self._kind_count[kind] += count
        self._kind_weight[kind] += level * self._hour_factor[hour] * covered
        self.days_learnt += covered / self._buckets_a_day

    def _enter_hour(self, at: float) -> None:
        """Close the hour (and the day) left behind, and find out where in the brand's day we are now."""
        local = datetime.fromtimestamp(at, UTC).astimezone(self._zone)
        today = local.toordinal()
        if self.level > 0.0:
            self._close_hour()
            if today != self.local_day:
                self._close_day()
        into_hour = local.minute * 60.0 + local.second + local.microsecond / 1e6
        self._hour_from = at - into_hour
        self._hour_until = self._hour_from + HOUR
        self._hour, self.local_day = local.hour, today
        self._kind = HOLIDAY if local.date() in self.options.holidays else local.weekday()

    def _close_hour(self) -> None:
        hour, options = self._hour, self.options
        hours = min(24.0, self._buckets_a_day)
        prior = (options.prior_days * self.level * self._buckets_a_day + options.prior_mentions) / hours
        known = self._hour_weight[hour] + prior
        self._hour_factor[hour] = (self._hour_count[hour] + prior * self._ordinary[hour]) / known
        self._hour_count[hour] *= self._hour_keep
        self._hour_weight[hour] *= self._hour_keep

    def _close_day(self) -> None:
        """A weekday is shrunk to the other days; a holiday, which is rare, to this scope's Sundays."""
        kind, options = self._kind, self.options
        prior = 2 * options.prior_days * self.level * self._buckets_a_day + options.prior_mentions
        usual = self._kind_factor[SUNDAY] if kind == HOLIDAY else 1.0
        known = self._kind_weight[kind] + prior
        self._kind_factor[kind] = (self._kind_count[kind] + prior * usual) / known
        self._kind_count[kind] *= self._kind_keep
        self._kind_weight[kind] *= self._kind_keep

    def copy(self) -> Baseline:
        """Return an independent copy."""
        twin = Baseline.__new__(Baseline)
        twin.__dict__.update(self.__dict__)
        for name in _KEPT:
            value = getattr(self, name)
            if isinstance(value, list):
                setattr(twin, name, value.copy())
        return twin

    def to_state(self) -> dict[str, Any]:
        """Return what was learnt, ready for JSON; the options are the config's."""
        twin = self.copy()
        return {name: getattr(twin, name) for name in _KEPT}

    @classmethod
    def from_state(cls, state: dict[str, Any], options: BaselineOptions, step_seconds: float) -> Baseline:
        """Rebuild a baseline from `to_state`; raises KeyError when something is missing from it."""
        self = cls(options, step_seconds)
        for name in _KEPT:
            value = state[name]
            setattr(self, name, list(value) if isinstance(value, list) else value)
        return self

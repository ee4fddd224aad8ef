"""What is normal for this scope at this hour: a slow level × hour of day × kind of day, learnt as it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

DAY = 86_400.0
HOLIDAY = 7  # kind of day: 0 Monday … 6 Sunday, 7 public holiday
_KINDS = 8


@dataclass(frozen=True, slots=True)
class BaselineOptions:
    """How fast the baseline forgets and how much it believes before it has seen much (days, mentions)."""

    timezone: str = "UTC"
    holidays: frozenset[date] = frozenset()
    level_days: float = 3.0
    profile_days: float = 21.0
    level_prior_days: float = 0.5
    profile_prior_days: float = 2.0
    profile_prior_mentions: float = 30.0


# Mentions per hour of an ordinary local day, relative to the mean: quiet nights, a broad day, an evening.
_ORDINARY_DAY = (
    0.45, 0.30, 0.25, 0.22, 0.25, 0.38, 0.65, 0.95, 1.15, 1.30, 1.35, 1.38,
    1.38, 1.38, 1.38, 1.38, 1.35, 1.35, 1.35, 1.38, 1.38, 1.25, 1.00, 0.69,
)  # fmt: skip


class Baseline:
    """Expected count of a bucket. Feed it with `locate`, then `expected`, then `learn`, bucket by bucket."""

    def __init__(self, options: BaselineOptions, step_seconds: float) -> None:
        self.options = options
        self._step = step_seconds
        self._buckets_a_day = DAY / step_seconds
        self._zone = ZoneInfo(options.timezone)
        self._level_decay = 0.5 ** (1 / (options.level_days * self._buckets_a_day))
        self._profile_decay = 0.5 ** (1 / options.profile_days)
        self._level_count = 0.0
        self._level_weight = 0.0
        self._hour_count = [0.0] * 24
        self._hour_weight = [0.0] * 24
        self._kind_count = [0.0] * _KINDS
        self._kind_weight = [0.0] * _KINDS
        self._hours = list(_ORDINARY_DAY)
        self._kinds = [1.0] * _KINDS
        self._hour_of_epoch = -1.0
        self._hour = 0
        self._kind = 0
        self._shape = 1.0
        self.buckets_learnt = 0.0

    @property
    def days_learnt(self) -> float:
        """How many days of heard buckets the baseline has seen."""
        return self.buckets_learnt / self._buckets_a_day

    @property
    def level(self) -> float:
        """Mean count a bucket of an ordinary day, at the slow level."""
        return self._level_count / self._level_weight if self._level_weight > 0 else 0.0

    def expected(self, at: float) -> float:
        """Expected count of the bucket that starts at epoch second `at`, fully covered."""
        hour_of_epoch = at // 3600.0
        if hour_of_epoch != self._hour_of_epoch:
            self._enter_hour(at, hour_of_epoch)
        self._shape = self._hours[self._hour] * self._kinds[self._kind]
        return self._shape * self.level

    def learn(self, count: float, covered: float) -> None:
        """Learn a (winsorised) count of the bucket last asked for, of which the share `covered` was heard."""
        level = self.level
        decay = self._level_decay
        self._level_count = self._level_count * decay + count
        self._level_weight = self._level_weight * decay + self._shape * covered
        self.buckets_learnt += covered
        hour, kind = self._hour, self._kind
        self._hour_count[hour] += count
        self._hour_weight[hour] += level * self._kinds[kind] * covered
        self._kind_count[kind] += count
        self._kind_weight[kind] += level * self._hours[hour] * covered

    def _enter_hour(self, at: float, hour_of_epoch: float) -> None:
        local = datetime.fromtimestamp(at, UTC).astimezone(self._zone)
        self._hour_of_epoch = hour_of_epoch
        self._refit(self._hour, self._kind)
        self._hour = local.hour
        self._kind = HOLIDAY if local.date() in self.options.holidays else local.weekday()

    def _refit(self, hour: int, kind: int) -> None:
        """Forget a little of the hour just closed and set its factors anew."""
        options = self.options
        day = self._buckets_a_day
        level = max(self.level, 1e-9)
        prior = (options.profile_prior_days * level * day + options.profile_prior_mentions) / 24
        self._hours[hour] = (self._hour_count[hour] + prior * _ORDINARY_DAY[hour]) / (
            self._hour_weight[hour] + prior
        )
        self._hour_count[hour] *= self._profile_decay
        self._hour_weight[hour] *= self._profile_decay
        prior = options.profile_prior_days * level * day + options.profile_prior_mentions
        usual = self._kinds[6] if kind == HOLIDAY else 1.0
        self._kinds[kind] = (self._kind_count[kind] + prior * usual) / (self._kind_weight[kind] + prior)
        keep = self._profile_decay ** (1 / 24)
        self._kind_count[kind] *= keep
        self._kind_weight[kind] *= keep

    def copy(self) -> Baseline:
        """Return an independent copy."""
        twin = Baseline.__new__(Baseline)
        twin.__dict__.update(self.__dict__)
        for name in ("_hour_count", "_hour_weight", "_kind_count", "_kind_weight", "_hours", "_kinds"):
            setattr(twin, name, list(getattr(self, name)))
        return twin

    def to_state(self) -> dict[str, Any]:
        """Return what was learnt, ready for JSON (the options are the config's)."""
        skip = {"options", "_zone"}
        return {k.lstrip("_"): v for k, v in self.copy().__dict__.items() if k not in skip}

    @classmethod
    def from_state(cls, options: BaselineOptions, state: dict[str, Any]) -> Baseline:
        """Rebuild a baseline from `to_state` and the options it ran with."""
        self = cls(options, state["step"])
        for key, value in state.items():
            name = key if key in self.__dict__ else f"_{key}"
            setattr(self, name, list(value) if isinstance(value, list) else value)
        return self

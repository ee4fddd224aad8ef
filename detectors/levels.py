"""From numbers to watch, warning or crisis: one table of conditions, and two ticks in a row.

Pure functions of the numbers of one scope at one tick. Why each condition stands is in docs/detection.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from detectors.options import Thresholds
from detectors.signal import Level

_EARLY_DAYS = 14
_SMALL_DAY = 8.0


@dataclass(frozen=True, slots=True)
class PeopleNumbers:
    """Different negative people of one scope at one tick, and how unusual they are.

    `z_*` are standard deviations against the same clock hour, `z` the combination of one and three hours,
    `days_share` the share of own days as bad, `days` how many there are, `usual_day` the usual people of 24 h,
    `negativity` how negative the people above the usual are, divided by the usual share (1 = as usual).
    """

    burst: int
    hour: int
    hours: int
    day: int
    z_burst: float
    z_hour: float
    z_hours: float
    z_day: float
    z: float
    days_share: float
    days: int
    usual_day: float
    negativity: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A level and the horizon that carried it: `burst`, `hour`, `hours`, `day` (empty when calm)."""

    level: Level = Level.CALM
    horizon: str = ""


CALM = Verdict()


def judge_people(n: PeopleNumbers, t: Thresholds) -> Verdict:
    """Return the level that the numbers of a scope with a baseline ask for."""
    watch = _watch_horizon(n, t)
    if not watch:
        return CALM
    if n.negativity < t.warning_negativity:
        return Verdict(Level.WATCH, watch)
    if n.z >= t.crisis_z and n.hour >= t.crisis_people and n.days_share <= t.crisis_days:
        return Verdict(Level.CRISIS, "hour")
    if n.z >= t.warning_z and n.hour >= t.warning_people and n.days_share <= _warning_days(n.days, t):
        return Verdict(Level.WARNING, "hour")
    if n.z_day >= t.day_warning_z and n.day >= max(t.warning_people, 2.5 * n.usual_day):
        return Verdict(Level.WARNING, "day")
    return Verdict(Level.WATCH, watch)


def _watch_horizon(n: PeopleNumbers, t: Thresholds) -> str:
    """Name the horizon that is unusual enough for a watch, or nothing."""
    if n.days_share <= t.watch_days:
        if n.hour >= t.watch_people and n.z_hour >= t.watch_z:
            return "hour"
        if n.burst >= t.watch_people and n.z_burst >= t.watch_burst_z:
            return "burst"
        if n.hours >= t.watch_people and n.z >= t.watch_z:
            return "hours"
    least = t.watch_small_people if n.usual_day < _SMALL_DAY else t.watch_people
    if n.day >= least and n.z_day >= t.day_watch_z:
        return "day"
    return ""


def _warning_days(days: int, t: Thresholds) -> float:
    return t.warning_days_early if days < _EARLY_DAYS else t.warning_days


def judge_cold(people_hour: int, mentions_hour: int, negative_mentions: int, t: Thresholds) -> Level:
    """Return the level without any baseline: people in the hour and the negative share of its mentions."""
    share = negative_mentions / mentions_hour if mentions_hour else 0.0
    if people_hour >= t.cold_warning_people and share >= t.cold_warning_share:
        return Level.WARNING
    if people_hour >= t.cold_watch_people and share >= t.cold_watch_share:
        return Level.WATCH
    return Level.CALM


class TwoTicks:
    """Lets a level through only when the tick before asked for at least as much."""

    __slots__ = ("before",)

    def __init__(self, before: int = 0) -> None:
        self.before = before

    def let_through(self, level: Level) -> Level:
        """Return the level that has held for two ticks."""
        held = Level(min(self.before, level))
        self.before = int(level)
        return held

"""From numbers to watch, warning or crisis: one table of conditions, and two ticks in a row.

Pure functions of the numbers of one scope at one tick. Why each condition stands is in docs/detection.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from detectors.observation import People
from detectors.options import Thresholds
from detectors.signal import Level

_SMALL_DAY = 8.0
_STILL = 1.5
_STILL_PEOPLE, _FULL_PACE, _HALF_PACE = 3, 8.0, 16.0
_YOUNG = 0.5
_YOUNG_DAYS = 14.0  # until then the rarity of a day is mostly the prior's, and less of it is asked for
_YOUNG_WATCH, _YOUNG_WARNING = 0.4, 0.3
_ORDINARY_SURPRISE = 1.0
_TICKS_AN_HOUR = 12
_TICK = 1.0 / _TICKS_AN_HOUR
_MOST_SUSTAINED = 2.0
_SOUR = 1.5  # sd that the negative share is above the usual from which nothing more is asked
_CROWD_AUTHORS, _CROWD_SHARE = 200.0, 0.2  # a crowd so big is likelier a big brand: so much more share is asked
_GROWTH_HOURS = 12  # fewer, and every morning outgrows the night
_OPENING_HOURS = 3  # heard hours after which a brand without baseline is judged by its own first ones


@dataclass(frozen=True, slots=True)
class PeopleNumbers:
    """Different negative people of one scope at one tick, and how unusual they are.

    `burst`, `hour`, `hours`, `day` are the people of 15 minutes, 1 h, 3 h, 24 h; `z_*` standard deviations against
    the same clock hour; `z` the larger of the hour's and of one and three hours joined; `surprise` −log10 of
    the share of own days with so bad an hour; `usual_hours` and `usual_day` the usual people of 3 and 24 h;
    `negativity` how negative the people above the usual are, divided by the usual share (1 = as usual); `age_days`
    how long was learnt; `loudness` the share of the mentions that the loudest author has beyond a handful;
    `souring` by how many standard deviations the hour's negative share is above the usual.
    """

    burst: int
    hour: int
    hours: int
    day: int
    z_burst: float
    z_day: float
    z: float
    surprise: float
    usual_hours: float
    usual_day: float
    negativity: float
    age_days: float
    loudness: float
    souring: float

    def strictness(self) -> float:
        """How many times the usual z a warning needs: more while the baseline is young or one author dominates."""
        return (1.0 + _YOUNG / max(self.age_days, 1.0)) / (1.0 - self.loudness)

    def gravity(self) -> float:
        """How rare such an hour is, less where people are no more negative than usual.

        A topic is more of the same: to wake somebody it must be up to ten times as rare as an hour that has
        turned sour.
        """
        return self.surprise - max(0.0, min(1.0, 1.0 - self.souring / _SOUR))

    def small(self) -> bool:
        """Whether fewer than eight negative people a day are usual."""
        return max(self.usual_day, 4.0 * self.usual_hours) < _SMALL_DAY


@dataclass(frozen=True, slots=True)
class Verdict:
    """A level and the horizon that carried it: `burst`, `hour`, `hours`, `day` (empty when calm)."""

    level: Level = Level.CALM
    horizon: str = ""


CALM = Verdict()


def sustained_surprise(before: float, n: PeopleNumbers) -> float:
    """Add this tick's gravity above the ordinary to what was `before` (hours × surprise), never under 0.

    A young baseline or a loud author makes a tick count for less.
    """
    more = (n.gravity() / n.strictness() - _ORDINARY_SURPRISE) / _TICKS_AN_HOUR
    return max(0.0, min(before + more, _MOST_SUSTAINED))


def drained(before: float) -> float:
    """Let a tick pass in which nobody to speak of was unhappy."""
    return max(0.0, before - _ORDINARY_SURPRISE / _TICKS_AN_HOUR)


def judge_people(n: PeopleNumbers, t: Thresholds, sustained: float = 0.0, scopes: int = 1) -> Verdict:
    """Return the level that the numbers of a scope with a baseline ask for.

    `sustained` is what `sustained_surprise` has added up: an hour that is bad once may be chance or one stuck
    plane, the same for two hours is not. `scopes` is how many scopes share the brand's allowance of false
    alarms: among ten themes one is always unusual.
    """
    shared = math.log10(max(scopes, 1))
    few = scopes == 1 and n.small()  # a quiet theme of a busy brand is no small brand
    watch = _watch_horizon(n, t, shared, few)
    if not watch or n.negativity < t.warning_negativity:
        return Verdict(Level.WATCH, watch) if watch else CALM
    if _is_crisis(n, t, shared):
        return Verdict(Level.CRISIS, "hour")
    enough = n.hour >= t.warning_people
    if (enough or (few and n.hours >= t.warning_small_people)) and _is_bad(n, t, sustained, shared):
        return Verdict(Level.WARNING, "hour" if enough else "hours")
    if (
        _still_burning(n, _FULL_PACE)
        and n.z_day >= t.day_warning_z * n.strictness()
        and n.day >= max(t.warning_people, 2.5 * n.usual_day)
    ):
        return Verdict(Level.WARNING, "day")
    return Verdict(Level.WATCH, watch)


def _is_crisis(n: PeopleNumbers, t: Thresholds, shared: float) -> bool:
    enough = n.hour >= t.crisis_people and n.gravity() >= t.crisis_surprise + shared
    return enough and n.z >= t.crisis_z * n.strictness()


def _is_bad(n: PeopleNumbers, t: Thresholds, sustained: float, shared: float) -> bool:
    """Whether it is a warning: very rare, or rare and rising steeply, or rather rare and lasting."""
    if n.z >= t.warning_z * n.strictness():
        discount = _YOUNG_WARNING * max(0.0, 1.0 - n.age_days / _YOUNG_DAYS)
        very_rare = n.gravity() >= t.warning_surprise - discount + shared
        if very_rare or (_bursting(n, t) and n.gravity() >= t.watch_surprise + shared):
            return True
    lasting = sustained >= t.warning_sustained + shared and n.gravity() >= _ORDINARY_SURPRISE
    return lasting and n.z >= t.watch_z


def _bursting(n: PeopleNumbers, t: Thresholds) -> bool:
    return n.burst >= t.watch_people and n.z_burst >= t.watch_burst_z


def _still_burning(n: PeopleNumbers, pace: float) -> bool:
    """Whether people still come: a burst stays in the 24 hours long after it is over.

    At least three people in three hours, clearly more than usual, and keeping pace with the day's excess (a day is
    eight times three hours; sixteen is half the pace). Without it the synthetic year warned of echoes
    (docs/detection-year.md).
    """
    lasting = n.usual_hours + (n.day - n.usual_day) / pace
    more = n.hours > _STILL * n.usual_hours
    return more and n.hours >= max(_STILL_PEOPLE, lasting)


def _watch_horizon(n: PeopleNumbers, t: Thresholds, shared: float, few: bool) -> str:
    """Name the horizon that is unusual enough for a watch, or nothing."""
    discount = _YOUNG_WATCH if n.age_days < _YOUNG_DAYS else 0.0
    if n.surprise >= t.watch_surprise - discount + shared and n.z >= t.watch_z:
        if n.hour >= t.watch_people:
            return "hour"
        if n.hours >= (t.watch_small_people if few else t.watch_people):
            return "hours"
    if _bursting(n, t) and n.surprise >= t.burst_surprise + shared:
        return "burst"
    least = t.watch_small_people if n.small() else t.watch_people
    if n.day >= least and n.z_day >= t.day_watch_z and _still_burning(n, _HALF_PACE):
        return "day"
    return ""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a scope without baseline.

    `heard` hours were listened to, `hours` whole ones; `busiest` are the negative people of the busiest of these,
    `first` of the busiest of the first three; `expected` the negative people of this hour by those hours and an
    ordinary day's curve.
    """

    heard: float

    hours: float
    busiest: int
    first: int
    expected: float


def judge_cold(hour: People, known: Opening, t: Thresholds) -> Verdict:
    """Return the level without any baseline.

    In the first hours, and while a scope goes on as it began with many unhappy people, by the people in the hour
    and the negative share alone. A scope that began quietly is its own measure: only growth beyond the time of day
    counts.
    """
    share = hour.negative_mentions / hour.mentions if hour.mentions else 0.0
    grown = hour.negative >= max(t.watch_people, t.cold_growth * known.expected) and hour.negative > known.busiest
    outgrown = grown and known.hours >= _GROWTH_HOURS and hour.negative >= t.cold_growth * known.busiest
    goes_on = known.first >= t.cold_watch_people and hour.negative >= known.first / 2
    absolute = known.hours < _OPENING_HOURS or goes_on
    crowd = hour.negative >= t.cold_warning_people and hour.authors >= t.cold_warning_authors
    if (
        crowd
        and share >= _crowd_share(hour.authors / min(1.0, max(known.heard, _TICK)), t)
        and (absolute or grown)
    ):
        return Verdict(Level.WARNING, "cold_people")
    if absolute and hour.negative >= t.cold_watch_people and share >= t.cold_watch_share:
        return Verdict(Level.WATCH, "cold_people")
    return Verdict(Level.WATCH, "cold_growth") if outgrown else CALM


def _crowd_share(authors_an_hour: float, t: Thresholds) -> float:
    """Return the least negative share for a warning: more is asked of a crowd that is far above the least."""
    least = t.cold_warning_authors
    beyond = math.log(authors_an_hour / least) / math.log(max(_CROWD_AUTHORS / least, math.e))
    return t.cold_warning_share + _CROWD_SHARE * max(0.0, min(1.0, beyond))

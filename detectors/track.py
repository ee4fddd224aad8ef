"""What is learnt of one scope, and the numbers that follow from it at one tick."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from detectors.calendar import Moment
from detectors.levels import Opening, PeopleNumbers
from detectors.observation import HORIZONS, Observation, People
from detectors.own_days import OwnDays
from detectors.surge import Judgement, SurgeDetector, SurgeOptions
from detectors.usual import HourOfDay, Usual

BURST, HOUR, HOURS, DAY = HORIZONS
NOBODY = People()
_BUCKETS_AN_HOUR = 12
BURST_SHARE = (
    0.3  # different people of 15 minutes ÷ of the hour: more than a quarter, since people repeat themselves
)
_HORIZONS_JOIN = 1.75  # sd of the sum of the two z, which share an hour (docs/detection.md)
_COLD_HOURS, _COLD_MENTIONS, _COLD_BUSY_HOURS = 24.0, 20, 6
_LONGEST_COLD_HOURS = 14 * 24.0  # after two weeks few mentions are what is usual
_SURE_PEOPLE = 1.0
_OPENING_HOURS = 3.0
_SHARE_WANDERS = 0.05  # sd of a brand's negative share from hour to hour that no number of people takes away
_AS_NEGATIVE = 0.85
_SIGNS_JOIN = 1.85  # sd of the sum of both z, which correlate by about .7 where half the people are negative
_DAY_AFTER_HOURS = 48.0
_HANDFUL = 5  # mentions that one author may have in a window before counting as loud


class ScopeTrack:
    """One scope: volume, negative and positive people, own days. Fed every bucket, in order of time."""

    def __init__(self, surge: SurgeOptions) -> None:
        self.surge = SurgeDetector(surge)
        self.negative = HourOfDay()
        self.negative_hours = HourOfDay()
        self.negative_day = HourOfDay()
        self.authors = HourOfDay()
        self.authors_hours = HourOfDay()
        self.positive = HourOfDay()
        self.days = OwnDays()
        self.mentions = 0
        self.busy_hours = 0
        self.busiest_people = 0
        self.first_people = 0
        self._heard = [1.0] * _BUCKETS_AN_HOUR
        self._next = 0

    @property
    def cold(self) -> bool:
        """Whether there is too little history for a baseline."""
        few = self.mentions < _COLD_MENTIONS or self.busy_hours < _COLD_BUSY_HOURS
        return self.negative.hours < (_LONGEST_COLD_HOURS if few else _COLD_HOURS)

    def numbers(self, people: Mapping[timedelta, People], moment: Moment, factor: float) -> PeopleNumbers:
        """How unusual the negative people are; `factor`: how many times the usual is usual (planned events)."""
        burst, hour, hours, day = (people.get(h, NOBODY) for h in HORIZONS)
        usual = _widened(self.negative.usual(moment), factor)
        quarter = Usual(usual.expected * BURST_SHARE, usual.dispersion, usual.days)
        usual_authors = _widened(self.authors.usual(moment), factor)
        negativity = _negativity(hour, usual.expected, usual_authors.expected)
        z_hour, z_hours = (
            usual.z(hour.negative),
            _widened(self.negative_hours.usual(moment), factor).z(hours.negative),
        )
        if negativity >= _AS_NEGATIVE:
            z_hour = _joined(z_hour, usual_authors.z(hour.authors))
            z_hours = _joined(z_hours, _widened(self.authors_hours.usual(moment), factor).z(hours.authors))
        z = max(z_hour, (z_hour + z_hours) / _HORIZONS_JOIN)
        return PeopleNumbers(
            burst=burst.negative,
            hour=hour.negative,
            hours=hours.negative,
            day=day.negative,
            z_burst=quarter.z(burst.negative),
            z_day=self.z_day(day, moment, factor),
            z=z,
            surprise=self.days.surprise(z),
            usual_hours=self.negative_hours.usual(moment).expected * factor,
            usual_day=self.negative_day.usual(moment).expected * factor,
            negativity=negativity,
            age_days=usual.days,
            loudness=max(_loudness(hour), _loudness(hours)),
            souring=_souring(hour, usual.expected, usual_authors.expected),
        )

    def opening(self, volume: Judgement) -> Opening:
        """What the first hours say of an ordinary one now: their people a mention, and the day's curve."""
        hours = self.negative.hours
        people_a_mention = self.negative.level * hours / max(self.mentions, 1)
        expected = _BUCKETS_AN_HOUR * volume.expected * people_a_mention
        return Opening(24.0 * self.surge.days_learnt, hours, self.busiest_people, self.first_people, expected)

    def z_day(self, day: People, moment: Moment, factor: float) -> float:
        """How unusual the negative people of 24 hours are, in standard deviations; 0 in the first days."""
        if self.negative_day.hours < _DAY_AFTER_HOURS:
            return 0.0
        return _widened(self.negative_day.usual(moment), factor).z(day.negative)

    def learn_volume(self, seen: Observation, factor: float) -> Judgement:
        """Learn the sums of a closed bucket, or its measurement. Returns the judgement of its volume."""
        count = seen.value if seen.value is not None else float(seen.sums.mentions)
        found = self.surge.observe(seen.at.timestamp() - 300.0, count / factor, covered=seen.covered)
        self.mentions += seen.sums.mentions
        self._heard[self._next] = seen.covered
        self._next = (self._next + 1) % _BUCKETS_AN_HOUR
        return found

    def learn_people(self, seen: Observation, moment: Moment, factor: float) -> None:
        """Learn the different people of an hour, if a clock hour ends here."""
        if moment.whole_hour and seen.value is None:
            self._learn_people(seen.people, moment, factor)

    def _learn_people(self, people: Mapping[timedelta, People], moment: Moment, factor: float) -> None:
        hour, hours, day = (people.get(h, NOBODY) for h in (HOUR, HOURS, DAY))
        covered = sum(self._heard) / _BUCKETS_AN_HOUR
        if covered < 0.5:
            return
        if self.negative.hours >= _COLD_HOURS:
            z = self.numbers(people, moment, factor).z
            self.days.learn(z, float(hour.negative), moment.day)
        self.busy_hours += hour.mentions > 0
        self.busiest_people = max(self.busiest_people, hour.negative)
        if self.negative.hours < _OPENING_HOURS:
            self.first_people = max(self.first_people, hour.negative)
        self.negative.learn(hour.negative / factor, moment, covered)
        if self.negative.hours >= 3:
            self.negative_hours.learn(hours.negative / factor, moment, covered)
            self.authors_hours.learn(hours.authors / factor, moment, covered)
        if self.negative.hours >= 24:
            self.negative_day.learn(day.negative / factor, moment, covered)
        self.authors.learn(hour.authors / factor, moment, covered)
        self.positive.learn(hour.positive / factor, moment, covered)

    def copy(self) -> ScopeTrack:
        """Return an independent copy."""
        twin = ScopeTrack.__new__(ScopeTrack)
        twin.__dict__.update(self.__dict__)
        for name in _PARTS:
            setattr(twin, name, getattr(self, name).copy())
        twin._heard = list(self._heard)
        return twin

    def to_state(self) -> dict[str, Any]:
        """Return everything learnt, ready for JSON."""
        state = {name: getattr(self, name).to_state() for name in _PARTS}
        return state | {name: getattr(self, name) for name in _NUMBERS} | {"heard": list(self._heard)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], surge: SurgeOptions) -> ScopeTrack:
        """Rebuild from `to_state` and the volume options in force."""
        self = cls(surge)
        self.surge = SurgeDetector.from_state(state["surge"], surge)
        for name in _PARTS[1:]:
            setattr(self, name, type(getattr(self, name)).from_state(state[name]))
        for name in _NUMBERS:
            setattr(self, name, state[name])
        self._heard = list(state["heard"])
        return self


_PARTS = ("surge", "negative", "negative_hours", "negative_day", "authors", "authors_hours", "positive", "days")
_NUMBERS = ("mentions", "busy_hours", "busiest_people", "first_people", "_next")


def _negativity(hour: People, usual_negative: float, usual_authors: float) -> float:
    """How negative the people above the usual are ÷ the usual negative share. 1 where nobody is above it."""
    extra = hour.authors - usual_authors
    if extra <= _SURE_PEOPLE:
        return 1.0
    share = max(usual_negative, 0.25) / max(usual_authors, 0.5)
    return max(0.0, hour.negative - usual_negative) / extra / share


def _souring(hour: People, usual_negative: float, usual_authors: float) -> float:
    """By how many standard deviations the share of negative people is above the usual one."""
    usual = min(0.95, max(0.05, (usual_negative + 0.5) / (usual_authors + 1.0)))
    variance = hour.authors * usual * (1.0 - usual) + (_SHARE_WANDERS * hour.authors) ** 2 + 0.25
    return (hour.negative - hour.authors * usual) / math.sqrt(variance)


def _joined(negative: float, authors: float) -> float:
    """Join the z of negative people with that of all people, which errors of the sentiment do not touch."""
    return max(negative, (negative + authors) / _SIGNS_JOIN)


def _loudness(people: People) -> float:
    """Share of the mentions that the loudest author has beyond a handful (0–1)."""
    return max(0, people.largest_author - _HANDFUL) / people.mentions if people.mentions else 0.0


def _widened(usual: Usual, factor: float) -> Usual:
    return Usual(usual.expected * factor, usual.dispersion, usual.days) if factor != 1.0 else usual

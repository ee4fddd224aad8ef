"""The front of detection: one brand's observations in, findings out. Pure, deterministic, strictly causal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from detectors.baseline import BaselineOptions
from detectors.calendar import DayCalendar, Moment
from detectors.direct import ArrivalContext
from detectors.findings import cold_finding, people_finding, volume_finding
from detectors.levels import TwoTicks, judge_cold, judge_people
from detectors.observation import BrandObservation, Observation, ThreadObservation
from detectors.options import DetectionOptions, Thresholds
from detectors.praise import is_praise, judge_praise
from detectors.signal import Direction, Finding, Level, Scope, ScopeKind
from detectors.surge import Judgement, SurgeOptions
from detectors.threads import ThreadMemory, judge_thread
from detectors.track import HOUR, HOURS, NOBODY, ScopeTrack

_STATE_VERSION = 1
_LEAST_VOLUME_PEOPLE = 5
_BLIND = 0.5


class BrandJudge:
    """Judges and learns one brand, bucket by bucket, in order of time.

    `timezone` is the brand's zone and `country` the ISO code of its public holidays; a shared `calendar` replaces
    both. What is learnt is the same whether a bucket was observed or only learnt.
    """

    def __init__(
        self,
        brand: str,
        options: DetectionOptions | None = None,
        *,
        timezone: ZoneInfo | None = None,
        country: str | None = None,
        calendar: DayCalendar | None = None,
    ) -> None:
        self.brand = brand
        self.options = options or DetectionOptions()
        self.calendar = calendar or DayCalendar(timezone, country)
        self._thresholds = self.options.effective
        self._surge = SurgeOptions(
            baseline=BaselineOptions(timezone=self.calendar.timezone.key, holidays=self.calendar.holidays)
        )
        self._tracks: dict[Scope, ScopeTrack] = {}
        self._threads = ThreadMemory()
        self._gates: dict[tuple[Scope, str], TwoTicks] = {}
        self._held: dict[Scope, tuple[Finding, ...]] = {}
        self._context = ArrivalContext(brand, self.options)

    @property
    def learnt(self) -> float:
        """Days of history learnt of the brand as a whole."""
        track = self._tracks.get(Scope(self.brand))
        return track.negative.days if track else 0.0

    @property
    def cold(self) -> bool:
        """Whether there is no baseline yet, so that absolute rules judge."""
        track = self._tracks.get(Scope(self.brand))
        return track is None or track.cold

    def context(self) -> ArrivalContext:
        """Return what `judge_arrival` needs, as of the last observed bucket."""
        return self._context

    def observe(self, observation: BrandObservation) -> tuple[Finding, ...]:
        """Judge a closed bucket and learn it. Returns what holds now, highest level first."""
        moment = self.calendar.moment(observation.at)
        alone = sum(s.kind is ScopeKind.SOURCE for s in observation.scopes) < 2
        found: list[Finding] = []
        surprise = 0.0
        for scope, seen in observation.scopes.items():
            factor, _ = self._event(scope, observation)
            track = self._track(scope)
            people = (
                []
                if scope.kind is ScopeKind.MEASUREMENT
                else list(self._judge(scope, track, seen, moment, factor))
            )
            volume = track.learn(seen, moment, factor)
            people += self._judge_volume(scope, track, seen, volume, moment)
            if not (alone and scope.kind is ScopeKind.SOURCE):
                found += self._hold(scope, seen, tuple(people))
            if scope.kind is ScopeKind.BRAND:
                surprise = volume.surprise
        found += self._judge_threads(observation.threads, moment)
        self._learn_threads(observation)
        found.sort(key=lambda f: (-f.level, -f.surprise, f.scope, f.detector))
        self._context = replace(self._context, level=_level(found), surprise=surprise)
        return tuple(found)

    def learn(self, observation: BrandObservation) -> None:
        """Learn a bucket of history: sums of every bucket, people where `at` is on a whole hour."""
        moment = self.calendar.moment(observation.at)
        for scope, seen in observation.scopes.items():
            self._track(scope).learn(seen, moment, self._event(scope, observation)[0])
        self._learn_threads(observation)

    def _learn_threads(self, observation: BrandObservation) -> None:
        self._threads.learn(observation.threads, observation.at.timestamp())

    def _event(self, scope: Scope, observation: BrandObservation) -> tuple[float, str]:
        theme = scope.name if scope.kind is ScopeKind.THEME else None
        return self.options.event_factor(observation.at, theme)

    def _track(self, scope: Scope) -> ScopeTrack:
        track = self._tracks.get(scope)
        if track is None:
            track = self._tracks[scope] = ScopeTrack(self._surge)
        return track

    def _judge(
        self, scope: Scope, track: ScopeTrack, seen: Observation, moment: Moment, factor: float
    ) -> Iterator[Finding]:
        t = self._thresholds
        if track.cold:
            level = self._gate(scope, "negative_people", _cold_level(seen, t))
            if level:
                yield cold_finding(scope, track, seen, level, moment)
            return
        n = track.numbers(seen.people, moment, factor)
        verdict = judge_people(n, t)
        level = self._gate(scope, "negative_people", verdict.level)
        if level:
            yield people_finding(scope, track, seen, n, replace(verdict, level=level), moment)
        praise = judge_praise(scope, track, seen, moment, t)
        if self._gate(scope, "praise", Level.WATCH if praise else Level.CALM) and praise:
            yield praise

    def _judge_volume(
        self, scope: Scope, track: ScopeTrack, seen: Observation, volume: Judgement, moment: Moment
    ) -> Iterator[Finding]:
        level = self._gate(scope, "volume", _volume_level(scope, seen, volume, track, self._thresholds))
        if level:
            praised = is_praise(seen)
            direction = Direction.PRAISE if praised else Direction.TROUBLE
            yield volume_finding(scope, level, volume.surprise, track.surge.explain(), moment, direction)

    def _judge_threads(self, threads: tuple[ThreadObservation, ...], moment: Moment) -> Iterator[Finding]:
        share = self._negative_share()
        for thread in threads:
            usual = self._threads.usual(thread.page)
            finding = judge_thread(thread, usual, share, moment, self._thresholds)
            level = self._gate(thread.scope, "thread", finding.level if finding else Level.CALM)
            if finding and level:
                yield replace(finding, level=level)

    def _negative_share(self) -> float:
        track = self._tracks.get(Scope(self.brand))
        return track.negative.level / max(track.authors.level, 1e-9) if track and track.negative.hours else 0.4

    def _gate(self, scope: Scope, detector: str, level: Level) -> Level:
        gate = self._gates.get((scope, detector))
        if gate is None:
            if level is Level.CALM:
                return level
            gate = self._gates[scope, detector] = TwoTicks()
        held = gate.let_through(level)
        if not gate.before:
            del self._gates[scope, detector]
        return held

    def _hold(self, scope: Scope, seen: Observation, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """While a scope is blind its silence is not calm: what held before still holds."""
        if seen.covered < _BLIND and not found:
            return tuple(replace(f, at=seen.at) for f in self._held.get(scope, ()))
        if found:
            self._held[scope] = found
        else:
            self._held.pop(scope, None)
        return found

    def copy(self) -> BrandJudge:
        """Return an independent copy: the checkpoint to go back to when late mentions correct the past."""
        twin = BrandJudge.__new__(BrandJudge)
        twin.__dict__.update(self.__dict__)
        twin._tracks = {scope: track.copy() for scope, track in self._tracks.items()}
        twin._threads = self._threads.copy()
        twin._gates = {key: TwoTicks(gate.before) for key, gate in self._gates.items()}
        twin._held = dict(self._held)
        return twin

    def to_state(self) -> dict[str, Any]:
        """Return everything ready for JSON: `learnt` (the same for observed and learnt history) and `gates`."""
        tracks = [[s.kind.value, s.name, t.to_state()] for s, t in sorted(self._tracks.items())]
        gates = [[s.kind.value, s.name, d, g.before] for (s, d), g in sorted(self._gates.items(), key=_gate_order)]
        return {
            "version": _STATE_VERSION,
            "brand": self.brand,
            "learnt": {"tracks": tracks, "threads": self._threads.to_state()},
            "gates": gates,
        }

    @classmethod
    def from_state(
        cls,
        state: Mapping[str, Any],
        options: DetectionOptions | None = None,
        *,
        timezone: ZoneInfo | None = None,
        country: str | None = None,
        calendar: DayCalendar | None = None,
    ) -> BrandJudge:
        """Rebuild from `to_state` and the config in force. Raises ValueError for a state of another version."""
        if state.get("version") != _STATE_VERSION:
            raise ValueError(
                f"judge state of version {state.get('version')}, expected {_STATE_VERSION}: rebuild it"
            )
        self = cls(state["brand"], options, timezone=timezone, country=country, calendar=calendar)
        for kind, name, kept in state["learnt"]["tracks"]:
            self._tracks[Scope(self.brand, ScopeKind(kind), name)] = ScopeTrack.from_state(kept, self._surge)
        self._threads = ThreadMemory.from_state(state["learnt"]["threads"])
        for kind, name, detector, before in state["gates"]:
            self._gates[Scope(self.brand, ScopeKind(kind), name), detector] = TwoTicks(before)
        return self


def _cold_level(seen: Observation, t: Thresholds) -> Level:
    hour = seen.people.get(HOUR, NOBODY)
    return judge_cold(hour.negative, hour.mentions, hour.negative_mentions, t)


def _volume_level(scope: Scope, seen: Observation, volume: Judgement, track: ScopeTrack, t: Thresholds) -> Level:
    if scope.kind is ScopeKind.MEASUREMENT:
        if volume.surprise >= t.measurement_warning:
            return Level.WARNING
        return Level.WATCH if volume.surprise >= t.measurement_watch else Level.CALM
    authors = seen.people.get(HOURS, NOBODY).authors
    enough = authors >= _LEAST_VOLUME_PEOPLE and not track.cold
    return Level.WATCH if enough and volume.surprise >= t.volume_watch else Level.CALM


def _level(found: list[Finding]) -> Level:
    return max((f.level for f in found if f.direction is Direction.TROUBLE), default=Level.CALM)


def _gate_order(item: tuple[tuple[Scope, str], TwoTicks]) -> tuple[Scope, str]:
    return item[0]

"""The front of detection: one brand's observations in, findings out. Pure, deterministic, strictly causal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from detectors.baseline import BaselineOptions
from detectors.calendar import DayCalendar, Moment
from detectors.direct import ArrivalContext
from detectors.observation import BrandObservation, Observation, ThreadObservation
from detectors.options import DetectionOptions
from detectors.registry import ScopeCase, ShortMemory, ThreadCase, scope_rules, thread_rules
from detectors.signal import Direction, Finding, Level, Scope, ScopeKind
from detectors.surge import Judgement, SurgeOptions
from detectors.threads import ThreadMemory
from detectors.track import BURST, BURST_SHARE, ScopeTrack
from detectors.usual import HourOfDay

_STATE_VERSION = 3
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
        self._memories: dict[Scope, ShortMemory] = {}
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

    def usual_negative(self, scope: Scope, times: Sequence[datetime], step: timedelta) -> list[float] | None:
        """Different negative people that are usual in the `step` from each of `times` on; None while unknown."""
        track = self._tracks.get(scope)
        return None if track is None or track.cold else self._usual(track.negative, times, step)

    def usual_authors(self, scope: Scope, times: Sequence[datetime], step: timedelta) -> list[float] | None:
        """Different people of any mood that are usual in the `step` from each of `times`; None while unknown."""
        track = self._tracks.get(scope)
        return None if track is None or track.cold else self._usual(track.authors, times, step)

    def _usual(self, profile: HourOfDay, times: Sequence[datetime], step: timedelta) -> list[float]:
        share = min(1.0, BURST_SHARE * (step / BURST))
        return [share * profile.usual(self.calendar.moment(when + step)).expected for when in times]

    def context(self) -> ArrivalContext:
        """Return what `judge_arrival` needs, as of the last observed bucket."""
        return self._context

    def observe(self, observation: BrandObservation) -> tuple[Finding, ...]:
        """Judge a closed bucket and learn it. Returns what holds now, highest level first."""
        moment = self.calendar.moment(observation.at)
        begun = self._begun(observation)
        sharing = Counter(scope.kind for scope, _ in begun)
        found: list[Finding] = []
        surprise = 0.0
        for scope, seen in begun:
            track, factor = self._track(scope), self._factor(scope, observation.at)
            volume = track.learn_volume(seen, factor)
            # a single source says what its brand says
            if scope.kind is not ScopeKind.SOURCE or sharing[scope.kind] > 1:
                # half of the allowance of false alarms is the brand's, the other half its parts'
                parts = 1 if scope.kind is ScopeKind.BRAND else 2 * sharing[scope.kind]
                case = self._case(scope, seen, moment, volume, factor, parts)
                found += self._judge(case)
            track.learn_people(seen, moment, factor)
            surprise = volume.surprise if scope.kind is ScopeKind.BRAND else surprise
        found += self._judge_threads(observation.threads, moment)
        self._threads.learn(observation.threads, observation.at.timestamp())
        found.sort(key=lambda f: (-f.level, -f.surprise, f.scope, f.detector))
        self._context = replace(self._context, level=_level(found), surprise=surprise)
        return tuple(found)

    def learn(self, observation: BrandObservation) -> None:
        """Learn a bucket of history: sums of every bucket, people where `at` is on a whole hour."""
        moment = self.calendar.moment(observation.at)
        for scope, seen in self._begun(observation):
            track, factor = self._track(scope), self._factor(scope, observation.at)
            track.learn_volume(seen, factor)
            track.learn_people(seen, moment, factor)
        self._threads.learn(observation.threads, observation.at.timestamp())

    def _begun(self, observation: BrandObservation) -> list[tuple[Scope, Observation]]:
        """Scopes to judge and learn. A source counts from its first mention: the time before it taught nothing."""
        return [
            (scope, seen)
            for scope, seen in observation.scopes.items()
            if scope.kind is not ScopeKind.SOURCE or seen.sums.mentions or scope in self._tracks
        ]

    def _factor(self, scope: Scope, at: datetime) -> float:
        return self.options.event_factor(at, scope.name if scope.kind is ScopeKind.THEME else None)[0]

    def _track(self, scope: Scope) -> ScopeTrack:
        track = self._tracks.get(scope)
        if track is None:
            track = self._tracks[scope] = ScopeTrack(self._surge)
        return track

    def _case(
        self, scope: Scope, seen: Observation, moment: Moment, volume: Judgement, factor: float, sharing: int
    ) -> ScopeCase:
        memory = self._memories.get(scope) or ShortMemory()
        return ScopeCase(
            scope, seen, moment, self._tracks[scope], volume, self._thresholds, memory, factor, sharing
        )

    def _judge(self, case: ScopeCase) -> tuple[Finding, ...]:
        found = []
        for name, rule in scope_rules(case.scope.kind):
            held = _two_ticks(case.memory, name, rule(case))
            if held:
                found.append(held)
        holding = _hold(case.memory, case.seen, tuple(found))
        self._remember(case.scope, case.memory)
        return holding

    def _judge_threads(self, threads: tuple[ThreadObservation, ...], moment: Moment) -> Iterator[Finding]:
        share = self._negative_share()
        for thread in threads:
            memory = self._memories.get(thread.scope) or ShortMemory()
            case = ThreadCase(thread, moment, self._threads, self._thresholds, share)
            for name, rule in thread_rules():
                held = _two_ticks(memory, name, rule(case))
                if held:
                    yield held
            self._remember(thread.scope, memory)

    def _remember(self, scope: Scope, memory: ShortMemory) -> None:
        if memory.empty:
            self._memories.pop(scope, None)
        else:
            self._memories[scope] = memory

    def _negative_share(self) -> float:
        track = self._tracks.get(Scope(self.brand))
        return track.negative.level / max(track.authors.level, 1e-9) if track and track.negative.hours else 0.4

    def copy(self) -> BrandJudge:
        """Return an independent copy: the checkpoint to go back to when late mentions correct the past."""
        twin = BrandJudge.__new__(BrandJudge)
        twin.__dict__.update(self.__dict__)
        twin._tracks = {scope: track.copy() for scope, track in self._tracks.items()}
        twin._threads = self._threads.copy()
        twin._memories = {scope: memory.copy() for scope, memory in self._memories.items()}
        return twin

    def to_state(self) -> dict[str, Any]:
        """Return everything ready for JSON: `learnt` (the same for observed and learnt history) and `memories`."""
        tracks = [[s.kind.value, s.name, t.to_state()] for s, t in sorted(self._tracks.items())]
        memories = [[s.kind.value, s.name, m.before, m.sustained] for s, m in sorted(self._memories.items())]
        return {
            "version": _STATE_VERSION,
            "brand": self.brand,
            "learnt": {"tracks": tracks, "threads": self._threads.to_state()},
            "memories": memories,
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
        for kind, name, before, sustained in state["memories"]:
            memory = self._memories[Scope(self.brand, ScopeKind(kind), name)] = ShortMemory()
            memory.before, memory.sustained = dict(before), sustained
        return self


def _two_ticks(memory: ShortMemory, name: str, found: Finding | None) -> Finding | None:
    """Let a finding through at the level that has held for two ticks."""
    level = found.level if found else Level.CALM
    held = Level(min(memory.before.get(name, 0), level))
    if level:
        memory.before[name] = int(level)
    else:
        memory.before.pop(name, None)
    return replace(found, level=held) if found and held else None


def _hold(memory: ShortMemory, seen: Observation, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """While a scope is blind its silence is not calm: what held before still holds."""
    if seen.covered < _BLIND and not found:
        return tuple(replace(f, at=seen.at) for f in memory.held)
    memory.held = found
    return found


def _level(found: list[Finding]) -> Level:
    return max((f.level for f in found if f.direction is Direction.TROUBLE), default=Level.CALM)

"""Unusually many different people complain: the detector that most incidents open by."""

from __future__ import annotations

from detectors.findings import day_kind, span
from detectors.levels import PeopleNumbers, drained, judge_cold, judge_people, sustained_surprise
from detectors.own_days import tail_surprise
from detectors.registry import COUNTED, ScopeCase, scope_detector
from detectors.signal import Explanation, Finding, Level, Number, ScopeKind
from detectors.track import BURST, DAY, HOUR, HOURS, NOBODY, ScopeTrack
from detectors.usual import Usual

_NAME = "negative_people"
_WINDOWS = {"burst": BURST, "hour": HOUR, "hours": HOURS, "day": DAY}
_SPOKEN_OF = ("hours", "day", "burst")


@scope_detector(_NAME, COUNTED)
def judge_negative_people(case: ScopeCase) -> Finding | None:
    """Return what the different negative people of a scope ask for, by baseline or, without one, absolutely."""
    if case.track.cold:
        return _cold(case)
    if _too_few(case):
        case.memory.sustained = drained(case.memory.sustained)
        return None
    n = case.track.numbers(case.seen.people, case.moment, case.factor)
    case.memory.sustained = sustained_surprise(case.memory.sustained, n)
    verdict = judge_people(n, case.thresholds, case.memory.sustained, case.sharing)
    return _finding(case, n, verdict.level, _telling(case, verdict.horizon)) if verdict.level else None


def _telling(case: ScopeCase, horizon: str) -> str:
    """The horizon to speak of: the verdict's, or another where its own people are no more than usual.

    What carries an hour may be three hours, or all people: "65 people, 40 to 80 is usual" explains nothing.
    """
    for other in (horizon, *_SPOKEN_OF):
        people = case.seen.people.get(_WINDOWS[other], NOBODY).negative
        if people > _usual(case.track, other, case).between()[1]:
            return other
    return horizon


def _too_few(case: ScopeCase) -> bool:
    """Whether nothing can come of it, so that quiet scopes cost next to nothing."""
    people, t = case.seen.people, case.thresholds
    if people.get(HOURS, NOBODY).negative >= min(t.watch_people, t.watch_small_people):
        return False
    return case.track.z_day(people.get(DAY, NOBODY), case.moment, case.factor) < t.day_watch_z


def _finding(case: ScopeCase, n: PeopleNumbers, level: Level, horizon: str) -> Finding:
    window = _WINDOWS[horizon]
    people = case.seen.people.get(window, NOBODY).negative
    usual = _usual(case.track, horizon, case)
    low, high = usual.between()
    numbers: dict[str, Number] = {"people": people, "usual_low": low, "usual_high": high}
    numbers |= {"day_kind": day_kind(case.moment), "minutes": int(window.total_seconds()) // 60, "hours": 24}
    numbers["days"] = len(case.track.days)
    if horizon == "hour":
        numbers["days_as_many"] = case.track.days.as_many(n.hour)
    return Finding(
        scope=case.scope,
        detector=_NAME,
        level=level,
        at=case.moment.at,
        observed=float(people),
        expected=round(usual.expected, 2),
        surprise=round(tail_surprise(n.z_day) if horizon == "day" else n.surprise, 2),
        explanation=Explanation(f"negative_people_{horizon}", numbers | span(case.moment, window)),
        window_seconds=int(window.total_seconds()),
    )


def _cold(case: ScopeCase) -> Finding | None:
    hour, track = case.seen.people.get(HOUR, NOBODY), case.track
    verdict = judge_cold(hour, track.opening(case.volume), case.thresholds)
    if not verdict.level:
        return None
    # what a part of the brand shows without a baseline, the brand shows better
    level = verdict.level if case.scope.kind is ScopeKind.BRAND else min(verdict.level, Level.WATCH)
    numbers: dict[str, Number] = {
        "people": hour.negative,
        "mentions": hour.mentions,
        "negative_percent": round(100 * hour.negative_mentions / max(hour.mentions, 1)),
        "times": round(hour.negative / max(track.busiest_people, 1), 1),
        "hours_learnt": int(track.negative.hours),
        **span(case.moment, HOUR),
    }
    return Finding(
        scope=case.scope,
        detector=_NAME,
        level=level,
        at=case.moment.at,
        observed=float(hour.negative),
        expected=0.0,
        surprise=float(level),
        explanation=Explanation(verdict.horizon, numbers),
    )


def _usual(track: ScopeTrack, horizon: str, case: ScopeCase) -> Usual:
    profiles = {"day": track.negative_day, "hours": track.negative_hours}
    usual = profiles.get(horizon, track.negative).usual(case.moment)
    share = 0.25 if horizon == "burst" else 1.0
    return Usual(usual.expected * share * case.factor, usual.dispersion, usual.days)

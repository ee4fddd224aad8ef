"""Turning levels and numbers into findings with their sentence."""

from __future__ import annotations

from datetime import timedelta

from detectors.calendar import HOLIDAY, Moment
from detectors.levels import PeopleNumbers, Verdict
from detectors.observation import Observation
from detectors.signal import Direction, Explanation, Finding, Level, Number, Scope
from detectors.surge import SurgeEvidence
from detectors.track import BURST, DAY, HOUR, HOURS, NOBODY, ScopeTrack
from detectors.usual import Usual

DAY_KINDS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "holiday")
_WINDOWS = {"burst": BURST, "hour": HOUR, "hours": HOURS, "day": DAY}
_SURPRISE_OF_Z = 0.35  # −log10 of a normal tail per z, good enough between 3 and 8


def day_kind(moment: Moment) -> str:
    """Name the kind of day for the sentence: `monday` … `sunday`, `holiday`."""
    return DAY_KINDS[min(moment.kind, HOLIDAY)]


def span(moment: Moment, window: timedelta) -> dict[str, Number]:
    """`from` and `until` of the window that ends now, as ISO times."""
    return {"from": (moment.at - window).isoformat(), "until": moment.at.isoformat()}


def people_finding(
    scope: Scope, track: ScopeTrack, seen: Observation, n: PeopleNumbers, verdict: Verdict, moment: Moment
) -> Finding:
    """Say that unusually many different people complain."""
    window = _WINDOWS[verdict.horizon]
    people = seen.people.get(window, NOBODY).negative
    usual = _usual(track, verdict.horizon, moment)
    low, high = usual.between()
    numbers: dict[str, Number] = {"people": people, **span(moment, window), "usual_low": low, "usual_high": high}
    numbers |= {"day_kind": day_kind(moment), "minutes": int(window.total_seconds()) // 60, "hours": 24}
    numbers |= {"days_as_many": track.days.as_many(n.hour), "days": n.days}
    return Finding(
        scope=scope,
        detector="negative_people",
        level=verdict.level,
        at=moment.at,
        observed=float(people),
        expected=round(usual.expected, 2),
        surprise=round(surprise_of(_z(n, verdict.horizon)), 2),
        explanation=Explanation(f"negative_people_{verdict.horizon}", numbers),
        window_seconds=int(window.total_seconds()),
    )


def cold_finding(scope: Scope, track: ScopeTrack, seen: Observation, level: Level, moment: Moment) -> Finding:
    """Say that many complain and that there is no baseline yet."""
    hour = seen.people.get(HOUR, NOBODY)
    numbers: dict[str, Number] = {
        "people": hour.negative,
        "mentions": hour.mentions,
        "negative_percent": round(100 * hour.negative_mentions / max(hour.mentions, 1)),
        "hours_learnt": int(track.negative.hours),
        **span(moment, HOUR),
    }
    return Finding(
        scope=scope,
        detector="negative_people",
        level=level,
        at=moment.at,
        observed=float(hour.negative),
        expected=0.0,
        surprise=float(level),
        explanation=Explanation("cold_people", numbers),
    )


def volume_finding(
    scope: Scope, level: Level, surprise: float, why: SurgeEvidence, moment: Moment, direction: Direction
) -> Finding:
    """Say that there are unusually many mentions, or that a measurement is unusually high."""
    measured = scope.kind == "measurement"
    numbers: dict[str, Number] = {
        "minutes": int(why.window.total_seconds()) // 60,
        "expected": round(why.expected, 1),
        "days_as_high": why.days_as_high,
        "days": why.days_compared,
        **span(moment, why.window),
    }
    value: Number = round(why.observed, 1) if measured else int(why.observed)
    numbers |= {"value": value, "name": scope.name} if measured else {"mentions": value}
    return Finding(
        scope=scope,
        detector="volume",
        level=level,
        at=moment.at,
        observed=why.observed,
        expected=round(why.expected, 2),
        surprise=round(surprise, 2),
        explanation=Explanation("measurement_surge" if measured else "volume_surge", numbers),
        window_seconds=int(why.window.total_seconds()),
        direction=direction,
    )


def surprise_of(z: float) -> float:
    """Return −log10 of the chance of a normal value above `z`, roughly (0 below 0)."""
    return _SURPRISE_OF_Z * z + 0.195 * z * z if z > 0 else 0.0


def _usual(track: ScopeTrack, horizon: str, moment: Moment) -> Usual:
    profiles = {"day": track.negative_day, "hours": track.negative_hours}
    usual = profiles.get(horizon, track.negative).usual(moment)
    return Usual(usual.expected / 4, usual.dispersion, usual.days) if horizon == "burst" else usual


def _z(n: PeopleNumbers, horizon: str) -> float:
    return {"burst": n.z_burst, "day": n.z_day}.get(horizon, max(n.z, n.z_hour))

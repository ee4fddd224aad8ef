"""Unusually many happy people: good news for its own channel (practice P12), never for the crisis group."""

from __future__ import annotations

from detectors.calendar import Moment
from detectors.findings import span, surprise_of
from detectors.observation import Observation
from detectors.options import Thresholds
from detectors.signal import Direction, Explanation, Finding, Level, Number, Scope
from detectors.track import HOUR, NOBODY, ScopeTrack

_HAPPY_PER_ANGRY = 2.0


def is_praise(seen: Observation) -> bool:
    """Whether the last hour is clearly more praised than blamed: twice as many happy as angry people."""
    hour = seen.people.get(HOUR, NOBODY)
    return hour.positive >= _HAPPY_PER_ANGRY * max(hour.negative, 1)


def judge_praise(
    scope: Scope, track: ScopeTrack, seen: Observation, moment: Moment, t: Thresholds
) -> Finding | None:
    """Return a finding of direction PRAISE when unusually many different people are happy, else None."""
    hour = seen.people.get(HOUR, NOBODY)
    if hour.positive < t.praise_people or not is_praise(seen):
        return None
    usual = track.positive.usual(moment)
    z = usual.z(hour.positive)
    if z < t.praise_z:
        return None
    low, high = usual.between()
    numbers: dict[str, Number] = {
        "people": hour.positive,
        **span(moment, HOUR),
        "usual_low": low,
        "usual_high": high,
    }
    return Finding(
        scope=scope,
        detector="praise",
        level=Level.WATCH,
        at=moment.at,
        observed=float(hour.positive),
        expected=round(usual.expected, 2),
        surprise=round(surprise_of(z), 2),
        explanation=Explanation("praise_people", numbers),
        direction=Direction.PRAISE,
    )

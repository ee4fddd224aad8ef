"""Unusually many happy people: good news for its own channel (practice P12), never for the crisis group."""

from __future__ import annotations

from detectors.findings import span
from detectors.observation import Observation
from detectors.own_days import tail_surprise
from detectors.registry import COUNTED, ScopeCase, scope_detector
from detectors.signal import Direction, Explanation, Finding, Level, Number
from detectors.track import HOUR, NOBODY

_HAPPY_PER_ANGRY = 2.0


def is_praise(seen: Observation) -> bool:
    """Whether the last hour is clearly more praised than blamed: twice as many happy as angry people."""
    hour = seen.people.get(HOUR, NOBODY)
    return hour.positive >= _HAPPY_PER_ANGRY * max(hour.negative, 1)


@scope_detector("praise", COUNTED)
def judge_praise(case: ScopeCase) -> Finding | None:
    """Return a finding of direction PRAISE when unusually many different people are happy, else None."""
    hour, t = case.seen.people.get(HOUR, NOBODY), case.thresholds
    if case.track.cold or hour.positive < t.praise_people or not is_praise(case.seen):
        return None
    usual = case.track.positive.usual(case.moment)
    z = usual.z(hour.positive / case.factor)
    if z < t.praise_z:
        return None
    low, high = usual.between()
    numbers: dict[str, Number] = {"people": hour.positive, "usual_low": low, "usual_high": high}
    return Finding(
        scope=case.scope,
        detector="praise",
        level=Level.WATCH,
        at=case.moment.at,
        observed=float(hour.positive),
        expected=round(usual.expected, 2),
        surprise=round(tail_surprise(z), 2),
        explanation=Explanation("praise_people", numbers | span(case.moment, HOUR)),
        direction=Direction.PRAISE,
    )

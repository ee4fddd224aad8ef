"""Unusually many mentions, or an unusually high measurement (calls waiting, chat queue): the volume detector's
word.

Volume of mentions alone is never more than a watch: a joke or a campaign brings mentions, too. A measurement
has no text to look at, so that a very rare value is a warning by itself.
"""

from __future__ import annotations

from detectors.findings import span
from detectors.praise import is_praise
from detectors.registry import COUNTED, ScopeCase, scope_detector
from detectors.signal import Direction, Explanation, Finding, Level, Number, ScopeKind
from detectors.surge import SurgeEvidence
from detectors.track import HOURS, NOBODY

_NAME = "volume"
_LEAST_PEOPLE = 5


@scope_detector(_NAME, COUNTED | {ScopeKind.MEASUREMENT})
def judge_volume(case: ScopeCase) -> Finding | None:
    """Return a finding when the number of mentions or the measurement is rare for this scope."""
    measured = case.scope.kind is ScopeKind.MEASUREMENT
    level = _of_measurement(case) if measured else _of_mentions(case)
    if not level:
        return None
    why = case.track.surge.explain()
    praised = not measured and is_praise(case.seen)
    return Finding(
        scope=case.scope,
        detector=_NAME,
        level=level,
        at=case.moment.at,
        observed=why.observed,
        expected=round(why.expected, 2),
        surprise=round(case.volume.surprise, 2),
        explanation=_explanation(case, why, measured),
        window_seconds=int(why.window.total_seconds()),
        direction=Direction.PRAISE if praised else Direction.TROUBLE,
    )


def _of_mentions(case: ScopeCase) -> Level:
    authors = case.seen.people.get(HOURS, NOBODY).authors
    enough = authors >= _LEAST_PEOPLE and not case.track.cold
    return Level.WATCH if enough and case.volume.surprise >= case.thresholds.volume_watch else Level.CALM


def _of_measurement(case: ScopeCase) -> Level:
    if case.volume.surprise >= case.thresholds.measurement_warning:
        return Level.WARNING
    return Level.WATCH if case.volume.surprise >= case.thresholds.measurement_watch else Level.CALM


def _explanation(case: ScopeCase, why: SurgeEvidence, measured: bool) -> Explanation:
    numbers: dict[str, Number] = {
        "minutes": int(why.window.total_seconds()) // 60,
        "expected": round(why.expected, 1),
        "days_as_high": why.days_as_high,
        "days": why.days_compared,
        **span(case.moment, why.window),
    }
    if not measured:
        return Explanation("volume_surge", numbers | {"mentions": int(why.observed)})
    return Explanation("measurement_surge", numbers | {"value": round(why.observed, 1), "name": case.scope.name})

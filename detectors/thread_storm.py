"""A thread that grows unusually fast, turns sour, or cheers the complainer on without one negative word (P4)."""

from __future__ import annotations

from detectors.calendar import Moment
from detectors.findings import span
from detectors.observation import HORIZONS, People, ThreadObservation
from detectors.options import Thresholds
from detectors.registry import ThreadCase, thread_detector
from detectors.signal import Explanation, Finding, Level, Number

_HOUR, _HOURS = HORIZONS[1], HORIZONS[2]
_NOBODY = People()
_SOUR_SHARE, _CHEERED_SHARE, _GRUMBLING_SHARE = 0.5, 0.25, 0.25


@thread_detector("thread")
def judge_thread(case: ThreadCase) -> Finding | None:
    """Return what one thread asks for at this tick."""
    seen, memory, t = case.seen, case.threads, case.thresholds
    hour, hours = seen.people.get(_HOUR, _NOBODY), seen.people.get(_HOURS, _NOBODY)
    pace = max(hour.mentions, hours.mentions / 2)
    if hours.authors < t.thread_watch_people or pace < t.thread_watch_ratio * memory.usual(seen.page):
        return None
    surprise = memory.surprise(pace, seen.page)
    mood = _mood(seen, hours, case.usual_share)
    if mood is None or surprise < t.watch_surprise:
        return None
    level = Level.WARNING if _grave(mood, hours, surprise, case.usual_share, t) else Level.WATCH
    return _finding(seen, mood, level, surprise, memory.usual(seen.page), case.moment)


def _mood(seen: ThreadObservation, hours: People, usual_share: float) -> str | None:
    """Tell what kind of thread it is, or None for one that is merely liked."""
    negative, positive = hours.negative / hours.authors, hours.positive / hours.authors
    if negative >= max(_SOUR_SHARE, usual_share):
        return "thread_sour"
    if hours.supportive >= _CHEERED_SHARE * hours.mentions:
        return "thread_cheered"
    if positive > 2 * negative and not seen.root_negative:
        return None
    return "thread_fast"


def _grave(mood: str, hours: People, surprise: float, usual_share: float, t: Thresholds) -> bool:
    """Whether the thread asks for a warning: a merely fast one must be bigger, and grumble."""
    if surprise < t.thread_warning_surprise:
        return False
    if mood == "thread_fast":
        share = max(_GRUMBLING_SHARE, 0.6 * usual_share)
        return hours.authors >= 1.5 * t.thread_warning_people and hours.negative >= share * hours.authors
    return hours.authors >= t.thread_warning_people


def _finding(
    seen: ThreadObservation, mood: str, level: Level, surprise: float, usual: float, moment: Moment
) -> Finding:
    hours = seen.people[_HOURS]
    numbers: dict[str, Number] = {
        "people": hours.authors,
        "comments": hours.mentions,
        "minutes": int(_HOURS.total_seconds()) // 60,
        "usual_comments": round(usual, 1),
        "negative_percent": round(100 * hours.negative / hours.authors),
        "supportive": hours.supportive,
        **span(moment, _HOURS),
    }
    return Finding(
        scope=seen.scope,
        detector="thread",
        level=level,
        at=moment.at,
        observed=float(hours.mentions),
        expected=round(usual, 2),
        surprise=round(surprise, 2),
        explanation=Explanation(mood, numbers),
        window_seconds=int(_HOURS.total_seconds()),
    )

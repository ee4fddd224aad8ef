"""A single post whose comments grow unusually fast, turn sour, or cheer the complainer on.

What is usual is learnt for each page (an own account's page, or an author): the busiest hour of each of its
threads. Only 5-minute sums are learnt from, so that the memory can be rebuilt from stored counters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from detectors.calendar import Moment
from detectors.findings import span
from detectors.observation import HORIZONS, People, ThreadObservation
from detectors.options import Thresholds
from detectors.signal import Explanation, Finding, Level, Number, Scope

_HOUR, _HOURS = HORIZONS[1], HORIZONS[2]
_NOBODY = People()
_BUCKETS = 12
_PRIOR_COMMENTS, _PRIOR_THREADS = 5.0, 2.0
_KEEP = 0.97  # weight that older threads of a page keep with every new one
_FORGET_SECONDS = 24 * 3600.0
_SOUR_SHARE = 0.5
_CHEERED_SHARE = 0.25


class ThreadMemory:
    """The busiest hours of the threads of each page, and the hour that runs in each open thread."""

    def __init__(self) -> None:
        self._pages: dict[str, list[float]] = {}  # page → [weighted busiest comments an hour, weight]
        self._open: dict[str, list[Any]] = {}  # thread → [page, busiest hour, last heard, last buckets]

    def learn(self, threads: Iterable[ThreadObservation], at: float) -> None:
        """Learn the closed bucket that ends at the epoch second `at`."""
        for thread in threads:
            known = self._open.setdefault(thread.scope.name, [thread.page, 0.0, at, []])
            buckets: list[list[float]] = known[3]
            if thread.sums.mentions:
                buckets.append([at, float(thread.sums.mentions)])
                known[2] = at
            while buckets and buckets[0][0] <= at - _BUCKETS * 300.0:
                del buckets[0]
            known[1] = max(known[1], sum(n for _, n in buckets))
        for name in [n for n, known in self._open.items() if at - known[2] > _FORGET_SECONDS]:
            self._close(self._open.pop(name))

    def usual(self, page: str) -> float:
        """Comments in the busiest hour of an ordinary thread on this page, from a prior of 5."""
        total, weight = self._pages.get(page, (0.0, 0.0))
        return (total + _PRIOR_COMMENTS * _PRIOR_THREADS) / (weight + _PRIOR_THREADS)

    def _close(self, known: list[Any]) -> None:
        page = self._pages.setdefault(known[0], [0.0, 0.0])
        usual = self.usual(known[0])
        page[0] = page[0] * _KEEP + min(known[1], 4 * usual)
        page[1] = page[1] * _KEEP + 1.0

    def copy(self) -> ThreadMemory:
        """Return an independent copy."""
        return ThreadMemory.from_state(self.to_state())

    def to_state(self) -> dict[str, Any]:
        """Return what was learnt, ready for JSON."""
        opened = {n: [k[0], k[1], k[2], [list(b) for b in k[3]]] for n, k in self._open.items()}
        return {"pages": {p: list(v) for p, v in self._pages.items()}, "open": opened}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> ThreadMemory:
        """Rebuild from `to_state`."""
        self = cls()
        self._pages = {p: list(v) for p, v in state["pages"].items()}
        self._open = {n: [k[0], k[1], k[2], [list(b) for b in k[3]]] for n, k in state["open"].items()}
        return self


def judge_thread(
    seen: ThreadObservation, usual_comments: float, usual_share: float, moment: Moment, t: Thresholds
) -> Finding | None:
    """Return what one thread asks for at this tick.

    `usual_comments` are comments in the busiest hour of the page's ordinary thread, `usual_share` the brand's
    usual negative share (0–1).
    """
    hour, hours = seen.people.get(_HOUR, _NOBODY), seen.people.get(_HOURS, _NOBODY)
    ratio = max(hour.mentions, hours.mentions / 2) / usual_comments
    if hours.authors < t.thread_watch_people or ratio < t.thread_watch_ratio:
        return None
    mood = _mood(seen, hours, usual_share)
    if mood is None:
        return None
    angry = hours.negative + hours.supportive if mood == "thread_cheered" else hours.authors
    bad = angry >= t.thread_warning_people and ratio >= t.thread_warning_ratio and mood != "thread_fast"
    return _finding(seen, mood, Level.WARNING if bad else Level.WATCH, usual_comments, moment)


def _mood(seen: ThreadObservation, hours: People, usual_share: float) -> str | None:
    """Tell what kind of thread it is, or None for one that is merely liked."""
    negative = hours.negative / max(hours.authors, 1)
    positive = hours.positive / max(hours.authors, 1)
    if negative >= max(_SOUR_SHARE, 0.85 * usual_share):
        return "thread_sour"
    if hours.supportive >= _CHEERED_SHARE * hours.mentions:
        return "thread_cheered"
    if positive > 2 * negative and not seen.root_negative:
        return None
    return "thread_fast"


def _finding(seen: ThreadObservation, mood: str, level: Level, usual: float, moment: Moment) -> Finding:
    hours: People = seen.people.get(_HOURS, _NOBODY)
    window: timedelta = _HOURS
    numbers: dict[str, Number] = {
        "people": hours.authors,
        "comments": hours.mentions,
        "minutes": int(window.total_seconds()) // 60,
        "usual_comments": round(usual, 1),
        "negative_percent": round(100 * hours.negative / max(hours.authors, 1)),
        "supportive": hours.supportive,
        **span(moment, window),
    }
    scope: Scope = seen.scope
    return Finding(
        scope=scope,
        detector="thread",
        level=level,
        at=moment.at,
        observed=float(hours.mentions),
        expected=round(usual, 2),
        surprise=round(hours.mentions / max(usual, 1.0) / 2, 2),
        explanation=Explanation(mood, numbers),
        window_seconds=int(window.total_seconds()),
    )

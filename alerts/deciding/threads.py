"""The clock of each thread (practice P22, P23): answered by us in time, sooner the faster it grows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from alerts.deciding.draft import Draft
from alerts.deciding.levels import add_deadline
from alerts.incident import ObligationKind
from alerts.mandate import AnswerTarget
from alerts.obligations import active
from detectors.signal import Evidence, Level, ScopeKind, Signal

HOUR_SECONDS = 3600
AT_MOST = 3
"""Threads of one incident with a clock at a time: where more of them grow, one answers by theme (practice P26)."""


def answer_within(targets: Sequence[AnswerTarget], comments_per_hour: float) -> timedelta | None:
    """The time within which a thread of this velocity is answered; None when the table asks nothing of it."""
    reached = [t for t in targets if t.comments_per_hour <= comments_per_hour]
    return min((t.within for t in reached), default=None)


def watch_threads(draft: Draft, signals: Sequence[Signal]) -> None:
    """Start or shorten the clock of every thread that signals; at watch, and when silenced, nobody is hurried."""
    if draft.incident.level <= Level.WATCH or not draft.active or draft.incident.silenced:
        return
    growing = [s for s in signals if s.scope.kind is ScopeKind.THREAD]
    for signal in sorted(growing, key=comments_per_hour, reverse=True):
        if signal.scope.name not in draft.incident.answered:
            _start_clock(draft, signal)


def _start_clock(draft: Draft, signal: Signal) -> None:
    timing = draft.mandate.timing
    within = answer_within(timing.answer_targets, comments_per_hour(signal))
    if within is None:
        return
    owed = active(draft.incident, ObligationKind.ANSWER_THREAD)
    if len(owed) >= AT_MOST and signal.scope.name not in {o.where for o in owed}:
        return
    began = signal.onset.at if signal.onset is not None else signal.at
    due = max(began + within, draft.now + timing.remind_before)
    kind, thread = ObligationKind.ANSWER_THREAD, signal.scope.name
    add_deadline(draft, kind, due, note=_link(signal.evidence), where=thread)


def comments_per_hour(signal: Signal) -> float:
    """How fast a thread grows."""
    return signal.finding.observed * HOUR_SECONDS / max(1, signal.finding.window_seconds)


def _link(evidence: Evidence | None) -> str:
    """The address of a post in the thread: where one goes to answer."""
    posts = (evidence.first, evidence.loudest) if evidence is not None else ()
    return next((post.url for post in posts if post is not None and post.url), "")

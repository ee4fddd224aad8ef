"""Going down: only after quiet for the configured time, and time in which sources were blind is not quiet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from alerts.actions import Signals
from alerts.calendar import next_wall_clock
from alerts.deciding.draft import Draft
from alerts.deciding.telling import edit_card, reply
from alerts.incident import IncidentState, ObligationKind, Reason
from alerts.obligations import changed_where, ended, unanswered
from detectors.signal import Level, Signal

LONGEST_STEP = timedelta(hours=1)
"""A gap between two judged buckets longer than this was not heard."""


def note_heard(draft: Draft, event: Signals, signals: Sequence[Signal]) -> None:
    """Move the clocks of calm: on for the levels that the signals ask for, and past the time not heard."""
    if draft.incident.judged_at is None or event.at > draft.incident.judged_at:
        unheard = _unheard(draft, event)
        later = tuple((level, when + unheard) for level, when in draft.incident.seen)
        draft.change(seen=later, judged_at=event.at)
        if draft.incident.aftercare_until is not None:
            draft.change(aftercare_until=draft.incident.aftercare_until + unheard)
    _forget_judgement(draft, event.at)
    _support(draft, event.at, signals)


def _forget_judgement(draft: Draft, at: datetime) -> None:
    """A person's "not so bad" is about one wave; after a calm as long as a watch's, the next one counts."""
    calm = draft.mandate.policy(Level.WATCH, draft.incident.brand).down_after
    last = max((when for _, when in draft.incident.seen), default=None)
    if draft.incident.held_down is not None and last is not None and at - last >= calm:
        draft.change(held_down=None)


def _unheard(draft: Draft, event: Signals) -> timedelta:
    before = draft.incident.judged_at
    if before is None:
        return timedelta()
    passed = event.at - before
    return passed - min(passed, LONGEST_STEP) if _heard(draft, event) else passed


def _heard(draft: Draft, event: Signals) -> bool:
    """Was enough heard, and every source that carried this story?"""
    evidence = draft.incident.evidence
    carrying = {name for name, _ in evidence.sources} if evidence else set()
    return event.covered >= draft.mandate.timing.heard_at_least and not carrying.intersection(event.blind)


def _support(draft: Draft, at: datetime, signals: Sequence[Signal]) -> None:
    seen = dict(draft.incident.seen)
    highest = max((s.level for s in signals), default=Level.CALM)
    for level in (Level.WATCH, Level.WARNING, Level.CRISIS):
        if level <= highest:
            seen[level] = max(at, seen.get(level, at))
    draft.change(seen=tuple(sorted(seen.items())))


def support_up_to(draft: Draft, level: Level) -> None:
    """Let every level up to `level` count as asked for now (a person opened or raised it)."""
    seen = dict(draft.incident.seen)
    for each in (Level.WATCH, Level.WARNING, Level.CRISIS):
        if each <= level:
            seen[each] = max(draft.now, seen.get(each, draft.now))
    draft.change(seen=tuple(sorted(seen.items())))


def go_down(draft: Draft, at: datetime, signals: Sequence[Signal]) -> None:
    """Lower a running incident to what has been asked for lately; all calm ends it or begins its aftercare."""
    if not signals and draft.incident.calm_since is None:
        draft.change(calm_since=at)
    if not draft.active or _owes_an_answer(draft):
        return
    lately = _asked_lately(draft, at)
    if lately is Level.CALM:
        _all_calm(draft)
    elif lately < draft.incident.level:
        lower_to(draft, lately, why="calm")


def _owes_an_answer(draft: Draft) -> bool:
    """A flag must be answered (practice P14): calm does not close it, and neither does the end of its chain."""
    return bool(unanswered(draft.incident, ObligationKind.ANSWER_FLAG))


def _asked_lately(draft: Draft, at: datetime) -> Level:
    """The highest level that signals asked for within the time that the incident's level must be quiet for."""
    policy = draft.mandate.policy(draft.incident.level, draft.incident.brand)
    recent = [level for level, when in draft.incident.seen if at - when < policy.down_after]
    return max(recent, default=Level.CALM)


def lower_to(draft: Draft, level: Level, *, why: str, actor: str = "monitor", channel: str = "") -> None:
    """Lower the level and say so in the thread. At watch nobody needs to acknowledge any more."""
    was = draft.incident.level
    draft.change(level=level, levels=draft.history(level))
    if level <= Level.WATCH:
        end_where(draft, _NOT_AT_WATCH, why)
    draft.write("level_lowered", actor=actor, channel=channel, was=was.label, level=level.label, why=why)
    if draft.incident.root_place is not None:
        reply(
            draft,
            Reason.STATE_CHANGED,
            {"was": was.label, "state": str(draft.incident.state), "why": why, "by": actor},
        )
        edit_card(draft)


_NOT_AT_WATCH = (
    ObligationKind.ACKNOWLEDGE,
    ObligationKind.CONFIRM_PUBLICLY,
    ObligationKind.REFRESH_MESSAGE,
    ObligationKind.ANSWER_THREAD,
)
"""What only a warning or a crisis asks for."""


def _all_calm(draft: Draft) -> None:
    if draft.incident.peak_level > Level.WATCH:
        begin_aftercare(draft, why="calm")
    else:
        close(draft, why="calm")


_OVER_WHEN_CALM = (
    ObligationKind.ACKNOWLEDGE,
    ObligationKind.ANSWER_FLAG,
    ObligationKind.CONFIRM_PUBLICLY,
    ObligationKind.REFRESH_MESSAGE,
    ObligationKind.WAIT_ENDS,
    ObligationKind.ANSWER_THREAD,
)
"""What nobody owes any more in aftercare; promises and public times are still kept."""


def begin_aftercare(draft: Draft, *, why: str, actor: str = "monitor", channel: str = "") -> None:
    """The wave is over: questions are still collected, one digest a day, reopened on a relapse (practice P34)."""
    timing = draft.mandate.timing
    end_where(draft, _OVER_WHEN_CALM, "calmed" if why == "calm" else why)
    was = draft.incident.level
    draft.enter(IncidentState.AFTERCARE)
    draft.change(
        wait=None,
        silenced=None,
        level=Level.WATCH,
        levels=draft.history(Level.WATCH),
        aftercare_until=draft.now + timing.aftercare_for,
        digest_due_at=next_digest(draft),
    )
    draft.write("aftercare", actor=actor, channel=channel, why=why, was=was.label)
    if draft.incident.root_place is not None:
        reply(draft, Reason.STATE_CHANGED, {"state": "aftercare", "was": was.label, "why": why, "by": actor})
        edit_card(draft)


def next_digest(draft: Draft) -> datetime:
    """The next time of day at which the daily digest is due, in the mandate's time zone."""
    clock = time.fromisoformat(draft.mandate.timing.digest_at)
    return next_wall_clock(clock, draft.now, draft.mandate.timezone)


def close(draft: Draft, *, why: str, actor: str = "monitor", channel: str = "", quiet: bool = False) -> None:
    """End the incident and every deadline of it; one that was told in a thread is closed there, too."""
    end_where(draft, tuple(ObligationKind), "closed")
    draft.enter(IncidentState.CLOSED)
    draft.change(closed_at=draft.now, wait=None, silenced=None, aftercare_until=None, digest_due_at=None)
    draft.write("closed", actor=actor, channel=channel, why=why)
    if draft.incident.root_place is not None and not quiet:
        reply(draft, Reason.CLOSED, {"why": why, "by": actor})
        edit_card(draft)


def end_where(draft: Draft, kinds: tuple[ObligationKind, ...], why: str) -> None:
    """End the active obligations of these kinds."""
    kept = changed_where(draft.incident.obligations, lambda o: o.kind in kinds, lambda o: ended(o, why))
    draft.change(obligations=kept)

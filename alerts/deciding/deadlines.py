"""Time passing: every obligation that is due is acted on once; aftercare has its digest and its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from alerts.deciding.calm import close, next_digest
from alerts.deciding.draft import Draft
from alerts.deciding.escalation import SILENCED_STEP, climb
from alerts.deciding.levels import tell_watch
from alerts.deciding.telling import Said, pings_of, reply
from alerts.deciding.waiting import wait_over
from alerts.incident import IncidentState, Obligation, ObligationKind, Reason
from alerts.leading import leading_theme
from alerts.obligations import active, changed_where, ended, next_look
from alerts.silences import Silence
from detectors.signal import Level


def tick(draft: Draft, silences: Sequence[Silence]) -> None:
    """Do everything that is due at `draft.now`. Doing it again at the same time does nothing."""
    if draft.incident.state is IncidentState.CLOSED:
        return
    _speak_after_silence(draft, silences)
    for obligation in active(draft.incident):
        look = next_look(obligation, draft.mandate.timing.remind_before)
        if look is not None and look <= draft.now and obligation in draft.incident.obligations:
            _WHEN_DUE[obligation.kind](draft, obligation)
    if draft.incident.state is IncidentState.AFTERCARE:
        _look_after(draft)


def _speak_after_silence(draft: Draft, silences: Sequence[Silence]) -> None:
    """A silence that ended, or was lifted, lets the incident be told while it still runs."""
    kept = draft.incident.silenced
    if kept is None or any(s.id == kept and s.in_force(draft.now) for s in silences):
        return
    draft.change(silenced=None)
    draft.write("silence_over", silence=kept)
    waiting = [o for o in active(draft.incident, ObligationKind.ACKNOWLEDGE) if o.step == SILENCED_STEP]
    for obligation in waiting:
        climb(draft, obligation)
    if not waiting and draft.active and draft.incident.level is Level.WATCH:
        tell_watch(draft, Reason.FIRST)


def remind(draft: Draft, obligation: Obligation) -> None:
    """Tell whoever owes it that it is due, once."""
    _replace(draft, obligation, replace(obligation, told_at=draft.now))
    target = obligation.target or _responsible(draft)
    draft.write("deadline_missed", obligation=str(obligation.kind), due=obligation.due_at.isoformat(), who=target)
    _say(draft, obligation, target)


def _say(draft: Draft, obligation: Obligation, target: str) -> None:
    said: Said = {
        "obligation": str(obligation.kind),
        "due": obligation.due_at.isoformat(),
        "who": draft.mandate.name_of(target) if target else "",
        "text": obligation.note,
    }
    reply(draft, Reason.REMINDER, said, recipients=pings_of(draft, target))


def _responsible(draft: Draft) -> str:
    """Who owes what nobody was named for: whoever it was handed to, took it on, or owns the theme."""
    taken = draft.incident.acknowledgement
    theme = draft.mandate.themes.get(leading_theme(draft.incident))
    return draft.incident.owner or (taken.by if taken else "") or (theme.owner if theme else None) or ""


def _public_update(draft: Draft, obligation: Obligation) -> None:
    """Remind before the public time passes; write down, once, when it has passed (practice P29)."""
    if obligation.told_at is None:
        _replace(draft, obligation, replace(obligation, told_at=draft.now))
        draft.write("reminded", obligation=str(obligation.kind), due=obligation.due_at.isoformat())
        _say(draft, obligation, obligation.target or _responsible(draft))
    elif obligation.due_at <= draft.now:
        _replace(draft, obligation, ended(obligation, "missed"))
        draft.write("deadline_missed", obligation=str(obligation.kind), due=obligation.due_at.isoformat())


def _replace(draft: Draft, old: Obligation, new: Obligation) -> None:
    draft.change(obligations=changed_where(draft.incident.obligations, lambda o: o == old, lambda _: new))


_WHEN_DUE: dict[ObligationKind, Callable[[Draft, Obligation], None]] = {
    ObligationKind.ACKNOWLEDGE: climb,
    ObligationKind.ANSWER_FLAG: climb,
    ObligationKind.CONFIRM_PUBLICLY: remind,
    ObligationKind.REFRESH_MESSAGE: remind,
    ObligationKind.PROMISE: remind,
    ObligationKind.ANSWER_THREAD: remind,
    ObligationKind.NEXT_PUBLIC_UPDATE: _public_update,
    ObligationKind.WAIT_ENDS: wait_over,
}


def _look_after(draft: Draft) -> None:
    """Once a day a digest; after the time of aftercare the incident is closed."""
    if draft.incident.aftercare_until is not None and draft.now >= draft.incident.aftercare_until:
        close(draft, why="aftercare_over")
    elif draft.incident.digest_due_at is not None and draft.now >= draft.incident.digest_due_at:
        draft.change(digest_due_at=next_digest(draft))
        draft.write("digest")
        reply(draft, Reason.DIGEST, {"obligation": "aftercare"})

"""The level of an incident: opened, raised at once, lowered only by calm, relapsed; and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.deciding.draft import Draft
from alerts.deciding.escalation import SILENCED_STEP, start_chain
from alerts.deciding.findings import doubled, key_of
from alerts.deciding.telling import edit_card, home_of, post_root, reply
from alerts.incident import HeldDown, IncidentState, Obligation, ObligationKind, Reason
from alerts.obligations import CLIMBING, active, changed_where, end_kinds, ended
from alerts.silences import Silence
from detectors.signal import Level, Signal

_TIMED = (
    (ObligationKind.CONFIRM_PUBLICLY, "confirm_publicly_within"),
    (ObligationKind.REFRESH_MESSAGE, "message_within"),
)
"""Deadlines that a level starts, and where in its policy they are written."""


def open_at(draft: Draft, level: Level, silence: Silence | None) -> None:
    """Begin the story at `level` and tell whom the level says, unless a silence keeps it quiet."""
    _step_up(draft, level)
    draft.write("opened", level=level.label, why=_strongest(draft))
    _announce(draft, Reason.FIRST, silence)


def raise_to(
    draft: Draft, level: Level, silence: Silence | None, *, actor: str = "monitor", channel: str = ""
) -> None:
    """Raise the level at once. An acknowledgement covers its own level only; a higher one starts a chain anew."""
    was = draft.incident.level
    _step_up(draft, level)
    draft.write(
        "level_raised", actor=actor, channel=channel, was=was.label, level=level.label, why=_strongest(draft)
    )
    _announce(draft, Reason.LEVEL_RAISED, silence)


def _step_up(draft: Draft, level: Level) -> None:
    incident = draft.incident
    draft.change(
        level=level,
        peak_level=max(level, incident.peak_level),
        levels=draft.history(level),
        calm_since=None,
        held_down=None,
    )


def _announce(draft: Draft, reason: Reason, silence: Silence | None) -> None:
    covered = draft.incident.acknowledgement
    if covered is not None and covered.level >= draft.incident.level and draft.incident.wait is None:
        edit_card(draft)
        return
    draft.enter(IncidentState.OPEN)
    draft.change(acknowledgement=None)
    if silence is not None and draft.incident.level <= silence.up_to:
        _keep_quiet(draft, silence)
    else:
        tell_level(draft, reason)


def tell_level(draft: Draft, reason: Reason) -> None:
    """Tell those whom the level names, and start its deadlines. A watch is told without a deadline."""
    draft.change(silenced=None, updated_at=draft.now)
    if draft.incident.level > Level.WATCH:
        start_deadlines(draft)
        start_chain(draft, ObligationKind.ACKNOWLEDGE, reason)
        edit_if_rooted(draft)
    else:
        tell_watch(draft, reason)


def edit_if_rooted(draft: Draft) -> None:
    """Bring a root message that was already sent up to date."""
    if draft.incident.root is not None:
        edit_card(draft)


def tell_watch(draft: Draft, reason: Reason) -> None:
    """A watch goes to the page and to customer service, once."""
    place = home_of(draft, Level.WATCH)
    if draft.incident.root_place is not None:
        reply(draft, reason)
    elif place == home_of(draft, Level.WARNING):
        post_root(draft, reason, place, (), {})
    else:
        draft.send(reason, {"watch": 1}, place=place)
    draft.write("told", who="customer_service", reason=str(reason))


def start_deadlines(draft: Draft) -> None:
    """Start the level's deadlines for confirming publicly and for a current message; an earlier one stays."""
    policy = draft.mandate.policy(draft.incident.level, draft.incident.brand)
    done = {
        ObligationKind.CONFIRM_PUBLICLY: draft.incident.first_own_post_at is not None,
        ObligationKind.REFRESH_MESSAGE: draft.incident.message is not None,
    }
    for kind, field in _TIMED:
        within = getattr(policy, field)
        if within is None or done[kind]:
            continue
        due = (
            draft.incident.onset.at
            if kind is ObligationKind.CONFIRM_PUBLICLY and draft.incident.onset
            else draft.now
        )
        due = max(due, draft.incident.opened_at if kind is ObligationKind.CONFIRM_PUBLICLY else draft.now) + within
        add_deadline(draft, kind, max(due, draft.now))


def add_deadline(
    draft: Draft,
    kind: ObligationKind,
    due_at: datetime,
    target: str = "",
    note: str = "",
    *,
    where: str = "",
    made_at: datetime | None = None,
) -> None:
    """Add a deadline that is told once; one like it that is due earlier stays as it is.

    `where` is the thread that it is about, `made_at` when it came to be (now). Alike are those of one kind, thread
    and note; for the answer in a thread the note, which is its address, does not count.
    """
    if draft.incident.state is IncidentState.CLOSED:
        return
    noted = kind is not ObligationKind.ANSWER_THREAD
    same = [o for o in active(draft.incident, kind) if o.where == where and (o.note == note or not noted)]
    if any(o.due_at <= due_at for o in same):
        return
    kept = changed_where(draft.incident.obligations, lambda o: o in same, lambda o: ended(o, "superseded"))
    level, made = draft.incident.level, made_at or draft.now
    new = Obligation(kind, due_at, made, level, target, note=note, where=where)
    draft.change(obligations=(*kept, new))


def _keep_quiet(draft: Draft, silence: Silence) -> None:
    """Remember the silence; above a watch, the chain begins when it ends (so there is always a deadline)."""
    draft.change(silenced=silence.id, obligations=end_kinds(draft.incident, CLIMBING, "silenced"))
    draft.write("suppressed", silence=silence.id, until=silence.ends_at.isoformat(), by=silence.author)
    if draft.incident.level > Level.WATCH:
        waiting = Obligation(
            ObligationKind.ACKNOWLEDGE,
            silence.ends_at,
            draft.now,
            draft.incident.level,
            step=SILENCED_STEP,
            note=f"silence {silence.id}",
        )
        draft.change(obligations=(*draft.incident.obligations, waiting))


def held_down(draft: Draft, signals: Sequence[Signal], level: Level) -> bool:
    """Did a person judge this lower, and is it still no worse than it was then?"""
    held = draft.incident.held_down
    if held is None:
        return False
    return level <= held.level and doubled(signals, held.observed) is None


def hold_down(draft: Draft, by: str) -> None:
    """Keep today's signals from raising the incident again (it was lowered, stood down, a false alarm)."""
    draft.change(
        held_down=HeldDown(
            max(draft.incident.level, *(s.level for s in draft.incident.signals), Level.WATCH),
            by,
            draft.now,
            tuple((key_of(s), s.finding.observed) for s in draft.incident.signals),
        )
    )


def _strongest(draft: Draft) -> str:
    """The name of the finding that counts most, for the timeline; empty for a person's doing."""
    best = max(draft.incident.signals, key=lambda s: (s.level, s.finding.surprise), default=None)
    return best.finding.explanation.key if best else ""

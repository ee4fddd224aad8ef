"""What signals do: join or open an incident, raise it, break a wait, turn the story, call the safety contact."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.actions import Signals
from alerts.chain import Reached, reach
from alerts.deciding.calm import go_down, note_heard
from alerts.deciding.draft import Draft
from alerts.deciding.findings import NEWS, THREAT, is_kind, key_of, new_turns, take_in
from alerts.deciding.levels import held_down, open_at, raise_to
from alerts.deciding.telling import Said, edit_card, is_room, reply
from alerts.deciding.threads import watch_threads
from alerts.deciding.waiting import break_wait_on
from alerts.incident import IncidentState, Reason
from alerts.silences import Silence, silence_for_all
from detectors.signal import Level, ScopeKind, Signal

STAGES = ("customer_service", "social", "questions", "media")
"""Stages of a Nordic service crisis (practice P6), in the order in which they usually come."""

_DESK_SOURCES = ("desk", "support", "email", "ticket", "kundservice", "kundeservice")


def apply_signals(draft: Draft, event: Signals, signals: Sequence[Signal], silences: Sequence[Silence]) -> None:
    """Apply the signals of one event that belong to this incident (none: it was calm for it)."""
    known = draft.incident
    note_heard(draft, event, signals)
    if signals:
        news = [s for s in signals if _tells_news(s, known.signals)]
        take_in(draft, signals)
        _note_stages(draft, signals)
        _set_level(draft, signals, silences)
        _call_safety(draft, signals)
        break_wait_on(draft, signals, news)
        watch_threads(draft, signals)
        _tell_progress(draft, opened=not known.levels)
    go_down(draft, event.at, signals)


def _tells_news(signal: Signal, before: Sequence[Signal]) -> bool:
    """Is this a news or threat finding with a mention that was not there before?"""
    if not (is_kind(signal, NEWS) or is_kind(signal, THREAT)):
        return False
    known = {i for s in before if key_of(s) == key_of(signal) for i in s.mention_ids}
    return not known or not known.issuperset(signal.mention_ids)


def _set_level(draft: Draft, signals: Sequence[Signal], silences: Sequence[Silence]) -> None:
    wanted = max(s.level for s in signals)
    silence = silence_for_all(silences, [s for s in signals if s.level is wanted], draft.now)
    state = draft.incident.state
    if not draft.incident.levels:
        open_at(draft, max(wanted, Level.WATCH), silence)
    elif state in (IncidentState.AFTERCARE, IncidentState.CLOSED):
        _maybe_relapse(draft, signals, wanted, silence)
    elif wanted > draft.incident.level and not held_down(draft, signals, wanted):
        raise_to(draft, wanted, silence)


def _maybe_relapse(draft: Draft, signals: Sequence[Signal], wanted: Level, silence: Silence | None) -> None:
    """Aftercare and the newly closed come back on a real signal; a tail at watch level does not re-escalate."""
    needed = min(draft.incident.peak_level, Level.WARNING)
    if draft.incident.state is IncidentState.AFTERCARE:
        needed = Level.WARNING
    if wanted < needed or held_down(draft, signals, wanted):
        return
    reopen(draft, actor="monitor")
    raise_to(draft, wanted, silence)


def reopen(draft: Draft, *, actor: str, channel: str = "") -> None:
    """Bring an incident in aftercare or closed back to open and unacknowledged; the caller gives it a level."""
    draft.write("reopened", actor=actor, channel=channel, was=str(draft.incident.state))
    draft.enter(IncidentState.OPEN)
    draft.change(
        level=Level.CALM,
        acknowledgement=None,
        closed_at=None,
        aftercare_until=None,
        digest_due_at=None,
        false_alarm=False,
        held_down=None,
    )


def _note_stages(draft: Draft, signals: Sequence[Signal]) -> None:
    known = dict(draft.incident.stages)
    for stage in {_stage_of(s) for s in signals}:
        known.setdefault(stage, draft.now)
    draft.change(stages=tuple(sorted(known.items(), key=lambda item: STAGES.index(item[0]))))


def _stage_of(signal: Signal) -> str:
    if is_kind(signal, NEWS):
        return "media"
    if is_kind(signal, "questions"):
        return "questions"
    name = signal.scope.name.casefold()
    desk = signal.scope.kind in (ScopeKind.SOURCE, ScopeKind.MEASUREMENT) and any(d in name for d in _DESK_SOURCES)
    return "customer_service" if desk or is_kind(signal, "flag") else "social"


def _call_safety(draft: Draft, signals: Sequence[Signal]) -> None:
    """A threat goes to the safety contact at any hour, once for each threatening mention (practice P2)."""
    threats = [s for s in signals if is_kind(s, THREAT)]
    ids = frozenset(i for s in threats for i in s.mention_ids) or {_NO_MENTION}
    if not threats or ids <= draft.incident.threat_ids:
        return
    draft.change(threat_ids=draft.incident.threat_ids | ids)
    themes = [s.scope.name for s in threats if s.scope.kind is ScopeKind.THEME]
    contacts = draft.mandate.safety_contacts(draft.incident.brand, themes)
    brand, by = draft.incident.brand, draft.mandate.safety_by
    found = reach(draft.mandate, contacts, by, at=draft.now, brand=brand, at_any_hour=True)
    for way in found.reached:
        _send_threat(draft, way)
    draft.write("safety_called" if found.reached else "nobody_on_call", who=", ".join(contacts), why="threat")


_NO_MENTION = -1
"""Stands for a threat that names no mention, so that it is told once, too."""


def _send_threat(draft: Draft, way: Reached) -> None:
    recipients = (way.address,) if way.address and not is_room(way.address) else ()
    said: Said = {"threat": 1, "who": way.who}
    draft.send(Reason.ESCALATED, said, channel=way.channel, place=way.address, recipients=recipients, priority=0)


def _tell_progress(draft: Draft, *, opened: bool) -> None:
    """Say when a theme turned, keep the card fresh, and say how it goes at the level's beat."""
    turned = new_turns(draft)
    if opened or not draft.active or draft.incident.silenced:
        return
    if turned:
        draft.write("new_turn", themes=", ".join(turned))
        reply(draft, Reason.NEW_TURN, {"theme": turned[0], "themes": ", ".join(turned)})
    beat = draft.mandate.policy(draft.incident.level, draft.incident.brand).update_every
    if beat is not None and draft.now - (draft.incident.updated_at or draft.now) >= beat:
        draft.change(updated_at=draft.now)
        reply(draft, Reason.UPDATE)
    fresh = draft.incident.card_at
    if turned or (fresh is not None and draft.now - fresh >= draft.mandate.timing.edit_every):
        edit_card(draft)

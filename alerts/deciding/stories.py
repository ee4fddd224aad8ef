"""Actions that concern more than one incident: a flag opens one, merge makes one of two, split two of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.actions import Action
from alerts.deciding.asked import text_of
from alerts.deciding.calm import close, end_where, support_up_to
from alerts.deciding.draft import Draft
from alerts.deciding.escalation import start_chain
from alerts.deciding.findings import scope_of
from alerts.deciding.levels import open_at, raise_to
from alerts.deciding.telling import edit_card, reply
from alerts.incident import Incident, IncidentState, Obligation, ObligationKind, Reason
from alerts.leading import next_leader
from alerts.mandate import Mandate, from_snapshot
from alerts.obligations import CLIMBING, active, unanswered
from detectors.signal import Level, Scope, ScopeKind, Signal


def blank(number: int, brand: str, mandate: Mandate, now: datetime, *, drill: bool = False) -> Incident:
    """An incident that has just begun and knows nothing yet."""
    return Incident(
        number=number,
        brand=brand,
        level=Level.CALM,
        state=IncidentState.OPEN,
        opened_at=now,
        scopes=frozenset(),
        state_since=now,
        mandate=mandate.document(),
        drill=drill,
    )


def flag_scopes(action: Action, brand: str) -> frozenset[Scope]:
    """The scopes that a flag names: its thread and its theme."""
    named = ((ScopeKind.THREAD, text_of(action, "thread")), (ScopeKind.THEME, text_of(action, "theme")))
    return frozenset(Scope(brand, kind, name) for kind, name in named if name)


def flagged_home(action: Action, brand: str, incidents: Sequence[Incident]) -> Incident | None:
    """The running incident that a flag belongs to: the one named, or the one that holds its scope.

    A flag that names no scope joins an unanswered one like it: ten agents who flag the same thing are one story.
    """
    scopes = flag_scopes(action, brand)
    running = [i for i in incidents if i.state is not IncidentState.CLOSED]
    named = [i for i in running if i.number == action.incident]
    held = [i for i in running if i.brand == brand and i.scopes & scopes]
    alike = [] if scopes else [i for i in running if i.brand == brand and _is_unanswered_flag(i)]
    return next(iter((*named, *held, *alike)), None)


def _is_unanswered_flag(incident: Incident) -> bool:
    return not incident.scopes and bool(unanswered(incident, ObligationKind.ANSWER_FLAG))


def flag(draft: Draft, action: Action) -> None:
    """A warning sign seen by a person: a watch that must be answered, however high it has to climb (P14)."""
    opened = not draft.incident.levels
    text = text_of(action, "text")
    draft.change(
        flag=draft.incident.flag or text,
        scopes=draft.incident.scopes | (flag_scopes(action, draft.incident.brand) if opened else frozenset()),
        themes=tuple(dict.fromkeys((*draft.incident.themes, *filter(None, [text_of(action, "theme")])))),
    )
    draft.write("flagged", actor=action.by, channel=action.channel, text=text)
    if opened:
        draft.change(level=Level.WATCH, peak_level=Level.WATCH, levels=draft.history(Level.WATCH), judged_at=None)
        support_up_to(draft, Level.WATCH)
    if opened or draft.incident.state is IncidentState.AFTERCARE:
        draft.enter(IncidentState.OPEN)
        draft.change(aftercare_until=None, digest_due_at=None)
    if active(draft.incident, *CLIMBING):
        reply(draft, Reason.FLAG, {"text": text, "by": draft.mandate.name_of(action.by)})
    else:
        start_chain(draft, ObligationKind.ANSWER_FLAG, Reason.FLAG)


def merge(kept: Draft, absorbed: Draft, action: Action) -> str | None:
    """Make one story of two: `kept` takes over what `absorbed` holds; the higher level and its chain stay."""
    one, other = kept.incident, absorbed.incident
    if other.number == one.number or other.brand != one.brand:
        return "bad_data: other"
    if IncidentState.CLOSED in (one.state, other.state):
        return None if other.merged_into == one.number else "wrong_state"
    _take_over(kept, other)
    kept.write("merged", actor=action.by, channel=action.channel, other=other.number)
    _close_into(absorbed, kept, action)
    if other.level > one.level:
        raise_to(kept, other.level, None, actor=action.by, channel=action.channel)
    else:
        reply(kept, Reason.STATE_CHANGED, {"state": "merged", "other": other.number, "by": action.by})
        edit_card(kept)
    return None


def _take_over(kept: Draft, other: Incident) -> None:
    one = kept.incident
    kept.change(
        scopes=one.scopes | other.scopes,
        mention_ids=one.mention_ids | other.mention_ids,
        signals=(*one.signals, *(s for s in other.signals if s not in one.signals)),
        themes=tuple(dict.fromkeys((*one.themes, *other.themes))),
        facts=(*one.facts, *other.facts),
        seen=_latest(one, other),
        opened_at=min(one.opened_at, other.opened_at),
        onset=min((o for o in (one.onset, other.onset) if o), key=lambda o: o.at, default=None),
        obligations=(*one.obligations, *_still_owed(other)),
        evidence=one.evidence or other.evidence,
        flag=one.flag or other.flag,
    )


def _latest(one: Incident, other: Incident) -> tuple[tuple[Level, datetime], ...]:
    seen = dict(one.seen)
    for level, when in other.seen:
        seen[level] = max(when, seen.get(level, when))
    return tuple(sorted(seen.items()))


def _still_owed(other: Incident) -> tuple[Obligation, ...]:
    """Promises and public times go over; who acknowledges is the kept incident's matter."""
    kept: tuple[ObligationKind, ...] = (ObligationKind.PROMISE, ObligationKind.NEXT_PUBLIC_UPDATE)
    if other.acknowledgement is None and active(other, ObligationKind.ANSWER_FLAG):
        kept = (*kept, ObligationKind.ANSWER_FLAG)  # a flag must be answered, wherever it goes
    return active(other, *kept)


def _close_into(absorbed: Draft, kept: Draft, action: Action) -> None:
    absorbed.change(merged_into=kept.incident.number, scopes=frozenset())
    absorbed.write("merged_into", actor=action.by, channel=action.channel, other=kept.incident.number)
    reply(absorbed, Reason.CLOSED, {"why": "merged", "other": kept.incident.number, "by": action.by})
    edit_card(absorbed)
    end_where(absorbed, tuple(ObligationKind), "merged")
    close(absorbed, why="merged", actor=action.by, channel=action.channel, quiet=True)


def split(whole: Draft, part: Draft, action: Action) -> str | None:
    """Take a scope (`theme:payment`, `thread:abc`) out of `whole` and make it the story of `part`."""
    scope = scope_of(whole.incident.brand, text_of(action, "scope"))
    if scope is None or not (scope in whole.incident.scopes or scope.name in whole.incident.themes):
        return "bad_data: scope"
    if not whole.active or whole.incident.scopes == {scope}:
        return "wrong_state"
    own = tuple(s for s in whole.incident.signals if s.scope == scope)
    _move(whole, part, scope, own)
    whole.write("split", actor=action.by, channel=action.channel, other=part.incident.number, scope=str(scope))
    edit_card(whole)
    level = max((s.level for s in own), default=Level.WATCH)
    support_up_to(part, level)
    open_at(part, level, None)
    return None


def _move(whole: Draft, part: Draft, scope: Scope, own: tuple[Signal, ...]) -> None:
    """Take the scope, its signals and its mentions from one incident to the other."""
    ids = frozenset(i for s in own for i in s.mention_ids)
    whole.change(
        scopes=whole.incident.scopes - {scope},
        signals=tuple(s for s in whole.incident.signals if s.scope != scope),
        mention_ids=whole.incident.mention_ids - ids,
        themes=tuple(t for t in whole.incident.themes if t != scope.name),
        leading="" if whole.incident.leading == scope.name else whole.incident.leading,
    )
    whole.change(leading=next_leader(whole.incident))
    part.change(
        scopes=frozenset({scope}),
        signals=own,
        mention_ids=ids,
        evidence=next((s.evidence for s in own if s.evidence), None),
        themes=(scope.name,) if scope.kind is ScopeKind.THEME else (),
        leading=scope.name if scope.kind is ScopeKind.THEME else "",
        onset=next((s.onset for s in own if s.onset), None),
    )


def copy_for(incident: Incident, mandate: Mandate, now: datetime) -> Draft:
    """A draft of an incident that is there, under its own snapshot of the mandate with today's addresses."""
    own = from_snapshot(incident.mandate, mandate)
    return Draft(incident, own.with_people_of(mandate), now, before=incident)


def draft_new(number: int, brand: str, mandate: Mandate, now: datetime, *, drill: bool = False) -> Draft:
    """A draft of an incident that begins now."""
    return Draft(blank(number, brand, mandate, now, drill=drill), mandate, now)

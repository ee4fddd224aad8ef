"""The decision core: incidents, an event, the mandate and the time in; changed incidents and what to say out.

`decide` is pure and total: no clock, no I/O, the same arguments give the same answer, and a tick at the same time
does nothing the second time. Every call also ticks, so a deadline that has passed is acted on whatever comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from alerts.actions import Action, ActionKind, Event, OwnPost, Signals, Tick
from alerts.deciding import stories
from alerts.deciding.asked import text_of
from alerts.deciding.deadlines import tick
from alerts.deciding.draft import Draft
from alerts.deciding.joining import group_signals
from alerts.deciding.own_posts import apply_own_post, concerns
from alerts.deciding.people import HANDLERS
from alerts.deciding.praise import tell_praise
from alerts.deciding.quiet import lift, silence, silence_level
from alerts.deciding.signals import apply_signals
from alerts.incident import Decision, Incident, IncidentState, Notification, Refusal, TimelineEvent
from alerts.mandate import Mandate
from alerts.rights import may, who_may
from alerts.silences import Silence
from detectors.signal import Direction, Level, Scope

__all__ = ["decide"]


def decide(
    incidents: Sequence[Incident],
    event: Event,
    mandate: Mandate,
    now: datetime,
    *,
    next_number: int,
    silences: Sequence[Silence] = (),
    drill: bool = False,
) -> Decision:
    """Decide what an event means.

    `incidents` are all that are not closed and those closed within the relapse time. `next_number` is the number
    of the next incident; more are counted on from it. `drill` marks the incidents that are opened.
    Answers only what changed; a refused action changes nothing, and says who would have been allowed.
    """
    desk = _Desk(incidents, mandate, now, next_number, silences, drill)
    _ON_EVENT[type(event)](desk, event)
    _untangle(desk)
    for draft in desk.all():
        tick(draft, desk.silences)
    return desk.decision()


class _Desk:
    """The incidents of one decision as drafts, made on first use."""

    def __init__(
        self,
        incidents: Sequence[Incident],
        mandate: Mandate,
        now: datetime,
        next_number: int,
        silences: Sequence[Silence],
        drill: bool,
    ) -> None:
        self.incidents = tuple(sorted(incidents, key=lambda i: i.number))
        self.mandate, self.now, self.silences = mandate, now, silences
        self.refusal: Refusal | None = None
        self.timeline: list[TimelineEvent] = []
        self.notifications: list[Notification] = []
        self.lifted: tuple[str, ...] = ()
        self._next_number, self._drill = next_number, drill
        self._drafts: dict[int, Draft] = {}

    def draft(self, incident: Incident) -> Draft:
        """The draft of an incident that is there."""
        if incident.number not in self._drafts:
            self._drafts[incident.number] = stories.copy_for(incident, self.mandate, self.now)
        return self._drafts[incident.number]

    def new(self, brand: str) -> Draft:
        """The draft of a new incident."""
        draft = stories.draft_new(self._next_number, brand, self.mandate, self.now, drill=self._drill)
        self._drafts[self._next_number] = draft
        self._next_number += 1
        return draft

    def drop(self, draft: Draft) -> None:
        """Forget a new incident that was not needed after all."""
        del self._drafts[draft.incident.number]
        self._next_number -= 1

    def end_silences(self, lifted: Sequence[Silence]) -> None:
        """From now on these hold no more: what they kept quiet is told."""
        ended = {silence.id: silence for silence in lifted}
        self.silences = tuple(ended.get(silence.id, silence) for silence in self.silences)
        self.lifted = tuple(ended)

    def by_number(self, number: object) -> Incident | None:
        """The incident of that number, if it is on the desk."""
        return next((i for i in self.incidents if str(i.number) == str(number)), None)

    def all(self) -> list[Draft]:
        """Drafts of every incident that is not closed, and of all that were touched, by number."""
        for incident in self.incidents:
            if incident.state is not IncidentState.CLOSED:
                self.draft(incident)
        return [self._drafts[number] for number in sorted(self._drafts)]

    def decision(self) -> Decision:
        """What changed, and what is to be written and said."""
        drafts = [self._drafts[number] for number in sorted(self._drafts)]
        return Decision(
            tuple(d.incident for d in drafts if d.changed),
            (*self.timeline, *(line for d in drafts for line in d.timeline)),
            (*self.notifications, *(n for d in drafts for n in d.notifications)),
            self.refusal,
            tuple(silence for d in drafts for silence in d.silences),
            self.lifted,
        )


def _untangle(desk: _Desk) -> None:
    """Leave every scope in one open incident: one that is opened (again) takes nothing from a running one."""
    held: set[Scope] = set()
    for draft in sorted(desk.all(), key=lambda d: (not _was_open(d), d.incident.number)):
        if draft.incident.state is IncidentState.CLOSED:
            continue
        own = draft.incident.scopes - held
        if own != draft.incident.scopes:
            draft.change(scopes=own)
        held |= own


def _was_open(draft: Draft) -> bool:
    return draft.before is not None and draft.before.state is not IncidentState.CLOSED


def _on_signals(desk: _Desk, event: Signals) -> None:
    trouble = [s for s in event.signals if s.finding.direction is Direction.TROUBLE and s.level > Level.CALM]
    praise = [s for s in event.signals if s.finding.direction is Direction.PRAISE and s.level > Level.CALM]
    desk.notifications += tell_praise(desk.mandate, praise, desk.now)
    touched = set()
    for group in group_signals(trouble, desk.incidents, desk.mandate.timing.open_at_most):
        draft = desk.new(event.brand) if group.home is None else desk.draft(group.home)
        apply_signals(draft, event, group.signals, desk.silences)
        touched.add(draft.incident.number)
    for incident in desk.incidents:
        quiet = incident.brand == event.brand and incident.number not in touched
        if quiet and incident.state is not IncidentState.CLOSED:
            apply_signals(desk.draft(incident), event, (), desk.silences)


def _on_own_post(desk: _Desk, event: OwnPost) -> None:
    above = [i for i in desk.incidents if i.brand == event.brand and i.level > Level.WATCH]
    above = [i for i in above if i.state is not IncidentState.CLOSED]
    for incident in desk.incidents:
        if concerns(event, incident, alone=above == [incident]):
            apply_own_post(desk.draft(incident), event)


def _on_tick(_desk: _Desk, _event: Tick) -> None:
    """Every decision ticks; nothing more to do."""


def _on_action(desk: _Desk, action: Action) -> None:
    known = desk.by_number(action.incident) if action.incident is not None else None
    if action.kind is ActionKind.FLAG:
        _flag(desk, action)
    elif known is None:
        desk.refusal = Refusal(str(action.kind), action.by, (), "no_such_incident")
    else:
        _act_on(desk, desk.draft(known), action)


def _act_on(desk: _Desk, draft: Draft, action: Action) -> None:
    action = _named(draft.mandate, action)
    if action.kind is ActionKind.LIFT_SILENCE:
        lifted, desk.refusal = lift(draft, action, desk.silences)
        desk.end_silences(lifted)
        return
    if not _allowed(desk, draft, action):
        return
    if text_of(action, "only_asks") or draft.seen_before(text_of(action, "event_id")):
        return
    together = {ActionKind.MERGE: _merge, ActionKind.SPLIT: _split}.get(action.kind)
    why = together(desk, draft, action) if together else _ALONE[action.kind](draft, action)
    if why is not None:
        desk.refusal = Refusal(str(action.kind), action.by, (), why)


def _named(mandate: Mandate, action: Action) -> Action:
    """The action under the person id of whoever did it, where that is known."""
    return replace(action, by=mandate.person_id(action.by) or action.by)


def _allowed(desk: _Desk, draft: Draft, action: Action) -> bool:
    """Does the mandate of the incident allow it? A refusal is answered and written down (practice P13)."""
    incident, mandate = draft.incident, draft.mandate
    groups = [g for g in text_of(action, "groups").split(",") if g]
    level = incident.level
    if action.kind is ActionKind.SILENCE:
        level = max(level, silence_level(action))
    if may(mandate, action.kind, action.by, level=level, at=desk.now, brand=incident.brand, groups=groups):
        return True
    allowed = who_may(mandate, action.kind, level=level, at=desk.now, brand=incident.brand)
    why = "not_allowed" if action.by in mandate.people else "unknown_person"
    desk.refusal = Refusal(str(action.kind), action.by, allowed, why)
    draft.write(
        "refused",
        actor=action.by,
        channel=action.channel,
        action=str(action.kind),
        allowed=", ".join(allowed),
        why=why,
    )
    return False


def _flag(desk: _Desk, action: Action) -> None:
    action = _named(desk.mandate, action)
    home = desk.by_number(action.incident) if action.incident is not None else None
    brand = text_of(action, "brand") or (home.brand if home else "")
    if not brand or not text_of(action, "text"):
        desk.refusal = Refusal("flag", action.by, (), "bad_data: brand" if not brand else "bad_data: text")
        return
    if _told_of_already(desk, action):
        return
    home = stories.flagged_home(action, brand, desk.incidents)
    draft = desk.new(brand) if home is None else desk.draft(home)
    if not _allowed(desk, draft, action):
        if home is None:
            desk.timeline += [_without_incident(line) for line in draft.timeline]
            desk.drop(draft)
        return
    if text_of(action, "only_asks"):
        if home is None:
            desk.drop(draft)
        return
    draft.seen_before(text_of(action, "event_id"))
    stories.flag(draft, action)


def _told_of_already(desk: _Desk, action: Action) -> bool:
    event_id = text_of(action, "event_id")
    return bool(event_id) and any(event_id in incident.handled for incident in desk.incidents)


def _without_incident(line: TimelineEvent) -> TimelineEvent:
    return replace(line, incident=None)


def _merge(desk: _Desk, draft: Draft, action: Action) -> str | None:
    other = desk.by_number(text_of(action, "other"))
    return "bad_data: other" if other is None else stories.merge(draft, desk.draft(other), action)


def _split(desk: _Desk, draft: Draft, action: Action) -> str | None:
    part = desk.new(draft.incident.brand)
    why = stories.split(draft, part, action)
    if why is not None:
        desk.drop(part)
    return why


_ALONE = {**HANDLERS, ActionKind.SILENCE: silence}
"""Actions on one incident."""

_ON_EVENT: dict[type, Callable[..., None]] = {
    Signals: _on_signals,
    OwnPost: _on_own_post,
    Action: _on_action,
    Tick: _on_tick,
}

"""What people write down or say about an incident: notes, facts, the current message, public posts, promises.

A handler changes the draft and answers None, or answers why it cannot be done (and changes nothing).
"""

from __future__ import annotations

from alerts.actions import Action
from alerts.deciding.asked import Answer, text_of, time_of
from alerts.deciding.draft import Draft
from alerts.deciding.levels import add_deadline
from alerts.deciding.telling import edit_card, reply
from alerts.incident import CurrentMessage, Fact, IncidentState, ObligationKind, Reason
from alerts.obligations import end_kinds, meet_kinds

FACT_STATES = ("confirmed", "disputed", "unknown")


def note(draft: Draft, action: Action) -> Answer:
    """Write something down on the timeline."""
    if not text_of(action, "text"):
        return "bad_data: text"
    draft.write("note", actor=action.by, channel=action.channel, text=text_of(action, "text"))
    return None


def fact(draft: Draft, action: Action) -> Answer:
    """Keep a fact: confirmed, disputed or unknown (practice P28). The same text again changes its standing."""
    status, text = text_of(action, "status"), text_of(action, "text")
    if status not in FACT_STATES or not text:
        return "bad_data: status" if text else "bad_data: text"
    others = tuple(f for f in draft.incident.facts if f.text != text)
    draft.change(facts=(*others, Fact(status, text, action.by, draft.now)))
    draft.write("fact", actor=action.by, channel=action.channel, status=status, text=text)
    edit_card(draft)
    return None


def message(draft: Draft, action: Action) -> Answer:
    """Set what we say now (budskap); it is refreshed in time, and agents see it at once (practice P17, P42)."""
    text = text_of(action, "text")
    if not text:
        return "bad_data: text"
    if draft.incident.state is IncidentState.CLOSED:
        return "wrong_state"
    draft.change(
        message=CurrentMessage(text, action.by, draft.now, text_of(action, "url") or None),
        obligations=meet_kinds(draft.incident, (ObligationKind.REFRESH_MESSAGE,), draft.now, action.by),
    )
    every = draft.mandate.policy(draft.incident.level, draft.incident.brand).refresh_message_every
    if every is not None and draft.active:
        add_deadline(draft, ObligationKind.REFRESH_MESSAGE, draft.now + every, action.by)
    _public_time(draft, action)
    draft.write("message", actor=action.by, channel=action.channel, text=text)
    reply(draft, Reason.UPDATE, {"message": text, "by": draft.mandate.name_of(action.by)})
    edit_card(draft)
    return None


def posted(draft: Draft, action: Action) -> Answer:
    """We have said something publicly (`url`): confirms, keeps promises, may give the next public time."""
    confirm_public(draft, action.by, text_of(action, "url") or None)
    owed = (ObligationKind.NEXT_PUBLIC_UPDATE, ObligationKind.PROMISE)
    draft.change(obligations=meet_kinds(draft.incident, owed, draft.now, action.by))
    _public_time(draft, action)
    draft.write("posted", actor=action.by, channel=action.channel, url=text_of(action, "url") or None)
    edit_card(draft)
    return None


def confirm_public(draft: Draft, by: str, url: str | None) -> None:
    """Note the first public word of ours; it meets the deadline for confirming."""
    draft.change(
        first_own_post_at=draft.incident.first_own_post_at or draft.now,
        own_story_url=draft.incident.own_story_url or url,
        obligations=meet_kinds(draft.incident, (ObligationKind.CONFIRM_PUBLICLY,), draft.now, by),
    )


def _public_time(draft: Draft, action: Action) -> None:
    next_update = time_of(action, "next_update")
    if next_update is not None and next_update > draft.now:
        ended = end_kinds(draft.incident, (ObligationKind.NEXT_PUBLIC_UPDATE,), "superseded")
        draft.change(obligations=ended)
        add_deadline(draft, ObligationKind.NEXT_PUBLIC_UPDATE, next_update, action.by)


def promise(draft: Draft, action: Action) -> Answer:
    """Something was promised publicly, by a time (`until`) or within the configured time (practice P30)."""
    text, until = text_of(action, "text"), time_of(action, "until")
    if not text:
        return "bad_data: text"
    if draft.incident.state is IncidentState.CLOSED:
        return "wrong_state"
    due = until if until is not None and until > draft.now else draft.now + draft.mandate.timing.promise_within
    add_deadline(draft, ObligationKind.PROMISE, due, action.by, text)
    draft.write("promised", actor=action.by, channel=action.channel, text=text, until=due.isoformat())
    return None

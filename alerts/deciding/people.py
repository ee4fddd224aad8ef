"""What people decide about an incident: taking it on, waiting, its level, its end. One function an action.

A handler changes the draft and answers None, or answers why it cannot be done (and changes nothing). That the
mandate allows the action was checked before.
"""

from __future__ import annotations

from collections.abc import Callable

from alerts.actions import Action, ActionKind
from alerts.deciding import words
from alerts.deciding.asked import Answer, level_of, text_of, time_of
from alerts.deciding.calm import begin_aftercare, close, lower_to, support_up_to
from alerts.deciding.draft import Draft
from alerts.deciding.findings import observed_by_kind
from alerts.deciding.levels import hold_down, raise_to
from alerts.deciding.signals import reopen
from alerts.deciding.telling import Said, edit_card, pings_of, reply
from alerts.incident import (
    Acknowledgement,
    IncidentState,
    Obligation,
    ObligationKind,
    Reason,
    Wait,
)
from alerts.obligations import CLIMBING, answered, end_kinds, unanswered
from detectors.signal import Level


def acknowledge(draft: Draft, action: Action) -> Answer:
    """Take it on. A second acknowledgement of the same level is a silent success."""
    taken = draft.incident.acknowledgement
    if taken is not None and taken.level >= draft.incident.level and not unanswered(draft.incident, *CLIMBING):
        return None
    if not draft.active:
        return "wrong_state"
    take_on(draft, action)
    draft.enter(IncidentState.ACKNOWLEDGED if draft.incident.wait is None else IncidentState.WAITING)
    draft.write("acknowledged", actor=action.by, channel=action.channel, level=draft.incident.level.label)
    reply(draft, Reason.ACKNOWLEDGED, {"by": draft.mandate.name_of(action.by), "at": draft.now.isoformat()})
    edit_card(draft)
    return None


def take_on(draft: Draft, action: Action) -> None:
    """Note who has taken it on: what was asked of people is answered."""
    draft.change(
        acknowledgement=Acknowledgement(action.by, draft.now, action.channel, draft.incident.level),
        obligations=answered(draft.incident, draft.now, action.by),
        owner=draft.incident.owner or action.by,
        silenced=None,
    )


def wait(draft: Draft, action: Action) -> Answer:
    """Wait and watch: needs a reason and a time to come (`until`, ISO with offset)."""
    until, reason = time_of(action, "until"), text_of(action, "reason")
    if until is None or until <= draft.now:
        return "bad_data: until"
    if not reason:
        return "bad_data: reason"
    if not draft.active:
        return "wrong_state"
    take_on(draft, action)
    draft.enter(IncidentState.WAITING)
    observed = observed_by_kind(draft.incident.signals)
    decided = Wait(reason, action.by, draft.now, until, max((o for _, o in observed), default=0.0), observed)
    due = Obligation(ObligationKind.WAIT_ENDS, until, draft.now, draft.incident.level, action.by, note=reason)
    kept = end_kinds(draft.incident, (ObligationKind.WAIT_ENDS,), "superseded")
    draft.change(wait=decided, obligations=(*kept, due))
    draft.write("waiting", actor=action.by, channel=action.channel, reason=reason, until=until.isoformat())
    reply(
        draft,
        Reason.WAITING,
        {"by": draft.mandate.name_of(action.by), "reason": reason, "until": until.isoformat()},
    )
    edit_card(draft)
    return None


def raise_level(draft: Draft, action: Action) -> Answer:
    """Raise to the level named, or by one."""
    wanted = level_of(action) or Level(min(draft.incident.level + 1, Level.CRISIS))
    if draft.incident.state is IncidentState.CLOSED:
        return "wrong_state"
    if draft.active and wanted <= draft.incident.level:
        return None
    if draft.incident.state is IncidentState.AFTERCARE:
        reopen(draft, actor=action.by, channel=action.channel)
    support_up_to(draft, wanted)
    raise_to(draft, wanted, None, actor=action.by, channel=action.channel)
    _break_wait(draft)
    return None


def _break_wait(draft: Draft) -> None:
    if draft.incident.wait is not None and draft.incident.state is not IncidentState.WAITING:
        ended = end_kinds(draft.incident, (ObligationKind.WAIT_ENDS,), "broken: level_raised")
        draft.change(wait=None, obligations=ended)


def lower_level(draft: Draft, action: Action) -> Answer:
    """Lower to the level named, or by one; today's signals do not raise it again."""
    wanted = level_of(action) or Level(max(draft.incident.level - 1, Level.WATCH))
    if not draft.active:
        return "wrong_state"
    if wanted >= draft.incident.level:
        return None
    hold_down(draft, action.by)
    lower_to(draft, wanted, why=text_of(action, "reason") or "decided", actor=action.by, channel=action.channel)
    return None


def hand_over(draft: Draft, action: Action) -> Answer:
    """Name another owner (`to`: person or role id)."""
    to = draft.mandate.person_id(text_of(action, "to")) or text_of(action, "to")
    if to not in draft.mandate.people and to not in draft.mandate.roles:
        return "bad_data: to"
    if to == draft.incident.owner:
        return None
    draft.change(owner=to)
    draft.write("handed_over", actor=action.by, channel=action.channel, to=to)
    said: Said = {"state": "handed_over", "to": draft.mandate.name_of(to), "by": action.by}
    reply(draft, Reason.STATE_CHANGED, said, recipients=pings_of(draft, to))
    edit_card(draft)
    return None


def stand_down(draft: Draft, action: Action) -> Answer:
    """The crisis group says it is over: aftercare, and today's signals do not bring it back."""
    if draft.incident.state is IncidentState.AFTERCARE:
        return None
    if not draft.active:
        return "wrong_state"
    hold_down(draft, action.by)
    begin_aftercare(draft, why=text_of(action, "reason") or "stood_down", actor=action.by, channel=action.channel)
    return None


def false_alarm(draft: Draft, action: Action) -> Answer:
    """It was nothing: closed and marked, so that thresholds can be learnt from it (practice P38)."""
    if draft.incident.state is IncidentState.CLOSED:
        return None if draft.incident.false_alarm else "wrong_state"
    hold_down(draft, action.by)
    draft.change(false_alarm=True, obligations=answered(draft.incident, draft.now, action.by))
    close(draft, why="false_alarm", actor=action.by, channel=action.channel)
    return None


def answer_flag(draft: Draft, action: Action) -> Answer:
    """Answer whoever flagged; that is taking it on."""
    if not unanswered(draft.incident, ObligationKind.ANSWER_FLAG):
        return None if draft.incident.acknowledgement else "wrong_state"
    take_on(draft, action)
    draft.enter(IncidentState.ACKNOWLEDGED)
    text = text_of(action, "text")
    draft.write("flag_answered", actor=action.by, channel=action.channel, text=text or None)
    reply(
        draft,
        Reason.ACKNOWLEDGED,
        {"by": draft.mandate.name_of(action.by), "text": text, "obligation": "answer_flag"},
    )
    edit_card(draft)
    return None


def reopen_by_hand(draft: Draft, action: Action) -> Answer:
    """Open it again at watch, or at the level named."""
    if draft.active:
        return None
    if draft.incident.merged_into is not None:
        return "wrong_state"
    reopen(draft, actor=action.by, channel=action.channel)
    wanted = level_of(action) or Level.WATCH
    support_up_to(draft, wanted)
    raise_to(draft, wanted, None, actor=action.by, channel=action.channel)
    return None


HANDLERS: dict[ActionKind, Callable[[Draft, Action], Answer]] = {
    ActionKind.ACKNOWLEDGE: acknowledge,
    ActionKind.WAIT: wait,
    ActionKind.RAISE: raise_level,
    ActionKind.LOWER: lower_level,
    ActionKind.HAND_OVER: hand_over,
    ActionKind.STAND_DOWN: stand_down,
    ActionKind.FALSE_ALARM: false_alarm,
    ActionKind.NOTE: words.note,
    ActionKind.FACT: words.fact,
    ActionKind.MESSAGE: words.message,
    ActionKind.POSTED: words.posted,
    ActionKind.PROMISE: words.promise,
    ActionKind.ANSWER_FLAG: answer_flag,
    ActionKind.REOPEN: reopen_by_hand,
}
"""Flag, merge and split concern more than one incident: `alerts.deciding.stories`. Silence: `…quiet`."""

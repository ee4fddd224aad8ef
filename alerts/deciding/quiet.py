"""A silence set from an incident: kept quiet on purpose until a time, by whoever may, with a reason."""

from __future__ import annotations

from alerts.actions import Action
from alerts.deciding.asked import Answer, level_of, text_of
from alerts.deciding.draft import Draft
from alerts.deciding.people import take_on
from alerts.deciding.telling import edit_card, reply
from alerts.durations import parse_duration
from alerts.incident import IncidentState, Reason
from alerts.silences import Matcher, Silence
from detectors.signal import Level

ALL = "brand"
"""As the scope: everything about the incident's brand. Else `theme:payment`, `thread:abc` …"""


def silence(draft: Draft, action: Action) -> Answer:
    """Keep quiet what the `scope` says for as long as `lasts`; whoever silences a story has taken it on."""
    matcher, reason = matcher_of(draft.incident.brand, text_of(action, "scope")), text_of(action, "reason")
    if matcher is None or not reason:
        return "bad_data: scope" if matcher is None else "bad_data: reason"
    try:
        until = draft.now + parse_duration(text_of(action, "lasts"))
    except (ValueError, OverflowError):
        return "bad_data: lasts"
    if not draft.active:
        return "wrong_state"
    up_to = silence_level(action)
    draft.silences.append(Silence("", matcher, reason, action.by, until, draft.now, up_to))
    take_on(draft, action)
    if draft.incident.wait is None:
        draft.enter(IncidentState.ACKNOWLEDGED)
    said = {"until": until.isoformat(), "reason": reason, "by": draft.mandate.name_of(action.by)}
    scope = text_of(action, "scope")
    draft.write("silenced", actor=action.by, channel=action.channel, scope=scope, up_to=up_to.label, **said)
    reply(draft, Reason.STATE_CHANGED, {"state": "silenced", **said})
    edit_card(draft)
    return None


def silence_level(action: Action) -> Level:
    """Up to which level the silence shall hold (`up_to`); warning when nothing is said."""
    return level_of(action, "up_to") or Level.WARNING


def matcher_of(brand: str, scope: str) -> Matcher | None:
    """Read `brand`, `theme:payment`, `source:news` or `thread:abc` as what a silence means; None for others."""
    kind, _, name = scope.partition(":")
    if scope == ALL:
        return Matcher(brand=brand)
    known = {
        "theme": Matcher(brand=brand, theme=name),
        "source": Matcher(brand=brand, source=name),
        "thread": Matcher(brand=brand, thread=name),
    }
    return known.get(kind) if name else None

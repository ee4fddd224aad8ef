"""A silence set or lifted from an incident: quiet on purpose until a time, by whoever may, with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alerts.actions import Action
from alerts.deciding.asked import Answer, level_of, text_of
from alerts.deciding.draft import Draft
from alerts.deciding.people import take_on
from alerts.deciding.telling import edit_card, reply
from alerts.durations import parse_duration
from alerts.incident import Incident, IncidentState, Reason, Refusal
from alerts.silences import Matcher, Silence
from alerts.silencing import lift_silence
from detectors.signal import Level, ScopeKind

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
    by, scope = draft.mandate.name_of(action.by), text_of(action, "scope")
    said = {"until": until.isoformat(), "reason": reason, "by": by, "scope": scope}
    draft.write("silenced", actor=action.by, channel=action.channel, up_to=up_to.label, **said)
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


def lift(draft: Draft, action: Action, silences: Sequence[Silence]) -> tuple[tuple[Silence, ...], Refusal | None]:
    """End what keeps this incident quiet: the silences of the `scope`, or all of them when none is named.

    Answers them with their end, or why it is refused; whoever may not lift one of them lifts none.
    """
    meant = matcher_of(draft.incident.brand, text_of(action, "scope"))
    found = [s for s in silences if s.in_force(draft.now) and _holds_for(draft.incident, s.matcher, meant)]
    groups = [group for group in text_of(action, "groups").split(",") if group]
    asked = [
        lift_silence(draft.mandate, silence, action.by, draft.now, channel=action.channel, groups=groups)
        for silence in found
    ]
    refusal = next((one.refusal for one in asked if one.refusal is not None), None)
    if refusal is not None:
        return (), _refused(draft, action, refusal)
    if text_of(action, "only_asks") or draft.seen_before(text_of(action, "event_id")):
        return (), None
    if not found:
        return (), Refusal(str(action.kind), action.by, (), "no_silence")
    _tell_lifted(draft, action, found)
    return tuple(one.silence for one in asked if one.silence is not None), None


def _refused(draft: Draft, action: Action, refusal: Refusal) -> Refusal:
    said = {"action": str(action.kind), "allowed": ", ".join(refusal.allowed), "why": refusal.why}
    draft.write("refused", actor=action.by, channel=action.channel, **said)
    return replace(refusal, action=str(action.kind))


def _tell_lifted(draft: Draft, action: Action, lifted: Sequence[Silence]) -> None:
    for silence in lifted:
        said = {"silence": silence.id, "reason": silence.reason, "author": silence.author}
        draft.write("silence_lifted", actor=action.by, channel=action.channel, **said)
    reply(draft, Reason.STATE_CHANGED, {"state": "silence_lifted", "by": draft.mandate.name_of(action.by)})
    edit_card(draft)


def _holds_for(incident: Incident, matcher: Matcher, meant: Matcher | None) -> bool:
    """Is it the silence that is meant; when none is named, does it keep any of the incident quiet?"""
    if meant is not None:
        return matcher == meant
    if any(matcher.matches(signal) for signal in incident.signals):
        return True
    held = {kind: {scope.name for scope in incident.scopes if scope.kind is kind} for kind in ScopeKind}
    asked = (
        (matcher.theme, held[ScopeKind.THEME] | set(incident.themes)),
        (matcher.source, held[ScopeKind.SOURCE]),
        (matcher.thread, held[ScopeKind.THREAD]),
    )
    is_of_brand = matcher.brand in ("", incident.brand) and not matcher.detector
    return is_of_brand and all(not name or name in names for name, names in asked)

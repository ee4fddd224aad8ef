"""Asking for a silence, and lifting one: checked against the mandate (`silence` under `may:`). Pure.

The shell stores the silence and the timeline events; what a silence does is decided in `alerts.decide`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.incident import Refusal, TimelineEvent
from alerts.mandate import Mandate
from alerts.rights import SILENCE, may, who_may
from alerts.silences import Matcher, Silence
from detectors.signal import Level


@dataclass(frozen=True, slots=True)
class SilenceDecision:
    """The silence to keep (or, lifted, the same with its end), what to write down, or why it is refused."""

    silence: Silence | None = None
    timeline: tuple[TimelineEvent, ...] = ()
    refusal: Refusal | None = None


def ask_silence(
    mandate: Mandate,
    by: str,
    now: datetime,
    *,
    matcher: Matcher,
    reason: str,
    until: datetime,
    up_to: Level = Level.WARNING,
    channel: str = "cli",
    groups: Iterable[str] = (),
) -> SilenceDecision:
    """Keep alerts that fit `matcher` quiet until `until`. Its id is empty until the shell has stored it."""
    who = mandate.person_id(by) or by
    refused = _refused(mandate, who, up_to, now, matcher.brand, groups)
    if refused is not None:
        return refused
    if not reason.strip() or until <= now:
        why = "bad_data: until" if reason.strip() else "bad_data: reason"
        return SilenceDecision(refusal=Refusal(SILENCE, who, (), why))
    said = {"reason": reason, "until": until.isoformat(), "up_to": up_to.label, **_fields(matcher)}
    event = TimelineEvent("silenced", now, None, who, channel, said)
    return SilenceDecision(Silence("", matcher, reason, who, until, now, up_to), (event,))


def lift_silence(
    mandate: Mandate, silence: Silence, by: str, now: datetime, *, channel: str = "cli", groups: Iterable[str] = ()
) -> SilenceDecision:
    """End a silence before its time. Whoever may silence may lift; so may its author."""
    who = mandate.person_id(by) or by
    refused = _refused(mandate, who, silence.up_to, now, silence.matcher.brand, groups)
    if refused is not None and who != silence.author:
        return refused
    event = TimelineEvent("silence_lifted", now, None, who, channel, {"silence": silence.id})
    return SilenceDecision(replace(silence, lifted_at=now), (event,))


def _refused(
    mandate: Mandate, who: str, level: Level, now: datetime, brand: str, groups: Iterable[str]
) -> SilenceDecision | None:
    if may(mandate, SILENCE, who, level=level, at=now, brand=brand, groups=groups):
        return None
    allowed = who_may(mandate, SILENCE, level=level, at=now, brand=brand)
    why = "not_allowed" if who in mandate.people else "unknown_person"
    event = TimelineEvent("refused", now, None, who, "", {"action": SILENCE, "allowed": ", ".join(allowed)})
    return SilenceDecision(None, (event,), Refusal(SILENCE, who, allowed, why))


def _fields(matcher: Matcher) -> dict[str, str]:
    named = ("brand", "theme", "source", "thread", "detector")
    return {name: value for name in named if (value := getattr(matcher, name))}

"""Sentences of a card: what happens, why a message is sent, in the reader's words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from alerts.card_parts import Plan, main_theme
from alerts.incident import Incident
from alerts.safe_text import quote
from detectors.signal import Level, Signal

if TYPE_CHECKING:
    from alerts.texts.reader import Reader, Value

_FAMILIES = {
    "level": "level",
    "was": "level",
    "state": "state",
    "obligation": "obligation",
    "action": "action",
    "day_kind": "day",
    "why": "trip",
}
"""Values that are words of ours, and the catalogue family that translates them."""


def lead_sentence(incident: Incident, reader: Reader) -> str:
    """Return what happens, theme first: the strongest signal's sentence; a flag's own words for a flag."""
    theme = main_theme(incident)
    strongest = by_strength(incident)
    if incident.flag is not None and not strongest:
        sentence = reader.text("lead.flag", text=quote(incident.flag, 200))
    elif strongest:
        sentence = explain(strongest[0], reader)
    else:
        sentence = reader.text("lead.opened", since=incident.opened_at)
    if not theme:
        return sentence
    return reader.text("lead.theme", theme=theme[:1].upper() + theme[1:], sentence=sentence)


def explain(signal: Signal, reader: Reader) -> str:
    """Return the one sentence that explains a signal, with its numbers, in the reader's language."""
    finding = signal.finding
    key = f"explain.{finding.explanation.key}"
    if reader.has(key):
        said = worded(finding.explanation.numbers, reader)
        return " ".join(part for part in (reader.text(key, **said), _seen_before(said, reader)) if part)
    span = finding.window_seconds
    return reader.text("explain.other", observed=finding.observed, expected=finding.expected, window_seconds=span)


def _seen_before(numbers: Mapping[str, Value], reader: Reader) -> str:
    """Return on how many of the days that we know it has been like that; "" when the numbers do not say."""
    days = numbers.get("days")
    seen = numbers.get("days_as_many", numbers.get("days_as_high"))
    if not isinstance(days, int | float) or not isinstance(seen, int | float):
        return ""
    if seen < 1:
        return reader.text("explain.never_seen", round(float(days)))
    return reader.text("explain.seen", round(seen), days=days)


def reason_values(incident: Incident, plan: Plan, reader: Reader) -> dict[str, object]:
    """Return what reason sentences may name, taken from the incident where the notification does not say."""
    acknowledged = incident.acknowledgement
    wait = incident.wait
    return {
        "number": f"INC-{incident.number}",
        "brand": incident.brand,
        "theme": main_theme(incident) or incident.brand,
        "level": incident.level.label,
        "state": str(incident.state),
        "since": incident.levels[-1][1] if incident.levels else incident.opened_at,
        "told": reader.list(plan.told),
        "by": plan.name_of(acknowledged.by) if acknowledged else None,
        "until": wait.until if wait else None,
        "reason": wait.reason if wait else None,
        "observed": incident.peak_observed,
        "text": incident.flag,
    }


def worded(values: Mapping[str, object], reader: Reader) -> dict[str, Value]:
    """Return `values` with the catalogue's words for levels, states, obligations, actions and days."""
    said = dict(values)
    for name, family in _FAMILIES.items():
        if isinstance(said.get(name), int) and family == "level":
            said[name] = Level(cast("int", said[name])).label
        if said.get(name) is not None and reader.has(f"{family}.{said[name]}"):
            said[name] = reader.text(f"{family}.{said[name]}")
    return cast("dict[str, Value]", said)


def by_strength(incident: Incident) -> list[Signal]:
    """Return the incident's signals, strongest first."""
    return sorted(incident.signals, key=lambda s: (s.level, s.finding.surprise), reverse=True)

"""Sentences of a card: what happens, why a message is sent, in the reader's words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from alerts.card_parts import Plan, called
from alerts.incident import Incident
from alerts.leading import leading_theme
from alerts.safe_text import quote
from detectors.signal import Level, ScopeKind, Signal

if TYPE_CHECKING:
    from alerts.texts.reader import Reader, Value

Labels = Mapping[str, str]
NO_LABELS: Labels = {}

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


def lead_sentence(incident: Incident, reader: Reader, labels: Labels = NO_LABELS) -> str:
    """Return what happens: the strongest signal's sentence with what it is about; a flag's own words for a flag.

    `labels` are the names of themes in the reader's language.
    """
    ranked = by_strength(incident)
    theme = leading_theme(incident)
    if ranked:
        return " ".join(
            part for part in (about(ranked[0], reader, labels), _share_of(theme, incident, reader, labels)) if part
        )
    if incident.flag is not None:
        sentence = reader.text("lead.flag", text=quote(incident.flag, 200))
    else:
        sentence = reader.text("lead.opened", since=incident.opened_at)
    return _named(called(theme, labels), sentence, reader)


def about(signal: Signal, reader: Reader, labels: Labels = NO_LABELS) -> str:
    """Return the sentence that explains a signal, after the theme or source whose numbers these are."""
    kind, name = signal.scope.kind, signal.scope.name
    named = (
        called(name, labels) if kind is ScopeKind.THEME else quote(name, 40) if kind is ScopeKind.SOURCE else ""
    )
    return _named(named, explain(signal, reader), reader)


def _named(name: str, sentence: str, reader: Reader) -> str:
    return reader.text("lead.theme", theme=name[:1].upper() + name[1:], sentence=sentence) if name else sentence


def _share_of(theme: str, incident: Incident, reader: Reader, labels: Labels) -> str:
    """Return how many posts are about the leading theme, where the strongest signal is about all of them."""
    evidence = incident.evidence
    count = dict(evidence.themes).get(theme, 0) if evidence is not None else 0
    if evidence is None or not count or by_strength(incident)[0].scope.kind is not ScopeKind.BRAND:
        return ""
    return reader.text("lead.posts_about", count=count, mentions=evidence.mentions, theme=called(theme, labels))


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
        "theme": called(leading_theme(incident), plan.themes) or incident.brand,
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
    """Return the incident's signals, strongest first; of one level, those of other themes come last."""
    leads = leading_theme(incident)

    def strength(signal: Signal) -> tuple[int, bool, float]:
        of_story = signal.scope.kind is not ScopeKind.THEME or signal.scope.name == leads
        return signal.level, of_story, signal.finding.surprise

    return sorted(incident.signals, key=strength, reverse=True)

"""Which theme a story is about first: the one in its title, whose owner, departments and draft are printed. Pure.

The draft of another theme would be a false statement in public, so a theme leads only when something speaks for
it: a signal of its own, a person's word, or a large part of the posts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from alerts.incident import Incident
from detectors.signal import Evidence, ScopeKind, Signal

LEADING_SHARE = 1 / 3
"""The part of the posts from which a theme without a signal of its own names the story."""

TAKES_OVER_AT = 1.5
"""How many times the leader's weight another theme of the same level must have: titles that flip help nobody."""

FORGOTTEN_AFTER = timedelta(hours=6)
"""A theme whose last signal is so much older than the incident's newest leads no more, if another one does."""


class _Weight(NamedTuple):
    """How much a theme weighs: the highest level, the most unhappy people and the most beyond the usual."""

    level: int = 0
    unhappy: int = 0
    excess: float = 0.0

    def with_signal(self, signal: Signal) -> _Weight:
        unhappy = signal.evidence.negative_people if signal.evidence is not None else 0
        excess = signal.finding.observed - signal.finding.expected
        return _Weight(max(self.level, signal.level), max(self.unhappy, unhappy), max(self.excess, excess))


def leading_theme(incident: Incident) -> str:
    """Return the name of the leading theme as the config has it; "" when none leads."""
    return incident.leading or _named(incident) or _largest(incident.evidence)


def next_leader(incident: Incident) -> str:
    """Return who leads after `incident` has taken in new signals: the leader so far, unless clearly overtaken.

    As long as it signals at all, all that it ever showed counts for the leader, for others what is recent.
    """
    ours = [s for s in incident.signals if s.scope.kind is ScopeKind.THEME]
    newest = max((s.at for s in ours), default=None)
    recent = [s for s in ours if newest is not None and newest - s.at < FORGOTTEN_AFTER]
    if not recent:
        return incident.leading
    weights = _weights(recent)
    best = max(sorted(weights), key=lambda name: weights[name])
    held = _weights(ours)[incident.leading] if incident.leading in weights else None
    return incident.leading if held is not None and not _overtakes(weights[best], held) else best


def _weights(signals: Iterable[Signal]) -> dict[str, _Weight]:
    found: dict[str, _Weight] = {}
    for signal in signals:
        found[signal.scope.name] = found.get(signal.scope.name, _Weight()).with_signal(signal)
    return found


def _overtakes(new: _Weight, held: _Weight) -> bool:
    if new.level != held.level:
        return new.level > held.level
    if new.unhappy or held.unhappy:
        return new.unhappy > TAKES_OVER_AT * held.unhappy
    return new.excess > TAKES_OVER_AT * held.excess


def _named(incident: Incident) -> str:
    """The theme that a person named: by a flag, by splitting it off."""
    themes = [scope.name for scope in incident.scopes if scope.kind is ScopeKind.THEME]
    known = [theme for theme in incident.themes if theme in themes]
    return known[0] if known else "" if incident.evidence or not incident.themes else incident.themes[0]


def _largest(evidence: Evidence | None) -> str:
    if evidence is None or not evidence.themes:
        return ""
    name, count = evidence.themes[0]
    return name if count >= LEADING_SHARE * evidence.mentions else ""

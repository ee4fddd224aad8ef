"""Which incident a signal belongs to: one story, one incident (design, section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from alerts.incident import Incident, IncidentState
from detectors.signal import Level, Scope, ScopeKind, Signal

SHARED_MENTIONS = 0.25
"""A signal that shares this part of its mentions with an incident tells of the same story (design, section 2)."""

STORYLESS = frozenset({ScopeKind.BRAND, ScopeKind.SOURCE, ScopeKind.MEASUREMENT})
"""Scopes that name no story of their own: they join the largest open incident."""


@dataclass(slots=True, eq=False)
class Group:
    """The signals of one event that belong to one incident; `home` is None when they open one."""

    home: Incident | None
    signals: list[Signal] = field(default_factory=list)


def group_signals(signals: Iterable[Signal], incidents: Sequence[Incident], open_at_most: int) -> list[Group]:
    """Sort signals into incidents, strongest and widest first, so that a storm becomes few stories.

    When a brand has `open_at_most` running incidents, further stories join its largest.
    """
    groups: list[Group] = []
    by_scope: dict[Scope, Group] = {}
    for signal in sorted(signals, key=_order):
        group = by_scope.get(signal.scope) or _group_for(signal, groups, incidents, open_at_most)
        by_scope[signal.scope] = group
        group.signals.append(signal)
        if group not in groups:
            groups.append(group)
    return groups


def _order(signal: Signal) -> tuple[int, int, int, str, str]:
    wide = list(ScopeKind).index(signal.scope.kind)
    return (-signal.level, wide, -len(signal.mention_ids), str(signal.scope), signal.finding.detector)


def _group_for(signal: Signal, groups: list[Group], incidents: Sequence[Incident], open_at_most: int) -> Group:
    home = home_of(signal, incidents)
    if home is None:
        opening = [g for g in groups if g.home is None and g.signals[0].scope.brand == signal.scope.brand]
        story = next((g for g in opening if _same_new_story(signal, g)), None)
        if story is None and signal.scope.kind in STORYLESS and opening:
            story = opening[0]
        if story is not None:
            return story
        home, crowded = _crowd(signal, opening, incidents, open_at_most)
        if crowded is not None:
            return crowded
    return next((g for g in groups if home is not None and g.home is home), Group(home))


def _same_new_story(signal: Signal, group: Group) -> bool:
    return shares_mentions(signal, frozenset(i for other in group.signals for i in other.mention_ids))


def _crowd(
    signal: Signal, opening: list[Group], incidents: Sequence[Incident], open_at_most: int
) -> tuple[Incident | None, Group | None]:
    """When the brand has as many stories as people can follow: its largest incident, or the first new group."""
    brand = signal.scope.brand
    running = [i for i in incidents if i.brand == brand and i.state is not IncidentState.CLOSED]
    if len(running) + len(opening) < open_at_most:
        return None, None
    return (largest(running), None) if running else (None, opening[0])


def home_of(signal: Signal, incidents: Sequence[Incident]) -> Incident | None:
    """The incident that the signal joins: holds its scope, shares its mentions, or is the brand's largest.

    Running incidents come before aftercare, aftercare before closed ones (a relapse).
    """
    for stage in _stages(signal.scope.brand, incidents):
        found = (
            next((i for i in stage if signal.scope in i.scopes), None)
            or largest([i for i in stage if shares_mentions(signal, i.mention_ids)])
            or (largest(stage) if signal.scope.kind in STORYLESS and not _all_closed(stage) else None)
        )
        if found is not None:
            return found
    return None


def _stages(brand: str, incidents: Sequence[Incident]) -> list[list[Incident]]:
    own = [i for i in incidents if i.brand == brand and i.merged_into is None]
    over = (IncidentState.AFTERCARE, IncidentState.CLOSED)
    return [
        [i for i in own if i.state not in over],
        [i for i in own if i.state is IncidentState.AFTERCARE],
        [i for i in own if i.state is IncidentState.CLOSED and _may_relapse(i)],
    ]


def _may_relapse(incident: Incident) -> bool:
    """Only what was more than a watch comes back: two odd hours a day apart are two stories.

    What a person called a false alarm keeps its signals, though, so that it is not opened again at once.
    """
    return incident.peak_level > Level.WATCH or incident.held_down is not None


def _all_closed(stage: Sequence[Incident]) -> bool:
    return all(i.state is IncidentState.CLOSED for i in stage)


def shares_mentions(signal: Signal, held: frozenset[int]) -> bool:
    """Are at least a quarter of the signal's mentions among those held?"""
    if not signal.mention_ids or not held:
        return False
    return len(held.intersection(signal.mention_ids)) >= SHARED_MENTIONS * len(set(signal.mention_ids))


def largest(incidents: Sequence[Incident]) -> Incident | None:
    """The incident with the highest level, then the most mentions; of equals, the oldest."""
    return max(incidents, key=lambda i: (i.level, len(i.mention_ids), -i.number), default=None)

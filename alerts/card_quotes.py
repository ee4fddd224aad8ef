"""Which posts a card shows: unhappy ones of the leading theme, the furthest heard and the newest, no copies.

Where it is not anger that surges (a joke, a rumour), those that are most like the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from alerts.incident import Incident
from alerts.leading import leading_theme
from detectors.copies import copy_key
from detectors.signal import Evidence, Quote, ScopeKind, Signal

ANGRY_SHARE = 0.25
"""From this part of unhappy people on it is anger that must be shown, else what the surge is about."""

APART = 1000
"""Authors are numbered within one evidence; this keeps those of several apart."""

SAME_WORDS = 0.6
"""Two posts that share so many of their words say the same."""


def is_angry(evidence: Evidence | None) -> bool:
    """Are at least a quarter of the people unhappy? Without evidence nobody knows, and the answer is no."""
    return evidence is not None and evidence.negative_people >= max(1.0, ANGRY_SHARE * evidence.people)


def anger_leads(incident: Incident) -> bool:
    """Are people unhappy about what leads: by the leading theme's own signals, else by the incident's evidence?"""
    own = [s.evidence for s in _signals_of(incident, leading_theme(incident))]
    return any(map(is_angry, own)) if own else is_angry(incident.evidence)


def _signals_of(incident: Incident, theme: str) -> list[Signal]:
    return [s for s in incident.signals if s.scope.kind is ScopeKind.THEME and s.scope.name == theme]


def chosen_quotes(incident: Incident, most: int) -> tuple[Quote, ...]:
    """Return at most `most` posts that show what the incident is about, best first."""
    theme, angry = leading_theme(incident), anger_leads(incident)
    by_rank: dict[tuple[bool, bool, bool], list[Quote]] = {}
    for post in _candidates(incident, theme):
        on_theme = not theme or theme in post.themes
        rank = (post.negative and on_theme, post.negative, on_theme) if angry else (on_theme, False, False)
        by_rank.setdefault(rank, []).append(post)
    picked: list[Quote] = []
    for rank in sorted(by_rank, reverse=True):
        for post in _furthest_then_newest(by_rank[rank]) if angry else by_rank[rank]:
            if len(picked) < most and not any(_alike(post, other) for other in picked):
                picked.append(post)
    return tuple(picked)


def _candidates(incident: Incident, theme: str) -> Iterable[Quote]:
    """Every quoted post once: the leading theme's own evidence first, then the incident's."""
    own = [s.evidence for s in _signals_of(incident, theme)]
    found: dict[int, Quote] = {}
    for number, evidence in enumerate((*own, incident.evidence)):
        for post in _quoted(evidence):
            voice = None if post.voice is None else post.voice + number * APART
            found.setdefault(post.mention_id, replace(post, voice=voice))
    return found.values()


def _quoted(evidence: Evidence | None) -> Iterator[Quote]:
    if evidence is not None:
        yield from (post for post in (*evidence.examples, evidence.first, evidence.loudest) if post is not None)


def _furthest_then_newest(posts: list[Quote]) -> list[Quote]:
    """The post with the most readers, then the rest, newest first."""
    furthest = max(posts, key=lambda post: (post.followers or 0, post.at, post.mention_id))
    rest = sorted((p for p in posts if p is not furthest), key=lambda p: (p.at, p.mention_id), reverse=True)
    return [furthest, *rest]


def _alike(one: Quote, other: Quote) -> bool:
    """Do two posts have one author, or say nearly the same?"""
    if one.voice is not None and one.voice == other.voice:
        return True
    key = copy_key(one.text)
    return (key is not None and key == copy_key(other.text)) or _shared(one.text, other.text) >= SAME_WORDS


def _shared(one: str, other: str) -> float:
    words, others = set(one.casefold().split()), set(other.casefold().split())
    return len(words & others) / len(words | others) if words and others else 0.0

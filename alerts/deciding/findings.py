"""What an incident knows from its signals: the newest of each kind, evidence, onset, peak, themes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from alerts.deciding.draft import Draft
from alerts.incident import Incident
from alerts.leading import leading_theme, next_leader
from detectors.signal import Evidence, Onset, Scope, ScopeKind, Signal

MENTIONS_KEPT = 5000
"""Newest mention ids that an incident holds for joining; far more than a quarter of any one signal's."""

SIGNALS_KEPT = 60
IDS_KEPT = 500
"""An incident is one document in the store; a storm of threads must not make it grow without end."""

SMALL_SHARE = 0.05
LARGE_SHARE = 0.20
"""A theme that was under 5 % and is now over 20 % is a new turn (practice P1)."""

FEWEST_FOR_SHARES = 20
"""Below this many mentions a share means nothing."""

NEWS = "news"
THREAT = "threat"
"""Names with which detectors of single mentions begin."""


def is_kind(signal: Signal, name: str) -> bool:
    """Does the signal come from a detector of this name (or `name_…`)?"""
    detector = signal.finding.detector
    return detector == name or detector.startswith((f"{name}_", f"{name}."))


def take_in(draft: Draft, signals: Sequence[Signal]) -> None:
    """Add signals to what the incident knows (not to its level)."""
    incident = draft.incident
    evidence = _evidence(incident, signals)
    peak = max(signals, key=lambda s: (s.level, s.finding.observed))
    higher = peak.level > incident.peak_level or peak.finding.observed > incident.peak_observed
    draft.change(
        scopes=incident.scopes | {s.scope for s in signals if s.scope.kind not in _NOT_HELD},
        signals=_newest((*incident.signals, *signals)),
        mention_ids=_kept(incident.mention_ids.union(*(s.mention_ids for s in signals))),
        evidence=evidence,
        onset=_earliest((incident.onset, *(s.onset for s in signals))),
        last_signal_at=max((s.at for s in signals), default=draft.now),
        calm_since=None,
        **({"peak_at": peak.at, "peak_observed": peak.finding.observed} if higher else {}),
    )
    draft.change(leading=next_leader(draft.incident))
    if evidence is not None:
        draft.change(themes=_themes(incident, evidence, signals))


_NOT_HELD = frozenset({ScopeKind.SOURCE, ScopeKind.MEASUREMENT})
"""Scopes that many stories share; holding them would draw a second story in."""


def _newest(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """The newest of each kind, of too many the strongest; posts are quoted once, by the incident itself."""
    kept = {key_of(s): s for s in sorted(signals, key=lambda s: s.at)}
    ranked = sorted(kept, key=lambda key: (-kept[key].level, -kept[key].at.timestamp()))
    chosen = frozenset(ranked[:SIGNALS_KEPT])
    return tuple(_slim(s) for key, s in kept.items() if key in chosen)


def _slim(signal: Signal) -> Signal:
    """A signal as an incident keeps it: without evidence (but for a theme, which may be split off), few ids."""
    ids = signal.mention_ids if len(signal.mention_ids) <= IDS_KEPT else signal.mention_ids[-IDS_KEPT:]
    return replace(signal, mention_ids=ids, evidence=signal.evidence if _may_be_split(signal) else None)


def _may_be_split(signal: Signal) -> bool:
    return signal.scope.kind is ScopeKind.THEME


def key_of(signal: Signal) -> str:
    """What makes two signals comparable: the same detector on the same scope."""
    return f"{signal.finding.detector}|{signal.scope}"


def _kept(ids: frozenset[int]) -> frozenset[int]:
    return ids if len(ids) <= MENTIONS_KEPT else frozenset(sorted(ids)[-MENTIONS_KEPT:])


def _evidence(incident: Incident, signals: Sequence[Signal]) -> Evidence | None:
    found = [s for s in signals if s.evidence is not None]
    best = max(found, key=lambda s: (s.evidence.mentions if s.evidence else 0, s.level), default=None)
    return best.evidence if best else incident.evidence


def _earliest(onsets: Iterable[Onset | None]) -> Onset | None:
    return min((o for o in onsets if o is not None), key=lambda o: o.at, default=None)


def _themes(incident: Incident, evidence: Evidence, signals: Sequence[Signal]) -> tuple[str, ...]:
    """Themes, largest first; themes that have a signal of their own are kept."""
    counted = tuple(name for name, _ in evidence.themes)
    named = tuple(s.scope.name for s in signals if s.scope.kind is ScopeKind.THEME)
    return tuple(dict.fromkeys((*counted, *named, *incident.themes)))


def shares(evidence: Evidence | None) -> dict[str, float]:
    """Each theme's share of the mentions; empty when there are too few to say."""
    if evidence is None or evidence.mentions < FEWEST_FOR_SHARES:
        return {}
    return {name: count / evidence.mentions for name, count in evidence.themes}


def new_turns(draft: Draft) -> tuple[str, ...]:
    """Themes that were small within this incident and are large now; remembers them as familiar."""
    now = shares(draft.incident.evidence)
    if not now:
        return ()
    familiar = draft.incident.familiar
    still = frozenset(theme for theme in familiar if not theme or now.get(theme, 0.0) >= SMALL_SHARE)
    leads = leading_theme(draft.incident)  # what the story is about is no turn when it comes back
    turned = tuple(t for t, share in now.items() if share > LARGE_SHARE and t not in still and t != leads)
    draft.change(familiar=still.union(turned) if familiar else _at_first(now))
    return turned if familiar else ()


def _at_first(now: dict[str, float]) -> frozenset[str]:
    """What the first look finds is no turn; the empty name tells that there was a first look."""
    return frozenset(theme for theme, share in now.items() if share >= SMALL_SHARE) | {""}


def observed_by_kind(signals: Iterable[Signal]) -> tuple[tuple[str, float], ...]:
    """What each detector saw on each scope, to be compared with later."""
    return tuple(sorted((key_of(s), s.finding.observed) for s in signals))


def doubled(signals: Iterable[Signal], then: Sequence[tuple[str, float]]) -> Signal | None:
    """A signal that shows at least twice what the same detector saw on the same scope then."""
    before = dict(then)
    return next((s for s in signals if 0 < 2 * before.get(key_of(s), 0.0) <= s.finding.observed), None)


def scope_of(brand: str, text: str) -> Scope | None:
    """Read `theme:payment` or `thread:abc` as a scope of the brand; None when it is neither."""
    kind, _, name = text.partition(":")
    known = {str(k): k for k in (ScopeKind.THEME, ScopeKind.THREAD)}
    return Scope(brand, known[kind], name) if kind in known and name else None

"""Which detectors there are. Each is one file that registers one function; a name can be taken once.

A scope detector gets a `ScopeCase` (a brand, source, theme or measurement at the end of a closed bucket), a thread
detector a `ThreadCase`. Both return a `Finding` or None; two ticks in a row, blindness and order are the judge's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from detectors.calendar import Moment
from detectors.observation import Observation, ThreadObservation
from detectors.options import Thresholds
from detectors.signal import Finding, Scope, ScopeKind
from detectors.surge import Judgement
from detectors.threads import ThreadMemory
from detectors.track import ScopeTrack

_MODULES = ("negative_people", "praise", "thread_storm", "volume")
COUNTED = frozenset({ScopeKind.BRAND, ScopeKind.SOURCE, ScopeKind.THEME})
"""Scopes of mentions whose people are counted."""


class ShortMemory:
    """What a scope's detectors remember from tick to tick. It is not learnt: an hour of ticks brings it back."""

    __slots__ = ("before", "held", "sustained")

    def __init__(self) -> None:
        self.before: dict[str, int] = {}  # detector → the level that it asked for at the last tick
        self.sustained = 0.0  # surprise above the ordinary, added up over hours
        self.held: tuple[Finding, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to remember."""
        return not self.before and not self.held and self.sustained == 0.0

    def copy(self) -> ShortMemory:
        """Return an independent copy."""
        twin = ShortMemory()
        twin.before, twin.sustained, twin.held = dict(self.before), self.sustained, self.held
        return twin


@dataclass(frozen=True, slots=True)
class ScopeCase:
    """One scope at one tick, before it is learnt; `volume` has the bucket's own judgement.

    `factor` is how many times the usual is usual because of planned events, `sharing` how many scopes share one
    allowance of false alarms.
    """

    scope: Scope
    seen: Observation
    moment: Moment
    track: ScopeTrack
    volume: Judgement
    thresholds: Thresholds
    memory: ShortMemory
    factor: float = 1.0
    sharing: int = 1


@dataclass(frozen=True, slots=True)
class ThreadCase:
    """One thread at one tick. `usual_share` is the brand's usual negative share (0–1)."""

    seen: ThreadObservation
    moment: Moment
    threads: ThreadMemory
    thresholds: Thresholds
    usual_share: float = 0.4


ScopeRule = Callable[[ScopeCase], Finding | None]
ThreadRule = Callable[[ThreadCase], Finding | None]

_scope_rules: dict[str, tuple[frozenset[ScopeKind], ScopeRule]] = {}
_thread_rules: dict[str, ThreadRule] = {}
_rules_by_kind: dict[ScopeKind, tuple[tuple[str, ScopeRule], ...]] = {}


def scope_detector(name: str, kinds: frozenset[ScopeKind]) -> Callable[[ScopeRule], ScopeRule]:
    """Register a function as the detector `name` of scopes of these kinds. Raises ValueError for a name taken."""

    def _register(rule: ScopeRule) -> ScopeRule:
        _refuse_taken(name)
        _scope_rules[name] = (kinds, rule)
        _rules_by_kind.clear()
        return rule

    return _register


def thread_detector(name: str) -> Callable[[ThreadRule], ThreadRule]:
    """Register a function as the thread detector `name`. Raises ValueError for a name taken."""

    def _register(rule: ThreadRule) -> ThreadRule:
        _refuse_taken(name)
        _thread_rules[name] = rule
        return rule

    return _register


def scope_rules(kind: ScopeKind) -> tuple[tuple[str, ScopeRule], ...]:
    """Return name and function of the detectors for scopes of a kind."""
    found = _rules_by_kind.get(kind)
    if found is None:
        _load()
        found = tuple((name, rule) for name, (kinds, rule) in _scope_rules.items() if kind in kinds)
        _rules_by_kind[kind] = found
    return found


def thread_rules() -> tuple[tuple[str, ThreadRule], ...]:
    """Return name and function of the detectors for threads."""
    _load()
    return tuple(_thread_rules.items())


def names() -> tuple[str, ...]:
    """Names of all registered detectors, in order of the alphabet."""
    _load()
    return tuple(sorted({*_scope_rules, *_thread_rules}))


def _load() -> None:
    for module in _MODULES:
        import_module(f"detectors.{module}")


def _refuse_taken(name: str) -> None:
    if name in _scope_rules or name in _thread_rules:
        raise ValueError(f"there is already a detector named {name!r}: choose another name")

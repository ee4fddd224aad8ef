"""Silences: alerts kept quiet on purpose, with matcher, reason, author and a mandatory end.

A silence hides noise, not information: a silenced incident is opened and shown, and told when the silence ends
while it still runs. A crisis is only kept quiet when the silence says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from detectors.signal import Level, ScopeKind, Signal


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which signals a silence means; an empty field matches everything."""

    brand: str = ""
    theme: str = ""
    source: str = ""
    thread: str = ""
    detector: str = ""

    def matches(self, signal: Signal) -> bool:
        """Is the signal meant? A theme, source or thread means signals on exactly that scope."""
        scope = signal.scope
        asked = ((self.theme, ScopeKind.THEME), (self.source, ScopeKind.SOURCE), (self.thread, ScopeKind.THREAD))
        return (
            self.brand in ("", scope.brand)
            and self.detector in ("", signal.finding.detector)
            and all(not name or (scope.kind is kind and scope.name == name) for name, kind in asked)
        )


@dataclass(frozen=True, slots=True)
class Silence:
    """Who keeps what quiet, why, and until when. Signals above `up_to` are told all the same."""

    id: str
    matcher: Matcher
    reason: str
    author: str
    ends_at: datetime
    starts_at: datetime
    up_to: Level = Level.WARNING
    lifted_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip() or not self.author.strip():
            raise ValueError("a silence needs a reason and an author")
        if self.ends_at <= self.starts_at:
            raise ValueError("a silence must end after it begins")

    def in_force(self, at: datetime) -> bool:
        """Does it hold at `at`?"""
        ends = self.ends_at if self.lifted_at is None else min(self.ends_at, self.lifted_at)
        return self.starts_at <= at < ends


def silence_for(silences: Iterable[Silence], signal: Signal, at: datetime) -> Silence | None:
    """The silence in force that keeps this signal quiet; of several, the one that ends last."""
    matching = [s for s in silences if s.in_force(at) and signal.level <= s.up_to and s.matcher.matches(signal)]
    return max(matching, key=lambda s: s.ends_at, default=None)


def silence_for_all(silences: Sequence[Silence], signals: Sequence[Signal], at: datetime) -> Silence | None:
    """The silence that keeps all of these quiet: each must be silenced; the one that ends first is named."""
    found = [silence_for(silences, signal, at) for signal in signals]
    quiet = [silence for silence in found if silence is not None]
    return min(quiet, key=lambda s: s.ends_at) if quiet and len(quiet) == len(found) else None

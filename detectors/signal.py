"""What a detector says: levels, scopes, findings, signals and the evidence beside them.

Everything here is a frozen record that survives `TypeAdapter(...).dump_json` and back, so that incidents
can keep the signals they were opened by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

Number = int | float | str
"""A value inside an explanation: a count, a share, or a name/ISO time to be formatted for the reader."""


class Level(IntEnum):
    """How bad it looks. Ordered, so that `max()` of findings is the level of an incident."""

    CALM = 0
    WATCH = 1
    WARNING = 2
    CRISIS = 3

    @property
    def label(self) -> str:
        """The lower-case name used in config, JSON and on the command line."""
        return self.name.lower()


class ScopeKind(StrEnum):
    """What a series of numbers is about."""

    BRAND = "brand"
    SOURCE = "source"
    THEME = "theme"
    THREAD = "thread"
    MEASUREMENT = "measurement"


class Direction(StrEnum):
    """Trouble goes to the crisis group; praise goes to its own channel (practice P12)."""

    TROUBLE = "trouble"
    PRAISE = "praise"


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """One thing that is counted: a brand, a brand's source or theme, one thread, or one measurement.

    `name` is empty for a brand, else the source, theme, thread identity or measurement name.
    """

    brand: str
    kind: ScopeKind = ScopeKind.BRAND
    name: str = ""

    def __str__(self) -> str:
        """A short readable name for logs: `Nordtåg`, `Nordtåg/theme/delays`."""
        return self.brand if self.kind is ScopeKind.BRAND else f"{self.brand}/{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One sentence, not yet in any language: a catalogue key and the numbers that fill it."""

    key: str
    numbers: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Onset:
    """When the surge began, with the span in which it may have begun (all aware UTC)."""

    at: datetime
    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """One mention, as it may be shown to people. `text` is plain and still hostile input.

    `voice` numbers the authors within one evidence (two quotes of the same number have one author); it says
    nothing of who they are.
    """

    mention_id: int
    at: datetime
    text: str
    url: str | None = None
    source: str = ""
    followers: int | None = None
    kind: str = "post"
    themes: tuple[str, ...] = ()
    negative: bool = False
    voice: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What lies behind a signal: counted from the mentions of its window.

    `words`, `sources` and `themes` are (name, count) pairs, largest first. `reach` is an estimate.
    """

    mentions: int = 0
    negative: int = 0
    people: int = 0
    negative_people: int = 0
    hostile: int = 0
    supportive: int = 0
    questions: int = 0
    reach: int = 0
    words: tuple[tuple[str, int], ...] = ()
    sources: tuple[tuple[str, int], ...] = ()
    themes: tuple[tuple[str, int], ...] = ()
    first: Quote | None = None
    loudest: Quote | None = None
    examples: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one detector says of one scope at the end of one closed bucket.

    `surprise` is −log10 of the chance of such a value for this series (unbounded, ≥ 0).
    """

    scope: Scope
    detector: str
    level: Level
    at: datetime
    observed: float
    expected: float
    surprise: float
    explanation: Explanation
    window_seconds: int = 3600
    direction: Direction = Direction.TROUBLE


@dataclass(frozen=True, slots=True)
class Signal:
    """A finding with its onset, the ids of the mentions that show it, and its evidence."""

    finding: Finding
    onset: Onset | None = None
    mention_ids: tuple[int, ...] = ()
    evidence: Evidence | None = None

    @property
    def scope(self) -> Scope:
        """The scope that the finding is about."""
        return self.finding.scope

    @property
    def level(self) -> Level:
        """The level that the finding asks for."""
        return self.finding.level

    @property
    def at(self) -> datetime:
        """The end of the bucket that was judged."""
        return self.finding.at

"""What goes into the store and what it answers about that: prepared mentions, a batch, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.mention import Measurement, Refusal, Removal

BACKFILL_AFTER = timedelta(hours=48)
"""A post older than this when it is first seen is history: learnt from, never alarmed on."""


@dataclass(frozen=True, slots=True)
class Link:
    """That a post concerns a brand, under which of its themes, and whether it is the brand's own post."""

    brand: str
    themes: tuple[str, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the scorer of version `version` said of a text. `hostile` is the kind of hostility or None."""

    label: str = "neutral"
    p_negative: float = 0.0
    compound: float = 0.0
    hostile: str | None = None
    question: bool = False
    language: str | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class KnownPost:
    """What a stored post says of those that hang on it: its brands and its language (None: not known)."""

    brands: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True)
class PreparedMention:
    """A post as it will be stored: matched, scored, its author pseudonymised.

    `author` is a keyed hash. `thread_id` is the root as the platform tells it (None: unknown or itself); the
    store resolves it through the parents that it knows. `told_language` is what platform, thread or source said
    and the scorer was told. A post without links is only used to update a known one.
    """

    platform: str
    global_id: str
    source: str
    kind: str
    text: str
    first_seen_at: datetime
    event_time: datetime
    links: tuple[Link, ...] = ()
    judgement: Judgement = Judgement()
    created_at: datetime | None = None
    author: str | None = None
    followers: int | None = None
    likes: int | None = None
    replies: int | None = None
    shares: int | None = None
    views: int | None = None
    url: str | None = None
    stars: int | None = None
    told_language: str | None = None
    parent_id: str | None = None
    thread_id: str | None = None
    edited_at: datetime | None = None

    @property
    def backfill(self) -> bool:
        """Whether it was old news when it was first seen."""
        return self.first_seen_at - self.event_time > BACKFILL_AFTER


@dataclass(frozen=True, slots=True)
class PreparedBatch:
    """Everything that one batch of a source brings. `unmatched` posts concern no brand and are not stored.

    `notes` say what was mended in items that are taken all the same.
    """

    mentions: tuple[PreparedMention, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    removals: tuple[Removal, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unmatched: int = 0
    notes: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a batch.

    `taken` are the ids of new mentions, `changed` those of known ones whose text, score, thread or removal changed
    (to be read again by whoever holds rows). `known` counts posts that were there already (edited ones included),
    `unmatched` those that concern no brand. `earliest_bucket` is, per brand, the start of the earliest 5-minute
    bucket whose sums changed. `notes` are about items that were taken although something was wrong with them.
    """

    taken: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    known: int = 0
    updated: int = 0
    removed: int = 0
    unmatched: int = 0
    measurements: int = 0
    refused: tuple[Refusal, ...] = ()
    earliest_bucket: Mapping[str, datetime] = field(default_factory=dict)
    notes: tuple[Refusal, ...] = ()

"""From what a platform said to what is stored: checked, matched to brands, scored, pseudonymised.

Nothing in a batch raises: what cannot be understood becomes a `Refusal` and the rest goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from monitor.collectors.base import Batch
from monitor.matching import Match, Matcher
from monitor.mention import Mention, Refusal
from monitor.privacy import author_hash
from monitor.soundness import defect, measurement_defect, removal_defect
from monitor.store.records import Judgement, KnownPost, Link, PreparedBatch, PreparedMention
from monitor.thread_brands import inherited_brands
from monitor.thread_language import KnownPosts, Place, ThreadLanguages, nothing_known, stored_above

STORED_CHARACTERS = 20_000
"""Longer texts are cut: an alert shows a line of them, and the scorer reads no further."""


class ScoredText(Protocol):
    """What a scorer says of one text (`detectors.sentiment.Score` is one)."""

    @property
    def compound(self) -> float:
        """−1 (all negative) to 1 (all positive)."""
        ...

    @property
    def label(self) -> str:
        """negative, neutral or positive."""
        ...

    @property
    def p_negative(self) -> float:
        """Probability that a reader calls it negative."""
        ...

    @property
    def language(self) -> str:
        """Language tag."""
        ...

    @property
    def hostile_kind(self) -> str | None:
        """threat, insult, harassment or None."""
        ...

    @property
    def is_question(self) -> bool:
        """Whether it asks something."""
        ...


class TextScorer(Protocol):
    """Scores texts; `detectors.sentiment.Scorer` is one."""

    @property
    def version(self) -> str:
        """Changes when anything that can change a score changes."""
        ...

    def score(
        self, texts: Sequence[str], language: Sequence[str | None] | None = None, mask: Sequence[str] = ()
    ) -> Sequence[ScoredText]:
        """One score a text, in order. `language` holds one hint a text; `mask` are names that carry no mood."""
        ...


T = TypeVar("T")


class Ingestor:
    """Prepares batches for the store.

    `scorer_for_brand(brand)` gives the scorer of a brand (its own words; "" for no brand), `mask_for_brand(brand)`
    the names that are masked before scoring.
    """

    def __init__(
        self,
        matcher: Matcher,
        scorer_for_brand: Callable[[str], TextScorer],
        *,
        secret: bytes,
        mask_for_brand: Callable[[str], Sequence[str]] = lambda brand: (brand,),
    ) -> None:
        self._matcher = matcher
        self._scorer_for_brand = scorer_for_brand
        self._mask_for_brand = mask_for_brand
        self._secret = secret

    def prepare(
        self,
        batch: Batch,
        *,
        now: datetime,
        source: str = "",
        source_brand: str | None = None,
        language: str | None = None,
        known_posts: KnownPosts = nothing_known,
    ) -> PreparedBatch:
        """Everything of `batch` that can be stored.

        `source` is the source of posts that name none, `source_brand` the brand that it is about as a whole,
        `language` the source's language where neither post nor thread tells one. `known_posts` is asked once a
        platform for the roots and parents that are not in the batch.
        """
        sound, refused = _sound(_named(batch.mentions, source), defect, now)
        measured, wrong = _sound(batch.measurements, measurement_defect, now)
        removed, strange = _sound(batch.removals, removal_defect, now)
        stored = stored_above(sound, known_posts)
        matches = self._match(sound, source_brand, stored)
        judged = self._judge(sound, matches, ThreadLanguages(sound, stored, language))
        prepared = tuple(
            self._prepared(mention, match, judgement, now, hint)
            for mention, match, (judgement, hint) in zip(sound, matches, judged, strict=True)
        )
        return PreparedBatch(
            mentions=prepared,
            measurements=tuple(measured),
            removals=tuple(removed),
            refusals=(*batch.refusals, *refused, *wrong, *strange),
            notes=batch.notes,
            unmatched=sum(not mention.links for mention in prepared),
        )

    def _match(
        self, sound: Sequence[Mention], source_brand: str | None, stored: Mapping[Place, KnownPost]
    ) -> list[Match]:
        also = (source_brand,) if source_brand else ()
        matches = [self._matcher.match(mention, also=also) for mention in sound]
        inherited = inherited_brands(sound, matches, stored)
        return [
            self._matcher.match(mention, also=(*also, *sorted(more))) if more else match
            for mention, match, more in zip(sound, matches, inherited, strict=True)
        ]

    def _judge(
        self, sound: Sequence[Mention], matches: Sequence[Match], languages: ThreadLanguages
    ) -> list[tuple[Judgement, str | None]]:
        """Scores with the language hints that led to them, in the order of `sound`; each text is scored once."""
        judged: dict[int, tuple[Judgement, str | None]] = {}
        found: dict[int, str | None] = {}
        for numbers in languages.rounds():
            hints = {number: languages.hint(number, found) for number in numbers}
            for number, judgement in self._scored(sound, matches, hints):
                judged[number] = judgement, hints[number]
                # A picture without words or tag got the scorer's default, which says nothing of its thread.
                found[number] = judgement.language if sound[number].text or hints[number] else None
        return [judged[number] for number in range(len(sound))]

    def _scored(
        self, sound: Sequence[Mention], matches: Sequence[Match], hints: Mapping[int, str | None]
    ) -> Iterator[tuple[int, Judgement]]:
        """The mentions that `hints` names, by number, each scored by the scorer of its first brand."""
        by_brand: dict[str, list[int]] = defaultdict(list)
        for number in hints:
            by_brand[matches[number].brands[0] if matches[number].brands else ""].append(number)
        for brand, numbers in by_brand.items():
            scorer = self._scorer_for_brand(brand)
            texts = [sound[number].text[:STORED_CHARACTERS] for number in numbers]
            told = [hints[number] for number in numbers]
            for number, score in zip(numbers, scorer.score(texts, told, self._mask_for_brand(brand)), strict=True):
                yield number, judgement_of(score, scorer.version)

    def _prepared(
        self, mention: Mention, match: Match, judgement: Judgement, now: datetime, hint: str | None
    ) -> PreparedMention:
        seen = min(mention.first_seen_at or now, now)
        author = mention.author or next(iter(mention.author_handles), None)
        return PreparedMention(
            platform=mention.platform,
            global_id=mention.global_id,
            source=mention.source,
            kind=str(mention.kind),
            text=mention.text[:STORED_CHARACTERS],
            created_at=mention.created_at,
            first_seen_at=seen,
            event_time=min(mention.created_at or seen, seen),
            links=tuple(
                Link(brand, match.themes_by_brand.get(brand, ()), brand in match.own_of) for brand in match.brands
            ),
            judgement=judgement,
            author=author_hash(self._secret, mention.platform, author) if author else None,
            url=mention.url,
            told_language=hint,
            parent_id=mention.parent_id,
            thread_id=mention.thread_id,
            edited_at=mention.edited_at,
            **{name: _count(getattr(mention, name)) for name in _COUNTS},
        )


_COUNTS = ("followers", "likes", "replies", "shares", "views", "stars")


def judgement_of(score: ScoredText, version: str) -> Judgement:
    """A score as it is stored."""
    return Judgement(
        label=score.label,
        p_negative=float(score.p_negative),
        compound=float(score.compound),
        hostile=score.hostile_kind,
        question=bool(score.is_question),
        language=score.language,
        version=version,
    )


def _count(value: int | None) -> int | None:
    """Platforms say −1 for a number that its owner hides."""
    return None if value is None or value < 0 else value


def _sound(
    found: Iterable[T], check: Callable[[T, datetime], str | None], now: datetime
) -> tuple[list[T], list[Refusal]]:
    """What `check` finds nothing wrong with, and a refusal for each of the others."""
    sound: list[T] = []
    refused: list[Refusal] = []
    for item in found:
        try:
            why = check(item, now)
        except Exception as error:  # a collector handed over something of another kind altogether
            why = f"could not be read ({type(error).__name__})"
        if why is None:
            sound.append(item)
        else:
            refused.append(Refusal(_where(item), why))
    return sound, refused


def _where(item: object) -> str:
    place = f"{getattr(item, 'platform', '?')} {getattr(item, 'global_id', getattr(item, 'name', '?'))}"
    return place[:200].encode("utf-8", "replace").decode().replace("\0", "?")


def _named(mentions: Iterable[Mention], source: str) -> list[Mention]:
    """The mentions with `source` where they name none."""
    if not source:
        return list(mentions)
    return [m if getattr(m, "source", "?") else replace(m, source=source) for m in mentions]

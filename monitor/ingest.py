"""From what a platform said to what is stored: checked, matched to brands, scored, pseudonymised.

Nothing in a batch raises: what cannot be understood becomes a `Refusal` and the rest goes on.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from monitor.collectors.base import Batch
from monitor.matching import Match, Matcher
from monitor.mention import Mention, Refusal
from monitor.privacy import author_hash
from monitor.soundness import defect, measurement_defect, removal_defect
from monitor.store.records import Judgement, Link, PreparedBatch, PreparedMention

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

ThreadBrands = Callable[[str, Iterable[str]], Mapping[str, tuple[str, ...]]]
"""(platform, ids) → brands of those that are stored; `Store.thread_brands` is one."""


def no_threads(platform: str, ids: Iterable[str]) -> Mapping[str, tuple[str, ...]]:  # noqa: ARG001
    """A `ThreadBrands` that knows nothing."""
    return {}


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
        thread_brands: ThreadBrands = no_threads,
    ) -> PreparedBatch:
        """Everything of `batch` that can be stored.

        `source` is the source of posts that name none, `source_brand` the brand that it is about as a whole,
        `language` the source's language where the post names none.
        """
        sound, refused = _sound(_named(batch.mentions, source), defect, now)
        measured, wrong = _sound(batch.measurements, measurement_defect, now)
        removed, strange = _sound(batch.removals, removal_defect, now)
        matches = self._match(sound, source_brand, thread_brands)
        kept = list(zip(sound, matches, strict=True))
        judgements = self._judge(kept, language)
        prepared = tuple(
            self._prepared(mention, match, judgement, now, language)
            for (mention, match), judgement in zip(kept, judgements, strict=True)
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
        self, sound: Sequence[Mention], source_brand: str | None, thread_brands: ThreadBrands
    ) -> list[Match]:
        also = (source_brand,) if source_brand else ()
        matches = [self._matcher.match(mention, also=also) for mention in sound]
        inherited = _inherited(sound, matches, thread_brands)
        return [
            self._matcher.match(mention, also=(*also, *sorted(more))) if more else match
            for mention, match, more in zip(sound, matches, inherited, strict=True)
        ]

    def _judge(self, kept: Sequence[tuple[Mention, Match]], language: str | None) -> list[Judgement]:
        """Scores in the order of `kept`; each text is scored once, by the scorer of its first brand."""
        by_brand: dict[str, list[int]] = defaultdict(list)
        for number, (_, match) in enumerate(kept):
            by_brand[match.brands[0] if match.brands else ""].append(number)
        judgements = [Judgement()] * len(kept)
        for brand, numbers in by_brand.items():
            scorer = self._scorer_for_brand(brand)
            texts = [kept[number][0].text[:STORED_CHARACTERS] for number in numbers]
            hints = [kept[number][0].language or language for number in numbers]
            scores = scorer.score(texts, hints, self._mask_for_brand(brand))
            for number, score in zip(numbers, scores, strict=True):
                judgements[number] = judgement_of(score, scorer.version)
        return judgements

    def _prepared(
        self, mention: Mention, match: Match, judgement: Judgement, now: datetime, language: str | None
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
            told_language=mention.language or language,
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


def _inherited(
    mentions: Sequence[Mention], matches: Sequence[Match], thread_brands: ThreadBrands
) -> list[set[str]]:
    """For each mention the brands that it has from its thread: from parent and root, stored or in the same batch.

    An own account's answer makes the post that it answers one about the brand, too.
    """
    place = {(m.platform, m.global_id): number for number, m in enumerate(mentions)}
    neighbours: list[list[int]] = [[] for _ in mentions]
    inherited: list[set[str]] = [set() for _ in mentions]
    outside: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, mention in enumerate(mentions):
        for name in {mention.parent_id, mention.thread_id} - {None, mention.global_id}:
            assert name is not None
            above = place.get((mention.platform, name))
            if above is None:
                outside[mention.platform][name].append(number)
                continue
            neighbours[above].append(number)
            if matches[number].own_of and name == mention.parent_id:
                inherited[above].update(matches[number].own_of)
    for platform, wanted in outside.items():
        for name, brands in thread_brands(platform, wanted).items():
            for number in wanted[name]:
                inherited[number].update(brands)
    _spread(inherited, matches, neighbours)
    return [
        more.difference(match.brands) if not mention.brands else set()
        for mention, match, more in zip(mentions, matches, inherited, strict=True)
    ]


def _spread(inherited: list[set[str]], matches: Sequence[Match], below: Sequence[Sequence[int]]) -> None:
    """Hand brands down from each post to those that hang on it."""
    queue = deque(number for number, match in enumerate(matches) if match.brands or inherited[number])
    while queue:
        number = queue.popleft()
        brands = inherited[number].union(matches[number].brands)
        for child in below[number]:
            if not brands <= inherited[child]:
                inherited[child] |= brands
                queue.append(child)

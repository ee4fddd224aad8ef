"""What lies behind a signal: counted from the mentions of its window, with words and examples."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TypedDict

from detectors.copies import copy_key
from detectors.frame import MentionRow
from detectors.options import DetectionOptions
from detectors.people import count_people
from detectors.signal import Evidence, Finding, Onset, Quote, Signal
from detectors.themes import theme_counts
from detectors.voices import defends_brand

_TEXT_LENGTH = 500
_MOST_WORDS, _MOST_EXAMPLES, _MOST_IDS = 8, 5, 500
_READ_FOR_WORDS, _READ_FOR_EXAMPLES = 1500, 400  # newest rows that are read for words and for examples
_NOT_WORDS = re.compile(r"https?://\S+|www\.\S+|@[\w.@-]+|&\w+;")
_WORD = re.compile(r"[^\W\d_]{3,}")


def build_evidence(
    rows: Sequence[MentionRow], options: DetectionOptions | None = None, background: Sequence[MentionRow] = ()
) -> Evidence:
    """Count and quote the mentions of a signal's window.

    `background` are mentions of ordinary times; leading words are those that are common now and not there (without
    it: common in the negative mentions and not in the others).
    """
    chosen = options or DetectionOptions()
    theirs = [row for row in rows if not row.own]
    people = count_people(theirs)
    recent = theirs[-_READ_FOR_WORDS:]
    return Evidence(
        mentions=people.mentions,
        negative=people.negative_mentions,
        people=people.authors,
        negative_people=people.negative,
        hostile=sum(row.hostile is not None for row in theirs),
        supportive=sum(defends_brand(row.text) for row in theirs),
        questions=sum(row.question for row in theirs),
        reach=estimate_reach(theirs, chosen.reach_per_person),
        words=leading_words(recent, background[-_READ_FOR_WORDS:]),
        sources=tuple(Counter(row.source for row in theirs).most_common()),
        themes=tuple(theme_counts(theirs).most_common()),
        **_quotes(theirs, recent[-_READ_FOR_EXAMPLES:]),
    )


class _Quotes(TypedDict):
    first: Quote | None
    loudest: Quote | None
    examples: tuple[Quote, ...]


def _quotes(rows: Sequence[MentionRow], recent: Sequence[MentionRow]) -> _Quotes:
    """Return the posts to show, their authors numbered in the order in which they come."""
    rows, recent = [row for row in rows if row.text], [row for row in recent if row.text]  # deleted ones are blank
    first, loudest, examples = _first(rows), _loudest(rows), pick_examples(recent)
    voices: dict[str, int] = {}
    for row in (first, loudest, *examples):
        if row is not None:
            voices.setdefault(row.person, len(voices))
    return {
        "first": None if first is None else _quote(first, voices),
        "loudest": None if loudest is None else _quote(loudest, voices),
        "examples": tuple(_quote(row, voices) for row in examples),
    }


def signal_from(
    finding: Finding,
    rows: Sequence[MentionRow],
    onset: Onset | None = None,
    options: DetectionOptions | None = None,
    background: Sequence[MentionRow] = (),
) -> Signal:
    """Join a finding with its onset, the ids of its mentions (newest 500) and their evidence."""
    shown = [row for row in rows if not row.own]
    ids = tuple(row.mention_id for row in shown[-_MOST_IDS:])
    return Signal(finding, onset, ids, build_evidence(rows, options, background))


def estimate_reach(rows: Iterable[MentionRow], per_person: int) -> int:
    """Estimate the audience: each person's followers once, `per_person` where the platform tells nothing."""
    followers: dict[str, int | None] = {}
    for row in rows:
        known = followers.get(row.person)
        followers[row.person] = max(known or 0, row.followers) if row.followers is not None else known
    return sum(per_person if n is None else n for n in followers.values())


def leading_words(
    rows: Sequence[MentionRow], background: Sequence[MentionRow] = (), most: int = _MOST_WORDS
) -> tuple[tuple[str, int], ...]:
    """Words that more people use in `rows` than their use elsewhere explains, with the number of people."""
    front = [r for r in rows if r.negative] if not background else list(rows)
    back = background or [r for r in rows if not r.negative]
    now, before = _people_per_word(front), _people_per_word(back)
    people, others = len({r.person for r in front}), len({r.person for r in back})
    scored = [
        (-_contrast(n, people, before[word], others) * _weight(word), word, n) for word, n in now.items() if n > 1
    ]
    return tuple((word, n) for score, word, n in sorted(scored)[:most] if score < 0)


def _contrast(now: int, people: int, before: int, others: int) -> float:
    """Return how surely a word is more common now than before: difference of log odds ÷ its standard error."""
    a, b = now + 0.5, before + 0.5
    odds = math.log(a / (people - now + 0.5)) - math.log(b / (others - before + 0.5))
    return odds / math.sqrt(1.0 / a + 1.0 / b)


def _weight(word: str) -> float:
    """Return a weight that leaves short words behind: most words that mean nothing by themselves are short."""
    return min(1.0, (len(word) - 2) / 5)


def pick_examples(rows: Sequence[MentionRow], most: int = _MOST_EXAMPLES) -> list[MentionRow]:
    """Pick mentions that stand for the rest: typical words first, one each, no copies, at most one hostile.

    Negative ones come first where they are a quarter or more; what surges without them is shown as it is.
    """
    words = _people_per_word(rows)
    ranked = sorted(rows, key=lambda r: (-_typical(r, words), r.event_time, r.mention_id))
    if 4 * sum(row.negative for row in rows) >= len(rows):
        ranked.sort(key=lambda r: not r.negative)
    picked: list[MentionRow] = []
    people: set[str] = set()
    keys: set[str | None] = set()
    hostile = 0
    for row in ranked:
        key = copy_key(row.text) or row.text
        if row.person in people or key in keys or (row.hostile and hostile):
            continue
        picked.append(row)
        people.add(row.person)
        keys.add(key)
        hostile += row.hostile is not None
        if len(picked) == most:
            break
    return picked


@lru_cache(maxsize=8192)  # a mention is read every five minutes by every scope and horizon that it is in
def words_of(text: str) -> frozenset[str]:
    """Words of a text for counting: folded, three letters or more, no links, handles or numbers."""
    return frozenset(_WORD.findall(_NOT_WORDS.sub(" ", text).casefold()))


def _people_per_word(rows: Iterable[MentionRow]) -> Counter[str]:
    said: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        said[row.person].update(words_of(row.text))
    return Counter(chain.from_iterable(said.values()))


def _typical(row: MentionRow, words: Counter[str]) -> float:
    mine = words_of(row.text)
    return sum(math.log1p(words[w]) for w in mine) / math.sqrt(len(mine) + 4.0)


def _first(rows: Sequence[MentionRow]) -> MentionRow | None:
    negative = [row for row in rows if row.negative] or rows
    return min(negative, key=lambda r: (r.event_time, r.mention_id), default=None)


def _loudest(rows: Sequence[MentionRow]) -> MentionRow | None:
    return max(rows, key=lambda r: (_loudness(r), r.mention_id), default=None)


def _loudness(row: MentionRow) -> int:
    return (row.followers or 0) + 400 * (row.shares or 0) + 20 * ((row.likes or 0) + (row.replies or 0))


def _quote(row: MentionRow, voices: Mapping[str, int]) -> Quote:
    return Quote(
        row.mention_id,
        row.event_time,
        row.text[:_TEXT_LENGTH],
        row.url,
        row.source,
        row.followers,
        row.kind,
        row.themes,
        row.negative,
        voices[row.person],
    )

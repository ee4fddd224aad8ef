"""What lies behind a signal: counted from the mentions of its window, with words and examples."""

from __future__ import annotations

import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TypedDict

import numpy as np

from detectors.copies import copy_key
from detectors.frame import MentionRow
from detectors.held import DEFENDS, HOSTILE, NEGATIVE, QUESTION, QUOTABLE, Columns, Selection, having
from detectors.options import DetectionOptions
from detectors.people import people_of
from detectors.signal import Evidence, Finding, Onset, Quote, Signal
from detectors.themes import source_counts, theme_counts

_TEXT_LENGTH = 500
_MOST_WORDS, _MOST_EXAMPLES, _MOST_IDS = 8, 5, 500
_READ_FOR_WORDS, _READ_FOR_EXAMPLES = 1500, 400  # newest rows that are read for words and for examples
_NOT_WORDS = re.compile(r"https?://\S+|www\.\S+|@[\w.@-]+|&\w+;")
_WORD = re.compile(r"[^\W\d_]{3,}")


def ids_to_read(found: Selection) -> list[int]:
    """The mentions of a signal's window whose texts its evidence is written from."""
    theirs = found.theirs()
    quoted = [which["id"].item() for which in (_first(theirs.rows), _loudest(theirs.rows)) if which is not None]
    return list(dict.fromkeys([*quoted, *theirs.newest(_READ_FOR_WORDS)]))


def background_ids(usual: Selection) -> list[int]:
    """The mentions of ordinary times whose words are compared."""
    return usual.newest(_READ_FOR_WORDS)


def build_evidence(
    found: Selection,
    texts: Iterable[MentionRow],
    options: DetectionOptions | None = None,
    background: Sequence[MentionRow] = (),
) -> Evidence:
    """Count and quote the mentions of a signal's window.

    `texts` are those of `ids_to_read`, and may be more; what is not among them is counted, but not quoted.
    `background` are mentions of ordinary times (`background_ids`); leading words are those that are common now and
    not there (without it: common in the negative mentions and not in the others).
    """
    chosen = options or DetectionOptions()
    theirs = found.theirs()
    rows, people = theirs.rows, people_of(theirs.rows)
    known = {row.mention_id: row for row in texts}
    recent = [known[number] for number in theirs.newest(_READ_FOR_WORDS) if number in known]
    return Evidence(
        mentions=people.mentions,
        negative=people.negative_mentions,
        people=people.authors,
        negative_people=people.negative,
        hostile=int(having(rows, HOSTILE).sum()),
        supportive=int(having(rows, DEFENDS).sum()),
        questions=int(having(rows, QUESTION).sum()),
        reach=estimate_reach(rows, chosen.reach_per_person),
        words=leading_words(recent, background),
        sources=tuple(source_counts(theirs).most_common()),
        themes=tuple(theme_counts(theirs).most_common()),
        **_quotes(_known(_first(rows), known), _known(_loudest(rows), known), recent[-_READ_FOR_EXAMPLES:]),
    )


class _Quotes(TypedDict):
    first: Quote | None
    loudest: Quote | None
    examples: tuple[Quote, ...]


def _quotes(first: MentionRow | None, loudest: MentionRow | None, recent: Sequence[MentionRow]) -> _Quotes:
    """Return the posts to show, their authors numbered in the order in which they come."""
    examples = pick_examples([row for row in recent if row.text])  # deleted ones are blank
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
    found: Selection,
    texts: Iterable[MentionRow],
    onset: Onset | None = None,
    options: DetectionOptions | None = None,
    background: Sequence[MentionRow] = (),
) -> Signal:
    """Join a finding with its onset, the ids of its mentions (newest 500) and `build_evidence`."""
    ids = tuple(found.theirs().newest(_MOST_IDS))
    return Signal(finding, onset, ids, build_evidence(found, texts, options, background))


def estimate_reach(rows: Columns, per_person: int) -> int:
    """Estimate the audience: each person's followers once, `per_person` where the platform tells nothing."""
    if not len(rows):
        return 0
    by_person = rows[np.argsort(rows["person"], kind="stable")]
    begins = np.flatnonzero(np.diff(by_person["person"], prepend=by_person["person"][0] - 1))
    most = np.maximum.reduceat(by_person["followers"], begins)
    return sum(np.where(most < 0, per_person, most).tolist())


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
def words_of(text: str) -> tuple[str, ...]:
    """The different words of a text, for counting: folded, three letters or more, no links, handles or numbers."""
    return tuple(map(sys.intern, dict.fromkeys(_WORD.findall(_NOT_WORDS.sub(" ", text).casefold()))))


def _people_per_word(rows: Iterable[MentionRow]) -> Counter[str]:
    said: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        said[row.person].update(words_of(row.text))
    return Counter(chain.from_iterable(said.values()))


def _typical(row: MentionRow, words: Counter[str]) -> float:
    mine = words_of(row.text)
    return sum(math.log1p(words[w]) for w in mine) / math.sqrt(len(mine) + 4.0)


def _first(rows: Columns) -> Columns | None:
    """The earliest negative one that can be quoted, else the earliest."""
    quotable = rows[having(rows, QUOTABLE)]
    negative = quotable[having(quotable, NEGATIVE)]
    return next(iter(negative if len(negative) else quotable), None)


def _loudest(rows: Columns) -> Columns | None:
    """The one that can be quoted with the most reach and echo; of equals the newest."""
    quotable = rows[having(rows, QUOTABLE)]
    loudest = quotable[quotable["loudness"] == quotable["loudness"].max()] if len(quotable) else quotable
    return loudest[np.argmax(loudest["id"])] if len(loudest) else None


def _known(which: Columns | None, known: Mapping[int, MentionRow]) -> MentionRow | None:
    return None if which is None else known.get(which["id"].item())


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

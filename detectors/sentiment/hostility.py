"""Hostility apart from negativity: threats, insults, harassment. Polite anger is none of these.

A list judges it (`lexicons/*.hostile.tsv`). Entries of weight 2 are enough by themselves; those of weight 1
("idiot") count when a second one of the kind stands near or somebody is meant. Names of groups make patterns:
`WILL BURN PLACE` is a word of each group in this order, in one sentence, with few words and no denial between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from detectors.sentiment.lexicon import Lexicon, entries, frequent_words, list_text, rows
from detectors.sentiment.memory import Remembered
from detectors.sentiment.score import HostileKind
from detectors.sentiment.words import PLAIN, Word, longest_phrase

ENOUGH = 2.0
AIMED = 1.0
"""Added when somebody is meant and something of weight 1 was said."""
NEAR = 12
"""How many words apart two hostile words, or a hostile word and who is meant, belong together."""
GAP, INSULT_GAP = 5, 3
"""How far apart neighbouring words of a pattern may stand ("WISH … HARM": "hoppas hon i kassan dör"), and those of
an insult."""
_KINDS: tuple[HostileKind, ...] = ("threat", "harassment", "insult")
_ROLES = ("group", "key")
"""Of groups: `key` ones are rare enough to be searched for, every pattern needs one."""
_MEANT, _DENIED, _NEWS = "MEANT", "NOT", "NEWS"
"""Groups with a say of their own: who an insult of weight 1 is aimed at; what undoes a pattern; what makes a
threat a report of one."""
_MEMORY = 20_000
"""Words remembered."""
_SENTENCE_END = frozenset(".!?…")


class Pattern(NamedTuple):
    """Groups in the order in which their words must follow one another, and what it is."""

    groups: tuple[str, ...]
    kind: str
    weight: float


class HostileList(NamedTuple):
    """A compiled list: words and phrases, groups (word → names) as exact words and as stems, and patterns.

    `phrase_keys` and `phrase_stems`: the rarest word of each phrase, whole and as stems.
    """

    lexicon: Lexicon
    phrase_keys: frozenset[str]
    phrase_stems: tuple[str, ...]
    exact: dict[str, frozenset[str]]
    stems: dict[str, frozenset[str]]
    keys: frozenset[str]
    patterns: tuple[Pattern, ...]

    def is_key(self, bare: str) -> bool:
        """Whether some phrase cannot do without the word."""
        return bare in self.phrase_keys or bare.startswith(self.phrase_stems)

    def groups(self, bare: str) -> frozenset[str]:
        """Names of the groups that a word is in."""
        found = self.exact.get(bare, frozenset())
        for end in range(len(bare), 2, -1):
            found |= self.stems.get(bare[:end], frozenset())
        return found


class Known(NamedTuple):
    """What is known of a token by itself: its bare word, what that means or None, its groups, whether it is key.

    A text without a hostile word and without a key of any phrase or pattern is not hostile.
    """

    bare: str
    word: Word | None
    groups: frozenset[str]
    key: bool


class HostilityJudge:
    """The hostile words of one language. Immutable but for its memory; safe to share between threads."""

    def __init__(self, language: str) -> None:
        self._list = hostile_list(language)
        self._words = Remembered(self._look_up, _MEMORY)

    def may_be_hostile(self, token: str) -> bool:
        """Whether a token is hostile or key to a phrase or pattern; a text without such a token is not hostile."""
        known = self._words[token]
        return (known.word is not None and bool(known.word.kind)) or known.key

    def kind(self, tokens: Sequence[str]) -> HostileKind | None:
        """What kind of hostility the text has, the gravest first, or None."""
        known = [self._words[token] for token in tokens]
        weights: dict[str, float] = dict.fromkeys(_KINDS, 0.0)
        for kind, weight in _aimed([*self._hits(known), *self._patterned(known, tokens)], known):
            weights[kind] = max(weights[kind], weight)
        if any(_NEWS in one.groups for one in known):
            weights["threat"] = 0.0
        return next((kind for kind in _KINDS if weights[kind] >= ENOUGH), None)

    def _look_up(self, token: str) -> Known:
        bare = _bare(token)
        word = self._list.lexicon.find(bare)
        groups = self._list.groups(bare) | (self._list.groups(token) if len(token) == 1 else frozenset())
        key = self._list.is_key(bare) or not self._list.keys.isdisjoint(groups)
        return Known(bare, None if word == PLAIN else word, groups, key)

    def _hits(self, known: Sequence[Known]) -> list[tuple[int, str, float]]:
        """(place, kind, weight) of the listed words and phrases."""
        hits = []
        done = 0
        bare = [one.bare for one in known]
        for i, one in enumerate(known):
            word = one.word
            if i < done or word is None:
                continue
            phrase = longest_phrase(word.phrases, bare, i + 1) if word.phrases else None
            if phrase is not None:
                done, word = phrase
            denied = word.kind == "threat" and any(_DENIED in one.groups for one in known[max(0, i - 3) : i])
            if word.kind and not denied:
                hits.append((i, word.kind, word.valence))
        return hits

    def _patterned(self, known: Sequence[Known], tokens: Sequence[str]) -> list[tuple[int, str, float]]:
        """What the patterns find."""
        places: dict[str, list[int]] = {}
        for i, one in enumerate(known):
            for name in one.groups:
                places.setdefault(name, []).append(i)
        if self._list.keys.isdisjoint(places):
            return []
        bars = [i for i, token in enumerate(tokens) if token[0] in _SENTENCE_END] + places.get(_DENIED, [])
        return [
            (start, pattern.kind, pattern.weight)
            for pattern in self._list.patterns
            if all(name in places for name in pattern.groups)
            for start in places[pattern.groups[0]]
            if _follow(pattern, places, start, bars)
        ]


def _aimed(hits: Sequence[tuple[int, str, float]], known: Sequence[Known]) -> Iterator[tuple[str, float]]:
    """(kind, weight) of the hits, each with the weight of those of its kind that stand near it."""
    for i, kind, weight in hits:
        if weight >= ENOUGH:
            yield kind, weight
            continue
        meant = any(_MEANT in one.groups for one in known[max(0, i - NEAR) : i + NEAR])
        near = sum(other for j, same, other in hits if same == kind and 0 <= j - i <= NEAR)
        yield kind, near + AIMED * (meant and near > 0 and kind == "insult")


def _follow(pattern: Pattern, places: dict[str, list[int]], at: int, bars: Sequence[int]) -> bool:
    """Whether words of the pattern's groups follow one another from `at` on, close by and with no bar between."""
    start, gap = at, INSULT_GAP if pattern.kind == "insult" else GAP
    for name in pattern.groups[1:]:
        after = next((place for place in places[name] if at < place <= at + gap), None)
        if after is None:
            return False
        at = after
    return not any(start < bar < at for bar in bars)


def _bare(token: str) -> str:
    lower = token.lower()
    return lower if lower.isalnum() else lower.strip("#@*.,!?:;()\"'")


@cache
def hostile_list(language: str) -> HostileList:
    """The compiled hostile list of a language family. Raises ValueError for an unknown kind or group."""
    lexicon = Lexicon(compounds=False)
    exact: dict[str, frozenset[str]] = {}
    stems: dict[str, frozenset[str]] = {}
    keys: set[str] = set()
    phrase_keys: set[str] = set()
    patterns: list[Pattern] = []
    for kind, weight, cell in rows(list_text(f"{language}.hostile")):
        if kind not in _KINDS and kind not in _ROLES:
            raise ValueError(f"unknown kind {kind!r} in {language}.hostile.tsv; known are {', '.join(_KINDS)}")
        if kind == "key":
            keys.add(weight)
        for entry in entries(cell):
            if kind in _ROLES:
                home = stems if entry.endswith("*") else exact
                home[entry.rstrip("*")] = home.get(entry.rstrip("*"), frozenset()) | {weight}
            elif entry.isupper():
                patterns.append(Pattern(tuple(entry.split()), kind, float(weight)))
            else:
                lexicon.add(entry, Word(valence=float(weight), kind=kind))
                if " " in entry:
                    phrase_keys.add(_rarest(entry.lower().split()))
    lexicon.fold()
    starred = {key for key in phrase_keys if key.endswith("*")}
    beginnings = tuple(sorted(key[:-1] for key in starred))
    whole = frozenset(phrase_keys - starred)
    return HostileList(lexicon, whole, beginnings, exact, stems, frozenset(keys), tuple(patterns))


def _rarest(words: Sequence[str]) -> str:
    """The word of a phrase that is met least: the last of the frequent ones, or a long one that is not one."""
    places = frequent_words()
    return max(words, key=lambda word: (places.get(word, len(places)), len(word)))

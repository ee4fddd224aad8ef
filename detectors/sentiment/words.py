"""What a word means to the rules, and the phrases that it may begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_NONE = 1_000
"""Longer than any stem."""


class Phrases:
    """The phrases that go on from a word, as a tree, one word a level. Filled while loading, then only read."""

    def __init__(self) -> None:
        self._worth: Word | None = None
        self._words: dict[str, Phrases] = {}
        self._stems: dict[str, Phrases] = {}
        self._shortest = _NONE
        self._openings: set[str] = set()

    def add(self, rest: Sequence[str], worth: Word, final: bool) -> None:
        """Enter a phrase that goes on with `rest`. Of two worths the first counts, unless the second is final."""
        if not rest:
            self._worth = worth if final else self._worth or worth
            return
        first = rest[0]
        if first.endswith("*"):
            stem = first[:-1]
            self._stems.setdefault(stem, Phrases()).add(rest[1:], worth, final)
            if len(stem) < self._shortest:
                self._shortest = len(stem)
                self._openings = {other[: self._shortest] for other in self._stems}
            self._openings.add(stem[: self._shortest])
        else:
            self._words.setdefault(first, Phrases()).add(rest[1:], worth, final)

    def longest(self, lower: Sequence[str], start: int) -> tuple[int, Word] | None:
        """Where the longest phrase that the words (lower case) from `start` on complete ends, and its worth.

        Of equally long ones the word itself goes before its stems, and a longer stem before a shorter one.
        """
        best = None if self._worth is None else (start, self._worth)
        if start >= len(lower):
            return best
        word = lower[start]
        branch = self._words.get(word)
        if branch is not None:
            best = _longer(best, branch.longest(lower, start + 1))
        if word[: self._shortest] in self._openings:
            for end in range(len(word), self._shortest - 1, -1):
                branch = self._stems.get(word[:end])
                if branch is not None:
                    best = _longer(best, branch.longest(lower, start + 1))
        return best


def _longer(one: tuple[int, Word] | None, other: tuple[int, Word] | None) -> tuple[int, Word] | None:
    return other if one is None or (other is not None and other[0] > one[0]) else one


def longest_phrase(trees: Sequence[Phrases], lower: Sequence[str], start: int) -> tuple[int, Word] | None:
    """Where the longest phrase of several trees that goes on at `start` ends, and its worth, or None."""
    best: tuple[int, Word] | None = None
    for tree in trees:
        best = _longer(best, tree.longest(lower, start))
    return best


class Word(NamedTuple):
    """What a word, phrase, emoji or punctuation mark means to the rules. All zero: nothing."""

    valence: float = 0.0
    boost: float = 0.0
    negates: bool = False
    contrast: bool = False
    due: bool = False  # counts only when denied
    excess: bool = False
    aside: float = 0.0  # by how much the rest of the clause counts
    report: bool = False
    clause_end: bool = False
    sentence_end: bool = False
    service: bool = False
    emoji: bool = False
    upper: bool = False
    listed: bool = False
    kind: str = ""
    idle: bool = True  # by itself it does nothing; only a phrase may begin with it
    phrases: tuple[Phrases, ...] = ()


PLAIN = Word()

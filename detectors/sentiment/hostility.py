"""Hostility apart from negativity: threats, insults, harassment. Polite anger is none of these.

A word list judges it (`lexicons/*.hostile.tsv`): entries of weight 2 are enough by themselves, those of weight 1
("idiot") count when a second one stands beside them or somebody is addressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from detectors.sentiment.lexicon import PLAIN, Lexicon, Word, entries, list_text, phrase_at, rows
from detectors.sentiment.memory import Remembered
from detectors.sentiment.score import HostileKind

ENOUGH = 2.0
AIMED = 1.0
"""Added when a person is addressed and something of weight 1 was said."""
_KINDS: tuple[HostileKind, ...] = ("threat", "harassment", "insult")
_YOU = {
    "sv": "du dig din ditt dina ni er era ert dej",
    "no": "du deg din ditt dine dere deres dykk dykkar",
    "da": "du dig din dit dine i jer jeres",
    "fi": "sinä sä sinut sut sinun sun te teidän teidät senkin olet oot olette",
    "en": "you your you're youre u ur y'all yall",
}
_MEMORY = 20_000
"""Words remembered."""


class HostilityJudge:
    """The hostile words of one language. Immutable but for its memory; safe to share between threads."""

    def __init__(self, language: str) -> None:
        self._lexicon = hostile_lexicon(language)
        self._you = frozenset(_YOU[language].split())
        self._words = Remembered(self._look_up, _MEMORY)

    def may_be_hostile(self, token: str) -> bool:
        """Whether a token is hostile or begins a hostile phrase; a text without any such token is not hostile."""
        return self._words[token] is not None

    def kind(self, tokens: Sequence[str]) -> HostileKind | None:
        """What kind of hostility the text has, the gravest first, or None."""
        found = [(i, word) for i, token in enumerate(tokens) if (word := self._words[token])]
        weights = self._weigh(found, tokens)
        total = sum(weights.values())
        if 0 < total < ENOUGH and weights["insult"] and not self._you.isdisjoint(map(_bare, tokens)):
            weights["insult"] += AIMED
            total += AIMED
        return max(weights, key=lambda kind: weights[kind]) if total >= ENOUGH else None  # type: ignore[index]

    def _look_up(self, token: str) -> Word | None:
        """The hostile word, or the beginning of a hostile phrase; None for all others."""
        word = self._lexicon.find(_bare(token))
        return None if word == PLAIN else word

    def _weigh(self, found: Sequence[tuple[int, Word]], tokens: Sequence[str]) -> dict[HostileKind, float]:
        weights = dict.fromkeys(_KINDS, 0.0)
        done = -1
        for i, word in found:
            if i <= done:
                continue
            phrase = phrase_at(word.phrases, tokens, i + 1, _bare)
            if phrase is not None:
                word, done = phrase.word, i + len(phrase.rest)
            if word.kind:
                weights[word.kind] += word.valence  # type: ignore[index]  # the lists hold these kinds only
        return weights


def _bare(token: str) -> str:
    lower = token.lower()
    return lower if lower.isalnum() else lower.strip("#@*.,!?:;()\"'")


@cache
def hostile_lexicon(language: str) -> Lexicon:
    """The compiled hostile list of a language family. Raises ValueError for an unknown kind."""
    lexicon = Lexicon(compounds=False)
    for kind, weight, cell in rows(list_text(f"{language}.hostile")):
        if kind not in _KINDS:
            raise ValueError(f"unknown kind {kind!r} in {language}.hostile.tsv; known are {', '.join(_KINDS)}")
        for entry in entries(cell):
            lexicon.add(entry, Word(valence=float(weight), kind=kind))
    lexicon.fold()
    return lexicon

"""Hostility apart from negativity: threats, insults, harassment. Polite anger is none of these.

A word list judges it (`lexicons/*.hostile.tsv`): entries of weight 2 are enough by themselves, those of weight 1
("idiot") count when a second one stands beside them or somebody is addressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from detectors.sentiment.lexicon import PLAIN, Lexicon, Word, entries, list_text, rows
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
_CACHE_LIMIT = 50_000


class HostilityJudge:
    """The hostile words of one language. Immutable but for its cache; safe to share between threads."""

    def __init__(self, language: str) -> None:
        self._lexicon = hostile_lexicon(language)
        self._you = frozenset(_YOU[language].split())
        self._cache: dict[str, Word] = {}
        self._plain: set[str] = set()

    def kind(self, tokens: Sequence[str]) -> HostileKind | None:
        """What kind of hostility the text has, the gravest first, or None."""
        if self._plain.issuperset(tokens):
            return None
        plain = self._plain
        found = [
            (i, word)
            for i, token in enumerate(tokens)
            if token not in plain and (word := self._look_up(token)) is not PLAIN
        ]
        if not found:
            return None
        lower = [_bare(token) for token in tokens]
        lower.append("")
        return self._weigh(found, lower)

    def _look_up(self, token: str) -> Word:
        if token in self._plain:
            return PLAIN
        word = self._cache.get(token) or self._lexicon.find(_bare(token))
        if max(len(self._cache), len(self._plain)) >= _CACHE_LIMIT:
            self._cache.clear()
            self._plain.clear()
        if word == PLAIN:
            self._plain.add(token)
            return PLAIN
        self._cache[token] = word
        return word

    def _weigh(self, found: Sequence[tuple[int, Word]], lower: Sequence[str]) -> HostileKind | None:
        weights = dict.fromkeys(_KINDS, 0.0)
        done = -1
        for i, word in found:
            if i <= done:
                continue
            phrases = word.phrases
            phrase = phrases.match(lower, i + 1) if phrases and phrases.may_go_on(lower[i + 1]) else None
            if phrase is not None:
                word, done = phrase.word, i + len(phrase.rest)
            if word.kind:
                weights[word.kind] += word.valence  # type: ignore[index]  # the lists hold these kinds only
        if 0 < sum(weights.values()) < ENOUGH and weights["insult"] and not self._you.isdisjoint(lower):
            weights["insult"] += AIMED
        if sum(weights.values()) < ENOUGH:
            return None
        return max(_KINDS, key=lambda kind: weights[kind])


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

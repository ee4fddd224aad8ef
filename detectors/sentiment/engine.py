"""The rules of the Nordic languages: negation, intensifiers, contrast, capitals, emoji, exclamation.

They read a text into a `Reading`: the evaluated words in order, each with the sentence it stands in. What the
numbers mean for the label is the head's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from detectors.sentiment.lexicon import PLAIN, Lexicon, Word, build, load
from detectors.sentiment.reading import Reading

NEGATED_POSITIVE = -0.74
"""VADER's factor for a negated word (Hutto & Gilbert 2014)."""
NEGATED_NEGATIVE = -0.6
"""Understatement: "inte dumt" is praise, but faint."""
CAPITALS = 0.733
"""VADER's increment for a word in capitals."""
REACH_BEFORE = 4
"""How many words back a negation reaches: "inte var så himla bra"."""
REACH_AFTER = 2
"""How many words a negation may follow a verb: "fungerar inte", "gillar jag inte"."""
BEFORE_CONTRAST, AFTER_CONTRAST = 0.5, 1.3
_CACHE_LIMIT = 200_000

_TOKEN = re.compile(
    r"</?3+|[:;=][\'’]?[-^o]?(?:[)(\]\[/\\|*$@]+|[dDpPsSxX3](?!\w))|[xX][dD]+(?!\w)|\^\^|-_+-"
    r"|[^\W_]+(?:[\'’][^\W_]+)*|[!?]+|\.+|[…,;:()–—]|[\u203c\u2049\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]"
)
_SENTENCE_END = Word(clause_end=True, sentence_end=True)
_CLAUSE_END = Word(clause_end=True)


class NordicEngine:
    """The rules over one language's lists. Immutable but for its token cache; safe to share between threads."""

    def __init__(self, language: str, own_words: Mapping[str, float] | None = None) -> None:
        self._lexicon: Lexicon = build(language, own_words) if own_words else load(language)
        self._cache: dict[str, Word] = {}

    def read(self, text: str) -> Reading:
        """The rules' reading of a (masked) text."""
        tokens = _TOKEN.findall(text)
        cached = self._cache.get
        words = [cached(token) or self._look_up(token) for token in tokens]
        found = [(i, word) for i, word in enumerate(words) if word is not PLAIN]
        found = _merge_phrases(tokens, found)
        return _evaluate(tokens, found)

    def _look_up(self, token: str) -> Word:
        word = self._meaning(token)
        if len(self._cache) >= _CACHE_LIMIT:
            self._cache.clear()
        self._cache[token] = word = PLAIN if word == PLAIN else word
        return word

    def _meaning(self, token: str) -> Word:
        if token[0] in "!?.…":
            return _SENTENCE_END
        if token in ",;:()–—":
            return _CLAUSE_END
        found = self._lexicon.find(token.lower())
        return found._replace(upper=True) if token.isupper() and len(token) > 1 else found


def _merge_phrases(tokens: list[str], found: list[tuple[int, Word]]) -> list[tuple[int, Word]]:
    """The found words with each listed phrase as one, the words inside it dropped."""
    if not any(word.phrases for _, word in found):
        return found
    merged: list[tuple[int, Word]] = []
    done = -1
    for i, word in found:
        if i <= done:
            continue
        if word.phrases:
            following = [token.lower() for token in tokens[i + 1 : i + 7]]
            phrase = word.phrases.match(following)
            if phrase is not None:
                done = i + len(phrase.rest)
                word = phrase.word
        merged.append((i, word))
    return merged


def _evaluate(tokens: list[str], found: list[tuple[int, Word]]) -> Reading:
    shouted = sum(word.upper for _, word in found)
    quiet = shouted * 2 <= len(tokens)  # in a text all in capitals no word stands out
    hits: list[tuple[float, int]] = []
    sentence = opened = contrasts = bound = 0
    for at, (_, word) in enumerate(found):
        if word.valence:
            valence, negated = _in_context(found, at, quiet)
            hits.append((valence, sentence))
            bound += negated
        elif word.contrast and len(hits) > opened:
            hits[opened:] = [(value * BEFORE_CONTRAST, number) for value, number in hits[opened:]]
            contrasts += 1
        elif word.sentence_end:
            sentence, opened = sentence + 1, len(hits)
    return Reading(
        hits=tuple(hits),
        words=sum(1 for token in tokens if token[0].isalnum()),
        sentences=sentence + 1,
        service=sum(1 for _, word in found if word.service and word.valence < 0),
        emoji=sum(word.valence for _, word in found if word.emoji),
        negations=max(0, sum(word.negates for _, word in found) - bound),
        contrasts=contrasts,
        shouted=shouted,
        tokens=tokens,
    )


def _in_context(found: list[tuple[int, Word]], at: int, quiet: bool) -> tuple[float, bool]:
    """Valence of the word at `found[at]` after boosters, capitals, contrast and negation; whether negated."""
    place, word = found[at]
    sign = 1.0 if word.valence > 0 else -1.0
    valence = word.valence + (sign * CAPITALS if word.upper and quiet else 0.0)
    negated = False
    for j, before in reversed(found[max(0, at - 5) : at]):
        if before.clause_end or place - j > REACH_BEFORE:
            break
        if before.contrast:
            valence *= AFTER_CONTRAST
            break
        if before.boost and place - j <= 2:
            valence += sign * before.boost
        negated ^= before.negates
    if valence > 0 and _negated_after(found, at, place):
        negated = not negated
    if negated and not word.emoji:
        valence *= NEGATED_POSITIVE if valence > 0 else NEGATED_NEGATIVE
    return valence, negated


def _negated_after(found: list[tuple[int, Word]], at: int, i: int) -> bool:
    for j, after in found[at + 1 : at + 3]:
        if after.clause_end or after.contrast or j - i > REACH_AFTER:
            return False
        if after.negates:
            return True
    return False

"""English in use: VADER's rules over VADER's lexicon, our own lists and grammar words, and emoji by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from detectors.sentiment.lexicon import Lexicon, build, load
from detectors.sentiment.reading import NOTHING, Piece, Reading, read
from detectors.sentiment.vader import PLAIN, Token, VaderEngine
from detectors.sentiment.words import Phrases, Word, longest_phrase

_EMOJI = re.compile("([\u203c\u2049\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff])")
_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": ". ", "–": " ", "—": " "})
_QUOTED_ENDS = ('."', '!"', '?"')


class Known(NamedTuple):
    """What is known of one whitespace-free piece of text."""

    raw: str
    token: Token
    lower: str
    phrases: tuple[Phrases, ...]
    service: bool
    emoji: bool
    shouts: bool
    ends: int  # how many sentences end with it


class EnglishEngine:
    """VADER with our words on top. Immutable; safe to share between threads."""

    def __init__(self, own_words: Mapping[str, float] | None = None) -> None:
        self._own: Lexicon = build("en", own_words) if own_words else load("en")
        self._vader = VaderEngine()

    def read(self, text: str) -> Reading:
        """The rules' reading of a (masked) text."""
        return read(self, text)

    def cut(self, piece: str) -> Piece:
        """Words of a piece of text, emoji apart, and what is known of each."""
        if not piece.isascii():
            piece = _EMOJI.sub(r" \1 ", piece.translate(_TYPOGRAPHY))
        raws = tuple(piece.split())
        known = tuple(map(self._look_up, raws))
        return Piece(raws, known, sum(map(str.isdigit, raws)))

    def evaluate(self, pieces: Sequence[Piece]) -> Reading:
        """The reading of a text from its pieces in order; see `reading.Engine`."""
        known: list[Known] = []
        digits = 0
        for piece in pieces:
            known += piece.marks
            digits += piece.digits
        length = len(known)
        if not known:
            return NOTHING
        known = _with_phrases(known)
        words, merged, _, _, service, emoji, shouts, ends = zip(*known, strict=True)
        values = self._vader.valences(merged, words)
        sentence = list(accumulate(ends, initial=0))
        asked = [token for token in merged if token is not PLAIN]
        return Reading(
            hits=tuple([(value, sentence[i]) for i, value in values.items() if value]),
            words=length,
            sentences=sentence[-2] + 1,
            service=sum([service[i] and value < 0 for i, value in values.items()]),
            emoji=sum([value for i, value in values.items() if emoji[i]]) if True in emoji else 0,
            negations=sum([token.negates for token in asked]),
            contrasts=sum([token.lower == "but" for token in asked]),
            shouted=sum(shouts),
            digits=digits,
        )

    def _look_up(self, raw: str) -> Known:
        token = self._vader.word(raw)
        own = self._own.find(token.lower)
        kept = self._vader.token(raw)
        if own.listed:
            kept = token._replace(valence=own.valence or None)
        elif own.negates or own.boost:
            kept = _as_function_word(token, own)
        return Known(
            raw=raw,
            token=kept,
            lower=token.lower,
            phrases=own.phrases,
            service=own.service,
            emoji=own.emoji,
            shouts=token.upper and len(token.lower) > 1,
            ends=int(raw[-1] in ".!?" or raw[-2:] in _QUOTED_ENDS),
        )


def _with_phrases(known: list[Known]) -> list[Known]:
    """The words with each listed phrase as one."""
    starts = [(i, word.phrases) for i, word in enumerate(known) if word.phrases]
    if not starts:
        return known
    lower = [word.lower for word in known]
    joined: list[Known] = []
    done = 0
    for i, phrases in starts:
        phrase = longest_phrase(phrases, lower, i + 1) if i >= done else None
        if phrase is not None:
            joined += known[done:i]
            done, meaning = phrase
            joined.append(_as_one(known[i:done], meaning))
    return joined + known[done:]


def _as_one(words: Sequence[Known], meaning: Word) -> Known:
    """A phrase is a word of its own: "no refund" is not a "no" that turns what follows; "far from" does."""
    first = words[0]
    name = " ".join([word.lower for word in words])
    token = first.token._replace(lower=name, valence=meaning.valence, boosts=False, negates=False, triggers=False)
    if meaning.negates or meaning.boost:
        token = _as_function_word(token, meaning)
    return first._replace(token=token, ends=sum([word.ends for word in words]))


def _as_function_word(token: Token, meaning: Word) -> Token:
    """A word or phrase of our grammar list as VADER's rules know negations and intensifiers: without a valence."""
    return token._replace(
        valence=None,
        boost=meaning.boost,
        boosts=meaning.boost != 0,
        negates=meaning.negates or token.negates,
        triggers=True,
    )

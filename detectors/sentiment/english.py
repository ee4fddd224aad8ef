"""English in use: VADER's rules over VADER's lexicon, our customer-service words, and emoji by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate

from detectors.sentiment.lexicon import Lexicon, Phrases, build, load
from detectors.sentiment.reading import Reading
from detectors.sentiment.vader import Token, VaderEngine

_EMOJI = re.compile("([\u203c\u2049\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff])")
_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": ". ", "–": " ", "—": " "})
_QUOTED_ENDS = ('."', '!"', '?"')


class EnglishEngine:
    """VADER with our words on top. Immutable but for its caches; safe to share between threads."""

    def __init__(self, own_words: Mapping[str, float] | None = None) -> None:
        self._own: Lexicon = build("en", own_words) if own_words else load("en")
        self._vader = VaderEngine()
        self._tokens: dict[str, tuple[Token, Phrases | None, bool, bool]] = {}

    def read(self, text: str) -> Reading:
        """The rules' reading of a (masked) text."""
        raws = self._split(text)
        cached = self._tokens.get
        known = [cached(raw) or self._look_up(raw) for raw in raws]
        tokens, origins = self._merge(known)
        values = self._vader.valences(tokens)
        ends = self._sentence_numbers(raws)
        hits = tuple((value, ends[origins[i]]) for i, value in values.items() if value)
        return Reading(
            hits=hits,
            words=len(raws),
            sentences=ends[-1] + 1 if ends else 1,
            service=sum(1 for i, value in values.items() if value < 0 and known[origins[i]][2]),
            emoji=sum(value for i, value in values.items() if known[origins[i]][3]),
            negations=sum([token.negates for token in tokens]),
            contrasts=sum([token.lower == "but" for token in tokens]),
            shouted=sum([token.upper for token in tokens if len(token.lower) > 1]),
            tokens=raws,
        )

    def _split(self, text: str) -> list[str]:
        if not text.isascii():
            text = _EMOJI.sub(r" \1 ", text.translate(_TYPOGRAPHY))
        return text.split()

    def _look_up(self, raw: str) -> tuple[Token, Phrases | None, bool, bool]:
        token = self._vader.token(raw)
        own = self._own.find(token.lower)
        if own.listed:
            token = token._replace(valence=own.valence or None)
        if len(self._tokens) > 100_000:
            self._tokens.clear()
        known = self._tokens[raw] = (token, own.phrases, own.service, own.emoji)
        return known

    def _merge(self, known: Sequence[tuple[Token, Phrases | None, bool, bool]]) -> tuple[list[Token], list[int]]:
        """Tokens with listed phrases as one, and for each the index of its first raw token."""
        tokens = [entry[0] for entry in known]
        origins = list(range(len(known)))
        starts = [i for i in origins if known[i][1] is not None]
        if not starts:
            return tokens, origins
        lower = [token.lower for token in tokens]
        done = -1
        for i in starts:
            phrases = known[i][1]
            phrase = phrases.match(lower, i + 1) if phrases and i > done else None
            if phrase is not None:
                done = i + len(phrase.rest)
                tokens[i] = tokens[i]._replace(
                    valence=phrase.word.valence, boosts=False, negates=False, inert=True
                )
                origins[i + 1 : done + 1] = [-1] * len(phrase.rest)
        kept = [i for i in origins if i >= 0]
        return [tokens[i] for i in kept], kept

    def _sentence_numbers(self, raws: Sequence[str]) -> list[int]:
        ended = accumulate([raw[-1] in ".!?" or raw[-2:] in _QUOTED_ENDS for raw in raws], initial=0)
        return list(ended)[:-1]

"""Which language a text is in: the languages' own little words and letters, py3langid's numbers, and a prior.

py3langid alone is right on 89 % of posts under 40 characters; Norwegian and Danish, and Bokmål and Nynorsk, differ
in a few very frequent words, which a list of them tells better than n-grams of bytes do. py3langid (with numpy) is
loaded on first use, and only when the little words do not settle the matter.

Every piece of text has its odds by itself, so that a text's odds are a sum over pieces that have been met before.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import TYPE_CHECKING

from detectors.sentiment.lexicon import rows
from detectors.sentiment.memory import Remembered, pack, unpack
from detectors.sentiment.score import LANGUAGES

if TYPE_CHECKING:
    import numpy as np

SETTLED = 6.5
"""Lead in log-odds at which py3langid is not asked."""
TEMPER = 3.0
"""py3langid's scores are divided by the root of the length and multiplied by this before they meet our words."""
SHORTEST = 10
"""Characters added to every length: two or three letters must not outweigh what source and thread say."""
UNIT = 1000
"""Odds are packed as thousandths."""
_CODES = {"sv": "sv", "nb": "no", "nn": "nn", "da": "da", "fi": "fi", "en": "en"}
_WORD = re.compile(r"[^\W\d_]+")
_LETTERS: dict[str, dict[str, float]] = {
    "ä": {"sv": 2.0, "fi": 2.0},
    "ö": {"sv": 2.2, "fi": 1.2},
    "å": {"sv": 0.7, "nb": 0.7, "nn": 0.9, "da": 0.5},
    "ø": {"nb": 2.2, "nn": 2.2, "da": 2.2},
    "æ": {"nb": 1.8, "nn": 1.8, "da": 2.4},
}
"""Log-odds of a letter once present, by the Nordic alphabets."""
_MEMORY = 30_000
"""Pieces of text remembered."""


class LanguageGuesser:
    """Tells `languages` apart. Immutable; memories and py3langid's model, loaded once under a lock, are shared."""

    def __init__(self, languages: Sequence[str] = LANGUAGES, *, words_only: bool = False) -> None:
        """`words_only`: never ask py3langid, which need not be installed or loaded then."""
        self._languages = tuple(languages)
        self._places = [LANGUAGES.index(language) for language in languages]
        self._settled = -1.0 if words_only else SETTLED

    def guess(
        self, text: str, prior: Mapping[str, float] | None = None, pieces: Sequence[str] | None = None
    ) -> str:
        """The likeliest language of `text`. `prior`: language → probability weight from source, tag or thread.

        `pieces`: the text cut at whitespace, when that is at hand.
        """
        if len(self._languages) == 1:
            return self._languages[0]
        scores = self._scores(text, prior, text.split() if pieces is None else pieces)
        return self._languages[scores.index(max(scores))]

    def scores(self, text: str, prior: Mapping[str, float] | None = None) -> dict[str, float]:
        """Log-odds of each language in play, not normalised."""
        return dict(zip(self._languages, self._scores(text, prior, text.split()), strict=True))

    def _scores(self, text: str, prior: Mapping[str, float] | None, pieces: Sequence[str]) -> list[float]:
        packed = sum(map(little_odds().__getitem__, pieces))
        odds = unpack(packed if text.isascii() else packed + _letters(text), len(LANGUAGES))
        scores = [odds[place] / UNIT for place in self._places]
        if prior:
            weights = [max(prior.get(language, 0.0), 0.01) for language in self._languages]
            scores = [score + math.log(weight) for score, weight in zip(scores, weights, strict=True)]
        second, best = sorted(scores)[-2:]
        if best - second < self._settled:
            trained = trained_scores(pieces)
            scores = [score + trained[place] for score, place in zip(scores, self._places, strict=True)]
        return scores


def _packed(odds: Iterable[float]) -> int:
    """Log-odds in the order of LANGUAGES as one integer."""
    return pack([round(value * UNIT) for value in odds])


def _letters(text: str) -> int:
    """Packed log-odds of the letters of a text that is not all ASCII."""
    lower = text.lower()
    return sum([odds for letter, odds in _letter_odds() if letter in lower])


@cache
def _letter_odds() -> tuple[tuple[str, int], ...]:
    return tuple(
        (letter, _packed(odds.get(language, 0.0) for language in LANGUAGES)) for letter, odds in _LETTERS.items()
    )


@cache
def little_odds() -> Remembered[int]:
    """Piece of text → packed log-odds of its words, by the table of `scripts/train_languages.py`."""
    text = files("detectors.sentiment").joinpath("models", "words.tsv").read_text("utf-8")
    words = {word: _packed(map(float, odds)) for word, *odds in rows(text)}
    return Remembered(lambda piece: sum([words.get(word, 0) for word in _WORD.findall(piece.lower())]), _MEMORY)


def trained_scores(pieces: Sequence[str]) -> list[float]:
    """py3langid's log-odds in the order of LANGUAGES, tempered by the root of the length as its authors do.

    Each piece (no whitespace) is scored by itself, in lower case, and counts as often as it stands there: on short
    posts that was as right as n-grams across words and the logarithm of counts, and each piece is asked once.
    """
    with _LOADING:
        odds = _trained_odds()
    scale = TEMPER / UNIT / math.sqrt(sum(map(len, pieces)) + len(pieces) + SHORTEST)
    return [score * scale for score in unpack(sum(map(odds.__getitem__, pieces)), len(LANGUAGES))]


_LOADING = Lock()


@cache
def _trained_odds() -> Remembered[int]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    # only what six languages need is kept: the whole model weighs some 60 MB
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    places = [identifier.nb_classes.index(_CODES[language]) for language in LANGUAGES]
    weights = identifier.nb_ptc[:, places].astype(float) * math.log(2)
    walk = _Walk(identifier.tk_nextmove, identifier.tk_row, array("i", identifier.tk_output), weights)
    return Remembered(lambda piece: _packed(walk.odds(piece)), _MEMORY)


class _Walk:
    """py3langid's automaton: finds the n-grams of bytes that it has learnt."""

    def __init__(
        self, moves: Sequence[int], rows: Sequence[int], found: Sequence[int], weights: np.ndarray
    ) -> None:
        self._moves, self._rows, self._found, self._weights = moves, rows, found, weights

    def odds(self, piece: str) -> list[float]:
        """Log-odds of a piece between two spaces."""
        state, features = 0, []
        for byte in f" {piece.lower()} ".encode("utf-8", "replace"):
            state = self._moves[self._rows[state] << 8 | byte]
            if self._found[state] >= 0:
                features.append(self._found[state])
        total = self._weights[features].sum(0)
        return [float(value) for value in total - total.max()]

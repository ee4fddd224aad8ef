"""Which language a text is in: its words, the letters of unknown words, py3langid's numbers, and a prior.

Norwegian and Danish, and Bokmål and Nynorsk, differ in a few very frequent words and in endings, which a table of
words tells better than n-grams of bytes do; what it does not know is judged by its letters. py3langid (with numpy)
is loaded on first use, and only when these do not settle the matter.

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

SETTLED = 3.0
"""Lead in log-odds at which py3langid is not asked."""
TEMPER = 1.5
"""py3langid's scores are divided by the root of the length and multiplied by this before they meet our words."""
SHORTEST = 10
"""Characters added to every length: two or three letters must not outweigh what source and thread say."""
UNIT = 1000
"""Odds are packed as thousandths."""
_CODES = {"sv": "sv", "nb": "no", "nn": "nn", "da": "da", "fi": "fi", "en": "en"}
_NB, _NN = LANGUAGES.index("nb"), LANGUAGES.index("nn")
_WORD = re.compile(r"[^\W\d_]+")
_REPEATED = re.compile(r"(.)\1{2,}")
_LONGEST_GRAM, _LONGEST_WORD = 5, 64
_CLIP = 5.0
"""An unknown word speaks against no language by more than this, as none of the table does."""
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
        scores = self._scores(prior, text.split() if pieces is None else pieces)
        return self._languages[scores.index(max(scores))]

    def scores(self, text: str, prior: Mapping[str, float] | None = None) -> dict[str, float]:
        """Log-odds of each language in play, not normalised."""
        return dict(zip(self._languages, self._scores(prior, text.split()), strict=True))

    def _scores(self, prior: Mapping[str, float] | None, pieces: Sequence[str]) -> list[float]:
        odds = unpack(sum(map(word_odds().__getitem__, pieces)), len(LANGUAGES))
        scores = [odds[place] / UNIT for place in self._places]
        if prior:
            weights = [max(prior.get(language, 0.0), 0.01) for language in self._languages]
            scores = [score + math.log(weight) for score, weight in zip(scores, weights, strict=True)]
        second, best = sorted(scores)[-2:]
        if best - second < self._settled:
            trained = _second_opinion(pieces)
            scores = [score + trained[place] for score, place in zip(scores, self._places, strict=True)]
        return scores


def _packed(odds: Iterable[float]) -> int:
    """Log-odds in the order of LANGUAGES as one integer."""
    return pack([round(value * UNIT) for value in odds])


@cache
def word_odds() -> Remembered[int]:
    """Piece of text → packed log-odds of its words, by the tables of `scripts/train_languages.py`."""
    words, letters = _table("words"), _table("letters")
    known = {word: _packed(odds) for word, odds in words.items()}

    def odds_of(word: str) -> int:
        if word not in known:
            word = _REPEATED.sub(r"\1", word)
        return known[word] if word in known else _packed(_by_letters(word, letters))

    return Remembered(lambda piece: sum([odds_of(word) for word in _WORD.findall(piece.lower())]), _MEMORY)


def _table(name: str) -> dict[str, list[float]]:
    """A table of log-odds; words or n-grams of one line share one list."""
    text = files("detectors.sentiment").joinpath("models", f"languages.{name}.tsv").read_text("utf-8")
    found: dict[str, list[float]] = {}
    for *tenths, names in rows(text):
        odds = [int(value) / 10 for value in tenths]
        found.update((one, odds) for one in names.split())
    return found


def _by_letters(word: str, letters: Mapping[str, Sequence[float]]) -> list[float]:
    """Log-odds of a word that the table does not hold."""
    grams = [letters[gram] for gram in letters_of(word[:_LONGEST_WORD]) if gram in letters]
    if not grams:
        return [0.0] * len(LANGUAGES)
    odds = [sum(column) for column in zip(*grams, strict=True)]
    best = max(odds)
    return [max(value - best, -_CLIP) for value in odds]


def letters_of(word: str) -> list[str]:
    """The n-grams of a word's letters, its ends marked."""
    marked = f"^{word}$"
    grams = [
        marked[begin : begin + length]
        for length in range(1, _LONGEST_GRAM + 1)
        for begin in range(len(marked) - length + 1)
    ]
    return [gram for gram in grams if gram not in ("^", "$")]


def _second_opinion(pieces: Sequence[str]) -> list[float]:
    """py3langid's log-odds; between Bokmål and Nynorsk it has no say, for it misses every fourth Nynorsk post."""
    scores = trained_scores(pieces)
    scores[_NB] = scores[_NN] = max(scores[_NB], scores[_NN])
    return scores


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

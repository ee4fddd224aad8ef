"""All that scores one language: rules, n-grams, hostility, questions and head put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from detectors.sentiment.engine import NordicEngine
from detectors.sentiment.english import EnglishEngine
from detectors.sentiment.features import features
from detectors.sentiment.head import Head, Probabilities, load_heads
from detectors.sentiment.hostility import HostilityJudge
from detectors.sentiment.memory import Remembered
from detectors.sentiment.ngrams import Joint, load_ngrams
from detectors.sentiment.questions import is_question, question_openers
from detectors.sentiment.reading import NOTHING, Engine, Marks
from detectors.sentiment.score import LABELS, HostileKind, Score

HOSTILE_ODDS = 5.0
"""By how much a threat, insult or harassment multiplies the odds of negative."""
_MEMORY = 30_000
"""Pieces of text remembered."""
_NO_NGRAMS = (0.0, 0.0)
_NO_JOINT = Joint(0j, 0, b"", 0)
_WIDTH = 20
_FIELD = (1 << _WIDTH) - 1
"""A counter's room: more than any text that is short enough to be scored can need."""
_DIGITS, _KEYS = _WIDTH, 2 * _WIDTH


class Known(NamedTuple):
    """All that is known of one whitespace-free piece of text by itself.

    `counts` packs what is counted over a text: n-grams, numbers, keys of phrases, tokens that may be hostile and
    tokens that may open a question. `weights`, `body` and `opens`: see `ngrams.Joint`; the rest: `reading.Piece`.
    """

    counts: int
    tokens: tuple[str, ...]
    marks: Marks
    starts: Marks
    weights: complex
    body: bytes
    opens: int


class Examined(NamedTuple):
    """A text seen through: what the head weighs, its tokens, and whether these may be hostile or ask."""

    inputs: tuple[float, ...]
    tokens: tuple[tuple[str, ...], ...]
    hostile: bool
    asking: bool


class Judge:
    """All that scores one language family. Immutable but for its memory; safe to share between threads."""

    def __init__(self, language: str, own_words: Mapping[str, float], head: Head | None) -> None:
        self.engine: Engine = EnglishEngine(own_words) if language == "en" else NordicEngine(language, own_words)
        self.head = head or load_heads()[language]
        self.ngrams = load_ngrams(language)
        self.hostility = HostilityJudge(language)
        self.language = language
        self._own = frozenset(own_words)
        self._openers = question_openers(language)
        self._known = Remembered(self._look_at, _MEMORY)

    def inputs(self, text: str) -> tuple[float, ...]:
        """What the head weighs of a masked text."""
        return self._examine(text, text.split()).inputs

    def score(self, text: str, pieces: Sequence[str], language: str) -> Score:
        """The score of a masked text, cut at whitespace into `pieces`, in a language of the family."""
        inputs, columns, hostile, asking = self._examine(text, pieces)
        probabilities = self.head.probabilities(inputs)
        question, kind = "?" in text, None
        if hostile or asking:
            tokens = list(chain.from_iterable(columns))
            kind = self.hostility.kind(tokens) if hostile else None
            question = question or (asking and is_question(text, tokens, self.language))
            if kind is not None:
                probabilities = with_hostility(probabilities)
        return as_score(probabilities, language, kind, question)

    def _examine(self, text: str, pieces: Sequence[str]) -> Examined:
        if not pieces:
            return Examined(features(NOTHING, text) + _NO_NGRAMS, (), False, False)
        known = list(map(self._known.__getitem__, pieces))
        counts, tokens, marks, starts, weights, bodies, opens = zip(*known, strict=True)
        total = sum(counts)
        digits, rare = total >> _DIGITS & _FIELD, total >> _KEYS
        keys = rare & _FIELD
        reading = self.engine.evaluate(tokens, starts if keys else marks, digits, keys > 0)
        evidence = _NO_NGRAMS
        if self.ngrams is not None:
            evidence = self.ngrams.joined(sum(weights), total & _FIELD, bodies, opens)
            if self._own:
                evidence = self._without_own(tokens, evidence)
        inputs = features(reading, text) + evidence
        return Examined(inputs, tokens, rare >> _WIDTH & _FIELD > 0, rare >> 2 * _WIDTH > 0)

    def _without_own(
        self, tokens: Sequence[tuple[str, ...]], evidence: tuple[float, float]
    ) -> tuple[float, float]:
        """The user's word on a word is final: n-grams must not outvote it."""
        flat = list(chain.from_iterable(tokens))
        left = [token for token in flat if token.lower() not in self._own]
        return evidence if self.ngrams is None or len(left) == len(flat) else self.ngrams.evidence(left)

    def _look_at(self, text: str) -> Known:
        piece = self.engine.cut(text)
        hostile = sum([self.hostility.may_be_hostile(token) for token in piece.tokens])
        asking = sum([self._openers[token] for token in piece.tokens])
        weights, grams, body, opens = self.ngrams.joint(piece.tokens) if self.ngrams else _NO_JOINT
        counts = sum(n << _WIDTH * i for i, n in enumerate((grams, piece.digits, piece.keys, hostile, asking)))
        return Known(counts, piece.tokens, piece.marks, piece.starts, weights, body, opens)


def as_score(probabilities: Probabilities, language: str, kind: HostileKind | None, question: bool) -> Score:
    """Probabilities as a score: the likeliest label and rounded numbers."""
    negative, _, positive = probabilities
    label = LABELS[probabilities.index(max(probabilities))]
    return Score(
        round(positive - negative, 4), label, round(negative, 4), language, kind is not None, kind, question
    )


def with_hostility(probabilities: Probabilities) -> Probabilities:
    """Hostile words are seldom in the lists of feeling; they speak for negative all the same."""
    negative, neutral, positive = probabilities
    negative *= HOSTILE_ODDS
    total = negative + neutral + positive
    return negative / total, neutral / total, positive / total

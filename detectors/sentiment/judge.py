"""All that scores one language: rules, n-grams, hostility, questions and head put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from detectors.sentiment.engine import NordicEngine
from detectors.sentiment.english import EnglishEngine
from detectors.sentiment.features import features
from detectors.sentiment.head import Head, Probabilities, load_heads
from detectors.sentiment.hostility import HostilityJudge
from detectors.sentiment.memory import Remembered, pack, unpack
from detectors.sentiment.ngrams import load_ngrams
from detectors.sentiment.questions import is_question, question_openers
from detectors.sentiment.reading import NOTHING, Engine, Marks
from detectors.sentiment.score import LABELS, HostileKind, Score

HOSTILE_ODDS = 5.0
"""By how much a threat, insult or harassment multiplies the odds of negative."""
_MEMORY = 100_000
"""Pieces of text remembered."""
_NO_NGRAMS = (0.0, 0.0)


class Known(NamedTuple):
    """All that is known of one whitespace-free piece of text by itself.

    `tally` packs what is summed over a text: n-gram weights of negative and positive, n-grams, tokens that may be
    hostile, tokens that may open a question. `body` and `opens`: see `ngrams.Joint`.
    """

    tally: int
    tokens: tuple[str, ...]
    marks: Marks
    body: bytes
    opens: int


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
        return self._examine(text, text.split())[0]

    def score(self, text: str, pieces: Sequence[str], language: str) -> Score:
        """The score of a masked text, cut at whitespace into `pieces`, in a language of the family."""
        inputs, tokens, hostile, asking = self._examine(text, pieces)
        probabilities = self.head.probabilities(inputs)
        kind = self.hostility.kind(tokens) if hostile else None
        if kind is not None:
            probabilities = with_hostility(probabilities)
        question = "?" in text or (asking > 0 and is_question(text, tokens, self.language))
        return as_score(probabilities, language, kind, question)

    def _examine(self, text: str, pieces: Sequence[str]) -> tuple[tuple[float, ...], list[str], int, int]:
        """Inputs of the head, tokens, and how many of these may be hostile and may open a question."""
        if not pieces:
            return features(NOTHING, text) + _NO_NGRAMS, [], 0, 0
        tallies, tokens, marks, bodies, opens = zip(*map(self._known.__getitem__, pieces), strict=True)
        reading = self.engine.evaluate(tokens, marks)
        negative, positive, grams, hostile, asking = unpack(sum(tallies), 5)
        evidence = _NO_NGRAMS
        if self.ngrams is not None:
            if self._own and not self._own.isdisjoint(map(str.lower, reading.tokens)):
                # the user's word on a word is final: n-grams must not outvote it
                left = [token for token in reading.tokens if token.lower() not in self._own]
                evidence = self.ngrams.evidence(left)
            else:
                evidence = self.ngrams.joined(negative, positive, grams, bodies, opens)
        return features(reading, text) + evidence, reading.tokens, hostile, asking

    def _look_at(self, piece: str) -> Known:
        tokens, marks = self.engine.cut(piece)
        hostile = sum([self.hostility.may_be_hostile(token) for token in tokens])
        asking = sum([self._openers[token] for token in tokens])
        if self.ngrams is None:
            return Known(pack((0, 0, 0, hostile, asking)), tokens, marks, b"", 0)
        weights, body, opens = self.ngrams.joint(tokens)
        return Known(pack((*weights, hostile, asking)), tokens, marks, body, opens)


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

"""All that scores one language: rules, n-grams, hostility, questions and head put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from detectors.sentiment.engine import NordicEngine
from detectors.sentiment.english import EnglishEngine
from detectors.sentiment.features import features
from detectors.sentiment.head import Head, Probabilities, load_heads
from detectors.sentiment.hostility import HostilityJudge
from detectors.sentiment.memory import Remembered
from detectors.sentiment.ngrams import Joint, load_ngrams
from detectors.sentiment.questions import is_question, question_openers
from detectors.sentiment.reading import Engine, Piece, tokens_in
from detectors.sentiment.score import LABELS, HostileKind, Score

HOSTILE_ODDS = 5.0
"""By how much a threat, insult or harassment multiplies the odds of negative."""
_MEMORY = 30_000
"""Pieces of text remembered."""
_NO_NGRAMS = (0.0, 0.0)


class Known(NamedTuple):
    """All that is known of one whitespace-free piece of text by itself.

    `hostile`: whether a token may be hostile, `asking`: whether one may open a question.
    """

    piece: Piece
    joint: Joint | None
    hostile: bool
    asking: bool


class Examined(NamedTuple):
    """A text seen through: what the head weighs, its tokens, and whether these may be hostile or ask."""

    inputs: tuple[float, ...]
    pieces: list[Piece]
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
        inputs, cut, hostile, asking = self._examine(text, pieces)
        probabilities = self.head.probabilities(inputs)
        question, kind = "?" in text, None
        if hostile or asking:
            tokens = tokens_in(cut)
            kind = self.hostility.kind(tokens) if hostile else None
            question = question or (asking and is_question(text, tokens, self.language))
            if kind is not None:
                probabilities = with_hostility(probabilities)
        return as_score(probabilities, language, kind, question)

    def _examine(self, text: str, pieces: Sequence[str]) -> Examined:
        cut: list[Piece] = []
        joints: list[Joint] = []
        may_be_hostile = may_ask = False
        for raw in pieces:
            piece, joint, hostile, asking = self._known[raw]
            cut.append(piece)
            if joint is not None:
                joints.append(joint)
            may_be_hostile |= hostile
            may_ask |= asking
        reading = self.engine.evaluate(cut)
        evidence = _NO_NGRAMS
        if self.ngrams is not None:
            evidence = self.ngrams.joined(joints)
            if self._own:
                evidence = self._without_own(cut, evidence)
        return Examined(features(reading, text) + evidence, cut, may_be_hostile, may_ask)

    def _without_own(self, pieces: Sequence[Piece], evidence: tuple[float, float]) -> tuple[float, float]:
        """The user's word on a word is final: n-grams must not outvote it."""
        flat = tokens_in(pieces)
        left = [token for token in flat if token.lower() not in self._own]
        return evidence if self.ngrams is None or len(left) == len(flat) else self.ngrams.evidence(left)

    def _look_at(self, text: str) -> Known:
        piece = self.engine.cut(text)
        tokens = piece.tokens
        return Known(
            piece,
            self.ngrams.joint(tokens) if self.ngrams else None,
            any(map(self.hostility.may_be_hostile, tokens)),
            any(map(self._openers.__getitem__, tokens)),
        )


def as_score(probabilities: Probabilities, language: str, kind: HostileKind | None, question: bool) -> Score:
    """Probabilities as a score: the likeliest label and rounded numbers."""
    negative, neutral, positive = probabilities
    label = LABELS[0] if negative >= max(neutral, positive) else LABELS[1] if neutral >= positive else LABELS[2]
    return Score(
        round(positive - negative, 4), label, round(negative, 4), language, kind is not None, kind, question
    )


def with_hostility(probabilities: Probabilities) -> Probabilities:
    """Hostile words are seldom in the lists of feeling; they speak for negative all the same."""
    negative, neutral, positive = probabilities
    negative *= HOSTILE_ODDS
    total = negative + neutral + positive
    return negative / total, neutral / total, positive / total

"""What the rules found in a text: the common ground of the English and the Nordic engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol


class Reading(NamedTuple):
    """Evaluated words and counts of one text.

    `hits`: (valence, sentence number) of each evaluated word in order. `service`: how many of them are complaints
    from the customer-service list. `emoji`: sum of the emoji's valences. `negations`: those that turned no listed
    word ("de har inte ..."), by themselves a sign of complaint. `digits`: tokens that are numbers.
    """

    hits: tuple[tuple[float, int], ...]
    words: int
    sentences: int
    service: int
    emoji: float
    negations: int
    contrasts: int
    shouted: int
    digits: int


NOTHING = Reading((), 0, 1, 0, 0.0, 0, 0, 0, 0)
"""The reading of a text without words."""

Marks = tuple[Any, ...]
"""What an engine knows of the words of a piece of text; its own business."""


class Piece(NamedTuple):
    """What an engine knows of a whitespace-free piece of text by itself.

    `marks` are of the tokens that mean something or may begin a phrase; `digits`: how many are numbers.
    """

    tokens: tuple[str, ...]
    marks: Marks
    digits: int


class Engine(Protocol):
    """Something that reads texts of one language, from pieces that it has looked at one by one."""

    def cut(self, piece: str) -> Piece:
        """What is known of a whitespace-free piece of text."""
        ...

    def evaluate(self, pieces: Sequence[Piece]) -> Reading:
        """The reading of a text from its pieces in order."""
        ...


def read(engine: Engine, text: str) -> Reading:
    """The reading of a (masked) text, without any memory."""
    return engine.evaluate([engine.cut(piece) for piece in text.split()])


def tokens_in(pieces: Sequence[Piece]) -> list[str]:
    """The words of a text from its pieces."""
    return [token for piece in pieces for token in piece.tokens]


def tokens_of(engine: Engine, text: str) -> list[str]:
    """The words of a (masked) text as the engine cuts them."""
    return [token for piece in text.split() for token in engine.cut(piece).tokens]

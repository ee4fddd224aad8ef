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

    `marks` are of what means something alone, `starts` also of what may begin a phrase. `keys`: how many tokens
    some phrase cannot do without; `digits`: how many are numbers.
    """

    tokens: tuple[str, ...]
    marks: Marks
    starts: Marks
    keys: int
    digits: int


class Engine(Protocol):
    """Something that reads texts of one language, from pieces that it has looked at one by one."""

    def cut(self, piece: str) -> Piece:
        """What is known of a whitespace-free piece of text."""
        ...

    def evaluate(
        self, tokens: Sequence[tuple[str, ...]], marks: Sequence[Marks], digits: int, phrases: bool
    ) -> Reading:
        """The reading of a text from its pieces' tokens and marks, in order.

        `phrases`: whether the text may hold one; then `marks` are the pieces' `starts`. `digits`: the pieces' sum.
        """
        ...


def read(engine: Engine, text: str) -> Reading:
    """The reading of a (masked) text, without any memory."""
    pieces = [engine.cut(piece) for piece in text.split()]
    phrases = any(piece.keys for piece in pieces)
    marks = [piece.starts if phrases else piece.marks for piece in pieces]
    return engine.evaluate(
        [piece.tokens for piece in pieces], marks, sum(piece.digits for piece in pieces), phrases
    )


def tokens_of(engine: Engine, text: str) -> list[str]:
    """The words of a (masked) text as the engine cuts them."""
    return [token for piece in text.split() for token in engine.cut(piece).tokens]

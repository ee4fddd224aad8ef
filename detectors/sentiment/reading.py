"""What the rules found in a text: the common ground of the English and the Nordic engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol


class Reading(NamedTuple):
    """Evaluated words and counts of one text.

    `hits`: (valence, sentence number) of each evaluated word in order. `service`: how many of them are complaints
    from the customer-service list. `emoji`: sum of the emoji's valences. `negations`: those that turned no listed
    word ("de har inte ..."), by themselves a sign of complaint. `tokens`: the words as written.
    """

    hits: tuple[tuple[float, int], ...]
    words: int
    sentences: int
    service: int
    emoji: float
    negations: int
    contrasts: int
    shouted: int
    tokens: list[str]


NOTHING = Reading((), 0, 1, 0, 0.0, 0, 0, 0, [])
"""The reading of a text without words."""


Marks = tuple[Any, ...]
"""What an engine knows of the words of a piece of text; its own business."""


class Engine(Protocol):
    """Something that reads texts of one language, from pieces that it has looked at one by one."""

    def cut(self, piece: str) -> tuple[tuple[str, ...], Marks]:
        """Tokens and marks of a whitespace-free piece of text."""
        ...

    def evaluate(self, tokens: Sequence[tuple[str, ...]], marks: Sequence[Marks]) -> Reading:
        """The reading of a text from its pieces' tokens and marks, in order."""
        ...

    def read(self, text: str) -> Reading:
        """Read one masked text."""
        ...

"""What the rules found in a text: the common ground of the English and the Nordic engine."""

from __future__ import annotations

from typing import NamedTuple, Protocol


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


class Engine(Protocol):
    """Something that reads texts of one language."""

    def read(self, text: str) -> Reading:
        """Read one masked text."""
        ...

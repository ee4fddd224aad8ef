"""A bounded memory for what depends on one word only.

The scorer's speed is this: a text's words have nearly all been seen before, and a known word costs one look-up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONGEST = 64
"""Characters of the longest word that is remembered, so that no pasted blob fills the memory."""


class Remembered(dict[str, T]):
    """A pure function of a word as a dict that fills itself; `memory[word]` is the answer.

    Full, it forgets everything and begins anew, which changes the speed and never an answer. Safe to share between
    threads: at worst two of them work out the same answer.
    """

    def __init__(self, work_out: Callable[[str], T], limit: int) -> None:
        """`limit`: how many words are remembered."""
        super().__init__()
        self._work_out = work_out
        self._limit = limit

    def __missing__(self, word: str) -> T:
        """Work out, and remember, what is not known yet."""
        found = self._work_out(word)
        if len(word) <= LONGEST:
            if len(self) >= self._limit:
                self.clear()
            self[word] = found
        return found

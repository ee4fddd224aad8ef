"""A bounded memory for what depends on one word only.

The scorer's speed is this: a text's words have nearly all been seen before, and a known word costs one look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

LONGEST = 64
"""Characters of the longest word that is remembered, so that no pasted blob fills the memory."""


_FIELD = 40
"""Bits of a packed number: room for the sum over any text that is short enough to be scored."""
_MASK, _HALF = (1 << _FIELD) - 1, 1 << (_FIELD - 1)
_BIAS = sum(_HALF << (_FIELD * i) for i in range(16))


def pack(numbers: Iterable[int]) -> int:
    """Up to sixteen whole numbers as one: adding two such integers adds all of them, exactly and in one step."""
    return sum([number << (_FIELD * i) for i, number in enumerate(numbers)])


def unpack(packed: int, count: int) -> list[int]:
    """The `count` numbers of a packed one."""
    packed += _BIAS
    return [(packed >> shift & _MASK) - _HALF for shift in range(0, _FIELD * count, _FIELD)]


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

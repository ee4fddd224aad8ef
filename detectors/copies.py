"""Which texts are copies of one another: retweets, quotes and pasted jokes.

Copies are told by a key that depends on one text alone, so that counting with it can slide, be recounted, and
never depends on the order in which mentions arrive.
"""

from __future__ import annotations

import re

_LINK = re.compile(r"(?:https?://|www\.)[^\s”“\"]+")
_REPOST = re.compile(r"\bRT\b\s*[“\"]?\s*@[\w.]+:?\s*(.+)", re.DOTALL)
_QUOTE = re.compile(r"[“\"]\s*@[\w.]+:?\s*([^”\"]+)")
_HANDLE = re.compile(r"@[\w.@-]+")
_WORD = re.compile(r"[^\W\d_]+")

_LEAST_WORDS = 7  # a shorter text ("the app is down again") is what many people write by themselves
_LEAST_REPEATED_WORDS = 2
_KEY_WORDS = 10


def copy_key(text: str) -> str | None:
    """Return a key that near-copies of `text` share, or None where the text is too short to be told apart.

    A repost or quote (`RT @a: …`, `“@a: …”`) has the key of what it repeats, whatever is added around it.
    """
    plain = _LINK.sub(" ", text.replace("’", "'"))
    repeated = _QUOTE.search(plain) or _REPOST.search(plain)
    body = repeated.group(1) if repeated else plain
    words = _WORD.findall(_HANDLE.sub(" ", body).casefold())
    if len(words) < (_LEAST_REPEATED_WORDS if repeated else _LEAST_WORDS):
        return None
    return ("quote " if len(words) < _LEAST_WORDS else "") + " ".join(words[:_KEY_WORDS])

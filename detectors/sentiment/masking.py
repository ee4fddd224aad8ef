"""Taking out what must not be scored: handles, links, e-mail addresses and the watched names.

A brand's name often is a word: "@united where is my bag" scores +0.42 in VADER for "united".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

MAX_CHARACTERS = 20_000
"""Longer texts are cut before scoring, so that one pasted book costs no more than a long e-mail."""

_ADDRESS = re.compile(r"https?://\S+|\bwww\.\S+|(?<![\w.+-])[\w.+-]*@[\w-][\w.@-]*", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\[(?:LINK|PERSON|LOCATION|ORG)\]")
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff")
"""Soft hyphens, zero-width characters and emoji variation selectors, which only hide words from a list."""
_DROPPED = dict.fromkeys(map(ord, _INVISIBLE))
_NOTHING = re.compile(r"(?!)")


@lru_cache(maxsize=256)
def names_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Pattern of the watched names as whole words, also as hashtags and with a genitive s."""
    stems = sorted({name.strip().lstrip("@#") for name in names} - {""}, key=len, reverse=True)
    if not stems:
        return _NOTHING
    choices = "|".join(re.escape(stem) for stem in stems)
    return re.compile(rf"(?<!\w)[@#]?(?:{choices})(?:[’':]?s)?(?!\w)", re.IGNORECASE)


def mask_text(text: str, names: Sequence[str] = ()) -> str:
    """`text` cut to MAX_CHARACTERS, with addresses and `names` replaced by a space."""
    text = text[:MAX_CHARACTERS]
    if not text.isascii() and not _INVISIBLE.isdisjoint(text):
        text = text.translate(_DROPPED)
    if "@" in text or "://" in text or "www." in text.lower():
        text = _without_addresses(text)
    if "[" in text:
        text = _PLACEHOLDER.sub(" ", text)
    return names_pattern(tuple(names)).sub(" ", text) if names else text


def _without_addresses(text: str) -> str:
    """Only the pieces that can hold an address are searched: the pattern is slow on plain words."""
    pieces = text.split(" ")
    for i, piece in enumerate(pieces):
        if "@" in piece or "://" in piece or "." in piece:
            pieces[i] = _ADDRESS.sub(" ", piece)
    return " ".join(pieces)

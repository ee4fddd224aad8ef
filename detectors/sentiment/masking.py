"""Taking out what must not be scored: handles, links, e-mail addresses and the watched names.

A brand's name often is a word: "@united where is my bag" scores +0.42 in VADER for "united".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

MAX_CHARACTERS = 20_000
"""Longer texts are cut before scoring, so that one pasted book costs no more than a long e-mail."""

_ADDRESSES = re.compile(
    r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+|@[\w.-]+(?:@[\w.-]+)?|\[(?:LINK|PERSON|LOCATION|ORG)\]",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufe0e\ufe0f\ufeff]")
"""Soft hyphens, zero-width characters and emoji variation selectors, which only hide words from a list."""
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
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    if "@" in text or "://" in text or "www." in text or "[" in text:
        text = _ADDRESSES.sub(" ", text)
    return names_pattern(tuple(names)).sub(" ", text) if names else text

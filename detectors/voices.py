"""Voices beside the complaint: those who cheer the complainer on, and those who defend the brand.

Both are recognised by short fixed phrases in the six languages; a phrase list misses much, so the counts are a
floor.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CHEERS = (
    # Swedish
    "stå på dig",
    "stå på er",
    "heja dig",
    "heja er",
    "ge inte upp",
    "håller med",
    "hör av dig till konsument",
    "så hemskt",
    "så tråkigt",
    "stackars",
    "bra rutet",
    "bra skrivet",
    "bra sagt",
    "samma här",
    "kämpa på",
    "kram",
    # Norwegian
    "stå på",
    "heia deg",
    "ikke gi deg",
    "ikkje gi deg",
    "så fælt",
    "så trist",
    "så leit",
    "stakkars",
    "enig",
    "einig",
    "godt sagt",
    "bra sagt",
    "samme her",
    "same her",
    "klem",
    "støtter deg",
    "støttar deg",
    "godt jobba",
    "heier på",
    # Danish
    "godt gået",
    "giv ikke op",
    "stå fast",
    "helt enig",
    "godt skrevet",
    "hvor er det trist",
    "støtter dig",
    "kæmp",
    # Finnish
    "tsemppiä",
    "älä anna periksi",
    "hyvin sanottu",
    "samaa mieltä",
    "olen samaa mieltä",
    "voimia",
    "sama täällä",
    # English
    "stay strong",
    "don't give up",
    "well said",
    "so sorry to hear",
    "so sorry you",
    "same here",
    "i agree",
    "totally agree",
    "stand with you",
    "good for you",
    "keep fighting",
    "go get them",
    "thoughts are with",
    "hugs",
)

_DEFENDS = (
    "ge dem en chans",
    "inte deras fel",
    "de gör sitt bästa",
    "tycker ni är bra",
    "alltid fått bra hjälp",
    "ikke deres feil",
    "gjør så godt de kan",
    "alltid fått god hjelp",
    "gi dem en sjanse",
    "ikke deres skyld",
    "gør deres bedste",
    "altid fået god hjælp",
    "giv dem en chance",
    "ei ole heidän syynsä",
    "tekevät parhaansa",
    "aina hyvää palvelua",
    "not their fault",
    "doing their best",
    "always been great",
    "give them a break",
    "never had a problem with",
    "never had any problem",
)


def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    choices = "|".join(sorted(map(re.escape, set(phrases)), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{choices})(?!\w)")


_CHEERING, _DEFENDING = _pattern(_CHEERS), _pattern(_DEFENDS)


@lru_cache(maxsize=8192)
def cheers_complainer(text: str) -> bool:
    """Whether a comment supports the person who complains ("stå på!", "så fælt")."""
    return _CHEERING.search(text.casefold().replace("’", "'")) is not None


def defends_brand(text: str) -> bool:
    """Whether a comment takes the brand's side."""
    return _DEFENDING.search(text.casefold().replace("’", "'")) is not None

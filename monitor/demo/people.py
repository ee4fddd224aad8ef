"""The demo's people: made-up handles, regulars who write often and passers-by who write once or twice."""

from __future__ import annotations

import random
from collections.abc import Mapping

_FIRST: Mapping[str, tuple[str, ...]] = {
    "sv": (
        "anna", "erik", "lisa", "johan", "sara", "mats", "eva", "nils", "karin", "olle", "maja", "per", "ida",
        "lasse", "tove", "jonas", "frida", "anton", "signe", "bosse", "amir", "wilma", "yusuf", "elena", "gunnel",
    ),
    "nb": ("kari", "ola", "ingrid", "magnus", "silje", "trond", "hege", "geir", "nora", "aksel", "tariq", "turid"),
    "da": ("mette", "jens", "lone", "soren", "pia", "mikkel", "bente", "rasmus", "viggo", "astrid", "fatima"),
    "en": ("li", "sofia", "mina", "emil", "dan", "kate", "priya", "tom"),
}  # fmt: skip
_SECOND = (
    "pendlar", "tog", "laser", "pa_skinner", "42", "vinter", "kaffe", "hund", "nord", "strand", "ost", "skriver",
    "orientering", "strikk", "resor", "musik", "motvind", "hav", "trollet", "lok", "vagn3", "morgon", "fjell",
    "bakar", "89", "cykel", "skoldag", "nattog", "perrong", "bok", "sjo", "lyng", "granit", "1967", "regn",
    "ukulele", "padel", "kanel", "ljung", "maskros", "bjork", "77", "skymning", "potatis", "segel", "ekorre",
    "lada", "tjarn",
)  # fmt: skip

_KNOWN = {"@kvickekalle": 48_000, "@hanna_i_skovde": 640, "@kaffe_rolf": 85}
_REGULAR_SHARE = 0.4
"""The part of all names that belongs to people who write about trains now and then."""


class People:
    """Hands out authors. All that it decides comes from `chance`, so that the same seed gives the same people."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._names = {language: self._shuffled(first) for language, first in _FIRST.items()}
        self._followers = dict(_KNOWN)

    def regular(self, language: str) -> str:
        """Somebody who writes about trains now and then; few of them write often."""
        names = self._names[language]
        return names[int(len(names) * _REGULAR_SHARE * self._chance.random() ** 1.6)]

    def passer_by(self, language: str) -> str:
        """Somebody whom the matter made write, regular or not."""
        return self._chance.choice(self._names[language])

    def followers(self, author: str) -> int:
        """How many follow `author`: a few hundred for most, many for a few."""
        if author not in self._followers:
            self._followers[author] = int(self._chance.lognormvariate(5.6, 1.1))
        return self._followers[author]

    def _shuffled(self, first: tuple[str, ...]) -> list[str]:
        names = [f"@{name}_{second}" for name in first for second in _SECOND]
        self._chance.shuffle(names)
        return names

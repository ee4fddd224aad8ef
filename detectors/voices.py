"""Voices beside the complaint: those who cheer the complainer on, and those who defend the brand.

Both are recognised by short fixed phrases in the six languages; a phrase list misses much, so the counts are a
floor.
"""

from __future__ import annotations

import re

_CHEERS = """
sv: stå på dig | stå på er | heja dig | heja er | ge inte upp | ge dig inte | håller med | så hemskt | så tråkigt
sv: stackars | bra rutet | bra skrivet | bra sagt | samma här | samma för mig | kämpa på | kramar
no: stå på | heia deg | ikke gi deg | ikkje gi deg | så fælt | så trist | så leit | stakkars | helt enig
no: enig med deg
no: heilt einig | godt sagt | godt skrevet | bra skrevet | samme her | same her | støtter deg
no: støttar deg | heier på deg
da: giv ikke op | stå fast | helt enig | godt skrevet | godt sagt | støtter dig | kæmp videre
da: stakkels | samme her
fi: tsemppiä | älä anna periksi | hyvin sanottu | samaa mieltä | voimia | sama täällä | sama kokemus
en: stay strong | don't give up | well said | so sorry to hear | so sorry you | same here
en: same thing happened to me
en: totally agree | stand with you | good for you | keep fighting | go get them | don't back down
"""

_DEFENDS = """
sv: ge dem en chans | inte deras fel | gör sitt bästa | alltid fått bra hjälp | aldrig haft problem
no: ikke deres feil | ikkje deira feil | gjør så godt de kan | gjør sitt beste | alltid fått god hjelp
no: aldri hatt problemer
da: ikke deres skyld | gør deres bedste | altid fået god hjælp | aldrig haft problemer
fi: ei ole heidän syynsä | tekevät parhaansa | aina hyvää palvelua | ei ole ollut ongelmia
en: not their fault | doing their best | doing the best they can | give them a break | never had a problem
en: never had any problem | always been great
"""


def _pattern(table: str) -> re.Pattern[str]:
    phrases = {p.strip() for line in table.strip().splitlines() for p in line.partition(":")[2].split("|")}
    choices = "|".join(map(re.escape, sorted(phrases, key=lambda p: (-len(p), p))))
    return re.compile(rf"(?<!\w)(?:{choices})(?!\w)")


_CHEERING, _DEFENDING = _pattern(_CHEERS), _pattern(_DEFENDS)


def cheers_complainer(text: str) -> bool:
    """Whether a comment supports the person who complains ("stå på!", "så fælt")."""
    return _CHEERING.search(_folded(text)) is not None


def defends_brand(text: str) -> bool:
    """Whether a comment takes the brand's side."""
    return _DEFENDING.search(_folded(text)) is not None


def _folded(text: str) -> str:
    return text.casefold().replace("’", "'")

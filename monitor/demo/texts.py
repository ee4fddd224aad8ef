"""The demo's own texts: pools of lines in `texts/*.txt`, filled in and roughened the way people write.

Every line of a pool is `language<TAB>text`. A text may hold the names of `_Filling` in braces. All of it is
made up and written for this project; no company called Nordtåg is meant.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

STATIONS: Mapping[str, tuple[str, ...]] = {
    "sv": ("Stockholm", "Norrköping", "Linköping", "Göteborg", "Malmö", "Örebro", "Västerås", "Skövde", "Lund"),
    "nb": ("Oslo", "Halden", "Sarpsborg", "Göteborg", "Stockholm", "Moss"),
    "da": ("København", "Odense", "Aarhus", "Malmö", "Ringsted", "Kolding"),
    "en": ("Stockholm", "Oslo", "Copenhagen", "Gothenburg", "Malmö"),
}
"""Where each language's travellers go from and to."""

_BARE = str.maketrans("åäöæøÅÄÖÆØ", "aaoaoAAOAO")
_NAME = re.compile(r"[Nn]ordtåg")


@dataclass(frozen=True, slots=True)
class Line:
    """One text of a pool and the language that it is written in."""

    language: str
    text: str


@cache
def pool(name: str) -> tuple[Line, ...]:
    """The lines of `texts/NAME.txt`, in order."""
    text = (files(__package__) / "texts" / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(Line(*row.split("\t", 1)) for row in text.splitlines() if row)


def fill(line: Line, chance: random.Random) -> str:
    """The line's text with places, times and sums in it."""
    start, end = chance.sample(STATIONS[line.language], 2)
    return line.text.format(
        a=start,
        b=end,
        min=chance.choice((12, 17, 23, 25, 31, 38, 44, 52)),
        kl=f"{chance.randint(5, 21):02}.{chance.choice((3, 12, 19, 27, 34, 41, 48, 56)):02}",
        kr=chance.choice((295, 349, 498, 645, 749, 895, 1120, 1490, 2380)),
        tag=chance.randint(401, 788),
    )


def decorated(line: Line, chance: random.Random, openings: str = "", tails: str = "", share: float = 0.5) -> str:
    """The filled text, in a `share` of cases with an opening before or a tail after it, each from a pool."""
    text = fill(line, chance)
    if openings and chance.random() < share:
        text = f"{fill(_same_language(openings, line, chance), chance)} {text}"
    if tails and chance.random() < share:
        text = _joined(text, fill(_same_language(tails, line, chance), chance))
    return text


def _joined(text: str, tail: str) -> str:
    """A tail that is a sentence needs the text before it to end."""
    stop = "." if text[-1].isalnum() and tail[0].isupper() else ""
    return f"{text}{stop} {tail}"


def roughened(text: str, chance: random.Random) -> str:
    """What thumbs make of a text: small letters, a name without its ring, two letters changing places."""
    roll = chance.random()
    if roll < 0.12:
        return text.lower()
    if roll < 0.20:
        return _NAME.sub(lambda found: found.group().translate(_BARE), text)
    if roll < 0.27:
        return _slip(text, chance)
    if roll < 0.33:
        return text.replace(". ", " ").rstrip(".")
    return text


def _same_language(name: str, line: Line, chance: random.Random) -> Line:
    return chance.choice([other for other in pool(name) if other.language == line.language])


def _slip(text: str, chance: random.Random) -> str:
    """Two inner letters of one long word swapped; never in the brand's name, a handle or a tag."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if word.isalpha() and len(word) > 5 and not _NAME.match(word)]
    if not long:
        return text
    place = chance.choice(long)
    word = words[place]
    at = chance.randint(1, len(word) - 3)
    words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)

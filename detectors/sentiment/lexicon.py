"""Reading the word lists and looking words up in them.

A list is a TSV that a native reader can review: `#` starts a comment, then one line a value:

    valence <tab> entry, entry, entry …          (general, service and hostile lists)
    role <tab> value <tab> entry, entry …        (grammar lists; roles are in `ROLES`)

Valences run from −4 (outrage) to 4 (delight), VADER's scale. An entry is a word or a phrase of several words; a
`*` at a word's end stands for any ending (`besvik*`), at its beginning for any first part (`*kaos`). A bar gives a
choice of words in a phrase (`køb|bestil ikke`), and one before the first choice lets the word be left out
(`meget |så dårlig` is `meget dårlig` and `meget så dårlig`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

from detectors.sentiment.words import PLAIN, Phrases, Word

ROLES = ("negator", "booster", "prefix", "contrast", "un", "free", "ask", "due", "excess", "aside", "report")
"""Roles of grammar lists: negation words; intensifiers (value < 0 dampens); intensifying first parts of compounds
("skit-"); conjunctions after which the main point comes ("men"); negative prefixes ("o-"); endings that turn a
negative stem good ("-fri"); words that open a question; what a customer can expect, heard only when it is denied
("svarat"); too much of a good thing ("alltför"); what makes the rest of the clause no statement of its own, with
the share of it that counts ("trots att", "hur gör man"); what makes the sentence news or another's words."""

SHORTEST_HEAD = 5
"""Letters a word must have to be recognised as the last part of a compound; shorter ones give false finds."""
SHORTEST_FOLDED = 4
"""Letters a word must have to be recognised without its diacritics."""

_FOLDINGS = (
    str.maketrans({"å": "a", "ä": "a", "ö": "o", "ø": "o", "æ": "a", "é": "e"}),
    str.maketrans({"å": "aa", "ä": "ae", "ö": "oe", "ø": "oe", "æ": "ae"}),
)
_REPEATED = re.compile(r"(\w)\1{2,}")
_CHOICE = re.compile(r"\|\w")


@dataclass
class Lexicon:
    """The lists of one language, compiled for look-up. Filled while loading, only read afterwards."""

    exact: dict[str, Word] = field(default_factory=dict)
    stems: dict[str, Word] = field(default_factory=dict)
    heads: dict[str, Word] = field(default_factory=dict)
    phrases: dict[str, Phrases] = field(default_factory=dict)
    stem_phrases: dict[str, Phrases] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)
    prefixes: dict[str, float] = field(default_factory=dict)
    un: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    ask: frozenset[str] = frozenset()
    compounds: bool = True
    sizes: dict[str, int] = field(default_factory=dict)

    def add(self, entry: str, word: Word, *, final: bool = False) -> None:
        """Enter a word, which replaces an earlier one, or a phrase, which does so only if it is `final`."""
        first, *rest = entry.lower().split()
        if rest:
            home = self.stem_phrases if first.endswith("*") else self.phrases
            home.setdefault(first.rstrip("*"), Phrases()).add(rest, word, final)
        elif first.startswith("*"):
            self.heads[first[1:]] = word
        elif first.endswith("*"):
            self.stems[first[:-1]] = word
        else:
            self.exact[first] = word

    def fold(self) -> None:
        """Also enter every word without its diacritics, unless that is a frequent word ("stört", "stort")."""
        frequent = frequent_words()
        for table in (self.exact, self.stems):
            for key, word in list(table.items()):
                for folding in _FOLDINGS:
                    plain = key.translate(folding)
                    if plain not in table and len(plain) >= SHORTEST_FOLDED and plain not in frequent:
                        table[plain] = word
                        self.folded.add(plain)

    def find(self, lower: str) -> Word:
        """The word's meaning: itself, a stem, a compound, or PLAIN."""
        found = self._listed(lower)
        if found is None and (squeezed := _REPEATED.sub(r"\1\1", lower)) != lower:
            found = self._listed(squeezed) or self._listed(_REPEATED.sub(r"\1", lower))
            found = found and found._replace(valence=found.valence * 1.2)
        found = found or (self._compound(lower) if self.compounds else None) or PLAIN
        phrases = self._phrases(lower)
        return found._replace(phrases=phrases) if phrases else found

    def _listed(self, lower: str) -> Word | None:
        found = self.exact.get(lower)
        if found is not None:
            return found
        for end in range(len(lower), 1, -1):
            found = self.stems.get(lower[:end])
            if found is not None:
                return found
        return None

    def _compound(self, lower: str) -> Word | None:
        """Meaning by parts: "skit+dåligt", "o+vänlig", "problem+fritt", "leverans+kaos"."""
        return self._intensified(lower) or self._reversed(lower) or self._headed(lower)

    def _intensified(self, lower: str) -> Word | None:
        for end in range(min(len(lower) - 3, 10), 2, -1):
            boost = self.prefixes.get(lower[:end])
            found = self._listed(lower[end:]) if boost is not None else None
            if found is not None and found.valence:
                more = boost if found.valence > 0 else -(boost or 0.0)
                return found._replace(valence=found.valence + (more or 0.0))
        return None

    def _reversed(self, lower: str) -> Word | None:
        for prefix in self.un:
            found = self._listed(lower[len(prefix) :]) if lower.startswith(prefix) else None
            if found is not None and found.valence > 0 and len(lower) - len(prefix) >= SHORTEST_HEAD - 1:
                return found._replace(valence=-0.8 * found.valence)
        for ending in self.free:
            found = self._listed(lower[: -len(ending)]) if lower.endswith(ending) else None
            if found is not None and found.valence < 0:
                return found._replace(valence=-0.8 * found.valence)
        return None

    def _headed(self, lower: str) -> Word | None:
        for cut in range(2, len(lower) - 2):
            found = self.heads.get(lower[cut:])
            if found is None and cut > 2 and len(lower) - cut >= SHORTEST_HEAD:
                found = self._head(lower[cut:])
            if found is not None and found.valence:
                return found
        return None

    def _head(self, tail: str) -> Word | None:
        """The last part as it is written in the lists: without diacritics it would be found in too many words."""
        found = self.exact.get(tail) if tail not in self.folded else None
        for end in range(len(tail), SHORTEST_HEAD - 1, -1):
            if found is None and tail[:end] not in self.folded:
                found = self.stems.get(tail[:end])
        return found if found is None or not found.due else None

    def _phrases(self, lower: str) -> tuple[Phrases, ...]:
        """The trees of the phrases that a word begins, as it is and by its stems."""
        found = [self.phrases.get(lower)]
        if self.stem_phrases:
            found += [self.stem_phrases.get(lower[:end]) for end in range(len(lower), 1, -1)]
        return tuple([tree for tree in found if tree is not None])


@cache
def frequent_words() -> dict[str, int]:
    """The most frequent words of all languages, each with its place among them; 0 is the commonest."""
    text = files("detectors.sentiment").joinpath("models", "words.tsv").read_text("utf-8")
    return {word: place for place, (word, *_) in enumerate(rows(text))}


def rows(text: str) -> Iterator[list[str]]:
    """The non-comment lines of a list, cut at tabs."""
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield [cell.strip() for cell in line.split("\t")]


def entries(cell: str) -> list[str]:
    """The comma-separated entries of a cell, choices spelled out."""
    return [entry for part in cell.split(",") if part.strip() for entry in _spelled_out(part.strip())]


def _spelled_out(entry: str) -> list[str]:
    if not _CHOICE.search(entry):  # the bar of an emoticon is none
        return [entry]
    choices = product(*(word.split("|") for word in entry.split()))
    return [" ".join(filter(None, words)) for words in choices]


def list_text(name: str) -> str:
    """The text of the shipped list `name` (without .tsv), empty when there is none."""
    place = files("detectors.sentiment").joinpath("lexicons", f"{name}.tsv")
    return place.read_text("utf-8") if place.is_file() else ""


def fill(lexicon: Lexicon, text: str, *, service: bool = False, emoji: bool = False) -> int:
    """Enter a list of valences; returns how many entries it has. Raises ValueError for a bad valence."""
    count = 0
    for valence, cell in rows(text):
        for entry in entries(cell):
            lexicon.add(entry, Word(valence=float(valence), service=service, emoji=emoji, listed=True))
            count += 1
    return count


def fill_grammar(lexicon: Lexicon, text: str) -> None:
    """Enter a grammar list. Raises ValueError for an unknown role."""
    for role, value, cell in rows(text):
        words = entries(cell)
        if role == "prefix":
            lexicon.prefixes.update(dict.fromkeys(words, float(value)))
        elif role == "un":
            lexicon.un += tuple(words)
        elif role == "free":
            lexicon.free += tuple(words)
        elif role == "ask":
            lexicon.ask |= frozenset(words)
        else:
            _add_function_words(lexicon, role, float(value or 0), words)


_MEANINGS: dict[str, Callable[[float], dict[str, Any]]] = {
    "negator": lambda _: {"negates": True},
    "booster": lambda value: {"boost": value},
    "contrast": lambda _: {"contrast": True},
    "due": lambda value: {"valence": value, "due": True},
    "excess": lambda value: {"boost": value, "excess": True},
    "aside": lambda value: {"aside": value},
    "report": lambda _: {"report": True},
}
"""What each role of a function word sets."""


def _add_function_words(lexicon: Lexicon, role: str, value: float, words: Iterable[str]) -> None:
    if role not in ROLES:
        raise ValueError(f"unknown role {role!r} in a grammar list; known are {', '.join(ROLES)}")
    for entry in words:
        if role == "negator" and value < 0:
            lexicon.add(entry, PLAIN)
        else:
            lexicon.add(entry, lexicon.exact.get(entry, PLAIN)._replace(**_MEANINGS[role](value)))


@cache
def load(language: str) -> Lexicon:
    """The compiled lists of a language family (sv, no, da, fi, en), shared; do not change it."""
    return build(language, {})


def build(language: str, own_words: Mapping[str, float]) -> Lexicon:
    """The compiled lists of a language with the user's own words on top."""
    lexicon = Lexicon(compounds=language != "en")  # English writes its compounds apart
    lexicon.sizes["emoji"] = fill(lexicon, list_text("emoji"), emoji=True)
    for topic in ("general", "service"):
        text = list_text(f"{language}.{topic}")
        lexicon.sizes[topic] = fill(lexicon, text, service=topic == "service")
    fill_grammar(lexicon, list_text(f"{language}.grammar"))
    lexicon.fold()
    for entry, valence in own_words.items():
        lexicon.add(entry, Word(valence=float(valence), listed=True), final=True)
    return lexicon

"""VADER's rules for English, the same to the digit and several times faster than the package.

The lexicon, the emoji names and the constants are read from the installed package `vaderSentiment` (MIT; Hutto
& Gilbert 2014), so that nothing of it is copied here. What is new is the bookkeeping: each raw token is looked
at once and remembered (`Token`), only lexicon words are visited, and the "but" rule is O(n log n) instead of
quadratic. `VaderEngine.compound` equals the package's `polarity_scores(text)["compound"]` on every text.
"""

from __future__ import annotations

import heapq
import math
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import import_module
from typing import NamedTuple

# The package's rule constants that have no name there (vaderSentiment 3.3.2).
_DAMPING = (1.0, 0.95, 0.9)
_NEVER_SO = 1.25
_BUT_BEFORE, _BUT_AFTER = 0.5, 1.5
_CACHE_LIMIT = 100_000


class Token(NamedTuple):
    """What the rules ask of one word: looked up once, then cached."""

    lower: str
    upper: bool
    valence: float | None
    boost: float
    negates: bool
    boosts: bool
    inert: bool  # takes part in no rule but its own valence: four inert words in a row need no rules


_UPPER, _VALENCE, _INERT = (Token._fields.index(name) for name in ("upper", "valence", "inert"))
"""Places of the fields that every token is asked for: by index it is twice as fast as by name."""


class Constants(NamedTuple):
    """The package's tables and numbers."""

    lexicon: dict[str, float]
    emoji: dict[str, str]
    boosters: dict[str, float]
    special: dict[str, float]
    negate: frozenset[str]
    caps: float
    negation: float


@cache
def package_constants() -> Constants:
    """The tables of the installed `vaderSentiment`.

    Raises ImportError when the module is not the English original: `vaderSentiment-swedish` installs over it.
    """
    package = import_module("vaderSentiment.vaderSentiment")

    analyzer = package.SentimentIntensityAnalyzer()
    if "disappointed" not in analyzer.lexicon:
        raise ImportError(
            "the installed module vaderSentiment is not the English original (its word list lacks "
            "'disappointed'); is vaderSentiment-swedish installed over it? Reinstall vaderSentiment."
        )
    return Constants(
        lexicon=analyzer.lexicon,
        emoji=analyzer.emojis,
        boosters=package.BOOSTER_DICT,
        special=package.SPECIAL_CASES,
        negate=frozenset(package.NEGATE),
        caps=package.C_INCR,
        negation=package.N_SCALAR,
    )


class VaderEngine:
    """VADER over a lexicon. `extra` adds or replaces words; without it the engine is VADER itself.

    Immutable after construction but for its token cache; safe to share between threads.
    """

    def __init__(self, extra: Mapping[str, float] | None = None) -> None:
        self._constants = package_constants()
        self._lexicon = {**self._constants.lexicon, **(extra or {})}
        self._emoji = frozenset(key for key in self._constants.emoji if len(key) == 1)
        self._cache: dict[str, Token] = {}

    def compound(self, text: str) -> float:
        """Compound of `text` in −1..1, rounded to four digits as the package does."""
        plain = self.spell_emoji(text)
        values = self.valences(self.tokens(plain))
        return round(compound_of(values.values(), plain), 4) if values else 0.0

    def tokens(self, text: str) -> list[Token]:
        """The cached facts about each whitespace-separated piece of `text`."""
        pieces = text.split()
        try:  # all known is the usual case, and twice as fast
            return list(map(self._cache.__getitem__, pieces))
        except KeyError:
            return [self.token(piece) for piece in pieces]

    def spell_emoji(self, text: str) -> str:
        """`text` with each emoji replaced by its name, stripped."""
        if text.isascii() or self._emoji.isdisjoint(text):
            return text.strip()
        found = self._emoji.intersection(text)
        names = self._constants.emoji

        def name(match: re.Match[str]) -> str:
            before = match.start() - 1
            return names[match.group()] if before < 0 or text[before] == " " else f" {names[match.group()]}"

        return _any_of(found).sub(name, text).strip()

    def token(self, raw: str) -> Token:
        """The cached facts about one whitespace-separated piece of text."""
        found = self._cache.get(raw)
        if found is None:
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            found = self._cache[raw] = self._look_at(raw)
        return found

    def _look_at(self, raw: str) -> Token:
        stripped = raw.strip(string.punctuation)
        return self.word(raw if len(stripped) <= 2 else stripped)

    def word(self, word: str) -> Token:
        """The facts about a word without the punctuation around it; not cached."""
        lower = word.lower()
        return Token(
            lower=lower,
            upper=word.isupper(),
            valence=self._lexicon.get(lower),
            boost=self._constants.boosters.get(lower, 0.0),
            negates=lower in self._constants.negate or "n't" in lower,
            boosts=lower in self._constants.boosters,
            inert=lower not in _active_words() and "n't" not in lower,
        )

    def valences(self, tokens: Sequence[Token]) -> dict[int, float]:
        """Position → valence of the lexicon words, after all rules, in the order of the text."""
        found: dict[int, float] = {}
        places = [i for i, token in enumerate(tokens) if token[_VALENCE] is not None]
        if not places:
            return found
        mixed_case = _is_mixed_case(tokens)
        inert = [token[_INERT] for token in tokens]
        for i in places:
            if False not in inert[max(0, i - 3) : i + 1]:
                found[i] = self._shout(tokens[i], tokens[i].valence or 0.0, mixed_case)
            elif not tokens[i].boosts and not _is_kind_of(tokens, i):
                found[i] = self._word_valence(tokens, i, mixed_case)
        return _weigh_but(tokens, found)

    def _shout(self, token: Token, valence: float, mixed_case: bool) -> float:
        if token.upper and mixed_case:
            return valence + (self._constants.caps if valence > 0 else -self._constants.caps)
        return valence

    def _word_valence(self, tokens: Sequence[Token], i: int, mixed_case: bool) -> float:
        valence = self._shout(tokens[i], self._after_no(tokens, i), mixed_case)
        for back in range(min(i, 3)):
            modifier = tokens[i - back - 1]
            if modifier.valence is None:
                valence += self._boost(modifier, valence, mixed_case) * _DAMPING[back]
                valence = self._negate(tokens, i, back, valence)
                if back == 2:
                    valence = self._special_cases(tokens, i, valence)
        return self._least(tokens, i, valence)

    def _after_no(self, tokens: Sequence[Token], i: int) -> float:
        """Valence of the word; "no" before it negates, and "no" itself is silent before a lexicon word."""
        valence = tokens[i].valence or 0.0
        negated = valence * self._constants.negation
        if tokens[i].lower == "no" and i + 1 < len(tokens) and tokens[i + 1].valence is not None:
            valence = 0.0
        if i > 0 and tokens[i - 1].lower == "no":
            return negated
        if i > 1 and tokens[i - 2].lower == "no":
            return negated
        if i > 2 and tokens[i - 3].lower == "no" and tokens[i - 1].lower in ("or", "nor"):
            return negated
        return valence

    def _boost(self, modifier: Token, valence: float, mixed_case: bool) -> float:
        if not modifier.boosts:
            return 0.0
        boost = -modifier.boost if valence < 0 else modifier.boost
        if modifier.upper and mixed_case:
            boost += self._constants.caps if valence > 0 else -self._constants.caps
        return boost

    def _negate(self, tokens: Sequence[Token], i: int, back: int, valence: float) -> float:
        """Effect of a negation `back + 1` words before; "never so" strengthens, "without doubt" does nothing."""
        modifier = tokens[i - back - 1]
        between = [tokens[j].lower for j in range(i - back, i)]
        if back == 1 and modifier.lower == "never" and between[0] in ("so", "this"):
            return valence * _NEVER_SO
        if back == 2 and (
            (modifier.lower == "never" and between[0] in ("so", "this")) or between[1] in ("so", "this")
        ):
            return valence * _NEVER_SO  # the package's precedence: "so" just before is enough
        if modifier.lower == "without" and "doubt" in between:
            return valence
        return valence * self._constants.negation if modifier.negates else valence

    def _special_cases(self, tokens: Sequence[Token], i: int, valence: float) -> float:
        """Idioms around the word ("to die for", "the bomb") and two-word boosters ("kind of")."""
        three, two, one, zero = (tokens[j].lower for j in range(i - 3, i + 1))
        special, boosters = self._constants.special, self._constants.boosters
        before = (f"{one} {zero}", f"{two} {one} {zero}", f"{two} {one}", f"{three} {two} {one}", f"{three} {two}")
        valence = next((special[idiom] for idiom in before if idiom in special), valence)
        after = [token.lower for token in tokens[i + 1 : i + 3]]
        for end in range(1, len(after) + 1):
            valence = special.get(" ".join([zero, *after[:end]]), valence)
        for pair in (f"{three} {two} {one}", f"{three} {two}", f"{two} {one}"):
            valence += boosters.get(pair, 0.0)
        return valence

    def _least(self, tokens: Sequence[Token], i: int, valence: float) -> float:
        if i == 0 or tokens[i - 1].lower != "least" or tokens[i - 1].valence is not None:
            return valence
        if i > 1 and tokens[i - 2].lower in ("at", "very"):
            return valence
        return valence * self._constants.negation


@lru_cache(maxsize=4096)
def _any_of(emoji: frozenset[str]) -> re.Pattern[str]:
    """Pattern of just the emoji that a text has: one of all twelve hundred is ten times slower."""
    return re.compile(f"[{''.join(map(re.escape, sorted(emoji)))}]")


@cache
def _active_words() -> frozenset[str]:
    """Every word that some rule names: anything else only carries its own valence."""
    constants = package_constants()
    idioms = " ".join((*constants.special, *constants.boosters)).split()
    rules = ("no", "or", "nor", "never", "so", "this", "without", "doubt", "least", "at", "very", "kind", "of")
    return frozenset((*idioms, *constants.boosters, *constants.negate, *rules))


def _is_mixed_case(tokens: Sequence[Token]) -> bool:
    """Whether some but not all words are in capitals."""
    shouting = [token[_UPPER] for token in tokens]
    return True in shouting and False in shouting


def _is_kind_of(tokens: Sequence[Token], i: int) -> bool:
    return tokens[i].lower == "kind" and i + 1 < len(tokens) and tokens[i + 1].lower == "of"


def _weigh_but(tokens: Sequence[Token], found: dict[int, float]) -> dict[int, float]:
    """Halve what stands before the first "but" and raise what follows.

    The package looks each value up by its *first* equal in the list and scales that one; equal values
    therefore interact. A heap of positions per value gives the same answer without the quadratic search.
    """
    words = [token.lower for token in tokens]
    if "but" not in words:
        return found
    but = words.index("but")
    places: dict[float, list[int]] = {}
    for i, value in found.items():
        places.setdefault(value, []).append(i)  # ascending, hence already a heap
    result = dict(found)
    for i in found:
        value = result[i]
        if value == 0:
            continue
        first = heapq.heappop(places[value])
        scale = _BUT_BEFORE if first < but else _BUT_AFTER if first > but else 1.0
        result[first] = value * scale
        heapq.heappush(places.setdefault(result[first], []), first)
    return result


def punctuation_emphasis(text: str) -> float:
    """What exclamation marks (up to four) and repeated question marks add to the sum."""
    questions = text.count("?")
    amplified = 0.96 if questions > 3 else questions * 0.18 if questions > 1 else 0.0
    return min(text.count("!"), 4) * 0.292 + amplified


def compound_of(valences: Iterable[float], text: str) -> float:
    """VADER's normalised sum in −1..1, before rounding."""
    total = float(sum(valences))
    emphasis = punctuation_emphasis(text)
    total += emphasis if total > 0 else -emphasis if total < 0 else 0.0
    return max(-1.0, min(1.0, total / math.sqrt(total * total + 15)))

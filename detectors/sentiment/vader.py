"""VADER's rules for English, the same to the digit and several times faster than the package.

The lexicon, the emoji names and the constants are read from the installed package `vaderSentiment` (MIT; Hutto
& Gilbert 2014), so that nothing of it is copied here. What is new is the bookkeeping: each raw token is looked
at once and remembered (`Token`), only lexicon words are visited, and the "but" rule is O(n log n) instead of
quadratic. `VaderEngine.compound` equals the package's `polarity_scores(text)["compound"]` on every text.
"""

from __future__ import annotations

import heapq
import math
import string
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import NamedTuple

from detectors.sentiment.memory import Remembered

# The package's rule constants that have no name there (vaderSentiment 3.3.2).
_DAMPING = (1.0, 0.95, 0.9)
_NEVER_SO = 1.25
_BUT_BEFORE, _BUT_AFTER = 0.5, 1.5
_MEMORY = 30_000
"""Words remembered."""


class Token(NamedTuple):
    """What the rules ask of one word: looked up once, then remembered."""

    lower: str
    upper: bool
    valence: float | None
    boost: float
    negates: bool
    boosts: bool
    triggers: bool  # changes the valence of words around it


PLAIN = Token("", False, None, 0.0, False, False, False)
"""Every word that no rule asks for."""


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

    Immutable after construction but for its memories; safe to share between threads.
    """

    def __init__(self, extra: Mapping[str, float] | None = None) -> None:
        self._constants = package_constants()
        self._lexicon = {**self._constants.lexicon, **(extra or {})}
        self._tokens = Remembered(self.token, _MEMORY)
        self._spelled = Remembered(self._spell_emoji, _MEMORY)

    def compound(self, text: str) -> float:
        """Compound of `text` in −1..1, rounded to four digits as the package does."""
        words = text.split()
        if not text.isascii():
            words = [word for raw in words for word in ((raw,) if raw.isascii() else self._spelled[raw])]
            text = " ".join(words)  # two emoji have an exclamation mark in their names
        values = self.valences(list(map(self._tokens.__getitem__, words)), words)
        return round(compound_of(values.values(), text), 4) if values else 0.0

    def _spell_emoji(self, raw: str) -> tuple[str, ...]:
        """The words of a whitespace-free piece of text with each emoji replaced by its name."""
        names = self._constants.emoji
        return tuple("".join([f" {names[mark]}" if mark in names else mark for mark in raw]).split())

    def token(self, raw: str) -> Token:
        """The facts about one whitespace-separated piece of text; not remembered."""
        found = self.word(raw)
        plain = found.valence is None and not found.triggers and found.lower not in _active_words()
        return PLAIN if plain else found

    def word(self, raw: str) -> Token:
        """The facts about a piece of text without the punctuation around it, plain or not."""
        stripped = raw.strip(string.punctuation)
        word = raw if len(stripped) <= 2 else stripped
        lower = word.lower()
        negates = lower in self._constants.negate or "n't" in lower
        return Token(
            lower=lower,
            upper=word.isupper(),
            valence=self._lexicon.get(lower),
            boost=self._constants.boosters.get(lower, 0.0),
            negates=negates,
            boosts=lower in self._constants.boosters,
            triggers=negates or lower in _trigger_words(),
        )

    def valences(self, tokens: Sequence[Token], written: Sequence[str]) -> dict[int, float]:
        """Position → valence of the lexicon words, after all rules, in the order of the text.

        `written`: the words of `tokens` as they stand in the text, for the rule on capitals.
        """
        asked = [(i, token) for i, token in enumerate(tokens) if token is not PLAIN]
        found: dict[int, float] = {}
        if not asked:
            return found
        mixed_case = True in [token.upper for _, token in asked] and _is_mixed_case(written)
        near = {place for i, token in asked if token.triggers for place in range(i - 2, i + 4)}
        for i, token in asked:
            if token.valence is not None:
                if i not in near:
                    found[i] = self._shout(token, token.valence, mixed_case)
                elif not token.boosts and not _is_kind_of(tokens, i):
                    found[i] = self._word_valence(tokens, i, mixed_case)
        return _weigh_but(asked, found) if found else found

    def _shout(self, token: Token, valence: float, mixed_case: bool) -> float:
        if token.upper and mixed_case:
            return valence + (self._constants.caps if valence > 0 else -self._constants.caps)
        return valence

    def _word_valence(self, tokens: Sequence[Token], i: int, mixed_case: bool) -> float:
        valence = self._shout(tokens[i], self._after_no(tokens, i), mixed_case)
        for back in range(min(i, 3)):
            modifier = tokens[i - back - 1]
            if modifier.valence is None:
                if modifier.boosts:
                    valence += self._boost(modifier, valence, mixed_case) * _DAMPING[back]
                if modifier.negates or back == 2:
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
        if idiomatic_words().isdisjoint([token.lower for token in tokens[i - 3 : i + 3]]):
            return valence
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


_SMALL_WORDS = frozenset(("the", "of", "to", "for"))
"""Words of idioms that by themselves make no idiom likely."""


@cache
def idiomatic_words() -> frozenset[str]:
    """Words of which at least one stands in every idiom and every booster of two words."""
    constants = package_constants()
    phrases = [phrase for phrase in (*constants.special, *constants.boosters) if " " in phrase]
    return frozenset(" ".join(phrases).split()) - _SMALL_WORDS


@cache
def _trigger_words() -> frozenset[str]:
    """Words that may change the valence of a word up to three places after or two before them."""
    return idiomatic_words() | {*package_constants().boosters, "no", "so", "this", "least", "kind"}


@cache
def _active_words() -> frozenset[str]:
    """Every word that some rule names: anything else only carries its own valence."""
    return _trigger_words() | _SMALL_WORDS | {"or", "nor", "doubt", "at", "very", "but"}


def _is_mixed_case(words: Sequence[str]) -> bool:
    """Whether some but not all words are in capitals."""
    shouting = list(map(str.isupper, words))
    return True in shouting and False in shouting


def _is_kind_of(tokens: Sequence[Token], i: int) -> bool:
    return tokens[i].lower == "kind" and i + 1 < len(tokens) and tokens[i + 1].lower == "of"


def _weigh_but(asked: Sequence[tuple[int, Token]], found: dict[int, float]) -> dict[int, float]:
    """Halve what stands before the first "but" and raise what follows.

    The package looks each value up by its *first* equal in the list and scales that one; equal values
    therefore interact. A heap of positions per value gives the same answer without the quadratic search.
    """
    but = next((i for i, token in asked if token.lower == "but"), None)
    if but is None:
        return found
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

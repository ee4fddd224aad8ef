"""The rules of the Nordic languages: negation, intensifiers, contrast, capitals, emoji, exclamation.

They read a text into a `Reading`: the evaluated words in order, each with the sentence it stands in. What the
numbers mean for the label is the head's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from detectors.sentiment.lexicon import Lexicon, build, load
from detectors.sentiment.reading import Piece, Reading, read, tokens_in
from detectors.sentiment.words import PLAIN, Word, longest_phrase

NEGATED_POSITIVE = -0.74
"""VADER's factor for a negated word (Hutto & Gilbert 2014)."""
NEGATED_NEGATIVE = -0.6
"""Understatement: "inte dumt" is praise, but faint."""
CAPITALS = 0.733
"""VADER's increment for a word in capitals."""
REACH_BEFORE = 4
"""How many words back a negation reaches: "inte var så himla bra"."""
REACH_AFTER = 2
"""How many words a negation may follow a verb: "fungerar inte", "gillar jag inte"."""
BEFORE_CONTRAST, AFTER_CONTRAST = 0.5, 1.3
REPORTED = 0.3
"""How much counts of what the news or somebody else says."""

_PIECE = re.compile(
    r"[^\W_]+(?:[\'’][^\W_]+)*|[!?]+|\.+|</?3+|[:;=][\'’]?[-^o]?(?:[)(\]\[/\\|*$@]+|[dDpPsSxX3](?!\w))|\^\^|-_+-"
    r"|[…,;:()–—]|[\u203c\u2049\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]"
)
_SENTENCE_END = Word(clause_end=True, sentence_end=True, idle=False)
_CLAUSE_END = Word(clause_end=True, idle=False)
_ACTIVE = Word._fields.index("clause_end")
"""The fields of a word before this one do something by themselves."""


class NordicEngine:
    """The rules over one language's lists. Immutable; safe to share between threads."""

    def __init__(self, language: str, own_words: Mapping[str, float] | None = None) -> None:
        self._lexicon: Lexicon = build(language, own_words) if own_words else load(language)

    def read(self, text: str) -> Reading:
        """The rules' reading of a (masked) text."""
        return read(self, text)

    def cut(self, piece: str) -> Piece:
        """Tokens of a whitespace-free piece of text, and the place and meaning of those that mean something."""
        tokens = tuple(_PIECE.findall(piece))
        marks = tuple([(i, word) for i, word in enumerate(map(self._meaning, tokens)) if word != PLAIN])
        return Piece(tokens, marks, sum(map(str.isdigit, tokens)))

    def evaluate(self, pieces: Sequence[Piece]) -> Reading:
        """The reading of a text from its pieces in order; see `reading.Engine`."""
        found: list[tuple[int, Word]] = []
        length = digits = 0
        phrases = False
        for tokens, marks, numbers in pieces:
            for place, word in marks:
                found.append((length + place, word))
                phrases |= len(word.phrases) > 0
            length += len(tokens)
            digits += numbers
        if phrases:
            found = _merge_phrases([token.lower() for token in tokens_in(pieces)], found)
        return _evaluate(length, found, digits)

    def _meaning(self, mark: str) -> Word:
        if mark[0] in "!?.…":
            return _SENTENCE_END
        if len(mark) == 1 and mark in ",;:()–—":
            return _CLAUSE_END
        found = self._lexicon.find(mark.lower())
        upper = mark.isupper() and len(mark) > 1
        active = upper or found[:_ACTIVE] != PLAIN[:_ACTIVE]
        return found._replace(upper=upper, idle=not active)


def _merge_phrases(lower: list[str], found: list[tuple[int, Word]]) -> list[tuple[int, Word]]:
    """The found words with each listed phrase as one, the words inside it dropped."""
    merged: list[tuple[int, Word]] = []
    done = -1
    for place in found:
        i, word = place
        if i <= done:
            continue
        phrase = longest_phrase(word.phrases, lower, i + 1) if word.phrases else None
        if phrase is not None:
            end, meaning = phrase
            done = end - 1
            # a phrase that works on what follows ("kan inte påstå att") reaches on from its end
            merged.append((done if meaning.negates or meaning.boost else i, meaning))
        elif not word.idle or not word.phrases:
            merged.append(place)
    return merged


def _evaluate(length: int, found: list[tuple[int, Word]], digits: int) -> Reading:
    shouted = sum([word.upper for _, word in found])
    quiet = shouted * 2 <= length  # in a text all in capitals no word stands out
    hits: list[tuple[float, int]] = []
    sentence = opened = contrasts = negations = marks = service = 0
    emoji = 0.0
    counts = said = 1.0  # by how much the rest of the clause and of the sentence count
    for at, (_, word) in enumerate(found):
        negations += word.negates
        if word.valence:
            valence, negated = _in_context(found, at, quiet)
            if (word.due and not negated) or (word.boost and _intensifies(found, at)):
                continue
            hits.append((valence * counts, sentence))
            negations -= negated
            service += word.service and word.valence < 0
            if word.emoji:
                emoji += word.valence
                marks += 1
        elif word.clause_end:
            marks += 1
            if word.sentence_end:
                sentence, opened, said = sentence + 1, len(hits), 1.0
            counts = said
        elif word.aside:
            counts = word.aside
        elif word.report:
            counts = said = REPORTED
            _weaken(hits, opened, REPORTED)
        elif word.contrast:
            counts = said
            contrasts += len(hits) > opened
            _weaken(hits, opened, BEFORE_CONTRAST)
    return Reading(
        hits=tuple(hits),
        words=length - marks,
        sentences=sentence + 1,
        service=service,
        emoji=emoji,
        negations=max(0, negations),
        contrasts=contrasts,
        shouted=shouted,
        digits=digits,
    )


def _weaken(hits: list[tuple[float, int]], start: int, factor: float) -> None:
    """Let the hits from `start` on count less."""
    hits[start:] = [(value * factor, sentence) for value, sentence in hits[start:]]


def _in_context(found: list[tuple[int, Word]], at: int, quiet: bool) -> tuple[float, bool]:
    """Valence of the word at `found[at]` after boosters, capitals, contrast and negation; whether negated."""
    place, word = found[at]
    sign = 1.0 if word.valence > 0 else -1.0
    valence = word.valence + (sign * CAPITALS if word.upper and quiet else 0.0)
    negated = False
    for j, before in reversed(found[max(0, at - 5) : at]):
        if before.clause_end or place - j > REACH_BEFORE:
            break
        if before.contrast:
            valence *= AFTER_CONTRAST
            break
        if before.boost and place - j <= 2:
            valence += sign * before.boost
            negated ^= before.excess and sign > 0
        negated ^= before.negates
    if valence > 0 and _negated_after(found, at, place):
        negated = not negated
    if negated and not word.emoji:
        valence *= NEGATED_POSITIVE if valence > 0 else NEGATED_NEGATIVE
    return valence, negated


def _intensifies(found: list[tuple[int, Word]], at: int) -> bool:
    """Whether a word of feeling only strengthens the next one: "jävligt bra", "grymt dåligt"."""
    if at + 1 == len(found):
        return False
    place, after = found[at + 1]
    return bool(after.valence) and not after.emoji and place - found[at][0] == 1


def _negated_after(found: list[tuple[int, Word]], at: int, i: int) -> bool:
    for j, after in found[at + 1 : at + 3]:
        if after.clause_end or after.contrast or j - i > REACH_AFTER:
            return False
        if after.negates:
            return True
    return False

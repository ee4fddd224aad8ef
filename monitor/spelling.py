"""How a word may be spelt in a post: with and without Nordic diacritics, inflected, compounded, as a hashtag.

All patterns are for text that went through `fold`: composed (NFKC), case-folded, without invisible characters.
"""

from __future__ import annotations

import re
import unicodedata

WHOLE_WORD_UP_TO = 3
"""Keywords this short match as whole words only (and with a genitive s): "if" is not in "gift"."""

COMPOUND_FROM = 5
"""Keywords this long may be the beginning of any longer word, and stand anywhere in a hashtag or handle."""

# Endings after a keyword of four letters: Scandinavian definite, plural and genitive, Finnish cases.
INFLECTIONS = (
    *("s", "n", "en", "et", "ens", "ets", "ns", "a", "an", "ar", "arna", "er", "erna", "ene", "t", "ts"),
    *("in", "ia", "iin", "ista", "issa", "ille", "illa", "ilta", "ssa", "ssä", "sta", "stä", "lla", "llä", "lle"),
    *("lta", "ltä", "ta", "tä", "ksi", "na", "nä", "kin", "han", "hän", "hin", "hon", "ön", "ään", "aan", "oon"),
)

_LETTERS = {
    "å": "(?:å|aa|a)",
    "ä": "(?:[äæ]|ae|a)",
    "æ": "(?:[äæ]|ae|a)",
    "ö": "(?:[öø]|oe|o)",
    "ø": "(?:[öø]|oe|o)",
}
_DIGRAPHS = {"aa": "(?:aa|å)", "ae": "(?:ae|æ|ä)", "oe": "(?:oe|ø|ö)"}
_BARE = {"a": "[aåäæ]", "o": "[oöø]"}

# Finnish weakens these in closed syllables: Helsinki, Helsingin.
_GRADATION = {"nk": "ng", "nt": "nn", "mp": "mm", "kk": "k", "pp": "p", "tt": "t", "lt": "ll", "rt": "rr"}

_ODD_LETTERS = str.maketrans(
    "áàâãéèêëíìîïóòôõúùûýñç", "aaaaeeeeiiiioooouuuync", "\u00ad\u200b\u200c\u200d\u2060\ufeff"
)
_ODD = re.compile(f"[{''.join(map(chr, _ODD_LETTERS))}]")
_SKELETON = str.maketrans("åäæöø", "aaaoo")
_DOUBLES = re.compile("aa|ae|oe")


def fold(text: str) -> str:
    """Text as it is compared: composed, case-folded, foreign accents and invisible characters taken out."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    return (
        folded.translate(_ODD_LETTERS) if _ODD.search(folded) else folded
    )  # translate is slow, and rarely needed


def skeleton(folded: str) -> str:
    """What all spellings of a word have in common: å, aa and a are one, and so on. Only for quick comparison."""
    return _DOUBLES.sub(lambda double: double.group()[0], folded.translate(_SKELETON))


def spelling(folded: str) -> str:
    """Pattern of the spellings of a folded word.

    å may be typed aa or a (ä and ö likewise), and the other way round: aa finds å. A plain a finds å only in words
    of five letters or more, so that a brand called SAS is not found in "sås".
    """
    bare = _BARE if len(folded) >= COMPOUND_FROM else {}
    pattern, at = "", 0
    while at < len(folded):
        double = folded[at : at + 2]
        if double in _DIGRAPHS:
            pattern += _DIGRAPHS[double]
            at += 2
            continue
        letter = folded[at]
        pattern += _LETTERS.get(letter) or bare.get(letter) or re.escape(letter)
        at += 1
    return pattern


def word_pattern(folded: str) -> str:
    """Pattern of a whole word that is the keyword, inflected or (from five letters) compounded."""
    stems = [spelling(folded)]
    weak = _weakened(folded)
    if weak is not None:
        stems.append(spelling(weak) + "(?=[a-zåäö])")
    stem = f"(?:{'|'.join(stems)})"
    if len(folded) >= COMPOUND_FROM:
        return stem + r"\w*"
    if len(folded) > WHOLE_WORD_UP_TO:
        return stem + f"(?:{'|'.join(INFLECTIONS)})?"
    return stem + "s?"


def phrase_pattern(folded: str) -> str:
    """Pattern of a keyword of several words: joined, spaced or hyphenated; other signs as they are written."""
    parts = re.split(r"([\W_]+)", folded)
    letters = sum(len(part) for part in parts[::2])
    gap = r"[\s\-_.’']{0,2}" if letters >= COMPOUND_FROM else r"[\s\-_.’']{1,2}"
    pattern = ""
    for part, sign in zip(parts[::2], [*parts[1::2], ""], strict=True):
        pattern += spelling(part)
        signs = re.sub(r"[\s\-_.’']", "", sign)
        pattern += rf"\s?{re.escape(signs)}\s?" if signs else gap if sign else ""
    ending = r"\w*" if letters >= COMPOUND_FROM else "s?"
    return rf"(?<![^\W_]){pattern}{ending}(?![^\W_])"


def _weakened(folded: str) -> str | None:
    if len(folded) <= COMPOUND_FROM or folded[-1] not in "aeiouyäö":
        return None
    soft = _GRADATION.get(folded[-3:-1])
    return None if soft is None else folded[:-3] + soft + folded[-1]

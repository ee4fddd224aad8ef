"""Hashed n-grams of a text, and the compact table that weighs them.

The features of a text are the union over its words of each word's character n-grams, the word itself and the
pair with its neighbour. Because nothing crosses more than two words, the weight of a word is computed once and
remembered, and a pair costs one checksum. Hashing is CRC-32: the same on every machine and in every run.
"""

from __future__ import annotations

import math
import re
import zlib
from array import array
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from detectors.sentiment.memory import Remembered

BITS = 17
BUCKETS = 1 << BITS
SIZES = (3, 4, 5)
"""Lengths of the character n-grams, taken of the word with a mark at either end."""
_DIGITS = re.compile(r"\d+")
_REPEATED = re.compile(r"(.)\1{2,}")
_LAST_ROW = BUCKETS - 1
_MEMORY = 50_000
"""Words remembered."""


def bucket(gram: str) -> int:
    """The table row of an n-gram."""
    return zlib.crc32(gram.encode("utf-8", "surrogatepass")) & _LAST_ROW


def normal(token: str) -> str:
    """A token as the n-grams see it: lower case, digits as 0, long repetitions as two."""
    return _REPEATED.sub(r"\1\1", _DIGITS.sub("0", token.lower()))


def word_buckets(word: str) -> list[int]:
    """Rows of one (normal) word: itself and its character n-grams."""
    marked = f"<{word}>"
    grams = {marked[i : i + size] for size in SIZES for i in range(len(marked) - size + 1)}
    grams.discard(marked)
    return [bucket(f"w{word}"), *map(bucket, grams)]


def pair_bucket(first: str, second: str) -> int:
    """Row of two neighbouring (normal) words."""
    return bucket(f"{first} {second}")


def text_buckets(tokens: list[str]) -> Iterator[int]:
    """All rows of a text with repetitions, as the trainer sees them."""
    words = [normal(token) for token in tokens]
    for word in words:
        yield from word_buckets(word)
    for first, second in pairwise(words):
        yield pair_bucket(first, second)


class Evidence(NamedTuple):
    """What is known of one word.

    The weights of negative (real) and positive (imaginary) are one complex number: a text's sum is one call.
    `body` is the normal word in bytes and `opens` the checksum of the word and a space, so that the checksum of a
    pair goes on where the first word's ended.
    """

    weights: complex
    grams: int
    body: bytes
    opens: int


class NgramTable:
    """Weights of the n-grams of one language. Immutable but for its memory; safe to share between threads."""

    def __init__(self, data: bytes) -> None:
        """`data`: two little-endian floats (scales), then BUCKETS int8 of negative, then of positive."""
        scales = array("f", data[:8])
        self._scale_negative, self._scale_positive = scales[0], scales[1]
        self._negative = array("b", data[8 : 8 + BUCKETS])
        self._positive = array("b", data[8 + BUCKETS :])
        self._words = Remembered(self._weigh, _MEMORY)

    def evidence(self, tokens: list[str]) -> tuple[float, float]:
        """(negative, positive) log-odds contributions of a text, divided by the root of its n-grams."""
        if not tokens:
            return 0.0, 0.0
        weights, grams, bodies, opens = zip(*map(self._words.__getitem__, tokens), strict=True)
        rows = [checksum & _LAST_ROW for checksum in map(zlib.crc32, bodies[1:], opens)]
        words = sum(weights)
        negative = words.real + sum(map(self._negative.__getitem__, rows))
        positive = words.imag + sum(map(self._positive.__getitem__, rows))
        root = math.sqrt(sum(grams) + len(rows))
        return negative * self._scale_negative / root, positive * self._scale_positive / root

    def _weigh(self, token: str) -> Evidence:
        word = normal(token)
        rows = word_buckets(word)
        negative, positive = (sum([table[row] for row in rows]) for table in (self._negative, self._positive))
        body = word.encode("utf-8", "surrogatepass")
        return Evidence(complex(negative, positive), len(rows), body, zlib.crc32(body + b" "))


@cache
def load_ngrams(language: str) -> NgramTable | None:
    """The shipped table of a language family, or None when it has none."""
    place = files("detectors.sentiment").joinpath("models", f"{language}.ngrams")
    return NgramTable(zlib.decompress(place.read_bytes())) if place.is_file() else None

"""Hashed n-grams of a text, and the compact table that weighs them.

The features of a text are the union over its words of each word's character n-grams, the word itself and the
pair with its neighbour. Because nothing crosses more than two words, the weight of a word is computed once and
cached, and a text costs two look-ups a word. Hashing is CRC-32: the same on every machine and in every run.
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

BITS = 17
BUCKETS = 1 << BITS
SIZES = (3, 4, 5)
"""Lengths of the character n-grams, taken of the word with a mark at either end."""
_DIGITS = re.compile(r"\d+")
_REPEATED = re.compile(r"(.)\1{2,}")
_CACHE_LIMIT = 50_000


def bucket(gram: str) -> int:
    """The table row of an n-gram."""
    return zlib.crc32(gram.encode("utf-8", "surrogatepass")) & (BUCKETS - 1)


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
    """Weights of one word and how many n-grams it has.

    The weights of negative (real) and positive (imaginary) are one complex number: a text's sum is one call.
    """

    weights: complex
    grams: int


class NgramTable:
    """Weights of the n-grams of one language. Immutable but for its caches; safe to share between threads."""

    def __init__(self, data: bytes) -> None:
        """`data`: two little-endian floats (scales), then BUCKETS int8 of negative, then of positive."""
        scales = array("f", data[:8])
        self._scale_negative, self._scale_positive = scales[0], scales[1]
        self._negative = array("b", data[8 : 8 + BUCKETS])
        self._positive = array("b", data[8 + BUCKETS :])
        self._words: dict[str, Evidence] = {}
        self._pairs: dict[tuple[str, str], complex] = {}

    def evidence(self, tokens: list[str]) -> tuple[float, float]:
        """(negative, positive) log-odds contributions of a text, divided by the root of its n-grams."""
        if not tokens:
            return 0.0, 0.0
        known = self._words.get
        weights, grams = zip(*[known(token) or self._weigh(token) for token in tokens], strict=True)
        total = sum(weights)
        if len(tokens) > 1:
            pairs = self._pairs
            try:
                total += sum([pairs[pair] for pair in pairwise(tokens)])
            except KeyError:
                total += sum([self._weigh_pair(pair) for pair in pairwise(tokens)])
        root = math.sqrt(sum(grams) + len(tokens) - 1)
        return total.real * self._scale_negative / root, total.imag * self._scale_positive / root

    def _weigh(self, token: str) -> Evidence:
        rows = word_buckets(normal(token))
        if len(self._words) >= _CACHE_LIMIT:
            self._words.clear()
        negative, positive = (sum([table[row] for row in rows]) for table in (self._negative, self._positive))
        found = Evidence(complex(negative, positive), len(rows))
        self._words[token] = found
        return found

    def _weigh_pair(self, pair: tuple[str, str]) -> complex:
        found = self._pairs.get(pair)
        if found is not None:
            return found
        row = pair_bucket(normal(pair[0]), normal(pair[1]))
        if len(self._pairs) >= 2 * _CACHE_LIMIT:
            self._pairs.clear()
        found = self._pairs[pair] = complex(self._negative[row], self._positive[row])
        return found


@cache
def load_ngrams(language: str) -> NgramTable | None:
    """The shipped table of a language family, or None when it has none."""
    place = files("detectors.sentiment").joinpath("models", f"{language}.ngrams")
    return NgramTable(zlib.decompress(place.read_bytes())) if place.is_file() else None

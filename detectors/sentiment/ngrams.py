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
    return [bucket(f"w{word}"), *map(bucket, sorted(grams))]


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
    """Weights of one word: of negative, of positive (neutral is the rest), and how many n-grams it has."""

    negative: float
    positive: float
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
        self._pairs: dict[tuple[str, str], tuple[int, int]] = {}

    def evidence(self, tokens: list[str]) -> tuple[float, float]:
        """(negative, positive) log-odds contributions of a text, divided by the root of its n-grams."""
        if not tokens:
            return 0.0, 0.0
        known = self._words.get
        negatives, positives, counts = zip(*[known(token) or self._weigh(token) for token in tokens], strict=True)
        negative, positive = sum(negatives), sum(positives)
        if len(tokens) > 1:
            pairs = self._pairs.get
            weights = [pairs(pair) or self._weigh_pair(pair) for pair in pairwise(tokens)]
            negative += sum([pair[0] for pair in weights])
            positive += sum([pair[1] for pair in weights])
        root = math.sqrt(sum(counts) + len(tokens) - 1)
        return negative * self._scale_negative / root, positive * self._scale_positive / root

    def _weigh(self, token: str) -> Evidence:
        rows = word_buckets(normal(token))
        if len(self._words) >= _CACHE_LIMIT:
            self._words.clear()
        found = Evidence(
            float(sum(self._negative[row] for row in rows)),
            float(sum(self._positive[row] for row in rows)),
            len(rows),
        )
        self._words[token] = found
        return found

    def _weigh_pair(self, pair: tuple[str, str]) -> tuple[int, int]:
        row = pair_bucket(normal(pair[0]), normal(pair[1]))
        if len(self._pairs) >= 2 * _CACHE_LIMIT:
            self._pairs.clear()
        found = self._pairs[pair] = (self._negative[row], self._positive[row])
        return found


@cache
def load_ngrams(language: str) -> NgramTable | None:
    """The shipped table of a language family, or None when it has none."""
    place = files("detectors.sentiment").joinpath("models", f"{language}.ngrams")
    return NgramTable(zlib.decompress(place.read_bytes())) if place.is_file() else None

"""Hashed n-grams of a text, and the compact table that weighs them.

The features of a text are the union over its words of each word's character n-grams, the word itself and the
pair with its neighbour. Because nothing crosses more than two words, a piece of text is weighed once and
remembered, and a pair costs one checksum. Hashing is CRC-32: the same on every machine and in every run.
"""

from __future__ import annotations

import math
import re
import zlib
from array import array
from collections.abc import Iterator, Sequence
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
_LAST_ROW = BUCKETS - 1


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
    return [zlib.crc32(gram.encode("utf-8", "surrogatepass")) & _LAST_ROW for gram in (f"w{word}", *grams)]


def pair_bucket(first: str, second: str) -> int:
    """Row of two neighbouring (normal) words."""
    return bucket(f"{first} {second}")


def text_buckets(tokens: Sequence[str]) -> Iterator[int]:
    """All rows of a text with repetitions, as the trainer sees them."""
    words = [normal(token) for token in tokens]
    for word in words:
        yield from word_buckets(word)
    for first, second in pairwise(words):
        yield pair_bucket(first, second)


class Joint(NamedTuple):
    """What neighbouring tokens weigh by themselves, and what is needed to join them to others.

    `negative` and `positive`: sums of weights. `grams`: how many n-grams. `body` is the first (normal) word in
    bytes (empty: no token) and `opens` the checksum of the last word and a space: a pair's checksum goes on where
    its first word's ended.
    """

    negative: int
    positive: int
    grams: int
    body: bytes
    opens: int


class NgramTable:
    """Weights of the n-grams of one language. Immutable; safe to share between threads."""

    def __init__(self, data: bytes) -> None:
        """`data`: two little-endian floats (scales), then BUCKETS int8 of negative, then of positive."""
        scales = array("f", data[:8])
        self._scales = float(scales[0]), float(scales[1])
        self._negative = array("b", data[8 : 8 + BUCKETS])
        self._positive = array("b", data[8 + BUCKETS :])

    def joint(self, tokens: Sequence[str]) -> Joint:
        """The tokens of one piece of text, weighed."""
        words = [normal(token) for token in tokens]
        rows = [row for word in words for row in word_buckets(word)]
        rows += [pair_bucket(first, second) for first, second in pairwise(words)]
        body, last = (words[0], words[-1]) if words else ("", "")
        opens = zlib.crc32(f"{last} ".encode("utf-8", "surrogatepass"))
        negative = sum(map(self._negative.__getitem__, rows))
        positive = sum(map(self._positive.__getitem__, rows))
        return Joint(negative, positive, len(rows), body.encode("utf-8", "surrogatepass"), opens)

    def joined(self, joints: Sequence[Joint]) -> tuple[float, float]:
        """(negative, positive) log-odds contributions of a text, divided by the root of its n-grams.

        `joints` are its pieces' in order, between which the pairs across pieces come; those without a token (an
        empty body) are passed over.
        """
        negative = positive = grams = 0
        opens = -1
        for joint in joints:
            more_negative, more_positive, more, body, closes = joint
            if not body:
                continue
            negative += more_negative
            positive += more_positive
            grams += more
            if opens >= 0:
                row = zlib.crc32(body, opens) & _LAST_ROW
                negative += self._negative[row]
                positive += self._positive[row]
                grams += 1
            opens = closes
        root = math.sqrt(grams or 1)
        return negative * self._scales[0] / root, positive * self._scales[1] / root

    def evidence(self, tokens: Sequence[str]) -> tuple[float, float]:
        """The same of a text's tokens, without any memory."""
        return self.joined([self.joint(tokens)])


@cache
def load_ngrams(language: str) -> NgramTable | None:
    """The shipped table of a language family, or None when it has none."""
    place = files("detectors.sentiment").joinpath("models", f"{language}.ngrams")
    return NgramTable(zlib.decompress(place.read_bytes())) if place.is_file() else None

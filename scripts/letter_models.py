"""How words of a language are spelt: n-grams of letters with Witten-Bell smoothing, and tables made of them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

Numbers = NDArray[np.float64]

ORDER = 5
"""Letters in a letter model's n-grams, and in the table's."""
RARE = 25
"""Words that an n-gram must stand in to be in the table."""
_ALPHABET = 60
_NEW = 2.0


class LetterModel:
    """Probability of a word by its letters, from words weighted by the power `.4` of their frequency."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        """`shares`: word → share of all words."""
        self._counts: defaultdict[str, float] = defaultdict(float)
        self._totals: defaultdict[str, float] = defaultdict(float)
        followers: defaultdict[str, set[str]] = defaultdict(set)
        least = min(shares.values())
        for word, share in shares.items():
            marked = f"^{word}$"
            for end in range(1, len(marked)):
                for begin in range(max(0, end - ORDER + 1), end + 1):
                    before = marked[begin:end]
                    self._counts[before + marked[end]] += (share / least) ** 0.4
                    self._totals[before] += (share / least) ** 0.4
                    followers[before].add(marked[end])
        self._followers = {before: len(letters) for before, letters in followers.items()}

    def log(self, word: str) -> float:
        """Logarithm of the word's probability."""
        marked = f"^{word}$"
        return sum(
            math.log(self._probability(marked[max(0, end - ORDER + 1) : end], marked[end]))
            for end in range(1, len(marked))
        )

    def _probability(self, before: str, letter: str) -> float:
        found = 1 / _ALPHABET
        for begin in range(len(before), -1, -1):
            context = before[begin:]
            if context not in self._totals:
                break
            new = _NEW * self._followers[context]
            found = (self._counts.get(context + letter, 0.0) + new * found) / (self._totals[context] + new)
        return found


def letter_table(
    words: Sequence[str], target: Numbers, weights: Numbers, grams: Mapping[str, Sequence[str]]
) -> tuple[list[str], Numbers, Numbers]:
    """n-grams, their odds, and the words' odds by them: a logistic regression on `target` probabilities.

    `target`: words × languages. `grams`: word → its n-grams.
    """
    counts = Counter(gram for word in words for gram in set(grams[word]))
    kept = sorted(gram for gram, count in counts.items() if count >= RARE)
    places = {gram: place for place, gram in enumerate(kept)}
    found = [[places[gram] for gram in grams[word] if gram in places] for word in words]
    starts = np.cumsum([0, *map(len, found)])
    columns = np.array([place for row in found for place in row])
    matrix = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(words), len(kept)))
    matrix.sum_duplicates()
    odds = _regression(matrix, target, weights)
    return kept, odds, matrix @ odds


def _regression(matrix: csr_matrix, target: Numbers, weights: Numbers) -> Numbers:
    shape = (matrix.shape[1], target.shape[1])
    turned, share = matrix.T.tocsr(), (weights / weights.sum())[:, None]

    def loss(flat: Numbers) -> tuple[float, Numbers]:
        odds = flat.reshape(shape)
        logs = log_softmax(matrix @ odds)
        slope = turned @ (share * (np.exp(logs) - target)) + odds / weights.sum()
        return float(-(share * target * logs).sum() + (odds**2).sum() / weights.sum() / 2), slope.ravel()

    start = np.zeros(shape[0] * shape[1])
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 40})
    return np.asarray(best.x).reshape(shape)


def log_softmax(scores: Numbers) -> Numbers:
    """Logarithms of the probabilities that scores stand for, by row."""
    scores = scores - scores.max(1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(1, keepdims=True))


def clustered(vectors: Numbers, weights: Numbers, count: int) -> tuple[Numbers, NDArray[np.intp]]:
    """k-means: `count` centres, and the place of each vector's centre."""
    chance = np.random.default_rng(0)
    centres = vectors[chance.choice(len(vectors), count, replace=False, p=weights / weights.sum())]
    nearest = np.zeros(len(vectors), np.intp)
    for _ in range(25):
        nearest = np.argmin((centres**2).sum(1) - 2 * vectors @ centres.T, axis=1)
        for place in range(count):
            chosen = nearest == place
            if chosen.any():
                centres[place] = np.average(vectors[chosen], axis=0, weights=weights[chosen])
    return centres, nearest

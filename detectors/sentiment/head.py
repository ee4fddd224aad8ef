"""The head: a table of numbers that turns features into probabilities of negative, neutral and positive.

`models/head.json` is made by `scripts/train_sentiment.py`. It holds for each language family three rows of weights
(one a label, over `features.NAMES` and then the two n-gram log-odds) and three biases. The classes were weighted
equally in training, so a probability is calibrated for a reader who thinks the three labels equally likely
beforehand; on a source with few complaints p_negative is too high by a constant log-odds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from operator import mul

from detectors.sentiment.features import NAMES

WIDTH = len(NAMES) + 2
"""Weights in a row: the features, and the n-grams' log-odds of negative and of positive."""

Probabilities = tuple[float, float, float]
"""Of negative, neutral, positive; they sum to 1."""


@dataclass(frozen=True, slots=True)
class Head:
    """Multinomial logistic regression: three rows of weights and three biases."""

    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]

    def probabilities(self, features: Sequence[float]) -> Probabilities:
        """Softmax of the three linear scores."""
        negative_row, neutral_row, positive_row = self.weights
        negative = self.bias[0] + sum(map(mul, negative_row, features))
        neutral = self.bias[1] + sum(map(mul, neutral_row, features))
        positive = self.bias[2] + sum(map(mul, positive_row, features))
        top = max(negative, neutral, positive)
        odds = math.exp(negative - top), math.exp(neutral - top), math.exp(positive - top)
        total = odds[0] + odds[1] + odds[2]
        return odds[0] / total, odds[1] / total, odds[2] / total


def head_from(table: Mapping[str, Sequence[Sequence[float]] | Sequence[float]]) -> Head:
    """A head from its JSON object {"weights": [[…], […], […]], "bias": [… three]}. Raises ValueError if uneven."""
    weights = tuple(tuple(map(float, row)) for row in table["weights"])  # type: ignore[arg-type]  # JSON
    bias = tuple(map(float, table["bias"]))  # type: ignore[arg-type]  # JSON
    if len(weights) != 3 or len(bias) != 3 or {len(row) for row in weights} != {WIDTH}:
        raise ValueError(f"a head needs three rows of {WIDTH} weights and three biases; train it anew")
    return Head(weights, bias)


@cache
def load_heads() -> dict[str, Head]:
    """The shipped heads by language family."""
    text = files("detectors.sentiment").joinpath("models", "head.json").read_text("utf-8")
    return {language: head_from(table) for language, table in json.loads(text)["heads"].items()}

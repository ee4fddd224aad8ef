"""The head: a table of numbers that turns features into probabilities of negative, neutral and positive.

`models/head.json` is made by `scripts/train_sentiment.py`. It holds for each language family three rows of weights
(one a label, over `features.NAMES` and then the two n-gram log-odds) and three biases. The classes were weighted
equally in training, so a probability is calibrated for a reader who thinks the three labels equally likely
beforehand; on a source with few complaints p_negative is too high by a constant log-odds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp

from detectors.sentiment.features import NAMES

WIDTH = len(NAMES) + 2
"""Weights in a row: the features, and the n-grams' log-odds of negative and of positive."""

Probabilities = tuple[float, float, float]
"""Of negative, neutral, positive; they sum to 1."""


@dataclass(frozen=True)
class Head:
    """Multinomial logistic regression: three rows of weights and three biases."""

    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]

    def probabilities(self, features: tuple[float, ...]) -> Probabilities:
        """Softmax of the three linear scores."""
        negative, neutral, positive = self.bias
        for_negative, for_neutral, for_positive = self.weights
        for i, value in enumerate(features):
            negative += for_negative[i] * value
            neutral += for_neutral[i] * value
            positive += for_positive[i] * value
        top = max(negative, neutral, positive)
        negative, neutral, positive = exp(negative - top), exp(neutral - top), exp(positive - top)
        total = negative + neutral + positive
        return negative / total, neutral / total, positive / total


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

"""Language-neutral numbers of a reading: what the head weighs. The order is the contract with the head's table."""

from __future__ import annotations

import math

from detectors.sentiment.reading import Reading

NAMES = (
    "balance",
    "positive",
    "negative",
    "strongest_positive",
    "strongest_negative",
    "positive_density",
    "negative_density",
    "first",
    "last",
    "last_sentence",
    "length",
    "exclamations",
    "questions",
    "exclaimed_balance",
    "questioned_balance",
    "shouted",
    "negations",
    "service",
    "emoji",
    "contrast",
    "ellipsis",
    "mixed",
    "silent",
    "digits",
)
"""Names of the features, in order."""


def features(reading: Reading, text: str) -> tuple[float, ...]:
    """The numbers named in NAMES, each within about −1..1.

    `text` is the masked text. Whether it held a handle or link is left out on purpose: that tells the platform,
    and a head trained on reviews and on posts learns nonsense from it.
    """
    hits = reading.hits
    good = bad = 0
    positive = negative = best = worst = 0.0
    for value, _ in hits:
        if value > 0:
            good += 1
            positive += value
            best = max(best, value)
        elif value < 0:
            bad += 1
            negative -= value
            worst = max(worst, -value)
    balance = _squash(positive - negative) if hits else 0.0
    root = math.sqrt(reading.words + 1)
    exclamations = min(text.count("!"), 4) / 4
    questions = min(text.count("?"), 3) / 3
    mixed = min(positive, negative)
    return (
        balance,
        positive / (positive + 4),
        negative / (negative + 4),
        best / 4,
        worst / 4,
        good / root,
        bad / root,
        hits[0][0] / 4 if hits else 0.0,
        hits[-1][0] / 4 if hits else 0.0,
        _squash(_closing(reading, text)) if hits else 0.0,
        math.log1p(reading.words) / 4,
        exclamations,
        questions,
        exclamations * balance,
        questions * balance,
        min(reading.shouted, 5) / 5,
        reading.negations / root,
        min(reading.service, 4) / 4,
        _squash(reading.emoji) if reading.emoji else 0.0,
        float(reading.contrasts > 0),
        float(".." in text or "…" in text),
        mixed / (mixed + 4),
        float(not hits),
        min(reading.digits, 4) / 4,
    )


def _closing(reading: Reading, text: str) -> float:
    """Sum of the valences in the last sentence."""
    last = reading.sentences - 1 - (text.rstrip()[-1:] in "!?.…")
    return sum([value for value, sentence in reading.hits if sentence >= last])


def _squash(total: float) -> float:
    """VADER's normalisation of a sum to −1..1."""
    return total / math.sqrt(total * total + 15)

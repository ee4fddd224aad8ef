"""A head of the user's own, from the user's own labelled texts.

The shipped head is the starting point and the pull: with twenty labels little moves, with two thousand the user's
own texts decide. A part is held back, so that before and after are measured on texts the new head has not seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.sentiment.head import Head
from detectors.sentiment.masking import mask_text
from detectors.sentiment.score import LABELS, Label, family
from detectors.sentiment.scorer import Scorer

if TYPE_CHECKING:
    import numpy as np

HELD_BACK = 0.3
"""Share of the labelled texts that only judge."""
FEWEST = 30
"""Labelled texts a language needs: below this the held-back part says nothing."""
PULL = 3.0
"""Strength of the pull towards the shipped head, in texts' worth of evidence per squared unit of weight."""
STEPS, RATE = 400, 0.5


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with the label a person gave it, and its language when known."""

    text: str
    label: Label
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Before and after on the held-back texts of one language family; shares 0..1."""

    language: str
    trained_on: int
    held_back: int
    accuracy_before: float
    accuracy_after: float
    macro_f1_before: float
    macro_f1_after: float

    @property
    def better(self) -> bool:
        """Whether the new head is at least as good as the shipped one on the held-back part."""
        return self.macro_f1_after >= self.macro_f1_before


def is_held_back(text: str) -> bool:
    """Whether a text belongs to the judging part: by its hash, so that the split is the same in every run."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[0] < 256 * HELD_BACK


def train_heads(
    rows: Sequence[Labelled], scorer: Scorer | None = None
) -> tuple[dict[str, Head], list[Comparison]]:
    """Heads by language family and their before/after table; languages with fewer than FEWEST texts are left out.

    Raises ValueError when no language has enough texts, or one part of the split lacks texts.
    """
    scorer = scorer or Scorer()
    by_language: dict[str, list[Labelled]] = {}
    for row in rows:
        masked = mask_text(row.text)
        by_language.setdefault(family(scorer.language_of(masked, row.language)) or "en", []).append(row)
    enough = {language: own for language, own in by_language.items() if len(own) >= FEWEST}
    if not enough:
        counts = ", ".join(f"{language} {len(own)}" for language, own in sorted(by_language.items())) or "none"
        raise ValueError(f"training needs at least {FEWEST} labelled texts in one language; found: {counts}")
    heads, table = {}, []
    for language, own in sorted(enough.items()):
        heads[language], comparison = _train(language, own, scorer)
        table.append(comparison)
    return heads, table


def _train(language: str, rows: Sequence[Labelled], scorer: Scorer) -> tuple[Head, Comparison]:
    learn = [row for row in rows if not is_held_back(row.text)]
    judge = [row for row in rows if is_held_back(row.text)]
    if not learn or not judge:
        raise ValueError(f"{language}: the {len(rows)} texts do not fill both parts of the split; add more")
    shipped = scorer.judge(language).head
    own = fit(shipped, _inputs(scorer, language, learn), [LABELS.index(row.label) for row in learn])
    seen = _inputs(scorer, language, judge)
    truth = [row.label for row in judge]
    before, after = (_labels(head, seen) for head in (shipped, own))
    return own, Comparison(
        language,
        len(learn),
        len(judge),
        accuracy(truth, before),
        accuracy(truth, after),
        macro_f1(truth, before),
        macro_f1(truth, after),
    )


def _inputs(scorer: Scorer, language: str, rows: Sequence[Labelled]) -> list[tuple[float, ...]]:
    return [scorer.judge(language).inputs(mask_text(row.text)) for row in rows]


def _labels(head: Head, inputs: Sequence[tuple[float, ...]]) -> list[Label]:
    found = [head.probabilities(row) for row in inputs]
    return [LABELS[row.index(max(row))] for row in found]


def fit(start: Head, inputs: Sequence[Sequence[float]], labels: Sequence[int]) -> Head:
    """Softmax regression by gradient descent from `start`, pulled back to it; deterministic."""
    import numpy as np

    x = np.hstack([np.array(inputs), np.ones((len(inputs), 1))])
    target = np.eye(3)[list(labels)]
    origin = np.hstack([np.array(start.weights), np.array(start.bias)[:, None]])
    scale = np.maximum(np.abs(x).max(0), 1.0)  # n-gram log-odds run to ten and more; unscaled they would diverge
    table = origin.copy()
    for _ in range(STEPS):
        gradient = _gradient(x, target, table) + PULL * (table - origin)
        table = table - RATE * gradient / (len(x) * scale**2 / 4 + PULL)
    return Head(tuple(map(tuple, table[:, :-1].tolist())), tuple(table[:, -1].tolist()))


def _gradient(x: np.ndarray, target: np.ndarray, table: np.ndarray) -> np.ndarray:
    import numpy as np

    scores = x @ table.T
    odds = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray((odds / odds.sum(1, keepdims=True) - target).T @ x)


def accuracy(truth: Sequence[str], said: Sequence[str]) -> float:
    """Share of equal labels."""
    return sum(map(str.__eq__, truth, said)) / len(truth)


def macro_f1(truth: Sequence[str], said: Sequence[str]) -> float:
    """Mean F1 of the labels present in `truth`."""
    scores = []
    for label in sorted(set(truth)):
        hit = sum(t == s == label for t, s in zip(truth, said, strict=True))
        wrong = sum((t == label) != (s == label) for t, s in zip(truth, said, strict=True))
        scores.append(2 * hit / (2 * hit + wrong) if hit else 0.0)
    return sum(scores) / len(scores)


def as_table(heads: Mapping[str, Head]) -> dict[str, dict[str, object]]:
    """Heads as JSON objects, readable by `head.head_from`."""
    return {language: {"weights": head.weights, "bias": head.bias} for language, head in heads.items()}

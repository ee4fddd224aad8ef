"""Hearing anger in Swedish, Norwegian, Danish, Finnish and English posts.

    >>> from detectors.sentiment import score_texts
    >>> score_texts(["@acme my parcel is lost and nobody answers!"], language="en")[0].label
    'negative'

`score_texts` judges texts, `Scorer` is the same with a brand's own words, languages and mask fixed, and
`SCORER_VERSION` changes whenever the shipped rules, words or numbers change. Nothing heavy is imported.
"""

from __future__ import annotations

from detectors.sentiment.score import LANGUAGES, HostileKind, Label, Score
from detectors.sentiment.scorer import SCORER_VERSION, Scorer, score_texts

__all__ = ["LANGUAGES", "SCORER_VERSION", "HostileKind", "Label", "Score", "Scorer", "score_texts"]

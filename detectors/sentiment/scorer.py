"""The scorer: masking, language, rules, head and hostility put together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from detectors.sentiment.masking import mask_text
from detectors.sentiment.score import Label, Score, family
from detectors.sentiment.vader import VaderEngine

SCORER_VERSION = "0.1"


class Scorer:
    """A fixed way of scoring: languages in play, masked names, own words. Immutable and thread-safe."""

    def __init__(self, *, mask: Sequence[str] = ()) -> None:
        self._mask = tuple(mask)
        self._engine = VaderEngine()

    @property
    def version(self) -> str:
        """Changes when anything that can change a score changes."""
        return SCORER_VERSION

    def score(
        self,
        texts: Sequence[str],
        language: str | Sequence[str | None] | None = None,
        mask: Sequence[str] = (),
    ) -> list[Score]:
        """Scores of `texts`, in order. `language` is one tag for all or one a text."""
        tags = [language] * len(texts) if language is None or isinstance(language, str) else list(language)
        return [self._score(text, tag, mask) for text, tag in zip(texts, tags, strict=True)]

    def _score(self, text: str, tag: str | None, mask: Sequence[str]) -> Score:
        compound = self._engine.compound(mask_text(text, (*self._mask, *mask)))
        label: Label = "negative" if compound <= -0.05 else "positive" if compound >= 0.05 else "neutral"
        return Score(compound, label, round((1 - compound) / 2, 4), family(tag) or "en", is_question="?" in text)


@cache
def default_scorer() -> Scorer:
    """The scorer without own words, shared by all callers."""
    return Scorer()


def score_texts(
    texts: Sequence[str],
    language: str | Sequence[str | None] | None = None,
    mask: Sequence[str] = (),
) -> list[Score]:
    """Scores of `texts`, in order, by the shipped scorer."""
    return default_scorer().score(texts, language, mask)

"""One scorer a brand: the common words with the brand's own laid over them, and the names that carry no mood."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from detectors.sentiment import Scorer
from monitor.config import Config, Words
from monitor.scoring import brand_scorer


class Scorers:
    """Scorers by brand, made on first use. Immutable but for that."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._made: dict[str, Scorer] = {}

    def for_brand(self, brand: str) -> Scorer:
        """The scorer that judges texts about a brand."""
        if brand not in self._made:
            self._made[brand] = build_scorer(self._config, brand)
        return self._made[brand]

    def mask_for(self, brand: str) -> Sequence[str]:
        """The watched names, which are masked before scoring: "Tryg" and "Komplett" are names, not praise."""
        options = self._config.brand(brand)
        return tuple(dict.fromkeys((brand, *options.keywords)))

    @property
    def version(self) -> str:
        """One version for all brands: it changes when any score may change."""
        versions = [self.for_brand(brand.name).version for brand in self._config.brands] or [Scorer().version]
        return hashlib.sha256("|".join(versions).encode()).hexdigest()[:12]


def build_scorer(config: Config, brand: str) -> Scorer:
    """A scorer with the config's languages, model and words, the brand's words laid over the common ones."""
    sentiment = config.sentiment
    return brand_scorer(
        own_words=own_words(sentiment.words, config.brand(brand).words),
        languages=sentiment.languages,
        heads=Path(sentiment.trained) if sentiment.trained else None,
        model=sentiment.model,
    )


def own_words(*layers: Words) -> dict[str, dict[str, float]]:
    """Words by language ("*": every language); a later layer wins over an earlier one."""
    found: dict[str, dict[str, float]] = {}
    for layer in layers:
        for key, value in layer.items():
            if isinstance(value, Mapping):
                found.setdefault(key, {}).update(value)
            else:
                found.setdefault("*", {})[key] = value
    return found

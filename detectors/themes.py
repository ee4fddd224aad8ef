"""How many mentions each theme and each source has."""

from __future__ import annotations

from collections import Counter

import numpy as np

from detectors.held import Columns, Selection


def theme_counts(found: Selection) -> Counter[str]:
    """Count mentions of each theme; a mention with two themes counts for both. Own posts are left out."""
    counted: Counter[str] = Counter()
    for number, many in _in_order_of_sight(found.theirs().rows["themes"]):
        counted.update(dict.fromkeys(found.themes[number], many))
    return counted


def source_counts(found: Selection) -> Counter[str]:
    """Count mentions of each source. Own posts are left out."""
    return Counter(
        {found.sources[number]: many for number, many in _in_order_of_sight(found.theirs().rows["source"])}
    )


def _in_order_of_sight(numbers: Columns) -> list[tuple[int, int]]:
    """Each number and how often it comes, by its first place: of equals the first is named first."""
    found, first, times = np.unique(numbers, return_index=True, return_counts=True)
    order = np.argsort(first)
    return list(zip(found[order].tolist(), times[order].tolist(), strict=True))

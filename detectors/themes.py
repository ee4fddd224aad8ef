"""How many mentions each theme has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from detectors.frame import MentionRow


def theme_counts(rows: Iterable[MentionRow]) -> Counter[str]:
    """Count mentions of each theme; a mention with two themes counts for both. Own posts are left out."""
    return Counter(theme for row in rows if not row.own for theme in dict.fromkeys(row.themes))

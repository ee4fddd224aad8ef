"""Shares of themes, and which theme is a new turn in an open incident (practice P1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from detectors.frame import MentionRow

_WAS_UNDER, _IS_OVER = 0.05, 0.20
_LEAST_MENTIONS = 10


def theme_counts(rows: Iterable[MentionRow]) -> Counter[str]:
    """Count mentions of each theme; a mention with two themes counts for both. Own posts are left out."""
    return Counter(theme for row in rows if not row.own for theme in dict.fromkeys(row.themes))


def new_turns(before: Sequence[MentionRow], now: Sequence[MentionRow]) -> tuple[str, ...]:
    """Name the themes that were under 5 % of the mentions `before` and are over 20 % of those `now`, largest
    first.

    Fewer than 10 mentions on either side say nothing.
    """
    earlier, later = _mentions(before), _mentions(now)
    if min(earlier, later) < _LEAST_MENTIONS:
        return ()
    was = theme_counts(before)
    grown = [(theme, n) for theme, n in theme_counts(now).most_common() if n > _IS_OVER * later]
    return tuple(theme for theme, _ in grown if was[theme] < _WAS_UNDER * earlier)


def _mentions(rows: Iterable[MentionRow]) -> int:
    return sum(not row.own for row in rows)

"""Rules that act on one mention as it arrives: a threat, news on top of a surge, an author with reach."""

from __future__ import annotations

from dataclasses import dataclass, field

from detectors.frame import MentionRow
from detectors.options import DetectionOptions
from detectors.signal import Explanation, Finding, Level, Number, Scope

_NOT_IN_JEST = 0.6  # a threat whose text is not even probably negative is a figure of speech
_NEWS_KINDS = frozenset({"news", "article"})


@dataclass(frozen=True, slots=True)
class ArrivalContext:
    """What is known when a mention arrives: the brand, its options, and how it stands.

    `level` is the level of the brand's latest findings, `surprise` that of its volume (`BrandJudge.context()`).
    """

    brand: str
    options: DetectionOptions = field(default_factory=DetectionOptions)
    level: Level = Level.CALM
    surprise: float = 0.0


def judge_arrival(row: MentionRow, context: ArrivalContext) -> Finding | None:
    """Return what one mention asks for by itself, or None. Back-fill and own posts never ask for anything."""
    if row.backfill or row.own:
        return None
    return _threat(row, context) or _news(row, context) or _reach(row, context)


def _threat(row: MentionRow, context: ArrivalContext) -> Finding | None:
    if row.hostile != "threat" or row.p_negative < _NOT_IN_JEST:
        return None
    return _finding(row, context, "threat", Level.WATCH, "direct_threat", {"source": row.source})


def _news(row: MentionRow, context: ArrivalContext) -> Finding | None:
    surging = context.level >= Level.WATCH or context.surprise >= context.options.effective.news_surprise
    if row.kind not in _NEWS_KINDS or row.positive or not surging:
        return None
    level = Level.WARNING if context.level >= Level.WATCH else Level.WATCH
    numbers: dict[str, Number] = {"source": row.source, "surprise": round(context.surprise, 1)}
    return _finding(row, context, "news", level, "direct_news", numbers)


def _reach(row: MentionRow, context: ArrivalContext) -> Finding | None:
    if not row.negative:
        return None
    numbers: dict[str, Number] = {"source": row.source, "followers": row.followers or 0}
    if any(row.author == flagged.author for flagged in context.options.flagged_authors):
        return _finding(row, context, "flagged_author", Level.WATCH, "direct_flagged_author", numbers)
    if (row.followers or 0) >= context.options.effective.flagged_reach:
        return _finding(row, context, "reach", Level.WATCH, "direct_reach", numbers)
    return None


def _finding(
    row: MentionRow, context: ArrivalContext, detector: str, level: Level, key: str, numbers: dict[str, Number]
) -> Finding:
    return Finding(
        scope=Scope(context.brand),
        detector=detector,
        level=level,
        at=row.first_seen_at,
        observed=1.0,
        expected=0.0,
        surprise=context.surprise,
        explanation=Explanation(key, numbers),
        window_seconds=0,
    )

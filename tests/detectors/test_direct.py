"""Rules on one mention as it arrives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from detectors.direct import ArrivalContext, judge_arrival
from detectors.frame import MentionRow
from detectors.options import DetectionOptions, FlaggedAuthor
from detectors.signal import Level

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROW = MentionRow(1, T0, T0, "web", author="a", text="x")
QUIET = ArrivalContext("b")


def test_an_ordinary_angry_post_asks_for_nothing_by_itself() -> None:
    assert judge_arrival(replace(ROW, label="negative", hostile="insult", followers=900), QUIET) is None


def test_a_figure_of_speech_is_no_threat() -> None:
    assert judge_arrival(replace(ROW, hostile="threat", p_negative=0.3), QUIET) is None


@pytest.mark.parametrize("shield", [{"backfill": True}, {"own": True}])
def test_backfill_and_own_posts_never_alarm(shield: dict[str, bool]) -> None:
    assert judge_arrival(replace(ROW, hostile="threat", p_negative=0.9, **shield), QUIET) is None


def test_a_threat_is_told_at_any_hour() -> None:
    finding = judge_arrival(replace(ROW, hostile="threat", p_negative=0.9), QUIET)
    assert finding is not None
    assert (finding.detector, finding.level, finding.at) == ("threat", Level.WATCH, T0)


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (QUIET, None),
        (ArrivalContext("b", surprise=1.4), Level.WATCH),
        (ArrivalContext("b", level=Level.WATCH), Level.WARNING),
    ],
)
def test_news_counts_only_on_top_of_a_surge(context: ArrivalContext, expected: Level | None) -> None:
    finding = judge_arrival(replace(ROW, kind="news"), context)
    assert (finding.level if finding else None) == expected


def test_happy_news_is_no_trouble() -> None:
    assert (
        judge_arrival(replace(ROW, kind="news", label="positive"), ArrivalContext("b", level=Level.WATCH)) is None
    )


def test_a_flagged_author_and_a_far_reaching_one_are_a_watch_when_unhappy() -> None:
    options = DetectionOptions(flagged_authors=(FlaggedAuthor(author="a"),))
    angry = replace(ROW, label="negative")
    flagged = judge_arrival(angry, ArrivalContext("b", options))
    famous = judge_arrival(replace(angry, author="z", followers=2_000_000), QUIET)
    assert flagged is not None
    assert famous is not None
    assert (flagged.detector, famous.detector) == ("flagged_author", "reach")
    assert judge_arrival(replace(ROW, label="positive"), ArrivalContext("b", options)) is None

"""The onset that a signal states: from what its finding shows; a slow finding always has one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from detectors.frame import MentionRow
from detectors.judge import BrandJudge
from detectors.signal import Explanation, Finding, Level, Scope
from detectors.window import BrandWindow
from monitor.brand_state import BrandState
from monitor.onset_search import onset_of

NOW = datetime(2026, 3, 4, 22, 0, tzinfo=UTC)
BRAND = Scope("Nordtåg")


def post(number: int, at: datetime, label: str = "neutral") -> MentionRow:
    return MentionRow(number, at, at, "web", author=f"a{number}", label=label, text=f"number {number}")  # type: ignore[arg-type]


def state(rows: list[MentionRow]) -> BrandState:
    """A brand whose judge has learnt nothing yet."""
    window = BrandWindow("Nordtåg")
    window.add(rows)
    return BrandState("Nordtåg", window, BrandJudge("Nordtåg"), NOW)


def finding(detector: str, window: timedelta) -> Finding:
    return Finding(
        BRAND, detector, Level.WATCH, NOW, 70, 20, 2, Explanation("volume_surge"), int(window.total_seconds())
    )


def every(minutes: int, since: datetime, until: datetime, first: int, label: str = "neutral") -> list[MentionRow]:
    many = int((until - since) / timedelta(minutes=minutes))
    return [post(first + k, since + timedelta(minutes=minutes * k), label) for k in range(many)]


def test_a_surge_of_mentions_began_when_the_mentions_rose_not_when_somebody_was_unhappy() -> None:
    rows = every(60, NOW - timedelta(hours=29), NOW, 0)
    rows += every(3, NOW - timedelta(hours=4), NOW, 1000)
    rows += [post(2000 + k, NOW - timedelta(minutes=20 * k + 1), "negative") for k in range(3)]
    found = onset_of(state(rows), finding("volume", timedelta(hours=1)))
    assert found is not None
    assert abs(found.at - (NOW - timedelta(hours=4))) <= timedelta(minutes=30)


def test_what_rose_over_half_a_day_without_a_step_began_with_its_window() -> None:
    even = every(10, NOW - timedelta(hours=31), NOW, 0)
    found = onset_of(state(even), finding("volume", timedelta(hours=12)))
    assert found is not None
    assert (found.at, found.latest) == (NOW - timedelta(hours=12), NOW)


def test_a_short_window_without_a_step_states_nothing() -> None:
    even = every(10, NOW - timedelta(hours=31), NOW, 0)
    assert onset_of(state(even), finding("volume", timedelta(minutes=15))) is None

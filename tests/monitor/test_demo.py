"""The whole demo, once: what it promises to show, it shows, decided by the real pipeline."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from detectors.frame import MentionRow
from monitor.demo import run_demo, show
from monitor.demo.show import by_hour, demo_config, demo_mentions, unhappy
from monitor.output import FINE


@pytest.fixture(scope="module")
def told() -> str:
    """What the demo prints."""
    out = io.StringIO()
    assert show.run_demo(console=Console(file=out, width=120, highlight=False)) == FINE
    return out.getvalue()


def lines(told: str, *words: str) -> list[str]:
    return [line for line in told.splitlines() if all(word in line for word in words)]


def levels(told: str) -> Sequence[str]:
    """The levels of the incidents at the end, in order."""
    return re.findall(r"INC-\d+ reached (\w+)", told)


def test_an_ordinary_day_disturbs_nobody(told: str) -> None:
    assert lines(told, "Mon ", "posts", "nobody was disturbed")


def test_nothing_before_thursday_is_more_than_a_watch(told: str) -> None:
    before = told.split("The first cards are charged twice")[0]
    assert "#krisgrupp" not in before
    assert "Warning: Nordtåg" not in before


def test_the_crisis_reaches_the_crisis_group_before_the_newspaper_writes(told: str) -> None:
    alert = told.index("· #krisgrupp")
    assert told.index("The first cards are charged twice") < alert < told.index("The first newspaper writes")
    assert levels(told).count("crisis") == 1


def test_nobody_answers_the_first_call_and_the_next_in_the_chain_takes_it(told: str) -> None:
    missed = told.index("Nobody has answered in time")
    assert "calls Bilal Haddad" in told[:missed]
    assert "Astrid Lund takes it." in told[missed:]


def test_our_own_answer_and_its_promise_are_seen(told: str) -> None:
    assert lines(told, "Our own account has answered in public")
    assert "What it promises is noted" in told


def test_the_end_is_told_and_nothing_flares_up_again(told: str) -> None:
    after = told.split("The first thank-yous")[1]
    assert "Aftercare" in after
    assert "Closed." in after
    assert "Warning: Nordtåg" not in after


def test_it_says_what_to_do_next(told: str) -> None:
    assert lines(told, "crisis-monitor init")


def test_every_row_of_the_story_is_a_mention_about_the_brand_or_in_one_of_its_threads() -> None:
    from monitor.matching import Matcher

    mentions = demo_mentions()
    matcher = Matcher([brand.rules for brand in demo_config("en").brands])
    strangers = [m.text for m in mentions if m.thread_id is None and not matcher.match(m).brands]
    assert not strangers


def test_the_command_prints_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, bool]] = []
    monkeypatch.setattr(show, "run_demo", lambda *, language, paused: asked.append((language, paused)) or FINE)
    assert run_demo(language="sv", paused=True) == FINE
    assert asked == [("sv", True)]


AT = datetime(2026, 3, 5, 15, 50, tzinfo=UTC)


def row(number: int, *, author: str, label: str = "neutral", own: bool = False, later: int = 0) -> MentionRow:
    at = AT + timedelta(hours=later)
    return MentionRow(number, at, at, "mastodon", author=author, label=label, own=own)  # type: ignore[arg-type]


def test_hours_are_those_of_the_clock_in_sweden_and_leave_our_own_posts_out() -> None:
    rows = [row(1, author="a"), row(2, author="b", later=1), row(3, author="us", own=True)]
    counted = by_hour(rows)
    assert (counted[16], counted[17], sum(counted)) == (1, 1, 2)


def test_one_angry_author_is_one_unhappy_person() -> None:
    rows = [row(n, author="a", label="negative") for n in range(5)]
    rows += [row(9, author="b"), row(10, author="us", label="negative", own=True)]
    assert unhappy(rows) == 1

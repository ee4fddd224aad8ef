"""One post's comments: how fast is unusual, and which mood makes it trouble."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from detectors.calendar import DayCalendar
from detectors.observation import HORIZONS, People, Sums, ThreadObservation
from detectors.options import Thresholds
from detectors.registry import ThreadCase
from detectors.signal import Level, Scope, ScopeKind
from detectors.thread_storm import judge_thread
from detectors.threads import ThreadMemory

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
MOMENT = DayCalendar().moment(T0)
_, HOUR, HOURS, DAY = HORIZONS


def thread(name: str = "t", page: str = "page", hour: int = 0, hours: int = 0, **mood: int) -> ThreadObservation:
    """A thread with so many comments in the last one and three hours, each by another person."""
    three = People(authors=hours, mentions=hours, **mood)
    people = {HOUR: People(authors=hour, mentions=hour), HOURS: three, DAY: three}
    return ThreadObservation(Scope("b", ScopeKind.THREAD, name), T0, page, False, True, hours, Sums(), people)


def level(seen: ThreadObservation, memory: ThreadMemory | None = None) -> Level:
    found = judge_thread(ThreadCase(seen, MOMENT, memory or ThreadMemory(), Thresholds()))
    return found.level if found else Level.CALM


def taught(busiest: int, threads: int = 40, page: str = "page") -> ThreadMemory:
    """A page on which every thread has an hour with so many comments; one thread a day."""
    memory = ThreadMemory()
    for day in range(threads):
        seen = replace(thread(f"t{day}", page), sums=Sums(mentions=busiest))
        memory.learn([seen], day * 86_400.0)
    memory.learn([], (threads + 3) * 86_400.0)
    return memory


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (thread(hour=4, hours=9), Level.CALM),
        (thread(hour=25, hours=40, negative=30), Level.WARNING),
        (thread(hour=25, hours=40, negative=4, supportive=14), Level.WARNING),
        (thread(hour=25, hours=30, negative=5), Level.WATCH),
        (thread(hour=60, hours=90, negative=30), Level.WARNING),
        (thread(hour=60, hours=90, negative=5), Level.WATCH),
    ],
    ids=["small", "sour", "cheered", "fast", "fast and grumbling", "huge but only talkative"],
)
def test_speed_and_mood_make_the_level(seen: ThreadObservation, expected: Level) -> None:
    assert level(seen) == expected


def test_a_liked_thread_under_a_neutral_post_is_no_trouble() -> None:
    assert level(replace(thread(hour=25, hours=40, positive=30, negative=2), root_negative=False)) == Level.CALM


def test_what_is_fast_for_one_page_is_ordinary_for_another() -> None:
    seen = thread(hour=30, hours=60, negative=40)
    assert level(seen) == Level.WARNING
    assert level(seen, taught(30)) == Level.CALM


def test_a_page_of_its_own_is_told_from_the_brands_other_pages() -> None:
    memory = taught(30, page="big page")
    assert memory.usual("big page") > 1.5 * memory.usual("small page") or memory.usual("small page") < 30
    assert memory.surprise(80, "small page") >= memory.surprise(80, "big page")


def test_among_many_threads_a_day_one_must_stand_out_more() -> None:
    few, many = taught(6, threads=30), ThreadMemory()
    for day in range(30):
        seen = [replace(thread(f"{day}-{i}"), sums=Sums(mentions=6)) for i in range(20)]
        many.learn(seen, day * 86_400.0)
    many.learn([], 33 * 86_400.0)
    assert many.threads_a_day > 5 * few.threads_a_day
    assert many.surprise(12, "page") < few.surprise(12, "page")


def test_the_busiest_hour_is_learnt_when_the_thread_is_over() -> None:
    memory = ThreadMemory()
    for minute in range(0, 60, 5):
        memory.learn([replace(thread(), sums=Sums(mentions=5))], minute * 60.0)
    assert memory.usual("page") == pytest.approx(4.0)  # the prior
    memory.learn([], 30 * 3600.0)
    assert 4.0 < memory.usual("page") < 60


def test_state_goes_through_json() -> None:
    memory = taught(12)
    memory.learn([replace(thread("open"), sums=Sums(mentions=3))], 50 * 86_400.0)
    again = ThreadMemory.from_state(json.loads(json.dumps(memory.to_state())))
    assert again.to_state() == memory.to_state()
    assert again.surprise(40, "page") == memory.surprise(40, "page")


def test_of_very_many_pages_those_that_came_last_are_remembered() -> None:
    memory = taught(30, page="big page")
    for number in range(2500):
        memory._learn_thread(f"page {number}", 5.0)
        if number == 600:
            memory._learn_thread("big page", 30.0)
    assert len(memory.to_state()["pages"]) == 2000
    assert "big page" in memory.to_state()["pages"]
    assert "page 499" not in memory.to_state()["pages"]

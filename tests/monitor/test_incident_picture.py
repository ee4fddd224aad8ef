"""The incident's picture: from the counters into the thread of its root message, or honestly not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.texts.reader import Reader
from detectors.observation import Sums
from detectors.signal import Scope
from monitor.incident_picture import DAYS_BEFORE, SHOWN, picture_data
from tests.alerts.card_stories import CRISIS, NOW, STOCKHOLM, WARNING, at
from tests.fakes.slack import CRISIS as CHANNEL
from tests.fakes.slack import Fault
from tests.monitor.delivery_world import World, first, world

READER = Reader("sv", STOCKHOLM, NOW)


class Counted:
    """A store that has counted: 2 posts in two buckets of every hour, since `days` before."""

    def __init__(self, days: float) -> None:
        self.days = days

    def counters(self, brand, since, until, *, kinds=None):
        start = max(since, NOW.replace(minute=0) - timedelta(days=self.days))
        hours = int((until - start) / timedelta(hours=1))
        places = [start + timedelta(hours=n, minutes=m) for n in range(hours) for m in (0, 35)]
        return {Scope(brand): [(place, Sums(mentions=2, negative=1)) for place in places]}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def test_it_adds_up_the_hours_and_knows_what_is_usual_then():
    data = picture_data(Counted(40), WARNING, READER)
    assert (len(data.hours), set(data.mentions), set(data.negative), set(data.usual)) == (SHOWN, {4}, {2}, {4.0})
    assert data.hours[-1] == at(13)


def test_days_before_anything_was_watched_do_not_count_as_quiet():
    data = picture_data(Counted(3), WARNING, READER)
    assert set(data.usual) == {4.0}
    assert DAYS_BEFORE > 3


def test_a_first_day_has_nothing_usual():
    assert set(picture_data(Counted(0.5), WARNING, READER).usual) == {0.0}


def test_onset_levels_and_acknowledgement_are_marked():
    data = picture_data(Counted(40), CRISIS, READER)
    assert [mark.label for mark in data.marks] == ["Började", "Varning", "Kris", "kvitterad"]


def test_what_happened_before_the_picture_is_not_marked():
    old = replace(WARNING, levels=((WARNING.level, NOW - timedelta(days=9)),))
    assert [mark.label for mark in picture_data(Counted(40), old, READER).marks] == ["Började"]


def test_without_any_counts_there_is_no_picture(here):
    here.queue(first())
    here.deliver()
    here.slack.take(CHANNEL)
    assert here.slack.uploads == []


def test_the_picture_follows_the_root_into_its_thread(here, monkeypatch):
    monkeypatch.setattr(here.store, "counters", Counted(40).counters)
    monkeypatch.setattr("monitor.incident_picture.draw_picture", lambda data, reader: b"\x89PNG")
    here.queue(first())
    here.deliver()
    here.deliver(after=60)
    root = here.slack.take(CHANNEL)
    assert [(u["thread"], u["name"]) for u in here.slack.uploads] == [(root.ts, "inc-12.png")]
    assert "picture_sent" in {event.kind for event in here.store.timeline(12)}


def test_a_picture_that_fails_costs_nothing_but_itself(here, monkeypatch):
    monkeypatch.setattr(here.store, "counters", Counted(40).counters)
    monkeypatch.setattr("monitor.incident_picture.draw_picture", lambda data, reader: b"\x89PNG")
    here.slack.fail("files.getUploadURLExternal", Fault("error", error="missing_scope"))
    here.queue(first())
    report = here.deliver()
    here.slack.take(CHANNEL)
    here.slack.verify()
    assert report.sent == 1
    assert "picture_not_sent" in {event.kind for event in here.store.timeline(12)}

"""When a source counts as heard: from poll to poll, with a grace, and never while it fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.collectors.base import SourceOptions
from monitor.coverage import Coverage, load_coverage
from monitor.store import Store, open_store

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FEED = SourceOptions(type="rss", name="feed", every=MINUTE)


@pytest.fixture
def store():
    made = open_store("sqlite://", secret=b"any")
    made.migrate(NOON)
    yield made
    made.close()


def heard(store: Store, at: datetime, now: datetime, *sources: SourceOptions, brand: str = "Nordtåg") -> dict:
    return load_coverage(store, sources or (FEED,), now).at(at, brand, sources or (FEED,))


def test_a_source_that_was_never_polled_says_nothing(store):
    assert heard(store, NOON, NOON) == {}


def test_between_two_polls_it_was_heard(store):
    store.source_ok("feed", NOON)
    store.source_ok("feed", NOON + 10 * MINUTE)
    assert heard(store, NOON + 5 * MINUTE, NOON + 10 * MINUTE) == {"feed": 1.0}
    assert heard(store, NOON + 10 * MINUTE, NOON + 10 * MINUTE) == {"feed": 1.0}


def test_the_next_poll_may_be_twice_its_interval_late_and_no_later(store):
    store.source_ok("feed", NOON)
    store.source_ok("feed", NOON + 5 * MINUTE)
    now = NOON + 10 * MINUTE
    assert heard(store, now, now) == {"feed": pytest.approx(2 / 5)}


def test_a_source_that_fails_has_no_grace(store):
    store.source_ok("feed", NOON)
    store.source_ok("feed", NOON + 5 * MINUTE)
    store.source_failed("feed", NOON + 6 * MINUTE, "connection refused")
    now = NOON + 10 * MINUTE
    assert heard(store, now, now) == {"feed": 0.0}


def test_a_source_that_failed_from_the_start_is_blind_not_unknown(store):
    store.source_failed("feed", NOON, "no such host")
    assert heard(store, NOON + 5 * MINUTE, NOON + 5 * MINUTE) == {"feed": 0.0}


def test_before_its_first_poll_imported_history_speaks_for_it(store):
    store.source_ok("feed", NOON)
    store.source_ok("feed", NOON + 5 * MINUTE)
    assert heard(store, NOON - 5 * MINUTE, NOON + 5 * MINUTE) == {}


def test_a_gap_between_two_outages_is_told_in_shares(store):
    store.source_ok("feed", NOON)
    store.source_ok("feed", NOON + 1 * MINUTE)
    store.source_failed("feed", NOON + 2 * MINUTE, "gone")
    store.source_ok("feed", NOON + 4 * MINUTE, heard_since=NOON + 4 * MINUTE)
    store.source_ok("feed", NOON + 5 * MINUTE)
    assert heard(store, NOON + 5 * MINUTE, NOON + 5 * MINUTE) == {"feed": pytest.approx(2 / 5)}


def test_another_brands_source_does_not_count(store):
    other = SourceOptions(type="rss", name="theirs", every=MINUTE, brand="Nordbuss")
    store.source_ok("theirs", NOON)
    store.source_ok("theirs", NOON + 5 * MINUTE)
    assert heard(store, NOON + 5 * MINUTE, NOON + 5 * MINUTE, other) == {}
    assert heard(store, NOON + 5 * MINUTE, NOON + 5 * MINUTE, other, brand="Nordbuss") == {"theirs": 1.0}


def test_without_sources_nothing_is_asked():
    assert Coverage({}).at(NOON, "Nordtåg", ()) == {}

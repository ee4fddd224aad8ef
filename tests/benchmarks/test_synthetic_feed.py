"""Counting a year all at once gives what the window gives mention by mention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from benchmarks.synthetic_feed import observations
from benchmarks.synthetic_parts import SLOT, START
from benchmarks.synthetic_rows import mention_rows
from benchmarks.synthetic_year import SOURCES, THEMES, Year, synthetic_year
from detectors.held import fingerprint, page_of
from detectors.observation import BrandObservation, People
from detectors.window import BrandWindow

_FEW_POSTS = 5  # nobody is loud with so few: fewer are not told apart


Pairs = list[tuple[BrandObservation, BrandObservation]]


@pytest.fixture(scope="module", params=[(3, 40.0, 13), (5, 400.0, 12)], ids=["40 a day", "400 a day"])
def both(request: pytest.FixtureRequest) -> Pairs:
    """Each bucket of a short year: as counted all at once, and as the window counts it."""
    year = synthetic_year(*request.param)
    return list(zip(observations(year), watched(year), strict=True))


def watched(year: Year) -> Iterator[BrandObservation]:
    """What the window says of every bucket, fed as the daemon feeds it."""
    window, rows = BrandWindow("brand", SOURCES, THEMES), mention_rows(year)
    waiting = next(rows, None)
    for begins in range(START, int(year.ends), SLOT):
        ends, arrived = datetime.fromtimestamp(begins + SLOT, UTC), []
        while waiting is not None and waiting.first_seen_at < ends:
            arrived.append(waiting)
            waiting = next(rows, None)
        window.add(arrived)
        yield window.observe(ends, year.covered(begins))


def called(page: str) -> str:
    """The page of an author as the window calls it."""
    return page if page in ("", "own") else page_of(fingerprint(page))


def shown(people: Mapping[timedelta, People]) -> list[tuple[object, ...]]:
    return [
        (h, p.authors, p.negative, p.positive, p.mentions, p.negative_mentions, max(p.largest_author, _FEW_POSTS))
        for h, p in people.items()
    ]


def test_every_bucket_of_every_scope_is_counted_as_the_window_counts_it(both: Pairs) -> None:
    for mine, theirs in both:
        assert mine.at == theirs.at
        for scope, seen in theirs.scopes.items():
            found = mine.scopes[scope]
            assert (found.sums, shown(found.people)) == (seen.sums, shown(seen.people)), (mine.at, scope)
            assert found.covered == pytest.approx(seen.covered)


def test_threads_are_told_when_something_is_new_in_them(both: Pairs) -> None:
    told = 0
    for mine, theirs in both:
        known = {thread.scope: thread for thread in theirs.threads}
        given = {thread.scope: thread for thread in mine.threads}
        assert {s for s, thread in known.items() if thread.sums.mentions} <= set(given)
        for scope, found in given.items():
            seen = known[scope]
            told += 1
            assert (called(found.page), found.root_negative, found.sums.mentions) == (
                seen.page,
                seen.root_negative,
                seen.sums.mentions,
            )
            assert [(p.authors, p.negative, p.mentions) for p in found.people.values()] == [
                (p.authors, p.negative, p.mentions) for p in seen.people.values()
            ]
    assert told > 0


def test_buckets_come_one_after_another(both: Pairs) -> None:
    assert {b.at - a.at for (a, _), (b, _) in pairwise(both)} == {timedelta(seconds=SLOT)}

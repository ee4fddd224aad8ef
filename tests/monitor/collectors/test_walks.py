"""The walk from new to old: no post between two walks is ever lost, however often a walk is cut short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.collectors.answers import HttpError
from monitor.collectors.base import CollectContext, SourceError, WatchedThread
from monitor.collectors.threads import due_threads, read_times
from monitor.collectors.walks import Page, walk_newest_first
from monitor.mention import Mention

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SIZE = 3


class Listing:
    """A platform that pages from new to old by position tokens made of the last post's number."""

    def __init__(self) -> None:
        self.posts: list[tuple[datetime, int]] = []
        self.calls = 0
        self.fail_at: int | None = None
        self.refuse_tokens = False
        self.endless = ""

    def post(self, at: datetime) -> None:
        self.posts.append((at, len(self.posts)))

    def fetch(self, token: str | None) -> Page:
        self.calls += 1
        if self.calls == self.fail_at:
            raise SourceError("down")
        if token is not None and self.refuse_tokens:
            error = HttpError("unknown cursor")
            error.status = 400
            raise error
        ordered = sorted(self.posts, reverse=True)
        if token is not None and "~" in token:
            token = token.split("~")[0]
        start = 0 if token is None else next((i for i, (_, n) in enumerate(ordered) if str(n) == token), 0)
        page = ordered[start : start + SIZE]
        more = str(ordered[start + SIZE][1]) if start + SIZE < len(ordered) else None
        if more is None and self.endless == "same" and ordered:
            more = str(ordered[-1][1])
        if more is None and self.endless == "new" and ordered:
            more = f"{ordered[-1][1]}~{self.calls}"
        return Page(tuple(Mention("x", str(number), "s", f"post {number}", at) for at, number in page), more)


class Reader:
    """Polls a listing, keeping the state as the store would."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.state: dict[str, Any] = {}
        self.found: set[str] = set()

    def poll(self, now: datetime, *, pages: int = 20, stored: int = 10**6) -> None:
        context = CollectContext(now)
        walk = walk_newest_first(
            self.state,
            self.listing.fetch,
            context,
            overlap=10 * MINUTE,
            look_back=timedelta(hours=1),
            max_pages=pages,
        )
        try:
            for number, batch in enumerate(walk):
                if number >= stored:
                    return
                self.found |= {mention.global_id for mention in batch.mentions}
                self.state = batch.cursor or {}
        except SourceError:
            pass


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9),  # posts since the last poll
            st.integers(0, 9),  # how many minutes late they turn up (within the overlap)
            st.integers(1, 3),  # pages that this poll may read
            st.integers(0, 3),  # batches that are stored before a kill
            st.one_of(st.none(), st.integers(1, 3)),  # the call that fails
        ),
        max_size=25,
    )
)
def test_nothing_is_lost_whatever_is_cut_short(rounds: list[tuple[int, int, int, int, int | None]]) -> None:
    """Page limits, kills between batches and failing calls, in any order; then a few quiet polls bring it all."""
    listing = Listing()
    reader = Reader(listing)
    now = NOW
    for posts, late, pages, stored, failing in rounds:
        now += MINUTE
        for i in range(posts):
            listing.post(now - late * MINUTE + timedelta(seconds=i))
        listing.fail_at = None if failing is None else listing.calls + failing
        reader.poll(now, pages=pages, stored=stored)
    listing.fail_at = None
    for _ in range(4):
        now += timedelta(seconds=1)
        reader.poll(now, pages=100)
    assert reader.found == {str(number) for _, number in listing.posts}


def test_a_walk_stops_at_what_is_older_than_needed() -> None:
    """A steady source costs one or two calls a poll, however much it holds."""
    listing = Listing()
    for i in range(3000):
        listing.post(NOW - i * MINUTE)
    reader = Reader(listing)
    reader.poll(NOW)
    assert 20 <= len(reader.found) <= 66
    before = listing.calls
    for i in range(1, 11):
        listing.post(NOW + i * MINUTE)
        reader.poll(NOW + i * MINUTE)
    assert listing.calls - before <= 60
    assert "3009" in reader.found


def test_an_unfinished_walk_is_finished_first() -> None:
    """Two pages a poll, eight to read: the walk goes on where it was, and only then begins anew."""
    listing = Listing()
    for i in range(SIZE * 8):
        listing.post(NOW - timedelta(seconds=i))
    reader = Reader(listing)
    for i in range(4):
        reader.poll(NOW + i * MINUTE, pages=2)
    assert len(reader.found) == SIZE * 8
    assert "walk" not in reader.state


@pytest.mark.parametrize("how", ["same", "new"])
def test_a_server_that_never_ends_is_left(how: str) -> None:
    """The same token again, or ever new tokens for the same posts."""
    listing = Listing()
    for i in range(4):
        listing.post(NOW - timedelta(seconds=i))
    listing.endless = how
    reader = Reader(listing)
    reader.poll(NOW, pages=1000)
    assert listing.calls < 10
    listing.post(NOW + MINUTE)
    reader.poll(NOW + 2 * MINUTE)
    assert len(reader.found) == 5


def test_a_token_that_the_platform_forgot() -> None:
    """The walk begins anew with the old bound, and nothing between is lost."""
    listing = Listing()
    for i in range(SIZE * 4):
        listing.post(NOW - timedelta(seconds=i))
    reader = Reader(listing)
    reader.poll(NOW, pages=1)
    kept = dict(reader.state)
    listing.refuse_tokens = True
    reader.poll(NOW + MINUTE, pages=2)
    assert reader.state["walk"]["until"] == kept["walk"]["until"]
    listing.refuse_tokens = False
    reader.poll(NOW + 2 * MINUTE)
    reader.poll(NOW + 3 * MINUTE)
    assert len(reader.found) == SIZE * 4


def test_other_errors_at_a_token_are_errors() -> None:
    """A 500 is not an unknown token: the walk stays where it is."""
    assert issubclass(HttpError, SourceError)
    listing = Listing()
    for i in range(SIZE * 2):
        listing.post(NOW - timedelta(seconds=i))
    reader = Reader(listing)
    reader.poll(NOW, pages=1)
    token = reader.state["walk"]["token"]
    listing.fail_at = listing.calls + 1
    reader.poll(NOW + MINUTE)
    assert reader.state["walk"]["token"] == token


@pytest.mark.parametrize(
    "state", [{"since": 5}, {"since": "x"}, {"walk": []}, {"walk": {"started": "x"}}, {"since": "2099-01-01"}]
)
def test_a_strange_state_is_no_reason_to_stop(state: dict[str, Any]) -> None:
    """Of another version, or broken: read anew."""
    listing = Listing()
    listing.post(NOW)
    reader = Reader(listing)
    reader.state = state
    reader.poll(NOW + MINUTE)
    assert reader.found == {"0"}


def thread(root: str, *, quiet: timedelta | None, hot: bool = False, platform: str = "x") -> WatchedThread:
    return WatchedThread(platform, root, None, 1, None if quiet is None else NOW - quiet, hot)


def test_hot_threads_come_first_and_quiet_ones_seldom() -> None:
    """A thread that has been quiet for an hour is read every six minutes; other platforms' threads never."""
    threads = (
        thread("quiet", quiet=timedelta(hours=1)),
        thread("lively", quiet=timedelta(seconds=30)),
        thread("hot", quiet=timedelta(hours=5), hot=True),
        thread("new", quiet=None),
        thread("other", quiet=None, platform="y"),
    )
    context = CollectContext(NOW, watched=threads)
    read = {name: (NOW - 5 * MINUTE).isoformat() for name in ("quiet", "lively", "hot")}
    assert [t.root_id for t in due_threads(context, "x", read, MINUTE)] == ["hot", "new", "lively"]
    read["quiet"] = (NOW - 7 * MINUTE).isoformat()
    assert [t.root_id for t in due_threads(context, "x", read, MINUTE)] == ["hot", "new", "quiet", "lively"]
    assert len(due_threads(context, "x", {"quiet": "x", "lively": 7}, MINUTE)) == 4


def test_threads_that_are_no_longer_watched_are_forgotten() -> None:
    """The cursor does not grow for ever."""
    context = CollectContext(NOW, watched=(thread("a", quiet=None), thread("b", quiet=None)))
    assert read_times(context, "x", {"a": "1", "gone": "2"}, "b") == {"a": "1", "b": NOW.isoformat()}

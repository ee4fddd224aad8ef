"""Reading a paged list from its newest entry back to what is known, across polls, without a gap.

For platforms that page from new to old (most do). A walk goes down to the start of the last *complete* walk minus
an overlap for late arrivals. One that breaks off (page limit, 429, stop) is remembered and finished before a new
one starts, otherwise what lies between would be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from monitor.collectors.answers import HttpError
from monitor.collectors.base import Batch, CollectContext
from monitor.mention import Measurement, Mention, Refusal, Removal
from monitor.soundness import FUTURE_TOLERANCE

State = dict[str, Any]
LONGEST_WALK = timedelta(days=1)
_TOKEN_REFUSED = (400, 404, 410, 422)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `next` is the token (or URL) of the next older page, None after the last.

    `newest` is the latest time on the page in the order in which the platform pages; without it the latest
    `created_at` counts.
    """

    mentions: tuple[Mention, ...] = ()
    next: str | None = None
    newest: datetime | None = None
    removals: tuple[Removal, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    measurements: tuple[Measurement, ...] = ()


Fetch = Callable[[str | None], Page]
"""Reads the page of a token (None: the newest page). Raises SourceError."""


@dataclass(slots=True)
class _Walk:
    """A walk under way: begun at `started`, going back to `until`, next page at `token`."""

    started: datetime
    until: datetime
    token: str | None = None
    resumed: bool = False
    tokens: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    def state(self) -> dict[str, Any]:
        return {"started": self.started.isoformat(), "until": self.until.isoformat(), "token": self.token}

    def take(self, page: Page) -> bool:
        """Go on to the next page; True when the walk has arrived."""
        ids = {mention.global_id for mention in page.mentions}
        latest = self.started + FUTURE_TOLERANCE
        times = [at for mention in page.mentions if (at := mention.created_at) and at <= latest]
        newest = page.newest or max(times, default=None)
        below = newest is not None and newest < self.until
        # A server that goes round in circles repeats its tokens or its posts.
        circling = page.next in self.tokens or (bool(ids) and ids <= self.known)
        self.known |= ids
        if page.next is not None:
            self.tokens.add(page.next)
        self.token = page.next
        return below or circling or page.next is None


def walk_newest_first(
    state: State,
    fetch: Fetch,
    context: CollectContext,
    *,
    overlap: timedelta,
    look_back: timedelta = timedelta(days=1),
    max_pages: int = 20,
) -> Iterator[Batch]:
    """The pages since the last complete walk, each as a Batch whose cursor is the new `state` (other keys stay).

    `overlap` is how late a post may turn up on the platform, `look_back` how far the very first walk goes,
    `max_pages` the most calls of one poll.
    """
    walk = _unfinished(state, context.now) or _begun(state, context.now, overlap, look_back)
    for _ in range(max_pages):
        if context.stopping():
            return
        page = _fetched(fetch, walk)
        if page is None:
            continue
        arrived = walk.take(page)
        state = _after(state, walk, arrived)
        yield _batch(page, state)
        if arrived and not walk.resumed:
            return
        if arrived:
            walk = _begun(state, context.now, overlap, look_back)


def _fetched(fetch: Fetch, walk: _Walk) -> Page | None:
    """The next page; None when the platform no longer knows an old token, and the walk begins anew."""
    try:
        return fetch(walk.token)
    except HttpError as exc:
        if walk.token is None or not walk.resumed or exc.status not in _TOKEN_REFUSED:
            raise
    walk.token, walk.resumed = None, False
    return None


def _begun(state: State, now: datetime, overlap: timedelta, look_back: timedelta) -> _Walk:
    since = _time(state.get("since"))
    return _Walk(now, now - look_back if since is None else min(since, now) - overlap)


def _unfinished(state: State, now: datetime) -> _Walk | None:
    kept = state.get("walk")
    if not isinstance(kept, dict):
        return None
    started, until, token = _time(kept.get("started")), _time(kept.get("until")), kept.get("token")
    if started is None or until is None or not isinstance(token, str) or now - started > LONGEST_WALK:
        return None
    return _Walk(started, until, token, resumed=True)


def _after(state: State, walk: _Walk, arrived: bool) -> State:
    if arrived:
        kept = {key: value for key, value in state.items() if key != "walk"}
        return {**kept, "since": walk.started.isoformat()}
    return {**state, "walk": walk.state()}


def _batch(page: Page, state: State) -> Batch:
    return Batch(page.mentions, page.measurements, page.removals, page.refusals, dict(state))


def _time(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at and at.tzinfo else None

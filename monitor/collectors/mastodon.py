"""Mastodon and compatible servers: tag timelines on several servers, and the threads that grow there.

A status that federates late gets an id made from its own date, *below* what was read already. So each walk starts
two hours before the last complete one began, goes up by `min_id` (which leaves no holes), and the store drops what
it knows. Servers that do not count in snowflakes (GoToSocial, Pleroma …) are walked from new to old instead.

With a token the account's mentions are read, too, and between polls the servers' streams are listened to.

Cursor: a target a server and tag (`since`, `walk`), one a server for mentions (the same), one for threads
(`read_at` by root) and one for re-reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError, WatchedThread
from monitor.collectors.http import Budget, HttpError, HttpSession
from monitor.collectors.mastodon_listening import Listener
from monitor.collectors.mastodon_live import Live
from monitor.collectors.mastodon_mentions import PATH as MENTIONS_PATH
from monitor.collectors.mastodon_mentions import params_of, refused, statuses_in
from monitor.collectors.mastodon_options import MastodonOptions
from monitor.collectors.mastodon_reader import StatusReader
from monitor.collectors.mastodon_status import PLATFORM, Place, local_id_of, order_of, snowflake
from monitor.collectors.mastodon_threads import parents_in, widened
from monitor.collectors.targets import State, read_lists
from monitor.collectors.threads import read_due_threads
from monitor.collectors.walks import Page, walk_newest_first
from monitor.mention import Refusal, Removal

OVERLAP = timedelta(hours=2)
ARRIVAL_OVERLAP = timedelta(minutes=10)  # notifications are in the order in which they arrived
PAGE_SIZE = 40
PAGES_A_POLL = 15
THREADS_A_POLL = 30
_MENTIONS = "mentions of "


class MastodonCollector(BaseCollector):
    """Reads tags upward and threads as a whole."""

    type_name = "mastodon"
    Options = MastodonOptions
    verified = True
    rechecks_a_poll = 40
    budget: ClassVar[Budget] = Budget(300, timedelta(minutes=5))

    def __init__(self, options: MastodonOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self.live = Live(http)
        self._reader = StatusReader(options, http, self.source)
        self._listener = Listener(options, self._reader, self.live)

    @property
    def stays(self) -> bool:
        """Whether it listens to a stream between polls."""
        return self.options.streams and bool(self._reader.logged_in())

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New statuses of every tag and server, mentions, due threads, rechecks; then what the streams tell.

        Raises SourceError.
        """
        self._reader.begin(context.now)
        problem: SourceError | None = None
        try:
            yield from self._poll(cursor, context)
        except SourceError as exc:  # a stream that is open is listened to all the same
            problem = exc
        if self.stays:
            yield from self._listener.listen(context)
        if problem is not None:
            raise problem

    def close(self) -> None:
        """End the streams, give connections back."""
        self.live.close()
        super().close()

    def _poll(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        tags = self.options.tags(context.terms)
        pairs = {
            f"{urlsplit(server).netloc}#{tag}": (server, tag) for tag in tags for server in self._reader.servers
        }
        named = {f"{_MENTIONS}{urlsplit(server).netloc}": server for server in self._reader.logged_in()}
        threads = self._read_threads if self.options.threads else None

        def read(key: str, state: State) -> Iterator[Batch]:
            if key in named:
                return self._read_mentions(named[key], state, context)
            return self._read_tag(*pairs[key], state, context)

        lists = [*pairs, *(named if self.options.mentions else ())]
        return read_lists(cursor, lists, context, read, threads=threads, again=self.read_again)

    def check(self) -> str:
        """What each server lets us see. Raises SourceError."""
        seen = [self._reader.access_of(server, None).sentence(server) for server in self._reader.servers]
        for server in self._reader.logged_in() if self.options.mentions else ():
            self._reader.begin(self.http.now())
            self._mentions_page(server, None)
            seen.append(f"{urlsplit(server).netloc} tells who mentions the token's account.")
        return " ".join(seen)

    # --- tags

    def _read_tag(self, server: str, tag: str, state: State, context: CollectContext) -> Iterator[Batch]:
        access = self._reader.access_of(server, context.now)
        access.demand_tags(server, bool(self._reader.servers[server]))
        if access.snowflakes:
            return self._walk_up(server, tag, state, context)
        return walk_newest_first(
            state,
            lambda token: self._older_page(server, tag, token),
            context,
            overlap=OVERLAP,
            look_back=self.options.look_back,
            max_pages=PAGES_A_POLL,
        )

    def _walk_up(self, server: str, tag: str, state: State, context: CollectContext) -> Iterator[Batch]:
        started, position = _start_of(state, context.now, self.options.look_back)
        for _ in range(PAGES_A_POLL):
            statuses = self._timeline(server, tag, {"min_id": position})
            reached = max(filter(None, map(local_id_of, statuses)), key=order_of, default=position)
            arrived = order_of(reached) <= order_of(position)
            state = {"since": started} if arrived else {**state, "walk": {"started": started, "at": reached}}
            position = reached
            mentions, refusals = self._reader.mentions(statuses, server)
            yield Batch(mentions, refusals=refusals, cursor=state)
            if arrived or context.stopping():
                return

    def _older_page(self, server: str, tag: str, token: str | None) -> Page:
        statuses = self._timeline(server, tag, {"max_id": token} if token else {})
        mentions, refusals = self._reader.mentions(statuses, server)
        last = next(filter(None, map(local_id_of, reversed(statuses))), None)
        return Page(mentions, last, refusals=refusals)

    def _timeline(self, server: str, tag: str, window: Mapping[str, str]) -> list[Any]:
        found = self._reader.get(
            server, f"/api/v1/timelines/tag/{quote(tag, safe='')}", {"limit": PAGE_SIZE, **window}
        )
        if not isinstance(found, list):
            raise SourceError(
                f"{urlsplit(server).netloc} answered a tag timeline with something else than a list.",
                remedy="Check that this is the address of a Mastodon server.",
            )
        return found

    # --- mentions of the account

    def _read_mentions(self, server: str, state: State, context: CollectContext) -> Iterator[Batch]:
        return walk_newest_first(
            state,
            lambda token: self._mentions_page(server, token),
            context,
            overlap=ARRIVAL_OVERLAP,
            look_back=self.options.look_back,
            max_pages=PAGES_A_POLL,
        )

    def _mentions_page(self, server: str, token: str | None) -> Page:
        try:
            found = self._reader.get(server, MENTIONS_PATH, params_of(token))
        except HttpError as exc:
            raise refused(exc, server) from None
        statuses, page = statuses_in(found, server)
        mentions, refusals = self._reader.mentions(statuses, server)
        return replace(page, mentions=mentions, refusals=refusals)

    # --- threads

    def _read_threads(self, state: State, context: CollectContext) -> Iterator[Batch]:
        every = self.options.every
        return read_due_threads(state, context, PLATFORM, every, THREADS_A_POLL, self._comments)

    def _comments(self, thread: WatchedThread) -> Batch:
        place = self._reader.place_of(thread.root_id, thread.url)
        if place is None:
            return Batch()
        try:
            found = self._reader.get(place.server, f"/api/v1/statuses/{place.local_id}/context", missing={})
            statuses = widened(found, lambda local_id: self._descendants(place.server, local_id))
        except SourceError as exc:
            return Batch(refusals=(self._tolerated(exc, place, thread.root_id),))
        uris = {place.local_id: thread.root_id, **parents_in(statuses)}
        for status in statuses:
            parent = uris.get(str(status.get("in_reply_to_id")))
            own = Place(place.server, str(status.get("id")))
            self._reader.relations.remember(own, str(status.get("uri")), parent, thread.root_id)
        mentions, refusals = self._reader.mentions(statuses, place.server)
        return Batch(mentions, refusals=refusals)

    def _descendants(self, server: str, local_id: str) -> object:
        return self._reader.get(server, f"/api/v1/statuses/{local_id}/context", missing={})

    # --- edits and deletions

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        self._reader.begin(context.now)
        places = [(uri, self._reader.place_of(uri)) for uri in context.recheck]
        for uri, place in [pair for pair in places if pair[1] is not None][: self.rechecks_a_poll]:
            if place is None or context.stopping():
                return
            try:
                status = self._reader.get(place.server, f"/api/v1/statuses/{place.local_id}", missing=None)
            except SourceError as exc:
                yield Batch(refusals=(self._tolerated(exc, place, uri),))
                continue
            if status is None:
                yield Batch(removals=(Removal(PLATFORM, uri),))
            else:
                mentions, refusals = self._reader.mentions([status], place.server)
                yield Batch(mentions, refusals=refusals)

    def _tolerated(self, exc: SourceError, place: Place, where: str) -> Refusal:
        """One thread's or status's failure as a note; what concerns one of our servers as a whole is raised."""
        if place.server in self._reader.servers and (exc.pause or exc.retry_after):
            raise exc
        return Refusal(where, f"cannot be read: {exc}")


def _start_of(state: State, now: datetime, look_back: timedelta) -> tuple[str, str]:
    """When the walk that goes on (or begins) was begun, and the id above which to read."""
    walk = state.get("walk")
    if isinstance(walk, dict) and isinstance(walk.get("at"), str) and isinstance(walk.get("started"), str):
        return walk["started"], walk["at"]
    try:
        since = min(datetime.fromisoformat(state["since"]), now) - OVERLAP
    except (KeyError, TypeError, ValueError):
        since = now - look_back
    return now.isoformat(), snowflake(since)

"""Bluesky: all posts of the network as a stream, matched here, and the threads that grow from what matched.

The stream is followed for `every`, then threads, quotes and re-reading have their turn, and it goes on where it
stopped (by the time of the last event, a little rewound: at least once). A replay that begins later than asked
for leaves a gap, which is searched with a login and named without one.

Cursor: `at` (time of the last event), `server` (which one of `streams`), `gaps` ({from, to, term, token} still to
search), `read_at` (when each watched thread was read).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError
from monitor.collectors.bluesky_api import POSTS_A_CALL, BlueskyApi, View
from monitor.collectors.bluesky_gaps import GAP_FROM, read_gaps, search_gap
from monitor.collectors.bluesky_options import BlueskyOptions
from monitor.collectors.bluesky_post import (
    PLATFORM,
    Labels,
    hidden_post,
    mention_of_record,
    mention_of_view,
)
from monitor.collectors.bluesky_stream import Connect, Event, open_stream, read_frame, stream_url
from monitor.collectors.bluesky_wanted import Wanted
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.threads import due_threads, read_times, times_of
from monitor.collectors.times import parse_time
from monitor.collectors.websocket import Frames
from monitor.mention import Mention, Refusal, Removal

REWIND = timedelta(seconds=5)  # servers see the same event at slightly different times
EVENTS_A_BATCH = 500
FOUND_A_BATCH = 100
THREADS_A_POLL = 30
_LIVE = timedelta(seconds=30)
_SOON = timedelta(seconds=2)
_SILENT_TICKS = 60  # seconds without any event: all posts of the network are never that quiet


@dataclass
class _Gathered:
    """What the stream brought since the last batch."""

    posts: list[Event] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    events: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def is_full(self, now: datetime) -> bool:
        """Time for a batch: enough of it, or live and two seconds old."""
        if self.events >= EVENTS_A_BATCH or len(self.posts) + len(self.removals) >= FOUND_A_BATCH:
            return True
        return bool(self.first and self.last and self.last > now - _LIVE and self.last - self.first >= _SOON)


class BlueskyCollector(BaseCollector):
    """Follows the stream; reads threads, quotes and single posts by call."""

    type_name = "bluesky"
    Options = BlueskyOptions
    verified = True
    rechecks_a_poll = 100
    non_get = ("POST /xrpc/com.atproto.server.createSession",)
    budget: ClassVar[Budget] = Budget(3000, timedelta(minutes=5))

    def __init__(self, options: BlueskyOptions, http: HttpSession, connect: Connect = open_stream) -> None:
        super().__init__(options, http)
        self.options = options
        self.connect = connect
        self._api = BlueskyApi(options, http)
        self._labels = Labels(self.source, options.language)

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """Posts read again, due threads, searched gaps, then the stream for a while. Raises SourceError."""
        state = dict(cursor)
        for part in (self._read_again, self._read_threads, self._search_gaps):
            yield from _tolerant(part, state, context)
        if not context.stopping():
            yield from self._listen(state, context)

    @property
    def stays(self) -> bool:
        """It listens until the next poll."""
        return True

    def check(self) -> str:
        """Whether the stream opens, the calls work and the account logs in. Raises SourceError."""
        address = self.options.streams[0]
        host = urlsplit(address).hostname
        with self.connect(stream_url(address, None), self.http, None) as frames:
            heard = any(next(frames, None) is not None for _ in range(10))
        told = f"{host} streams all posts" + ("" if heard else " (none came in ten seconds)")
        if not self._api.may_log_in:
            return f"{told}; without an account, what a long outage misses cannot be searched for."
        self._api.log_in()
        return f"{told}, and the account logs in."

    # --- the stream

    def _listen(self, state: Cursor, context: CollectContext) -> Iterator[Batch]:
        """Events since the last one, until it is the others' turn. The next server is taken after a failure."""
        wanted = Wanted.of(context, self.options.brand)
        number = state.get("server")
        number = number if isinstance(number, int) and number >= 0 else 0
        address = self.options.streams[number % len(self.options.streams)]
        since = _since(state, context.now, self.options.look_back)
        try:
            with self.connect(stream_url(address, since), self.http, context.now) as frames:
                yield from self._follow(frames, urlsplit(address).hostname or "", since, wanted, state, context)
        except SourceError:
            state["server"] = (number + 1) % len(self.options.streams)
            state.setdefault("at", since.isoformat())  # the first poll's start, however long the failure lasts
            yield Batch(cursor=dict(state))
            raise

    def _follow(
        self, frames: Frames, host: str, since: datetime, wanted: Wanted, state: Cursor, context: CollectContext
    ) -> Iterator[Batch]:
        until = context.now + self._stay(context)
        gathered, ticks, heard = _Gathered(), 0, False
        for frame in frames:
            ticks = ticks + 1 if frame is None else 0
            event = self._read(frame, host, wanted, gathered)
            if event is not None and not heard:
                heard = True
                _note_gap(state, since, event.at)
            quiet = frame is None and (gathered.events > 0 or ticks % 15 == 0)
            if quiet or gathered.is_full(context.now):
                yield self._batch(gathered, state)
                gathered = _Gathered()
            if context.stopping() or ticks >= _SILENT_TICKS or (event is not None and event.at >= until):
                break
        if gathered.events:
            yield self._batch(gathered, state)
        if not heard and not context.stopping():
            raise SourceError(f"{host} opened the stream and sent nothing.", remedy="The next server is tried.")

    def _stay(self, context: CollectContext) -> timedelta:
        hot = context.hot or any(thread.hot for thread in context.watched)
        return max(self.options.every / 4, timedelta(seconds=10)) if hot else self.options.every

    def _read(self, frame: str | None, host: str, wanted: Wanted, gathered: _Gathered) -> Event | None:
        """One frame into what was gathered. Raises SourceError where it says that the stream ends."""
        if frame is None:
            return None
        gathered.events += 1
        try:
            event = read_frame(frame, host)
        except (ValueError, RecursionError) as exc:
            gathered.refusals.append(Refusal(f"{host} stream", f"cannot be understood: {str(exc)[:100]}"))
            return None
        if event is None:
            return None
        gathered.first, gathered.last = gathered.first or event.at, event.at
        if event.operation == "delete":
            gathered.removals.append(Removal(PLATFORM, event.uri))
        elif event.record is not None and wanted.takes(event.uri, event.record):
            gathered.posts.append(event)
        return event

    def _batch(self, gathered: _Gathered, state: Cursor) -> Batch:
        """What was gathered as a batch with handles and followers; moves the cursor to the last event."""
        if gathered.last is not None:
            state["at"] = gathered.last.isoformat()
        profiles = self._api.profiles([event.did for event in gathered.posts])
        mentions, refusals = [], list(gathered.refusals)
        for event in gathered.posts:
            profile = profiles.get(event.did)
            if profile is not None and profile.hidden and not self._api.may_log_in:
                continue
            try:
                assert event.record is not None
                made = mention_of_record(event.uri, event.record, self._labels, event.at, profile)
            except (ValueError, TypeError, AttributeError) as exc:
                refusals.append(Refusal(event.uri, f"cannot be understood: {str(exc)[:100]}"))
                continue
            if made.text:
                mentions.append(_edited(made, event.at) if event.operation == "update" else made)
        return Batch(
            tuple(mentions), removals=tuple(gathered.removals), refusals=tuple(refusals), cursor=dict(state)
        )

    # --- by call

    def _read_threads(self, state: Cursor, context: CollectContext) -> Iterator[Batch]:
        read_at = times_of(state)
        due = due_threads(context, PLATFORM, read_at, self.options.every) if self._follows_threads() else []
        for thread in due[:THREADS_A_POLL]:
            if context.stopping():
                return
            views: list[View] = []
            views += self._api.thread(thread.root_id) if self.options.threads else []
            views += self._api.quotes(thread.root_id) if self.options.quotes else []
            read_at = read_times(context, PLATFORM, read_at, thread.root_id)
            state["read_at"] = read_at
            mentions, refusals = self._mentions(views, context.now)
            yield Batch(tuple(mentions), refusals=tuple(refusals), cursor=dict(state))

    def _follows_threads(self) -> bool:
        return self.options.threads or self.options.quotes

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        return self._read_again({}, context)

    def _read_again(self, state: Cursor, context: CollectContext) -> Iterator[Batch]:
        wanted = [uri for uri in context.recheck if uri.startswith("at://")][: self.rechecks_a_poll]
        for start in range(0, len(wanted), POSTS_A_CALL):
            asked = wanted[start : start + POSTS_A_CALL]
            views = self._api.posts(asked)
            mentions, refusals = self._mentions(views, context.now)
            there = {str(view.get("uri")) for view in views}
            yield Batch(
                tuple(_edited(mention, context.now) for mention in mentions),
                removals=tuple(Removal(PLATFORM, uri) for uri in asked if uri not in there),
                refusals=tuple(refusals),
                cursor=dict(state),
            )

    def _search_gaps(self, state: Cursor, context: CollectContext) -> Iterator[Batch]:
        gaps = read_gaps(state)
        others = [gap.state() for gap in gaps[1:]]
        for gap in gaps[:1]:  # one a poll
            if not self._api.may_log_in:
                state["gaps"] = []
                yield Batch(refusals=(gap.lost(),), cursor=dict(state))
                return
            words = Wanted.words_of(context, self.options.brand)
            for views, left in search_gap(self._api, gap, words, context):
                state["gaps"] = [*left, *others]
                mentions, refusals = self._mentions(views, context.now)
                yield Batch(tuple(mentions), refusals=tuple(refusals), cursor=dict(state))

    def _mentions(self, views: list[View], now: datetime) -> tuple[list[Mention], list[Refusal]]:
        mentions, refusals = [], []
        for view in views:
            try:
                if hidden_post(view) and not self._api.may_log_in:
                    continue
                made = mention_of_view(view, self._labels, now)
            except (ValueError, TypeError, AttributeError) as exc:
                refusals.append(Refusal(str(view.get("uri"))[:120], f"cannot be understood: {str(exc)[:100]}"))
                continue
            if made.text:
                mentions.append(made)
        return mentions, refusals


def _tolerant(
    part: Callable[[Cursor, CollectContext], Iterator[Batch]], state: Cursor, context: CollectContext
) -> Iterator[Batch]:
    """A part that may fail without holding up the stream; its failure becomes a note."""
    try:
        yield from part(state, context)
    except SourceError as exc:
        yield Batch(refusals=(Refusal(part.__name__.strip("_").replace("_", " "), f"failed: {exc}"),))


def _edited(mention: Mention, at: datetime) -> Mention:
    return replace(mention, edited_at=at)


def _since(state: Mapping[str, Any], now: datetime, look_back: timedelta) -> datetime:
    kept = state.get("at")
    at = parse_time(kept) if isinstance(kept, str) else None
    return now - look_back if at is None else max(min(at, now), now - timedelta(days=14)) - REWIND


def _note_gap(state: Cursor, since: datetime, first: datetime) -> None:
    """A replay that begins much later than asked for has lost something, if there was something to resume."""
    if "at" in state and first - since > GAP_FROM:
        gaps = state.get("gaps")
        gap = {"from": since.isoformat(), "to": first.isoformat(), "term": 0, "token": None}
        state["gaps"] = [*(gaps if isinstance(gaps, list) else []), gap]

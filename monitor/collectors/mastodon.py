"""Mastodon and compatible servers: tag timelines on several servers, and the threads that grow there.

A status that federates late gets an id made from its own date, *below* what was read already. So each walk starts
two hours before the last complete one began, goes up by `min_id` (which leaves no holes), and the store drops what
it knows. Servers that do not count in snowflakes (GoToSocial, Pleroma …) are walked from new to old instead.

Cursor: a target a server and tag (`since`, `walk`), one for threads (`read_at` by root) and one for re-reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError, WatchedThread
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.mastodon_access import Access, read_access
from monitor.collectors.mastodon_options import MastodonOptions
from monitor.collectors.mastodon_status import (
    PLATFORM,
    Labels,
    Place,
    home_of,
    local_id_of,
    mention_of,
    order_of,
    shown,
    snowflake,
    uri_of,
)
from monitor.collectors.mastodon_threads import Relations, parents_in, widened
from monitor.collectors.targets import State, read_targets
from monitor.collectors.threads import due_threads, read_times
from monitor.collectors.walks import Page, walk_newest_first
from monitor.mention import Mention, Refusal, Removal

OVERLAP = timedelta(hours=2)
PAGE_SIZE = 40
PAGES_A_POLL = 15
THREADS_A_POLL = 30
LOOK_UPS_A_POLL = 20
_THREADS, _AGAIN = "threads", "again"


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
        self._labels = Labels(self.source, options.brand, options.language)
        self._servers = options.servers()
        self._access: dict[str, Access] = {}
        self._relations = Relations()
        self._look_ups_left = LOOK_UPS_A_POLL
        self._now = datetime.min.replace(tzinfo=UTC)

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New statuses of every tag and server, comments of due threads, rechecks. Raises SourceError."""
        self._look_ups_left, self._now = LOOK_UPS_A_POLL, context.now
        tags = self.options.tags(context.terms)
        pairs = {f"{urlsplit(server).netloc}#{tag}": (server, tag) for tag in tags for server in self._servers}
        extra = [_THREADS] * (self.options.threads and bool(context.watched)) + [_AGAIN] * bool(context.recheck)

        def read(key: str, state: State) -> Iterator[Batch]:
            if key == _THREADS:
                return self._read_threads(state, context)
            if key == _AGAIN:
                return self.read_again(context)
            return self._read_tag(*pairs[key], state, context)

        return read_targets(cursor, [*pairs, *extra], context, read)

    def check(self) -> str:
        """What each server lets us see. Raises SourceError."""
        seen = [self._access_of(server, None).sentence(server) for server in self._servers]
        return " ".join(seen)

    # --- tags

    def _read_tag(self, server: str, tag: str, state: State, context: CollectContext) -> Iterator[Batch]:
        access = self._access_of(server, context.now)
        access.demand_tags(server, bool(self._servers[server]))
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
            mentions, refusals = self._mentions(statuses, server)
            yield Batch(mentions, refusals=refusals, cursor=state)
            if arrived or context.stopping():
                return

    def _older_page(self, server: str, tag: str, token: str | None) -> Page:
        statuses = self._timeline(server, tag, {"max_id": token} if token else {})
        mentions, refusals = self._mentions(statuses, server)
        last = next(filter(None, map(local_id_of, reversed(statuses))), None)
        return Page(mentions, last, refusals=refusals)

    def _timeline(self, server: str, tag: str, window: Mapping[str, str]) -> list[Any]:
        found = self._get(server, f"/api/v1/timelines/tag/{quote(tag, safe='')}", {"limit": PAGE_SIZE, **window})
        if not isinstance(found, list):
            raise SourceError(
                f"{urlsplit(server).netloc} answered a tag timeline with something else than a list.",
                remedy="Check that this is the address of a Mastodon server.",
            )
        return found

    def _mentions(self, statuses: Sequence[Any], server: str) -> tuple[tuple[Mention, ...], tuple[Refusal, ...]]:
        mentions, refusals = [], []
        for outer in statuses:
            try:
                status = shown(outer)
                if status is not None and not self._is_left_out(status):
                    mentions.append(self._mention(status, server))
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                where = f"{urlsplit(server).netloc} status {local_id_of(outer) or '?'}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
        return tuple(mentions), tuple(refusals)

    def _is_left_out(self, status: Mapping[str, Any]) -> bool:
        return self.options.only_indexable and (status.get("account") or {}).get("indexable") is False

    def _mention(self, status: Mapping[str, Any], server: str) -> Mention:
        uri, local_id = uri_of(status), local_id_of(status)
        if local_id is None:
            raise ValueError("a status without a usable id")
        relation = (None, uri) if not status.get("in_reply_to_id") else self._relations.of(Place(server, local_id))
        if relation is None:
            relation = self._look_up(server, local_id)
        if relation is None:
            return mention_of(status, server, self._labels, (None, None), self._now)
        self._relations.remember(Place(server, local_id), uri, *relation)
        return mention_of(status, server, self._labels, relation, self._now)

    def _look_up(self, server: str, local_id: str) -> tuple[str | None, str | None] | None:
        """Parent and root of a reply, by asking for its ancestors; a failure does not hold it up."""
        if self._look_ups_left <= 0:
            return None
        self._look_ups_left -= 1
        try:
            context = self._get(server, f"/api/v1/statuses/{local_id}/context")
            ancestors = [status for status in context["ancestors"] if isinstance(status, Mapping)]
            uris = [uri_of(status) for status in ancestors]
        except (SourceError, ValueError, TypeError, KeyError):
            return None
        return (uris[-1], uris[0]) if uris else (None, None)

    # --- threads

    def _read_threads(self, state: State, context: CollectContext) -> Iterator[Batch]:
        kept = state.get("read_at")
        read_at: dict[str, object] = dict(kept) if isinstance(kept, dict) else {}
        for thread in due_threads(context, PLATFORM, read_at, self.options.every)[:THREADS_A_POLL]:
            if context.stopping():
                return
            mentions, refusals = self._comments(thread)
            read_at = read_times(context, PLATFORM, read_at, thread.root_id)
            yield Batch(mentions, refusals=refusals, cursor={"read_at": read_at})

    def _comments(self, thread: WatchedThread) -> tuple[tuple[Mention, ...], tuple[Refusal, ...]]:
        place = self._place_of(thread.root_id, thread.url)
        if place is None:
            return (), ()
        try:
            found = self._get(place.server, f"/api/v1/statuses/{place.local_id}/context", missing={})
            statuses = widened(found, lambda local_id: self._descendants(place.server, local_id))
        except SourceError as exc:
            return (), (self._tolerated(exc, place, thread.root_id),)
        uris = {place.local_id: thread.root_id, **parents_in(statuses)}
        for status in statuses:
            parent = uris.get(str(status.get("in_reply_to_id")))
            own = Place(place.server, str(status.get("id")))
            self._relations.remember(own, str(status.get("uri")), parent, thread.root_id)
        return self._mentions(statuses, place.server)

    def _descendants(self, server: str, local_id: str) -> object:
        return self._get(server, f"/api/v1/statuses/{local_id}/context", missing={})

    def _place_of(self, uri: str, url: str | None = None) -> Place | None:
        """Where to ask for a status: its own server if we know that one, else one of ours that has it."""
        home = home_of(uri, url)
        if home is not None and home.server in self._servers:
            return home
        return self._relations.place_of(uri) or home

    # --- edits and deletions

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        self._now = context.now
        places = [(uri, self._place_of(uri)) for uri in context.recheck]
        for uri, place in [pair for pair in places if pair[1] is not None][: self.rechecks_a_poll]:
            if place is None or context.stopping():
                return
            try:
                status = self._get(place.server, f"/api/v1/statuses/{place.local_id}", missing=None)
            except SourceError as exc:
                yield Batch(refusals=(self._tolerated(exc, place, uri),))
                continue
            if status is None:
                yield Batch(removals=(Removal(PLATFORM, uri),))
            else:
                mentions, refusals = self._mentions([status], place.server)
                yield Batch(mentions, refusals=refusals)

    def _tolerated(self, exc: SourceError, place: Place, where: str) -> Refusal:
        """One thread's or status's failure as a note; what concerns one of our servers as a whole is raised."""
        if place.server in self._servers and (exc.pause or exc.retry_after):
            raise exc
        return Refusal(where, f"cannot be read: {exc}")

    # --- calls

    def _access_of(self, server: str, now: datetime | None) -> Access:
        """What the server lets us see, asked again every few hours."""
        known = self._access.get(server)
        if known is None or now is None or known.is_old(now):
            answer = self.http.get(f"{server}/api/v2/instance", credentials=self._login(server), also_ok=(404,))
            known = self._access[server] = read_access(answer.json() if answer.status == 200 else {}, now)
        return known

    def _get(
        self, server: str, path: str, params: Mapping[str, Any] | None = None, *, missing: object = ...
    ) -> Any:
        """The JSON at a path; `missing`, if given, where the server says 404 or 410."""
        answer = self.http.get(
            f"{server}{path}",
            params=params,
            credentials=self._login(server),
            also_ok=(404, 410) if missing is not ... else (),
            from_content=server not in self._servers,
        )
        return missing if answer.status in (404, 410) else answer.json()

    def _login(self, server: str) -> dict[str, str]:
        token = self._servers.get(server)
        return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}


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

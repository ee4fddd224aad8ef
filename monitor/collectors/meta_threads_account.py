"""Reading Threads through one account: mentions of it, replies under its posts, and searches.

Before Meta has approved the app, a search sees the account's own posts only and answers like a quiet network: so
it is tried with a word that somebody always writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from monitor.collectors.base import Batch, CollectContext, SourceError
from monitor.collectors.meta_again import read_again
from monitor.collectors.meta_api import Graph, GraphError, GraphPage
from monitor.collectors.meta_fields import is_number
from monitor.collectors.meta_parts import Poll, Read, read_parts, watch_token
from monitor.collectors.meta_threads_book import ReplyBook
from monitor.collectors.meta_threads_post import (
    PLATFORM,
    POST_FIELDS,
    SEARCH_FIELDS,
    Named,
    number_in,
    post_id,
    post_of,
)
from monitor.collectors.meta_walks import refuse_dead_end, walk_page
from monitor.collectors.threads import due_threads
from monitor.collectors.times import parse_time
from monitor.collectors.walks import Page, State, walk_newest_first
from monitor.mention import Mention, Refusal

OVERLAP = timedelta(hours=2)
A_CALL = 100
PAGES_A_POLL, THREADS_A_POLL = 10, 20
FOLLOWED = timedelta(days=7)
TRIED_EVERY = timedelta(days=1)
EARLIEST = datetime.fromisoformat("2023-07-05T07:00:00+00:00")
"""Before this Threads was not there, and `since` may not be earlier (Meta's documentation: 1688540400)."""

EVERYDAY_WORD = "the"
ONLY_OWN = (
    "Threads searches only your own posts, as long as Meta has not approved the app for threads_keyword_search: "
    "what others write cannot be found, however quiet it looks."
)
ASK_FOR_REVIEW = (
    "Ask for advanced access to threads_keyword_search in the app's dashboard, or set `search: false`; mentions "
    "and replies are read all the same."
)


@dataclass
class AccountReader:
    """One account through one token. `readable` are numbers of posts that can be read again, as last told."""

    graph: Graph
    named: Named
    look_back: timedelta
    every: timedelta
    search: bool
    readable: dict[str, None] = field(default_factory=dict)

    def read(self, state: State, poll: Poll) -> Iterator[Batch]:
        """Mentions, replies under own posts, re-reading, the token. Raises SourceError."""
        parts: dict[str, Read] = {
            "mentions": partial(self._mentions, poll.context),
            "replies": partial(self._replies, poll.context),
            "again": lambda _state: self.again(poll.context),
            "token": partial(watch_token, self.graph, poll),
        }
        if self.search:
            parts["reach"] = partial(self._reach, poll)
        return read_parts(state, parts, "mentions", poll)

    def find(self, word: str, state: State, context: CollectContext) -> Iterator[Batch]:
        """Posts with a word or, with `#`, a topic tag. Raises SourceError."""
        mode = "TAG" if word.startswith("#") else "KEYWORD"
        since = int(max(_bound(state, context.now - self.look_back), EARLIEST).timestamp())
        asked = {"q": word.removeprefix("#"), "search_type": "RECENT", "search_mode": mode, "since": since}

        def fetch(place: str | None) -> Page:
            params = {**asked, "fields": SEARCH_FIELDS, "limit": A_CALL}
            found = self.graph.page("/keyword_search", params, place)
            return self._page(_by_time(found, context.now), place, state, context, where=f"search for {word}")

        return walk_newest_first(
            state, fetch, context, overlap=OVERLAP, look_back=self.look_back, max_pages=PAGES_A_POLL
        )

    def sees_others(self) -> bool:
        """Whether a search finds what others write: only when Meta has approved the app. Raises SourceError."""
        own = self.username()
        params = {"q": EVERYDAY_WORD, "search_type": "RECENT", "fields": "id,username", "limit": 25}
        found = self.graph.page("/keyword_search", params).items
        return any(isinstance(item, Mapping) and item.get("username") not in (own, None) for item in found)

    def username(self) -> str:
        """The account's name. Raises SourceError."""
        return str(self.graph.get("/me", {"fields": "id,username"}).get("username"))[:60]

    # --- mentions and replies

    def _mentions(self, context: CollectContext, state: State) -> Iterator[Batch]:
        return self._walk("/me/mentions", state, context)

    def _replies(self, context: CollectContext, state: State) -> Iterator[Batch]:
        """Own posts, and what is answered under those of the last days and under watched ones."""
        book = ReplyBook.of(state)
        self.readable = {**book.readable, **self.readable}
        book.readable = self.readable
        answered: list[str] = []
        for batch in self._own_posts(book, context, answered):
            book.own = batch.cursor or {}
            yield replace(batch, cursor=book.state())
        for root in book.due(answered, due_threads(context, PLATFORM, book.read_at, self.every))[:THREADS_A_POLL]:
            if context.stopping():
                return
            for batch in self._conversation(root, book.of_post(root), context):
                book.note(root, batch.cursor)
                yield replace(batch, cursor=book.state())
            book.read_at = {**book.read_at, post_id(root): context.now.isoformat()}
            yield Batch(cursor=book.state())

    def _own_posts(self, book: ReplyBook, context: CollectContext, answered: list[str]) -> Iterator[Batch]:
        """Down to the oldest whose replies are followed, every time: nothing else tells of replies."""

        def fetch(place: str | None) -> Page:
            found = self.graph.page("/me/threads", {"fields": POST_FIELDS, "limit": A_CALL}, place)
            known = [item for item in found.items if isinstance(item, Mapping) and is_number(item.get("id"))]
            answered.extend(str(item["id"]) for item in known if item.get("has_replies") is True)
            return self._page(found, place, book.own, context, where="own posts", readable=True)

        return walk_newest_first(book.own, fetch, context, overlap=FOLLOWED, look_back=FOLLOWED)

    def _conversation(self, root: str, state: State, context: CollectContext) -> Iterator[Batch]:
        try:
            yield from self._walk(f"/{root}/conversation", state, context, root)
        except GraphError as exc:
            if exc.concerns_all or exc.is_trouble:
                raise
            if not exc.gone:
                yield Batch(refusals=(Refusal(f"replies to {root}", f"cannot be read: {str(exc)[:200]}"),))

    def _walk(self, path: str, state: State, context: CollectContext, root: str | None = None) -> Iterator[Batch]:
        order = {"reverse": "true"} if root is not None else {}

        def fetch(place: str | None) -> Page:
            found = self.graph.page(path, {"fields": POST_FIELDS, "limit": A_CALL, **order}, place)
            return self._page(found, place, state, context, where=path, root=root, readable=root is not None)

        look_back = FOLLOWED if root is not None else self.look_back
        return walk_newest_first(
            state, fetch, context, overlap=OVERLAP, look_back=look_back, max_pages=PAGES_A_POLL
        )

    def _page(
        self,
        found: GraphPage,
        place: str | None,
        state: State,
        context: CollectContext,
        *,
        where: str,
        root: str | None = None,
        readable: bool = False,
    ) -> Page:
        refuse_dead_end(found.items, found.next, place, state)
        if readable:
            numbers = [item.get("id") for item in found.items if isinstance(item, Mapping)]
            self.readable.update((str(number), None) for number in reversed(numbers) if is_number(number))
        make = partial(post_of, named=self.named, now=context.now, root=root)
        return walk_page(found.items, found.next, make, where)

    # --- once more

    def again(self, context: CollectContext) -> Iterator[Batch]:
        """Own posts and replies to them. Others' are tried only where it is not known yet which those are."""
        wanted = [found for found in context.recheck if number_in(found) is not None]
        ours = [found for found in wanted if number_in(found) in self.readable or not self.readable]

        def read(global_id: str) -> Mention:
            item = self.graph.get(f"/{number_in(global_id)}", {"fields": POST_FIELDS})
            return post_of(item, self.named, context.now)

        return read_again(PLATFORM, ours, context, read, lambda found: number_in(found) in self.readable)

    def _reach(self, poll: Poll, state: State) -> Iterator[Batch]:
        """Whether searching is of any use; asked once a day until it is."""
        if not state.get("others") and poll.is_due(state, TRIED_EVERY, at_most=True):
            try:
                state = {"at": poll.context.now.isoformat(), "others": self.sees_others()}
            except SourceError as exc:
                if not exc.pause:
                    raise
                return  # the day's searches are used up: what people say comes first
            yield Batch(cursor=state)
        if not state.get("others"):
            poll.warnings.add(ONLY_OWN, ASK_FOR_REVIEW)


def _by_time(found: GraphPage, now: datetime) -> GraphPage:
    """A full page of a search without a cursor goes on below its oldest post."""
    if found.next is not None or len(found.items) < A_CALL:
        return found
    dates = [parse_time(item.get("timestamp")) for item in found.items if isinstance(item, Mapping)]
    oldest = min((at for at in dates if at is not None), default=now)
    return replace(found, next=f"until={int(min(oldest + timedelta(seconds=1), now).timestamp())}")


def _bound(state: State, otherwise: datetime) -> datetime:
    """How far back a search goes: to where an unfinished walk was bound, or behind the last one."""
    walk = state.get("walk")
    until = parse_time(walk.get("until")) if isinstance(walk, dict) else None
    since = parse_time(state.get("since"))
    return until or (since - OVERLAP if since is not None else otherwise)

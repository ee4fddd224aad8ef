"""Reading one Facebook page: what stands on it, and the comments of the posts whose comments moved.

The newest posts' counters come with every reading of the feed, so that comments are read only where some came.
Meta's cursors die with the posts they stand on: a walk that broke off is taken up by its cursor, and begun anew
when that no longer leads anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from monitor.collectors.base import Batch, CollectContext
from monitor.collectors.facebook_post import (
    AGAIN_FIELDS,
    COMMENT_FIELDS,
    PLATFORM,
    POST_FIELDS,
    RATING_FIELDS,
    SITE,
    Page,
    comment_mark,
    comment_of,
    number_in,
    post_of,
    rating_of,
)
from monitor.collectors.meta_again import read_again
from monitor.collectors.meta_api import Graph, GraphError, GraphPage
from monitor.collectors.meta_comments import CommentBook, CommentReading, Marks
from monitor.collectors.meta_fields import is_number
from monitor.collectors.meta_parts import Poll, Read, read_parts, watch_token
from monitor.collectors.meta_walks import refuse_dead_end, walk_page
from monitor.collectors.threads import due_threads
from monitor.collectors.walks import Page as WalkPage
from monitor.collectors.walks import State, walk_newest_first
from monitor.mention import Mention

OVERLAP = timedelta(hours=6)  # posts by visitors may be let through late, and keep their own date
COMMENTS_OVERLAP = timedelta(hours=2)
POSTS_A_CALL, FEWEST_POSTS, COMMENTS_A_CALL = 50, 6, 100
PAGES_A_POLL, COMMENT_PAGES_A_POLL = 10, 30
_OFF = timedelta(days=1)

Make = Callable[[Mapping[str, Any], Page, datetime], Mention]


@dataclass(frozen=True, slots=True)
class Edge:
    """A list of the page's: its fields, how its items are read, how often it is asked for.

    Of a `counted` one the newest posts' comments are followed.
    """

    fields: str
    make: Make
    every: timedelta = timedelta(0)
    counted: bool = False


EDGES: dict[str, Edge] = {
    "feed": Edge(POST_FIELDS, post_of, counted=True),
    "posts": Edge(POST_FIELDS, post_of, counted=True),
    "visitor_posts": Edge(POST_FIELDS, post_of, timedelta(minutes=10)),
    "tagged": Edge(POST_FIELDS, post_of, timedelta(minutes=10)),
    "ratings": Edge(RATING_FIELDS, rating_of, timedelta(minutes=30)),
}
"""The feed holds most of what visitors write, but Meta ranks it: the others are looked through now and then.

The page's own posts are asked for by themselves, too: where many visitors write, the feed's newest posts are all
theirs, while most of the comments stand under the page's own.
"""


@dataclass
class PageReader:
    """One page through one token. `seen` is what this poll saw of the newest posts' comments."""

    graph: Graph
    page: Page
    look_back: timedelta
    every: timedelta
    seen: Marks = field(default_factory=Marks)
    posts_a_call: int = POSTS_A_CALL

    def read(self, edges: Iterable[str], state: State, poll: Poll) -> Iterator[Batch]:
        """All that is new on the page. Raises SourceError."""
        self.seen = Marks(missing={name for name, edge in EDGES.items() if edge.counted})
        parts: dict[str, Read] = {name: partial(self.edge, name, poll) for name in edges}
        parts["comments"] = partial(self.comments, poll)
        parts["again"] = lambda _state: self.again(poll.context)
        parts["token"] = partial(watch_token, self.graph, poll)
        return read_parts(state, parts, "feed", poll)

    # --- what stands on the page

    def edge(self, name: str, poll: Poll, state: State) -> Iterator[Batch]:
        """New items of a list since the last walk. Raises SourceError."""
        edge, context, retired = EDGES[name], poll.context, bool(state.get("retired"))
        if not poll.is_due(state, _OFF if retired else edge.every, at_most=retired):
            return
        fetch = partial(self._items, name, edge, state, context)
        walk = walk_newest_first(
            state, fetch, context, overlap=OVERLAP, look_back=self.look_back, max_pages=PAGES_A_POLL
        )
        try:
            for batch in walk:
                state = {**(batch.cursor or {}), "at": context.now.isoformat()}
                yield replace(batch, cursor=state)
        except GraphError as exc:
            if not exc.retired:
                raise
            yield Batch(cursor={"at": context.now.isoformat(), "retired": True})

    def _items(self, name: str, edge: Edge, state: State, context: CollectContext, place: str | None) -> WalkPage:
        found = self._list(f"/{self.page.number}/{name}", edge.fields, place)
        refuse_dead_end(found.items, found.next, place, state)
        if edge.counted and place is None:
            marked = [item for item in found.items if isinstance(item, Mapping) and is_number(item.get("id"))]
            self.seen.by_post.update({str(item["id"]): comment_mark(item) for item in marked})
            self.seen.missing.discard(name)
        return walk_page(found.items, found.next, lambda item: edge.make(item, self.page, context.now), name)

    def _list(self, path: str, fields: str, place: str | None) -> GraphPage:
        """A page of posts, as many as Meta is willing to give at once."""
        while True:
            try:
                return self.graph.page(path, {"fields": fields, "limit": self.posts_a_call}, place)
            except GraphError as exc:
                if not exc.asks_for_less or self.posts_a_call <= FEWEST_POSTS:
                    raise
                self.posts_a_call //= 2

    # --- comments

    def comments(self, poll: Poll, state: State) -> Iterator[Batch]:
        """Comments of posts where some came, and of watched threads. Raises SourceError."""
        book = CommentBook.of(state)
        roots = [
            number_in(thread.root_id) for thread in due_threads(poll.context, PLATFORM, book.read_at, self.every)
        ]
        watched = [found[1] for found in roots if found and self._is_own(found[1])]
        due = book.due(self.seen, [number for number in watched if number not in self.seen.by_post])
        reading = CommentReading(book, self.seen, poll, PLATFORM, self.page.post_id)
        return reading.read(due, partial(self._thread, poll.context), self._is_own)

    def _is_own(self, post: str) -> bool:
        return post.startswith(f"{self.page.number}_")

    def _thread(self, context: CollectContext, post: str, own: State) -> Iterator[Batch]:
        return walk_newest_first(
            own,
            partial(self._comments, post, own, context),
            context,
            overlap=COMMENTS_OVERLAP,
            look_back=self.look_back,
            max_pages=COMMENT_PAGES_A_POLL,
        )

    def _comments(self, post: str, state: State, context: CollectContext, place: str | None) -> WalkPage:
        params = {
            "fields": COMMENT_FIELDS,
            "filter": "stream",  # replies, too: left out by default
            "order": "reverse_chronological",
            "live_filter": "no_filter",
            "limit": COMMENTS_A_CALL,
        }
        found = self.graph.page(f"/{post}/comments", params, place)
        refuse_dead_end(found.items, found.next, place, state)
        where = f"comments of {post}"
        return walk_page(found.items, found.next, lambda i: comment_of(i, self.page, context.now, post), where)

    # --- once more

    def again(self, context: CollectContext) -> Iterator[Batch]:
        """The page's posts and comments among `context.recheck`: others' cannot be asked for by number."""
        ours = (f"{SITE}/{self.page.number}_", f"{SITE}/{self.page.number}/")
        wanted = [found for found in context.recheck if found.startswith(ours) and number_in(found) is not None]

        def read(global_id: str) -> Mention:
            page, number = number_in(global_id) or (None, "")
            item = self.graph.get(f"/{number}", {"fields": AGAIN_FIELDS})
            make: Make = post_of if page is None else comment_of
            return make({"id": number, **item}, self.page, context.now)

        return read_again(PLATFORM, wanted, context, read)

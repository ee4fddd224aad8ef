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
from monitor.collectors.comment_book import CommentBook
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
from monitor.collectors.meta_api import Graph, GraphError, is_number
from monitor.collectors.meta_parts import Read, Warnings, read_parts, watch_token
from monitor.collectors.meta_walks import refuse_dead_end, walk_page
from monitor.collectors.threads import due_threads, read_times
from monitor.collectors.times import parse_time
from monitor.collectors.walks import Page as WalkPage
from monitor.collectors.walks import State, walk_newest_first
from monitor.mention import Mention, Refusal

OVERLAP = timedelta(hours=6)  # posts by visitors may be let through late, and keep their own date
COMMENTS_OVERLAP = timedelta(hours=2)
POSTS_A_CALL, COMMENTS_A_CALL = 50, 100
PAGES_A_POLL, COMMENT_PAGES_A_POLL, THREADS_A_POLL = 10, 30, 20
_OFF = timedelta(days=1)
_DENIED = 403

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
class Poll:
    """One poll: what it may know, whether all lists are due, and what is wrong in part."""

    context: CollectContext
    eager: bool
    warnings: Warnings = field(default_factory=Warnings)


@dataclass
class PageReader:
    """One page through one token. `moved` are the comment marks of the newest posts, as this poll saw them."""

    graph: Graph
    page: Page
    look_back: timedelta
    every: timedelta
    moved: dict[str, str] = field(default_factory=dict)

    def read(self, edges: Iterable[str], state: State, poll: Poll) -> Iterator[Batch]:
        """All that is new on the page. Raises SourceError."""
        self.moved.clear()
        context = poll.context
        parts: dict[str, Read] = {
            name: partial(self.edge, name, context=context, eager=poll.eager) for name in edges
        }
        parts["comments"] = partial(self.comments, poll=poll)
        parts["token"] = partial(watch_token, self.graph, now=context.now, warnings=poll.warnings)
        return read_parts(state, parts, "feed", context, poll.warnings)

    # --- what stands on the page

    def edge(self, name: str, state: State, context: CollectContext, *, eager: bool) -> Iterator[Batch]:
        """New items of a list since the last walk. Raises SourceError."""
        edge, last = EDGES[name], parse_time(state.get("at"))
        pause = _OFF if state.get("retired") else timedelta(0) if eager else edge.every
        if last is not None and timedelta(0) <= context.now - last < pause:
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
        params = {"fields": edge.fields, "limit": POSTS_A_CALL}
        found = self.graph.page(f"/{self.page.number}/{name}", params, place)
        refuse_dead_end(found.items, found.next, place, state)
        if edge.counted and place is None:
            marked = [item for item in found.items if isinstance(item, Mapping) and is_number(item.get("id"))]
            self.moved.update({str(item["id"]): comment_mark(item) for item in marked})
        return walk_page(found.items, found.next, lambda item: edge.make(item, self.page, context.now), name)

    # --- comments

    def comments(self, state: State, poll: Poll) -> Iterator[Batch]:
        """Comments of posts where some came, and of watched threads. Raises SourceError."""
        book, context = CommentBook.of(state), poll.context
        roots = [number_in(thread.root_id) for thread in due_threads(context, PLATFORM, book.read_at, self.every)]
        watched = [found[1] for found in roots if found and found[1].startswith(f"{self.page.number}_")]
        due = dict.fromkeys([*book.walks, *book.moved(self.moved), *(n for n in watched if n not in self.moved)])
        for post in list(due)[:THREADS_A_POLL]:
            if context.stopping():
                return
            try:
                yield from self._thread(post, book, context)
            except GraphError as exc:
                if exc.concerns_all or exc.is_trouble:
                    raise
                if exc.status == _DENIED and post.startswith(f"{self.page.number}_"):
                    poll.warnings.add(str(exc), exc.remedy)
                refusals = (
                    () if exc.gone else (Refusal(f"comments of {post}", f"cannot be read: {str(exc)[:200]}"),)
                )
                book.finish(post, {}, self.moved)
                yield Batch(refusals=refusals, cursor=book.state())
            book.read_at = read_times(context, PLATFORM, book.read_at, f"{SITE}/{post}")
            yield Batch(cursor=book.state())

    def _thread(self, post: str, book: CommentBook, context: CollectContext) -> Iterator[Batch]:
        own = book.posts.get(post, {})
        walk = walk_newest_first(
            own,
            partial(self._comments, post, own, context),
            context,
            overlap=COMMENTS_OVERLAP,
            look_back=self.look_back,
            max_pages=COMMENT_PAGES_A_POLL,
        )
        for batch in walk:
            own = batch.cursor or {}
            book.note(post, own)
            yield replace(batch, cursor=book.state())
        if "walk" not in own and not context.stopping():
            book.finish(post, own, self.moved)

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

    def again(self, number: str, now: datetime, *, is_comment: bool) -> Mention | None:
        """A post or comment as it is now; None when it is gone. Raises SourceError, ValueError."""
        try:
            item = self.graph.get(f"/{number}", {"fields": AGAIN_FIELDS})
        except GraphError as exc:
            if exc.gone:
                return None
            raise
        make: Make = comment_of if is_comment else post_of
        return replace(make({"id": number, **item}, self.page, now), edited_at=now)

"""Reading one Instagram account: its media, comments where some came, media that tag it, and hashtags.

Comments come in no order that one could rely on, and replies inside their comments: where the number of comments
moved, all of them are read. Meta's limits grow with the reach of an account, and so do its threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from monitor.collectors.base import Batch, CollectContext
from monitor.collectors.instagram_post import (
    COMMENT_FIELDS,
    HASHTAG_FIELDS,
    MEDIA,
    MEDIA_FIELDS,
    PLATFORM,
    REPLY_FIELDS,
    Account,
    comment_of,
    foreign_comment_of,
    has_more_replies,
    media_of,
    with_replies,
)
from monitor.collectors.meta_again import read_again
from monitor.collectors.meta_api import Graph, GraphError
from monitor.collectors.meta_comments import CommentBook, CommentReading, Marks
from monitor.collectors.meta_fields import is_number
from monitor.collectors.meta_parts import Poll, Read, read_parts, watch_token
from monitor.collectors.meta_walks import refuse_dead_end, walk_page
from monitor.collectors.threads import due_threads
from monitor.collectors.walks import Page, State, walk_newest_first
from monitor.mention import Mention, Refusal

OVERLAP = timedelta(hours=6)
A_CALL = 50
PAGES_A_POLL, COMMENT_PAGES_A_POLL, REPLY_PAGES = 10, 40, 20
TAGS_EVERY, HASHTAGS_EVERY = timedelta(minutes=5), timedelta(minutes=10)
_REMEMBERED_MEDIA = 300


@dataclass
class AccountReader:
    """One account through one token.

    `tagged`: whether tags and the token's end are told (Facebook login only). `seen` is what this poll saw of the
    newest media's comments, `own` the numbers of the account's own media.
    """

    graph: Graph
    account: Account
    look_back: timedelta
    every: timedelta
    hashtags: tuple[str, ...] = ()
    tagged: bool = True
    seen: Marks = field(default_factory=Marks)
    own: dict[str, None] = field(default_factory=dict)

    def read(self, state: State, poll: Poll) -> Iterator[Batch]:
        """All that is new about the account. Raises SourceError."""
        self.seen = Marks(missing={"media"})
        media = state.get("media")
        self.own |= _own_media(media if isinstance(media, dict) else {})
        parts: dict[str, Read] = {"media": partial(self._media, poll.context)}
        if self.tagged:
            parts["tags"] = partial(self._tags, poll)
        if self.hashtags:
            parts["hashtags"] = partial(self._hashtags, poll)
        parts["comments"] = partial(self._comments, poll)
        parts["again"] = lambda _state: self.again(poll.context)
        if self.tagged:
            parts["token"] = partial(watch_token, self.graph, poll)
        return read_parts(state, parts, "media", poll)

    def mentioned(self, media: str, comment: str | None, now: datetime) -> Mention | None:
        """The comment or caption that a webhook says mentions the account; None when it is gone already.

        Raises SourceError, ValueError.
        """
        if comment is not None:
            asked = f"mentioned_comment.comment_id({comment}){{{REPLY_FIELDS},media{{id}}}}"
        else:
            asked = f"mentioned_media.media_id({media}){{{MEDIA_FIELDS}}}"
        try:
            found = self.graph.get(f"/{self.account.number}", {"fields": asked})
        except GraphError as exc:
            if exc.gone:
                return None
            raise
        item = found.get(asked.partition(".")[0])
        if not isinstance(item, Mapping):
            return None
        if comment is None:
            return media_of(item, self.account, now)
        return (comment_of if media in self.own else foreign_comment_of)(item, self.account, now, media)

    # --- media

    def _media(self, context: CollectContext, state: State) -> Iterator[Batch]:
        def note(items: tuple[Any, ...], place: str | None) -> None:
            known = [item for item in items if isinstance(item, Mapping) and is_number(item.get("id"))]
            self.own.update((str(item["id"]), None) for item in reversed(known))
            if place is None:
                self.seen.by_post.update({str(i["id"]): f"{i.get('comments_count')} comments" for i in known})
                self.seen.missing.discard("media")

        for batch in self._walk("media", MEDIA_FIELDS, state, context, note):
            yield replace(batch, cursor={**(batch.cursor or {}), "own": list(self.own)[-_REMEMBERED_MEDIA:]})

    def _tags(self, poll: Poll, state: State) -> Iterator[Batch]:
        if poll.is_due(state, TAGS_EVERY):
            for batch in self._walk("tags", MEDIA_FIELDS, state, poll.context):
                yield replace(batch, cursor={**(batch.cursor or {}), "at": poll.context.now.isoformat()})

    def _walk(
        self,
        name: str,
        fields: str,
        state: State,
        context: CollectContext,
        note: Callable[[tuple[Any, ...], str | None], None] = lambda _items, _place: None,
        **more: str,
    ) -> Iterator[Batch]:
        """A list of media from new to old. `name` is one of the account's own, or the path of a hashtag's."""
        path = name if name.startswith("/") else f"/{self.account.number}/{name}"

        def fetch(place: str | None) -> Page:
            found = self.graph.page(path, {"fields": fields, "limit": A_CALL, **more}, place)
            refuse_dead_end(found.items, found.next, place, state)
            note(found.items, place)
            return walk_page(found.items, found.next, lambda i: media_of(i, self.account, context.now), name)

        return walk_newest_first(
            state, fetch, context, overlap=OVERLAP, look_back=self.look_back, max_pages=PAGES_A_POLL
        )

    # --- comments

    def _comments(self, poll: Poll, state: State) -> Iterator[Batch]:
        book = CommentBook.of(state)
        book.start = book.start or poll.context.now - self.look_back
        threads = due_threads(poll.context, PLATFORM, book.read_at, self.every)
        numbers = [thread.root_id.removeprefix(MEDIA) for thread in threads]
        # The number of comments stays the same where one is deleted and one added: what is watched is read anyway.
        watched = [n for n in numbers if n in self.own and not self.seen.by_post.get(n, "").startswith("0 ")]
        reading = CommentReading(book, self.seen, poll, PLATFORM, MEDIA.__add__)
        walk = partial(self._thread, poll.context, book.start)
        return reading.read(book.due(self.seen, watched), walk, lambda _media: True)

    def _thread(self, context: CollectContext, start: datetime, media: str, own: State) -> Iterator[Batch]:
        def fetch(place: str | None) -> Page:
            params = {"fields": COMMENT_FIELDS, "limit": A_CALL}
            found = self.graph.page(f"/{media}/comments", params, place)
            refuse_dead_end(found.items, found.next, place, own)
            items = tuple(with_replies(self._whole(item) for item in found.items))
            page = walk_page(
                items,
                found.next,
                lambda i: comment_of(i, self.account, context.now, media),
                f"comments of {media}",
            )
            recent = tuple(m for m in page.mentions if m.created_at is None or m.created_at >= start)
            return replace(page, mentions=recent, newest=context.now)  # in no order: read to the end

        return walk_newest_first(own, fetch, context, overlap=OVERLAP, max_pages=COMMENT_PAGES_A_POLL)

    def _whole(self, item: Any) -> Any:
        """A comment with all its replies, where only some came with it."""
        if not isinstance(item, Mapping) or not has_more_replies(item) or not is_number(item.get("id")):
            return item
        replies: list[Any] = []
        place: str | None = None
        for _ in range(REPLY_PAGES):
            found = self.graph.page(f"/{item['id']}/replies", {"fields": REPLY_FIELDS, "limit": A_CALL}, place)
            replies += found.items
            place = found.next
            if place is None:
                break
        return {**item, "replies": {"data": replies}}

    # --- hashtags

    def _hashtags(self, poll: Poll, state: State) -> Iterator[Batch]:
        if not poll.is_due(state, HASHTAGS_EVERY):
            return
        ids, walks = (dict(v) if isinstance(v := state.get(name), dict) else {} for name in ("ids", "walks"))
        for tag in self.hashtags:
            if poll.context.stopping():
                return
            try:
                ids[tag] = ids.get(tag) or self._hashtag_id(tag)
                own = walks[tag] if isinstance(walks.get(tag), dict) else {}
                path, user = f"/{ids[tag]}/recent_media", self.account.number
                walk = self._walk(path, HASHTAG_FIELDS, own, poll.context, user_id=user)
                for batch in walk:
                    walks[tag] = batch.cursor
                    yield replace(batch, cursor={**state, "ids": ids, "walks": walks})
            except (GraphError, ValueError) as exc:
                if isinstance(exc, GraphError) and (exc.concerns_all or exc.is_trouble or exc.status == 403):
                    raise
                yield Batch(refusals=(Refusal(f"hashtag {tag}", f"cannot be read: {str(exc)[:200]}"),))
        yield Batch(cursor={"ids": ids, "walks": walks, "at": poll.context.now.isoformat()})

    def _hashtag_id(self, tag: str) -> str:
        found = self.graph.page("/ig_hashtag_search", {"user_id": self.account.number, "q": tag}).items
        number = found[0].get("id") if found and isinstance(found[0], Mapping) else None
        if not is_number(number):
            raise ValueError("Instagram knows no such hashtag")
        return str(number)

    # --- once more

    def again(self, context: CollectContext) -> Iterator[Batch]:
        """Own media and comments under them; what others posted cannot be asked for by number."""
        wanted = [found for found in context.recheck if found.startswith((MEDIA, self.account.comments))]
        if not self.own and any(found.startswith(MEDIA) for found in wanted):
            found = self.graph.page(f"/{self.account.number}/media", {"fields": "id", "limit": A_CALL}).items
            self.own |= {str(number): None for item in found if is_number(number := _id_of(item))}
        ours = [i for i in wanted if not i.startswith(MEDIA) or i.removeprefix(MEDIA) in self.own]

        def read(global_id: str) -> Mention:
            is_media, number = global_id.startswith(MEDIA), global_id.rpartition("/")[2]
            if not is_number(number):
                raise ValueError("an item without its number")
            item = self.graph.get(f"/{number}", {"fields": MEDIA_FIELDS if is_media else REPLY_FIELDS})
            return (media_of if is_media else comment_of)({**item, "id": number}, self.account, context.now)

        return read_again(PLATFORM, ours, context, read)


def _id_of(item: object) -> object:
    return item.get("id") if isinstance(item, Mapping) else None


def _own_media(state: State) -> dict[str, None]:
    kept = state.get("own")
    return dict.fromkeys(n for n in kept if is_number(n)) if isinstance(kept, list) else {}

"""Comments of posts where some came: what was read how far, and one poll's reading.

Meta shows how many comments a post has without their being read. What it shows is kept as a mark; where the mark
moved, the comments are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.collectors.base import Batch
from monitor.collectors.meta_api import GraphError
from monitor.collectors.meta_fields import is_number
from monitor.collectors.meta_parts import Poll
from monitor.collectors.threads import read_times
from monitor.collectors.times import parse_time
from monitor.collectors.walks import State
from monitor.mention import Refusal

THREADS_A_POLL = 20
_REMEMBERED_POSTS = 300
_DENIED = 403

Walk = Callable[[str, State], Iterator[Batch]]
"""(a post's number, its state) → its comments; the batches' cursors are its new state. Raises SourceError."""


@dataclass
class Marks:
    """What this poll saw of the newest posts' comments: by post, something that begins with their number.

    `missing` are the lists that it has not seen (yet).
    """

    by_post: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)


@dataclass
class CommentBook:
    """Marks and walks by post, and when watched threads were read.

    `at` is when no thread was left waiting last; `start` is how far back this source was ever meant to read.
    """

    marks: dict[str, str]
    posts: dict[str, State]
    read_at: dict[str, object]
    at: datetime | None = None
    start: datetime | None = None

    @classmethod
    def of(cls, state: State) -> CommentBook:
        """Out of the cursor, whatever is there."""
        marks, posts, read_at = (state.get(name) for name in ("marks", "posts", "read_at"))
        return cls(
            {str(k): str(v) for k, v in marks.items()} if isinstance(marks, dict) else {},
            {k: dict(v) for k, v in posts.items() if isinstance(v, dict) and is_number(k)}
            if isinstance(posts, dict)
            else {},
            dict(read_at) if isinstance(read_at, dict) else {},
            parse_time(state.get("at")),
            parse_time(state.get("start")),
        )

    def due(self, seen: Marks, watched: Iterable[str]) -> list[str]:
        """What to read: broken-off walks, then posts that moved (those read longest ago first), then `watched`."""
        walks = [number for number, own in self.posts.items() if "walk" in own]
        order = {number: place for place, number in enumerate(self.posts)}
        moved = [
            number
            for number, mark in seen.by_post.items()
            if self.marks.get(number) != mark and (number in order or not mark.startswith("0 "))
        ]
        moved.sort(key=lambda number: order.get(number, -1))
        return list(dict.fromkeys([*walks, *moved, *watched]))

    def of_post(self, post: str) -> State:
        """Where a post's comments were read to. One that was never read had none when no thread was waiting."""
        return self.posts.get(post) or ({} if self.at is None else {"since": self.at.isoformat()})

    def note(self, post: str, own: State) -> None:
        """Where the walk through a post's comments stands."""
        self.posts.pop(post, None)
        self.posts[post] = own

    def finish(self, post: str, own: State, seen: Marks) -> None:
        """A post's comments were read to the end, as far as they can be."""
        self.note(post, own)
        self.marks[post] = seen.by_post.get(post, self.marks.get(post, ""))

    def state(self) -> State:
        """For the cursor: of the posts read last."""
        kept = dict(list(self.posts.items())[-_REMEMBERED_POSTS:])
        marks = {number: mark for number, mark in self.marks.items() if number in kept}
        times = {name: at.isoformat() for name, at in (("at", self.at), ("start", self.start)) if at is not None}
        return {"marks": marks, "posts": kept, "read_at": dict(self.read_at), **times}


@dataclass
class CommentReading:
    """One poll's reading for one account. `root_id` makes the global id of a post by its number."""

    book: CommentBook
    seen: Marks
    poll: Poll
    platform: str
    root_id: Callable[[str], str]

    def read(self, due: list[str], walk: Walk, is_own: Callable[[str], bool]) -> Iterator[Batch]:
        """The comments of the posts that are `due`, as many as one poll may. Raises SourceError.

        A post whose comments may not be read stops no other; with one of our own (`is_own`) a person should know.
        """
        book, context = self.book, self.poll.context
        for post in due[:THREADS_A_POLL]:
            if context.stopping():
                return
            try:
                yield from self._one(post, walk)
            except GraphError as exc:
                if exc.concerns_all or exc.is_trouble:
                    raise
                if exc.status == _DENIED and is_own(post):
                    self.poll.warnings.add(str(exc), exc.remedy)
                refusal = Refusal(f"comments of {post}", f"cannot be read: {str(exc)[:200]}")
                book.finish(post, {}, self.seen)
                yield Batch(refusals=() if exc.gone else (refusal,), cursor=book.state())
            book.read_at = read_times(context, self.platform, book.read_at, self.root_id(post))
            yield Batch(cursor=book.state())
        if len(due) <= THREADS_A_POLL and not self.seen.missing:
            book.at = context.now
            yield Batch(cursor=book.state())

    def _one(self, post: str, walk: Walk) -> Iterator[Batch]:
        own = self.book.of_post(post)
        for batch in walk(post, own):
            own = batch.cursor or {}
            self.book.note(post, own)
            yield replace(batch, cursor=self.book.state())
        if "walk" not in own and not self.poll.context.stopping():
            self.book.finish(post, own, self.seen)

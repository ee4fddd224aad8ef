"""Which posts' comments were read how far, for platforms that show how many there are before one reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.collectors.meta_api import is_number
from monitor.collectors.walks import State

_REMEMBERED_POSTS = 300


@dataclass
class CommentBook:
    """Marks and walks by post, and when watched threads were read.

    A mark is what the platform shows of a post's comments without reading them; it changes when they do, and
    begins with their number.
    """

    marks: dict[str, str]
    posts: dict[str, State]
    read_at: dict[str, object]

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
        )

    @property
    def walks(self) -> list[str]:
        """Posts whose comments were not read to the end."""
        return [number for number, own in self.posts.items() if "walk" in own]

    def moved(self, marks: Mapping[str, str]) -> list[str]:
        """Posts whose comments moved since they were read: never read ones first, then those read longest ago."""
        order = {number: place for place, number in enumerate(self.posts)}
        found = [number for number, mark in marks.items() if self.marks.get(number) != mark]
        found = [number for number in found if number in order or not marks[number].startswith("0 ")]
        return sorted(found, key=lambda number: order.get(number, -1))

    def note(self, post: str, own: State) -> None:
        """Where the walk through a post's comments stands."""
        self.posts.pop(post, None)
        self.posts[post] = own

    def finish(self, post: str, own: State, marks: Mapping[str, str]) -> None:
        """A post's comments were read to the end, as far as they can be."""
        self.note(post, own)
        self.marks[post] = marks.get(post, self.marks.get(post, ""))

    def state(self) -> State:
        """For the cursor: of the posts read last."""
        kept = dict(list(self.posts.items())[-_REMEMBERED_POSTS:])
        marks = {number: mark for number, mark in self.marks.items() if number in kept}
        return {"marks": marks, "posts": kept, "read_at": dict(self.read_at)}

"""Which own posts' replies were read how far on Threads, and which posts can be read again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.collectors.base import WatchedThread
from monitor.collectors.meta_fields import is_number
from monitor.collectors.meta_threads_post import number_in, post_id
from monitor.collectors.walks import State

_REMEMBERED, _REMEMBERED_POSTS = 1_000, 200


@dataclass
class ReplyBook:
    """What is remembered of own posts and of the replies under them."""

    own: State
    posts: dict[str, State]
    read_at: dict[str, object]
    readable: dict[str, None]

    @classmethod
    def of(cls, state: State) -> ReplyBook:
        """Out of the cursor, whatever is there."""
        own, posts, read_at, readable = (state.get(name) for name in ("own", "posts", "read_at", "readable"))
        return cls(
            dict(own) if isinstance(own, dict) else {},
            {k: v for k, v in posts.items() if isinstance(v, dict)} if isinstance(posts, dict) else {},
            dict(read_at) if isinstance(read_at, dict) else {},
            dict.fromkeys(n for n in readable if is_number(n)) if isinstance(readable, list) else {},
        )

    def due(self, answered: Iterable[str], threads: Iterable[WatchedThread]) -> list[str]:
        """Hot threads, then posts with replies (those read longest ago first), then other watched ones."""
        watched = [(number_in(thread.root_id), thread.hot) for thread in threads]
        longest_ago = sorted(answered, key=lambda number: str(self.read_at.get(post_id(number)) or ""))
        hot, others = (
            [n for n, heat in watched if n in self.readable and heat is wanted] for wanted in (True, False)
        )
        return [number for number in dict.fromkeys([*hot, *longest_ago, *others]) if number is not None]

    def of_post(self, root: str) -> State:
        """Where the replies under a post were read to."""
        return self.posts.get(root, {})

    def note(self, root: str, state: State | None) -> None:
        """Where they are read to now; None changes nothing."""
        known = self.posts.pop(root, {})
        self.posts[root] = known if state is None else state

    def state(self) -> State:
        """For the cursor: of the posts read last."""
        posts = dict(list(self.posts.items())[-_REMEMBERED_POSTS:])
        read_at = dict(list(self.read_at.items())[-_REMEMBERED_POSTS:])
        return {
            "own": self.own,
            "posts": posts,
            "read_at": read_at,
            "readable": list(self.readable)[-_REMEMBERED:],
        }

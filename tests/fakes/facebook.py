"""A fake Facebook page: its feed, its own and visitors' posts, posts that tag it, recommendations, comments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.fakes.graph import FakeGraph, GraphRefusal, gone, pick

PAGE = "100200300"
_POST = (
    "id", "message", "created_time", "updated_time", "permalink_url", "from", "shares", "attachments", "comments",
    "reactions",
)  # fmt: skip
_COMMENT = (
    "id", "message", "created_time", "permalink_url", "from", "like_count", "comment_count", "parent",
    "attachment",
)  # fmt: skip
_RATING = ("created_time", "rating", "recommendation_type", "review_text", "reviewer", "open_graph_story")
_COMMENT_PARAMS = {"fields", "filter", "order", "live_filter", "limit", "after", "since"}


def stamp(at: datetime) -> str:
    """Meta's way to write a time: no colon in the offset."""
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


@dataclass
class FakeFacebook(FakeGraph):
    """One page. `posts` and `comments` by number; `edges` says where a post is listed."""

    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, dict[str, Any]] = field(default_factory=dict)
    edges: dict[str, set[str]] = field(default_factory=dict)
    ratings: list[dict[str, Any]] | None = field(default_factory=list)
    raw_extra: list[Any] = field(default_factory=list)
    page_id: str = PAGE

    # --- what people do

    def add_post(
        self, text: str | None, at: datetime, *, edges: tuple[str, ...] = ("feed",), author: str | None = None
    ) -> str:
        number = f"{self.page_id}_{7000 + len(self.posts)}"
        self.posts[number] = {
            "id": number,
            "message": text,
            "created_time": stamp(at),
            "permalink_url": f"https://www.facebook.com/{number.replace('_', '/posts/')}",
            "from": {"id": author, "name": "Någon"} if author else None,
            "shares": {"count": 2},
            "reactions": {"data": [], "summary": {"total_count": 4}},
        }
        self.edges[number] = {*edges, *(("posts",) if author == self.page_id else ())}
        return number

    def add_comment(self, post: str, text: str, at: datetime, *, parent: str | None = None) -> str:
        number = f"{post.partition('_')[2]}_{90_000 + len(self.comments)}"
        self.comments[number] = {
            "id": number,
            "post": post,
            "message": text,
            "created_time": stamp(at),
            "permalink_url": f"https://www.facebook.com/{post.replace('_', '/posts/')}/?comment_id=1",
            "from": {"id": "555", "name": "Anna"},
            "like_count": 1,
            "comment_count": 0,
            "parent": {"id": parent} if parent else None,
        }
        return number

    def remove(self, number: str) -> None:
        """Gone, with everything under it."""
        for comment in [c for c in self.comments.values() if number in (c["post"], (c["parent"] or {}).get("id"))]:
            self.comments.pop(comment["id"], None)
        self.posts.pop(number, None)
        self.comments.pop(number, None)

    # --- what is answered

    def find(self, path: str, params: Mapping[str, str]) -> Any:
        found = re.fullmatch(r"/([\d_]+)(?:/(\w+))?", path)
        if not found:
            raise GraphRefusal(2500, f"Unknown path components: {path}")
        number, edge = found[1], found[2]
        if number == self.page_id:
            return self._page(edge, params)
        if edge == "comments" and number in self.posts:
            return self._comments(number, params)
        if number not in self.posts and number not in self.comments:
            raise gone(number)
        assert edge is None, path
        assert params.keys() <= {"fields"}, params
        if number in self.posts:
            return pick(self._with_counts(self.posts[number]), params["fields"], _POST, "Post")
        return pick(self.comments[number], params["fields"], _COMMENT, "Comment")

    def _page(self, edge: str | None, params: Mapping[str, str]) -> Any:
        if edge is None:
            return pick({"id": self.page_id, "name": "Nordtåg"}, params["fields"], ("id", "name"), "Page")
        assert params.keys() <= {"fields", "limit", "after", "since", "until"}, params
        url = f"{self.version}/{self.page_id}/{edge}"
        if edge == "ratings":
            if self.ratings is None:
                raise GraphRefusal(12, "(#12) This field is deprecated for v22.0 and future versions")
            return self.paged(url, self.ratings, params, lambda r: pick(r, params["fields"], _RATING, "Rating"))
        assert edge in ("feed", "posts", "visitor_posts", "tagged"), edge
        listed = [post for number, post in self.posts.items() if edge in self.edges[number]]
        listed.sort(key=lambda post: post["created_time"], reverse=True)
        items = [*(self._with_counts(post) for post in listed[:1]), *self.raw_extra] if self.raw_extra else []
        items += [self._with_counts(post) for post in (listed[1:] if self.raw_extra else listed)]
        return self.paged(url, items, params, lambda post: pick(post, params["fields"], _POST, "Post"))

    def _with_counts(self, post: dict[str, Any]) -> dict[str, Any]:
        below = [comment for comment in self.comments.values() if comment["post"] == post["id"]]
        last = max([post["created_time"], *(comment["created_time"] for comment in below)])
        summary = {"data": [], "summary": {"total_count": len(below), "can_comment": True}}
        return {**post, "updated_time": last, "comments": summary}

    def _comments(self, post: str, params: Mapping[str, str]) -> Any:
        assert params.keys() <= _COMMENT_PARAMS, params
        found = [comment for comment in self.comments.values() if comment["post"] == post]
        if params.get("filter", "toplevel") == "toplevel":
            found = [comment for comment in found if comment["parent"] is None]
        newest_first = params.get("order", "chronological") == "reverse_chronological"
        found.sort(key=lambda comment: comment["created_time"], reverse=newest_first)
        url = f"{self.version}/{post}/comments"
        return self.paged(url, found, params, lambda c: pick(c, params["fields"], _COMMENT, "Comment"))

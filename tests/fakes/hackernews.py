"""A fake Hacker News: Algolia's search by date and story trees, and the site's own single items."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

import httpx

from tests.fakes.platform_server import FakePlatform

SEARCH, ITEMS = "https://search.example", "https://items.example"


@dataclass
class FakeHackerNews(FakePlatform):
    """Both interfaces. `posts` maps numbers to what the index has; `gone` are those that the site has not."""

    page_size: int = 5
    posts: dict[int, dict[str, Any]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False

    def add(self, text: str, at: datetime, *, parent: int | None = None) -> int:
        number = 40_000 + len(self.posts)
        story = self.posts[parent]["story_id"] if parent in self.posts else parent
        self.posts[number] = {
            "objectID": str(number),
            "author": "anna",
            "title": None if parent else text,
            "story_text": None,
            "comment_text": f"<p>{escape(text)}" if parent else None,
            "created_at_i": int(at.timestamp()),
            "parent_id": parent,
            "story_id": story or number,
            "points": None if parent else 3,
            "num_comments": None,
            "_highlightResult": {"title": {"value": "<em>markup</em>"}},
        }
        return number

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path, request.url.params
        if path == "/api/v1/search_by_date":
            return httpx.Response(200, json={"hits": self._hits(params), "nbPages": 1})
        found = re.search(r"/(?:items|item)/(\d+)", path)
        number = int(found[1]) if found else 0
        if path.startswith("/v0/item/"):
            return httpx.Response(200, text=json.dumps(None if number in self.gone else self._item(number)))
        if number not in self.posts:
            return httpx.Response(404, json={"status": 404, "error": "Not Found"})
        return httpx.Response(200, json=self._tree(number))

    def _hits(self, params: httpx.QueryParams) -> list[Any]:
        below = re.search(r"created_at_i<=(\d+)", params.get("numericFilters", ""))
        highest = int(below[1]) if below and not self.endless else 10**12
        word = params["query"].strip('"').lower()
        found = [
            post
            for post in self.posts.values()
            if word in f"{post['title']} {post['comment_text']}".lower() and post["created_at_i"] <= highest
        ]
        found.sort(key=lambda post: (post["created_at_i"], post["objectID"]), reverse=True)
        page = found[: self.page_size]
        return [*page, *(self.raw_extra if page else [])]

    def _item(self, number: int) -> dict[str, Any] | None:
        post = self.posts.get(number)
        if post is None:
            return None
        text = (
            {"title": post["title"]}
            if post["title"]
            else {"text": post["comment_text"], "parent": post["parent_id"]}
        )
        return {"id": number, "by": post["author"], "time": post["created_at_i"], "type": "story", **text}

    def _tree(self, number: int) -> dict[str, Any]:
        post = self.posts[number]
        below = [self._tree(n) for n, other in self.posts.items() if other["parent_id"] == number]
        return {
            "id": number,
            "author": post["author"],
            "text": post["comment_text"],
            "title": post["title"],
            "created_at_i": post["created_at_i"],
            "parent_id": post["parent_id"],
            "children": below,
        }

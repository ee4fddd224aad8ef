"""A fake Discourse forum: the site's latest posts by id, and single posts by topic and number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

import httpx

from tests.fakes.platform_server import FakePlatform

HOST = "forum.example"


@dataclass
class FakeDiscourse(FakePlatform):
    """One forum."""

    page_size: int = 5
    posts: dict[int, dict[str, Any]] = field(default_factory=dict)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False
    closed: bool = False
    next_id: int = 100

    def add(
        self, text: str, at: datetime, *, topic: int | None = None, answers: int | None = None, **more: Any
    ) -> str:
        self.next_id += 3  # some ids are of posts that visitors do not see
        topic = topic or self.next_id
        numbers = [post["post_number"] for post in self.posts.values() if post["topic_id"] == topic]
        number = max(numbers, default=0) + 1
        self.posts[self.next_id] = {
            "id": self.next_id,
            "username": "anna",
            "created_at": at.isoformat(timespec="milliseconds"),
            "updated_at": at.isoformat(timespec="milliseconds"),
            "cooked": f"<p>{escape(text)}</p>",
            "post_number": number,
            "post_type": 1,
            "reply_to_post_number": answers,
            "reply_count": 0,
            "reads": 4,
            "topic_id": topic,
            "topic_slug": "ett-amne",
            "topic_title": "Ämnet",
            "version": 1,
            "actions_summary": [{"id": 2, "count": 3}],
            "hidden": False,
            "deleted_at": None,
            "user_deleted": False,
            **more,
        }
        return f"{HOST}/t/{topic}/{number}"

    def by_id(self, global_id: str) -> dict[str, Any]:
        topic, number = (int(part) for part in global_id.split("/")[-2:])
        return next(
            post for post in self.posts.values() if (post["topic_id"], post["post_number"]) == (topic, number)
        )

    def remove(self, global_id: str) -> None:
        del self.posts[self.by_id(global_id)["id"]]

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.closed and "api-key" not in request.headers:
            return httpx.Response(
                403, json={"errors": ["You need to be logged in."], "error_type": "not_logged_in"}
            )
        if request.url.path == "/posts.json":
            return httpx.Response(200, json={"latest_posts": self._latest(request.url.params.get("before"))})
        found = re.fullmatch(r"/posts/by_number/(\d+)/(\d+)\.json", request.url.path)
        place = (int(found[1]), int(found[2])) if found else None
        for post in self.posts.values():
            if (post["topic_id"], post["post_number"]) == place:
                return httpx.Response(200, json=post)
        return httpx.Response(404, json={"errors": ["The requested URL could not be found."]})

    def _latest(self, before: str | None) -> list[Any]:
        highest = int(before) if before and not self.endless else 10**9
        ids = sorted((i for i in self.posts if i <= highest), reverse=True)[: self.page_size]
        return [*(self.posts[i] for i in ids), *(self.raw_extra if ids else [])]

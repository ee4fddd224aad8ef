"""A fake Stack Exchange: search by date, posts by number, answers and comments below posts, backoff and quota.

Like the real one it answers unknown parameters and too many numbers with an error, and texts with entities.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

import httpx

from tests.fakes.platform_server import FakePlatform

API = "https://api.stackexchange.example"
_ALLOWED = {"site", "filter", "pagesize", "page", "key", "q", "sort", "order", "todate"}
_KEYS = {"questions": "question_id", "answers": "answer_id", "comments": "comment_id"}


@dataclass
class FakeStackExchange(FakePlatform):
    """One site. `posts` maps kinds to numbers to posts."""

    page_size: int = 5
    site: str = "stackoverflow"
    posts: dict[str, dict[int, dict[str, Any]]] = field(
        default_factory=lambda: {"questions": {}, "answers": {}, "comments": {}}
    )
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False
    quota: int = 300
    backoff: int | None = None
    made: int = 34_685_205

    def add(self, text: str, at: datetime, *, parent: str | None = None) -> str:
        """A question, an answer to a question, or a comment on an answer; its id."""
        self.made += 1
        post: dict[str, Any] = {
            "owner": {"user_id": 471_810, "display_name": "anna", "user_type": "registered"},
            "score": 1,
            "creation_date": int(at.timestamp()),
            "body": f"<p>{escape(text)}</p>\n",
        }
        above = parent.split("/")[1:] if parent else []
        if not above:
            kind, post = "questions", {**post, "title": escape(text[:20]), "answer_count": 0, "view_count": 52}
            post["link"] = f"https://stackoverflow.com/questions/{self.made}/x"
        elif above[0] == "questions":
            kind, post["question_id"] = "answers", int(above[1])
        else:
            kind, post["post_id"], post["post_type"] = "comments", int(above[1]), "answer"
        post[_KEYS[kind]] = self.made
        self.posts[kind][self.made] = post
        return f"{self.site}/{kind}/{self.made}"

    def find(self, global_id: str) -> dict[str, Any]:
        _, kind, number = global_id.split("/")
        return self.posts[kind][int(number)]

    def remove(self, global_id: str) -> None:
        _, kind, number = global_id.split("/")
        del self.posts[kind][int(number)]

    def answer(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        assert request.headers["accept-encoding"]
        if set(params) - _ALLOWED or params.get("filter") != "withbody" or params.get("site") != self.site:
            return self._error(400, 400, "bad_parameter", "site")
        if self.quota <= 0:
            said = "too many requests from this IP, more requests available in 33635 seconds"
            return self._error(400, 502, "throttle_violation", said)
        self.quota -= 1
        path = request.url.path.removeprefix("/2.3/")
        if path == "search/advanced":
            return self._wrapped(self._search(params), params, extra=True)
        parts = re.fullmatch(r"(questions|answers|comments|posts)/([\d;]+)(?:/(answers|comments))?", path)
        if parts is None or len(parts[2].split(";")) > 100:
            return self._error(404, 404, "no_method", "this method cannot be called")
        return self._wrapped(self._named(parts[1], {int(n) for n in parts[2].split(";")}, parts[3]), params)

    def _search(self, params: httpx.QueryParams) -> list[Any]:
        until = 10**12 if self.endless else int(params.get("todate", 10**12))
        word = params["q"].strip('"').lower()
        found = [p for p in self.posts["questions"].values() if word in p["body"].lower()]
        return [p for p in found if p["creation_date"] <= until]

    def _named(self, kind: str, numbers: set[int], below: str | None) -> list[Any]:
        if below is None:
            return [post for number, post in self.posts[kind].items() if number in numbers]
        above = "question_id" if below == "answers" else "post_id"
        return [post for post in self.posts[below].values() if post[above] in numbers]

    def _wrapped(self, items: list[Any], params: httpx.QueryParams, *, extra: bool = False) -> httpx.Response:
        start = (int(params.get("page", 1)) - 1) * self.page_size
        items = sorted(items, key=lambda post: -post["creation_date"])
        page = items[start : start + self.page_size]
        body: dict[str, Any] = {
            "items": [*page, *(self.raw_extra if page and extra else [])],
            "has_more": self.endless or len(items) > start + self.page_size,
            "quota_max": 300,
            "quota_remaining": self.quota,
        }
        return httpx.Response(200, json=body | ({"backoff": self.backoff} if self.backoff else {}))

    @staticmethod
    def _error(status: int, number: int, name: str, message: str) -> httpx.Response:
        return httpx.Response(status, json={"error_id": number, "error_name": name, "error_message": message})

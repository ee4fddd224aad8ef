"""A fake Threads: own posts, replies under them as one flat list, mentions, and a search, perhaps of own posts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.collectors.times import parse_time
from tests.fakes.facebook import stamp
from tests.fakes.graph import FakeGraph, GraphRefusal, gone, pick

OWN = "nordtag"
_SEARCHED = (
    "id", "text", "media_type", "permalink", "timestamp", "username", "has_replies", "is_quote_post", "is_reply",
)  # fmt: skip
_POST = (*_SEARCHED, "root_post", "replied_to")
_QUERY = {"q", "search_type", "search_mode", "since", "until", "limit", "fields", "after"}


@dataclass
class FakeThreads(FakeGraph):
    """One account. `approved`: whether Meta lets the app search what others write."""

    version: str = "/v1.0"
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    mentioned: list[str] = field(default_factory=list)
    raw_extra: list[Any] = field(default_factory=list)
    approved: bool = True
    searches_page_by_cursor: bool = True
    queries: int = 0

    def add(
        self,
        text: str | None,
        at: datetime,
        *,
        by: str = "anna",
        under: str | None = None,
        answers: str | None = None,
        mentions: bool = False,
        media_type: str = "TEXT_POST",
    ) -> str:
        number = str(18_050_000 + len(self.posts))
        self.posts[number] = {
            "id": number,
            "text": text,
            "media_type": media_type,
            "permalink": f"https://www.threads.net/@{by}/post/{number}",
            "timestamp": stamp(at),
            "username": by,
            "is_reply": under is not None,
            "root_post": {"id": under} if under else None,
            "replied_to": {"id": answers or under} if under else None,
        }
        self.mentioned += [number] if mentions else []
        return number

    def remove(self, number: str) -> None:
        self.posts.pop(number, None)

    def find(self, path: str, params: Mapping[str, str]) -> Any:
        if path == "/me":
            return pick({"id": "1", "username": OWN}, params["fields"], ("id", "username"), "User")
        if path == "/keyword_search":
            return self._search(params)
        if path == "/me/threads":
            return self._list(
                [p for p in self.posts.values() if p["username"] == OWN and not p["is_reply"]], params
            )
        if path == "/me/mentions":
            return self._list([self.posts[n] for n in self.mentioned if n in self.posts], params)
        found = re.fullmatch(r"/(\d+)(/conversation)?", path)
        if not found:
            raise GraphRefusal(2500, f"Unknown path components: {path}")
        post = self.posts.get(found[1])
        root = post if post is None or post["root_post"] is None else self.posts.get(post["root_post"]["id"])
        if post is None or (root or post)["username"] != OWN:
            raise gone(found[1])  # others' posts are gone for us, too
        if found[2]:
            assert params.get("reverse") == "true"
            below = [p for p in self.posts.values() if (p["root_post"] or {}).get("id") == found[1]]
            return self._list(below, {k: v for k, v in params.items() if k != "reverse"})
        return pick(self._shown(post), params["fields"], _POST, "Threads")

    def _list(self, posts: list[dict[str, Any]], params: Mapping[str, str]) -> Any:
        assert params.keys() <= {"fields", "limit", "after"}, params
        newest_first = sorted(map(self._shown, posts), key=lambda post: post["timestamp"], reverse=True)
        return self._paged(newest_first, params, _POST)

    def _shown(self, post: dict[str, Any]) -> dict[str, Any]:
        answered = any((p["root_post"] or {}).get("id") == post["id"] for p in self.posts.values())
        return {**post, "has_replies": answered}

    def _search(self, params: Mapping[str, str]) -> Any:
        assert params.keys() <= _QUERY, params
        assert params["search_type"] == "RECENT"
        assert params.get("search_mode", "KEYWORD") in ("KEYWORD", "TAG")
        word = ("#" if params.get("search_mode") == "TAG" else "") + params["q"].lower()
        since, until = (
            int(params.get("since", 1_688_540_400)),
            int(params.get("until", self.clock.now().timestamp())),
        )
        if not 1_688_540_400 <= since < until <= self.clock.now().timestamp():
            raise GraphRefusal(100, "(#100) since must be before until, and until not in the future")
        found = [
            self._shown(post)
            for post in self.posts.values()
            if word in (post["text"] or "").lower()
            and (self.approved or post["username"] == OWN)
            and since <= (parse_time(post["timestamp"]) or self.clock.now()).timestamp()
            and ("until" not in params or (parse_time(post["timestamp"]) or self.clock.now()).timestamp() < until)
        ]
        found.sort(key=lambda post: post["timestamp"], reverse=True)
        items: list[Any] = [*found[:1], *(self.raw_extra if found else []), *found[1:]]
        self.queries += bool(found)
        if self.searches_page_by_cursor:
            return self._paged(items, params, _SEARCHED)
        limit = min(int(params["limit"]), self.page_size)
        return {"data": [pick(item, params["fields"], _SEARCHED, "Threads") for item in items[:limit]]}

    def _paged(self, items: list[Any], params: Mapping[str, str], known: tuple[str, ...]) -> Any:
        """Cursors, but no address of the next page; none after the last one."""
        page = self.paged("", items, params, lambda item: pick(item, params["fields"], known, "Threads"))
        paging = page.pop("paging", {})
        cursors = paging.get("cursors") if "next" in paging else None
        return {**page, **({"paging": {"cursors": cursors}} if cursors else {})}

"""A fake Lemmy server (API version 3): search, comment lists, single posts, errors in its own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from tests.fakes.platform_server import FakePlatform

HOST = "https://feddit.example"


@dataclass
class FakeLemmy(FakePlatform):
    """One server. `views` maps (kind, number) to views as they are sent."""

    host: str = HOST
    page_size: int = 5
    views: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False

    def add(self, text: str, at: datetime, *, parent: str | None = None, **more: Any) -> str:
        """A post, or a comment on a post or comment; its ap_id."""
        number = len(self.views) + 1
        kind = "comment" if parent else "post"
        inner: dict[str, Any] = {
            "id": number, "ap_id": f"{self.host}/{kind}/{number}",
            "published": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "deleted": False, "removed": False, "local": True, "language_id": 0,
        }  # fmt: skip
        view: dict[str, Any] = {
            "creator": {"id": 1, "name": "anna", "actor_id": f"{self.host}/u/anna", "bot_account": False},
            "counts": {"score": 3, "upvotes": 4, "downvotes": 1},
        }
        if parent is None:
            view |= {"post": {**inner, "name": text, **more}}
            view["counts"]["comments"] = 0
        else:
            above = self.views.get(self.key(parent), {})
            path = above.get("comment", {}).get("path", "0")
            post = above.get("post") or {"id": 0, "ap_id": f"{self.host}/post/0", "name": "gone"}
            view |= {"post": post, "comment": {**inner, "content": text, "path": f"{path}.{number}", **more}}
            view["counts"]["child_count"] = 0
        self.views[kind, number] = view
        return str(inner["ap_id"])

    @staticmethod
    def key(ap_id: str) -> tuple[str, int]:
        _, kind, number = ap_id.rsplit("/", 2)
        return kind, int(number)

    def find(self, ap_id: str) -> dict[str, Any]:
        kind, number = self.key(ap_id)
        found: dict[str, Any] = self.views[kind, number][kind]
        return found

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path.removeprefix("/api/v3/"), request.url.params
        if path == "search":
            kind = {"Posts": "post", "Comments": "comment"}[params["type_"]]
            word, texts = params["q"].lower(), {"post": "name", "comment": "content"}
            found = [v for (k, _), v in self.views.items() if k == kind and word in v[kind][texts[kind]].lower()]
            page = self._page(found, kind, params)
            return httpx.Response(
                200, json={"type_": params["type_"], "posts": [], "comments": [], f"{kind}s": page}
            )
        if path == "comment/list":
            root = int(params["post_id"])
            if ("post", root) not in self.views:
                return httpx.Response(404, json={"error": "couldnt_find_post"})
            found = [v for (k, _), v in self.views.items() if k == "comment" and v["post"]["id"] == root]
            return httpx.Response(200, json={"comments": self._page(found, "comment", params)})
        view = self.views.get((path, int(params.get("id", 0))))
        if path not in ("post", "comment") or view is None:
            return httpx.Response(404, json={"error": f"couldnt_find_{path}"})
        return httpx.Response(200, json={f"{path}_view": view})

    def _page(self, found: list[Any], kind: str, params: httpx.QueryParams) -> list[Any]:
        found = sorted(found, key=lambda view: str(view[kind]["published"]), reverse=True)
        size = min(self.page_size, int(params["limit"]))
        start = 0 if self.endless else (int(params["page"]) - 1) * size
        page = found[start : start + size]
        return [*page, *(self.raw_extra if page and start == 0 else [])]

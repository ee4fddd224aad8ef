"""A fake Mastodon server: snowflake ids, tag timelines by min_id and max_id, contexts, one status, the instance.

It behaves as servers do: ids of remote statuses come from their own date, `min_id` pages upward but each page is
sent newest first, an empty page has no Link header, and the page is never longer than `page_size`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import Any

import httpx

from monitor.collectors.answers import error_of_exception
from monitor.collectors.base import SourceError
from monitor.collectors.http import HttpSession
from monitor.collectors.websocket import Frames, Hello, refused
from tests.fakes.platform_server import FakePlatform

HOST = "https://mastodon.example"


@dataclass
class FakeMastodon(FakePlatform):
    """One server. `statuses` maps local ids to statuses as they are sent."""

    host: str = HOST
    page_size: int = 5
    statuses: dict[int, dict[str, Any]] = field(default_factory=dict)
    feeds: dict[str, str] | None = field(default_factory=lambda: {"local": "public", "remote": "public"})
    version: str = "4.5.0"
    endless: bool = False
    ignores_windows: bool = False
    raw_extra: list[Any] = field(default_factory=list)
    calls_left: int | None = None
    window_ends: datetime | None = None
    notifications: list[dict[str, Any]] = field(default_factory=list)
    token: str | None = None
    streaming: str | None = None
    subscriptions: list[dict[str, str]] = field(default_factory=list)
    frames: list[str | SourceError] = field(default_factory=list)
    listeners: int = 0

    def add(
        self, text: str, at: datetime, *, parent: str | None = None, user: str = "anna", **more: Any
    ) -> dict[str, Any]:
        """A new status, under an id made from `at`."""
        local_id = int(at.timestamp() * 1000) << 16
        while local_id in self.statuses:
            local_id += 1
        answered = (
            None if parent is None else next((s for s in self.statuses.values() if s["uri"] == parent), None)
        )
        status = {
            "id": str(local_id),
            "created_at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "in_reply_to_id": answered["id"] if answered else None,
            "spoiler_text": "",
            "visibility": "public",
            "language": "sv",
            "uri": f"{self.host}/users/{user}/statuses/{local_id}",
            "url": f"{self.host}/@{user}/{local_id}",
            "replies_count": 0,
            "reblogs_count": 0,
            "favourites_count": 0,
            "edited_at": None,
            "content": f"<p>{escape(text)}</p>",
            "reblog": None,
            "account": {
                "id": "1",
                "acct": user,
                "uri": f"{self.host}/users/{user}",
                "followers_count": 7,
                "indexable": False,
            },
            **more,
        }
        self.statuses[local_id] = status
        return status

    def mention(self, status: dict[str, Any], at: datetime) -> None:
        """The token's account is told that `status` mentions it; None where the status is gone since."""
        number = str(1000 + len(self.notifications))
        entry = {"id": number, "type": "mention", "created_at": at.isoformat(), "status": status}
        self.notifications.append(entry)

    def tell(self, event: str, payload: object) -> None:
        """Something for the stream."""
        self.frames.append(json.dumps({"stream": ["x"], "event": event, "payload": payload}))

    @contextmanager
    def connect(self, url: str, http: HttpSession, now: datetime | None, hello: Hello) -> Iterator[Frames]:
        """What `open_socket` does, without a socket: each second without a frame lets the clock go on."""
        request = httpx.Request("GET", url.replace("ws", "http", 1), headers={"user-agent": http.user_agent})
        request.headers.update(hello.headers)
        try:
            response = self.handle(request)
        except httpx.HTTPError as exc:
            raise error_of_exception(request.url.host, exc, http.redact) from None
        if response.status_code != 101:
            raise refused(response.status_code, url, dict(response.headers), b"", http, now)
        self.subscriptions = [json.loads(message) for message in hello.first]
        self.listeners += 1
        try:
            yield self._frames()
        finally:
            self.listeners -= 1

    def _frames(self) -> Frames:
        while True:
            found = self.frames.pop(0) if self.frames else None
            if isinstance(found, SourceError):
                raise found
            if found == "":
                return
            if found is None:
                self.clock.advance(timedelta(seconds=1))
            yield found

    def by_uri(self, uri: str) -> dict[str, Any]:
        return next(status for status in self.statuses.values() if status["uri"] == uri)

    def remove(self, uri: str) -> None:
        """Delete a status; replies to it no longer say what they answer."""
        gone = self.by_uri(uri)
        del self.statuses[int(gone["id"])]
        for status in self.statuses.values():
            if status["in_reply_to_id"] == gone["id"]:
                status["in_reply_to_id"] = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.calls_left is not None:
            limited = self._count(request)
            if limited is not None:
                return limited
        path = request.url.path
        if path == "/api/v2/instance":
            return self._json(self._instance())
        if path == "/api/v1/streaming":
            open_to = self.token is None or request.headers.get("authorization") == f"Bearer {self.token}"
            return httpx.Response(101 if open_to else 401)
        if path == "/api/v1/notifications":
            return self._notified(request)
        if path.startswith("/api/v1/timelines/tag/"):
            return self._json(self._timeline(request.url.params))
        found = re.fullmatch(r"/api/v1/statuses/(\d+)(/context)?", path)
        if not found or int(found[1]) not in self.statuses:
            return httpx.Response(404, json={"error": "Record not found"})
        return self._json(self._context(int(found[1])) if found[2] else self.statuses[int(found[1])])

    def _notified(self, request: httpx.Request) -> httpx.Response:
        assert request.url.params.get_list("types[]") == ["mention"]
        if "authorization" not in request.headers:
            return httpx.Response(401, json={"error": "The access token is invalid"})
        below = int(request.url.params.get("max_id", 10**9))
        found = [entry for entry in self.notifications if int(entry["id"]) < below]
        return self._json(list(reversed(found))[: self.page_size])

    def _count(self, request: httpx.Request) -> httpx.Response | None:
        assert self.calls_left is not None
        now = self.clock.now()
        if self.window_ends is None or now >= self.window_ends:
            self.window_ends, self.calls_left = now + timedelta(minutes=5), 300
        self.calls_left -= 1
        if self.calls_left < 0:
            return httpx.Response(429, json={"error": "Too many requests"})
        return None

    def _json(self, data: object) -> httpx.Response:
        headers = {"content-type": "application/json; charset=utf-8"}
        if self.window_ends is not None:
            headers |= {
                "x-ratelimit-limit": "300",
                "x-ratelimit-remaining": str(self.calls_left),
                "x-ratelimit-reset": self.window_ends.isoformat(timespec="microseconds"),
            }
        return httpx.Response(200, text=json.dumps(data), headers=headers)

    def _instance(self) -> dict[str, Any]:
        configuration: dict[str, Any] = (
            {} if self.feeds is None else {"timelines_access": {"hashtag_feeds": self.feeds}}
        )
        configuration |= {} if self.streaming is None else {"urls": {"streaming": self.streaming}}
        return {"domain": self.host.split("/")[2], "version": self.version, "configuration": configuration}

    def _timeline(self, window: httpx.QueryParams) -> list[Any]:
        if self.feeds == {"local": "disabled", "remote": "disabled"}:
            return []
        ids = sorted(self.statuses)
        low, high = window.get("min_id"), window.get("max_id")
        size = min(int(window.get("limit", 20)), self.page_size)
        if low is not None and not self.ignores_windows:
            above = [i for i in ids if i > int(low)][:size]
            if self.endless and not above:
                above = ids[-size:]
        else:
            below = [i for i in ids if high is None or i < int(high) or self.endless]
            above = below[-size:]
        extra = self.raw_extra if above else []
        return [*(self.statuses[i] for i in reversed(above)), *extra]

    def _context(self, root: int) -> dict[str, Any]:
        ancestors: list[dict[str, Any]] = []
        status = self.statuses[root]
        while status["in_reply_to_id"] and int(status["in_reply_to_id"]) in self.statuses:
            status = self.statuses[int(status["in_reply_to_id"])]
            ancestors.insert(0, status)
        below, descendants = {str(root)}, []
        for local_id in sorted(self.statuses):
            if self.statuses[local_id]["in_reply_to_id"] in below:
                below.add(str(local_id))
                descendants.append(self.statuses[local_id])
        return {"ancestors": ancestors, "descendants": descendants[:60]}

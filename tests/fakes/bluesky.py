"""A fake Bluesky: Jetstream in both versions, and the app's calls for threads, quotes, posts, profiles and search.

The stream is not silent: like the real one it carries other people's posts (one each half minute). A stream is
asked for by an HTTP request, as a WebSocket is, so that the faults of `platform_server` apply to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import httpx

from monitor.collectors.answers import error_of_exception
from monitor.collectors.base import SourceError
from monitor.collectors.http import HttpSession
from monitor.collectors.websocket import Frames, refused
from tests.fakes.platform_server import FakePlatform

API = "https://bsky.example"
V1 = "wss://jetstream.example/subscribe"
V2 = "wss://jetstream.example/xrpc/network.bsky.jetstream.subscribeEvents"
POSTS = "app.bsky.feed.post"
NOISE = timedelta(seconds=30)
MAX_LINE = 4_000_000


@dataclass
class FakeBluesky(FakePlatform):
    """The network. `events` are (when, what) as the stream tells them; `views` the posts that still exist."""

    events: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    raw: list[str] = field(default_factory=list)
    kept: timedelta = timedelta(hours=36)
    tokens: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    depth_shown: int = 1000
    endless: bool = False
    mute: bool = False
    ends_with: str = ""
    made: int = 0

    # --- people

    def add(
        self, text: str, at: datetime, *, parent: str | None = None, did: str = "did:plc:anna", **more: Any
    ) -> str:
        """Somebody posts now, dated `at`."""
        uri = f"at://{did}/{POSTS}/3k{self.made:05}"
        self.made += 1
        record: dict[str, Any] = {"$type": POSTS, "text": text, "createdAt": at.isoformat(), "langs": ["sv-SE"]}
        if parent is not None:
            above = self.views.get(parent, {}).get("record", {}).get("reply", {})
            record["reply"] = {"parent": {"uri": parent}, "root": above.get("root", {"uri": parent})}
        record |= more
        self.views[uri] = {
            "uri": uri,
            "author": {"did": did, "handle": handle_of(did)},
            "record": record,
            "indexedAt": self.clock.now().isoformat(),
        }
        self._tell("create", uri, record)
        return uri

    def edit(self, uri: str, text: str) -> None:
        record = {**self.views[uri]["record"], "text": text}
        self.views[uri]["record"] = record
        self._tell("update", uri, record)

    def remove(self, uri: str, *, told: bool = True) -> None:
        """Delete; the stream may not tell it (an account that is gone)."""
        del self.views[uri]
        if told:
            self._tell("delete", uri, None)

    def _tell(self, operation: str, uri: str, record: dict[str, Any] | None) -> None:
        _, _, did, collection, rkey = uri.split("/")
        event = {"operation": operation, "collection": collection, "rkey": rkey, "rev": "3r", "cid": "bafy"}
        self.events.append((self.clock.now(), {"did": did, **event, **({"record": record} if record else {})}))

    # --- the stream

    @contextmanager
    def connect(self, url: str, http: HttpSession, now: datetime | None) -> Iterator[Frames]:
        """What `open_stream` does, without a socket."""
        request = httpx.Request("GET", url.replace("ws", "http", 1), headers={"user-agent": http.user_agent})
        host, started = request.url.host, self.clock.now()
        try:
            response = self.handle(request)
            if response.status_code != 101:
                raise refused(
                    response.status_code, url, dict(response.headers), b"".join(_some(response)), http, now
                )
            yield self._lines(response, host, started)
        except httpx.HTTPError as exc:
            raise error_of_exception(host, exc, http.redact) from None

    def _lines(self, response: httpx.Response, host: str, started: datetime) -> Frames:
        line = ""
        for part in response.iter_text():
            if self.clock.now() - started > timedelta(seconds=20):
                raise httpx.ReadTimeout("nothing in time")
            *whole, line = (line + part).split("\n")
            yield from whole
            if len(line) > MAX_LINE:
                raise SourceError(f"{host} broke off the stream (1009).", remedy="The next server is tried.")
        if line:
            yield line
        if self.ends_with:
            yield self.ends_with
        while True:
            yield None

    def _frames(self, url: httpx.URL) -> Iterator[bytes]:
        now, cursor = self.clock.now(), url.params.get("cursor")
        since = now if cursor is None else datetime.fromtimestamp(int(cursor) / 1e6, UTC)
        since = max(since, now - self.kept)
        version = 1 if url.path.endswith("/subscribe") else 2
        told = [(at, event) for at, event in self.events if at >= since]
        noise = [] if self.mute else list(self._noise(since, now))
        lines = [self._framed(at, event, version) for at, event in sorted(told + noise, key=lambda pair: pair[0])]
        yield from (f"{line}\n".encode() for line in (*self.raw, *lines))
        if self.endless:
            beyond = self._noise(now, now + timedelta(days=365))
            yield from (f"{self._framed(at, event, version)}\n".encode() for at, event in beyond)

    def _noise(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, dict[str, Any]]]:
        at = datetime.fromtimestamp((since.timestamp() // 30 + 1) * 30, UTC)
        while at <= until:
            record = {"$type": POSTS, "text": "good morning", "createdAt": at.isoformat(), "langs": ["en"]}
            event = {"operation": "create", "collection": POSTS, "rkey": f"n{at:%d%H%M%S}", "record": record}
            yield at, {"did": "did:plc:other", **event}
            at += NOISE

    def _framed(self, at: datetime, event: dict[str, Any], version: int) -> str:
        if version == 1:
            commit = {key: value for key, value in event.items() if key != "did"}
            micros = int(at.timestamp() * 1e6)
            return json.dumps({"did": event["did"], "time_us": micros, "kind": "commit", "commit": commit})
        kind = "network.bsky.jetstream.subscribeEvents#commit"
        payload = {"$type": kind, "seq": 7, "time": at.isoformat(), "witnessedAt": at.isoformat(), **event}
        return json.dumps({"$type": "message", "payload": payload})

    # --- the calls

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path, request.url.params
        if request.url.host == "jetstream.example":
            content: Any = self._frames(request.url) if self.endless else b"".join(self._frames(request.url))
            return httpx.Response(101, content=content)
        answers = {
            "getPosts": self._posts,
            "getPostThread": self._thread,
            "getQuotes": self._quotes,
            "getProfiles": self._profiles,
            "searchPosts": self._search,
            "createSession": self._session,
        }
        return answers[path.rpartition(".")[2]](request, params)

    def _posts(self, request: httpx.Request, params: httpx.QueryParams) -> httpx.Response:
        found = [self.views[uri] for uri in params.get_list("uris") if uri in self.views]
        return httpx.Response(200, json={"posts": found})

    def _profiles(self, request: httpx.Request, params: httpx.QueryParams) -> httpx.Response:
        labels = {did: [{"val": "!no-unauthenticated"}] for did in self.hidden}
        dids = params.get_list("actors")
        found = [
            {"did": did, "handle": handle_of(did), "followersCount": 7, "labels": labels.get(did, [])}
            for did in dids
        ]
        return httpx.Response(200, json={"profiles": found})

    def _thread(self, request: httpx.Request, params: httpx.QueryParams) -> httpx.Response:
        uri = params["uri"]
        if uri not in self.views:
            return httpx.Response(400, json={"error": "NotFound", "message": f"Post not found: {uri}"})
        depth = min(int(params.get("depth", 6)), self.depth_shown)
        return httpx.Response(200, json={"thread": self._node(uri, depth)})

    def _node(self, uri: str, depth: int) -> dict[str, Any]:
        below = [u for u, view in self.views.items() if parent_of(view) == uri]
        shown = [self._node(u, depth - 1) for u in below] if depth > 0 else []
        return {
            "$type": "app.bsky.feed.defs#threadViewPost",
            "post": {**self.views[uri], "replyCount": len(below), "likeCount": 2},
            "replies": [*shown, {"$type": "app.bsky.feed.defs#blockedPost", "uri": "at://x", "blocked": True}],
        }

    def _quotes(self, request: httpx.Request, params: httpx.QueryParams) -> httpx.Response:
        found = [
            view
            for view in self.views.values()
            if view["record"].get("embed", {}).get("record", {}).get("uri") == params["uri"]
        ]
        return httpx.Response(
            200, json={"uri": params["uri"], "posts": found, **({"cursor": "x"} if self.endless else {})}
        )

    def _session(self, request: httpx.Request, params: httpx.QueryParams) -> httpx.Response:
        if json.loads(request.content)["password"] == "wrong":
            return httpx.Response(
                401, json={"error": "AuthenticationRequired", "message": "Invalid identifier or password"}
            )
        self.tokens = [f"access-token-{len(self.requests)}"]
        return httpx.Response(200, json={"accessJwt": self.tokens[0], "refreshJwt": "refresh-token-1", "did": "d"})

    def _search(self, request: httpx.Request, params: httpx.QueryParams) -> httpx.Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            return httpx.Response(403, text="<html>Forbidden</html>", headers={"content-type": "text/html"})
        if token not in self.tokens:
            return httpx.Response(400, json={"error": "ExpiredToken", "message": "Token has expired"})
        word = params["q"].strip('"').lower()
        found = [
            view
            for view in reversed(list(self.views.values()))
            if word in view["record"]["text"].lower() and params["since"] <= view["indexedAt"] < params["until"]
        ]
        start = int(params.get("cursor", "0"))
        more = {"cursor": str(start + 2)} if start + 2 < len(found) else {}
        return httpx.Response(200, json={"posts": found[start : start + 2], **more})


def handle_of(did: str) -> str:
    return f"{did.rpartition(':')[2]}.bsky.social"


def parent_of(view: dict[str, Any]) -> str | None:
    parent: str | None = view["record"].get("reply", {}).get("parent", {}).get("uri")
    return parent


def _some(response: httpx.Response) -> Iterator[bytes]:
    """The start of a refusal's body, as a WebSocket client reads it."""
    yield from islice(response.iter_bytes(), 1)

"""A fake Reddit: login by the app's credentials, lists newest first, trees with what they leave out.

As recorded: `replies` is an empty text where there are none, deleted things keep their place, an unknown subreddit
leads to a search; and an `after` that names a removed entry answers an empty list, as `before` was recorded to do.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx

from tests.fakes.platform_server import FakePlatform

API, LOGIN = "https://oauth.reddit.example", "https://www.reddit.example"
CLIENT = "an-app-id"


@dataclass
class FakeReddit(FakePlatform):
    """Things by full name. A tree shows `shown` comments a level and `depth` levels."""

    secret: str = ""
    page_size: int = 5
    shown: int = 100
    depth: int = 10
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    vanished: set[str] = field(default_factory=set)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False
    logins: int = 0
    token: str = ""
    token_until: datetime | None = None

    def submit(self, title: str, at: datetime, *, subreddit: str = "sweden", **more: Any) -> str:
        return self._add(
            "t3", at, subreddit, {"title": title, "selftext": "", "is_self": True, "num_comments": 0} | more
        )

    def comment(self, text: str, at: datetime, *, parent: str, **more: Any) -> str:
        link = parent if parent.startswith("t3") else self.things[parent]["link_id"]
        subreddit = self.things[link]["subreddit"]
        return self._add("t1", at, subreddit, {"body": text, "parent_id": parent, "link_id": link} | more)

    def _add(self, kind: str, at: datetime, subreddit: str, more: dict[str, Any]) -> str:
        name = f"{kind}_k{len(self.things):04x}"
        data = {"id": name[3:], "name": name, "author": "anna", "author_fullname": "t2_anna", "edited": False}
        data |= {
            "created_utc": at.timestamp(),
            "score": 3,
            "subreddit": subreddit,
            "permalink": f"/r/x/{name[3:]}/",
        }
        self.things[name] = data | more
        return name

    def delete(self, name: str, word: str = "[deleted]") -> None:
        self.things[name] |= {"author": word, "body" if name.startswith("t1") else "selftext": word}
        self.things[name].pop("author_fullname", None)

    def answer(self, request: httpx.Request) -> httpx.Response:
        agent = request.headers.get("user-agent", "")
        if not re.match(r"linux:[\w-]+:v[\d.]+ \(by /u/\w+\)", agent):
            return httpx.Response(429, json={"message": "Too Many Requests", "error": 429})
        path = request.url.path
        if request.url.host == "www.reddit.example":
            return self._login(request)
        expired = self.token_until is None or self.clock.now() >= self.token_until
        if expired or request.headers.get("authorization") != f"Bearer {self.token}":
            told = {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
            return httpx.Response(401, json={"message": "Unauthorized", "error": 401}, headers=told)
        if path == "/api/morechildren":
            return self._more(request)
        params = request.url.params
        if params.get("raw_json") != "1" or int(params.get("limit", "25")) > 500:
            return httpx.Response(400, json={"message": "Bad Request", "error": 400})
        return self._read(path, params)

    def _login(self, request: httpx.Request) -> httpx.Response:
        wanted = b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
        if request.method != "POST" or request.headers.get("authorization") != f"Basic {wanted}":
            return httpx.Response(401, json={"message": "Unauthorized", "error": 401})
        if parse_qs(request.content.decode()) != {"grant_type": ["client_credentials"]}:
            return httpx.Response(200, json={"error": "unsupported_grant_type"})
        self.logins += 1
        self.token, self.token_until = f"bearer-{self.logins}", self.clock.now() + timedelta(days=1)
        return httpx.Response(200, json={"access_token": self.token, "expires_in": 86400, "token_type": "bearer"})

    def _read(self, path: str, params: httpx.QueryParams) -> httpx.Response:
        if path == "/api/info":
            names = [name for name in params["id"].split(",") if name in self.things and name not in self.vanished]
            return self._listing([self._thing(name) for name in names])
        thread = re.fullmatch(r"/comments/(\w+)(?:/_/(\w+))?", path)
        if thread:
            return self._thread(f"t3_{thread[1]}", f"t1_{thread[2]}" if thread[2] else None)
        if path == "/subreddits/search":
            return self._listing([{"kind": "t5", "data": {"name": "t5_x", "display_name": "x"}}])
        if path == "/search":
            words = [word.lower() for word in re.findall(r'"([^"]+)"', params["q"])]
            return self._page("t3", lambda data: any(word in data["title"].lower() for word in words), params)
        found = re.fullmatch(r"/r/([\w+]+)/(new|comments)", path)
        if found is None:
            return httpx.Response(404, json={"message": "Not Found", "error": 404})
        if "finnsinte" in found[1]:
            return httpx.Response(
                302, headers={"location": f"{API}/subreddits/search?q=finnsinte&raw_json=1&limit=1"}
            )
        places = found[1].lower().split("+")
        kind = "t3" if found[2] == "new" else "t1"
        return self._page(kind, lambda data: data["subreddit"].lower() in places, params)

    def _page(self, kind: str, wanted: Any, params: httpx.QueryParams) -> httpx.Response:
        ours = [name for name, data in self.things.items() if name.startswith(kind) and wanted(data)]
        there = sorted((n for n in ours if n not in self.vanished), key=lambda n: -self.things[n]["created_utc"])
        after = params.get("after")
        if after and after not in there:
            return self._listing([])
        start = there.index(after) + 1 if after else 0
        page = there[start : start + self.page_size]
        more = start + self.page_size < len(there)
        if self.endless and not more:
            page, more = page or there[-self.page_size :], bool(there)
        things = [self._thing(name) for name in page]
        return self._listing([*things, *(self.raw_extra if page else [])], page[-1] if more else None)

    def _thread(self, link: str, root: str | None) -> httpx.Response:
        if link not in self.things or link in self.vanished:
            return httpx.Response(404, json={"message": "Not Found", "error": 404})
        top = [self._branch(root, self.depth)] if root else self._below(link, self.depth)
        listings = [{"kind": "Listing", "data": {"children": children}} for children in ([self._thing(link)], top)]
        return httpx.Response(200, json=listings)

    def _below(self, parent: str, depth: int) -> list[dict[str, Any]]:
        names = [name for name, data in self.things.items() if data.get("parent_id") == parent]
        if names and depth == 0:
            return [{"kind": "more", "data": {"id": "_", "count": 0, "children": [], "parent_id": parent}}]
        shown = [self._branch(name, depth - 1) for name in names[: self.shown]]
        left = [name[3:] for name in names[self.shown :]]
        more = {"kind": "more", "data": {"id": "x", "count": len(left), "children": left, "parent_id": parent}}
        return [*shown, *([more] if left else [])]

    def _branch(self, name: str, depth: int) -> dict[str, Any]:
        below = self._below(name, depth)
        replies: object = {"kind": "Listing", "data": {"children": below}} if below else ""
        return {"kind": "t1", "data": self.things[name] | {"replies": replies}}

    def _more(self, request: httpx.Request) -> httpx.Response:
        form = parse_qs(request.content.decode())
        children = form["children"][0].split(",")
        if request.method != "POST" or form["api_type"] != ["json"] or len(children) > 100:
            return httpx.Response(400)
        things = [self._thing(f"t1_{number}") for number in children]
        return httpx.Response(200, json={"json": {"errors": [], "data": {"things": things}}})

    def _thing(self, name: str) -> dict[str, Any]:
        return {
            "kind": name[:2],
            "data": {"replies": "", **self.things[name]} if name[1] == "1" else self.things[name],
        }

    def _listing(self, children: list[Any], after: str | None = None) -> httpx.Response:
        headers = {"x-ratelimit-remaining": "995.0", "x-ratelimit-used": "5", "x-ratelimit-reset": "300"}
        body = {"kind": "Listing", "data": {"children": children, "after": after, "before": None}}
        return httpx.Response(200, json=body, headers=headers)

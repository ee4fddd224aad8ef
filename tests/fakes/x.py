"""A fake X API v2: strict about token, parameters, reach of seven days and page sizes; it adds up what it costs.

As documented: `data` absent where there is nothing, ids with the time inside, `next_token` with the same
`since_id`, partial `errors` for posts that are gone, a new id for each edit, users as separate objects.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from monitor.collectors.times import parse_time
from monitor.collectors.x_post import id_at, time_of
from tests.fakes.platform_server import FakePlatform

API = "https://x.example"
_PAGED = {"max_results", "tweet.fields", "expansions", "user.fields", "since_id", "start_time"}
_ALLOWED = {
    "tweets/search/recent": _PAGED | {"query", "next_token"},
    "tweets/counts/recent": {"query", "granularity", "start_time", "end_time", "next_token"},
    "tweets": {"ids", "tweet.fields"},
    "users/42/mentions": _PAGED | {"pagination_token"},
}
_STEP = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_NO_POST = "https://api.twitter.com/2/problems/resource-not-found"
_HIDDEN = "https://api.twitter.com/2/problems/not-authorized-for-resource"


@dataclass
class FakeX(FakePlatform):
    """Posts by id. `dollars` is what a bill would say; `counted` and `read` how often either was asked for."""

    token: str = ""
    page_size: int = 5
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False
    dollars: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    _paid: set[tuple[object, str]] = field(default_factory=set)

    def add(self, text: str, at: datetime, *, author: str = "7", parent: str | None = None, **more: Any) -> str:
        number = str(int(id_at(at)) + len(self.posts) + 1)
        root = self.posts[parent]["conversation_id"] if parent in self.posts else parent or number
        post: dict[str, Any] = {"id": number, "text": text, "author_id": author, "conversation_id": root}
        post |= {"edit_history_tweet_ids": [number], "lang": "sv", "created_at": stamp(at)}
        counts = {"reply_count": 1, "retweet_count": 2, "quote_count": 3, "like_count": 4, "impression_count": 500}
        post |= {"public_metrics": counts}
        post |= {"referenced_tweets": [{"type": "replied_to", "id": parent}]} if parent else {}
        self.posts[number] = post | more
        return number

    def edit(self, number: str, text: str, at: datetime) -> str:
        """A post of its own; the old one stays as it was, and both know all versions."""
        later = self.add(text, at)
        versions = [*self.posts[number]["edit_history_tweet_ids"], later]
        self.posts[later] |= {"conversation_id": number}
        for one in versions:
            self.posts[one]["edit_history_tweet_ids"] = versions
        return later

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path.removeprefix("/2/"), request.url.params
        self.calls[path] += 1
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return problem(401, "Unauthorized", "about:blank")
        wrong = set(params) - _ALLOWED.get(path, set())
        if path not in _ALLOWED or wrong or len(params.get("query", "")) > 512:
            return problem(400, f"Invalid Request {sorted(wrong)}")
        earliest = self.clock.now() - timedelta(days=7)
        since, start = params.get("since_id"), parse_time(params.get("start_time"))
        if (since and time_of(since) < earliest) or (start and start < earliest):
            return problem(400, "'since_id' must be a tweet id created after seven days ago")
        if path == "tweets":
            return self._look_up(params["ids"].split(","))
        if path == "tweets/counts/recent":
            return self._counts(params)
        return self._list(path, params)

    def _found(self, query: str) -> list[dict[str, Any]]:
        thread = re.search(r"conversation_id:(\d+)", query)
        words = re.findall(r'"([^"]+)"|([\w@#]+)', query.split(")")[0])
        terms = [(quoted or plain).lower() for quoted, plain in words if (quoted or plain) != "OR"]
        latest = {post["edit_history_tweet_ids"][-1] for post in self.posts.values()}
        return [
            post
            for number, post in self.posts.items()
            if number not in self.gone
            and number in latest
            and (
                (post["conversation_id"] == thread[1] and number != thread[1])
                if thread
                else any(term in post["text"].lower() for term in terms)
            )
        ]

    def _list(self, path: str, params: httpx.QueryParams) -> httpx.Response:
        if not 10 <= int(params.get("max_results", "10")) <= 100:
            return problem(400, "max_results must be between 10 and 100")
        found = self._found(params.get("query", "nordtåg"))
        floor = int(params.get("since_id") or id_at(parse_time(params.get("start_time")) or time_of("0")))
        found = sorted((post for post in found if int(post["id"]) > floor), key=lambda post: -int(post["id"]))
        token = "next_token" if path.startswith("tweets") else "pagination_token"
        start, size = int(params.get(token, "0")), min(self.page_size, int(params.get("max_results", "10")))
        page = found[start : start + size]
        if self.endless and not page:
            page = found[-size:]
        more = start + size < len(found) or self.endless
        users = {post["author_id"] for post in page} if "expansions" in params else set()
        self._charge(0.001 if path.startswith("users") else 0.005, [post["id"] for post in page])
        self._charge(0.010, [f"user {user}" for user in users])
        meta: dict[str, Any] = {"result_count": len(page)} | ({"next_token": str(start + size)} if more else {})
        if not page:
            return httpx.Response(200, json={"meta": meta})
        body: dict[str, Any] = {"data": [*page, *self.raw_extra], "meta": meta | {"newest_id": page[0]["id"]}}
        people = [self._user(user) for user in sorted(users) if user != "999"]
        return httpx.Response(200, json=body | ({"includes": {"users": people}} if people else {}))

    def _user(self, number: str) -> dict[str, Any]:
        return {"id": number, "username": f"resande{number}", "public_metrics": {"followers_count": 120}}

    def _counts(self, params: httpx.QueryParams) -> httpx.Response:
        self.dollars += 0.005
        step = _STEP[params["granularity"]]
        at = parse_time(params.get("start_time")) or self.clock.now() - timedelta(days=7)
        end = parse_time(params.get("end_time")) or self.clock.now() - timedelta(seconds=30)
        times = [time_of(post["id"]) for post in self._found(params["query"])]
        rows = []
        while at < end:
            until = min(at + step, end)
            count = sum(at <= time < until for time in times)
            rows.append({"start": stamp(at), "end": stamp(until), "tweet_count": count})
            at = until
        total = sum(int(str(row["tweet_count"])) for row in rows)
        return httpx.Response(200, json={"data": rows, "meta": {"total_tweet_count": total}})

    def _look_up(self, ids: list[str]) -> httpx.Response:
        there = [self.posts[number] for number in ids if number in self.posts and number not in self.gone]
        self._charge(0.005, [post["id"] for post in there])
        lost = [number for number in ids if number not in self.posts or number in self.gone]
        kinds = {number: _HIDDEN if self.gone.get(number) == "protected" else _NO_POST for number in lost}
        errors = [{"resource_id": number, "value": number, "type": kind} for number, kind in kinds.items()]
        return httpx.Response(
            200, json=({"data": there} if there else {}) | ({"errors": errors} if errors else {})
        )

    def _charge(self, price: float, resources: list[str]) -> None:
        """The same resource is free again within a UTC day."""
        new = {(self.clock.now().date(), resource) for resource in resources} - self._paid
        self._paid |= new
        self.dollars += price * len(new)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def problem(
    code: int, title: str, kind: str = "https://api.twitter.com/2/problems/invalid-request"
) -> httpx.Response:
    return httpx.Response(code, json={"title": title, "detail": title, "type": kind, "status": code})

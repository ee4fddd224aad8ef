"""A fake YouTube Data API: strict about keys, parameters and their limits, and counting units and searches.

As documented: errors with reasons, threads newest first with some of their replies, a reply that does not move its
thread, counts of videos as text, silence about what is gone in lists by id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.fakes.platform_server import FakePlatform

API = "https://youtube.example"
CHANNEL, OTHER = "UCnordtag", "UCanybody"
_ALLOWED = {
    "commentThreads": {
        "part", "key", "order", "maxResults", "textFormat", "pageToken", "videoId", "allThreadsRelatedToChannelId",
    },
    "comments": {"part", "key", "maxResults", "textFormat", "pageToken", "parentId", "id"},
    "videos": {"part", "key", "id", "chart", "maxResults"},
    "search": {
        "part", "key", "type", "order", "q", "publishedAfter", "regionCode", "maxResults", "pageToken",
    },
}  # fmt: skip
_MOST = {"commentThreads": 100, "comments": 100, "videos": 50, "search": 50}


@dataclass
class FakeYouTube(FakePlatform):
    """Videos and comments. `sent_along` replies come with their thread."""

    page_size: int = 5
    key: str = ""
    sent_along: int = 2
    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, dict[str, Any]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False
    units: int = 0
    searches: int = 0
    _answers: dict[str, list[str]] = field(default_factory=dict)

    def film(self, title: str, at: datetime, *, channel: str = OTHER, description: str = "") -> str:
        number = f"vid{len(self.videos):08d}"
        self.videos[number] = {"title": title, "description": description, "at": at, "channel": channel}
        return number

    def comment(self, text: str, at: datetime, *, video: str, parent: str | None = None) -> str:
        number = f"Ug{len(self.comments):010d}"
        number = f"{parent}.{number}" if parent else number
        self.comments[number] = {"text": text, "at": at, "updated": at, "video": video, "parent": parent}
        self._answers.setdefault(parent or "", []).append(number)
        return number

    def below(self, thread: str) -> list[str]:
        found = [number for number in self._answers.get(thread, []) if number in self.comments]
        return sorted(found, key=lambda number: str(self.comments[number]["at"]))

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path.removeprefix("/youtube/v3/"), request.url.params
        if path == "search":
            self.searches += 1
        else:
            self.units += 1
        if params.get("key") != self.key:
            return error(400, "badRequest" if "key" in params else "keyInvalid", "API key not valid.")
        wrong = set(params) - _ALLOWED.get(path, set())
        if path not in _ALLOWED or wrong or "part" not in params or int(params.get("maxResults", 5)) > _MOST[path]:
            return error(400, "invalidParameter", f"Invalid: {path} {sorted(wrong)}")
        if len(params.get("id", "").split(",")) > 50:
            return error(400, "invalidFilters", "too many ids")
        return getattr(self, f"_{path}")(params)  # type: ignore[no-any-return]

    def _videos(self, params: httpx.QueryParams) -> httpx.Response:
        ids = list(self.videos)[:1] if "chart" in params else params["id"].split(",")
        return listing("video", [self._video(number) for number in ids if number in self.videos])

    def _video(self, number: str) -> dict[str, Any]:
        video = self.videos[number]
        count = sum(comment["video"] == number for comment in self.comments.values())
        snippet = {"publishedAt": iso(video["at"]), "channelId": video["channel"], "title": video["title"]}
        snippet |= {"description": video["description"], "channelTitle": "Resande", "defaultAudioLanguage": "sv"}
        statistics = {"viewCount": "1200", "likeCount": "7", "commentCount": str(count)}
        return {"kind": "youtube#video", "id": number, "snippet": snippet, "statistics": statistics}

    def _search(self, params: httpx.QueryParams) -> httpx.Response:
        words = [word.strip('"').lower() for word in params["q"].split("|")]
        found = [
            number
            for number, video in self.videos.items()
            if any(word in f"{video['title']} {video['description']}".lower() for word in words)
            and iso(video["at"]) >= params["publishedAfter"]
        ]
        found.sort(key=lambda number: str(self.videos[number]["at"]), reverse=True)
        hits = [
            {
                "kind": "youtube#searchResult",
                "id": {"kind": "youtube#video", "videoId": number},
                "snippet": {"publishedAt": iso(self.videos[number]["at"]), "title": "Tom &amp; Jerry"},
            }
            for number in found
        ]
        return self._paged("searchList", hits, params)

    def _commentThreads(self, params: httpx.QueryParams) -> httpx.Response:
        video, channel = params.get("videoId"), params.get("allThreadsRelatedToChannelId")
        if video is not None and video not in self.videos:
            return error(404, "videoNotFound", "The video cannot be found.")
        if video in self.closed:
            return error(403, "commentsDisabled", "The video has disabled comments.")
        if channel is not None and channel != CHANNEL:
            return error(404, "channelNotFound", "The channel cannot be found.")
        of_channel = {number for number, found in self.videos.items() if found["channel"] == channel}
        tops = [
            number
            for number, comment in self.comments.items()
            if not comment["parent"] and (comment["video"] == video or comment["video"] in of_channel)
        ]
        tops.sort(key=lambda number: (self.comments[number]["at"], number), reverse=True)
        return self._paged("commentThreadList", [self._thread(number) for number in tops], params)

    def _thread(self, number: str) -> dict[str, Any]:
        below = self.below(number)
        sent = [self._comment(one) for one in below[: self.sent_along]]
        snippet: dict[str, Any] = {
            "videoId": self.comments[number]["video"],
            "topLevelComment": self._comment(number),
        }
        snippet |= {"totalReplyCount": len(below)}
        thread: dict[str, Any] = {"kind": "youtube#commentThread", "id": number, "snippet": snippet}
        return thread | ({"replies": {"comments": sent}} if sent else {})

    def _comment(self, number: str, *, by_id: bool = False) -> dict[str, Any]:
        comment = self.comments[number]
        snippet = {"authorDisplayName": "@anna", "authorChannelId": {"value": "UCanna"}, "likeCount": 3}
        snippet |= {"textDisplay": comment["text"], "textOriginal": comment["text"]}
        snippet |= {"publishedAt": iso(comment["at"]), "updatedAt": iso(comment["updated"])}
        snippet |= {"parentId": comment["parent"]} if comment["parent"] else {}
        snippet |= {} if by_id else {"videoId": comment["video"]}
        return {"kind": "youtube#comment", "id": number, "snippet": snippet}

    def _comments(self, params: httpx.QueryParams) -> httpx.Response:
        if "parentId" in params:
            below = [self._comment(number, by_id=True) for number in self.below(params["parentId"])]
            return self._paged("commentList", below, params, size=3)
        found = [number for number in params["id"].split(",") if number in self.comments]
        return listing("comment", [self._comment(number, by_id=True) for number in found])

    def _paged(
        self, kind: str, items: list[dict[str, Any]], params: httpx.QueryParams, size: int | None = None
    ) -> httpx.Response:
        start, size = int(params.get("pageToken", "0")), size or self.page_size
        page: list[Any] = items[start : start + size]
        more = start + size < len(items)
        if self.endless and not more:
            page, more = page or items[-size:], True
        extra = self.raw_extra if page and kind == "commentThreadList" else []
        return listing(kind, [*page, *extra], str(start + size) if more else None)


def listing(kind: str, items: list[Any], token: str | None = None) -> httpx.Response:
    body = {"kind": f"youtube#{kind}Response", "pageInfo": {"totalResults": 1_000_000}, "items": items}
    return httpx.Response(200, json=body | ({"nextPageToken": token} if token else {}))


def error(code: int, reason: str, message: str) -> httpx.Response:
    errors = [{"domain": "youtube.common", "reason": reason, "message": message}]
    return httpx.Response(code, json={"error": {"code": code, "message": message, "errors": errors}})


def iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

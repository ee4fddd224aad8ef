"""A fake Instagram account: its media, comments with replies, tags, hashtags, and mentions told by number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.fakes.facebook import stamp
from tests.fakes.graph import FakeGraph, GraphRefusal, gone, pick

ACCOUNT = "17841400000000001"
_MEDIA = ("id", "caption", "timestamp", "permalink", "username", "comments_count", "like_count")
_FOUND = tuple(name for name in _MEDIA if name != "username")  # by a hashtag nobody is named
_REPLY = ("id", "text", "timestamp", "username", "like_count")
_COMMENT = (*_REPLY, "parent_id", "replies", "media")


@dataclass
class FakeInstagram(FakeGraph):
    """One account. `media` and `comments` by number; `lists` says where media of others are shown."""

    media: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: dict[str, set[str]] = field(default_factory=dict)
    hashtags: dict[str, str] = field(default_factory=dict)
    searched: list[str] = field(default_factory=list)
    raw_extra: list[Any] = field(default_factory=list)
    account_id: str = ACCOUNT
    replies_at_once: int = 3

    # --- what people do

    def add_media(self, caption: str | None, at: datetime, *, where: str = "media", by: str = "anna") -> str:
        number = str(18_000_000 + len(self.lists))
        self.media[number] = {
            "id": number,
            "caption": caption,
            "timestamp": stamp(at),
            "permalink": f"https://www.instagram.com/p/{number}/",
            "username": by,
            "like_count": 5,
        }
        self.lists[number] = {where}
        return number

    def add_comment(
        self, media: str, text: str, at: datetime, *, parent: str | None = None, by: str = "bo"
    ) -> str:
        number = str(17_900_000 + len(self.comments))
        self.comments[number] = {
            "id": number,
            "on": media,
            "text": text,
            "timestamp": stamp(at),
            "username": by,
            "like_count": 0,
            "parent_id": parent,
            "media": {"id": media},
        }
        return number

    def remove(self, number: str) -> None:
        """Gone, with everything under it."""
        for comment in [c for c in self.comments.values() if number in (c["on"], c["parent_id"])]:
            del self.comments[comment["id"]]
        self.media.pop(number, None)
        self.comments.pop(number, None)

    # --- what is answered

    def find(self, path: str, params: Mapping[str, str]) -> Any:
        if path == "/ig_hashtag_search":
            return self._search(params)
        found = re.fullmatch(r"/(\d+)(?:/(\w+))?", path)
        if not found:
            raise GraphRefusal(2500, f"Unknown path components: {path}")
        number, edge = found[1], found[2]
        if number == self.account_id:
            return self._account(edge, params)
        if edge == "recent_media":
            assert params["user_id"] == self.account_id
            tag = next(tag for tag, i in self.hashtags.items() if i == number)
            return self._list(number, edge, tag, {k: v for k, v in params.items() if k != "user_id"}, _FOUND)
        return self._thing(number, edge, params)

    def _account(self, edge: str | None, params: Mapping[str, str]) -> Any:
        if edge == "recently_searched_hashtags":
            shown = [{"id": self.hashtags[tag], "name": tag} for tag in self.searched]
            return self.paged("", shown, params, lambda tag: pick(tag, params["fields"], ("id", "name"), "Tag"))
        if edge is not None:
            assert edge in ("media", "tags"), edge
            return self._list(self.account_id, edge, edge, params, _MEDIA)
        mentioned = re.fullmatch(r"(mentioned_\w+)\.(\w+)\((\d+)\)\{(.*)\}", params["fields"])
        if not mentioned:
            return pick(
                {"id": self.account_id, "username": "nordtag"}, params["fields"], ("id", "username"), "User"
            )
        kind, number, fields = mentioned[1], mentioned[3], mentioned[4]
        assert (kind, mentioned[2]) in (("mentioned_comment", "comment_id"), ("mentioned_media", "media_id"))
        things, known = (self.comments, _COMMENT) if kind == "mentioned_comment" else (self.media, _MEDIA)
        if number not in things:
            raise gone(number)
        return {kind: pick(things[number], fields, known, kind), "id": self.account_id}

    def _thing(self, number: str, edge: str | None, params: Mapping[str, str]) -> Any:
        if number in self.media and "media" in self.lists[number]:
            if edge == "comments":
                return self._comments(number, params)
            assert edge is None, edge
            return pick(self._counted(self.media[number]), params["fields"], _MEDIA, "Media")
        if number not in self.comments or self.comments[number]["on"] not in self.media:
            raise gone(number)  # others' media are gone for us, too
        if edge == "replies":
            return self._replies(number, params)
        assert edge is None, edge
        return pick(self.comments[number], params["fields"], _COMMENT, "Comment")

    def _list(self, owner: str, edge: str, where: str, params: Mapping[str, str], known: tuple[str, ...]) -> Any:
        assert params.keys() <= {"fields", "limit", "after"}, params
        listed = [item for number, item in self.media.items() if where in self.lists[number]]
        listed.sort(key=lambda item: item["timestamp"], reverse=True)
        items = [self._counted(item) for item in listed]
        items[1:1] = self.raw_extra if items and edge == "tags" else []
        url = f"{self.version}/{owner}/{edge}"
        return self.paged(url, items, params, lambda item: pick(item, params["fields"], known, "Media"), most=50)

    def _counted(self, item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "comments_count": sum(c["on"] == item["id"] for c in self.comments.values())}

    def _comments(self, media: str, params: Mapping[str, str]) -> Any:
        """Those at the top, in no order of time; the first replies inside."""
        assert params.keys() <= {"fields", "limit", "after"}, params
        found = [c for c in self.comments.values() if c["on"] == media and c["parent_id"] is None]
        found.sort(key=lambda comment: int(comment["id"]) * 7 % 11)
        url = f"{self.version}/{media}/comments"
        return self.paged(
            url, [self._with_replies(c) for c in found], params, lambda c: self._shown(c, params), most=50
        )

    def _shown(self, comment: dict[str, Any], params: Mapping[str, str]) -> Any:
        return pick(comment, params["fields"], _COMMENT, "Comment")

    def _with_replies(self, comment: dict[str, Any]) -> dict[str, Any]:
        below = [pick(c, ",".join(_REPLY), _REPLY, "Reply") for c in self._below(comment["id"])]
        if not below:
            return comment
        more = len(below) > self.replies_at_once
        paging = {"paging": {"next": f"https://graph.example/{comment['id']}/replies"}} if more else {}
        return {**comment, "replies": {"data": below[: self.replies_at_once], **paging}}

    def _replies(self, number: str, params: Mapping[str, str]) -> Any:
        assert params.keys() <= {"fields", "limit", "after"}, params
        url = f"{self.version}/{number}/replies"
        return self.paged(url, self._below(number), params, lambda c: pick(c, params["fields"], _REPLY, "Reply"))

    def _below(self, number: str) -> list[dict[str, Any]]:
        return [comment for comment in self.comments.values() if comment["parent_id"] == number]

    def _search(self, params: Mapping[str, str]) -> Any:
        assert params.keys() <= {"user_id", "q", "fields", "limit"}, params
        assert params["user_id"] == self.account_id
        tag = params["q"]
        if tag not in self.hashtags:
            raise GraphRefusal(24, "The requested resource does not exist", subcode=2207024)
        if tag not in self.searched and len(self.searched) >= 30:
            raise GraphRefusal(18, "(#18) Reached max number of hashtags", subcode=2207034)
        self.searched += [] if tag in self.searched else [tag]
        return {"data": [{"id": self.hashtags[tag]}]}

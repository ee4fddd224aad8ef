"""Pages of YouTube's API as mentions: comment threads with their replies, videos, hits of a search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.collectors.base import Batch, SourceError
from monitor.collectors.times import parse_time
from monitor.collectors.walks import Page
from monitor.collectors.youtube_api import NothingThereError, YouTubeApi
from monitor.collectors.youtube_post import COMMENT, PLATFORM, VIDEO, comment_of, video_of, whole
from monitor.mention import Mention, Refusal, Removal

IDS_A_CALL = 50
PER_PAGE = 100
REPLY_PAGES = 5
_REMEMBERED = 500

Item = Mapping[str, Any]
RepliesRead = dict[str, int]
"""Thread → how many replies it had when they were read as a whole."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Reads pages for one source. Every method raises SourceError."""

    api: YouTubeApi
    source: str
    language: str | None

    def threads(self, where: Mapping[str, str], token: str | None, read: RepliesRead) -> Page:
        """A page of comment threads of a channel or a video, the newest first. Raises NothingThereError, too.

        All replies of a thread are read where there are more than were sent along and their number moved; `read`
        is brought up to date.
        """
        asked = {"part": "snippet,replies", "order": "time", "maxResults": PER_PAGE, "textFormat": "plainText"}
        items, following = self.api.read("commentThreads", {**asked, **where, **_paged(token)})
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        moved: RepliesRead = {}
        for item in items:
            video = where.get("videoId") or _video_in(item)
            tops, wrong = self._made([item], lambda one, video=video: self._top(one, video))  # type: ignore[misc]
            below, wrong_below = self._made(self._below(item, read, moved) if tops else (), self._comment(video))
            mentions += [*tops, *below]
            refusals += [*wrong, *wrong_below]
        _remember(read, moved)
        times = [
            made.created_at for made in mentions if made.created_at and made.parent_id in (None, made.thread_id)
        ]
        return Page(tuple(mentions), following, max(times, default=None), refusals=tuple(refusals))

    def videos(self, ids: Sequence[str]) -> tuple[dict[str, Mention], list[Refusal]]:
        """Videos by id; those that are gone are not among them."""
        items, _ = self.api.read("videos", {"part": "snippet,statistics", "id": ",".join(ids)})
        made, refusals = self._made(items, lambda item: video_of(item, self.source, self.language))
        return {video.global_id.removeprefix(VIDEO): video for video in made}, refusals

    def hits(self, query: str, after: str, region: str, token: str | None) -> Page:
        """A page of a search as whole videos, the newest first."""
        asked = {"part": "snippet", "type": "video", "order": "date", "q": query, "publishedAfter": after}
        where = {"regionCode": region} if region else {}
        items, following = self.api.read("search", {**asked, **where, "maxResults": IDS_A_CALL, **_paged(token)})
        ids = [number for item in items if (number := _hit_id(item)) is not None]
        found, refusals = self.videos(ids) if ids else ({}, [])
        dated = [at for item in items if (at := _published(item)) is not None]
        return Page(tuple(found.values()), following, max(dated, default=None), refusals=tuple(refusals))

    def comments(self, ids: Sequence[str]) -> Batch:
        """Comments by id, and the removals of those that are gone."""
        try:
            asked = {"part": "snippet", "textFormat": "plainText", "id": ",".join(ids)}
            items, _ = self.api.read("comments", asked)
        except NothingThereError:
            if len(ids) > 1:  # one that is gone may hide the others
                return _together(self.comments(ids[: len(ids) // 2]), self.comments(ids[len(ids) // 2 :]))
            items = []
        made, refusals = self._made(items, self._comment(None))
        there = {str(item.get("id")) for item in items}
        gone = tuple(Removal(PLATFORM, COMMENT + number) for number in ids if number not in there)
        return Batch(tuple(made), removals=gone, refusals=tuple(refusals))

    def _top(self, item: Item, video: str | None) -> Mention:
        snippet = item["snippet"]
        total = whole(snippet.get("totalReplyCount"))
        return comment_of(snippet["topLevelComment"], self.source, self.language, video=video, replies=total)

    def _comment(self, video: str | None) -> Callable[[Item], Mention]:
        return lambda item: comment_of(item, self.source, self.language, video=video)

    def _below(self, item: Item, read: RepliesRead, moved: RepliesRead) -> Sequence[Item]:
        """A thread's replies: those that were sent along, or all where there are more and unread ones."""
        total = whole(item["snippet"].get("totalReplyCount")) or 0
        replies = item.get("replies")
        told = replies.get("comments") if isinstance(replies, Mapping) else None
        sent = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
        number = str(item["snippet"]["topLevelComment"].get("id"))
        if total <= len(sent) or read.get(number) == total:
            return sent
        try:
            found = list(self._replies(number))
        except SourceError as exc:
            if not exc.pause:
                raise
            return sent  # the day's share is used up: read them later
        moved[number] = total
        return found

    def _replies(self, thread: str) -> Iterator[Item]:
        asked = {"part": "snippet", "parentId": thread, "maxResults": PER_PAGE, "textFormat": "plainText"}
        token: str | None = None
        for _ in range(REPLY_PAGES):
            try:
                items, token = self.api.read("comments", {**asked, **_paged(token)})
            except NothingThereError:
                return
            yield from items
            if token is None:
                return

    def _made(self, items: Iterable[Item], make: Callable[[Item], Mention]) -> tuple[list[Mention], list[Refusal]]:
        """What could be understood, and what not."""
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for item in items:
            try:
                mentions.append(make(item))
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                where = f"YouTube item {str(item.get('id'))[:40]}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
        return mentions, refusals


def _paged(token: str | None) -> dict[str, str]:
    return {"pageToken": token} if token else {}


def _remember(read: RepliesRead, moved: RepliesRead) -> None:
    for number, total in moved.items():
        read.pop(number, None)
        read[number] = total
    for old in list(read)[:-_REMEMBERED]:
        del read[old]


def _video_in(item: Item) -> str | None:
    snippet = item.get("snippet")
    video = snippet.get("videoId") if isinstance(snippet, Mapping) else None
    return video if isinstance(video, str) else None


def _published(item: Item) -> datetime | None:
    snippet = item.get("snippet")
    return parse_time(snippet.get("publishedAt")) if isinstance(snippet, Mapping) else None


def _hit_id(item: Item) -> str | None:
    found = item.get("id")
    video = found.get("videoId") if isinstance(found, Mapping) else None
    return video if isinstance(video, str) else None


def _together(one: Batch, other: Batch) -> Batch:
    return Batch(
        (*one.mentions, *other.mentions),
        removals=(*one.removals, *other.removals),
        refusals=(*one.refusals, *other.refusals),
    )

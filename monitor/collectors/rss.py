"""RSS and Atom feeds: news sites, blogs, status pages, searches. The whole feed is read each time it changed.

Cursor a feed: `etag`, `last_modified`, `moved_to`, `faults` (what was reported of the feed itself), and
`seen`: for each id [content, link] hashes, so that only new and changed entries are handed on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar, Literal

import httpx
from pydantic import Field

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceOptions
from monitor.collectors.feed_entries import Feed, FeedEntry, read_feed
from monitor.collectors.http import Answer, HttpSession, Validators
from monitor.collectors.targets import State, read_targets
from monitor.collectors.times import dated
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration
from monitor.mention import Mention, MentionKind, Refusal

MAX_BYTES = 5_000_000
KEPT_ENTRIES = 1_000  # of those that have left the feed: some feeds drop entries and bring them back
_GONE = timedelta(days=1)


class RssOptions(SourceOptions):
    """Feeds that are read together. `kind: news` says that it is the press."""

    type: Literal["rss"] = "rss"
    urls: tuple[WebAddress, ...] = Field(min_length=1, description="addresses of RSS or Atom feeds")
    kind: Literal["news", "article", "post", "comment", "review"] = Field(
        "article", description="what the entries are; `news` is the press and weighs more"
    )
    every: Duration = Field(timedelta(minutes=5), ge=timedelta(seconds=10), description="how often they are asked")

    def default_name(self) -> str:
        """`rss` and the first feed's host."""
        return f"rss {self.urls[0].split('/')[2]}"


class RssCollector(BaseCollector):
    """Reads feeds by conditional GET."""

    type_name = "rss"
    Options = RssOptions
    verified = True
    fastest: ClassVar[timedelta] = timedelta(minutes=1)

    def __init__(self, options: RssOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """What is new or changed in each feed. Raises SourceError."""

        def read(url: str, state: State) -> Iterator[Batch]:
            return self._read(url, state, context)

        return read_targets(cursor, self.options.urls, context, read)

    def check(self) -> str:
        """Read every feed once and say what is in them. Raises SourceError."""
        feeds = [read_feed(self._fetch(url, {})) for url in self.options.urls]
        entries = sum(len(feed.entries) for feed in feeds)
        newest = max((e.created_at for feed in feeds for e in feed.entries if e.created_at), default=None)
        when = f", the newest of {newest:%Y-%m-%d %H:%M} UTC" if newest else ""
        return f"{len(feeds)} feed(s) with {entries} entries{when}."

    def _read(self, url: str, state: State, context: CollectContext) -> Iterator[Batch]:
        answer = self._fetch(url, state)
        notices = _notices(url, answer, state)
        moved = {"moved_to": answer.moved_to or state.get("moved_to")}
        if answer.status == 304:
            yield Batch(refusals=notices, cursor={**state, **moved})
            return
        feed = read_feed(answer)
        seen = _Seen(state.get("seen"))
        mentions, refusals = self._mentions(url, feed, seen, context)
        # A feed that is cut off or broken is read again in full next time; so is one whose entries' day may come.
        asked_again = {} if feed.broken or refusals else _validators(answer)
        faults = feed.faults()
        new_faults = tuple(Refusal(url, told) for told in faults if told not in (state.get("faults") or ()))
        cursor = {"seen": seen.kept(), "faults": faults, **moved, **asked_again}
        yield Batch(mentions, refusals=(*notices, *new_faults, *refusals), cursor=cursor)

    def _fetch(self, url: str, state: State) -> Answer:
        moved = state.get("moved_to")
        validators = Validators(str(state.get("etag") or ""), str(state.get("last_modified") or ""))
        answer = self.http.get(
            moved or url,
            headers={"Accept": "application/rss+xml, application/atom+xml, */*;q=0.5", **validators.headers()},
            also_ok=(304, 410),
            from_content=bool(moved) and httpx.URL(str(moved)).host != httpx.URL(url).host,
            max_bytes=MAX_BYTES,
        )
        if answer.status == 410:
            raise answer.error(
                "says that the feed is gone for good (410).",
                remedy=f"Take {url} out of the config.",
                permanent=True,
                retry_after=_GONE,
            )
        return answer

    def _mentions(
        self, url: str, feed: Feed, seen: _Seen, context: CollectContext
    ) -> tuple[tuple[Mention, ...], tuple[Refusal, ...]]:
        host = url.split("/")[2]
        mentions, refusals = [], []
        for entry in feed.entries:
            own_id = entry.global_id(host)
            try:
                dated(entry.created_at, context.now)
            except ValueError as exc:  # not noted as seen: an article of next week is taken when its day comes
                refusals.append(Refusal(own_id, f"cannot be understood: {exc}"))
                continue
            named = seen.name(entry, own_id)
            if named is not None:
                mentions.append(self._mention(named[0], entry, feed, edited=named[1], context=context))
        return tuple(mentions), tuple(refusals)

    def _mention(
        self, global_id: str, entry: FeedEntry, feed: Feed, *, edited: bool, context: CollectContext
    ) -> Mention:
        return Mention(
            platform="rss",
            global_id=global_id,
            source=self.source,
            text=entry.text,
            created_at=entry.created_at,
            kind=MentionKind(self.options.kind),
            url=entry.link or None,
            author=entry.author or None,
            author_handles=(entry.author,) if entry.author else (),
            language=self.options.language or feed.language,
            brands=(self.options.brand,) if self.options.brand else (),
            edited_at=context.now if edited else None,
            extra_text=entry.extra,
        )


def _validators(answer: Answer) -> dict[str, str]:
    found = Validators.of(answer)
    return {"etag": found.etag, "last_modified": found.last_modified}


def _notices(url: str, answer: Answer, state: State) -> tuple[Refusal, ...]:
    if answer.moved_to is None or answer.moved_to == state.get("moved_to"):
        return ()
    return (Refusal(url, f"the feed moved for good to {answer.moved_to}: put that address into the config"),)


class _Seen:
    """What is known of a feed's entries: id → [hash of title and text, of the title, of the link, of the date]."""

    def __init__(self, state: object) -> None:
        self._old: dict[str, list[str]] = {}
        if isinstance(state, Mapping):
            self._old = {str(k): list(v) for k, v in state.items() if isinstance(v, list) and len(v) == 4}
        self._now: dict[str, list[str]] = {}
        self._by_link: dict[str, list[tuple[str, list[str]]]] = {}
        for global_id, marks in self._old.items():
            self._by_link.setdefault(marks[2], []).append((global_id, marks))

    def name(self, entry: FeedEntry, global_id: str) -> tuple[str, bool] | None:
        """The id under which to hand an entry on, and whether it is an edit; None when it is known unchanged."""
        marks = _marks(entry)
        global_id = self._same_article(global_id, marks) or self._not_reused(global_id, marks)
        before = self._now.get(global_id) or self._old.get(global_id)
        self._now[global_id] = marks
        if before is not None and before[0] == marks[0]:
            return None
        return global_id, before is not None

    def _same_article(self, global_id: str, marks: list[str]) -> str | None:
        """The old id of an entry that came back under a new one: same link, and the same title or date."""
        if global_id in self._old or not marks[2]:
            return None
        for other, known in self._by_link.get(marks[2], ()):
            if known[1] == marks[1] or (marks[3] and known[3] == marks[3]):
                return other
        return None

    def _not_reused(self, global_id: str, marks: list[str]) -> str:
        """An id of its own for another article under a used guid (link and title both differ)."""
        for known in filter(None, (self._now.get(global_id), self._old.get(global_id))):
            if known[1] != marks[1] and known[2] != marks[2]:
                return f"{global_id}#{marks[2] or marks[1]}"
        return global_id

    def kept(self) -> dict[str, Any]:
        """What to remember: the feed as it is now, and the latest of those that left it."""
        gone = {key: marks for key, marks in self._old.items() if key not in self._now}
        return {**dict(list(gone.items())[-KEPT_ENTRIES:]), **self._now}


def _marks(entry: FeedEntry) -> list[str]:
    date = entry.created_at.isoformat() if entry.created_at else ""
    return [_hash(entry.text), _hash(entry.title), _hash(entry.normal_link()), date]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else ""

"""Hacker News: stories and comments that name a brand (by Algolia's search), and threads that grow.

Search is asked by time, newest first, since only its first thousand hits can be reached; whether a post is still
there is asked of the site's own interface, as the index keeps deleted texts for a while.

Cursor: a target a word (`since`, `walk`), one for threads (`read_at` by root) and one for re-reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import Field

from monitor.collectors.answers import objects
from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceOptions, WatchedThread
from monitor.collectors.html_text import html_to_text
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.searching import searched_words
from monitor.collectors.targets import State, read_lists
from monitor.collectors.threads import read_due_threads
from monitor.collectors.times import parse_time
from monitor.collectors.urls import WebAddress
from monitor.collectors.walks import Page, walk_newest_first
from monitor.durations import Duration
from monitor.mention import Mention, MentionKind, Refusal, Removal

PLATFORM = "hackernews"
SITE = "news.ycombinator.com"
OVERLAP = timedelta(minutes=70)
HITS_A_PAGE = 100
PAGES_A_POLL = 10
THREADS_A_POLL = 20


class HackerNewsOptions(SourceOptions):
    """Words to search for, and the two interfaces."""

    type: Literal["hackernews"] = "hackernews"
    words: tuple[str, ...] = Field((), description="what is searched for; default: the brands' keywords")
    search_url: WebAddress = Field("https://hn.algolia.com", description="where it is searched")
    items_url: WebAddress = Field("https://hacker-news.firebaseio.com", description="where single posts are read")
    every: Duration = Field(timedelta(minutes=5), ge=timedelta(seconds=30), description="how often it is asked")
    threads: bool = Field(True, description="follow the comments of stories that concern a brand")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")


class HackerNewsCollector(BaseCollector):
    """Walks the hits of each word; reads watched stories as trees."""

    type_name = "hackernews"
    Options = HackerNewsOptions
    verified = True
    rechecks_a_poll = 30
    budget: ClassVar[Budget] = Budget(2_000, timedelta(hours=1))  # an address may 10,000
    fastest: ClassVar[timedelta] = timedelta(minutes=1)

    def __init__(self, options: HackerNewsOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New hits of every word, comments of due threads, rechecks. Raises SourceError."""
        words = searched_words(self.options.words, context, "Hacker News")
        keys = {f"word {word.casefold()}": word for word in words}
        threads = self._read_threads if self.options.threads else None

        def read(key: str, state: State) -> Iterator[Batch]:
            return walk_newest_first(
                state,
                lambda token: self._hits(keys[key], token),
                context,
                overlap=OVERLAP,
                look_back=self.options.look_back,
                max_pages=PAGES_A_POLL,
            )

        return read_lists(cursor, keys, context, read, threads=threads, again=self.read_again)

    def check(self) -> str:
        """Whether the search answers. Raises SourceError."""
        self._hits("nordic", None)
        return "Hacker News can be searched."

    def _hits(self, word: str, token: str | None) -> Page:
        """A page of hits, older than the token's second (which is read again: several may share it)."""
        params: dict[str, Any] = {
            "query": f'"{word}"' if " " in word else word,
            "tags": "(story,comment)",
            "hitsPerPage": HITS_A_PAGE,
            "typoTolerance": "false",
            **({"numericFilters": f"created_at_i<={token}"} if token else {}),
        }
        answer = self.http.get(f"{self.options.search_url}/api/v1/search_by_date", params=params)
        found = answer.json()
        hits = found.get("hits") if isinstance(found, Mapping) else None
        if not isinstance(hits, list):
            raise answer.error("answered a search without hits.", remedy="Check `search_url`.")
        known = objects(hits)
        mentions, refusals = self._read(known, _of_hit)
        times = [hit["created_at_i"] for hit in known if isinstance(hit.get("created_at_i"), int)]
        older = _older(times, token)
        return Page(tuple(mentions), older, refusals=tuple(refusals))

    def _read(self, items: list[Mapping[str, Any]], make: Any) -> tuple[list[Mention], list[Refusal]]:
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for item in items:
            try:
                made = make(item)
                mentions += (
                    [replace(made, source=self.source, language=self.options.language)] if made.text else []
                )
            except (ValueError, TypeError, AttributeError) as exc:
                where = f"post {str(item.get('objectID') or item.get('id'))[:30]}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
        return mentions, refusals

    def _read_threads(self, state: State, context: CollectContext) -> Iterator[Batch]:
        every = self.options.every
        yield from read_due_threads(state, context, PLATFORM, every, THREADS_A_POLL, self._comments)

    def _comments(self, thread: WatchedThread) -> Batch:
        number = thread.root_id.rpartition("/")[2]
        url = f"{self.options.search_url}/api/v1/items/{number}"
        answer = self.http.get(url, also_ok=(404,)) if number.isdigit() else None
        tree = answer.json() if answer is not None and answer.status == 200 else {}
        mentions, refusals = self._read(list(_below(tree)), partial(_of_item, story=number))
        return Batch(tuple(mentions), refusals=tuple(refusals))

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        ours = [found for found in context.recheck if found.startswith(f"{SITE}/")]
        for global_id in ours[: self.rechecks_a_poll]:
            if context.stopping():
                return
            number = global_id.rpartition("/")[2]
            if not number.isdigit():
                continue
            item = self.http.get(f"{self.options.items_url}/v0/item/{number}.json").json()
            if item is not None and not isinstance(item, Mapping):
                yield Batch(refusals=(Refusal(global_id, "cannot be understood: a post that is no object"),))
                continue
            if item is None or item.get("deleted") is True or item.get("dead") is True:
                yield Batch(removals=(Removal(PLATFORM, global_id),))
                continue
            mentions, refusals = self._read([item], partial(_of_item, story=None))
            edited = [replace(found, edited_at=context.now) for found in mentions]
            yield Batch(tuple(edited), refusals=tuple(refusals))


def _older(times: list[int], token: str | None) -> str | None:
    if not times:
        return None
    oldest = min(times)
    return str(oldest - 1) if str(oldest) == token else str(oldest)


def _below(tree: object) -> Iterator[Mapping[str, Any]]:
    """All comments of a story, from a tree of any depth."""
    left: list[Any] = [tree]
    while left:
        node = left.pop()
        children = node.get("children") if isinstance(node, Mapping) else None
        found = [child for child in children if isinstance(child, Mapping)] if isinstance(children, list) else []
        yield from found
        left += found


def _of_hit(hit: Mapping[str, Any]) -> Mention:
    """A search hit (its `_highlightResult` holds markup and is never read). Raises ValueError."""
    story, parent = hit.get("story_id"), hit.get("parent_id")
    text = _text(hit.get("title"), hit.get("comment_text") or hit.get("story_text"))
    made = _mention(hit.get("objectID"), text, hit.get("author"), hit.get("created_at_i"), hit.get("url"))
    return replace(
        made,
        parent_id=_id(parent) if parent is not None else None,
        thread_id=_id(story) if story is not None else made.global_id,
        kind=MentionKind.COMMENT if parent is not None else MentionKind.POST,
        likes=_count(hit.get("points")),
        replies=_count(hit.get("num_comments")),
    )


def _of_item(item: Mapping[str, Any], story: str | None) -> Mention:
    """A post of either interface. A comment's story is known only in its thread. Raises ValueError."""
    parent = item.get("parent_id", item.get("parent"))
    author, created = item.get("author", item.get("by")), item.get("created_at_i", item.get("time"))
    made = _mention(item.get("id"), _text(item.get("title"), item.get("text")), author, created, item.get("url"))
    if parent is None:
        return replace(made, thread_id=made.global_id)
    root = story or item.get("story_id")
    return replace(
        made,
        parent_id=_id(parent),
        thread_id=_id(root) if root is not None else None,
        kind=MentionKind.COMMENT,
    )


def _mention(number: object, text: str, author: object, created: object, link: object) -> Mention:
    at: datetime | None = parse_time(created)
    if at is None:
        raise ValueError("a post without a date")
    return Mention(
        platform=PLATFORM,
        global_id=_id(number),
        source="",
        text=text,
        created_at=at,
        url=f"https://{SITE}/item?id={number}",
        author=f"{SITE}/{author}" if isinstance(author, str) and author else None,
        author_handles=(f"{author}@{SITE}",) if isinstance(author, str) and author else (),
        extra_text=link if isinstance(link, str) else "",
    )


def _id(number: object) -> str:
    if isinstance(number, bool) or not isinstance(number, int | str) or not str(number).isdigit():
        raise ValueError("a post without a number")
    return f"{SITE}/{number}"


def _text(title: object, text: object) -> str:
    """Title and text; empty where a post was deleted."""
    parts = [title or "", text or ""]
    if not all(isinstance(part, str) for part in parts):
        raise ValueError("a post whose text is no text")
    return "\n".join(filter(None, (html_to_text(str(part)).text for part in parts)))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

"""Lemmy: posts and comments that name a brand on several servers, and threads that grow there.

A server knows the communities that its people follow, so several are asked; one post seen on two is one mention
(by its `ap_id`). Threads and single posts are read where they are at home: that server has all of them.

Cursor: a target a server, word and kind (`since`, `walk`), one for threads (`read_at` by root) and one for
re-reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from monitor.collectors.answers import Answer, HttpError
from monitor.collectors.base import (
    BaseCollector,
    Batch,
    CollectContext,
    Cursor,
    SourceError,
    SourceOptions,
    WatchedThread,
)
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.lemmy_post import PLATFORM, Labels, Place, home_of, is_gone, mention_of
from monitor.collectors.searching import searched_words
from monitor.collectors.targets import State, read_lists
from monitor.collectors.threads import read_due_threads
from monitor.collectors.urls import WebAddress
from monitor.collectors.walks import Page, walk_newest_first
from monitor.durations import Duration
from monitor.mention import Mention, Refusal, Removal

OVERLAP = timedelta(hours=2)
PAGE_SIZE = 50
PAGES_A_POLL = 10
PAGES_A_THREAD = 10
THREADS_A_POLL = 10
_SEARCHED = {"Posts": "posts", "Comments": "comments"}
_LIMITED, _ABSENT = "rate_limit_error", ("couldnt_find", "not_found")


class LemmyOptions(SourceOptions):
    """Servers, and words to search for."""

    type: Literal["lemmy"] = "lemmy"
    instances: tuple[WebAddress, ...] = Field(min_length=1, description="the servers' addresses")
    words: tuple[str, ...] = Field((), description="what is searched for; default: the brands' keywords")
    every: Duration = Field(timedelta(minutes=5), ge=timedelta(seconds=30), description="how often they are asked")
    threads: bool = Field(True, description="follow the comments of posts that concern a brand")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")

    def default_name(self) -> str:
        """`lemmy` and the first server's host."""
        return f"lemmy {urlsplit(self.instances[0]).hostname}"


class LemmyCollector(BaseCollector):
    """Searches each server for each word; reads watched threads at home."""

    type_name = "lemmy"
    Options = LemmyOptions
    verified = False
    rechecks_a_poll = 20
    budget: ClassVar[Budget] = Budget(60, timedelta(minutes=5))  # each server sets its own; searches are dear
    fastest: ClassVar[timedelta] = timedelta(minutes=1)

    def __init__(self, options: LemmyOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self._labels = Labels(self.source, options.brand, options.language)
        self._servers = tuple(url.rstrip("/") for url in options.instances)

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New hits of every server and word, comments of due threads, rechecks. Raises SourceError."""
        keys = {
            f"{urlsplit(server).netloc} {kind} {word.casefold()}": (server, kind, word)
            for word in searched_words(self.options.words, context, "Lemmy")
            for server in self._servers
            for kind in _SEARCHED
        }
        threads = self._read_threads if self.options.threads else None

        def read(key: str, state: State) -> Iterator[Batch]:
            return walk_newest_first(
                state,
                lambda token: self._found(*keys[key], token, context.now),
                context,
                overlap=OVERLAP,
                look_back=self.options.look_back,
                max_pages=PAGES_A_POLL,
            )

        return read_lists(cursor, keys, context, read, threads=threads, again=self.read_again)

    def check(self) -> str:
        """Whether each server can be searched by visitors. Raises SourceError."""
        for server in self._servers:
            self._search(server, "Posts", "nordic", None)
        return f"{', '.join(urlsplit(server).netloc for server in self._servers)} can be searched."

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        places = [(ap_id, home_of(ap_id)) for ap_id in context.recheck]
        for ap_id, place in [pair for pair in places if pair[1] is not None][: self.rechecks_a_poll]:
            if place is None or context.stopping():
                return
            try:
                view = self._single(place)
            except SourceError as exc:
                yield Batch(refusals=(self._tolerated(exc, place, ap_id),))
                continue
            if view is None or is_gone(view):
                yield Batch(removals=(Removal(PLATFORM, ap_id),))
                continue
            mentions, refusals = self._mentions([view], place.server, context.now)
            edited = tuple(replace(mention, edited_at=mention.edited_at or context.now) for mention in mentions)
            yield Batch(edited, refusals=tuple(refusals))

    def _found(self, server: str, kind: str, word: str, token: str | None, now: datetime) -> Page:
        views = self._search(server, kind, word, token)
        mentions, refusals = self._mentions(views, server, now)
        older = str(int(token or "1") + 1) if views else None
        return Page(tuple(mentions), older, refusals=tuple(refusals))

    def _search(self, server: str, kind: str, word: str, token: str | None) -> list[Any]:
        params = {"q": word, "type_": kind, "sort": "New", "listing_type": "All", "limit": PAGE_SIZE}
        answer = self._get(server, "search", params | {"page": token or "1"})
        return _list_in(answer, _SEARCHED[kind])

    def _read_threads(self, state: State, context: CollectContext) -> Iterator[Batch]:
        def read(thread: WatchedThread) -> Batch:
            place = home_of(thread.root_id)
            if place is None or place.kind != "post":
                return Batch()
            try:
                mentions, refusals = self._mentions(self._comments(place), place.server, context.now)
            except SourceError as exc:
                return Batch(refusals=(self._tolerated(exc, place, thread.root_id),))
            return Batch(tuple(mentions), refusals=tuple(refusals))

        return read_due_threads(state, context, PLATFORM, self.options.every, THREADS_A_POLL, read)

    def _comments(self, place: Place) -> list[Any]:
        found: list[Any] = []
        for page in range(1, PAGES_A_THREAD + 1):
            params = {"post_id": place.number, "sort": "New", "type_": "All", "limit": PAGE_SIZE, "page": page}
            answer = self._get(place.server, "comment/list", params, also_ok=(400, 404))
            views = _list_in(answer, "comments") if answer.status == 200 else []
            found += views
            if len(views) < PAGE_SIZE:
                break
        return found

    def _single(self, place: Place) -> Mapping[str, Any] | None:
        """A post or comment as its own server has it; None where it is gone."""
        answer = self._get(place.server, place.kind, {"id": place.number}, also_ok=(400, 404))
        found = answer.json()
        said = str(found.get("error", "")) if isinstance(found, Mapping) else ""
        if answer.status != 200 and any(word in said for word in _ABSENT):
            return None
        view = found.get(f"{place.kind}_view") if isinstance(found, Mapping) else None
        if not isinstance(view, Mapping):
            raise answer.error("does not show a single post as Lemmy does.", remedy="Nothing to do.")
        return view

    def _mentions(self, views: list[Any], server: str, now: datetime) -> tuple[list[Mention], list[Refusal]]:
        parents = {
            str(comment.get("id")): str(comment.get("ap_id"))
            for view in views
            if isinstance(view, Mapping) and isinstance(comment := view.get("comment"), Mapping)
        }
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for view in views:
            try:
                if not is_gone(view):
                    mentions.append(mention_of(view, self._labels, parents, now))
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                where = f"{urlsplit(server).netloc} {_name_of(view)}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
        return mentions, refusals

    def _tolerated(self, exc: SourceError, place: Place, where: str) -> Refusal:
        """One thread's or post's failure as a note; what concerns one of our servers as a whole is raised."""
        if place.server in self._servers and (exc.pause or exc.retry_after):
            raise exc
        return Refusal(where, f"cannot be read: {exc}")

    def _get(self, server: str, path: str, params: Mapping[str, Any], also_ok: tuple[int, ...] = ()) -> Answer:
        url = f"{server}/api/v3/{path}"
        try:
            answer = self.http.get(url, params=params, also_ok=also_ok, from_content=server not in self._servers)
        except HttpError as exc:
            raise _in_words(exc, server) from None
        if answer.status == 400 and _LIMITED.encode() in answer.body:
            raise _limited(server)
        return answer


def _list_in(answer: Answer, name: str) -> list[Any]:
    found = answer.json()
    views = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(views, list):
        raise answer.error(f"answered without {name}.", remedy="Check that this is the address of a Lemmy server.")
    return views


def _name_of(view: object) -> str:
    inner = (view.get("comment") or view.get("post")) if isinstance(view, Mapping) else None
    return f"post {str(inner.get('id'))[:30]}" if isinstance(inner, Mapping) else "entry"


def _in_words(exc: HttpError, server: str) -> SourceError:
    return _limited(server) if exc.status == 400 and _LIMITED in exc.body else exc


def _limited(server: str) -> SourceError:
    return SourceError(
        f"{urlsplit(server).netloc} was asked too often.",
        remedy="Nothing to do now. If this repeats, ask less often (`every`).",
        retry_after=timedelta(minutes=2),
    )

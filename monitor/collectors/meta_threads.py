"""Threads (Meta's network): searches, mentions of your account, replies under its posts.

Named `meta_threads` because a thread is something else everywhere in this program.

Cursor: a target for the account, with a part each for mentions, replies (`own`, `posts`, `readable`),
the token and whether searching is of use (`reach`); a target a word; `quota` (what is left of the day's searches).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError, SourceOptions
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.meta_api import Graph, token_sentence
from monitor.collectors.meta_parts import Poll
from monitor.collectors.meta_threads_account import ASK_FOR_REVIEW, ONLY_OWN, AccountReader
from monitor.collectors.meta_threads_post import POST_FIELDS, Named
from monitor.collectors.targets import State, read_targets
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration

_ACCOUNT = "account"
_SEARCH = "search "


class ThreadsOptions(SourceOptions):
    """One account, and what to search for."""

    type: Literal["meta_threads"] = "meta_threads"
    access_token: SecretStr = Field(description="a long-lived Threads token (60 days)")
    search: bool = Field(True, description="search all of Threads; needs Meta's review")
    words: tuple[str, ...] = Field(
        (), description="what is searched for, `#` for topic tags; default: the keywords"
    )
    every: Duration = Field(timedelta(minutes=5), ge=timedelta(seconds=10), description="how often it is asked")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")
    api_url: WebAddress = Field("https://graph.threads.net", description="where the Threads API is")
    api_version: str = Field("v1.0", pattern=r"^v[0-9]{1,3}[.][0-9]$", description="the Threads API's version")

    def default_name(self) -> str:
        """`threads`."""
        return "threads"


class MetaThreadsCollector(BaseCollector):
    """Reads one account's surroundings, and searches within the day's limit."""

    type_name = "meta_threads"
    Options = ThreadsOptions
    verified = False
    budget: ClassVar[Budget] = Budget(2_200, timedelta(days=1))  # searches; nothing else counts
    fastest: ClassVar[timedelta] = timedelta(minutes=1)

    def __init__(self, options: ThreadsOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        base = f"{options.api_url.rstrip('/')}/{options.api_version}"
        graph = Graph(
            http, base, options.access_token, pages_by_cursor=True, free=lambda path: "search" not in path
        )
        named = Named(self.source, options.language)
        self._reader = AccountReader(graph, named, options.look_back, options.every, options.search)
        self._quota_known = False

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """Mentions, replies, search results. Raises SourceError."""
        keeper = self.http.meter(urlsplit(self.options.api_url).hostname or "").keeper
        kept = cursor.get("quota")
        if keeper is not None and isinstance(kept, dict) and not self._quota_known:
            keeper.restore(kept)  # a restart gives no new day's searches
        self._quota_known = True
        poll = Poll(context, context.hot)

        def read(key: str, state: State) -> Iterator[Batch]:
            if key == _ACCOUNT:
                return self._reader.read(state, poll)
            return self._reader.find(key.removeprefix(_SEARCH), state, context)

        targets = [_ACCOUNT, *(f"{_SEARCH}{word}" for word in self._words(context))]
        for batch in read_targets(cursor, targets, context, read):
            quota = {"quota": keeper.state()} if keeper is not None else {}
            yield replace(batch, cursor={**(batch.cursor or {}), **quota})
        poll.warnings.raise_first()

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        return self._reader.again(context)

    def check(self) -> str:
        """Whether the account can be read, and a search sees more than its own posts. Raises SourceError."""
        reader = self._reader
        name = reader.username()
        reader.graph.page("/me/mentions", {"fields": POST_FIELDS, "limit": 1})
        ends = token_sentence(reader.graph.token_ends())
        if not self.options.search:
            return f"Mentions of @{name} and replies to it can be read; nothing is searched for.{ends}"
        if not reader.sees_others():
            raise SourceError(
                f"Mentions of @{name} can be read, but {ONLY_OWN}{ends}", remedy=ASK_FOR_REVIEW, permanent=True
            )
        return f"Mentions of @{name} can be read, and Threads can be searched.{ends}"

    def _words(self, context: CollectContext) -> tuple[str, ...]:
        if not self.options.search:
            return ()
        words = [word for brand in context.terms.values() for word in brand]
        return self.options.words or tuple(dict.fromkeys(word.casefold() for word in words))

"""Discourse forums: the newest posts of the whole site, in whichever topic they are written.

`/posts.json` goes from new to old by post id, so replies in old topics are seen like new topics, and pinned ones
disturb nothing. Threads need no calls of their own.

Cursor: a target a forum (`since`, `walk`), and one for re-reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from monitor.collectors.answers import objects
from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceOptions
from monitor.collectors.discourse_post import PLATFORM, Forum, is_by_people, is_gone, mention_of
from monitor.collectors.http import Answer, Budget, HttpSession
from monitor.collectors.targets import State, read_lists
from monitor.collectors.times import parse_time
from monitor.collectors.urls import WebAddress
from monitor.collectors.walks import Page, walk_newest_first
from monitor.durations import Duration
from monitor.mention import Mention, Refusal, Removal

OVERLAP = timedelta(minutes=70)
PAGES_A_POLL = 15


class DiscourseOptions(SourceOptions):
    """Public forums, or one that needs a key."""

    type: Literal["discourse"] = "discourse"
    urls: tuple[WebAddress, ...] = Field(min_length=1, description="the forums' addresses")
    api_key: SecretStr | None = Field(None, description="an API key, for one forum that is not public")
    api_username: str | None = Field(None, description="the user that the API key belongs to")
    every: Duration = Field(timedelta(minutes=2), ge=timedelta(seconds=10), description="how often they are asked")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")

    @model_validator(mode="after")
    def _key_of_one_forum(self) -> DiscourseOptions:
        if (self.api_key is None) != (self.api_username is None):
            raise ValueError("both `api_key` and `api_username`, or neither")
        if self.api_key is not None and len(self.urls) > 1:
            raise ValueError("one forum for one key: give each forum with a key a source of its own")
        return self

    def default_name(self) -> str:
        """`discourse` and the first forum's host."""
        return f"discourse {urlsplit(self.urls[0]).hostname}"


class DiscourseCollector(BaseCollector):
    """Walks the newest posts of each forum."""

    type_name = "discourse"
    Options = DiscourseOptions
    verified = True
    rechecks_a_poll = 30
    budget: ClassVar[Budget] = Budget(50, timedelta(minutes=1))  # an address may 200; a key 60
    fastest: ClassVar[timedelta] = timedelta(seconds=30)

    def __init__(self, options: DiscourseOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        forums = [Forum(url.rstrip("/"), self.source, options.language) for url in options.urls]
        self._forums = {forum.host: forum for forum in forums}

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New posts of every forum, rechecks. Raises SourceError."""

        def read(key: str, state: State) -> Iterator[Batch]:
            forum = self._forums[key]
            return walk_newest_first(
                state,
                lambda token: self._page(forum, token),
                context,
                overlap=OVERLAP,
                look_back=self.options.look_back,
                max_pages=PAGES_A_POLL,
            )

        return read_lists(cursor, self._forums, context, read, again=self.read_again)

    def check(self) -> str:
        """Whether each forum lets its posts be read. Raises SourceError."""
        told = []
        for forum in self._forums.values():
            found = self._page(forum, None)
            told.append(
                f"{forum.host} shows its latest posts" + ("." if found.mentions else ", of which none is there.")
            )
        return " ".join(told)

    def _page(self, forum: Forum, token: str | None) -> Page:
        answer = self._get(forum, "/posts.json", {"before": token} if token else {})
        found = answer.json()
        posts = found.get("latest_posts") if isinstance(found, Mapping) else None
        if not isinstance(posts, list):
            raise answer.error("shows no posts.", remedy="Check that this is the address of a Discourse forum.")
        known = objects(posts)
        mentions, refusals = self._read(known, forum)
        times = [at for post in known if (at := parse_time(post.get("created_at"))) is not None]
        return Page(tuple(mentions), _older(known), newest=max(times, default=None), refusals=tuple(refusals))

    def _read(self, posts: list[Mapping[str, Any]], forum: Forum) -> tuple[list[Mention], list[Refusal]]:
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for post in posts:
            try:
                made = mention_of(post, forum) if is_by_people(post) else None
                mentions += [made] if made is not None and made.text else []
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                where = f"{forum.host} post {str(post.get('id'))[:30]}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
        return mentions, refusals

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        ours = [(forum, i) for i in context.recheck for forum in self._forums.values() if forum.place_of(i)]
        for forum, global_id in ours[: self.rechecks_a_poll]:
            if context.stopping():
                return
            topic, number = forum.place_of(global_id) or ("", "")
            answer = self._get(forum, f"/posts/by_number/{topic}/{number}.json", {}, also_ok=(404, 410))
            post = answer.json() if answer.status == 200 else None
            if post is None or (isinstance(post, Mapping) and is_gone(post)):
                yield Batch(removals=(Removal(PLATFORM, global_id),))
            elif isinstance(post, Mapping) and forum.place_of(global_id) == _place(post):
                mentions, refusals = self._read([post], forum)
                yield Batch(tuple(mentions), refusals=tuple(refusals))

    def _get(self, forum: Forum, path: str, params: Mapping[str, Any], also_ok: tuple[int, ...] = ()) -> Answer:
        login = {}
        if self.options.api_key is not None:
            login = {"Api-Key": self.options.api_key.get_secret_value()}
            login["Api-Username"] = self.options.api_username or ""
        headers = {"Accept": "application/json"}
        return self.http.get(
            f"{forum.url}{path}", params=params, headers=headers, credentials=login, also_ok=also_ok
        )


def _older(posts: list[Mapping[str, Any]]) -> str | None:
    """The token of the next older page: `before` includes the post that it names."""
    ids = [post["id"] for post in posts if isinstance(post.get("id"), int)]
    lowest = min(ids, default=1)
    return str(lowest - 1) if lowest > 1 else None


def _place(post: Mapping[str, Any]) -> tuple[str, str]:
    return str(post.get("topic_id")), str(post.get("post_number"))

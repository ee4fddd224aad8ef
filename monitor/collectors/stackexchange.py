"""Stack Exchange: questions on its sites that name a brand, and the answers and comments that follow.

Calls are few (300 a day without a key), so watched questions are read together, a hundred a call. An answer may
ask to be left alone for some seconds (`backoff`), which holds for the method that gave it.

Cursor: a target a site and word (`since`, `walk`), one for threads (`read_at` by root), one for re-reading, and
what is left of the day's calls (`budget`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceOptions
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.searching import searched_words
from monitor.collectors.stackexchange_api import Item, StackExchangeApi
from monitor.collectors.stackexchange_post import PLATFORM, Labels, ids_of, mention_of
from monitor.collectors.targets import State, read_lists
from monitor.collectors.threads import due_threads, read_times, times_of
from monitor.collectors.urls import WebAddress
from monitor.collectors.walks import Page, walk_newest_first
from monitor.durations import Duration
from monitor.mention import Mention, Refusal, Removal

OVERLAP = timedelta(minutes=70)
PAGES_A_POLL = 5
PAGES_OF_COMMENTS = 3
IDS_A_CALL = 100
_DAY = timedelta(days=1)


class StackExchangeOptions(SourceOptions):
    """Words to search for, and the sites."""

    type: Literal["stackexchange"] = "stackexchange"
    sites: tuple[str, ...] = Field(("stackoverflow",), min_length=1, description="sites, as their API calls them")
    words: tuple[str, ...] = Field((), description="what is searched for; default: the brands' keywords")
    key: SecretStr | None = Field(
        None, description="a free key of stackapps.com: 10,000 calls a day instead of 300"
    )
    api_url: WebAddress = Field("https://api.stackexchange.com", description="where the API is")
    every: Duration = Field(timedelta(minutes=30), ge=timedelta(minutes=1), description="how often it is asked")
    threads: bool = Field(True, description="follow the answers to questions that concern a brand")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")

    @field_validator("sites")
    @classmethod
    def _names_of_sites(cls, sites: tuple[str, ...]) -> tuple[str, ...]:
        plain = tuple(
            site.strip().lower().removesuffix(".stackexchange.com").removesuffix(".com") for site in sites
        )
        if not all(site.replace(".", "").replace("-", "").isalnum() for site in plain):
            raise ValueError(
                "sites, named as in their addresses: stackoverflow, superuser, travel.stackexchange.com"
            )
        return plain

    def default_name(self) -> str:
        """`stackexchange` and the first site."""
        return f"stackexchange {self.sites[0]}"


class StackExchangeCollector(BaseCollector):
    """Searches each site for each word; reads watched questions together."""

    type_name = "stackexchange"
    Options = StackExchangeOptions
    verified = True
    rechecks_a_poll = 60
    fastest: ClassVar[timedelta] = timedelta(minutes=1)

    def __init__(self, options: StackExchangeOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self._api = StackExchangeApi(options.api_url, options.key, http)

    @classmethod
    def budget_for(cls, options: SourceOptions) -> Budget:
        """The day's calls of an address, or of a key."""
        return Budget(9_000 if getattr(options, "key", None) else 280, _DAY)

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New questions of every word and site, answers of due threads, rechecks. Raises SourceError."""
        keys = {
            f"{site} {word.casefold()}": (site, word)
            for word in searched_words(self.options.words, context, "Stack Exchange")
            for site in self.options.sites
        }
        threads = self._read_threads if self.options.threads else None
        self._api.resume(cursor.get("budget"))

        def read(key: str, state: State) -> Iterator[Batch]:
            return walk_newest_first(
                state,
                lambda token: self._found(*keys[key], token, context.now),
                context,
                overlap=OVERLAP,
                look_back=self.options.look_back,
                max_pages=PAGES_A_POLL,
            )

        for batch in read_lists(cursor, keys, context, read, threads=threads, again=self.read_again):
            cursor = batch.cursor or cursor
            yield replace(batch, cursor={**cursor, "budget": self._api.spent()})

    def check(self) -> str:
        """Whether each site can be searched. Raises SourceError."""
        for site in self.options.sites:
            self._api.search(site, "nordic", None)
        return f"{', '.join(self.options.sites)} can be searched; {self._api.left} calls are left today."

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        for (site, kind), ids in ids_of(context.recheck[: self.rechecks_a_poll]).items():
            if context.stopping():
                return
            found = self._api.by_id(site, kind, ids)
            mentions, refusals = self._mentions(found, site, {}, context.now)
            there = {mention.global_id for mention in mentions} | {refusal.where for refusal in refusals}
            gone = [f"{site}/{kind}/{number}" for number in ids if f"{site}/{kind}/{number}" not in there]
            yield Batch(
                tuple(replace(mention, edited_at=mention.edited_at or context.now) for mention in mentions),
                removals=tuple(Removal(PLATFORM, global_id) for global_id in gone),
                refusals=tuple(refusals),
            )

    def _found(self, site: str, word: str, token: str | None, now: datetime) -> Page:
        """A page of questions, older than the token's second (which is read again: several may share it)."""
        items, more = self._api.search(site, word, token)
        mentions, refusals = self._mentions(items, site, {}, now)
        times = [item["creation_date"] for item in items if isinstance(item.get("creation_date"), int)]
        return Page(tuple(mentions), _older(times, token) if more else None, refusals=tuple(refusals))

    def _read_threads(self, state: State, context: CollectContext) -> Iterator[Batch]:
        read_at = times_of(state)
        due = [thread.root_id for thread in due_threads(context, PLATFORM, read_at, self.options.every)]
        for (site, kind), ids in ids_of(due).items():
            if context.stopping():
                return
            if kind == "questions":
                mentions, refusals = self._below(site, ids[:IDS_A_CALL], context.now)
                for number in ids[:IDS_A_CALL]:
                    read_at = read_times(context, PLATFORM, read_at, f"{site}/questions/{number}")
                yield Batch(tuple(mentions), refusals=tuple(refusals), cursor={"read_at": read_at})

    def _below(self, site: str, questions: list[str], now: datetime) -> tuple[list[Mention], list[Refusal]]:
        """Answers to questions, and comments on both."""
        answers = self._api.listed(site, "questions", questions, "answers", PAGES_OF_COMMENTS)
        mentions, refusals = self._mentions(answers, site, {}, now)
        roots = {str(item.get("answer_id")): str(item.get("question_id")) for item in answers}
        for start in range(0, len(posts := [*questions, *roots]), IDS_A_CALL):
            part = posts[start : start + IDS_A_CALL]
            comments = self._api.listed(site, "posts", part, "comments", PAGES_OF_COMMENTS)
            made, wrong = self._mentions(comments, site, roots, now)
            mentions, refusals = [*mentions, *made], [*refusals, *wrong]
        return mentions, refusals

    def _mentions(
        self, items: Iterable[Item], site: str, roots: Mapping[str, str], now: datetime
    ) -> tuple[list[Mention], list[Refusal]]:
        labels = Labels(site, self.source, self.options.brand, self.options.language)
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for item in items:
            try:
                mentions.append(mention_of(item, labels, roots, now))
            except (ValueError, TypeError, AttributeError) as exc:
                number: Any = item.get("comment_id") or item.get("answer_id") or item.get("question_id")
                refusals.append(
                    Refusal(f"{site} post {str(number)[:30]}", f"cannot be understood: {str(exc)[:100]}")
                )
        return mentions, refusals


def _older(times: list[int], token: str | None) -> str | None:
    if not times:
        return None
    oldest = min(times)
    return str(oldest - 1) if str(oldest) == token else str(oldest)

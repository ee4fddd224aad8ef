"""Reviews in Apple's App Store by its public feeds: the newest five hundred of each country.

Apple serves them from caches: in no sure order, now and then empty or out of service for hours. So the first two
pages are always read, further ones while they bring anything unknown, and an empty feed is not taken as silence.

Cursor: a target a country: `seen` (review → fingerprint), `walk` (the page to which an unfinished walk must go).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceOptions
from monitor.collectors.html_text import clean_text, html_to_text
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.targets import State, read_targets
from monitor.collectors.times import dated
from monitor.collectors.urls import WebAddress
from monitor.durations import Duration
from monitor.mention import Mention, MentionKind, Refusal

PLATFORM = "app_store"
LAST_PAGE = 10  # the feed has no more
ALWAYS_READ = 2
KEPT = 1_000  # reviews a country: twice of what a feed shows
NORDIC = ("se", "no", "dk", "fi", "is")


class AppStoreOptions(SourceOptions):
    """Apps by their number, and the countries whose reviews are read."""

    type: Literal["app_store"] = "app_store"
    apps: tuple[int, ...] = Field(min_length=1, description="the apps' numbers, as in apps.apple.com/se/app/id123")
    countries: tuple[str, ...] = Field(NORDIC, min_length=1, description="two-letter codes of the stores")
    api_url: WebAddress = Field("https://itunes.apple.com", description="where the feeds are")
    every: Duration = Field(timedelta(minutes=15), ge=timedelta(minutes=5), description="how often they are asked")

    @field_validator("countries")
    @classmethod
    def _codes(cls, countries: tuple[str, ...]) -> tuple[str, ...]:
        codes = tuple(country.strip().lower() for country in countries)
        if not all(len(code) == 2 and code.isascii() and code.isalpha() for code in codes):
            raise ValueError("stores by two-letter codes of countries: se, no, dk, fi, is")
        return codes

    def default_name(self) -> str:
        """`app_store` and the first app."""
        return f"app_store {self.apps[0]}"


class AppStoreCollector(BaseCollector):
    """Reads each app's feed of each country."""

    type_name = "app_store"
    Options = AppStoreOptions
    verified = True
    budget: ClassVar[Budget] = Budget(60, timedelta(minutes=1))  # none is published
    fastest: ClassVar[timedelta] = timedelta(minutes=5)

    def __init__(self, options: AppStoreOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New and changed reviews of every app and country. Raises SourceError."""
        pairs = {
            f"{country}/{app}": (country, app) for app in self.options.apps for country in self.options.countries
        }
        return read_targets(
            cursor, pairs, context, lambda key, state: self._read_feed(*pairs[key], state, context)
        )

    def check(self) -> str:
        """Whether the feeds answer. Raises SourceError."""
        found = sum(len(self._entries(country, app, 1)) for app in self.options.apps for country in self._first())
        return f"{urlsplit(self.options.api_url).netloc} answers with {found} reviews on the first page."

    def _first(self) -> tuple[str, ...]:
        return self.options.countries[:1]

    def _read_feed(self, country: str, app: int, state: State, context: CollectContext) -> Iterator[Batch]:
        seen = _seen(state)
        for page in _pages(state):
            if context.stopping():
                return
            entries = self._entries(country, app, page)
            if page == 1 and not entries and seen:
                yield Batch(refusals=(Refusal(f"{country} reviews of {app}", "the feed is empty just now"),))
                return
            mentions, refusals = self._read(entries, country, app, seen, context)
            unfinished = state.get("walk", 0)
            arrived = not entries or (not mentions and page >= max(unfinished, ALWAYS_READ)) or page == LAST_PAGE
            state = {"seen": dict(list(seen.items())[-KEPT:])}
            if not arrived:
                state["walk"] = max(unfinished, page + 1)
            yield Batch(tuple(mentions), refusals=tuple(refusals), cursor=dict(state))
            if arrived:
                return

    def _entries(self, country: str, app: int, page: int) -> list[Mapping[str, Any]]:
        """The reviews of a page; in old feeds the first entry is the app itself. Raises HttpError."""
        import feedparser

        path = f"/{country}/rss/customerreviews/page={page}/id={app}/sortby=mostrecent/xml"
        answer = self.http.get(f"{self.options.api_url}{path}")
        if answer.looks_like_a_page():
            raise answer.error("sent a web page instead of reviews.", remedy="It is tried again.")
        feed = feedparser.parse(answer.body, resolve_relative_uris=False, sanitize_html=False)
        if not feed.get("version") or type(feed.get("bozo_exception")).__name__ == "SAXParseException":
            raise answer.error("sent reviews that are cut off or broken.", remedy="It is tried again.")
        return [entry for entry in feed.entries if "im_rating" in entry]

    def _read(
        self,
        entries: list[Mapping[str, Any]],
        country: str,
        app: int,
        seen: dict[str, str],
        context: CollectContext,
    ) -> tuple[list[Mention], list[Refusal]]:
        """What is new or changed, which is noted in `seen`."""
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        for entry in entries:
            try:
                made = self._mention(entry, country, app, context)
            except (ValueError, TypeError, AttributeError) as exc:
                where = f"{country} review {str(entry.get('id'))[:30]}"
                refusals.append(Refusal(where, f"cannot be understood: {str(exc)[:100]}"))
                continue
            marks = hashlib.sha256(f"{made.stars} {made.text}".encode()).hexdigest()[:12]
            before = seen.pop(made.global_id, None)
            seen[made.global_id] = marks
            if before is None:
                mentions.append(made)
            elif before != marks:  # the feed dates a changed review anew
                mentions.append(replace(made, edited_at=made.created_at or context.now))
        return mentions, refusals

    def _mention(self, entry: Mapping[str, Any], country: str, app: int, context: CollectContext) -> Mention:
        number, rating = str(entry.get("id", "")), str(entry.get("im_rating", ""))
        if not number.isdigit():
            raise ValueError("a review without a number")
        if rating not in ("1", "2", "3", "4", "5"):
            raise ValueError("a review whose rating is not one to five stars")
        votes = str(entry.get("im_votesum", ""))
        global_id = f"itunes.apple.com/reviews/{number}"
        return Mention(
            platform=PLATFORM,
            global_id=global_id,
            source=self.source,
            text=_text(entry),
            created_at=dated(entry.get("updated"), context.now),
            kind=MentionKind.REVIEW,
            url=f"https://apps.apple.com/{country}/app/id{app}?see-all=reviews",
            author=_author(entry, country),
            thread_id=global_id,
            likes=int(votes) if votes.isdigit() else None,
            language=self.options.language,
            stars=int(rating),
        )


def _author(entry: Mapping[str, Any], country: str) -> str | None:
    """The author's page; where there is none, the name, which is unique in a store."""
    detail = entry.get("author_detail")
    found = detail if isinstance(detail, Mapping) else {}
    page, name = found.get("href"), found.get("name")
    if isinstance(page, str) and page:
        return page
    return f"{country}/{name}" if isinstance(name, str) and name else None


def _text(entry: Mapping[str, Any]) -> str:
    """Title and text; the HTML part is a table with the app's picture."""
    title = clean_text(str(entry.get("title") or ""))
    parts = entry.get("content")
    contents = [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []
    plain = [clean_text(str(part.get("value"))) for part in contents if part.get("type") == "text/plain"]
    html = [html_to_text(str(part.get("value"))).text for part in contents if part.get("type") != "text/plain"]
    found = next(filter(None, [*plain, *html]), "")
    text = f"{title}\n{found}".strip()
    if not text:
        raise ValueError("a review without text")
    return text


def _pages(state: State) -> list[int]:
    """The first pages, and then on from where a walk broke off (one back: reviews move down)."""
    unfinished = state.get("walk")
    if not isinstance(unfinished, int):
        state.pop("walk", None)
        unfinished = 0
    return [*range(1, ALWAYS_READ + 1), *range(max(ALWAYS_READ + 1, unfinished - 1), LAST_PAGE + 1)]


def _seen(state: State) -> dict[str, str]:
    kept = state.get("seen")
    return {str(key): str(marks) for key, marks in kept.items()} if isinstance(kept, dict) else {}

"""YouTube: comments on own channels, videos that name a brand, and the comments under them.

Own channels' comments are one call a page at every poll. Searches are few (a hundred a day), so they are spread
evenly over day and brands. A known video costs a fiftieth of a call to look at; its comments are read when their
number has moved, and once a day as a whole, since a reply does not bring its thread to the top.

Cursor: `plan` (what is left of the day), a target a channel and a search (`since`, `walk`, `deep_at`, `replies`),
and one for the videos (`videos`: id → the same and `count`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar, Literal

from pydantic import Field, SecretStr

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError, SourceOptions
from monitor.collectors.deeper import deepened
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.targets import State, read_targets
from monitor.collectors.times import parse_time
from monitor.collectors.urls import WebAddress
from monitor.collectors.walks import walk_newest_first
from monitor.collectors.youtube_api import SEARCHES_A_DAY, UNITS_A_DAY, DayPlan, NothingThereError, YouTubeApi
from monitor.collectors.youtube_pages import IDS_A_CALL, Pages
from monitor.collectors.youtube_post import COMMENT, PLATFORM, VIDEO, native_id
from monitor.durations import Duration
from monitor.mention import Refusal, Removal

OVERLAP, DEEP_OVERLAP, DEEP_EVERY = timedelta(minutes=70), timedelta(hours=24), timedelta(hours=1)
WHOLE_VIDEO, WHOLE_EVERY = timedelta(days=60), timedelta(days=1)
PAGES_A_POLL = 20
SEARCH_PAGES_A_POLL = 3
VIDEOS = 200
_DAY = timedelta(days=1)
_VIDEOS, _AGAIN = "videos", "again"


class YouTubeOptions(SourceOptions):
    """Own channels, what to search for, and how much of the project's quota may be used."""

    type: Literal["youtube"] = "youtube"
    api_key: SecretStr = Field(description="an API key of a Google Cloud project with the YouTube Data API")
    channels: tuple[str, ...] = Field((), description="your own channels by id (UC…): all comments there are read")
    videos: tuple[str, ...] = Field((), description="videos by id whose comments are read in any case")
    search: bool = Field(True, description="look for videos that name a brand")
    words: tuple[str, ...] = Field((), description="what is searched for; default: the brands' keywords")
    region: str = Field("", pattern="^([A-Z]{2})?$", description="search as seen from this country, such as SE")
    every: Duration = Field(timedelta(minutes=5), ge=timedelta(seconds=30), description="how often it is asked")
    units_a_day: int = Field(9_000, ge=500, description="units of the project's day that may be used")
    searches_a_day: int = Field(90, ge=1, description="searches of the project's day that may be used")
    look_back: Duration = Field(timedelta(days=1), description="how far back the first poll goes")
    api_url: WebAddress = Field("https://www.googleapis.com", description="where the API is")


class YouTubeCollector(BaseCollector):
    """Reads channels, searches, and follows videos, within the day's plan."""

    type_name = "youtube"
    Options = YouTubeOptions
    verified = True
    budget: ClassVar[Budget] = Budget(UNITS_A_DAY, _DAY)  # of all sources with the same key
    fastest: ClassVar[timedelta] = timedelta(minutes=1)
    rechecks_a_poll = IDS_A_CALL

    def __init__(self, options: YouTubeOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self._api = YouTubeApi(options.api_url, options.api_key.get_secret_value(), http)
        self._pages = Pages(self._api, self.source, options.language)

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """New comments and videos, rechecks. Raises SourceError."""
        plan = self._planned(cursor, context.now)
        searches = self._searches(context)
        channels = {f"channel {channel}": channel for channel in self.options.channels}

        def read(key: str, state: State) -> Iterator[Batch]:
            if key in channels:
                return self._read_channel(channels[key], state, context)
            if key in searches:
                return self._search(searches[key], _DAY * len(searches) / plan.searches_a_day, state, context)
            return self._read_videos(state, context) if key == _VIDEOS else self.read_again(context)

        known = [_VIDEOS] * bool(self._followed(context)) + [_AGAIN] * bool(context.recheck)
        for batch in read_targets(cursor, [*channels, *searches, *known], context, read):
            yield replace(batch, cursor={**(batch.cursor or {}), "plan": plan.state()})

    def check(self) -> str:
        """Whether the key is taken. Raises SourceError."""
        self._api.read("videos", {"part": "id", "chart": "mostPopular", "maxResults": 1})
        options = self.options
        return (
            f"YouTube takes the key; comments on {len(options.channels)} own channels are read, and at most "
            f"{options.units_a_day} units and {options.searches_a_day} searches a day are used."
        )

    def _planned(self, cursor: Cursor, now: datetime) -> DayPlan:
        """What is left of the day: as this process knows it, else as the cursor says."""
        if self._api.plan is None:
            units, searches = self.options.units_a_day, self.options.searches_a_day
            self._api.plan = DayPlan(min(units, UNITS_A_DAY), min(searches, SEARCHES_A_DAY), now)
            self._api.plan.restore(cursor.get("plan"))
        self._api.now = now
        return self._api.plan

    # --- own channels

    def _read_channel(self, channel: str, state: State, context: CollectContext) -> Iterator[Batch]:
        state, overlap = deepened(state, context.now, DEEP_EVERY, OVERLAP, DEEP_OVERLAP)
        try:
            yield from self._comments(state, {"allThreadsRelatedToChannelId": channel}, overlap, context)
        except NothingThereError as exc:
            raise SourceError(
                f"YouTube shows no comments of the channel {channel} ({exc}).",
                remedy="Check `channels`: ids begin with UC, and comments must be switched on.",
                permanent=True,
            ) from exc

    def _comments(
        self, state: State, where: Mapping[str, str], overlap: timedelta, context: CollectContext
    ) -> Iterator[Batch]:
        kept = state.get("replies")
        read = {str(number): total for number, total in kept.items()} if isinstance(kept, dict) else {}
        return walk_newest_first(
            {**state, "replies": read},
            lambda token: self._pages.threads(where, token, read),
            context,
            overlap=overlap,
            look_back=self.options.look_back,
            max_pages=PAGES_A_POLL,
        )

    # --- searches

    def _searches(self, context: CollectContext) -> dict[str, str]:
        """Key → query. A brand's words are one search, whichever of them a video holds."""
        if not self.options.search:
            return {}
        if self.options.words:
            return {"search words": _either(self.options.words)}
        ours = self.options.brand
        return {f"search {name}": _either(words) for name, words in context.terms.items() if ours in (None, name)}

    def _search(self, query: str, pause: timedelta, state: State, context: CollectContext) -> Iterator[Batch]:
        now, begun = context.now, parse_time(state.get("begun_at"))
        if "walk" not in state:
            if not query or (begun is not None and now - begun < pause):
                return
            since = parse_time(state.get("since"))
            after = min(since, now) - DEEP_OVERLAP if since else now - self.options.look_back
            state = {**state, "begun_at": now.isoformat(), "after": after.strftime("%Y-%m-%dT%H:%M:%SZ")}
        yield from walk_newest_first(
            state,
            lambda token: self._pages.hits(query, str(state.get("after")), self.options.region, token),
            context,
            overlap=DEEP_OVERLAP,  # the index lags behind
            look_back=self.options.look_back,
            max_pages=SEARCH_PAGES_A_POLL,
        )

    # --- known videos

    def _followed(self, context: CollectContext) -> list[str]:
        watched = [number for thread in context.watched if (number := native_id(thread.root_id, VIDEO))]
        return list(dict.fromkeys((*self.options.videos, *watched)))[:VIDEOS]

    def _read_videos(self, state: State, context: CollectContext) -> Iterator[Batch]:
        followed = self._followed(context)
        kept = state.get("videos")
        old = kept if isinstance(kept, dict) else {}
        known = {number: dict(found) if isinstance(found := old.get(number), dict) else {} for number in followed}
        for start in range(0, len(followed), IDS_A_CALL):
            found, refusals = self._pages.videos(followed[start : start + IDS_A_CALL])
            listed = tuple(found[number] for number in self.options.videos if number in found)
            gone = _gone(followed[start : start + IDS_A_CALL], found, refusals)
            yield Batch(listed, removals=gone, refusals=tuple(refusals), cursor={"videos": dict(known)})
            for number, video in found.items():
                if context.stopping():
                    return
                if number in known:
                    yield from self._read_video(number, video.replies, known, context)

    def _read_video(
        self, number: str, count: int | None, known: dict[str, State], context: CollectContext
    ) -> Iterator[Batch]:
        """A video's comments where their number moved, a walk is unfinished, or a day has passed."""
        before = known[number]
        state, overlap = deepened(before, context.now, WHOLE_EVERY, DEEP_OVERLAP, WHOLE_VIDEO)
        if not count or (before.get("count") == count and overlap != WHOLE_VIDEO and "walk" not in before):
            return
        state.setdefault("since", context.now.isoformat())  # a new video is read as a whole
        try:
            for batch in self._comments(state, {"videoId": number}, overlap, context):
                known[number] = dict(batch.cursor or {})
                yield replace(batch, cursor={"videos": dict(known)})
        except NothingThereError as exc:
            known[number] = {**state, "count": count}
            yield Batch(refusals=(Refusal(f"video {number}", str(exc)),), cursor={"videos": dict(known)})
        if "walk" not in known[number] and not context.stopping():
            known[number]["count"] = count
            yield Batch(cursor={"videos": dict(known)})

    # --- edits and deletions

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError."""
        for kind, read in ((COMMENT, self._pages.comments), (VIDEO, partial(self._videos_again, now=context.now))):
            ids = [number for one in context.recheck if (number := native_id(one, kind))]
            for start in range(0, len(ids), IDS_A_CALL):
                if context.stopping():
                    return
                yield read(ids[start : start + IDS_A_CALL])

    def _videos_again(self, ids: Sequence[str], now: datetime) -> Batch:
        found, refusals = self._pages.videos(ids)
        edited = tuple(replace(video, edited_at=now) for video in found.values())
        return Batch(edited, removals=_gone(ids, found, refusals), refusals=tuple(refusals))


def _gone(ids: Sequence[str], found: Mapping[str, object], refusals: Sequence[Refusal]) -> tuple[Removal, ...]:
    """Which videos are gone; none where some could not be understood."""
    missing = [number for number in ids if number not in found]
    return () if refusals else tuple(Removal(PLATFORM, VIDEO + number) for number in missing)


def _either(words: Sequence[str]) -> str:
    """Any of the words, in the search's own notation; words of several parts as they are."""
    plain = [word.replace('"', "").strip() for word in words]
    spelled = {word.casefold(): word for word in plain if word}.values()
    return "|".join(f'"{word}"' if " " in word else word for word in spelled)

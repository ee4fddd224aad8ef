"""Reading posts of X within the day's money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from monitor.collectors.base import Batch, CollectContext
from monitor.collectors.targets import State
from monitor.collectors.walks import Page, walk_newest_first
from monitor.collectors.x_api import PRICE_OF_POST, PRICE_OF_USER, Purse, XApi, gone_in, next_token, objects_in
from monitor.collectors.x_counting import REACH
from monitor.collectors.x_post import PLATFORM, POST, Users, id_at, is_repost, mention_of, time_of, users_in
from monitor.mention import Mention, Refusal, Removal

OVERLAP = timedelta(minutes=10)  # ids of different machines are only roughly in order
PAGES_A_POLL = 10
FEWEST, MOST = 10, 100
IDS_A_CALL = 100
_FIELDS = {
    "tweet.fields": "created_at,author_id,conversation_id,referenced_tweets,lang,public_metrics,entities,"
    "note_tweet,edit_history_tweet_ids",
}
_AUTHORS = {"expansions": "author_id", "user.fields": "username,public_metrics"}


class CapReachedError(Exception):
    """What is left of the day's money does not pay another page."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads for one poll of one source. `reserve` are the dollars that the numbers need until midnight."""

    api: XApi
    purse: Purse
    reserve: float
    authors: bool
    source: str
    language: str | None
    context: CollectContext

    def walk(
        self,
        path: str,
        params: Mapping[str, str],
        state: State,
        *,
        look_back: timedelta,
        price: float = PRICE_OF_POST,
    ) -> Iterator[Batch]:
        """Posts since the newest known one, with an overlap. Raises SourceError, CapReachedError.

        `newest_id` and, while a walk is unfinished, `after_id` (which all its pages must share) are kept in the
        state.
        """
        if "walk" not in state:
            known = state.get("newest_id")
            since = time_of(str(known)) - OVERLAP if _is_id(known) else self.context.now - look_back
            state = {**state, "after_id": id_at(since)}
        floor = self._floor(str(state.get("after_id")))

        def fetch(token: str | None) -> Page:
            paged = {"next_token" if path.startswith("tweets/") else "pagination_token": token} if token else {}
            return self._page(path, {**params, **floor, **paged}, price)

        newest = state.get("newest_id")
        for batch in walk_newest_first(
            state, fetch, self.context, overlap=OVERLAP, look_back=look_back, max_pages=PAGES_A_POLL
        ):
            newest = _newest(newest, batch.mentions)
            yield replace(batch, cursor={**(batch.cursor or {}), **({"newest_id": newest} if newest else {})})

    def _floor(self, after: str) -> dict[str, str]:
        """From where on. Ids older than the search reaches would be refused."""
        earliest = self.context.now - REACH
        if not _is_id(after) or time_of(after) < earliest:
            return {"start_time": earliest.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return {"since_id": after}

    def _page(self, path: str, params: Mapping[str, str], price: float) -> Page:
        unit = price + (PRICE_OF_USER if self.authors else 0.0)
        affordable = int((self.purse.left - self.reserve) / unit + 1e-9)
        if affordable < FEWEST:
            raise CapReachedError
        authors = _AUTHORS if self.authors else {}
        body = self.api.read(path, {**params, **_FIELDS, **authors, "max_results": min(MOST, affordable)})
        mentions, refusals = self._read(body, price)
        # The search itself ends at `since_id`: the page's time is no reason to stop.
        return Page(tuple(mentions), next_token(body), self.context.now, refusals=tuple(refusals))

    def again(self, ids: Sequence[str]) -> Batch:
        """Posts by id as they are now, and the removals of those that are deleted, protected or suspended."""
        body = self._look_up(ids)
        known = objects_in(body)
        stale = [last for post in known if (last := _latest(post)) not in (None, post.get("id"))]
        mentions, refusals = self._read(body, PRICE_OF_POST)
        if stale:  # an edit is a post of its own: the old one was asked for
            changed, wrong = self._read(self._look_up([str(number) for number in stale]), PRICE_OF_POST)
            newer = {mention.global_id for mention in changed}
            mentions = [*(one for one in mentions if one.global_id not in newer), *changed]
            refusals += wrong
        gone = tuple(Removal(PLATFORM, POST + number) for number in gone_in(body) if number in ids)
        return Batch(tuple(mentions), removals=gone, refusals=tuple(refusals))

    def _look_up(self, ids: Sequence[str]) -> Mapping[str, Any]:
        if (self.purse.left - self.reserve) < PRICE_OF_POST * len(ids):
            raise CapReachedError
        return self.api.read("tweets", {**_FIELDS, "ids": ",".join(ids)})

    def _read(self, body: Mapping[str, Any], price: float) -> tuple[list[Mention], list[Refusal]]:
        """The posts of an answer, which are paid."""
        users: Users = users_in(body)
        mentions: list[Mention] = []
        refusals: list[Refusal] = []
        posts = objects_in(body)
        self.purse.pay(price, [f"post {post.get('id')}" for post in posts])
        self.purse.pay(PRICE_OF_USER, [f"user {number}" for number in users])
        for post in posts:
            try:
                if not is_repost(post):
                    mentions.append(mention_of(post, users, self.source, self.language))
            except (ValueError, TypeError, AttributeError, KeyError) as exc:
                refusals.append(
                    Refusal(f"X post {str(post.get('id'))[:30]}", f"cannot be understood: {exc}"[:100])
                )
        return mentions, refusals


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isdecimal()


def _newest(known: object, mentions: Sequence[Mention]) -> str | None:
    numbers = [mention.global_id.removeprefix(POST) for mention in mentions]
    return max(
        [*numbers, *([known] if isinstance(known, str) and known.isdecimal() else [])], key=int, default=None
    )


def _latest(post: Mapping[str, Any]) -> str | None:
    versions = post.get("edit_history_tweet_ids")
    numbers = [one for one in versions if _is_id(one)] if isinstance(versions, list) else []
    return max(numbers, key=int, default=None)

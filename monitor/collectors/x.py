"""X: how many posts name a brand (cheap), and the posts themselves only when that is worth their price.

Numbers come first: one call tells how many posts there were in each minute, and becomes a measurement for every
five minutes, which the detectors judge. Posts are read while the last hour is well above the usual one (or an
incident is open), and never beyond the day's money; what the numbers need until midnight is kept back.

Cursor: `purse` (what was spent today), a target a query (`counted_at`, `counted_to`, `hour`, `usual`, `usual_at`,
`newest_id`, `after_id`, `since`, `walk`), and targets for the account's mentions and conversations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.targets import State, read_targets
from monitor.collectors.threads import due_threads, read_times
from monitor.collectors.x_api import PRICE_OF_OWN_MENTION, Purse, XApi
from monitor.collectors.x_counting import REACH, Asked, Counter, cost_of_counts
from monitor.collectors.x_counts import queries_of
from monitor.collectors.x_options import XOptions
from monitor.collectors.x_post import PLATFORM, POST, native_id
from monitor.collectors.x_reading import IDS_A_CALL, CapReachedError, Reader
from monitor.mention import Measurement, Refusal

QUOTED = 0.05  # share of the day's money for posts that an alert is about to quote
THREADS_A_POLL = 5
_DAY = timedelta(days=1)
_MENTIONS, _THREADS, _AGAIN = "mentions", "threads", "again"


class XCollector(BaseCollector):
    """Counts, then reads."""

    type_name = "x"
    Options = XOptions
    verified = True
    budget: ClassVar[Budget] = Budget(300, timedelta(minutes=15))
    fastest: ClassVar[timedelta] = timedelta(minutes=2)
    rechecks_a_poll = IDS_A_CALL

    def __init__(self, options: XOptions, http: HttpSession) -> None:
        super().__init__(options, http)
        self.options = options
        self._api = XApi(options.api_url, options.token.get_secret_value(), http)
        self._quoted: Purse | None = None

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        """Numbers, posts, conversations, rechecks. Raises SourceError."""
        asked = self._asked(context.terms)
        options = self.options
        purse = Purse(options.dollars_a_day * (1 - QUOTED), context.now, cursor.get("purse"))
        reserve = cost_of_counts(len(asked), purse.until_tomorrow(), options.every)
        reader = self._reader(purse, reserve, context)
        counter = Counter(self._api, purse, len(asked), self.source, context.now)
        others = {_MENTIONS: self._own_mentions, _THREADS: self._conversations, _AGAIN: _read_again}

        def read(key: str, state: State) -> Iterator[Batch]:
            if key in asked:
                return self._read_query(asked[key], state, counter, reader)
            return _within_cap(others[key](state, reader), state, context.now)

        for batch in read_targets(cursor, [*self._extra(context), *asked], context, read):
            yield replace(batch, cursor={**(batch.cursor or {}), "purse": purse.state()})

    def read_again(self, context: CollectContext) -> Iterator[Batch]:
        """The posts of `context.recheck` as they are now, or their removals. Raises SourceError.

        For alerts: with a share of the day's money that polls do not touch, as they know nothing of this.
        """
        spent = self._quoted.state() if self._quoted else None
        self._quoted = Purse(self.options.dollars_a_day * QUOTED, context.now, spent)
        reader = self._reader(self._quoted, 0.0, context)
        return _within_cap(_read_again({}, reader), {}, context.now)

    def _reader(self, purse: Purse, reserve: float, context: CollectContext) -> Reader:
        options = self.options
        return Reader(self._api, purse, reserve, options.authors, self.source, options.language, context)

    def check(self) -> str:
        """Whether the token may count (this costs half a cent). Raises SourceError."""
        options = self.options
        self._api.read("tweets/counts/recent", {"query": options.query or "nordic", "granularity": "day"})
        a_day = cost_of_counts(1, _DAY, options.every)
        enough = (
            "" if a_day < options.dollars_a_day else ", which is more than the cap, so it is counted less often"
        )
        return (
            f"X can be counted; that costs {a_day:.2f} dollars a day and query{enough}, and at most "
            f"{options.dollars_a_day:.2f} dollars a day are spent on everything."
        )

    def _asked(self, terms: Mapping[str, tuple[str, ...]]) -> dict[str, Asked]:
        options = self.options
        if options.query:
            return {"query": Asked(options.brand or "", "X posts", options.query)}
        found: dict[str, Asked] = {}
        for brand, words in terms.items():
            if options.brand in (None, brand):
                for number, query in enumerate(queries_of(words, options.languages), 1):
                    name = "X posts" if number == 1 else f"X posts {number}"
                    found[f"{brand} {number}"] = Asked(brand, name, query)
        if not found:
            raise SourceError(
                "X is asked for the brands' keywords, and there are none.",
                remedy="Give a brand `keywords`, or the source a `query` and a `brand`.",
                permanent=True,
            )
        return found

    def _extra(self, context: CollectContext) -> list[str]:
        hot = any(thread.hot and thread.platform == PLATFORM for thread in context.watched)
        wanted = {_AGAIN: bool(context.recheck), _MENTIONS: bool(self.options.account_id)}
        return [key for key, want in {**wanted, _THREADS: self.options.threads and hot}.items() if want]

    # --- queries: numbers, then posts

    def _read_query(self, asked: Asked, state: State, counter: Counter, reader: Reader) -> Iterator[Batch]:
        """The numbers together with the first posts: neither waits for the other, nor fails with it."""
        measured: tuple[Measurement, ...] = ()
        failure: SourceError | None = None
        try:
            measured, state = counter.count(asked, state)
        except SourceError as exc:
            failure = exc
        posts: Iterator[Batch] = iter(())
        if self._worth_reading(state, reader.context):
            walk = reader.walk(
                "tweets/search/recent", {"query": asked.query}, state, look_back=self.options.look_back
            )
            posts = _within_cap(walk, state, reader.context.now)
        numbers = Batch(measurements=measured, cursor=state)
        try:
            first = next(posts, numbers)
        except SourceError as exc:
            first, failure = numbers, failure or exc
        yield replace(first, measurements=measured)
        yield from posts
        if failure is not None:
            raise failure

    def _worth_reading(self, state: State, context: CollectContext) -> bool:
        options = self.options
        if options.posts != "when_rising":
            return options.posts == "always"
        hour, usual = state.get("hour") or 0, state.get("usual") or 0.0
        rising = hour >= max(options.rising_from, options.rising_times * usual)
        return rising or context.hot or "walk" in state

    # --- the account, conversations, edits and deletions

    def _own_mentions(self, state: State, reader: Reader) -> Iterator[Batch]:
        path = f"users/{self.options.account_id}/mentions"
        return reader.walk(path, {}, state, look_back=self.options.look_back, price=PRICE_OF_OWN_MENTION)

    def _conversations(self, state: State, reader: Reader) -> Iterator[Batch]:
        context = reader.context
        read_at, known = _dict(state.get("read_at")), _dict(state.get("threads"))
        due = [thread for thread in due_threads(context, PLATFORM, read_at, self.options.every) if thread.hot]
        for thread in due[:THREADS_A_POLL]:
            number = native_id(thread.root_id)
            if number is None:
                continue
            query = {"query": f"conversation_id:{number} -is:retweet"}
            for batch in reader.walk("tweets/search/recent", query, _dict(known.get(number)), look_back=REACH):
                known[number] = batch.cursor
                yield replace(batch, cursor={"read_at": read_at, "threads": dict(known)})
            read_at = read_times(context, PLATFORM, read_at, thread.root_id)
            roots = {one.root_id.removeprefix(POST) for one in context.watched}
            known = {root: kept for root, kept in known.items() if root in roots}
            yield Batch(cursor={"read_at": read_at, "threads": dict(known)})


def _read_again(state: State, reader: Reader) -> Iterator[Batch]:
    context = reader.context
    ids = [number for one in context.recheck if (number := native_id(one))]
    for start in range(0, len(ids), IDS_A_CALL):
        if context.stopping():
            return
        yield replace(reader.again(ids[start : start + IDS_A_CALL]), cursor=state)


def _within_cap(batches: Iterator[Batch], state: State, now: datetime) -> Iterator[Batch]:
    """The batches until the day's money is used up, which is told once a day."""
    try:
        for batch in batches:
            state = batch.cursor or state
            yield batch
    except CapReachedError:
        if state.get("capped_on") != now.date().isoformat():
            why = "the day's money is used up but for the numbers; no posts are read until midnight UTC"
            state = {**state, "capped_on": now.date().isoformat()}
            yield Batch(refusals=(Refusal("posts of X", why),), cursor=state)


def _dict(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}

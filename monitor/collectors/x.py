"""X: how many posts name a brand (cheap), and the posts themselves only when that is worth their price.

Numbers come first: one call tells how many posts there were in each minute, and becomes a measurement for every
five minutes, which the detectors judge. Posts are read while the last hour is well above the usual one (or an
incident is open), and never beyond the day's money; what the numbers need until midnight is kept back.

Cursor: `purse` (what was spent today), a target a query (`counted_at`, `counted_to`, `hour`, `usual`, `usual_at`,
`newest_id`, `after_id`, `since`, `walk`), and targets for the account's mentions and conversations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from monitor.collectors.base import BaseCollector, Batch, CollectContext, Cursor, SourceError
from monitor.collectors.http import Budget, HttpSession
from monitor.collectors.targets import State, read_targets
from monitor.collectors.threads import due_threads, read_times
from monitor.collectors.times import parse_time
from monitor.collectors.x_api import PRICE_OF_COUNTS, PRICE_OF_OWN_MENTION, Purse, XApi, next_token, objects_in
from monitor.collectors.x_counts import BUCKET, HOUR, by_bucket, floor_bucket, queries_of, read_counts, usual_hour
from monitor.collectors.x_options import XOptions
from monitor.collectors.x_post import PLATFORM, POST, native_id
from monitor.collectors.x_reading import IDS_A_CALL, REACH, CapReachedError, Reader
from monitor.mention import Measurement, Refusal

COUNT_OVERLAP = timedelta(minutes=15)
FIRST_COUNTS = timedelta(hours=6)
COUNT_PAGES = 10
QUOTED = 0.05  # share of the day's money for posts that an alert is about to quote
THREADS_A_POLL = 5
_SETTLED = timedelta(seconds=40)  # the platform counts nothing younger than half a minute
_DAY = timedelta(days=1)
_MENTIONS, _THREADS, _AGAIN = "mentions", "threads", "again"


@dataclass(frozen=True, slots=True)
class _Asked:
    """One query: whose numbers it gives, and under which name."""

    brand: str
    name: str
    query: str


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
        reserve = _cost_of_counts(len(asked), purse.until_tomorrow(), options.every)
        reader = self._reader(purse, reserve, context)
        others = {_MENTIONS: self._own_mentions, _THREADS: self._conversations, _AGAIN: _read_again}

        def read(key: str, state: State) -> Iterator[Batch]:
            if key in asked:
                return self._read_query(asked[key], len(asked), state, reader)
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
        a_day = _cost_of_counts(1, _DAY, options.every)
        enough = (
            "" if a_day < options.dollars_a_day else ", which is more than the cap, so it is counted less often"
        )
        return (
            f"X can be counted; that costs {a_day:.2f} dollars a day and query{enough}, and at most "
            f"{options.dollars_a_day:.2f} dollars a day are spent on everything."
        )

    def _asked(self, terms: Mapping[str, tuple[str, ...]]) -> dict[str, _Asked]:
        options = self.options
        if options.query:
            return {"query": _Asked(options.brand or "", "X posts", options.query)}
        found: dict[str, _Asked] = {}
        for brand, words in terms.items():
            if options.brand in (None, brand):
                for number, query in enumerate(queries_of(words, options.languages), 1):
                    name = "X posts" if number == 1 else f"X posts {number}"
                    found[f"{brand} {number}"] = _Asked(brand, name, query)
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

    def _read_query(self, asked: _Asked, queries: int, state: State, reader: Reader) -> Iterator[Batch]:
        """The numbers together with the first posts: neither waits for the other, nor fails with it."""
        measured: tuple[Measurement, ...] = ()
        failure: SourceError | None = None
        try:
            measured, state = self._count(asked, queries, state, reader)
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

    def _count(
        self, asked: _Asked, queries: int, state: State, reader: Reader
    ) -> tuple[tuple[Measurement, ...], State]:
        """The last hour at least, and what is unknown before it, as a measurement for every five minutes."""
        now, purse = reader.context.now, reader.purse
        if not _is_due(state, now, purse, queries):
            return (), state
        asked_at = parse_time(state.get("usual_at"))
        if asked_at is None or now - asked_at >= _DAY:
            hours = self._counts(asked.query, "hour", now - REACH, None, purse)
            state = {**state, "usual": usual_hour(hours), "usual_at": now.isoformat()}
        until = floor_bucket(now - _SETTLED)
        counted_to = parse_time(state.get("counted_to")) or until - FIRST_COUNTS
        since = max(
            floor_bucket(min(counted_to - COUNT_OVERLAP, until - HOUR)), floor_bucket(now - REACH) + BUCKET
        )
        counts = by_bucket(self._counts(asked.query, "minute", since, until, purse), since, until)
        measured = tuple(Measurement(asked.brand, asked.name, at, n, self.source) for at, n in counts.items())
        hour = sum(count for at, count in counts.items() if at >= until - HOUR)
        return measured, {**state, "counted_at": now.isoformat(), "counted_to": until.isoformat(), "hour": hour}

    def _counts(
        self, query: str, granularity: str, since: datetime, until: datetime | None, purse: Purse
    ) -> dict[datetime, int]:
        asked = {"query": query, "granularity": granularity, "start_time": _iso(since)}
        asked |= {"end_time": _iso(until)} if until else {}
        found: dict[datetime, int] = {}
        token: str | None = None
        for _ in range(COUNT_PAGES):
            if purse.left < PRICE_OF_COUNTS:
                raise SourceError(
                    f"The day's {self.options.dollars_a_day:.2f} dollars for X are spent; nothing is seen of it "
                    "until midnight UTC.",
                    remedy="Raise `dollars_a_day`, or count less often (`every`).",
                    retry_after=purse.until_tomorrow(),
                )
            body = self._api.read("tweets/counts/recent", {**asked, **({"next_token": token} if token else {})})
            purse.pay_call(PRICE_OF_COUNTS)
            found |= read_counts(objects_in(body))
            token = next_token(body)
            if token is None:
                break
        return found

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


def _cost_of_counts(queries: int, left: timedelta, every: timedelta) -> float:
    """What counting costs in the rest of a day, and the usual numbers once."""
    return queries * PRICE_OF_COUNTS * (left / every + 1)


def _is_due(state: State, now: datetime, purse: Purse, queries: int) -> bool:
    """Whether to count now: as often as asked, but never so often that the money ends before the day."""
    last = parse_time(state.get("counted_at"))
    affordable = purse.left / (PRICE_OF_COUNTS * queries)
    if last is None or affordable < 1:
        return last is None or last.date() != now.date()  # the last calls of a small cap were made a while ago
    return now - last >= purse.until_tomorrow() / affordable


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _dict(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}

"""Counting posts of X: one call a query, made as often as the day's money allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.collectors.base import SourceError
from monitor.collectors.targets import State
from monitor.collectors.times import parse_time
from monitor.collectors.x_api import PRICE_OF_COUNTS, Purse, XApi, next_token, objects_in
from monitor.collectors.x_counts import BUCKET, HOUR, by_bucket, floor_bucket, read_counts, usual_hour
from monitor.mention import Measurement

REACH = timedelta(days=7) - timedelta(minutes=10)  # the platform knows no more than seven days
OVERLAP = timedelta(minutes=15)
FIRST = timedelta(hours=6)
PAGES = 10
_SETTLED = timedelta(seconds=40)  # the platform counts nothing younger than half a minute
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """One query: whose numbers it gives, and under which name."""

    brand: str
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts for one poll of one source that has so many `queries`."""

    api: XApi
    purse: Purse
    queries: int
    source: str
    now: datetime

    def count(self, asked: Asked, state: State) -> tuple[tuple[Measurement, ...], State]:
        """The last hour at least, and what is unknown before it, as a measurement for every five minutes.

        With the state after it: `counted_at`, `counted_to`, `hour` (posts of the last hour), and once a day
        `usual` (posts of an hour of the last week). Nothing where it is too early. Raises SourceError.
        """
        now = self.now
        if not self._is_due(state):
            return (), state
        asked_at = parse_time(state.get("usual_at"))
        if asked_at is None or now - asked_at >= _DAY:
            hours = self._ask(asked.query, "hour", now - REACH, None)
            state = {**state, "usual": usual_hour(hours), "usual_at": now.isoformat()}
        until = floor_bucket(now - _SETTLED)
        counted_to = parse_time(state.get("counted_to")) or until - FIRST
        since = max(floor_bucket(min(counted_to - OVERLAP, until - HOUR)), floor_bucket(now - REACH) + BUCKET)
        counts = by_bucket(self._ask(asked.query, "minute", since, until), since, until)
        measured = tuple(Measurement(asked.brand, asked.name, at, n, self.source) for at, n in counts.items())
        hour = sum(count for at, count in counts.items() if at >= until - HOUR)
        return measured, {**state, "counted_at": now.isoformat(), "counted_to": until.isoformat(), "hour": hour}

    def _is_due(self, state: State) -> bool:
        """Whether to count now: as often as asked, but never so often that the money ends before the day."""
        last = parse_time(state.get("counted_at"))
        affordable = self.purse.left / (PRICE_OF_COUNTS * self.queries)
        if last is None or affordable < 1:
            return last is None or last.date() != self.now.date()  # a small cap's last calls were made a while ago
        return self.now - last >= self.purse.until_tomorrow() / affordable

    def _ask(self, query: str, granularity: str, since: datetime, until: datetime | None) -> dict[datetime, int]:
        asked = {"query": query, "granularity": granularity, "start_time": _iso(since)}
        asked |= {"end_time": _iso(until)} if until else {}
        found: dict[datetime, int] = {}
        token: str | None = None
        for _ in range(PAGES):
            if self.purse.left < PRICE_OF_COUNTS:
                raise SourceError(
                    "The day's dollars for X are spent; nothing is seen of it until midnight UTC.",
                    remedy="Raise `dollars_a_day`, or count less often (`every`).",
                    retry_after=self.purse.until_tomorrow(),
                )
            body = self.api.read("tweets/counts/recent", {**asked, **({"next_token": token} if token else {})})
            self.purse.pay_call(PRICE_OF_COUNTS)
            found |= read_counts(objects_in(body))
            token = next_token(body)
            if token is None:
                break
        return found


def cost_of_counts(queries: int, left: timedelta, every: timedelta) -> float:
    """What counting costs in the rest of a day, and the usual numbers once: dollars."""
    return queries * PRICE_OF_COUNTS * (left / every + 1)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")

"""How often a platform may be asked: what its headers say, and a budget that we keep by ourselves.

Platforms tell when they want to be asked again in four dialects (ISO 8601, epoch seconds, seconds left, not at
all; `Retry-After` besides); Meta tells percentages (`meta_usage.py`). Where the answer has a `Date`, points in
time are read against the platform's own clock, so that a wrong clock here does no harm.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from monitor.collectors import meta_usage
from monitor.collectors.base import SourceError

LONGEST_WAIT = timedelta(days=1)
_ROLLING_WAIT = timedelta(minutes=10)  # of a limit on the last hour that does not say when it lets us in again
_RESET = (
    "x-ratelimit-reset-after",
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "ratelimit-reset",
    "rate-limit-reset",
)
_REMAINING = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining", "rate-limit-remaining")
_LIMIT = ("x-ratelimit-limit", "x-rate-limit-limit", "ratelimit-limit", "rate-limit-limit")
_EPOCH_FROM = 1e9  # as seconds left this would be 31 years
_EPOCH_MS_FROM = 1e11
_DRAFT_FIELD = re.compile(r";\s*([rt])=(\d+)")  # the IETF draft: `RateLimit: "default";r=50;t=30`


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a platform's limit until it starts anew. Times are on our clock."""

    remaining: float
    resets_at: datetime
    limit: float | None = None


def read_wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the platform wants to be left alone, between one second and one day; None if it does not say."""
    for name in ("retry-after", *_RESET):
        wait = _wait_of(headers.get(name), _their_now(headers, now))
        if wait is not None:
            return wait
    draft = _draft_fields(headers)
    if "t" in draft:
        return _clamped(timedelta(seconds=draft["t"]))
    regain = meta_usage.time_to_regain(headers)
    return _clamped(regain) if regain else None


def read_quota(headers: Mapping[str, str], now: datetime) -> Quota | None:
    """What the answer says is left, or None where it does not say how much and until when."""
    draft = _draft_fields(headers)
    remaining = draft.get("r", _number(headers, _REMAINING))
    resets = next((headers[name] for name in _RESET if name in headers), None)
    wait = _wait_of(resets, _their_now(headers, now))
    if wait is None and "t" in draft:
        wait = _clamped(timedelta(seconds=draft["t"]))
    if remaining is None or wait is None:
        return _read_usage(headers, now)
    return Quota(remaining, now + wait, _number(headers, _LIMIT))


def _read_usage(headers: Mapping[str, str], now: datetime) -> Quota | None:
    left = meta_usage.calls_left(headers)
    if left is None:
        return None
    wait = meta_usage.time_to_regain(headers) or _ROLLING_WAIT
    return Quota(left, now + _clamped(wait), meta_usage.CALLS)


def _draft_fields(headers: Mapping[str, str]) -> dict[str, float]:
    return {key: float(value) for key, value in _DRAFT_FIELD.findall(headers.get("ratelimit", ""))}


def _number(headers: Mapping[str, str], names: tuple[str, ...]) -> float | None:
    text = next((headers[name] for name in names if name in headers), "")
    found = re.match(r"\s*(\d{1,12}(?:\.\d+)?)", text)
    return float(found[1]) if found else None


def _their_now(headers: Mapping[str, str], now: datetime) -> datetime:
    return _http_date(headers.get("date", "")) or now


def _wait_of(value: str | None, their_now: datetime) -> timedelta | None:
    """A reset header of any dialect as a wait from now."""
    if not value:
        return None
    value = value.strip().split(",")[0] if not value[:1].isalpha() else value.strip()
    if re.fullmatch(r"\d{1,17}(\.\d+)?", value):
        return _clamped(_wait_of_number(float(value), their_now))
    at = _http_date(value) or _iso_date(value)
    return None if at is None else _clamped(at - their_now)


def _wait_of_number(number: float, their_now: datetime) -> timedelta:
    if number < _EPOCH_FROM:
        return timedelta(seconds=number)
    seconds = number / 1000 if number >= _EPOCH_MS_FROM else number
    return timedelta(seconds=seconds - their_now.timestamp())


def _http_date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _iso_date(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _clamped(wait: timedelta) -> timedelta:
    return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit that a platform documents: so many calls (or units) in `per`. Calls are spread over the period.

    A quarter may be used at once and the rest comes back evenly, so that in no window of length `per` more than
    `calls` are made.
    """

    calls: float
    per: timedelta


class BudgetKeeper:
    """Counts against a `Budget` (a token bucket). Safe across threads."""

    def __init__(self, budget: Budget, now: datetime) -> None:
        self._capacity = max(budget.calls / 4, min(budget.calls, 1.0))
        self._per_second = max(budget.calls - self._capacity, budget.calls / 4) / budget.per.total_seconds()
        self._tokens, self._at = self._capacity, now
        self._lock = threading.Lock()

    def take(self, cost: float, now: datetime) -> timedelta:
        """Zero if `cost` could be taken; else how long until it can, and nothing is taken."""
        with self._lock:
            self._refill(now)
            missing = min(cost, self._capacity) - self._tokens
            if missing <= 0:
                self._tokens -= cost
                return timedelta(0)
            return _clamped(timedelta(seconds=missing / self._per_second))

    def spare(self, now: datetime) -> float:
        """The share (0–1) of what may be used at once that is left."""
        with self._lock:
            self._refill(now)
            return max(self._tokens, 0.0) / self._capacity

    def state(self) -> dict[str, Any]:
        """What a collector keeps in its cursor when a restart must not give a day's quota anew."""
        return {"tokens": self._tokens, "at": self._at.isoformat()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`; what cannot be read changes nothing."""
        try:
            tokens, at = float(state["tokens"]), datetime.fromisoformat(state["at"])
        except (KeyError, TypeError, ValueError):
            return
        with self._lock:
            if at.tzinfo and at <= self._at:
                self._tokens = min(tokens, self._capacity)
                self._at, now = at, self._at
                self._refill(now)

    def _refill(self, now: datetime) -> None:
        passed = max((now - self._at).total_seconds(), 0.0)
        self._tokens = min(self._capacity, self._tokens + passed * self._per_second)
        self._at = max(self._at, now)


class Meter:
    """One account's (or our address's) standing with one host: its headers and our own budget together."""

    def __init__(self, budget: Budget | None, now: datetime) -> None:
        self.keeper = None if budget is None else BudgetKeeper(budget, now)
        self._quota: Quota | None = None
        self._lock = threading.Lock()

    def before_call(self, host: str, cost: float, now: datetime) -> None:
        """Count a call, or raise a `pause` SourceError when it would go over a limit."""
        with self._lock:
            quota = self._quota
            if quota and quota.resets_at <= now:
                quota = self._quota = None
            if quota and quota.remaining < 1:
                raise _paused(host, quota.resets_at - now)
            wait = self.keeper.take(cost, now) if self.keeper else timedelta(0)
            if wait:
                raise _paused(host, wait)
            if quota:  # other threads' calls are under way before the next header tells
                self._quota = Quota(quota.remaining - 1, quota.resets_at, quota.limit)

    def after_answer(self, headers: Mapping[str, str], now: datetime) -> None:
        """Believe what the platform says, the lower of its count and ours within one window."""
        told = read_quota(headers, now)
        if told is None:
            return
        with self._lock:
            known = self._quota
            same = known is not None and abs(known.resets_at - told.resets_at) < timedelta(seconds=5)
            if known is not None and same:
                told = Quota(min(known.remaining, told.remaining), told.resets_at, told.limit)
            self._quota = told

    def spare(self, now: datetime) -> float:
        """The share (0–1) of the limits that is left; 1 where none is known."""
        shares = [self.keeper.spare(now)] if self.keeper else []
        quota = self._quota
        if quota and quota.limit and quota.resets_at > now:
            shares.append(min(max(quota.remaining / quota.limit, 0.0), 1.0))
        return min(shares, default=1.0)


def _paused(host: str, wait: timedelta) -> SourceError:
    return SourceError(
        f"{host} allows no more calls for now; going on in {round(wait.total_seconds())} s.",
        remedy="Nothing to do. If this repeats, ask less often (`every`) or follow fewer things.",
        retry_after=_clamped(wait),
        pause=True,
    )

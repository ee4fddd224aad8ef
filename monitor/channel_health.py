"""How each channel fares: since when it fails, why, what to do, and when to try it again. Kept in memory.

A restart forgets it on purpose: the first message after a restart finds out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.channels.base import ChannelError
from alerts.incident import TimelineEvent
from alerts.outbox import retry_wait

PROBE_EVERY = timedelta(minutes=2)
"""How often a permanently broken channel is tried again, in case somebody has repaired it."""

OUTAGE_AFTER = timedelta(minutes=2)
"""An urgent message that has waited this long is passed by: the fallback gets a copy."""


@dataclass(slots=True)
class ChannelHealth:
    """One channel's state; `failing_since` is None while it works."""

    name: str
    failing_since: datetime | None = None
    error: str = ""
    code: str = ""
    remedy: str = ""
    permanent: bool = False
    paused_until: datetime | None = None
    failures: int = 0

    def paused(self, now: datetime) -> bool:
        """Tell whether nothing may be sent yet."""
        return self.paused_until is not None and now < self.paused_until

    def failed(self, error: ChannelError, now: datetime) -> list[TimelineEvent]:
        """Note a failure, pause where that is asked for; returns what to write down (the first time only)."""
        first = self.failing_since is None
        self.failing_since = self.failing_since or now
        self.failures += 1
        self.error, self.code, self.remedy, self.permanent = str(error), error.code, error.remedy, error.permanent
        if error.retry_after is not None or error.permanent:
            self.paused_until = now + self.wait(error)
        data: dict[str, str] = {"channel": self.name, "error": str(error), "remedy": error.remedy}
        return [TimelineEvent("channel_failed", now, channel=self.name, data=data)] if first else []

    def worked(self, now: datetime) -> list[TimelineEvent]:
        """Note a success; returns what to write down when it had failed."""
        since, self.failing_since = self.failing_since, None
        self.error, self.code, self.remedy, self.permanent = "", "", "", False
        self.paused_until, self.failures = None, 0
        if since is None:
            return []
        data: dict[str, str | float] = {"channel": self.name, "seconds": (now - since).total_seconds()}
        return [TimelineEvent("channel_works_again", now, channel=self.name, data=data)]

    def wait(self, error: ChannelError) -> timedelta:
        """Return how long to wait after `error`: what the channel asks, else longer with every failure."""
        if error.permanent:
            return max(PROBE_EVERY, error.retry_after or timedelta())
        if error.retry_after is not None:
            return error.retry_after
        return retry_wait(self.failures)


class Healths:
    """The health of every channel, and of every place in it that was used: a broken room is no broken channel."""

    def __init__(self, channels: Iterable[str]) -> None:
        self._known = {name: ChannelHealth(name) for name in channels}

    def all(self) -> dict[str, ChannelHealth]:
        """Return all of them by name (`slack`, `slack #krisgrupp`): a copy, safe to walk from another thread."""
        return dict(self._known)

    def of(self, name: str, place: str) -> tuple[ChannelHealth, ChannelHealth]:
        """Return the health of a channel, and of one place in it."""
        of_place = f"{name} {place}".strip()
        return self._known[name], self._known.setdefault(of_place, ChannelHealth(of_place))

    def worked(self, name: str, place: str, now: datetime) -> list[TimelineEvent]:
        """Note a success; returns what to write down."""
        return [event for health in self.of(name, place) for event in health.worked(now)]

    def failed(
        self, name: str, place: str, error: ChannelError, now: datetime
    ) -> tuple[timedelta, list[TimelineEvent]]:
        """Note a failure; returns how long to wait and what to write down."""
        of_channel, of_place = self.of(name, place)
        health = of_place if error.place_only else of_channel
        events = health.failed(error, now)
        return health.wait(error), events

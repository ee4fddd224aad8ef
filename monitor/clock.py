"""The only place that reads the clock. Everything else is told the time.

`SystemClock` is the daemon's; `SimulatedClock` drives replay, backtest, drills and tests.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """The current aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring durations."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The current aware UTC time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return time.monotonic()


@dataclass
class SimulatedClock:
    """A clock that stands still until it is moved. It never goes back."""

    current: datetime

    def now(self) -> datetime:
        """The simulated aware UTC time."""
        return self.current

    def monotonic(self) -> float:
        """The simulated time as seconds."""
        return self.current.timestamp()

    def move_to(self, when: datetime) -> None:
        """Set the time to `when` if that is later than now."""
        self.current = max(self.current, when)

    def advance(self, by: timedelta) -> None:
        """Move the time forward by `by`."""
        self.move_to(self.current + by)

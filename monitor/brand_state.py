"""What the pipeline holds in memory of one brand: its window, its judge, and checkpoints to go back to.

Everything here can be rebuilt from the store: the judge from a snapshot and the counters since, the window from
the mentions of the last hours. A late mention moves the judge back to the last checkpoint before it; the buckets
since are fed again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from detectors.frame import MentionRow
from detectors.judge import BrandJudge
from detectors.observation import BUCKET
from detectors.signal import Onset, Scope
from detectors.window import BrandWindow

CHECKPOINTS = 5
"""How many whole hours one can go back for late mentions. Older ones only correct the counters."""

WINDOW = timedelta(hours=30)
"""How long mentions are held (as numbers): the longest horizon and the hours one can go back."""


def floor_bucket(when: datetime) -> datetime:
    """The last point of the 5-minute grid (UTC) that is not after `when`."""
    midnight = when.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (when - midnight) // BUCKET * BUCKET


def whole_hour(when: datetime) -> datetime:
    """The last whole hour (UTC) that is not after `when`: where every way of learning begins."""
    return when.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class BrandState:
    """One brand's window and judge, judged up to and including the bucket that ended at `judged_until`."""

    def __init__(self, brand: str, window: BrandWindow, judge: BrandJudge, judged_until: datetime) -> None:
        self.brand = brand
        self.window = window
        self.judge = judge
        self.judged_until = judged_until
        self.fed_until = judged_until
        self.last_mention_id = 0
        self.history_changed: datetime | None = None
        self.relearnt_at: datetime | None = None
        self.onsets: dict[Scope, tuple[datetime, Onset | None]] = {}
        self._checkpoints: deque[tuple[datetime, BrandJudge]] = deque(maxlen=CHECKPOINTS)
        self._checkpoints.append((judged_until, judge.copy()))

    def add(self, rows: Iterable[MentionRow]) -> None:
        """Take rows into the window; a late one sends the judge back to the checkpoint before it."""
        found = list(rows)
        self.window.add(found)
        if found:
            self.correct_from(min(row.event_time for row in found))

    def correct_from(self, when: datetime) -> None:
        """What happened at `when` has changed: go back, so that the buckets since are fed again."""
        if floor_bucket(when) + BUCKET > self.fed_until:
            return
        before = [point for point in self._checkpoints if point[0] <= when]
        if not before:
            self.history_changed = min(when, self.history_changed or when)
            return
        self.fed_until, judge = before[-1]
        self.judge = judge.copy()
        self._checkpoints = deque(before, maxlen=CHECKPOINTS)

    def relearnt(self, judge: BrandJudge, now: datetime) -> None:
        """A judge has learnt the corrected history up to `judged_until`: go on with it."""
        self.judge = judge
        self.fed_until = self.judged_until
        self._checkpoints = deque([(self.judged_until, judge.copy())], maxlen=CHECKPOINTS)
        self.history_changed, self.relearnt_at = None, now

    def buckets(self, now: datetime) -> Iterator[datetime]:
        """The ends of the closed buckets that are to be fed, oldest first."""
        until = floor_bucket(now)
        at = self.fed_until + BUCKET
        while at <= until:
            yield at
            at += BUCKET

    def fed(self, at: datetime) -> bool:
        """Note that the bucket ending at `at` was fed; returns whether it is judged for the first time."""
        self.fed_until = at
        if at.minute == 0 and at > self._checkpoints[-1][0]:
            self._checkpoints.append((at, self.judge.copy()))
        first = at > self.judged_until
        self.judged_until = max(self.judged_until, at)
        return first

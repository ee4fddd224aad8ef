"""One scope's mentions in order of event time, with its people per horizon.

A scope keeps its rows and one sliding count per horizon. A count moves row by row to wherever it is asked, so that
a pass costs as much as there are new rows, however many are stored, and a late mention corrects the counts that
hold its time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from detectors.frame import MentionRow
from detectors.observation import BUCKET, HORIZONS, People, Sums
from detectors.people import PeopleCount, count_people

Key = tuple[float, int]
"""Order of rows: epoch second of the event, then id."""

_FEW = 16
"""Up to so many rows people are counted afresh when asked for: sliding counts weigh some kilobytes, and of
threads there are many."""


class ScopeStream:
    """One scope's rows in order of event time, and its people per horizon."""

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._rows: dict[int, MentionRow] = {}
        self._counts: dict[timedelta, PeopleCount] = {}
        self._spans: dict[timedelta, tuple[Key, Key]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def newest(self) -> float:
        """Epoch second of the newest row's event time (0 without rows)."""
        return self._keys[-1][0] if self._keys else 0.0

    def add(self, row: MentionRow) -> None:
        """Take a row in; counts that hold its time are corrected."""
        key = key_of(row)
        self._rows[row.mention_id] = row
        if not self._keys or key > self._keys[-1]:
            self._keys.append(key)
        else:
            insort(self._keys, key)
        for horizon, (low, high) in self._spans.items():
            if low <= key < high:
                self._counts[horizon].add(row)

    def remove(self, row: MentionRow) -> None:
        """Take a row out again."""
        key = key_of(row)
        del self._keys[bisect_left(self._keys, key)]
        del self._rows[row.mention_id]
        for horizon, (low, high) in self._spans.items():
            if low <= key < high:
                self._counts[horizon].remove(row)

    def people(self, at: datetime) -> dict[timedelta, People]:
        """Different people of every horizon that ends at `at` (rows at `at` itself are later)."""
        if len(self._keys) <= _FEW:
            self._counts, self._spans = {}, {}
            return {h: count_people(self.rows(at - h, at)) for h in HORIZONS}
        end = at.timestamp()
        return {h: self._slide(h, (end - h.total_seconds(), -1), (end, -1)).people() for h in HORIZONS}

    def sums(self, at: datetime) -> Sums:
        """Sums of the bucket that ends at `at`."""
        return sums_of(self.rows(at - BUCKET, at))

    def rows(self, since: datetime, until: datetime) -> list[MentionRow]:
        """Rows with `since` ≤ event time < `until`, in order."""
        low = bisect_left(self._keys, (since.timestamp(), -1))
        high = bisect_left(self._keys, (until.timestamp(), -1))
        return [self._rows[i] for _, i in self._keys[low:high]]

    def drop_before(self, cut: float) -> list[MentionRow]:
        """Forget the rows before the epoch second `cut` and return them."""
        end = bisect_left(self._keys, (cut, -1))
        gone = [self._rows.pop(i) for _, i in self._keys[:end]]
        for horizon, (low, high) in self._spans.items():
            for row in gone:
                if low <= key_of(row) < high:
                    self._counts[horizon].remove(row)
        del self._keys[:end]
        return gone

    def _slide(self, horizon: timedelta, low: Key, high: Key) -> PeopleCount:
        count = self._counts.setdefault(horizon, PeopleCount())
        was_low, was_high = self._spans.get(horizon, (low, low))
        if low >= was_high or high <= was_low:
            count.clear()
            self._each(low, high, count.add)
        else:
            self._each(was_high, high, count.add)
            self._each(low, was_low, count.add)
            self._each(was_low, low, count.remove)
            self._each(high, was_high, count.remove)
        self._spans[horizon] = (low, high)
        return count

    def _each(self, low: Key, high: Key, act: Callable[[MentionRow], None]) -> None:
        if low >= high:
            return
        keys = self._keys
        for position in range(bisect_left(keys, low), bisect_left(keys, high)):
            act(self._rows[keys[position][1]])


def sums_of(rows: Sequence[MentionRow]) -> Sums:
    """Count rows. Own posts are only in `own`."""
    theirs = [row for row in rows if not row.own]
    return Sums(
        mentions=len(theirs),
        negative=sum(row.negative for row in theirs),
        positive=sum(row.positive for row in theirs),
        hostile=sum(row.hostile is not None for row in theirs),
        questions=sum(row.question for row in theirs),
        own=len(rows) - len(theirs),
    )


def key_of(row: MentionRow) -> Key:
    """Where a row stands in the order of time."""
    return row.event_time.timestamp(), row.mention_id

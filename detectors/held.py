"""Mentions as numbers: what counting needs of a mention, in some 66 bytes, in order of event time.

A day of a busy brand is held in memory, so nothing is kept that only a reader needs: texts, links and names stay
with whoever hands the mentions in, and are asked for again by id. Authors, threads and texts that are copies are
told apart by fingerprints of 64 bits.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from detectors.copies import copy_key
from detectors.frame import MentionRow
from detectors.voices import cheers_complainer, defends_brand

Columns = npt.NDArray[Any]
"""Rows of `DTYPE`."""

DTYPE = np.dtype(
    [
        ("at", "f8"),  # epoch seconds of the event
        ("id", "i8"),
        ("person", "i8"),  # fingerprint of the author; of the mention itself where nobody is named
        ("copy", "i8"),  # fingerprint that copies of a negative text share; 0: cannot be told
        ("thread", "i8"),  # fingerprint of the thread's root; 0: none
        ("followers", "i8"),  # -1: not told
        ("loudness", "i8"),
        ("source", "u4"),  # number of the source, and of the set of themes, among those that were met
        ("themes", "u4"),
        ("flags", "u2"),
    ]
)

OWN, NEGATIVE, POSITIVE, HOSTILE, QUESTION, COMMENT, ROOT, CHEERS, DEFENDS, QUOTABLE, NAMED = (
    1 << bit for bit in range(11)
)
"""What `flags` hold. COMMENT and ROOT are set within threads, CHEERS among comments; NAMED has an author."""

_MOST = 2**62  # a platform's number beyond it says nothing, and would not fit
_LEAST_SPACE = 64
_SPARE = 8  # room for an eighth more is made at a time

T = TypeVar("T")


def fingerprint(name: str) -> int:
    """64 bits that tell names apart, the same in every process; never 0."""
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def page_of(person: int) -> str:
    """How the page of a thread's author is called: the author's fingerprint, in 16 hexadecimal digits."""
    return f"{person & (2**64 - 1):016x}"


class Numbering(Generic[T]):
    """Gives each name that is met a number, from 0 on."""

    def __init__(self, names: Iterable[T] = ()) -> None:
        self._numbers: dict[T, int] = {}
        for name in names:
            self.number(name)

    def number(self, name: T) -> int:
        """The number of a name; a new one where it was not met before."""
        return self._numbers.setdefault(name, len(self._numbers))

    def find(self, name: T) -> int:
        """The number of a name; -1 where it was not met."""
        return self._numbers.get(name, -1)

    @property
    def names(self) -> list[T]:
        """The names, each at the place of its number."""
        return list(self._numbers)


@dataclass(frozen=True, slots=True)
class Selection:
    """Mentions as numbers, in order of event time and id, with the names of their sources and sets of themes."""

    rows: Columns
    sources: Sequence[str]
    themes: Sequence[tuple[str, ...]]

    def theirs(self) -> Selection:
        """Those that are not the brand's own."""
        return Selection(self.rows[~having(self.rows, OWN)], self.sources, self.themes)

    def newest(self, most: int) -> list[int]:
        """The ids of the newest, oldest first."""
        ids: list[int] = self.rows["id"][-most:].tolist()
        return ids


def having(rows: Columns, flag: int) -> npt.NDArray[np.bool_]:
    """Which rows have a flag."""
    found: npt.NDArray[np.bool_] = (rows["flags"] & flag) != 0
    return found


def columns_of(
    mentions: Iterable[MentionRow], sources: Numbering[str], themes: Numbering[tuple[str, ...]]
) -> Columns:
    """Mentions as numbers, in order; of several with one id the last counts."""
    last = {row.mention_id: row for row in mentions}
    numbers = [_numbers_of(row, sources.number(row.source), themes.number(row.themes)) for row in last.values()]
    return in_order(np.array(numbers, DTYPE))


def selected(mentions: Iterable[MentionRow]) -> Selection:
    """Mentions as numbers, by themselves."""
    sources: Numbering[str] = Numbering()
    themes: Numbering[tuple[str, ...]] = Numbering()
    rows = columns_of(mentions, sources, themes)
    return Selection(rows, sources.names, themes.names)


def in_order(rows: Columns) -> Columns:
    """Rows sorted by event time, then id."""
    sorted_rows: Columns = rows[np.lexsort((rows["id"], rows["at"]))]
    return sorted_rows


def _numbers_of(row: MentionRow, source: int, themes: int) -> tuple[float | int, ...]:
    key = copy_key(row.text) if row.negative else None
    return (
        row.event_time.timestamp(),
        row.mention_id,
        fingerprint(row.person),
        0 if key is None else fingerprint(key),
        0 if row.thread is None else fingerprint(row.thread),
        -1 if row.followers is None else min(row.followers, _MOST),
        min(_loudness(row), _MOST),
        source,
        themes,
        _flags(row),
    )


def _flags(row: MentionRow) -> int:
    comment = row.thread is not None and not row.is_root
    told = (
        (OWN, row.own),
        (NEGATIVE, row.negative),
        (POSITIVE, row.positive),
        (HOSTILE, row.hostile is not None),
        (QUESTION, row.question),
        (COMMENT, comment),
        (ROOT, row.thread is not None and row.is_root),
        (CHEERS, comment and cheers_complainer(row.text)),
        (DEFENDS, defends_brand(row.text)),
        (QUOTABLE, bool(row.text)),
        (NAMED, row.author is not None),
    )
    return sum(flag for flag, holds in told if holds)


def _loudness(row: MentionRow) -> int:
    return (row.followers or 0) + 400 * (row.shares or 0) + 20 * ((row.likes or 0) + (row.replies or 0))


class HeldMentions:
    """Mentions as numbers in one growing block of memory, always in order."""

    def __init__(self) -> None:
        self._space: Columns = np.empty(_LEAST_SPACE, DTYPE)
        self._size = 0
        self._highest = -1
        self.changes = 0
        """How often rows were taken out other than as too old, or replaced."""

    @property
    def rows(self) -> Columns:
        """All of them; valid until something is added or taken out."""
        held: Columns = self._space[: self._size]
        return held

    def between(self, since: float, until: float) -> Columns:
        """Those with `since` ≤ event time < `until` (epoch seconds); valid as long as `rows`."""
        found: Columns = self._space[self._place(since) : self._place(until)]
        return found

    def add(self, new: Columns) -> None:
        """Take rows in (in order, each id once). Those with a known id are replaced."""
        if not len(new):
            return
        if (new["id"] <= self._highest).any():
            self.remove(new["id"])
        self._highest = max(self._highest, int(new["id"].max()))
        start = self._place(new["at"][0])
        self._put(start, in_order(np.concatenate([self.rows[start:], new])))

    def remove(self, ids: npt.ArrayLike) -> None:
        """Take out the rows with these ids; unknown ones are passed over."""
        kept = self.rows[~np.isin(self.rows["id"], ids)]
        if len(kept) < self._size:
            self.changes += 1
            self._put(0, kept)

    def drop_before(self, cut: float) -> Columns:
        """Forget the rows before the epoch second `cut` and return them."""
        end = self._place(cut)
        gone: Columns = self.rows[:end].copy()
        if end:
            self._put(0, self.rows[end:].copy())
        return gone

    def _place(self, at: float) -> int:
        """The place of the first row at or after an epoch second (np.searchsorted would copy the column)."""
        return bisect_left(self.rows["at"], at)

    def _put(self, start: int, tail: Columns) -> None:
        """Let `tail` stand from `start` on, and nothing after it; give memory back when most of it is empty."""
        size = start + len(tail)
        if size > len(self._space) or 2 * size + _LEAST_SPACE < len(self._space):
            space: Columns = np.empty(size + size // _SPARE + _LEAST_SPACE, DTYPE)
            space[:start] = self._space[:start]
            self._space = space
        self._space[start:size] = tail
        self._size = size

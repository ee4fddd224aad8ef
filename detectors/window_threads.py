"""The threads of one brand's window: which of them live, and what is known of their roots."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from detectors.frame import MentionRow
from detectors.held import COMMENT, NAMED, NEGATIVE, OWN, ROOT, Columns, fingerprint, having, page_of
from detectors.observation import HORIZONS, ThreadObservation
from detectors.people import people_until
from detectors.signal import Scope, ScopeKind
from detectors.sums import bucket_sums

_LEAST_COMMENTS = 5
_RECENT = timedelta(hours=3)
_HOUR, _DAY = HORIZONS[1], HORIZONS[-1]


@dataclass(frozen=True, slots=True)
class _Root:
    """The post that a thread hangs on: when (epoch seconds), whose, and in what mood."""

    at: float
    page: str
    own: bool
    negative: bool


@dataclass(frozen=True, slots=True)
class _Past:
    """A thread's root and its comments: how many, and when the first came (epoch seconds)."""

    root: _Root | None = None
    comments: int = 0
    first: float | None = None


class WindowThreads:
    """Which threads have some comments, and what was forgotten of them.

    Most posts get no comment, so nothing is kept of them here: it is read from the held mentions when asked for.
    """

    def __init__(self, brand: str) -> None:
        self._brand = brand
        self._busy: dict[int, str] = {}  # names by fingerprint, in the order in which they became busy
        self._past: dict[int, _Past] = {}  # of threads that go on though some of their mentions were forgotten

    def note(self, new: Iterable[MentionRow], held: Columns) -> None:
        """Look which threads have become busy by new comments; `held` holds those, too."""
        commented = (row.thread for row in new if row.thread is not None and not row.is_root and not row.own)
        names = {fingerprint(name): name for name in dict.fromkeys(commented)}
        names = {number: name for number, name in names.items() if number not in self._busy}
        if not names:
            return
        threads = held["thread"][having(held, COMMENT)]
        found, times = np.unique(threads[np.isin(threads, list(names))], return_counts=True)
        busy = set(found[times >= _LEAST_COMMENTS].tolist())
        self._busy |= {number: name for number, name in names.items() if number in busy}

    def observe(self, held: Columns, at: datetime) -> Iterator[ThreadObservation]:
        """What is known, at the end `at` of a closed bucket, of each thread with recent comments."""
        if not self._busy:
            return
        comments = held[having(held, COMMENT)]
        comments = comments[np.argsort(comments["thread"], kind="stable")]
        threads = comments["thread"]
        for number, name in list(self._busy.items()):
            mine = comments[bisect_left(threads, number) : bisect_right(threads, number)]
            if len(mine) < _LEAST_COMMENTS:
                del self._busy[number]
            elif mine["at"][-1] >= (at - _RECENT).timestamp():
                asked = mine[bisect_left(mine["at"], (at - _DAY).timestamp()) :]
                asked = asked[: bisect_left(asked["at"], at.timestamp())]
                if len(asked) - having(asked, OWN).sum() >= _LEAST_COMMENTS:
                    past = self._with_past(number, mine, _root_of(held[held["thread"] == number]))
                    yield _observation(Scope(self._brand, ScopeKind.THREAD, name), past, asked, at)

    def forget(self, gone: Columns, held: Columns) -> None:
        """Keep what must be known of forgotten mentions while others of their thread are held."""
        gone = gone[having(gone, COMMENT | ROOT) & np.isin(gone["thread"], held["thread"])]
        for number in np.unique(gone["thread"]).tolist():
            mine = gone[gone["thread"] == number]
            self._past[number] = self._with_past(number, mine[having(mine, COMMENT)], _root_of(mine))
        known = np.fromiter(self._past, "i8", len(self._past))
        for number in known[~np.isin(known, held["thread"])].tolist():
            del self._past[number]

    def _with_past(self, number: int, comments: Columns, root: _Root | None) -> _Past:
        """A thread's comments and root together with those that were forgotten."""
        past = self._past.get(number, _Past())
        theirs = comments["at"][~having(comments, OWN)].tolist()
        return _Past(root or past.root, past.comments + len(theirs), past.first or next(iter(theirs), None))


def thread_rows(rows: Columns, name: str) -> Columns:
    """Those of `rows` that are a thread's comments or its root."""
    mine: Columns = rows[rows["thread"] == fingerprint(name)]
    return mine


def _root_of(rows: Columns) -> _Root | None:
    roots = rows[having(rows, ROOT)]
    if not len(roots):
        return None
    last = roots[-1]
    own, negative, named = (bool(last["flags"] & flag) for flag in (OWN, NEGATIVE, NAMED))
    page = "own" if own else page_of(int(last["person"])) if named else ""
    return _Root(float(last["at"]), page, own, negative)


def _observation(scope: Scope, thread: _Past, asked: Columns, at: datetime) -> ThreadObservation:
    root, people = thread.root, people_until(at, asked)
    begun = root.at if root else thread.first or at.timestamp()
    return ThreadObservation(
        scope=scope,
        root_at=datetime.fromtimestamp(begun, UTC),
        page=root.page if root else "",
        own_root=bool(root and root.own),
        root_negative=bool(root and root.negative),
        comments=thread.comments,
        sums=bucket_sums(asked, at),
        people=people,
        supportive=people[_HOUR].supportive,
    )

"""Different people: counted in a window of mentions, and judged against the same clock hour.

The rule and its numbers are those of docs/detection.md ("Different people"): one loud author is one person, a
retweeted joke is at most two.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from detectors.held import CHEERS, HOSTILE, NEGATIVE, OWN, POSITIVE, Columns, having
from detectors.observation import HORIZONS, People

_COPIES_COUNT_AS = 2
_LEAST_PASSED_ON = 3
_NOBODY = People()
_NOBODY_EVER: Mapping[timedelta, People] = dict.fromkeys(HORIZONS, _NOBODY)

Places = npt.NDArray[np.intp]


class PeopleKnown:
    """The people of scopes as last counted: a quiet scope's are the same for many buckets."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[Hashable, Mapping[timedelta, People]]] = {}

    def people_until(
        self, at: datetime, rows: Columns, scope: Hashable, changes: int
    ) -> Mapping[timedelta, People]:
        """What the function of this name returns. `changes` is another number when rows were changed or taken out.

        While rows only come, those between the same two are the same if they are as many.
        """
        if not len(rows):
            return _NOBODY_EVER
        key = (changes, len(rows), rows["id"][0].item(), rows["id"][-1].item(), *_starts(rows, at))
        known = self._known.get(scope)
        if known is None or known[0] != key:
            known = self._known[scope] = (key, people_until(at, rows))
        return known[1]


def people_until(at: datetime, rows: Columns) -> Mapping[timedelta, People]:
    """Different people of every horizon that ends at `at`, in rows in order of which none is at `at` or later."""
    theirs = rows[~having(rows, OWN)]
    if not len(theirs):
        return _NOBODY_EVER
    return dict(zip(HORIZONS, _people(theirs, _starts(theirs, at)), strict=True))


def people_of(rows: Columns) -> People:
    """The different people in `rows`. Own posts are nobody."""
    theirs = rows[~having(rows, OWN)]
    return _people(theirs, [0])[0] if len(theirs) else _NOBODY


def different(values: Columns) -> int:
    """How many different values a column has."""
    return len(np.unique(values)) if len(values) else 0


def _starts(rows: Columns, at: datetime) -> list[int]:
    """The place of the first row of each horizon."""
    times, end = rows["at"], at.timestamp()
    return [bisect_left(times, end - horizon.total_seconds()) for horizon in HORIZONS]


def _people(rows: Columns, starts: Sequence[int]) -> list[People]:
    """The people of the rows from each of the places `starts` on."""
    person = np.unique(rows["person"], return_inverse=True)[1]
    everybody, flags = np.arange(len(rows)), rows["flags"]
    negative, positive, hostile, cheers = (
        np.flatnonzero(flags & flag) for flag in (NEGATIVE, POSITIVE, HOSTILE, CHEERS)
    )
    counted = zip(
        _persons(person, everybody, starts),
        _negative_persons(rows, person, negative, starts),
        _persons(person, positive, starts),
        _persons(person, hostile, starts),
        [len(rows) - start for start in starts],
        _from(negative, starts),
        [int(np.bincount(person[start:], minlength=1).max()) for start in starts],
        _from(cheers, starts),
        strict=True,
    )
    return [People(*numbers) for numbers in counted]


def _from(places: Places, starts: Sequence[int]) -> list[int]:
    """How many of the places (in order) are at each start or behind it."""
    return [len(places) - bisect_left(places, start) for start in starts]


def _persons(person: Places, places: Places, starts: Sequence[int]) -> list[int]:
    """How many persons have one of the places from each start on: those whose last place is not before it."""
    if not len(places):
        return [0] * len(starts)
    last = np.full(len(person), -1)
    last[person[places]] = places  # of several places of a person the last one stays
    return [int(np.count_nonzero(last >= start)) for start in starts]


def _negative_persons(rows: Columns, person: Places, negative: Places, starts: Sequence[int]) -> list[int]:
    """How many persons are negative from each start on; those who pass on the same text count as few."""
    copies = rows["copy"][negative]
    copies = copies[copies != 0]
    if different(copies) == len(copies):
        return _persons(person, negative, starts)
    return [
        _without_copies(person[mine], rows["copy"][mine])
        for mine in (negative[bisect_left(negative, start) :] for start in starts)
    ]


def _without_copies(person: Places, copy: Columns) -> int:
    """How many persons wrote negative rows, given the text that each row passes on (0: its own)."""
    wrote = np.bincount(person, minlength=1)
    text = np.unique(copy[copy != 0], return_inverse=True)[1]
    pairs, times = np.unique(text * len(wrote) + person[copy != 0], return_counts=True)
    text, who = np.divmod(pairs, len(wrote))
    often = np.bincount(text, minlength=1)[text] > 1  # by several persons
    text, who, times = text[often], who[often], times[often]
    only_copied = np.bincount(who, times, len(wrote)) == np.maximum(wrote, 1)
    counted = int(np.minimum(np.bincount(text[only_copied[who]]), _COPIES_COUNT_AS).sum())
    copied = int(np.count_nonzero(only_copied))
    themselves = int(np.count_nonzero(wrote)) - copied
    # a joke comes in versions: those who only pass on never outnumber those who write themselves
    return themselves + min(counted, copied, max(_LEAST_PASSED_ON, themselves))

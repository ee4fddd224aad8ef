"""Different people: counted exactly in a sliding window, and judged against the same clock hour.

The rule and its numbers are those of docs/detection.md ("Different people"): one loud author is one person, a
retweeted joke is at most two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from detectors.copies import copy_key
from detectors.frame import MentionRow
from detectors.observation import People
from detectors.voices import cheers_complainer

_COPIES_COUNT_AS = 2
_LEAST_PASSED_ON = 3


class PeopleCount:
    """Different people in a set of rows that rows are added to and removed from, in any order."""

    __slots__ = (
        "_authors", "_copies", "_having", "_hostile", "_largest", "_mentions", "_negative", "_negative_mentions",
        "_often", "_once", "_positive", "_supportive",
    )  # fmt: skip

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all rows."""
        self._mentions = self._negative_mentions = self._supportive = 0
        self._authors: dict[str, int] = {}
        self._having: dict[int, int] = defaultdict(int)  # how many authors have this many mentions
        self._largest = 0
        self._negative: dict[str, int] = {}
        self._positive: dict[str, int] = {}
        self._hostile: dict[str, int] = {}
        self._once: dict[str, str] = {}  # texts that were written once, by whom
        self._copies: dict[str, dict[str, int]] = {}  # those that were written more often
        self._often: set[str] = set()

    def add(self, row: MentionRow) -> None:
        """Count a row in."""
        self._change(row, 1)

    def remove(self, row: MentionRow) -> None:
        """Count a row out that was counted in before."""
        self._change(row, -1)

    def people(self) -> People:
        """Return the counts of the rows that are in now."""
        return People(
            authors=len(self._authors),
            negative=self._negative_people(),
            positive=len(self._positive),
            hostile=len(self._hostile),
            mentions=self._mentions,
            negative_mentions=self._negative_mentions,
            largest_author=self._largest,
            supportive=self._supportive,
        )

    def _change(self, row: MentionRow, sign: int) -> None:
        if row.own:
            return
        person = row.person
        self._mentions += sign
        self._count_author(person, sign)
        if row.negative:
            self._negative_mentions += sign
            _tally(self._negative, person, sign)
            self._count_copy(row, person, sign)
        elif row.positive:
            _tally(self._positive, person, sign)
        if row.hostile is not None:
            _tally(self._hostile, person, sign)
        if row.thread is not None and not row.is_root and cheers_complainer(row.text):
            self._supportive += sign

    def _count_author(self, person: str, sign: int) -> None:
        before = self._authors.get(person, 0)
        after = before + sign
        having = self._having
        if before:
            having[before] -= 1
        if after:
            having[after] += 1
            self._authors[person] = after
        else:
            del self._authors[person]
        if after > self._largest or (before == self._largest and not having[before]):
            self._largest = after

    def _count_copy(self, row: MentionRow, person: str, sign: int) -> None:
        key = copy_key(row.text)
        if key is None:
            return
        if key not in self._copies:
            if sign < 0:
                del self._once[key]
                return
            first = self._once.pop(key, None)
            if first is None:
                self._once[key] = person
                return
            self._copies[key] = {first: 1}
        group = self._copies[key]
        _tally(group, person, sign)
        if len(group) > 1:
            self._often.add(key)
        else:
            self._often.discard(key)
        if not group:
            del self._copies[key]

    def _negative_people(self) -> int:
        if not self._often:
            return len(self._negative)
        in_copies: dict[str, int] = defaultdict(int)
        for key in self._often:
            for person, times in self._copies[key].items():
                in_copies[person] += times
        only_copied = {p for p, times in in_copies.items() if times == self._negative[p]}
        counted = sum(
            min(_COPIES_COUNT_AS, sum(p in only_copied for p in self._copies[key])) for key in self._often
        )
        themselves = len(self._negative) - len(only_copied)
        # a joke comes in versions: those who only pass on never outnumber those who write themselves
        return themselves + min(counted, len(only_copied), max(_LEAST_PASSED_ON, themselves))


def count_people(rows: Iterable[MentionRow]) -> People:
    """Return the different people in `rows`, counted from scratch."""
    count = PeopleCount()
    for row in rows:
        count.add(row)
    return count.people()


def _tally(counts: dict[str, int], key: str, sign: int) -> None:
    left = counts.get(key, 0) + sign
    if left:
        counts[key] = left
    else:
        del counts[key]

"""A synthetic year as the observations that the judge is given, counted all at once instead of mention by mention.

What `BrandWindow` counts row by row is here the overlap of spans, in numpy: a post is in a window's count from the
bucket in which it was collected until the horizon has passed it. The answers are the same (tests hold them against
the window); a year of 50,000 mentions a day takes minutes instead of hours. Threads are given only at the ticks at
which they have a new comment and at the next one: in between nothing about them changes but that they fade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce

import numpy as np

from benchmarks.synthetic_parts import NEGATIVE, POSITIVE, SLOT, START, UNIQUE, Array, Posts
from benchmarks.synthetic_year import SOURCES, THEMES, Year
from detectors.observation import HORIZONS, BrandObservation, Observation, People, Sums, ThreadObservation
from detectors.signal import Scope, ScopeKind

_HORIZON_SLOTS = tuple(int(h.total_seconds()) // SLOT for h in HORIZONS)
_LEAST_THREAD_COMMENTS, _COPIES_COUNT_AS, _LEAST_PASSED_ON, _LOUDEST = 5, 2, 3, 30
_GROUP = 1 << 40  # more slots than any year has: groups of spans never touch
_BLOCK = 2_016


@dataclass(frozen=True)
class _Spans:
    """When each post counts: from slot `first` (collected and written) until before `last`, for one horizon."""

    first: Array
    last: Array

    def at(self, slots: Array, group: Array | int = 0) -> Array:
        """Count the spans of the same group that hold each of `slots`."""
        keys = slots + group
        begun = np.searchsorted(np.sort(self.first), keys, side="right")
        over = np.searchsorted(np.sort(self.last), keys, side="right")
        return np.asarray(begun - over)


def observations(year: Year, brand: str = "brand") -> Iterator[BrandObservation]:
    """Yield what is known of the brand at the end of every bucket of the year."""
    theirs = year.posts
    scopes = {Scope(brand): np.ones(len(theirs), dtype=bool)}
    scopes |= {Scope(brand, ScopeKind.SOURCE, name): theirs.source == k for k, name in enumerate(SOURCES)}
    scopes |= {Scope(brand, ScopeKind.THEME, name): theirs.theme == k for k, name in enumerate(THEMES)}
    counted = {scope: _Counted(theirs.take(which), year.days) for scope, which in scopes.items()}
    weights = [counted[Scope(brand, ScopeKind.SOURCE, name)].mentions_of_day for name in SOURCES]
    threads = _threads(brand, theirs, year.days)
    slots = (int(year.ends) - START) // SLOT
    for block in range(0, slots, _BLOCK):
        until = min(block + _BLOCK, slots)
        rows = [counted[scope].block(block, until) for scope in scopes]
        for slot in range(block, until):
            at = datetime.fromtimestamp(START + SLOT * (slot + 1), UTC)
            heard = year.covered(START + SLOT * slot)
            shares = [1 + int(weight[slot]) for weight in weights]
            overall = sum(s * heard[n] for s, n in zip(shares, SOURCES, strict=True)) / sum(shares)
            seen = {
                scope: Observation(at, row[slot - block][0], row[slot - block][1], heard.get(scope.name, overall))
                for scope, row in zip(scopes, rows, strict=True)
            }
            yield BrandObservation(brand, at, seen, tuple(make(at) for make in threads.pop(slot, ())))


class _Counted:
    """One scope's sums of every slot and people of every slot and horizon, as arrays over the year's slots."""

    def __init__(self, posts: Posts, days: int) -> None:
        self.slots = np.arange(days * 86_400 // SLOT)
        written, first = _slots_of(posts)
        in_time, own = written == first, posts.own
        moods = (~own, ~own & (posts.mood == NEGATIVE), ~own & (posts.mood == POSITIVE), own)
        self._sums = [np.bincount(written[in_time & m], minlength=len(self.slots)) for m in moods]
        theirs = posts.take(~own)
        self._people = [self._of_horizon(theirs, h) for h in _HORIZON_SLOTS]
        self.mentions_of_day = self._people[-1][3]

    def _of_horizon(self, posts: Posts, horizon: int) -> tuple[Array, ...]:
        """Of every slot: authors, negative, positive, mentions, negative mentions, mentions of the loudest."""
        written, first = _slots_of(posts)
        last, slots = written + horizon, self.slots
        negative, positive = posts.mood == NEGATIVE, posts.mood == POSITIVE

        def different(which: Array) -> Array:
            return _joined(posts.author[which], first[which], last[which])[0].at(slots)

        def many(which: Array) -> Array:
            return _Spans(first[which], last[which]).at(slots)

        copied = negative & (posts.template != UNIQUE)
        versions = [many(copied & (posts.template == t)) for t in np.unique(posts.template[copied])]
        themselves = different(negative & ~copied)
        themselves += sum((v == 1).astype(int) for v in versions)
        passed_on = sum(np.where(v > 1, _COPIES_COUNT_AS, 0) for v in versions)
        angry = themselves + np.minimum(passed_on, np.maximum(_LEAST_PASSED_ON, themselves))
        names, often = np.unique(posts.author, return_counts=True)
        loud = names[np.argsort(-often, kind="stable")[:_LOUDEST]]
        trapped = np.unique(posts.author[posts.author % 10_000_000 == 0])
        loudest = reduce(
            np.maximum, (many(posts.author == a) for a in {*loud.tolist(), *trapped.tolist()}), 0 * slots
        )
        everyone = np.ones(len(posts), dtype=bool)
        return different(everyone), angry, different(positive), many(everyone), many(negative), loudest

    def block(self, since: int, until: int) -> list[tuple[Sums, dict[timedelta, People]]]:
        """Sums and people of the slots `since` to before `until`."""
        sums = zip(*(column[since:until].tolist() for column in self._sums), strict=True)
        people = [zip(*(c[since:until].tolist() for c in horizon), strict=True) for horizon in self._people]
        return [
            (Sums(mentions, negative, positive, 0, 0, own), dict(zip(HORIZONS, map(_people, each), strict=True)))
            for (mentions, negative, positive, own), *each in zip(sums, *people, strict=True)
        ]


def _people(numbers: tuple[int, ...]) -> People:
    authors, negative, positive, mentions, negative_mentions, loudest = numbers
    return People(authors, negative, positive, 0, mentions, negative_mentions, loudest)


def _slots_of(posts: Posts) -> tuple[Array, Array]:
    """Return in which slot each post was written, and in which it was first there to be counted."""
    written = ((posts.at - START) // SLOT).astype(np.int64)
    return written, np.maximum(written, ((posts.seen - START) // SLOT).astype(np.int64))


def _joined(who: Array, first: Array, last: Array) -> tuple[_Spans, Array]:
    """Join the overlapping spans of the same person. Returns the spans and which post each began with."""
    order = np.lexsort((first, who))
    who, first, last = who[order], first[order], last[order]
    group = np.cumsum(np.concatenate([[0], np.diff(who) != 0]))[: len(who)] * _GROUP
    furthest = np.maximum.accumulate(last + group)
    begins = np.maximum(first + group, np.concatenate([[-1], furthest[:-1]])[: len(who)])
    longer = last + group > begins
    return _Spans((begins - group)[longer], last[longer]), order[longer]


def _threads(brand: str, posts: Posts, days: int) -> dict[int, list[Callable[[datetime], ThreadObservation]]]:
    """Return for every slot the threads that have something new, each ready to be told the time."""
    comments = posts.take(~posts.root)
    often, many = np.unique(comments.thread, return_counts=True)
    big = often[many >= _LEAST_THREAD_COMMENTS]
    comments = comments.take(np.isin(comments.thread, big))
    place = np.searchsorted(big, comments.thread)
    slot, group, numbers = _thread_numbers(comments, place * _GROUP, days)
    roots = posts.take(posts.root & np.isin(posts.ident, big))
    root_of = dict(zip(roots.ident.tolist(), range(len(roots)), strict=True))
    found: dict[int, list[Callable[[datetime], ThreadObservation]]] = {}
    for when, which, row in zip(slot.tolist(), big[group // _GROUP].tolist(), numbers.tolist(), strict=True):
        found.setdefault(when, []).append(_maker(brand, which, roots, root_of.get(which), row))
    return found


def _thread_numbers(comments: Posts, group: Array, days: int) -> tuple[Array, Array, Array]:
    """Return slot, group and numbers (new comments; then for each horizon what `People` has) of what is new."""
    written, first = _slots_of(comments)
    keys = np.unique(np.concatenate([first + group, first + 1 + group]))
    slot, groups = keys % _GROUP, keys - keys % _GROUP
    in_time = np.sort((written + group)[written == first])
    columns = [np.searchsorted(in_time, keys, "right") - np.searchsorted(in_time, keys, "left")]
    for horizon in _HORIZON_SLOTS:
        last = written + horizon

        def different(which: Array, last: Array = last) -> Array:
            person = comments.author[which] + group[which] // _GROUP * 10_000_000_000
            spans, order = _joined(person, first[which], last[which])
            mine = group[which][order]
            return _Spans(spans.first + mine, spans.last + mine).at(slot, groups)

        angry, happy = comments.mood == NEGATIVE, comments.mood == POSITIVE
        everyone = np.ones(len(comments), dtype=bool)
        mentions = _Spans(first + group, last + group).at(slot, groups)
        columns += [different(everyone), different(angry), different(happy), mentions]
    numbers = np.column_stack(columns)
    shown = (numbers[:, -1] >= _LEAST_THREAD_COMMENTS) & (slot < days * 86_400 // SLOT)
    return slot[shown], groups[shown], numbers[shown]


def _maker(
    brand: str, thread: int, roots: Posts, root: int | None, row: list[int]
) -> Callable[[datetime], ThreadObservation]:
    def make(at: datetime) -> ThreadObservation:
        known = root is not None
        own = bool(known and roots.own[root])
        people = {
            h: People(row[k], row[k + 1], row[k + 2], 0, row[k + 3])
            for h, k in zip(HORIZONS, range(1, 17, 4), strict=True)
        }
        return ThreadObservation(
            scope=Scope(brand, ScopeKind.THREAD, f"t{thread}"),
            root_at=datetime.fromtimestamp(float(roots.at[root]), UTC) if known else at,
            page="own" if own else f"a{roots.author[root]}" if known else "",
            own_root=own,
            root_negative=bool(known and roots.mood[root] == NEGATIVE),
            comments=row[-1],
            sums=Sums(row[0]),
            people=people,
        )

    return make

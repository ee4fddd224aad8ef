"""The mentions of the last day or so of one brand, from which closed buckets are observed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import chain

import numpy as np

from detectors.frame import MentionRow
from detectors.held import Columns, HeldMentions, Numbering, Selection, columns_of
from detectors.observation import HORIZONS, BrandObservation, Observation
from detectors.people import PeopleKnown
from detectors.signal import Scope, ScopeKind
from detectors.sums import bucket_sums
from detectors.window_threads import WindowThreads, thread_rows

_SOURCE, _DAY = ScopeKind.SOURCE, HORIZONS[-1]


class BrandWindow:
    """The sliding window of one brand's mentions. Pure: time comes with the rows and the questions.

    `sources` and `themes` are the configured names; names that only turn up in rows get scopes of their own.
    `keep` is how long mentions are held behind the newest bucket asked for; with 30 h any bucket of the last 6 h
    can be asked for again.
    """

    def __init__(
        self,
        brand: str,
        sources: Iterable[str] = (),
        themes: Iterable[str] = (),
        *,
        keep: timedelta = timedelta(hours=30),
    ) -> None:
        self.brand = brand
        self._keep = keep
        self._held = HeldMentions()
        self._sources = Numbering(sources)
        self._themes: Numbering[tuple[str, ...]] = Numbering((name,) for name in themes)
        self._people = PeopleKnown()
        self._threads = WindowThreads(brand)
        self._newest: datetime | None = None
        self._pruned: datetime | None = None

    def __len__(self) -> int:
        """How many mentions are held."""
        return len(self._held.rows)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes that are counted, apart from threads and measurements."""
        themes = dict.fromkeys(chain.from_iterable(self._themes.names))
        return (
            Scope(self.brand),
            *(Scope(self.brand, _SOURCE, name) for name in self._sources.names),
            *(Scope(self.brand, ScopeKind.THEME, name) for name in themes),
        )

    def add(self, rows: Iterable[MentionRow]) -> None:
        """Take rows in, in any order. A known mention is replaced."""
        oldest = None if self._newest is None else self._newest - self._keep
        taken = [row for row in rows if oldest is None or row.event_time >= oldest]
        self._held.add(columns_of(taken, self._sources, self._themes))
        self._threads.note(taken, self._held.rows)

    def remove(self, ids: Iterable[int]) -> None:
        """Take mentions out (erased, or no longer the brand's). Unknown ids are ignored."""
        self._held.remove(list(ids))

    def mentions(self, since: datetime, until: datetime, scope: Scope | None = None) -> Selection:
        """Mentions of a scope (default: the brand) with `since` ≤ event time < `until`, in order of event time.

        A thread's mentions are its comments and, when it falls in the span, its root. What is returned is valid
        until mentions come or go.
        """
        rows = self._held.between(since.timestamp(), until.timestamp())
        return Selection(self._of_scope(rows, scope), self._sources.names, self._themes.names)

    def observe(
        self,
        at: datetime,
        covered: Mapping[str, float] | None = None,
        measurements: Mapping[str, float] | None = None,
    ) -> BrandObservation:
        """Return what is known of the bucket that ends at `at` (aware, on the 5-minute grid).

        `covered` says for each source the share of the bucket in which it was heard (absent: all of it).
        `measurements` are the values of the bucket by name.
        """
        day = self._held.between((at - _DAY).timestamp(), at.timestamp())
        rows = {scope: self._of_scope(day, scope) for scope in self.scopes}
        people = {
            scope: self._people.people_until(at, mine, scope, self._held.changes) for scope, mine in rows.items()
        }
        heard = covered or {}
        overall = overall_coverage(heard, {s.name: people[s][_DAY].mentions for s in rows if s.kind is _SOURCE})
        scopes = {
            scope: Observation(at, bucket_sums(mine, at), people[scope], scope_coverage(scope, heard, overall))
            for scope, mine in rows.items()
        }
        for name, value in (measurements or {}).items():
            scopes[Scope(self.brand, ScopeKind.MEASUREMENT, name)] = Observation(at, value=value)
        found = BrandObservation(self.brand, at, scopes, tuple(self._threads.observe(self._held.rows, at)))
        self._newest = max(at, self._newest or at)
        self._prune()
        return found

    def _of_scope(self, rows: Columns, scope: Scope | None) -> Columns:
        if scope is None or scope.kind in (ScopeKind.BRAND, ScopeKind.MEASUREMENT) or not len(rows):
            return rows
        if scope.kind is ScopeKind.THREAD:
            return thread_rows(rows, scope.name)
        if scope.kind is _SOURCE:
            wanted = rows["source"] == self._sources.find(scope.name)
        else:
            wanted = np.array([scope.name in names for names in self._themes.names], bool)[rows["themes"]]
        found: Columns = rows[wanted]
        return found

    def _prune(self) -> None:
        """Forget what no askable bucket needs; once an hour, since it need not be exact."""
        assert self._newest is not None
        if self._pruned is not None and self._newest - self._pruned < timedelta(hours=1):
            return
        self._pruned = self._newest
        gone = self._held.drop_before((self._newest - self._keep).timestamp())
        self._threads.forget(gone, self._held.rows)


def overall_coverage(heard: Mapping[str, float], mentions: Mapping[str, int]) -> float:
    """The share of a brand that was heard, from each source's share and its mentions of the last 24 hours.

    A blind side stream blinds little. A source that `heard` does not name was heard.
    """
    if not heard:
        return 1.0
    weights = dict.fromkeys(heard, 1) | {name: 1 + many for name, many in mentions.items()}
    return sum(weight * heard.get(name, 1.0) for name, weight in weights.items()) / sum(weights.values())


def scope_coverage(scope: Scope, heard: Mapping[str, float], overall: float) -> float:
    """The share of a scope that was heard: a source's own, else the brand's."""
    return heard.get(scope.name, 1.0) if scope.kind is ScopeKind.SOURCE else overall

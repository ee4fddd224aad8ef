"""The mentions of the last day or so of one brand, from which closed buckets are observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from detectors.frame import MentionRow
from detectors.observation import HORIZONS, BrandObservation, Observation, People, ThreadObservation
from detectors.signal import Scope, ScopeKind
from detectors.stream import ScopeStream, key_of

_LEAST_THREAD_COMMENTS = 5
_THREAD_RECENT = timedelta(hours=3)
_SOURCE, _DAY = ScopeKind.SOURCE, HORIZONS[-1]


class _Thread:
    """What is known of a thread: its root, and its comments of the last day.

    Most posts get no comment. Their threads share one empty stream, which is never written to: a stream of their
    own was most of what a mention costs in memory.
    """

    __slots__ = ("comments", "first_at", "root", "stream")

    def __init__(self) -> None:
        self.stream = _NO_COMMENTS
        self.root: MentionRow | None = None
        self.comments = 0
        self.first_at: datetime | None = None

    def to_write(self) -> ScopeStream:
        """The stream of its comments, made with the first of them."""
        if self.stream is _NO_COMMENTS:
            self.stream = ScopeStream()
        return self.stream


_NO_COMMENTS = ScopeStream()


class BrandWindow:
    """The sliding window of one brand's mention rows. Pure: time comes with the rows and the questions.

    `sources` and `themes` are the configured names; names that only turn up in rows get scopes of their own.
    `keep` is how long rows are held behind the newest bucket asked for; with 30 h any bucket of the last 6 h
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
        self._brand_scope = Scope(brand)
        self._streams: dict[Scope, ScopeStream] = {self._brand_scope: ScopeStream()}
        self._threads: dict[str, _Thread] = {}
        self._busy: dict[str, None] = {}  # threads with some comments; a dict keeps their order
        self._rows: dict[int, MentionRow] = {}
        self._newest: datetime | None = None
        self._pruned: datetime | None = None
        for kind, names in ((ScopeKind.SOURCE, sources), (ScopeKind.THEME, themes)):
            for name in names:
                self._streams[Scope(brand, kind, name)] = ScopeStream()

    def __len__(self) -> int:
        """How many mentions are held."""
        return len(self._rows)

    @property
    def scopes(self) -> frozenset[Scope]:
        """The scopes that are counted, apart from threads and measurements."""
        return frozenset(self._streams)

    def add(self, rows: Iterable[MentionRow]) -> None:
        """Take rows in, in any order. A known mention is ignored if unchanged, else replaced."""
        for row in rows:
            known = self._rows.get(row.mention_id)
            if known == row or self._too_old(row):
                continue
            if known is not None:
                self._take_out(known)
            self._rows[row.mention_id] = row
            for stream in self._streams_of(row):
                stream.add(row)
            self._note_thread(row, 1)

    def remove(self, ids: Iterable[int]) -> None:
        """Take mentions out (erased, or no longer the brand's). Unknown ids are ignored."""
        for mention_id in ids:
            row = self._rows.pop(mention_id, None)
            if row is not None:
                self._take_out(row)

    def rows(self, since: datetime, until: datetime, scope: Scope | None = None) -> list[MentionRow]:
        """Rows of a scope (default: the brand) with `since` ≤ event time < `until`, in order of event time.

        A thread's rows are its comments and, when it falls in the span, its root.
        """
        if scope is None or scope.kind in (ScopeKind.BRAND, ScopeKind.MEASUREMENT):
            return self._streams[self._brand_scope].rows(since, until)
        if scope.kind is ScopeKind.THREAD:
            return self._thread_rows(scope.name, since, until)
        stream = self._streams.get(scope)
        return stream.rows(since, until) if stream else []

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
        heard = covered or {}
        people = {scope: stream.people(at) for scope, stream in self._streams.items()}
        overall = overall_coverage(heard, {s.name: people[s][_DAY].mentions for s in people if s.kind is _SOURCE})
        scopes = {
            scope: Observation(at, stream.sums(at), people[scope], scope_coverage(scope, heard, overall))
            for scope, stream in self._streams.items()
        }
        for name, value in (measurements or {}).items():
            scopes[Scope(self.brand, ScopeKind.MEASUREMENT, name)] = Observation(at, value=value)
        found = BrandObservation(self.brand, at, scopes, tuple(self._observe_threads(at)))
        self._newest = max(at, self._newest or at)
        self._prune()
        return found

    def _observe_threads(self, at: datetime) -> Iterator[ThreadObservation]:
        recent = (at - _THREAD_RECENT).timestamp()
        for name in list(self._busy):
            thread = self._threads.get(name)
            if thread is None or len(thread.stream) < _LEAST_THREAD_COMMENTS:
                del self._busy[name]
                continue
            if thread.stream.newest < recent:
                continue
            people = thread.stream.people(at)
            if people[HORIZONS[-1]].mentions < _LEAST_THREAD_COMMENTS:
                continue
            yield _thread_observation(Scope(self.brand, ScopeKind.THREAD, name), thread, people, at)

    def _streams_of(self, row: MentionRow) -> list[ScopeStream]:
        streams = [self._streams[self._brand_scope], self._stream(ScopeKind.SOURCE, row.source)]
        streams += [self._stream(ScopeKind.THEME, theme) for theme in dict.fromkeys(row.themes)]
        if row.thread is not None and not row.is_root:
            streams.append(self._thread(row.thread).to_write())
        return streams

    def _stream(self, kind: ScopeKind, name: str) -> ScopeStream:
        scope = Scope(self.brand, kind, name)
        if scope not in self._streams:
            self._streams[scope] = ScopeStream()
        return self._streams[scope]

    def _thread(self, name: str) -> _Thread:
        thread = self._threads.get(name)
        if thread is None:
            thread = self._threads[name] = _Thread()
        return thread

    def _note_thread(self, row: MentionRow, sign: int) -> None:
        if row.thread is None:
            return
        thread = self._thread(row.thread)
        if row.is_root:
            thread.root = row if sign > 0 else None
        elif not row.own:
            thread.comments += sign
            if len(thread.stream) >= _LEAST_THREAD_COMMENTS:
                self._busy[row.thread] = None
            thread.first_at = min(row.event_time, thread.first_at or row.event_time)

    def _thread_rows(self, name: str, since: datetime, until: datetime) -> list[MentionRow]:
        thread = self._threads.get(name)
        if thread is None:
            return []
        rows = thread.stream.rows(since, until)
        if thread.root is not None and since <= thread.root.event_time < until:
            rows = sorted([thread.root, *rows], key=key_of)
        return rows

    def _take_out(self, row: MentionRow) -> None:
        for stream in self._streams_of(row):
            stream.remove(row)
        self._note_thread(row, -1)

    def _too_old(self, row: MentionRow) -> bool:
        return self._newest is not None and row.event_time < self._newest - self._keep

    def _prune(self) -> None:
        """Forget what no askable bucket needs; once an hour, since it need not be exact."""
        assert self._newest is not None
        if self._pruned is not None and self._newest - self._pruned < timedelta(hours=1):
            return
        self._pruned = self._newest
        cut = (self._newest - self._keep).timestamp()
        for stream in self._streams.values():
            for row in stream.drop_before(cut):
                self._rows.pop(row.mention_id, None)
        for name, thread in list(self._threads.items()):
            thread.stream.drop_before(cut)
            root_old = thread.root is None or thread.root.event_time.timestamp() < cut
            if not len(thread.stream) and root_old:
                del self._threads[name]


def _thread_observation(
    scope: Scope, thread: _Thread, people: Mapping[timedelta, People], at: datetime
) -> ThreadObservation:
    root = thread.root
    first = thread.first_at or at
    return ThreadObservation(
        scope=scope,
        root_at=root.event_time if root else first,
        page="own" if root and root.own else (root.author or "") if root else "",
        own_root=bool(root and root.own),
        root_negative=bool(root and root.negative),
        comments=thread.comments,
        sums=thread.stream.sums(at),
        people=people,
        supportive=people[timedelta(hours=1)].supportive,
    )


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

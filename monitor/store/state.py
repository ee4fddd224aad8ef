"""What the daemon remembers of itself: sources, coverage, jobs, detector states, silences, clicks, facts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from detectors.observation import BUCKET
from monitor.mention import Refusal
from monitor.store.database import insert_missing, storable, upsert
from monitor.store.subject import Subject
from monitor.store.tables import (
    coverage,
    detector_states,
    facts,
    handled_events,
    job_runs,
    refusals,
    silences,
    sources,
)

STATES_KEPT = 3
"""Snapshots of a brand's detector state that are kept, so that a bad newest one does not cost a rebuild."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is doing: its cursor, when it was heard, since when and why it fails, when it is next due."""

    name: str
    cursor: dict[str, Any] = field(default_factory=dict)
    last_ok_at: datetime | None = None
    last_mention_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    error: str | None = None
    remedy: str | None = None
    permanent: bool = False
    next_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobRun:
    """When a job last went well, what went wrong since, and how many runs this daemon has missed."""

    job: str
    ok_at: datetime | None = None
    error: str | None = None
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Silence:
    """A matcher (JSON) whose alerts are held back between two times, why, and by whom."""

    id: int
    matcher: dict[str, Any]
    reason: str
    author: str
    starts_at: datetime
    ends_at: datetime


class Sources(Subject):
    """Cursors, health and coverage of the sources."""

    def source_states(self) -> dict[str, SourceState]:
        """The state of every source that was ever polled, by name."""
        with self._db.reading() as connection:
            return {row.name: _source(row) for row in connection.execute(select(sources))}

    def source_state(self, name: str) -> SourceState:
        """The state of one source; an empty one when it was never polled."""
        with self._db.reading() as connection:
            row = connection.execute(select(sources).where(sources.c.name == name)).first()
        return SourceState(name) if row is None else _source(row)

    def source_ok(
        self, name: str, now: datetime, *, heard_since: datetime | None = None, next_due_at: datetime | None = None
    ) -> None:
        """A poll went well: what was published between `heard_since` (default: the last good poll) and `now` was
        heard, and the source fails no longer."""
        with self._db.writing() as connection:
            before = self.source_state(name)
            since = heard_since or before.last_ok_at or now
            upsert(
                connection,
                sources,
                [
                    {
                        "name": name,
                        "last_ok_at": now,
                        "failing_since": None,
                        "failures": 0,
                        "error": None,
                        "remedy": None,
                        "permanent": False,
                        "next_due_at": next_due_at,
                    }
                ],
            )
            self.heard(name, since, now)

    def source_failed(
        self,
        name: str,
        now: datetime,
        error: str,
        *,
        remedy: str = "",
        permanent: bool = False,
        next_due_at: datetime | None = None,
    ) -> None:
        """A poll failed: since when is kept from the first failure on."""
        with self._db.writing() as connection:
            before = self.source_state(name)
            row = {
                "name": name,
                "failing_since": before.failing_since or now,
                "failures": before.failures + 1,
                "error": storable(error),
                "remedy": storable(remedy),
                "permanent": permanent,
                "next_due_at": next_due_at,
            }
            upsert(connection, sources, [row])

    def save_source_state(self, state: SourceState) -> None:
        """Write down how a source does, as given; its cursor stays as it is."""
        known = {name: value for name, value in asdict(state).items() if name != "cursor"}
        with self._db.writing() as connection:
            upsert(connection, sources, [known])

    def heard(self, source: str, since: datetime, until: datetime) -> None:
        """Note that a source was heard from `since` to `until`; spans that touch are joined into one."""
        touching = (coverage.c.source == source, coverage.c.heard_from <= until, coverage.c.heard_until >= since)
        with self._db.writing() as connection:
            spans = connection.execute(select(coverage).where(*touching)).all()
            connection.execute(delete(coverage).where(*touching))
            row = {
                "source": source,
                "heard_from": min([since, *(span.heard_from for span in spans)]),
                "heard_until": max([until, *(span.heard_until for span in spans)]),
            }
            connection.execute(insert(coverage), row)

    def coverage(self, source: str, start: datetime, width: timedelta = BUCKET) -> float:
        """The share (0 … 1) of the bucket that begins at `start` in which the source was heard."""
        end = start + width
        query = select(coverage).where(
            coverage.c.source == source, coverage.c.heard_from < end, coverage.c.heard_until > start
        )
        with self._db.reading() as connection:
            spans = connection.execute(query).all()
        heard = sum((min(s.heard_until, end) - max(s.heard_from, start) for s in spans), timedelta())
        return heard / width

    def coverage_spans(self, since: datetime, until: datetime) -> dict[str, tuple[tuple[datetime, datetime], ...]]:
        """The spans between `since` and `until` in which each source was heard."""
        query = select(coverage).where(coverage.c.heard_from < until, coverage.c.heard_until > since)
        found: dict[str, tuple[tuple[datetime, datetime], ...]] = {}
        with self._db.reading() as connection:
            for row in connection.execute(query.order_by(coverage.c.heard_from)):
                span = (max(row.heard_from, since), min(row.heard_until, until))
                found[row.source] = (*found.get(row.source, ()), span)
        return found

    def refusals(self, source: str | None = None, *, limit: int = 100) -> list[tuple[str, datetime, Refusal]]:
        """(source, when, refusal) of items that were not understood, newest first."""
        query = select(refusals).order_by(refusals.c.id.desc()).limit(limit)
        if source is not None:
            query = query.where(refusals.c.source == source)
        with self._db.reading() as connection:
            rows = connection.execute(query).all()
        return [(row.source, row.at, Refusal(row.place, row.why)) for row in rows]


class DaemonState(Subject):
    """Jobs, detector states, silences, handled events and facts."""

    def save_job_runs(self, runs: Iterable[JobRun]) -> None:
        """Write down how the jobs do. Jobs that are not among `runs` are no longer in the table: forgotten."""
        rows = [asdict(run) | {"error": storable(run.error) if run.error else None} for run in runs]
        with self._db.writing() as connection:
            connection.execute(delete(job_runs))
            upsert(connection, job_runs, rows)

    def job_runs(self) -> dict[str, JobRun]:
        """How every job does, by name, as the daemon last wrote it down."""
        with self._db.reading() as connection:
            return {row.job: JobRun(*row) for row in connection.execute(select(job_runs))}

    def save_detector_state(self, brand: str, at: datetime, version: str, state: Any) -> None:
        """Keep what a brand's detectors have learnt up to `at` (JSON); the newest snapshots stay."""
        table = detector_states
        row = {"brand": brand, "at": at, "version": version, "state": json.dumps(state)}
        with self._db.writing() as connection:
            upsert(connection, table, [row])
            kept = select(table.c.at).where(table.c.brand == brand).order_by(table.c.at.desc())
            newest = list(connection.scalars(kept.limit(STATES_KEPT)))
            connection.execute(delete(table).where(table.c.brand == brand, table.c.at < newest[-1]))

    def detector_state(
        self, brand: str, version: str, *, before: datetime | None = None
    ) -> tuple[datetime, Any] | None:
        """The newest snapshot of that version, made at or before `before`; None when there is none."""
        table = detector_states
        query = select(table.c.at, table.c.state).where(table.c.brand == brand, table.c.version == version)
        if before is not None:
            query = query.where(table.c.at <= before)
        with self._db.reading() as connection:
            row = connection.execute(query.order_by(table.c.at.desc()).limit(1)).first()
        return None if row is None else (row.at, json.loads(row.state))

    def drop_detector_states(self, brand: str) -> None:
        """Forget a brand's snapshots, so that its detectors are built anew from the counters."""
        with self._db.writing() as connection:
            connection.execute(delete(detector_states).where(detector_states.c.brand == brand))

    def add_silence(
        self, matcher: Mapping[str, Any], *, reason: str, author: str, starts_at: datetime, ends_at: datetime
    ) -> int:
        """Hold back what the matcher fits, from one time to another. Returns the silence's id."""
        row = {"matcher": json.dumps(dict(matcher)), "reason": reason, "author": author}
        with self._db.writing() as connection:
            done = connection.execute(insert(silences), row | {"starts_at": starts_at, "ends_at": ends_at})
            key = done.inserted_primary_key
            assert key is not None
            return int(key[0])

    def end_silence(self, silence: int, now: datetime) -> bool:
        """Let a silence end now. False when there is none of that id in force."""
        statement = update(silences).where(silences.c.id == silence, silences.c.ends_at > now)
        with self._db.writing() as connection:
            return connection.execute(statement.values(ends_at=now)).rowcount == 1

    def silences(self, now: datetime) -> tuple[Silence, ...]:
        """Silences in force at `now` or later."""
        query = select(silences).where(silences.c.ends_at > now).order_by(silences.c.starts_at)
        with self._db.reading() as connection:
            return tuple(
                Silence(row.id, json.loads(row.matcher), row.reason, row.author, row.starts_at, row.ends_at)
                for row in connection.execute(query)
            )

    def first_time(self, event_id: str, now: datetime) -> bool:
        """Whether an event (a click that Slack may deliver again) is new; from now on it is known."""
        with self._db.writing() as connection:
            query = select(func.count()).select_from(handled_events).where(handled_events.c.event_id == event_id)
            if connection.scalar(query):
                return False
            insert_missing(connection, handled_events, [{"event_id": event_id, "at": now}])
            return True

    def set_fact(self, key: str, value: Any, now: datetime) -> None:
        """Keep a value (JSON) under a key."""
        with self._db.writing() as connection:
            upsert(connection, facts, [{"key": key, "value": json.dumps(value), "at": now}])

    def fact(self, key: str, default: Any = None) -> Any:
        """The value kept under a key, else `default`."""
        with self._db.reading() as connection:
            found = connection.scalar(select(facts.c.value).where(facts.c.key == key))
        return default if found is None else json.loads(found)


def _source(row: Row[Any]) -> SourceState:
    return SourceState(
        row.name,
        json.loads(row.cursor),
        row.last_ok_at,
        row.last_mention_at,
        row.failing_since,
        row.failures,
        row.error,
        row.remedy,
        row.permanent,
        row.next_due_at,
    )

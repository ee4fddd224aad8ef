"""Reading the 5-minute sums, people per hour and measurements; and counting everything again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select

from detectors.observation import People, Sums
from detectors.signal import Scope, ScopeKind
from monitor.mention import Measurement
from monitor.store.counting import Counted, Deltas, bucket_of
from monitor.store.database import upsert
from monitor.store.records import Link
from monitor.store.subject import Subject
from monitor.store.tables import links, measurements, mentions, people_hours, sums
from monitor.store.writing import save_measurements

PEOPLE_HORIZONS = (timedelta(hours=1), timedelta(hours=3), timedelta(hours=24))
"""Horizons whose people are kept for each closed hour."""

PEOPLE_FIELDS = ("authors", "negative", "positive", "hostile", "mentions", "negative_mentions", "largest_author")

Series = dict[Scope, list[tuple[datetime, Sums]]]
HourOfPeople = dict[timedelta, People]


class Counters(Subject):
    """Sums, people and measurements over time."""

    def counters(
        self, brand: str, since: datetime, until: datetime, *, kinds: Iterable[ScopeKind] | None = None
    ) -> Series:
        """The sums of buckets that start at `since <= start < until`, by scope, oldest first; empty buckets are
        left out. `kinds` restricts the scopes (threads are many)."""
        query = select(sums).where(sums.c.brand == brand, sums.c.bucket >= since, sums.c.bucket < until)
        if kinds is not None:
            query = query.where(sums.c.kind.in_([kind.value for kind in kinds]))
        found: Series = defaultdict(list)
        with self._db.reading() as connection:
            for _, bucket, kind, name, *numbers in connection.execute(query.order_by(sums.c.bucket)):
                found[Scope(brand, ScopeKind(kind), name)].append((bucket, Sums(*numbers)))
        return dict(found)

    def recount(self, brand: str, since: datetime, until: datetime) -> Series:
        """The same as `counters`, but counted from the mentions: what the counters must equal."""
        with self._db.reading() as connection:
            deltas = count_again(connection, brand, since, until)
        found: Series = defaultdict(list)
        for (_, bucket, kind, name), numbers in sorted(deltas.totals(), key=lambda item: item[0]):
            found[Scope(brand, ScopeKind(kind), name)].append((bucket, numbers))
        return dict(found)

    def counted_span(self, brand: str) -> tuple[datetime, datetime] | None:
        """First and last bucket of a brand that hold anything; None without any."""
        query = select(func.min(sums.c.bucket), func.max(sums.c.bucket)).where(sums.c.brand == brand)
        with self._db.reading() as connection:
            first, last = connection.execute(query).one()
        return None if first is None else (first, last)

    def save_people_hours(
        self, brand: str, hour: datetime, people: Mapping[Scope, Mapping[timedelta, People]]
    ) -> None:
        """Keep the people of the horizons that end with the UTC hour starting at `hour`, replacing what is there.

        Scopes without anything in them need not be given.
        """
        rows = [
            _people_row(brand, hour, scope, horizon, found)
            for scope, horizons in people.items()
            for horizon, found in horizons.items()
        ]
        gone = people_hours.delete().where(people_hours.c.brand == brand, people_hours.c.hour == hour)
        with self._db.writing() as connection:
            connection.execute(gone)
            upsert(connection, people_hours, rows)

    def people_hours(
        self, brand: str, since: datetime, until: datetime
    ) -> dict[Scope, list[tuple[datetime, HourOfPeople]]]:
        """People of each hour that starts at `since <= hour < until`, by scope, oldest first."""
        table = people_hours
        query = select(table).where(table.c.brand == brand, table.c.hour >= since, table.c.hour < until)
        found: dict[Scope, dict[datetime, HourOfPeople]] = defaultdict(dict)
        with self._db.reading() as connection:
            for _, hour, kind, name, minutes, *numbers in connection.execute(query.order_by(table.c.hour)):
                hours = found[Scope(brand, ScopeKind(kind), name)]
                hours.setdefault(hour, {})[timedelta(minutes=minutes)] = People(*numbers)
        return {scope: list(hours.items()) for scope, hours in found.items()}

    def save_measurements(self, found: Iterable[Measurement]) -> None:
        """Keep counts without posts; a second value for the same brand, name and time replaces the first."""
        with self._db.writing() as connection:
            save_measurements(connection, tuple(found))

    def measurements(
        self, brand: str, since: datetime, until: datetime
    ) -> dict[str, list[tuple[datetime, float]]]:
        """Values of a brand with `since <= at < until`, by name, oldest first."""
        table = measurements
        query = select(table.c.name, table.c.at, table.c.value).where(
            table.c.brand == brand, table.c.at >= since, table.c.at < until
        )
        found: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
        with self._db.reading() as connection:
            for name, at, value in connection.execute(query.order_by(table.c.at)):
                found[name].append((at, value))
        return dict(found)


def count_again(connection: Connection, brand: str, since: datetime, until: datetime) -> Deltas:
    """The sums of a brand's mentions with `since <= event_time < until`, counted from nothing."""
    deltas = Deltas()
    for row in connection.execute(_countable(brand, since, until)):
        link = Link(brand, row.themes, row.own)
        deltas.add(
            Counted(row.source, row.event_time, row.label, row.hostile, row.question, row.thread_id, (link,))
        )
    return deltas


def write_again(connection: Connection, brand: str, since: datetime, until: datetime) -> None:
    """Replace a brand's sums of whole buckets from `since` to before `until` by a recount."""
    first = bucket_of(since)
    connection.execute(sums.delete().where(sums.c.brand == brand, sums.c.bucket >= first, sums.c.bucket < until))
    count_again(connection, brand, first, until).write(connection)


def _countable(brand: str, since: datetime, until: datetime) -> Select[Any]:
    return (
        select(
            mentions.c.source,
            mentions.c.event_time,
            mentions.c.label,
            mentions.c.hostile,
            mentions.c.question,
            mentions.c.thread_id,
            links.c.own,
            links.c.themes,
        )
        .join_from(links, mentions, links.c.mention_id == mentions.c.id)
        .where(links.c.brand == brand, links.c.event_time >= since, links.c.event_time < until)
    )


def _people_row(brand: str, hour: datetime, scope: Scope, horizon: timedelta, found: People) -> dict[str, object]:
    return {
        "brand": brand,
        "hour": hour,
        "kind": scope.kind.value,
        "name": scope.name,
        "horizon_minutes": horizon // timedelta(minutes=1),
        **{name: getattr(found, name) for name in PEOPLE_FIELDS},
    }

"""Incidents, their obligations and their timeline; a decision is stored in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from alerts.incident import Decision, Incident, IncidentState, MessageReference, Obligation, TimelineEvent
from alerts.mandate_parts import Timing
from alerts.obligations import next_deadline
from monitor.store.database import upsert
from monitor.store.outbox import add_notifications
from monitor.store.sequences import last_number, take_numbers
from monitor.store.subject import Subject
from monitor.store.tables import incidents, obligations, timeline


@cache
def adapter() -> TypeAdapter[Incident]:
    """Incident to and from JSON."""
    return TypeAdapter(Incident)


class Incidents(Subject):
    """Incidents with their timelines. Read and decide inside one `Store.transaction()`."""

    def open_incidents(self, brand: str | None = None) -> tuple[Incident, ...]:
        """Incidents that are not closed, by number."""
        query = select(incidents).where(incidents.c.state != IncidentState.CLOSED.value)
        return self._incidents(_of_brand(query, brand).order_by(incidents.c.number))

    def has_open_incidents(self, brand: str | None = None) -> bool:
        """Whether any incident (of a brand, or at all) is not closed; cheaper than reading them."""
        query = select(incidents.c.number).where(incidents.c.state != IncidentState.CLOSED.value)
        with self._db.reading() as connection:
            return connection.execute(_of_brand(query, brand).limit(1)).first() is not None

    def closed_since(self, since: datetime) -> tuple[Incident, ...]:
        """Incidents that were closed at `since` or later, by number: they may relapse."""
        query = select(incidents).where(
            incidents.c.state == IncidentState.CLOSED.value, incidents.c.closed_at >= since
        )
        return self._incidents(query.order_by(incidents.c.number))

    def incident(self, number: int) -> Incident | None:
        """One incident; None when there is none of that number."""
        found = self._incidents(select(incidents).where(incidents.c.number == number))
        return found[0] if found else None

    def list_incidents(
        self,
        *,
        brand: str | None = None,
        state: IncidentState | None = None,
        since: datetime | None = None,
        drills: bool = True,
        limit: int = 100,
    ) -> tuple[Incident, ...]:
        """Incidents, newest first; `since` restricts by the time of opening."""
        query = _of_brand(select(incidents), brand)
        if state is not None:
            query = query.where(incidents.c.state == state.value)
        if since is not None:
            query = query.where(incidents.c.opened_at >= since)
        if not drills:
            query = query.where(~incidents.c.drill)
        return self._incidents(query.order_by(incidents.c.number.desc()).limit(limit))

    def next_incident_number(self) -> int:
        """The number that the next new incident gets. It is used up only by `apply_decision`."""
        with self._db.reading() as connection:
            return last_number(connection, "incident") + 1

    def apply_decision(self, decision: Decision, now: datetime) -> None:  # noqa: ARG002 - the decision is dated
        """Store incidents, obligations, timeline and notifications of a decision, all or nothing.

        A notification whose key is there already is left as it is: the same decision twice sends nothing twice.
        """
        with self._db.writing() as connection:
            for incident in decision.incidents:
                save_incident(connection, incident)
            add_timeline(connection, decision.timeline)
            add_notifications(connection, decision.notifications)

    def add_timeline(self, events: Iterable[TimelineEvent]) -> None:
        """Append events that no decision made (delivery, health)."""
        with self._db.writing() as connection:
            add_timeline(connection, tuple(events))

    def timeline(
        self, number: int | None = None, *, since: datetime | None = None, limit: int | None = None
    ) -> tuple[TimelineEvent, ...]:
        """Events of one incident in the order in which they were written; None: the daemon's own events."""
        query = select(timeline).where(timeline.c.incident == number)
        if since is not None:
            query = query.where(timeline.c.at >= since)
        with self._db.reading() as connection:
            rows = connection.execute(query.order_by(timeline.c.id).limit(limit)).all()
        return tuple(_event(row) for row in rows)

    def set_root(self, number: int, root: MessageReference) -> None:
        """Note where an incident's one root message stands. It is never forgotten by a later decision."""
        values = {
            "root_channel": root.channel,
            "root_place": root.place,
            "root_message_id": root.message_id,
        }
        with self._db.writing() as connection:
            connection.execute(update(incidents).where(incidents.c.number == number).values(**values))

    def due_obligations(self, now: datetime) -> tuple[tuple[int, Obligation], ...]:
        """(incident number, obligation) for all that is due, unmet and still counts, earliest first."""
        query = (
            select(obligations.c.incident, obligations.c.position)
            .where(obligations.c.due_at <= now, obligations.c.met_at.is_(None), obligations.c.ended.is_(None))
            .order_by(obligations.c.due_at)
        )
        with self._db.reading() as connection:
            places = connection.execute(query).all()
        found = {number: self.incident(number) for number in {place.incident for place in places}}
        return tuple(
            (place.incident, incident.obligations[place.position])
            for place in places
            if (incident := found[place.incident]) is not None
        )

    def next_due_at(self) -> datetime | None:
        """When the first open incident has something to be done (see `next_deadline`); None when none has."""
        query = select(func.min(incidents.c.next_due_at)).where(incidents.c.state != IncidentState.CLOSED.value)
        with self._db.reading() as connection:
            found: datetime | None = connection.execute(query).scalar_one()
            return found

    def _incidents(self, query: Select[Any]) -> tuple[Incident, ...]:
        with self._db.reading() as connection:
            return tuple(read_incident(row) for row in connection.execute(query))


def save_incident(connection: Connection, incident: Incident) -> None:
    """Insert or replace an incident with its obligations."""
    number = incident.number
    row: dict[str, Any] = {
        "number": number,
        "brand": incident.brand,
        "level": int(incident.level),
        "peak_level": int(incident.peak_level),
        "state": incident.state.value,
        "opened_at": incident.opened_at,
        "closed_at": incident.closed_at,
        "next_due_at": _next_due_at(incident),
        "drill": incident.drill,
        "document": adapter().dump_json(incident).decode(),
    }
    if incident.root is not None:  # else what stands there stays: see `set_root`
        root = incident.root
        row |= {"root_channel": root.channel, "root_place": root.place, "root_message_id": root.message_id}
    upsert(connection, incidents, [row])
    _use_number(connection, number)
    connection.execute(delete(obligations).where(obligations.c.incident == number))
    rows = [_obligation_row(number, position, owed) for position, owed in enumerate(incident.obligations)]
    if rows:
        connection.execute(insert(obligations), rows)


def add_timeline(connection: Connection, events: Sequence[TimelineEvent]) -> None:
    """Append events to the timeline."""
    rows = [
        {
            "incident": event.incident,
            "kind": event.kind,
            "at": event.at,
            "actor": event.actor,
            "channel": event.channel,
            "data": json.dumps(dict(event.data)),
        }
        for event in events
    ]
    if rows:
        connection.execute(insert(timeline), rows)


def _use_number(connection: Connection, number: int) -> None:
    behind = number - last_number(connection, "incident")
    if behind > 0:
        take_numbers(connection, "incident", behind)


def _next_due_at(incident: Incident) -> datetime | None:
    """When a tick has something to do for it: a deadline or its reminder, a digest, the end of aftercare."""
    timing = Timing.model_validate(incident.mandate.get("timing") or {})
    return next_deadline(incident, timing.remind_before)


def _obligation_row(number: int, position: int, owed: Obligation) -> dict[str, Any]:
    return {
        "incident": number,
        "position": position,
        "kind": owed.kind.value,
        "due_at": owed.due_at,
        "level": int(owed.level),
        "target": owed.target,
        "step": owed.step,
        "told_at": owed.told_at,
        "met_at": owed.met_at,
        "ended": owed.ended,
    }


def read_incident(row: Row[Any]) -> Incident:
    """An incident from its row, with the root message that was noted last."""
    incident = adapter().validate_json(row.document)
    if row.root_message_id is None:
        return incident
    return replace(incident, root=MessageReference(row.root_channel, row.root_place, row.root_message_id))


def _event(row: Row[Any]) -> TimelineEvent:
    return TimelineEvent(row.kind, row.at, row.incident, row.actor, row.channel, json.loads(row.data))


def _of_brand(query: Select[Any], brand: str | None) -> Select[Any]:
    return query if brand is None else query.where(incidents.c.brand == brand)

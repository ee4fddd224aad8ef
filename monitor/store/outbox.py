"""The outbox: notifications and the ways they may go, guarded in SQL.

    pending ──► sending ──► sent
       ▲           ├──────► unknown ──► sent | pending (it was not there: send again) | failed | rerouted
       ├───────────┴─ (try again later)
    held, pending, unknown, failed ──► superseded | rerouted;   pending ◄──► held;   sending ──► failed

A change that the state does not allow changes nothing and answers False: somebody else was faster.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, literal, or_, select, update

from alerts.incident import Notification, NotificationState, Reason
from monitor.store.database import storable
from monitor.store.subject import Subject
from monitor.store.tables import notifications

State = NotificationState
WAITING = (State.PENDING, State.UNKNOWN)

ALLOWED: dict[State, tuple[State, ...]] = {
    State.PENDING: (State.SENDING, State.UNKNOWN, State.HELD),
    State.SENDING: (State.PENDING,),
    State.SENT: (State.SENDING, State.UNKNOWN),
    State.UNKNOWN: (State.SENDING,),
    State.FAILED: (State.PENDING, State.SENDING, State.UNKNOWN),
    State.SUPERSEDED: (State.PENDING, State.HELD, State.UNKNOWN, State.FAILED),
    State.HELD: (State.PENDING,),
    State.REROUTED: (State.PENDING, State.SENDING, State.UNKNOWN, State.FAILED, State.HELD),
}
"""For each state, the states from which it may be entered."""


class Outbox(Subject):
    """Notifications on their way out."""

    def due_notifications(self, now: datetime, *, limit: int = 500) -> tuple[Notification, ...]:
        """Pending and unclear notifications whose next attempt is due, priority 0 first, then oldest first."""
        due = or_(notifications.c.next_attempt_at.is_(None), notifications.c.next_attempt_at <= now)
        query = select(notifications).where(notifications.c.state.in_([state.value for state in WAITING]), due)
        return self._notifications(query.order_by(notifications.c.priority, notifications.c.id).limit(limit))

    def notifications(
        self,
        *,
        incident: int | None = None,
        states: Iterable[NotificationState] | None = None,
        limit: int | None = None,
    ) -> tuple[Notification, ...]:
        """Notifications of an incident (None: of all), in the order in which they were decided."""
        query = select(notifications)
        if incident is not None:
            query = query.where(notifications.c.incident == incident)
        if states is not None:
            query = query.where(notifications.c.state.in_([state.value for state in states]))
        return self._notifications(query.order_by(notifications.c.id).limit(limit))

    def notification(self, key: str) -> Notification | None:
        """One notification by its idempotency key."""
        found = self._notifications(select(notifications).where(notifications.c.key == key))
        return found[0] if found else None

    def add_notifications(self, new: Iterable[Notification]) -> None:
        """Queue notifications that no decision made; keys that are there already are left alone."""
        with self._db.writing() as connection:
            add_notifications(connection, tuple(new))

    def mark_sending(self, key: str, now: datetime) -> bool:
        """About to send: committed before the network is touched, so that a crash is noticed."""
        return self._go(
            key,
            State.SENDING,
            attempts=notifications.c.attempts + 1,
            first_attempt_at=func.coalesce(notifications.c.first_attempt_at, _micros(now)),
        )

    def mark_sent(self, key: str, now: datetime, *, message_id: str | None = None) -> bool:
        """It has arrived, as `message_id` where the channel gives one."""
        return self._go(key, State.SENT, sent_at=now, message_id=message_id, error=None, next_attempt_at=None)

    def mark_unknown(self, key: str, error: str, *, next_attempt_at: datetime | None = None) -> bool:
        """It may or may not have arrived: to be looked up before it is sent again."""
        return self._go(key, State.UNKNOWN, error=storable(error), next_attempt_at=next_attempt_at)

    def mark_pending(self, key: str, *, next_attempt_at: datetime | None = None, error: str | None = None) -> bool:
        """It surely has not arrived and is to be tried again, not before `next_attempt_at`."""
        return self._go(
            key, State.PENDING, error=storable(error) if error else None, next_attempt_at=next_attempt_at
        )

    def mark_failed(self, key: str, error: str) -> bool:
        """It has not arrived and never will: trying again cannot help."""
        return self._go(key, State.FAILED, error=storable(error), next_attempt_at=None)

    def mark_superseded(self, key: str) -> bool:
        """A newer notification says more; this one is not sent."""
        return self._go(key, State.SUPERSEDED, next_attempt_at=None)

    def mark_held(self, key: str) -> bool:
        """Kept back (silence, quiet hours) until it is made pending again."""
        return self._go(key, State.HELD)

    def mark_rerouted(self, key: str, error: str = "") -> bool:
        """It went another way: a notification of its own, on another channel."""
        return self._go(key, State.REROUTED, error=storable(error) or None, next_attempt_at=None)

    def recover_sending(self, look_at: datetime | None = None) -> int:
        """After a start: what was being sent when the last daemon died may have arrived; it is looked up from
        `look_at` on, when it can have landed. Returns how many."""
        with self._db.writing() as connection:
            changed = connection.execute(
                update(notifications)
                .where(notifications.c.state == State.SENDING.value)
                .values(
                    state=State.UNKNOWN.value, error="the monitor stopped while sending", next_attempt_at=look_at
                )
            )
            return int(changed.rowcount)

    def _go(self, key: str, to: State, **values: Any) -> bool:
        allowed = [state.value for state in ALLOWED[to]]
        statement = (
            update(notifications)
            .where(notifications.c.key == key, notifications.c.state.in_(allowed))
            .values(state=to.value, **values)
        )
        with self._db.writing() as connection:
            return connection.execute(statement).rowcount == 1

    def _notifications(self, query: Select[Any]) -> tuple[Notification, ...]:
        with self._db.reading() as connection:
            return tuple(_notification(row) for row in connection.execute(query))


def add_notifications(connection: Connection, new: Sequence[Notification]) -> None:
    """Insert notifications in order; one whose key is known is left as it is."""
    keys = [n.key for n in new]
    known: set[str] = set()
    for start in range(0, len(keys), 500):
        query = select(notifications.c.key).where(notifications.c.key.in_(keys[start : start + 500]))
        known.update(connection.scalars(query))
    rows = {n.key: _row(n) for n in new if n.key not in known}
    if rows:
        connection.execute(insert(notifications), list(rows.values()))


def _micros(now: datetime) -> Any:
    return literal(now, notifications.c.first_attempt_at.type)


def _row(n: Notification) -> dict[str, Any]:
    return {
        "key": n.key,
        "incident": n.incident,
        "reason": n.reason.value,
        "channel": n.channel,
        "place": n.place,
        "recipients": json.dumps(n.recipients),
        "root": n.root,
        "edit": n.edit,
        "broadcast": n.broadcast,
        "priority": n.priority,
        "data": json.dumps(dict(n.data)),
        "created_at": n.created_at,
        "state": n.state.value,
        "attempts": n.attempts,
        "next_attempt_at": n.next_attempt_at,
        "first_attempt_at": n.first_attempt_at,
        "sent_at": n.sent_at,
        "message_id": n.message_id,
        "error": n.error,
    }


def _notification(row: Row[Any]) -> Notification:
    return Notification(
        key=row.key,
        reason=Reason(row.reason),
        created_at=row.created_at,
        incident=row.incident,
        channel=row.channel,
        place=row.place,
        recipients=tuple(json.loads(row.recipients)),
        root=row.root,
        edit=row.edit,
        broadcast=row.broadcast,
        priority=row.priority,
        data=json.loads(row.data),
        state=NotificationState(row.state),
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        first_attempt_at=row.first_attempt_at,
        sent_at=row.sent_at,
        message_id=row.message_id,
        error=row.error,
    )

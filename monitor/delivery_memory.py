"""What delivery remembers between two passes, and how it is recalled from the store after a start."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from alerts.incident import Notification, NotificationState

if TYPE_CHECKING:
    from monitor.store.store import Store

KEPT = timedelta(hours=2)
"""How long a message counts; longer than any window of the message budget."""


@dataclass(slots=True)
class DeliveryMemory:
    """`look_after` is when looking that failed is tried again; the rest is for `alerts.outbox.Limits`."""

    look_after: dict[str, datetime] = field(default_factory=dict)
    spent: dict[int, list[datetime]] = field(default_factory=dict)
    last_edit: dict[int, datetime] = field(default_factory=dict)

    def count(self, notification: Notification, at: datetime) -> None:
        """Remember what counts against an incident's message budget, and when its card was last edited."""
        if notification.incident is None:
            return
        if notification.edit or notification.root:
            self.last_edit[notification.incident] = at
        elif notification.priority > 0:
            recent = [when for when in self.spent.get(notification.incident, ()) if at - when < KEPT]
            self.spent[notification.incident] = [*recent, at]


def recall(store: Store, now: datetime, landing: timedelta) -> DeliveryMemory:
    """Make unclear what the last daemon was sending, and recall what counts.

    `landing` is how long a request may take to land. Nobody knows when the last one was made, so that time runs
    from now; it is kept in the store, so that a daemon that dies again and again still gets to look.
    """
    store.recover_sending(look_at=now + landing)
    memory = DeliveryMemory()
    for incident in store.open_incidents():
        for sent in store.notifications(incident=incident.number, states=[NotificationState.SENT]):
            memory.count(sent, sent.sent_at or now)
    return memory

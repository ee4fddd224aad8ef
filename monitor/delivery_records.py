"""Records of delivery: what one pass did, and one notification on its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from alerts.channels.base import Channel
from alerts.incident import Incident, Notification, TimelineEvent

if TYPE_CHECKING:
    from monitor.store.store import Store

CONSOLE = "console"
"""The channel that is always there, and stands in for a Slack that is not set."""


@dataclass(slots=True)
class DeliveryReport:
    """What one pass did: how many were sent, found to have arrived, put off, superseded; and what went wrong.

    `next_at` is when something that waits for a time of its own may go.
    """

    sent: int = 0
    found: int = 0
    waiting: int = 0
    superseded: int = 0
    rerouted: int = 0
    errors: list[str] = field(default_factory=list)
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One notification on its way: with its incident and the channel that carries it."""

    notification: Notification
    incident: Incident | None
    name: str
    channel: Channel


def write_down(
    store: Store, now: datetime, notification: Notification, kind: str, channel: str, **data: str
) -> None:
    """Put on the timeline what became of a notification."""
    said = {"key": notification.key, **data}
    store.add_timeline([TimelineEvent(kind, now, notification.incident, channel=channel, data=said)])

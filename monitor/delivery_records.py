"""Records of delivery: what one pass did, and one notification on its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from alerts.channels.base import Channel
from alerts.incident import Incident, Notification


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

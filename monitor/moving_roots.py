"""An incident that was told on the console before Slack was set up gets its root message and thread in Slack."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alerts.incident import Incident, Notification, Reason
from monitor.messages import SLACK, belongs_to_root


def root_is_elsewhere(notification: Notification, incident: Incident | None, channel: str) -> bool:
    """Does a message belong to a root that stands on another channel than the Slack that carries it?"""
    if incident is None or incident.root is None or channel != SLACK:
        return False
    return incident.root.channel != channel and belongs_to_root(notification, incident)


def roots_to_move(incidents: Iterable[Incident], now: datetime) -> list[Notification]:
    """The root messages in Slack of those incidents that were told on another channel before there was a Slack."""
    return [new_root(i, now) for i in incidents if i.root is not None and i.root.channel != SLACK]


def new_root(incident: Incident, now: datetime) -> Notification:
    """The root message in Slack: the card as it is now. Its key is one for all, so that it is ordered once."""
    return Notification(
        key=f"INC-{incident.number}/root/{SLACK}",
        reason=Reason.UPDATE,
        created_at=now,
        incident=incident.number,
        channel=SLACK,
        place=incident.root_place or "",
        root=True,
        priority=0,
        data={"brand": incident.brand, "level": incident.level.label},
    )

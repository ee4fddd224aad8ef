"""A root message in Slack for an incident without one: told before there was a Slack, or deleted there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.incident import Incident, Notification, Reason
from monitor.messages import SLACK, belongs_to_root

LOST = "lost"
"""Stands as the channel of a root message that somebody has deleted."""

GONE = frozenset({"message_not_found", "thread_not_found"})
"""Slack's answers to an edit or a reply whose root message is not there any more."""

UNEDITABLE = frozenset({"edit_window_closed", "cant_update_message"})
"""Slack's answers to an edit that no waiting will make possible: the workspace does not allow it any more."""

REPLACED_AT_MOST_EVERY = timedelta(minutes=10)
"""How often a lost root is replaced: a Slack that never finds what it was given must not be flooded."""


def may_replace(sent: Iterable[Notification], now: datetime) -> bool:
    """Is the newest root message among those that were sent old enough to be replaced?"""
    roots = [one.sent_at for one in sent if one.root and one.sent_at is not None]
    return not roots or now - max(roots) >= REPLACED_AT_MOST_EVERY


def root_is_elsewhere(notification: Notification, incident: Incident | None, channel: str) -> bool:
    """Does a message belong to a root that stands on another channel than the Slack that carries it?"""
    if incident is None or incident.root is None or channel != SLACK:
        return False
    return incident.root.channel != channel and belongs_to_root(notification, incident)


def roots_to_move(incidents: Iterable[Incident], now: datetime) -> list[Notification]:
    """The root messages in Slack of those incidents that were told on another channel before there was a Slack."""
    return [new_root(i, now) for i in incidents if i.root is not None and i.root.channel != SLACK]


def new_root(incident: Incident, now: datetime) -> Notification:
    """The root message in Slack: the card as it is now. Its key names the one that it replaces: ordered once."""
    assert incident.root is not None
    return Notification(
        key=f"INC-{incident.number}/root/for/{incident.root.channel}/{incident.root.message_id}",
        reason=Reason.UPDATE,
        created_at=now,
        incident=incident.number,
        channel=SLACK,
        place=incident.root_place or "",
        root=True,
        priority=0,
        data={"brand": incident.brand, "level": incident.level.label},
    )

"""Which of the mandate's Slack user groups and channels somebody belongs to, asked of Slack kept for a while."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from alerts.channels.base import ChannelError
from alerts.channels.slack import SlackChannel
from alerts.incident import Incident
from alerts.plan import mandate_of
from monitor.clock import Clock

LOG = logging.getLogger("monitor.slack_groups")
KEPT = timedelta(minutes=5)


class Groups:
    """Membership, looked up when a click needs it. What cannot be asked counts as "does not belong"."""

    def __init__(self, channel: SlackChannel, clock: Clock) -> None:
        self._channel = channel
        self._clock = clock
        self._known: dict[str, tuple[datetime, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def of(self, user: str, place: str, place_name: str, incident: Incident | None) -> tuple[str, ...]:
        """Return the groups of `user`: where they clicked, and of the incident's mandate all others."""
        here = tuple(name for name in (place, f"#{place_name}" if place_name else "") if name)
        roles = mandate_of(incident).roles.values() if incident is not None else ()
        asked = {role.slack for role in roles if role.slack} - set(here)
        return (*here, *sorted(group for group in asked if user in self._members(group)))

    def _members(self, group: str) -> frozenset[str]:
        now = self._clock.now()
        with self._lock:
            at, members = self._known.get(group, (now - 2 * KEPT, frozenset()))
        if now - at < KEPT:
            return members
        try:
            members = self._channel.members(group)
        except ChannelError as error:
            LOG.warning("cannot ask who belongs to %s: %s", group, error)
        with self._lock:
            self._known[group] = (now, members)
        return members

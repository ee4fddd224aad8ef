"""One incident while it is being decided about: its newest record and what is to be written down and sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from alerts.incident import Incident, IncidentState, Notification, Reason, TimelineEvent
from alerts.mandate import Mandate
from alerts.silences import Silence
from detectors.signal import Level, Number

ACTIVE_STATES = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.WAITING)
"""States in which signals count as the running story, not as its aftermath."""

_HANDLED_KEPT = 50


@dataclass(slots=True)
class Draft:
    """Collects the changes of one decision. `mandate` is the incident's own snapshot."""

    incident: Incident
    mandate: Mandate
    now: datetime
    before: Incident | None = None
    timeline: list[TimelineEvent] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Is the incident new or other than it was?"""
        return self.incident != self.before

    @property
    def active(self) -> bool:
        """Is the story running: open, acknowledged or waiting?"""
        return self.incident.state in ACTIVE_STATES

    def change(self, **fields: Any) -> None:
        """Replace fields of the incident."""
        self.incident = replace(self.incident, **fields)

    def enter(self, state: IncidentState) -> None:
        """Move to `state`, remembering since when."""
        if self.incident.state is not state:
            self.change(state=state, state_since=self.now)

    def history(self, level: Level) -> tuple[tuple[Level, datetime], ...]:
        """The incident's levels with `level` from now on; unchanged when that was the last one."""
        known = self.incident.levels
        return known if known and known[-1][0] is level else (*known, (level, self.now))

    def write(self, kind: str, *, actor: str = "monitor", channel: str = "", **data: Number | None) -> None:
        """Append to the timeline."""
        self.timeline.append(TimelineEvent(kind, self.now, self.incident.number, actor, channel, data))

    def send(
        self,
        reason: Reason,
        said: Mapping[str, Number | None] | None = None,
        *,
        channel: str = "slack",
        place: str = "",
        recipients: tuple[str, ...] = (),
        root: bool = False,
        edit: bool = False,
        broadcast: bool = False,
        priority: int = 1,
    ) -> None:
        """Order a notification. Its key counts the incident's orders, so the same decision gives the same key."""
        number, version = self.incident.number, self.incident.card_version + 1
        self.change(card_version=version)
        drill = {"drill": 1} if self.incident.drill else {}
        data = {"brand": self.incident.brand, "level": self.incident.level.label, **drill, **(said or {})}
        self.notifications.append(
            Notification(
                key=f"INC-{number}/{version}/{reason}/{channel}/{place or 'default'}",
                reason=reason,
                created_at=self.now,
                incident=number,
                channel=channel,
                place=place,
                recipients=recipients,
                root=root,
                edit=edit,
                broadcast=broadcast,
                priority=priority,
                data=data,
            )
        )

    def seen_before(self, event_id: str) -> bool:
        """Was an action with this event id handled? If not, remember it; an empty id is never remembered."""
        if not event_id:
            return False
        if event_id in self.incident.handled:
            return True
        self.change(handled=(*self.incident.handled, event_id)[-_HANDLED_KEPT:])
        return False

"""The other way: copies over the fallback of what a broken channel keeps back, each queued once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from alerts.channels.base import Channel
from alerts.incident import Notification, NotificationState
from alerts.outbox import rerouted
from monitor.channel_health import OUTAGE_AFTER, Healths
from monitor.clock import Clock
from monitor.delivery_records import CONSOLE, DeliveryReport, write_down

if TYPE_CHECKING:
    from monitor.store.store import Store

FALLBACK = "fallback"

Deliver = Callable[[Notification, DeliveryReport], bool]


class Detours:
    """Knows how the channels fare, and hands copies to `deliver`."""

    def __init__(
        self, store: Store, channels: Mapping[str, Channel], clock: Clock, healths: Healths, deliver: Deliver
    ) -> None:
        self._store = store
        self._channels = channels
        self._clock = clock
        self._healths = healths
        self._deliver = deliver

    def pass_by_broken_channels(self, route: Callable[[str], str | None], report: DeliveryReport) -> None:
        """Send copies the other way of what a broken channel keeps back; the originals wait until it is repaired.

        A permanent failure is passed by with everything, an outage with what is urgent: whatever should have gone
        `OUTAGE_AFTER` ago, so that a monitor that is restarted again and again passes it by as well.
        """
        kept_back = self._store.notifications(states=[NotificationState.PENDING, NotificationState.UNKNOWN])
        for notification in kept_back:
            name = route(notification.channel)
            if name is not None and (trouble := self._trouble_of(notification, name)):
                self._pass_by(notification, name, trouble, report)

    def _trouble_of(self, notification: Notification, name: str) -> str:
        """What keeps a message back so that it needs another way; "" when it can wait."""
        healths = self._healths.of(name, notification.place)
        late = self._clock.now() - notification.created_at >= OUTAGE_AFTER
        if not (late and notification.priority == 0) and not any(health.permanent for health in healths):
            return ""
        return next((health.code for health in healths if health.code), "unreachable")

    def _pass_by(self, notification: Notification, name: str, trouble: str, report: DeliveryReport) -> bool:
        """Queue and send a copy over the fallback, once. False when there is no other way."""
        other = FALLBACK if FALLBACK in self._channels else CONSOLE
        copy = rerouted(notification, other, trouble)
        if copy is None or name in (FALLBACK, CONSOLE) or other not in self._channels:
            return False
        if self._store.notification(copy.key) is None:
            self._store.add_notifications([copy])
            report.rerouted += 1
            write_down(self._store, self._clock.now(), notification, "passed_by", name, to=other, error=trouble)
            self._deliver(copy, report)
        return True

    def without_channel(self, notification: Notification, report: DeliveryReport) -> None:
        """A channel that the config does not have (any more): the fallback carries its message."""
        why = f"no channel {notification.channel!r} is configured"
        report.errors.append(why)
        if self._pass_by(notification, notification.channel, "not_configured", report):
            self._store.mark_rerouted(notification.key, why)
        else:
            self._store.mark_failed(notification.key, why)
            now = self._clock.now()
            write_down(self._store, now, notification, "not_delivered", notification.channel, error=why)

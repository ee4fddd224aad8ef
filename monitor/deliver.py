"""The outbox's shell: takes what is due, sends it in order, and finds out what became of unclear sends.

    mark sending (committed) → send → note the root → mark sent

A crash or a broken connection between the first and the last step leaves a message of which nobody knows whether
it arrived. Before it is sent again, the channel is asked, and not before the first request can have landed. What a
channel cannot tell is sent again and says that it may be a repeat.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from alerts.channels.base import Channel, ChannelError, Receipt
from alerts.incident import Incident, MessageReference, Notification, NotificationState, TimelineEvent
from alerts.outbox import ON_ITS_WAY, Limits, plan_next, rerouted
from monitor.channel_health import ChannelHealth
from monitor.clock import Clock
from monitor.messages import SLACK, DeliveryContext, belongs_to_root, render, whereabouts

if TYPE_CHECKING:
    from monitor.store.store import Store

LOG = logging.getLogger("monitor.deliver")

CONSOLE = "console"
FALLBACK = "fallback"
MAY_HAVE_ARRIVED = "it may have arrived"
"""Kept as the notification's error while an unclear send that nobody can look up is sent again."""


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
class _Task:
    """One notification on its way: with its incident and the channel that carries it."""

    notification: Notification
    incident: Incident | None
    name: str
    channel: Channel


class Deliverer:
    """Delivers what is due. One at a time: two passes never overlap, and one daemon owns a database."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        clock: Clock,
        context: DeliveryContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.store = store
        self.channels = channels
        self.clock = clock
        self.context = context or DeliveryContext()
        self.limits = limits or Limits()
        self.health = {name: ChannelHealth(name) for name in channels}
        self._lock = threading.Lock()
        self._recovered = False
        self._look_after: dict[str, datetime] = {}
        self._spent: dict[int, list[datetime]] = {}
        self._last_edit: dict[int, datetime] = {}

    def deliver_due(self) -> DeliveryReport:
        """Send everything that is due. Never raises for what a channel does; a store that fails does raise."""
        report = DeliveryReport()
        with self._lock:
            self._recover()
            blocked: set[tuple[int | None, str]] = set()
            for notification in self._planned(report):
                lane = (notification.incident, notification.channel)
                if lane in blocked or not self._deliver(notification, report):
                    report.waiting += 1
                    blocked.add(lane)
        return report

    def _recover(self) -> None:
        """After a start: what the last daemon was sending may still land. Look for it, but not too early."""
        if self._recovered:
            return
        self.store.recover_sending()
        now = self.clock.now()
        for notification in self.store.notifications(states=[NotificationState.UNKNOWN]):
            name = self._route(notification.channel)
            if name is not None:
                self._look_after[notification.key] = now + self.channels[name].landing
        for incident in self.store.open_incidents():
            for sent in self.store.notifications(incident=incident.number, states=[NotificationState.SENT]):
                self._count(sent, sent.sent_at or now)
        self._recovered = True

    def _count(self, notification: Notification, now: datetime) -> None:
        """Remember what counts against an incident's message budget, and when its card was last edited."""
        if notification.incident is None:
            return
        if notification.edit or notification.root:
            self._last_edit[notification.incident] = now
        elif notification.priority > 0:
            recent = [
                when for when in self._spent.get(notification.incident, ()) if now - when < timedelta(hours=2)
            ]
            self._spent[notification.incident] = [*recent, now]

    def _planned(self, report: DeliveryReport) -> tuple[Notification, ...]:
        """Do what the plan says of what is not sent, and return what may be sent now, in order."""
        pending = self.store.notifications(states=ON_ITS_WAY)
        limits = replace(self.limits, spent=self._spent, last_edit=self._last_edit)
        plan = plan_next(pending, self.clock.now(), limits)
        for gone in plan.superseded:
            report.superseded += self.store.mark_superseded(gone.key)
        for key in plan.hold:
            self.store.mark_held(key)
        for key in plan.release:
            self.store.mark_pending(key)
        report.next_at = plan.next_at
        return plan.send

    def _route(self, channel: str) -> str | None:
        """Return the channel that carries these messages: itself, or the console for a Slack that is not set."""
        if channel in self.channels:
            return channel
        return CONSOLE if channel == SLACK and CONSOLE in self.channels else None

    def _deliver(self, notification: Notification, report: DeliveryReport) -> bool:
        """Deliver one. True when it is over (sent, found, failed for good); False when later ones must wait."""
        name = self._route(notification.channel)
        if name is None:
            self._no_such_channel(notification, report)
            return True
        incident = self.store.incident(notification.incident) if notification.incident is not None else None
        if self.health[name].paused(self.clock.now()) or self._waits_for_root(notification, incident, name):
            return False
        task = _Task(notification, incident, name, self.channels[name])
        if notification.state is NotificationState.UNKNOWN and not notification.edit:
            return self._settle(task, report)
        return self._send(task, report)

    @staticmethod
    def _waits_for_root(notification: Notification, incident: Incident | None, name: str) -> bool:
        """A reply or an edit cannot go before the message that it belongs to stands."""
        needs = belongs_to_root(notification, incident) and name != CONSOLE
        return needs and incident is not None and incident.root is None

    def _settle(self, task: _Task, report: DeliveryReport) -> bool:
        """Find out what became of an unclear send; send again only when it surely is not there."""
        notification, now = task.notification, self.clock.now()
        if now < self._look_after.get(notification.key, now):
            return False
        if not task.channel.reconciles:
            self.store.mark_pending(notification.key, error=MAY_HAVE_ARRIVED)
            return self._send(task, report)
        where = whereabouts(notification, task.incident, task.name)
        since = notification.first_attempt_at or notification.created_at
        try:
            receipt = task.channel.find(notification.key, where.place, since, where.thread)
        except ChannelError as error:
            wait = self._note_failure(task, error, report)
            self._look_after[notification.key] = now + wait
            self._pass_by_if_out(task, error, report)
            return False
        if receipt is None:
            self.store.mark_pending(notification.key, error="it had not arrived")
            return self._send(task, report)
        report.found += 1
        self._arrived(task, receipt)
        return True

    def _send(self, task: _Task, report: DeliveryReport) -> bool:
        """Mark as sending (committed), send, mark as sent."""
        notification, now = task.notification, self.clock.now()
        if notification.state is NotificationState.UNKNOWN and notification.edit:
            self.store.mark_pending(notification.key)
        newest = self.store.notification(notification.key)
        repeated = newest is not None and newest.error == MAY_HAVE_ARRIVED
        where = whereabouts(notification, task.incident, task.name)
        message = render(notification, task.incident, self.context, now, where=where, may_be_repeated=repeated)
        if not self.store.mark_sending(notification.key, now):
            return True
        try:
            receipt = task.channel.edit(message) if message.edits else task.channel.send(message)
        except ChannelError as error:
            self._not_sent(task, error, report)
            return False
        report.sent += 1
        self._arrived(task, receipt)
        return True

    def _arrived(self, task: _Task, receipt: Receipt) -> None:
        """Note the root before the message counts as sent, so that a crash in between finds it again."""
        notification, now = task.notification, self.clock.now()
        if notification.root and notification.incident is not None:
            place = receipt.place or notification.place
            root = MessageReference(task.name, place, receipt.message_id)
            self.store.set_root(notification.incident, root)
        self.store.mark_sent(notification.key, now, message_id=receipt.message_id)
        self._look_after.pop(notification.key, None)
        self._count(notification, now)
        self.store.add_timeline(self.health[task.name].worked(now))
        if not notification.edit:
            self._write(notification, "delivered", task.name, reason=str(notification.reason), place=receipt.place)

    def _not_sent(self, task: _Task, error: ChannelError, report: DeliveryReport) -> None:
        """Note what is known of a failed send, when to come back, and pass a broken channel by."""
        key, wait = task.notification.key, self._note_failure(task, error, report)
        now = self.clock.now()
        if error.unclear:
            landed = now + max(wait, task.channel.landing)
            self.store.mark_unknown(key, str(error), next_attempt_at=landed)
        else:
            self.store.mark_pending(key, next_attempt_at=now + wait, error=str(error))
        self._pass_by_if_out(task, error, report)

    def _note_failure(self, task: _Task, error: ChannelError, report: DeliveryReport) -> timedelta:
        """Write a failure down; returns how long to wait."""
        report.errors.append(f"{task.name}: {error}")
        LOG.warning("%s: %s%s", task.name, error, f"; {error.remedy}" if error.remedy else "")
        health = self.health[task.name]
        self.store.add_timeline(health.failed(error, self.clock.now()))
        return health.wait(error)

    def _pass_by_if_out(self, task: _Task, error: ChannelError, report: DeliveryReport) -> None:
        """Send a copy the other way when the channel is out; the original stays, for when it is repaired."""
        urgent = error.permanent or task.notification.priority == 0
        if urgent and self.health[task.name].out(self.clock.now()):
            self._pass_by(task.notification, task.name, error.code or "unreachable", report)

    def _pass_by(self, notification: Notification, name: str, trouble: str, report: DeliveryReport) -> bool:
        """Queue and send a copy over the fallback, once. False when there is no other way."""
        other = FALLBACK if FALLBACK in self.channels else CONSOLE
        copy = rerouted(notification, other, trouble)
        if copy is None or name in (FALLBACK, CONSOLE) or other not in self.channels:
            return False
        if self.store.notification(copy.key) is None:
            self.store.add_notifications([copy])
            report.rerouted += 1
            self._write(notification, "passed_by", name, to=other, error=trouble)
            self._deliver(copy, report)
        return True

    def _no_such_channel(self, notification: Notification, report: DeliveryReport) -> None:
        """A channel that the config does not have (any more): the fallback carries its message."""
        why = f"no channel {notification.channel!r} is configured"
        report.errors.append(why)
        if self._pass_by(notification, notification.channel, "not_configured", report):
            self.store.mark_rerouted(notification.key, why)
        else:
            self.store.mark_failed(notification.key, why)
            self._write(notification, "not_delivered", notification.channel, error=why)

    def _write(self, notification: Notification, kind: str, name: str, **data: str) -> None:
        now = self.clock.now()
        said = {"key": notification.key, **data}
        self.store.add_timeline([TimelineEvent(kind, now, notification.incident, channel=name, data=said)])

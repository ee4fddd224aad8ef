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
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.channels.base import Channel, ChannelError, Receipt
from alerts.incident import Incident, MessageReference, Notification, NotificationState
from alerts.outbox import ON_ITS_WAY, Limits, is_moot, plan_next
from monitor.channel_health import ChannelHealth, Healths
from monitor.clock import Clock
from monitor.delivery_memory import DeliveryMemory, recall
from monitor.delivery_records import CONSOLE, DeliveryReport, Task, write_down
from monitor.detours import Detours
from monitor.handing_over import hand_over, look_for
from monitor.incident_picture import send_picture
from monitor.messages import (
    SLACK,
    DeliveryContext,
    Whereabouts,
    belongs_to_root,
    render_safely,
    whereabouts,
)
from monitor.moving_roots import (
    GONE,
    LOST,
    UNEDITABLE,
    may_replace,
    new_root,
    root_is_elsewhere,
    roots_to_move,
)

if TYPE_CHECKING:
    from monitor.store.store import Store

LOG = logging.getLogger("monitor.deliver")

MAY_HAVE_ARRIVED = "it may have arrived"
"""Kept as the notification's error while an unclear send that nobody can look up is sent again."""


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
        self._healths = Healths(channels)
        self._detours = Detours(store, channels, clock, self._healths, self._deliver)
        self._lock = threading.Lock()
        self._memory: DeliveryMemory | None = None
        self._tripped: set[str | None] = set()
        self._new_roots: list[tuple[Task, Receipt]] = []

    @property
    def health(self) -> dict[str, ChannelHealth]:
        """How each channel, and each place that was used, fares: a copy, for `status` and the watch."""
        return self._healths.all()

    def deliver_due(self) -> DeliveryReport:
        """Send everything that is due. Never raises for what a channel does; a store that fails does raise."""
        report = DeliveryReport()
        with self._lock:
            self._recover_orphans()
            self._tripped.clear()
            blocked: set[tuple[int | None, str]] = set()
            for notification in self._planned(report):
                lane = (notification.incident, notification.channel)
                tripped = self._route(notification.channel) in self._tripped
                if tripped or lane in blocked or not self._deliver(notification, report):
                    report.waiting += 1
                    blocked.add(lane)
            if report.waiting or report.errors or report.next_at is not None:
                self._detours.pass_by_broken_channels(self._route, report)
            self._send_pictures()
        return report

    def _recover_orphans(self) -> None:
        """A pass that ended in the middle (the store failed after a send) leaves a row that nobody is sending."""
        if self._memory is not None and self.store.notifications(states=[NotificationState.SENDING], limit=1):
            self.store.recover_sending(look_at=self.clock.now() + self._landing)

    @property
    def _landing(self) -> timedelta:
        """How long any channel's request may take to land."""
        return max((channel.landing for channel in self.channels.values()), default=timedelta())

    def _send_pictures(self) -> None:
        """Draw for the root messages of this pass; last, since drawing takes seconds and words come first."""
        while self._new_roots:
            task, receipt = self._new_roots.pop()
            if task.incident is not None:
                reader = self.context.reader(self.clock.now())
                if event := send_picture(self.store, task.channel, task.incident, receipt, reader):
                    self.store.add_timeline([event])

    @property
    def memory(self) -> DeliveryMemory:
        """What is remembered of earlier sends; after a start, read from the store."""
        if self._memory is None:
            self._memory = recall(self.store, self.clock.now(), self._landing)
            if SLACK in self.channels:
                self.store.add_notifications(roots_to_move(self.store.open_incidents(), self.clock.now()))
        return self._memory

    def _planned(self, report: DeliveryReport) -> tuple[Notification, ...]:
        """Do what the plan says of what is not sent, and return what may be sent now, in order."""
        memory = self.memory
        pending = self.store.notifications(states=ON_ITS_WAY)
        blind = self.context.blind_brands(self.clock.now()) if pending else frozenset()
        limits = replace(
            self.limits,
            spent=memory.spent,
            last_edit=memory.last_edit,
            blind_brands=self.limits.blind_brands | blind,
        )
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
            self._detours.without_channel(notification, report)
            return True
        incident = self._incident(notification)
        if self._not_needed(notification, incident, name):
            report.superseded += 1
            return True
        if root_is_elsewhere(notification, incident, name):
            incident = self._move_root(incident, report)
        paused = any(health.paused(self.clock.now()) for health in self._healths.of(name, notification.place))
        if paused or self._waits_for_root(notification, incident, name):
            return False
        task = Task(notification, incident, name, self.channels[name])
        if notification.state is NotificationState.UNKNOWN and not notification.edit:
            return self._settle(task, report)
        return self._send(task, report)

    def _not_needed(self, notification: Notification, incident: Incident | None, name: str) -> bool:
        """Drop a message that only asks for what was done meanwhile."""
        if incident is None or not is_moot(notification, incident):
            return False
        self.store.mark_superseded(notification.key)
        self._write(notification, "not_needed", name, reason=str(notification.reason))
        return True

    def _incident(self, notification: Notification) -> Incident | None:
        if notification.incident is None:
            return None
        incident = self.store.incident(notification.incident)
        try:
            if incident is not None and self.context.reread is not None and self.context.reread(incident):
                return self.store.incident(notification.incident)
        except Exception:  # what is quoted may be older then; the alert goes all the same
            LOG.exception("the quoted posts of INC-%s could not be read again", notification.incident)
        return incident

    def _move_root(self, incident: Incident | None, report: DeliveryReport) -> Incident | None:
        """Give the incident a root message in Slack, once; until it stands, what belongs to it waits."""
        assert incident is not None
        now, root = self.clock.now(), new_root(incident, self.clock.now())
        self.store.add_notifications([root])
        known = self.store.notification(root.key) or root
        if known.state in ON_ITS_WAY and (known.next_attempt_at or now) <= now:
            self._deliver(known, report)
        return self.store.incident(incident.number)

    @staticmethod
    def _waits_for_root(notification: Notification, incident: Incident | None, name: str) -> bool:
        """A reply or an edit cannot go before the message that it belongs to stands."""
        needs = belongs_to_root(notification, incident) and name != CONSOLE
        return needs and incident is not None and (incident.root is None or incident.root.channel != name)

    def _settle(self, task: Task, report: DeliveryReport) -> bool:
        """Find out what became of an unclear send; send again only when it surely is not there."""
        notification, now = task.notification, self.clock.now()
        if now < self.memory.look_after.get(notification.key, now):
            return False
        if not task.channel.reconciles:
            self.store.mark_pending(notification.key, error=MAY_HAVE_ARRIVED)
            return self._send(task, report)
        where = whereabouts(notification, task.incident, task.name)
        since = notification.first_attempt_at or notification.created_at
        try:
            receipt = look_for(task.channel, notification.key, where.place, since, where.thread)
        except ChannelError as error:
            self.memory.look_after[notification.key] = now + self._note_failure(task, error, report)
            return False
        if receipt is None:
            self.store.mark_pending(notification.key, error="it had not arrived")
            still = replace(notification, state=NotificationState.PENDING)
            return self._not_needed(still, task.incident, task.name) or self._send(task, report)
        report.found += 1
        self._arrived(task, receipt)
        return True

    def _send(self, task: Task, report: DeliveryReport) -> bool:
        """Mark as sending (committed), send, mark as sent."""
        notification, now = task.notification, self.clock.now()
        if notification.state is NotificationState.UNKNOWN and notification.edit:
            self.store.mark_pending(notification.key)
        newest = self.store.notification(notification.key)
        repeated = newest is not None and newest.error == MAY_HAVE_ARRIVED
        where = whereabouts(notification, task.incident, task.name)
        key = self._root_key(notification) if where.edits else None
        message = render_safely(
            notification, task.incident, self.context, now, where=where, key=key, may_be_repeated=repeated
        )
        if not self.store.mark_sending(notification.key, now):
            return True
        try:
            receipt = hand_over(task.channel, message)
        except ChannelError as error:
            if where.edits and error.code in UNEDITABLE:
                return self._leave_as_it_is(notification, task.name, error)
            if not self._lost_its_root(task, where, error):
                self._not_sent(task, error, self._note_failure(task, error, report))
            return False
        report.sent += 1
        self._arrived(task, receipt)
        return True

    def _leave_as_it_is(self, notification: Notification, name: str, error: ChannelError) -> bool:
        """An edit that will never be possible is no failure of the channel: the thread tells what changed."""
        self.store.mark_pending(notification.key, error=error.code)
        self.store.mark_superseded(notification.key)
        self._write(notification, "not_edited", name, error=error.code)
        return True

    def _lost_its_root(self, task: Task, where: Whereabouts, error: ChannelError) -> bool:
        """Somebody has deleted the root message: the next pass posts another, and this one goes there."""
        incident, now = task.incident, self.clock.now()
        lost = where.edits or where.thread
        if error.code not in GONE or lost is None or incident is None:
            return False
        if not may_replace(self.store.notifications(incident=incident.number), now):
            return False
        self.store.set_root(incident.number, MessageReference(LOST, where.place, lost))
        self.store.mark_pending(task.notification.key, error=error.code)
        self._write(task.notification, "root_lost", task.name, error=error.code)
        return True

    def _root_key(self, notification: Notification) -> str | None:
        """Return the key of the incident's root message, which an edit must leave in place."""
        said = [one for one in self.store.notifications(incident=notification.incident) if one.root]
        incident = self.store.incident(notification.incident) if notification.incident is not None else None
        stands = incident.root.message_id if incident is not None and incident.root is not None else None
        return next((one.key for one in reversed(said) if one.message_id in (stands, None)), None)

    def _arrived(self, task: Task, receipt: Receipt) -> None:
        """Note the root before the message counts as sent, so that a crash in between finds it again."""
        notification, now = task.notification, self.clock.now()
        if notification.root and notification.incident is not None:
            place = receipt.place or notification.place
            root = MessageReference(task.name, place, receipt.message_id)
            self.store.set_root(notification.incident, root)
            self._new_roots.append((task, receipt))
        self.store.mark_sent(notification.key, now, message_id=receipt.message_id)
        self.memory.look_after.pop(notification.key, None)
        self.memory.count(notification, now)
        if events := self._healths.worked(task.name, notification.place, now):
            self.store.add_timeline(events)
        if not notification.edit:
            self._write(notification, "delivered", task.name, reason=str(notification.reason), place=receipt.place)

    def _not_sent(self, task: Task, error: ChannelError, wait: timedelta) -> None:
        """Note what is known of a failed send, and when to come back."""
        key, now = task.notification.key, self.clock.now()
        if error.unclear:
            landed = now + max(wait, task.channel.landing)
            self.store.mark_unknown(key, str(error), next_attempt_at=landed)
        else:
            self.store.mark_pending(key, next_attempt_at=now + wait, error=str(error))

    def _note_failure(self, task: Task, error: ChannelError, report: DeliveryReport) -> timedelta:
        """Write a failure down; returns how long to wait."""
        report.errors.append(f"{task.name}: {error}")
        if not error.place_only:
            self._tripped.add(
                task.name
            )  # what else goes that way waits for the next pass, not for a time-out each
        LOG.warning("%s: %s%s", task.name, error, f"; {error.remedy}" if error.remedy else "")
        wait, events = self._healths.failed(task.name, task.notification.place, error, self.clock.now())
        if events:
            self.store.add_timeline(events)
        return wait

    def _write(self, notification: Notification, kind: str, name: str, **data: str) -> None:
        write_down(self.store, self.clock.now(), notification, kind, name, **data)

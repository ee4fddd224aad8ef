"""From a notification in the outbox to the message that a channel sends: the card, its place, its thread.

The text is made when it is sent, from the incident as it is now: no message is older than what it says.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.card import Card, Circumstances, Plan, build_card, build_notice, build_reply
from alerts.channels.base import RenderedMessage
from alerts.incident import Incident, Notification, Reason
from alerts.outbox import late_by
from alerts.plan import mandate_of, plan_for
from alerts.renderers.plain import plain_text
from alerts.silences import Silence, silence_for_all
from alerts.texts.reader import Reader
from monitor.hearing import Hearing, too_little_heard

SLACK = "slack"
LOG = logging.getLogger("monitor.messages")

Planner = Callable[[Incident, Notification | None, datetime], Plan]


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What messages need beside the incident: language and time zone of the readers, and when a message is late.

    `planner` gives the plan to print (None: from the incident's own snapshot of the mandate); `silences` the
    silences in force, which every alert names; `hearing` how each brand is heard, and `heard_at_least` the share
    of its sources without which it is not called calm. `reread` reads an incident's quoted posts again before a
    message is made, and says whether the store knows more then.
    """

    language: str = "en"
    timezone: str = "Europe/Stockholm"
    late_after: timedelta = timedelta(minutes=2)
    planner: Planner | None = None
    silences: Callable[[datetime], Sequence[Silence]] | None = None
    reread: Callable[[Incident], bool] | None = None
    hearing: Callable[[datetime], Mapping[str, Hearing]] | None = None
    heard_at_least: float = 0.75

    def blind_brands(self, now: datetime) -> frozenset[str]:
        """The brands of which too little is heard to say that they are calm."""
        return (
            too_little_heard(self.hearing(now), self.heard_at_least) if self.hearing is not None else frozenset()
        )

    def silent_sources(self, incident: Incident | None, now: datetime) -> tuple[str, ...]:
        """The sources of an incident's brand that are not heard now."""
        if incident is None or self.hearing is None:
            return ()
        return self.hearing(now).get(incident.brand, Hearing()).silent

    def silenced_until(self, incident: Incident | None, now: datetime) -> datetime | None:
        """Until when a silence keeps all that the incident shows quiet; None when none does."""
        if incident is None or self.silences is None or not incident.signals:
            return None
        silence = silence_for_all(self.silences(now), incident.signals, now)
        return None if silence is None else silence.ends_at

    def plan(self, incident: Incident, notification: Notification | None, now: datetime) -> Plan:
        """The plan for one incident and whoever the notification addresses."""
        if self.planner is not None:
            return self.planner(incident, notification, now)
        return plan_for(incident, mandate_of(incident), now, self.language, notification)

    def reader(self, now: datetime, language: str | None = None) -> Reader:
        """The reader at `now`; `language` where it is not everybody's."""
        return Reader(language or self.language, self.timezone, now)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a notification belongs: the thread that it answers in, or the message that it edits."""

    place: str
    thread: str | None = None
    edits: str | None = None


def belongs_to_root(notification: Notification, incident: Incident | None) -> bool:
    """Tell whether a notification answers in or edits its incident's root message (and must wait for it)."""
    if incident is None or notification.root or notification.channel != SLACK:
        return False
    root_places = {incident.root_place, incident.root.place if incident.root is not None else None}
    return notification.edit or notification.place in root_places


def whereabouts(notification: Notification, incident: Incident | None, channel: str) -> Whereabouts:
    """Return where a notification goes on `channel` (which may stand in for the notification's own)."""
    root = incident.root if incident is not None else None
    if root is None or root.channel != channel or not belongs_to_root(notification, incident):
        return Whereabouts(notification.place)
    if notification.edit:
        return Whereabouts(root.place, edits=root.message_id)
    return Whereabouts(root.place, thread=root.message_id)


def render_safely(
    notification: Notification,
    incident: Incident | None,
    context: DeliveryContext,
    now: datetime,
    *,
    where: Whereabouts,
    key: str | None = None,
    may_be_repeated: bool = False,
) -> RenderedMessage:
    """Render like `render`; a card that cannot be drawn (a fault of ours) becomes a bare one, never silence."""
    try:
        return render(notification, incident, context, now, where=where, key=key, may_be_repeated=may_be_repeated)
    except Exception:  # whatever it is: one bad card must not keep every other alert back
        LOG.exception("%s could not be drawn", notification.key)
        return RenderedMessage(
            key=key or notification.key,
            card=_bare_card(notification, incident),
            place=where.place,
            thread=where.thread,
            broadcast=notification.broadcast,
            edits=where.edits,
            pings=notification.recipients if notification.channel == SLACK else (),
        )


def _bare_card(notification: Notification, incident: Incident | None) -> Card:
    """The least that must be said: which brand, how bad, where to read on. In English, from no catalogue."""
    said = f"The alert ({notification.reason}) could not be drawn; the log of the monitor says why."
    if incident is None:
        return Card(title="crisis-monitor", language="en", opening=said)
    return Card(
        title=f"{incident.level.label}: {incident.brand}",
        language="en",
        number=incident.number,
        level=incident.level,
        mark="[DRILL]" if incident.drill else "",
        opening=f"{said} Read on with: crisis-monitor incidents show INC-{incident.number}",
    )


def render(
    notification: Notification,
    incident: Incident | None,
    context: DeliveryContext,
    now: datetime,
    *,
    where: Whereabouts,
    key: str | None = None,
    may_be_repeated: bool = False,
) -> RenderedMessage:
    """Render a notification as it reads at `now`, under `key` (the notification's own unless it edits another)."""
    reader = context.reader(now, _own_language(notification, incident))
    circumstances = _circumstances(notification, incident, context, now, may_be_repeated=may_be_repeated)
    if where.thread is None:  # what a reply says, it says of one thing; the card above names the silent sources
        circumstances = replace(circumstances, blind=context.silent_sources(incident, now))
    card = _card(notification, incident, context, reader, circumstances, where)
    return RenderedMessage(
        key=key or notification.key,
        card=card,
        place=where.place,
        thread=where.thread,
        broadcast=notification.broadcast,
        edits=where.edits,
        pings=notification.recipients if notification.channel == SLACK else (),
    )


def render_text(incident: Incident, plan: Plan, language: str, timezone: str, now: datetime) -> str:
    """Return an incident's card as plain text, for `incidents show`, the demo and the console."""
    return plain_text(build_card(incident, plan, Reader(language, timezone, now)))


def _card(
    notification: Notification,
    incident: Incident | None,
    context: DeliveryContext,
    reader: Reader,
    circumstances: Circumstances,
    where: Whereabouts,
) -> Card:
    if incident is None:
        return build_notice(notification, reader, circumstances)
    plan = context.plan(incident, notification, reader.now)
    if where.thread is not None or _is_short(notification, incident):
        return build_reply(incident, plan, reader, notification, circumstances)
    card = build_card(incident, plan, reader, notification, circumstances)
    can_act = notification.root or notification.edit or notification.data.get("watch")
    return card if can_act else replace(card, buttons=(), menu=())


_WHOLE = (Reason.FIRST, Reason.LEVEL_RAISED, Reason.FLAG)
"""What is read as a whole card, also where it is no root message."""


def _is_short(notification: Notification, incident: Incident) -> bool:
    """Is it enough to say what changed: a copy of an escalation, or what follows a watch told without a root?"""
    if notification.channel != SLACK or notification.root or notification.edit or notification.reason in _WHOLE:
        return False
    follows_watch = incident.root_place is None and not notification.data.get("watch")
    return bool(notification.data.get("copy")) or follows_watch


def _own_language(notification: Notification, incident: Incident | None) -> str | None:
    """The language of the one person that a message goes to, where the mandate names it."""
    who = notification.data.get("person")
    if incident is None or not who:
        return None
    person = mandate_of(incident).people.get(str(who))
    return person.language if person is not None else None


def _circumstances(
    notification: Notification,
    incident: Incident | None,
    context: DeliveryContext,
    now: datetime,
    *,
    may_be_repeated: bool,
) -> Circumstances:
    late = late_by(notification, now, context.late_after) is not None
    return Circumstances(
        late_since=notification.created_at if late else None,
        may_be_repeated=may_be_repeated,
        instead_of=str(notification.data.get("instead_of") or ""),
        trouble=str(notification.data.get("trouble") or ""),
        silenced_until=context.silenced_until(incident, now),
    )

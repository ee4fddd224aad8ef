"""Planning what leaves the outbox: order, what overtakes, what need not be said, when to try again. Pure.

The shell (`monitor.deliver`) gives every notification that is on its way, in the order in which it was decided,
and does what the plan says. Texts are made when they are sent, from the incident as it is then; so of several
pending edits or updates the newest says everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.incident import Acknowledgement, Incident, Notification, NotificationState, Reason
from alerts.obligations import CLIMBING, active
from detectors.signal import Level, Number

ON_ITS_WAY = frozenset({NotificationState.PENDING, NotificationState.UNKNOWN, NotificationState.HELD})
"""States of notifications that a plan is about."""

_RETRIES = tuple(timedelta(seconds=s) for s in (5, 15, 30, 60, 120, 300))
"""Waits after the first, second … failed attempt; the last is repeated. Slack's own advice is `Retry-After`."""

_SPEAKS_OF_CALM = frozenset({"calm", "aftercare_over"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What the plan must respect, and what the shell knows of the past.

    An incident's card is edited at most once per `edit_gap` (coalesced for 30–45 s), and a burst of changes
    is given `settle` to end. At most `budget` messages that are not urgent go to an incident's thread within
    `budget_window`; `spent` holds when the latest went, `last_edit` when the card was last edited.
    `blind_brands` are brands of which too little is heard: that it is calm is not said of them.
    """

    settle: timedelta = timedelta(seconds=5)
    edit_gap: timedelta = timedelta(seconds=40)
    budget: int = 12
    budget_window: timedelta = timedelta(hours=1)
    spent: Mapping[int, Sequence[datetime]] = field(default_factory=dict)
    last_edit: Mapping[int, datetime] = field(default_factory=dict)
    blind_brands: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Superseded:
    """A notification that need not be sent: a newer one says it, or the budget is spent (`why`)."""

    key: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now: send in this order; mark superseded, held or released; look again at `next_at`."""

    send: tuple[Notification, ...] = ()
    superseded: tuple[Superseded, ...] = ()
    hold: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    next_at: datetime | None = None


def plan_next(pending: Iterable[Notification], now: datetime, limits: Limits | None = None) -> Plan:
    """Plan one pass over `pending` (every notification on its way, in the order decided).

    Order is kept per incident and channel: what waits for its next attempt lets nothing of its lane pass by.
    Between lanes the most urgent goes first, then the oldest.
    """
    limits = limits or Limits()
    waiting = [n for n in pending if n.state in ON_ITS_WAY]
    gone = _outdated(waiting)
    gone |= _over_budget([n for n in waiting if n.key not in gone], now, limits)
    left = [n for n in waiting if n.key not in gone]
    held = frozenset(n.key for n in left if _guesses_calm(n, limits))
    times = {n.key: _ready_at(n, waiting, limits) for n in left if n.key not in held}
    send, later = _in_order([n for n in left if n.key not in held], times, now)
    return Plan(
        send=tuple(send),
        superseded=tuple(Superseded(key, why) for key, why in gone.items()),
        hold=tuple(n.key for n in left if n.key in held and n.state is NotificationState.PENDING),
        release=tuple(n.key for n in left if n.key not in held and n.state is NotificationState.HELD),
        next_at=min(later, default=None),
    )


def _outdated(waiting: Sequence[Notification]) -> dict[str, str]:
    """Edits and updates that a newer one, or the root message still to be sent, makes unnecessary."""
    gone: dict[str, str] = {}
    newest: dict[tuple[object, ...], Notification] = {}
    roots = {n.incident for n in waiting if n.root and n.state is not NotificationState.UNKNOWN}
    for n in waiting:
        if n.state is NotificationState.UNKNOWN or not (n.edit or n.reason is Reason.UPDATE):
            continue
        if n.edit and n.incident in roots:
            gone[n.key] = "the root message says it"
            continue
        lane = (n.incident, n.channel, n.place, n.edit)
        if lane in newest:
            gone[newest[lane].key] = f"newer: {n.key}"
        newest[lane] = n
    return gone


def _over_budget(waiting: Sequence[Notification], now: datetime, limits: Limits) -> dict[str, str]:
    """Messages that are not urgent, beyond an incident's budget: the newest are kept, the card shows the rest."""
    by_incident: dict[int, list[Notification]] = defaultdict(list)
    for n in waiting:
        if n.incident is not None and n.priority > 0 and not n.edit and n.state is NotificationState.PENDING:
            by_incident[n.incident].append(n)
    gone: dict[str, str] = {}
    for incident, ordered in by_incident.items():
        spent = sum(now - when < limits.budget_window for when in limits.spent.get(incident, ()))
        left = max(0, limits.budget - spent)
        for n in ordered[: max(0, len(ordered) - left)]:
            if not _must_be_said(n):
                gone[n.key] = "message budget"
    return gone


def _must_be_said(n: Notification) -> bool:
    """What no card replaces: who took it on, that it is over, that somebody owes something."""
    return n.reason in (Reason.ACKNOWLEDGED, Reason.WAITING, Reason.CLOSED, Reason.REMINDER, Reason.FLAG)


def _guesses_calm(n: Notification, limits: Limits) -> bool:
    """Would this say that a brand is calm of which too little is heard? What may have arrived is not held."""
    if n.state is NotificationState.UNKNOWN:
        return False
    return n.data.get("brand") in limits.blind_brands and n.data.get("why") in _SPEAKS_OF_CALM


def _ready_at(n: Notification, waiting: Sequence[Notification], limits: Limits) -> datetime:
    """When a notification may go: its next attempt; an edit also lets a burst of changes end."""
    ready = n.next_attempt_at or n.created_at
    if not n.edit or n.incident is None:
        return ready
    oldest = min(o.created_at for o in waiting if o.edit and o.incident == n.incident)
    edited = limits.last_edit.get(n.incident)
    return max(ready, oldest + limits.settle, *([edited + limits.edit_gap] if edited is not None else []))


def _in_order(
    left: Sequence[Notification], times: Mapping[str, datetime], now: datetime
) -> tuple[list[Notification], list[datetime]]:
    """What can go now, lane by lane, and when what cannot go may be looked at again."""
    lanes: dict[tuple[object, ...], list[Notification]] = defaultdict(list)
    for n in left:
        lanes[_lane(n)].append(n)
    ready: list[tuple[int, datetime, int, Notification]] = []
    later: list[datetime] = []
    for lane in lanes.values():
        go = _run(lane, times, now)
        later += [times[n.key] for n in lane[len(go) : len(go) + 1]]
        urgency = [min(n.priority for n in go[i:]) for i in range(len(go))]
        ready += [(urgency[i], go[0].created_at, left.index(n), n) for i, n in enumerate(go)]
    return [n for *_, n in sorted(ready, key=lambda r: r[:3])], later


def _lane(n: Notification) -> tuple[object, ...]:
    """Edits have a lane of their own: they never hold up what people must hear."""
    own = n.key if n.incident is None else n.incident
    return (own, n.channel, n.edit)


def _run(lane: Sequence[Notification], times: Mapping[str, datetime], now: datetime) -> list[Notification]:
    """The head of a lane that may go now; the first that must wait stops the rest."""
    go: list[Notification] = []
    for n in lane:
        if times[n.key] > now:
            break
        go.append(n)
    return go


def retry_wait(attempts: int, retry_after: timedelta | None = None) -> timedelta:
    """How long to wait after the `attempts`-th failed attempt (1 is the first); never less than was asked for."""
    wait = _RETRIES[min(max(attempts, 1), len(_RETRIES)) - 1]
    return wait if retry_after is None else max(wait, retry_after)


def is_moot(notification: Notification, incident: Incident) -> bool:
    """Does a message only ask for what was done while it waited to be sent?

    It would call the next in the chain and say that nobody has answered, or ask for a word that is out already.
    What may have arrived is not judged.
    """
    if notification.state is not NotificationState.PENDING or notification.root or notification.edit:
        return False
    if notification.reason not in (Reason.ESCALATED, Reason.REMINDER):
        return False
    asked = notification.data.get("obligation")
    if asked in CLIMBING:
        return _was_answered(notification, incident.acknowledgement)
    due = notification.data.get("due")
    return due is not None and not any(o.kind == asked and o.due_at.isoformat() == due for o in active(incident))


def _was_answered(notification: Notification, taken: Acknowledgement | None) -> bool:
    asked = {level.label: level for level in Level}.get(str(notification.data.get("level")), Level.CRISIS)
    return taken is not None and taken.level >= asked and taken.at >= notification.created_at


def late_by(notification: Notification, now: datetime, late_after: timedelta) -> timedelta | None:
    """How late a message is when it goes now; None when it is in time, or an edit (which is never late)."""
    waited = now - notification.created_at
    return waited if waited > late_after and not notification.edit else None


def rerouted(notification: Notification, to: str, trouble: str) -> Notification | None:
    """The copy that another channel carries when the notification's own cannot; None where that makes no sense.

    Its key follows from the original's, so that it is made once. An edit is not repeated elsewhere, and what is
    already on its way round is not sent round again.
    """
    if notification.edit or notification.channel == to or notification.data.get("instead_of"):
        return None
    said: dict[str, Number | None] = {**notification.data, "instead_of": notification.channel, "trouble": trouble}
    return Notification(
        key=f"{notification.key}/{to}",
        reason=notification.reason,
        created_at=notification.created_at,
        incident=notification.incident,
        channel=to,
        priority=notification.priority,
        data=said,
    )

"""Watching the watcher: who is told that the monitor itself does not hear, run or speak, and what to do. Pure.

`watch` turns the health of sources, jobs, channels, outbox and detection into grouped messages to the operator's
role; `audit` says whether the outside dead-man's switch may be told that all is well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.chain import Reached, reach
from alerts.incident import Incident, IncidentState, Notification, Reason
from alerts.mandate import CRISIS_GROUP, Mandate
from alerts.obligations import CLIMBING, active
from detectors.signal import Level, Number


class Part(StrEnum):
    """What of the monitor can be ill."""

    SOURCE = "source"
    JOB = "job"
    CHANNEL = "channel"
    OUTBOX = "outbox"
    DETECTION = "detection"


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part as the shell measured it.

    `good_at` is when it last did what it should, `allowed` how long it may go without, `why` the newest error in
    words, `remedy` what a person can do, `paused_until` a wait that a platform asked for. `told_at` is when the
    operator was told of the trouble that still lasts; `brands` are those that do not hear because of it.
    """

    part: Part
    name: str
    good_at: datetime | None
    allowed: timedelta
    since: datetime | None = None
    why: str = ""
    remedy: str = ""
    permanent: bool = False
    paused_until: datetime | None = None
    told_at: datetime | None = None
    brands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """A part that is ill: since when, and whether waiting helps."""

    health: PartHealth
    since: datetime

    @property
    def key(self) -> str:
        """The same for as long as the same trouble lasts."""
        return f"{self.health.part}/{self.health.name}/{self.since:%Y%m%dT%H%M%S}"


@dataclass(frozen=True, slots=True)
class Watch:
    """What to tell and to remember: messages, the parts told of now, and those that are well again."""

    notifications: tuple[Notification, ...] = ()
    told: tuple[Trouble, ...] = ()
    recovered: tuple[PartHealth, ...] = ()
    troubles: tuple[Trouble, ...] = field(default=())


REMIND_EVERY = timedelta(hours=24)
"""A trouble that lasts is told of again after this long."""

_REMEDIES: Mapping[Part, str] = {
    Part.SOURCE: "check --connect",
    Part.JOB: "status",
    Part.CHANNEL: "alert-test",
    Part.OUTBOX: "status",
    Part.DETECTION: "status",
}
"""The command that shows more, where the shell knows no better remedy."""


def trouble_of(health: PartHealth, now: datetime) -> Trouble | None:
    """Is this part ill now? A wait that a platform asked for is none; what cannot heal by itself is at once."""
    began = health.since or health.good_at
    if health.permanent and began is not None:
        return Trouble(health, began)
    if health.paused_until is not None and now < health.paused_until + health.allowed:
        return None
    last = health.good_at or health.since
    if last is None or now - last <= health.allowed:
        return None
    return Trouble(health, health.since or last)


def watch(parts: Iterable[PartHealth], mandate: Mandate, now: datetime) -> Watch:
    """Tell the operator what is newly ill (grouped into one message a part and way), and what is well again."""
    seen = tuple(parts)
    troubles = [t for t in (trouble_of(p, now) for p in seen) if t is not None]
    ill = {id(t.health) for t in troubles}
    fresh = [t for t in troubles if _to_be_told(t.health, now)]
    well = [p for p in seen if p.told_at is not None and id(p) not in ill]
    ways = operators(mandate, now)
    said = [*_grouped(fresh, ways, now), *_well_again(well, ways, now)]
    return Watch(tuple(said), tuple(fresh), tuple(well), tuple(troubles))


def _to_be_told(health: PartHealth, now: datetime) -> bool:
    return health.told_at is None or now - health.told_at >= REMIND_EVERY


def operators(mandate: Mandate, now: datetime) -> tuple[Reached, ...]:
    """How the operator's role is reached now, at any hour; without such a role, the crisis group's channel."""
    targets = mandate.operator or (CRISIS_GROUP,)
    found = reach(mandate, targets, mandate.operator_by, at=now, at_any_hour=True)
    return found.reached or (Reached("operator", "slack", mandate.place("slack")),)


def _grouped(fresh: Sequence[Trouble], ways: Sequence[Reached], now: datetime) -> Iterator[Notification]:
    for part in Part:
        ill = [t for t in fresh if t.health.part is part]
        if ill:
            reason = Reason.BLIND if part is Part.SOURCE else Reason.HEALTH
            for way in ways:
                yield _message(reason, way, now, "+".join(t.key for t in ill), _said(part, ill))


def _said(part: Part, ill: Sequence[Trouble]) -> dict[str, Number | None]:
    brands = dict.fromkeys(brand for t in ill for brand in t.health.brands)
    names = ", ".join(t.health.name for t in ill)
    return {
        "part": str(part),
        "source": names,
        "what": f"{part} {names}",
        "count": len(ill),
        "since": min(t.since for t in ill).isoformat(),
        "why": "; ".join(dict.fromkeys(t.health.why for t in ill if t.health.why)),
        "remedy": "; ".join(dict.fromkeys(t.health.remedy or _REMEDIES[part] for t in ill)),
        "brands": ", ".join(brands),
    }


def _well_again(well: Sequence[PartHealth], ways: Sequence[Reached], now: datetime) -> Iterator[Notification]:
    if not well:
        return
    key = "well/" + "+".join(f"{p.part}/{p.name}/{p.told_at:%Y%m%dT%H%M%S}" for p in well)
    names = ", ".join(p.name for p in well)
    said: dict[str, Number | None] = {"what": names, "count": len(well), "recovered": 1}
    for way in ways:
        yield _message(Reason.HEALTH, way, now, key, said)


def _message(
    reason: Reason, way: Reached, now: datetime, key: str, said: Mapping[str, Number | None]
) -> Notification:
    pinged = (way.address,) if way.address else ()
    return Notification(
        key=f"{reason}/{way.channel}/{way.address or 'default'}/{key}",
        reason=reason,
        created_at=now,
        channel=way.channel,
        place=way.address,
        recipients=pinged,
        priority=0 if reason is Reason.BLIND else 1,
        data=said,
    )


def all_quiet(mandate: Mandate, now: datetime, *, heard: int, sources: int) -> tuple[Notification, ...]:
    """The daily line to the operator: all quiet, all sources heard. Its key is the day's, so it comes once."""
    said: dict[str, Number | None] = {"quiet": 1, "heard": heard, "sources": sources}
    return tuple(_message(Reason.DIGEST, way, now, f"quiet/{now:%Y%m%d}", said) for way in operators(mandate, now))


OVERDUE = timedelta(minutes=5)
"""A deadline that no tick has acted on for this long means that the ticks have stopped."""

STUCK = timedelta(minutes=10)
"""A message that has been due for this long means that the outbox does not move."""


def audit(
    incidents: Iterable[Incident], pending: Iterable[Notification], parts: Iterable[PartHealth], now: datetime
) -> list[str]:
    """Why the heartbeat must not be called: an unattended incident, a deaf source, an outbox that stands still.

    `pending` are the notifications on their way. An empty list means that all is well.
    """
    failures = [text for incident in incidents for text in _unattended(incident, now)]
    stuck = [n for n in pending if now - max(n.created_at, n.next_attempt_at or n.created_at) > STUCK]
    if stuck:
        oldest = min(n.created_at for n in stuck)
        failures.append(
            f"the outbox does not move: {len(stuck)} waiting, the oldest since {oldest:%Y-%m-%d %H:%M} UTC"
        )
    for trouble in (trouble_of(part, now) for part in parts):
        if trouble is not None:
            failures.append(_in_words(trouble))
    return failures


def _unattended(incident: Incident, now: datetime) -> Iterator[str]:
    """Open, unacknowledged and above watch: there must be a live deadline, or an end of the chain that says so."""
    if incident.state is not IncidentState.OPEN or incident.level <= Level.WATCH:
        return
    climbing = active(incident, *CLIMBING)
    if not climbing and not any(o.ended == "chain_ended" for o in incident.obligations):
        yield f"INC-{incident.number} is open and nobody is being asked"
    for obligation in climbing:
        if now - obligation.due_at > OVERDUE:
            yield f"INC-{incident.number}: a deadline of {obligation.due_at:%Y-%m-%d %H:%M} UTC was not acted on"


def _in_words(trouble: Trouble) -> str:
    health = trouble.health
    why = f": {health.why}" if health.why else ""
    return f"{health.part} {health.name} has not been well since {trouble.since:%Y-%m-%d %H:%M} UTC{why}"

"""Who is told at a level and an hour, through what, and who is next. Pure: the mandate and the time are given.

`reach` turns the roles of a step into addresses, following rotation, deputies, working hours, quiet hours and
absence. What could not be reached is answered, too, with the reason and, where it is known, until when.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from alerts.calendar import at_work, is_quiet, next_time_at_work, quiet_ends
from alerts.incident import ObligationKind
from alerts.mandate import Mandate, Person, Role, Step
from alerts.rota import on_call
from detectors.signal import Level

_ADDRESS = {
    "slack": "slack",
    "email": "email",
    "e-mail": "email",
    "mail": "email",
    "sms": "phone",
    "phone": "phone",
    "call": "phone",
}
"""Which of a person's addresses a channel of that name needs; other channels have a default target."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One way to one person, or to a whole role when `person` is None. `why`: member, on_call, deputy, group."""

    role: str
    channel: str
    address: str = ""
    person: str | None = None
    why: str = "member"

    @property
    def who(self) -> str:
        """The person id, or the role id of a group."""
        return self.person or self.role


@dataclass(frozen=True, slots=True)
class Missed:
    """Somebody who is not told: `who` (person or role id), why, and until when if that is known.

    `why` is one of outside_hours, quiet_hours, away, no_address, nobody, unknown.
    """

    who: str
    role: str
    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Who is told by one step at one time, and who is not."""

    reached: tuple[Reached, ...] = ()
    missed: tuple[Missed, ...] = ()

    @property
    def next_chance(self) -> datetime | None:
        """When the first of the missed can be told; None when that is not known."""
        return min((m.until for m in self.missed if m.until is not None), default=None)


class _Member(NamedTuple):
    who: str
    role: str
    why: str
    person: Person | None


@dataclass(frozen=True, slots=True)
class _Asking:
    """The question that is carried down through roles of roles."""

    mandate: Mandate
    brand: str
    at: datetime
    pierce_quiet: bool
    pierce_hours: bool


def steps_of(mandate: Mandate, level: Level, brand: str, kind: ObligationKind) -> tuple[Step, ...]:
    """The chain for an acknowledgement at `level`, or for a flag that must be answered."""
    if kind is ObligationKind.ANSWER_FLAG:
        return mandate.flags.steps or mandate.policy(Level.WARNING, brand).steps
    return mandate.policy(level, brand).steps


def reach(
    mandate: Mandate,
    targets: Iterable[str],
    channels: Iterable[str],
    *,
    at: datetime,
    brand: str = "",
    level: Level = Level.WARNING,
    at_any_hour: bool = False,
) -> Reach:
    """Who of `targets` (role or person ids) is told through which of `channels` at `at`.

    `at_any_hour` overrides quiet hours and working hours (threats). Each address is named once.
    """
    asking = _Asking(mandate, brand, at, at_any_hour or mandate.policy(level, brand).pierces_quiet, at_any_hour)
    members: list[_Member] = []
    missed: list[Missed] = []
    for target in targets:
        _members_of(asking, mandate.role_id(target, brand), members, missed, ())
    return _addressed(members, tuple(channels), missed)


def _members_of(
    asking: _Asking, target: str, members: list[_Member], missed: list[Missed], inside: tuple[str, ...]
) -> None:
    """Add the people behind a role or person id; `inside` are the roles already entered (loops end here)."""
    if target in asking.mandate.people:
        _add_person(asking, target, inside[-1] if inside else "", "member", members, missed)
        return
    role = asking.mandate.roles.get(target)
    if role is None or target in inside:
        missed.append(Missed(target, target, "unknown"))
        return
    off = _off_duty(asking, target, role)
    if off and role.outside_hours and off.why == "outside_hours":
        _members_of(asking, role.outside_hours, members, missed, (*inside, target))
    elif off:
        missed.append(off)
    else:
        _add_role(asking, target, role, members, missed, (*inside, target))


def _off_duty(asking: _Asking, name: str, role: Role) -> Missed | None:
    mandate, at = asking.mandate, asking.at
    timezone, holidays = mandate.role_zone(name), mandate.role_holidays(name)
    if role.hours and not asking.pierce_hours and not at_work(role.hours, at, timezone, holidays):
        return Missed(name, name, "outside_hours", next_time_at_work(role.hours, at, timezone, holidays))
    quiet = mandate.quiet_hours(name)
    if quiet and not asking.pierce_quiet and is_quiet(quiet, at, timezone):
        return Missed(name, name, "quiet_hours", quiet_ends(quiet, at, timezone))
    return None


def _add_role(
    asking: _Asking, name: str, role: Role, members: list[_Member], missed: list[Missed], inside: tuple[str, ...]
) -> None:
    before = len(members)
    if role.slack or role.alert_channel:
        members.append(_Member(role.slack or "", name, "group", None))
    if role.rotation:
        turn = on_call(role.rotation, asking.at, asking.mandate.role_zone(name))
        _add_person(asking, turn.person, name, "on_call", members, missed)
    else:
        _add_each(asking, role.people, name, "member", members, missed, inside)
    if len(members) == before:
        _add_each(asking, role.deputies, name, "deputy", members, missed, inside)
    if len(members) == before:
        missed.append(Missed(name, name, "nobody"))


def _add_each(
    asking: _Asking,
    names: Iterable[str],
    role: str,
    why: str,
    members: list[_Member],
    missed: list[Missed],
    inside: tuple[str, ...],
) -> None:
    for name in names:
        if name in asking.mandate.people:
            _add_person(asking, name, role, why, members, missed)
        else:
            _members_of(asking, asking.mandate.role_id(name, asking.brand), members, missed, inside)


def _add_person(
    asking: _Asking, who: str, role: str, why: str, members: list[_Member], missed: list[Missed]
) -> None:
    person = asking.mandate.people.get(who)
    if person is None:
        missed.append(Missed(who, role, "unknown"))
        return
    timezone = asking.mandate.role_zone(role)
    away = next((p for p in person.away if p.holds(asking.at, timezone)), None)
    if away:
        missed.append(Missed(who, role, "away", away.span(timezone)[1]))
    else:
        members.append(_Member(who, role, why, person))


def _addressed(members: list[_Member], channels: tuple[str, ...], missed: list[Missed]) -> Reach:
    ways: dict[tuple[str, str, str | None], Reached] = {}
    told: set[str] = set()
    for member in members:
        for channel in channels:
            way = _way(member, channel)
            if way is not None:
                ways.setdefault((way.channel, way.address, way.person if not way.address else ""), way)
                told.add(member.who)
    lost = [Missed(m.who, m.role, "no_address") for m in members if m.who not in told]
    return Reach(tuple(ways.values()), (*missed, *lost))


def _way(member: _Member, channel: str) -> Reached | None:
    if member.person is None:
        if member.who and channel != "slack":
            return None
        return Reached(member.role, channel, member.who, None, "group")
    address = address_of(member.person, channel)
    return None if address is None else Reached(member.role, channel, address, member.who, member.why)


def address_of(person: Person, channel: str) -> str | None:
    """Where `channel` finds `person`; empty for a channel with a target of its own, None when it cannot."""
    if channel in person.addresses:
        return person.addresses[channel]
    field = _ADDRESS.get(channel)
    return "" if field is None else getattr(person, field)


class Next(NamedTuple):
    """What comes after a step was told and not answered: `kind` is repeat, step or end."""

    at: datetime
    kind: str


def what_next(steps: tuple[Step, ...], index: int, begun_at: datetime, repeats: int) -> Next:
    """What happens next when step `index`, begun at `begun_at` and repeated `repeats` times, is not answered."""
    step = steps[index]
    is_last = index == len(steps) - 1
    every = step.repeat_every
    over = begun_at + step_lasts(step, is_last)
    if every is not None and repeats < step.at_most and begun_at + (repeats + 1) * every < over:
        return Next(begun_at + (repeats + 1) * every, "repeat")
    return Next(over, "end" if is_last else "step")


def step_lasts(step: Step, is_last: bool) -> timedelta:
    """How long a step is waited for. The last one lasts until its repeats are over."""
    if is_last and step.repeat_every is not None:
        return max(step.acknowledge_within, (step.at_most + 1) * step.repeat_every)
    return step.acknowledge_within

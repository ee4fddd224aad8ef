"""Whom a mandate's chains reach: customer service in a crisis, and somebody at every hour of the year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from alerts.calendar import local, parse_span, wall_clock
from alerts.chain import address_of, reach, steps_of
from alerts.incident import ObligationKind
from alerts.mandate import Mandate, Role, Step
from alerts.mandate_places import Path, Problem, chains
from detectors.signal import Level


def customer_service_in_crisis(mandate: Mandate) -> Iterator[Problem]:
    """The head of customer service sits in the crisis group (practice P15)."""
    for base, policy, brand in chains(mandate):
        told = [mandate.role_id(who, brand) for step in policy.steps for who in step.tell]
        if base[-1] == Level.CRISIS.label and not any(_is_or_holds_service(mandate, who, ()) for who in told):
            yield Problem(
                (*base, "steps"),
                "a customer-service role (its id says so, or customer_service: true)",
                ", ".join(told),
                "a crisis reaches no customer-service role",
            )


def _is_or_holds_service(mandate: Mandate, who: str, inside: tuple[str, ...]) -> bool:
    if who in inside:
        return False
    if who in mandate.roles and mandate.is_customer_service(who):
        return True
    role = mandate.roles.get(who)
    if role is None:
        return any(
            mandate.is_customer_service(name) and who in _people(other) for name, other in mandate.roles.items()
        )
    return any(_is_or_holds_service(mandate, each, (*inside, who)) for each in _people(role))


def _people(role: Role) -> tuple[str, ...]:
    return (*role.people, *role.deputies, *(role.rotation.people if role.rotation else ()))


def hours_without_anybody(mandate: Mandate, year: int) -> Iterator[Problem]:
    """The first time of the year at which a whole chain can reach nobody, for each chain that has one."""
    times = list(_times_to_ask(mandate, year))
    for base, steps, brand, level in _chains_to_walk(mandate):
        if _always_reaches(mandate, steps, brand):
            continue
        empty = next((at for at in times if not _reaches(mandate, steps, brand, level, at)), None)
        if empty is not None:
            yield _gap(mandate, base, steps, brand, level, empty)


def _chains_to_walk(mandate: Mandate) -> Iterator[tuple[Path, tuple[Step, ...], str, Level]]:
    kind = ObligationKind.ACKNOWLEDGE
    for brand in ("", *mandate.brands):
        for level in (Level.WARNING, Level.CRISIS):
            own = bool(brand) and getattr(mandate.brand(brand).levels, level.label) is not None
            base: Path = ("brands", brand, "levels", level.label) if own else ("levels", level.label)
            if own or not brand or mandate.brand(brand).crisis_group or mandate.brand(brand).customer_service:
                yield (*base, "steps"), steps_of(mandate, level, brand, kind), brand, level
    if mandate.flags.steps:
        yield ("flags", "steps"), mandate.flags.steps, "", Level.WARNING


def _gap(mandate: Mandate, base: Path, steps: tuple[Step, ...], brand: str, level: Level, at: datetime) -> Problem:
    missed = [
        m for step in steps for m in reach(mandate, step.tell, step.by, at=at, brand=brand, level=level).missed
    ]
    why = ", ".join(dict.fromkeys(f"{mandate.name_of(m.who)} ({m.why.replace('_', ' ')})" for m in missed))
    here = local(at, mandate.timezone)
    whose = f" for {brand}" if brand else ""
    return Problem(
        base,
        "somebody to be reached at every hour of the year",
        f"nobody on {here:%A %Y-%m-%d %H:%M} ({mandate.timezone})",
        f"at {level.label}{whose} nobody can be told then: {why}",
    )


def _times_to_ask(mandate: Mandate, year: int) -> Iterator[datetime]:
    """Every time of the local year at which it can change who is reached, soonest first."""
    first = wall_clock(date(year, 1, 1), time(), mandate.timezone)
    last = wall_clock(date(year + 1, 1, 1), time(), mandate.timezone)
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(-1, 368)]
    changes = {wall_clock(day, clock, zone) for zone, clock in _clocks(mandate) for day in days}
    changes |= {first, *_bounds_of_periods(mandate)}
    yield from sorted(at for at in changes if first <= at < last)


def _clocks(mandate: Mandate) -> set[tuple[str, time]]:
    """Times of day, with their time zone, at which anybody's hours, quiet hours or turn can begin or end."""
    found = {(mandate.timezone, clock) for clock in parse_span(mandate.quiet)} if mandate.quiet else set()
    for name, role in mandate.roles.items():
        zone = mandate.role_zone(name)
        spans = [parse_span(span) for span in (*role.hours.values(), mandate.quiet_hours(name)) if span]
        found |= {(zone, clock) for span in spans for clock in span}
        found |= {(zone, time())} if role.hours else set()  # holidays begin at midnight
        found |= {(zone, time.fromisoformat(role.rotation.handover))} if role.rotation else set()
    return found


def _bounds_of_periods(mandate: Mandate) -> Iterator[datetime]:
    """When anybody goes away or comes back, and when overrides begin and end."""
    away = [period for person in mandate.people.values() for period in person.away]
    for name, role in mandate.roles.items():
        for period in (*away, *(role.rotation.overrides if role.rotation else ())):
            yield from period.span(mandate.role_zone(name))


def _reaches(mandate: Mandate, steps: tuple[Step, ...], brand: str, level: Level, at: datetime) -> bool:
    return any(reach(mandate, step.tell, step.by, at=at, brand=brand, level=level).reached for step in steps)


def _always_reaches(mandate: Mandate, steps: tuple[Step, ...], brand: str) -> bool:
    """Is there a target without hours, quiet, turns or absence, with an address? Then no hour need be asked."""
    return any(
        _always_there(mandate, mandate.role_id(who, brand), step.by, ()) for step in steps for who in step.tell
    )


def _always_there(mandate: Mandate, who: str, by: tuple[str, ...], inside: tuple[str, ...]) -> bool:
    person = mandate.people.get(who)
    if person is not None:
        return not person.away and any(address_of(person, channel) is not None for channel in by)
    role = mandate.roles.get(who)
    if role is None or who in inside or role.hours or mandate.quiet_hours(who):
        return False
    if role.alert_channel or (role.slack and "slack" in by):
        return True
    return not role.rotation and any(_always_there(mandate, each, by, (*inside, who)) for each in role.people)

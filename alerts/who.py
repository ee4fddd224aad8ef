"""The dry run of the mandate: who would be told at a level and a time, through what, who is next, who may do what.

The same walk down the chain writes "what happens next" into the alert (`coming_steps`). Pure.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.chain import Missed, Reached, reach, steps_of, what_next
from alerts.incident import Incident, Obligation, ObligationKind
from alerts.mandate import Mandate, Step, ThemePolicy
from alerts.obligations import CLIMBING, active
from alerts.rights import powers_of, who_may
from detectors.signal import Level

MOMENTS_AT_MOST = 60
"""More moments than any sensible chain has; the walk ends there."""


@dataclass(frozen=True, slots=True)
class Told:
    """One person (or group) told at a moment: readable name, role, the ways, and what they may do themselves."""

    name: str
    role: str
    channels: tuple[str, ...]
    why: str
    may: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """What happens at one time when nobody answers: `kind` is tell, repeat, nobody or end."""

    at: datetime
    kind: str
    step: int
    told: tuple[Told, ...] = ()
    missed: tuple[Missed, ...] = ()


@dataclass(frozen=True, slots=True)
class WhoPlan:
    """The answer of the dry run. `gaps` are the moments at which a step reaches nobody.

    `copied` is where customer service reads along, `safety` who is called for a threat at any hour, `may` who
    may do what at this level and time (action → names), `theme_row` what the plan says of this kind of matter.
    """

    brand: str
    level: Level
    at: datetime
    theme: str = ""
    moments: tuple[Moment, ...] = ()
    safety: tuple[Told, ...] = ()
    copied: str = ""
    may: tuple[tuple[str, tuple[str, ...]], ...] = ()
    theme_row: ThemePolicy = field(default_factory=ThemePolicy)

    @property
    def gaps(self) -> tuple[Moment, ...]:
        """Moments at which a step reaches nobody."""
        return tuple(m for m in self.moments if m.kind == "nobody")

    @property
    def reaches_somebody(self) -> bool:
        """Is anybody told at all?"""
        return any(m.told for m in self.moments)


_SHOWN = (
    "acknowledge",
    "wait",
    "raise",
    "lower",
    "stand_down",
    "confirm_publicly",
    "publish",
    "hide_posts",
    "call_in_staff",
)


def who(mandate: Mandate, level: Level, theme: str = "", brand: str = "", *, at: datetime) -> WhoPlan:
    """Who would be told if an incident of `brand` reached `level` at `at` and nobody ever answered."""
    kind = ObligationKind.ACKNOWLEDGE if level > Level.WATCH else ObligationKind.ANSWER_FLAG
    steps = steps_of(mandate, level, brand, kind) if level > Level.WATCH else ()
    row = mandate.themes.get(theme, ThemePolicy())
    contacts = mandate.safety_contacts(brand, (theme,))
    safety = reach(mandate, contacts, mandate.safety_by, at=at, brand=brand, level=Level.CRISIS, at_any_hour=True)
    return WhoPlan(
        brand=brand,
        level=level,
        at=at,
        theme=theme,
        moments=tuple(walk(mandate, steps, brand, level, at)),
        safety=_told(mandate, safety.reached, brand, level, at),
        copied=mandate.customer_service_place(brand),
        may=tuple(_who_may_what(mandate, level, brand, at)),
        theme_row=row,
    )


def _who_may_what(
    mandate: Mandate, level: Level, brand: str, at: datetime
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for action in _SHOWN:
        names = who_may(mandate, action, level=level, at=at, brand=brand)
        if names and (action in mandate.may or not action.startswith(("confirm", "publish", "hide", "call"))):
            yield action, names


def walk(mandate: Mandate, steps: tuple[Step, ...], brand: str, level: Level, at: datetime) -> Iterator[Moment]:
    """Walk down a chain that begins at `at` and that nobody answers, moment by moment, as `decide` would."""
    index = 0
    for _ in range(MOMENTS_AT_MOST if steps else 0):
        skipped = []
        while index < len(steps):
            found = reach(mandate, steps[index].tell, steps[index].by, at=at, brand=brand, level=level)
            if found.reached:
                break
            yield Moment(at, "nobody", index, (), found.missed)
            skipped.append((found.next_chance, index))
            index += 1
        if index < len(steps):
            at = yield from _stay(mandate, steps, index, brand, level, at)
            index += 1
            if index == len(steps):
                return
            continue
        chances = [(when, number) for when, number in skipped if when is not None]
        if not chances:
            yield Moment(at, "end", len(steps) - 1)
            return
        when, index = min(chances)
        at = max(when, at + timedelta(minutes=1))


def _stay(
    mandate: Mandate, steps: tuple[Step, ...], index: int, brand: str, level: Level, begun: datetime
) -> Generator[Moment, None, datetime]:
    """The moments of one step that reaches somebody; returns when it is over."""
    at, repeats, kind = begun, 0, "tell"
    while True:
        found = reach(mandate, steps[index].tell, steps[index].by, at=at, brand=brand, level=level)
        yield Moment(at, kind, index, _told(mandate, found.reached, brand, level, at), found.missed)
        coming = what_next(steps, index, begun, repeats)
        at, repeats, kind = coming.at, repeats + 1, "repeat"
        if coming.kind == "end":
            yield Moment(at, "end", index)
        if coming.kind != "repeat":
            return at


def _told(mandate: Mandate, ways: tuple[Reached, ...], brand: str, level: Level, at: datetime) -> tuple[Told, ...]:
    """The ways gathered by person or group, in the order in which they are told."""
    by_who: dict[str, list[Reached]] = {}
    for way in ways:
        by_who.setdefault(way.who, []).append(way)
    return tuple(
        Told(
            mandate.name_of(who_is),
            mandate.name_of(found[0].role),
            tuple(dict.fromkeys(way.channel for way in found)),
            found[0].why,
            tuple(p for p in powers_of(mandate, who_is, level=level, at=at, brand=brand) if p in _SHOWN),
        )
        for who_is, found in by_who.items()
    )


def coming_steps(incident: Incident, mandate: Mandate, at_most: int = 3) -> tuple[Moment, ...]:
    """What happens next with an incident while nobody answers: whom its chain tells, and when, soonest first."""
    climbing = active(incident, *CLIMBING)
    if not climbing:
        return ()
    first = min(climbing, key=lambda o: o.due_at)
    steps = steps_of(mandate, first.level, incident.brand, first.kind)
    return tuple(_after(first, steps, incident, mandate))[:at_most]


def _after(
    obligation: Obligation, steps: tuple[Step, ...], incident: Incident, mandate: Mandate
) -> Iterator[Moment]:
    """The moments after the one in which the obligation stands."""
    level = max(obligation.level, Level.WARNING)
    index = obligation.step
    if not 0 <= index < len(steps) or obligation.note:
        yield from walk(mandate, steps, incident.brand, level, obligation.due_at)
        return
    begun, repeats = obligation.created_at, obligation.repeats
    coming = what_next(steps, index, begun, repeats)
    while coming.kind == "repeat":
        repeats += 1
        found = reach(mandate, steps[index].tell, steps[index].by, at=coming.at, brand=incident.brand, level=level)
        told = _told(mandate, found.reached, incident.brand, level, coming.at)
        yield Moment(max(coming.at, obligation.due_at), "repeat", index, told, found.missed)
        coming = what_next(steps, index, begun, repeats)
    if coming.kind == "end":
        yield Moment(max(coming.at, obligation.due_at), "end", index)
        return
    for moment in walk(mandate, steps[index + 1 :], incident.brand, level, max(coming.at, obligation.due_at)):
        yield Moment(moment.at, moment.kind, moment.step + index + 1, moment.told, moment.missed)

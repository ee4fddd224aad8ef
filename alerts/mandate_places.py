"""Places in the mandate: every chain, name and channel with the path that leads to it in the config."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alerts.mandate import CRISIS_GROUP, CUSTOMER_SERVICE, LevelPolicy, Mandate, Role, Step
from detectors.signal import Level

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in the mandate that cannot be right. `path` leads into the config (`mandate`, `roles`, …)."""

    path: Path
    expected: str
    found: str
    message: str


def names_mentioned(mandate: Mandate) -> Iterator[tuple[Path, str]]:
    """Every place where a role or person is named, with its name."""
    for base, policy, _brand in chains(mandate):
        yield from _in_steps(base, policy.steps)
    yield from _in_steps(("flags",), mandate.flags.steps)
    for name, role in mandate.roles.items():
        yield from _in_role(("roles", name), role)
    for name, theme in mandate.themes.items():
        yield from each(("themes", name, "safety_contact"), theme.safety_contact)
    for brand, policy_of in mandate.brands.items():
        yield from each(("brands", brand, "safety_contact"), policy_of.safety_contact)
        for field in (CRISIS_GROUP, CUSTOMER_SERVICE):
            if getattr(policy_of, field):
                yield ("brands", brand, field), getattr(policy_of, field)
    yield from each(("safety_contact",), mandate.safety_contact)
    yield from each(("operator",), mandate.operator)


def _in_steps(base: Path, steps: Iterable[Step]) -> Iterator[tuple[Path, str]]:
    for number, step in enumerate(steps):
        yield from each((*base, "steps", number, "tell"), step.tell)


def _in_role(base: Path, role: Role) -> Iterator[tuple[Path, str]]:
    yield from each((*base, "people"), role.people)
    yield from each((*base, "deputies"), role.deputies)
    if role.outside_hours:
        yield (*base, "outside_hours"), role.outside_hours
    if role.rotation:
        yield from each((*base, "rotation", "people"), role.rotation.people)
        for number, override in enumerate(role.rotation.overrides):
            yield (*base, "rotation", "overrides", number, "person"), override.person


def each(base: Path, names: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Each name of a list with its path."""
    return (((*base, number), name) for number, name in enumerate(names))


def chains(mandate: Mandate) -> Iterator[tuple[Path, LevelPolicy, str]]:
    """Every level's policy with its place in the config and the brand it holds for (empty: all)."""
    for level in (Level.WATCH, Level.WARNING, Level.CRISIS):
        yield ("levels", level.label), mandate.levels.of(level), ""
    for brand, policy in mandate.brands.items():
        for level in (Level.WATCH, Level.WARNING, Level.CRISIS):
            own = getattr(policy.levels, level.label)
            if own is not None:
                yield ("brands", brand, "levels", level.label), own, brand


def channels_mentioned(mandate: Mandate) -> Iterator[tuple[Path, str]]:
    """Every place where a channel is named, with its name."""
    for base, policy, _brand in (*chains(mandate), (("flags",), LevelPolicy(steps=mandate.flags.steps), "")):
        for number, step in enumerate(policy.steps):
            yield from each((*base, "steps", number, "by"), step.by)
    yield from each(("safety_by",), mandate.safety_by)
    yield from each(("operator_by",), mandate.operator_by)

"""Names, loops and deadlines in a mandate that cannot be right. Each rule yields Problems."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import chain

from alerts.mandate import RESERVED_ROLES, LevelPolicy, Mandate, Step
from alerts.mandate_places import Path, Problem, chains, channels_mentioned, names_mentioned
from alerts.rights import GRANTED, POWERS


def _names(mandate: Mandate) -> Iterator[Problem]:
    for path, name in names_mentioned(mandate):
        if name not in mandate.people and name not in mandate.roles:
            yield _unknown(mandate, path, name)


def _unknown(mandate: Mandate, path: Path, name: str) -> Problem:
    known = [*mandate.roles, *mandate.people]
    near = get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    expected = f"a role or person of the mandate ({', '.join(known[:8])}{' …' if len(known) > 8 else ''})"
    return Problem(path, expected, name, f"there is no role or person {name!r}{hint}")


def _rotations_of_people(mandate: Mandate) -> Iterator[Problem]:
    """A turn is taken by a person, not by a role."""
    for name, role in mandate.roles.items():
        if role.rotation is None:
            continue
        taken: list[tuple[Path, str]] = [
            (("rotation", "people", i), who) for i, who in enumerate(role.rotation.people)
        ]
        taken += [
            (("rotation", "overrides", i, "person"), o.person) for i, o in enumerate(role.rotation.overrides)
        ]
        for path, who in taken:
            if who in mandate.roles and who not in mandate.people:
                yield Problem(("roles", name, *path), "a person", f"the role {who}", "a turn is taken by a person")


def _reserved(mandate: Mandate) -> Iterator[Problem]:
    for name in RESERVED_ROLES.intersection(mandate.roles):
        yield Problem(
            ("roles", name),
            "another name",
            name,
            f"{name!r} has a meaning of its own under `may:`; name the role else",
        )
    for name in set(mandate.roles).intersection(mandate.people):
        yield Problem(("roles", name), "a name no person has", name, f"{name!r} is both a role and a person")


def _rights(mandate: Mandate) -> Iterator[Problem]:
    known = {*GRANTED, *POWERS}
    for action, grants in mandate.may.items():
        if action not in known:
            yield Problem(("may", action), ", ".join(sorted(known)), action, f"nobody can do {action!r} here")
        for number, grant in enumerate(grants):
            for role in grant.roles:
                if role not in mandate.roles and role not in mandate.people and role not in RESERVED_ROLES:
                    yield _unknown(mandate, ("may", action, number), role)


def _nobody_in_role(mandate: Mandate) -> Iterator[Problem]:
    for name, role in mandate.roles.items():
        if not (role.people or role.deputies or role.rotation or role.slack or role.alert_channel):
            yield Problem(
                ("roles", name),
                "people, a rotation, a Slack group or channel, or alert_channel: true",
                "nobody",
                f"nobody is in the role {name!r}",
            )


def _loops(mandate: Mandate) -> Iterator[Problem]:
    """Roles that stand in for themselves, directly or by way of others."""
    reported: set[frozenset[str]] = set()
    for name in mandate.roles:
        ring = _ring(mandate, name, (name,))
        if ring and frozenset(ring) not in reported:
            reported.add(frozenset(ring))
            way = " → ".join((*ring, ring[0]))
            yield Problem(
                ("roles", ring[0]), "roles that end with people", way, f"these roles go in a circle: {way}"
            )


def _ring(mandate: Mandate, start: str, way: tuple[str, ...]) -> tuple[str, ...] | None:
    role = mandate.roles.get(way[-1])
    if role is None:
        return None
    for each in (*role.people, *role.deputies, *((role.outside_hours,) if role.outside_hours else ())):
        if each == start:
            return way
        if each in mandate.roles and each not in way:
            found = _ring(mandate, start, (*way, each))
            if found:
                return found
    return None


def _deadlines(mandate: Mandate) -> Iterator[Problem]:
    """Repeats that never come, because the next step comes first."""
    flags = (("flags",), LevelPolicy(steps=mandate.flags.steps), "")
    for base, policy, _brand in (*chains(mandate), flags):
        for number, step in enumerate(policy.steps):
            yield from _step_deadlines((*base, "steps", number), step, number == len(policy.steps) - 1)


def _step_deadlines(base: Path, step: Step, is_last: bool) -> Iterator[Problem]:
    if step.repeat_every is None:
        if step.at_most:
            yield Problem(
                (*base, "at_most"), "repeat_every beside at_most", "no repeat_every", "how often to repeat?"
            )
        return
    if not step.at_most:
        yield Problem(
            (*base, "repeat_every"), "at_most beside repeat_every", "no at_most", "repeat how many times?"
        )
    elif not is_last and step.repeat_every * step.at_most >= step.acknowledge_within:
        yield Problem(
            (*base, "repeat_every"),
            f"{step.at_most} repeats within acknowledge_within ({step.acknowledge_within})",
            f"{step.at_most} × {step.repeat_every}",
            "the next step comes before the last repeat",
        )


def _empty_chains(mandate: Mandate) -> Iterator[Problem]:
    for base, policy, _brand in chains(mandate):
        if base[-1] != "watch" and not policy.steps:
            yield Problem(
                (*base, "steps"), "whom to tell, step by step", "nothing", f"nobody is told at {base[-1]}"
            )


def unknown_channels(mandate: Mandate, known: frozenset[str]) -> Iterator[Problem]:
    """Ways to tell somebody that nobody has set up; `known` are those configured."""
    for path, channel in channels_mentioned(mandate):
        if channel not in known:
            expected = ", ".join(sorted(known))
            yield Problem(path, f"a channel under alerts: {expected}", channel, f"there is no channel {channel!r}")


def unknown_brands_and_themes(mandate: Mandate, brands: Mapping[str, Collection[str] | None]) -> Iterator[Problem]:
    """Rows for brands that are not watched and themes that no brand has: nobody would ever see them.

    Themes are not looked at when those of a brand are not known (None).
    """
    yield from _not_among(mandate.brands, "brands", "brand", list(brands))
    named = [themes for themes in brands.values() if themes is not None]
    if len(named) == len(brands):
        yield from _not_among(mandate.themes, "themes", "theme", list(dict.fromkeys(chain.from_iterable(named))))


def _not_among(written: Iterable[str], section: str, what: str, known: list[str]) -> Iterator[Problem]:
    for name in written:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            expected = f"a {what} of the config ({', '.join(known) or 'there is none'})"
            yield Problem((section, name), expected, name, f"there is no {what} {name!r}{hint}")


def wrong_names(mandate: Mandate) -> Iterator[Problem]:
    """Names that stand for nothing or for the wrong thing."""
    for rule in (_names, _rotations_of_people, _reserved, _rights):
        yield from rule(mandate)


def wrong_rules(mandate: Mandate) -> Iterator[Problem]:
    """What cannot be right without asking who is reached when: empty roles and chains, loops, deadlines."""
    for rule in (_nobody_in_role, _loops, _deadlines, _empty_chains):
        yield from rule(mandate)

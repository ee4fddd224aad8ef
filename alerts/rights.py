"""Who may do what: the `may:` table of the mandate, by role, level and hour (practice P13). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alerts.actions import ActionKind
from alerts.calendar import in_span, local, parse_span
from alerts.mandate import ANYONE, CRISIS_GROUP, KNOWN, TOLD, Grant, Mandate, Role
from detectors.signal import Level

POWERS = ("confirm_publicly", "publish", "hide_posts", "call_in_staff")
"""What people may do outside the monitor; it only says who may (practice P13, P16)."""

SILENCE = str(ActionKind.SILENCE)
"""Keeping alerts quiet on purpose, from an incident or from the command line (`alerts.silencing`)."""

GRANTED = tuple(str(kind) for kind in ActionKind if kind is not ActionKind.LIFT_SILENCE)
"""The actions that `may:` grants. Whoever may silence may lift a silence, and so may its author."""

_BY_DEFAULT: dict[str, tuple[str, ...]] = {
    ActionKind.FLAG: (ANYONE,),
    ActionKind.NOTE: (KNOWN, TOLD),
    ActionKind.FACT: (KNOWN, TOLD),
    ActionKind.POSTED: (KNOWN, TOLD),
    ActionKind.PROMISE: (KNOWN, TOLD),
    ActionKind.ACKNOWLEDGE: (TOLD, CRISIS_GROUP),
    ActionKind.ANSWER_FLAG: (TOLD, CRISIS_GROUP),
    ActionKind.WAIT: (TOLD, CRISIS_GROUP),
    ActionKind.RAISE: (TOLD, CRISIS_GROUP),
}
"""What holds for an action that `may:` does not name; all else is the crisis group's."""


def may(
    mandate: Mandate,
    action: str,
    by: str,
    *,
    level: Level,
    at: datetime,
    brand: str = "",
    groups: Iterable[str] = (),
) -> bool:
    """May `by` (a person id, or the raw id of a stranger) do `action` at this level and hour?

    `groups` are the Slack user groups and channels that `by` belongs to, for roles that are such a group.
    """
    roles = _roles_for(mandate, action, level, brand, at)
    belongs = frozenset(groups)
    return any(_is_in(mandate, by, role, brand, belongs, frozenset()) for role in roles)


def who_may(mandate: Mandate, action: str, *, level: Level, at: datetime, brand: str = "") -> tuple[str, ...]:
    """Readable names of those who may do `action`: people, or roles that are a whole group or channel."""
    names: dict[str, None] = {}
    for role in _roles_for(mandate, action, level, brand, at):
        for who in _people_in(mandate, role, brand, frozenset()):
            names[mandate.name_of(who)] = None
    return tuple(names)


def powers_of(
    mandate: Mandate, by: str, *, level: Level, at: datetime, brand: str = "", groups: Iterable[str] = ()
) -> tuple[str, ...]:
    """Everything that `by` may do at this level and hour: actions first, then powers outside the monitor."""
    belongs = tuple(groups)
    named = [*GRANTED, *(power for power in POWERS if power in mandate.may)]
    return tuple(name for name in named if may(mandate, name, by, level=level, at=at, brand=brand, groups=belongs))


def _roles_for(mandate: Mandate, action: str, level: Level, brand: str, at: datetime) -> tuple[str, ...]:
    """The roles that hold the right now, `told` and the brand's own crisis group spelt out."""
    grants = mandate.may.get(action)
    if grants is None:
        named = _BY_DEFAULT.get(action, (CRISIS_GROUP,))
        if not _has(mandate, CRISIS_GROUP, brand):
            named = tuple(TOLD if role == CRISIS_GROUP else role for role in named)
    else:
        named = tuple(role for grant in grants if _holds(mandate, grant, level, at) for role in grant.roles)
    roles: dict[str, None] = {}
    for role in named:
        for each in _told(mandate, level, brand) if role == TOLD else (role,):
            roles[mandate.role_id(each, brand)] = None
    return tuple(roles)


def _has(mandate: Mandate, role: str, brand: str) -> bool:
    return mandate.role_id(role, brand) in mandate.roles


def _holds(mandate: Mandate, grant: Grant, level: Level, at: datetime) -> bool:
    if grant.levels and max(level, Level.WATCH) not in grant.levels:
        return False
    return grant.hours is None or in_span(local(at, mandate.timezone).time(), parse_span(grant.hours))


def _told(mandate: Mandate, level: Level, brand: str) -> tuple[str, ...]:
    """Whoever the chain of the level tells; at watch, whoever would be told at warning."""
    steps = mandate.policy(max(level, Level.WARNING), brand).steps
    return tuple(dict.fromkeys(who for step in steps for who in step.tell))


def _is_in(
    mandate: Mandate, by: str, role: str, brand: str, groups: frozenset[str], inside: frozenset[str]
) -> bool:
    if role in (ANYONE, by):
        return True
    if role == KNOWN:
        return by in mandate.people or any(r.slack in groups for r in mandate.roles.values() if r.slack)
    known = mandate.roles.get(mandate.role_id(role, brand))
    if known is None or role in inside:
        return False
    if known.alert_channel or (known.slack is not None and known.slack in groups):
        return True
    members = (
        *known.people,
        *known.deputies,
        *(known.rotation.people if known.rotation else ()),
        *_stand_ins(known),
    )
    return any(_is_in(mandate, by, each, brand, groups, inside | {role}) for each in members)


def _stand_ins(role: Role) -> tuple[str, ...]:
    """Those who take a turn by an override, and the role that is told outside working hours."""
    overrides = tuple(o.person for o in role.rotation.overrides) if role.rotation else ()
    return (*overrides, *((role.outside_hours,) if role.outside_hours else ()))


def _people_in(mandate: Mandate, role: str, brand: str, inside: frozenset[str]) -> tuple[str, ...]:
    """Person ids behind a role; the role's own id where it is a group, a channel or everybody."""
    if role == KNOWN:
        return tuple(mandate.people)
    known = mandate.roles.get(mandate.role_id(role, brand))
    if known is None or role in inside:
        return () if role in inside else (role,)
    members = (*known.people, *known.deputies, *(known.rotation.people if known.rotation else ()))
    people = [who for each in members for who in _people_in(mandate, each, brand, inside | {role})]
    return tuple(dict.fromkeys(([role] if known.slack or known.alert_channel else []) + people))

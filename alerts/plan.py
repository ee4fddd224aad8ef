"""What the mandate says of one incident now, in names that people know: the plan that a card prints. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from alerts.card_parts import NextStep, Plan
from alerts.chain import steps_of, what_next
from alerts.incident import Incident, Notification, Obligation
from alerts.mandate import CRISIS_GROUP, CUSTOMER_SERVICE, Mandate, ThemePolicy, default_mandate
from alerts.obligations import CLIMBING, active
from alerts.rights import powers_of

NEXT_STEPS = 3
SHOWN_POWERS = (
    "confirm_publicly",
    "publish",
    "hide_posts",
    "call_in_staff",
    "acknowledge",
    "wait",
    "raise",
    "lower",
    "stand_down",
)
"""Powers worth a line in an alert, most wanted first; notes and facts anybody may write."""
POWERS_SHOWN_AT_MOST = 5


def plan_for(
    incident: Incident, mandate: Mandate, now: datetime, language: str, notification: Notification | None = None
) -> Plan:
    """Return the plan of `incident` for whoever `notification` addresses (the crisis group without one)."""
    policy = _policy(incident, mandate)
    said = notification.data if notification is not None else {}
    owner = incident.owner or policy.owner
    return Plan(
        owner=_name(mandate, owner),
        final_message=_name(mandate, policy.final_message),
        departments=tuple(mandate.name_of(who) for who in policy.departments),
        may=_powers(incident, mandate, now, notification),
        told=tuple(part.strip() for part in str(said.get("told") or "").split(",") if part.strip()),
        next_steps=tuple(next_steps(incident, mandate)),
        confirm_at_once=policy.confirm_at_once,
        holding_statement=_in_language(policy.holding_statement, language),
        own_page=policy.page or "",
        pings=notification.recipients if notification is not None else (),
        names={who: person.name for who, person in mandate.people.items() if person.name},
    )


def mandate_of(incident: Incident) -> Mandate:
    """Return the mandate under which the incident was opened; the default one when none was kept."""
    return Mandate.model_validate(dict(incident.mandate)) if incident.mandate else default_mandate()


def next_steps(incident: Incident, mandate: Mandate) -> Iterator[NextStep]:
    """Yield the coming steps of the chain that nobody has answered yet, soonest first."""
    climbing = active(incident, *CLIMBING)
    if not climbing:
        return
    first = min(climbing, key=lambda o: o.due_at)
    steps = steps_of(mandate, first.level, incident.brand, first.kind)
    yield from _walk(first, steps, mandate)


def _walk(obligation: Obligation, steps: tuple, mandate: Mandate) -> Iterator[NextStep]:  # type: ignore[type-arg]
    """Follow the chain from where it stands; the first time is the obligation's own, the rest follows from it."""
    index, begun, repeats = obligation.step, obligation.created_at, obligation.repeats
    at = obligation.due_at
    for _ in range(NEXT_STEPS):
        if not 0 <= index < len(steps):
            return
        coming = what_next(steps, index, begun, repeats)
        at = max(at, coming.at)
        if coming.kind == "end":
            yield NextStep(at, (), kind="end")
            return
        index, begun, repeats = (index, begun, repeats + 1) if coming.kind == "repeat" else (index + 1, at, 0)
        who = tuple(mandate.name_of(mandate.role_id(target)) for target in steps[index].tell)
        yield NextStep(at, who, through=", ".join(steps[index].by), kind=coming.kind)


def _policy(incident: Incident, mandate: Mandate) -> ThemePolicy:
    """The row of the plan that applies: the first of the incident's themes that has one."""
    return next((mandate.themes[theme] for theme in incident.themes if theme in mandate.themes), ThemePolicy())


def _powers(
    incident: Incident, mandate: Mandate, now: datetime, notification: Notification | None
) -> tuple[str, ...]:
    said: Mapping[str, object] = notification.data if notification is not None else {}
    reader = str(said.get("person") or "")
    if not reader:
        reader = mandate.role_id(CUSTOMER_SERVICE if said.get("copy") else CRISIS_GROUP, incident.brand)
    held = powers_of(mandate, reader, level=incident.level, at=now, brand=incident.brand)
    return tuple(power for power in SHOWN_POWERS if power in held)[:POWERS_SHOWN_AT_MOST]


def _name(mandate: Mandate, who: str | None) -> str:
    return mandate.name_of(who) if who else ""


def _in_language(statement: str | Mapping[str, str] | None, language: str) -> str:
    """The holding statement in the reader's language, else in any."""
    if statement is None or isinstance(statement, str):
        return statement or ""
    return statement.get(language) or next(iter(statement.values()), "")

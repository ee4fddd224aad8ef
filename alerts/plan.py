"""What the mandate says of one incident now, in names that people know: the plan that a card prints. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from alerts.card_parts import NextStep, Plan
from alerts.incident import Incident, Notification
from alerts.leading import leading_theme
from alerts.mandate import CRISIS_GROUP, CUSTOMER_SERVICE, Mandate, ThemePolicy, default_mandate
from alerts.rights import powers_of
from alerts.who import coming_steps

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
    taken = incident.acknowledgement
    handed = incident.owner if taken is None or incident.owner != taken.by else None
    return Plan(
        owner=_name(mandate, policy.owner),
        in_charge=_name(mandate, handed),
        final_message=_name(mandate, policy.final_message),
        departments=tuple(mandate.name_of(who) for who in policy.departments),
        may=_powers(incident, mandate, now, notification),
        told=tuple(part.strip() for part in str(said.get("told") or "").split(",") if part.strip()),
        next_steps=tuple(next_steps(incident, mandate)),
        confirm_at_once=policy.confirm_at_once,
        holding_statement=_in_language(policy.holding_statement, language),
        own_page=policy.page or "",
        call_manager_when=policy.call_manager_when or "",
        extra_staff=policy.extra_staff or "",
        pings=notification.recipients if notification is not None else (),
        names={who: person.name for who, person in mandate.people.items() if person.name},
        themes=theme_labels(mandate, language),
    )


def mandate_of(incident: Incident) -> Mandate:
    """Return the mandate under which the incident was opened; the default one when none was kept."""
    return Mandate.model_validate(dict(incident.mandate)) if incident.mandate else default_mandate()


def theme_labels(mandate: Mandate, language: str) -> dict[str, str]:
    """What themes are called in `language`, by their names in the config; those without a label are left out."""
    return {name: _in_language(row.label, language) for name, row in mandate.themes.items() if row.label}


def next_steps(incident: Incident, mandate: Mandate) -> Iterator[NextStep]:
    """Yield the coming steps of the chain that nobody has answered yet, soonest first."""
    for moment in coming_steps(incident, mandate):
        names = tuple(dict.fromkeys(told.name for told in moment.told))
        through = dict.fromkeys(channel for told in moment.told for channel in told.channels)
        yield NextStep(moment.at, names, through=", ".join(through), kind=_KINDS[moment.kind])


_KINDS = {"tell": "step", "repeat": "repeat", "end": "end", "nobody": "nobody"}


def _policy(incident: Incident, mandate: Mandate) -> ThemePolicy:
    """The row of the plan that applies: the leading theme's. The draft of another would be false in public."""
    return mandate.themes.get(leading_theme(incident), ThemePolicy())


def _powers(
    incident: Incident, mandate: Mandate, now: datetime, notification: Notification | None
) -> tuple[str, ...]:
    said: Mapping[str, object] = notification.data if notification is not None else {}
    reader = str(said.get("person") or "")
    if not reader:
        to_service = said.get("copy") or said.get("watch")
        reader = mandate.role_id(CUSTOMER_SERVICE if to_service else CRISIS_GROUP, incident.brand)
    held = powers_of(mandate, reader, level=incident.level, at=now, brand=incident.brand)
    return tuple(power for power in SHOWN_POWERS if power in held)[:POWERS_SHOWN_AT_MOST]


def _name(mandate: Mandate, who: str | None) -> str:
    return mandate.name_of(who) if who else ""


def _in_language(statement: str | Mapping[str, str] | None, language: str) -> str:
    """A holding statement or label in the reader's language, else in any."""
    if statement is None or isinstance(statement, str):
        return statement or ""
    return statement.get(language) or next(iter(statement.values()), "")

"""What the made-up crisis group does in the demo: who answers, when, and with which words. Pure.

Bilal, on duty in customer service, is on the phone and answers nothing. So the demo shows what escalation is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from alerts.actions import Action, ActionKind
from alerts.incident import Incident, IncidentState
from detectors.signal import Level
from monitor.demo.story import moment

PATIENCE = {Level.WARNING: timedelta(minutes=9), Level.CRISIS: timedelta(minutes=4)}
"""How long after a level was reached somebody answers: a warning when its second step has been told."""

MESSAGE_AFTER = timedelta(minutes=12)
STAND_DOWN_AT = moment(4, "17:00")
_RUNNING = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.WAITING)

CURRENT_MESSAGE = {
    "sv": "Vi ser de dubbla dragningarna, vet ännu inte varför. Ingen ska betala dubbelt. Spärra inte kortet.",
    "nb": "Vi ser de doble trekkene og vet ikke hvorfor ennå. Ingen skal betale to ganger. Ikke sperr kortet.",
    "nn": "Vi ser dei doble trekka og veit ikkje kvifor enno. Ingen skal betale to gonger. Ikkje sperr kortet.",
    "da": "Vi ser de dobbelte træk og ved endnu ikke hvorfor. Ingen skal betale to gange. Spær ikke kortet.",
    "fi": "Näemme kaksoisveloitukset emmekä vielä tiedä syytä. Kukaan ei maksa kahdesti. Älä sulje korttia.",
    "en": "We see the double charges, do not know why yet. Nobody will pay twice. Do not block your card.",
}
"""What customer service says now, by language of the alerts."""

STOOD_DOWN = "the money is back since this morning, people thank us"


def actions(incident: Incident, now: datetime, language: str = "en") -> Iterator[Action]:
    """What somebody of the cast does about `incident` at `now`; nothing most of the time."""
    if incident.state in _RUNNING and incident.level >= Level.WARNING:
        for part in (_acknowledge, _write_message, _stand_down):
            action = part(incident, now, language)
            if action is not None:
                yield action


Part = Callable[[Incident, datetime, str], Action | None]


def _acknowledge(incident: Incident, now: datetime, _language: str) -> Action | None:
    """Astrid takes it; a level above the one that she took must be taken again."""
    taken = incident.acknowledgement
    if taken is not None and taken.level >= incident.level:
        return None
    if now < _reached_at(incident) + PATIENCE[incident.level]:
        return None
    return Action(ActionKind.ACKNOWLEDGE, "astrid", now, "slack", incident.number)


def _write_message(incident: Incident, now: datetime, language: str) -> Action | None:
    """David writes what everybody says now, once it is somebody's."""
    taken = incident.acknowledgement
    if taken is None or incident.message is not None or now < taken.at + MESSAGE_AFTER:
        return None
    said = {"text": CURRENT_MESSAGE[language]}
    return Action(ActionKind.MESSAGE, "david", now, "slack", incident.number, said)


def _stand_down(incident: Incident, now: datetime, _language: str) -> Action | None:
    if now < STAND_DOWN_AT:
        return None
    return Action(ActionKind.STAND_DOWN, "astrid", now, "slack", incident.number, {"reason": STOOD_DOWN})


def _reached_at(incident: Incident) -> datetime:
    """When the present level was reached."""
    return max((at for level, at in incident.levels if level == incident.level), default=incident.opened_at)

"""Reading incidents, deciding, writing the decision: one transaction, whoever asks (daemon, command, click)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from alerts.actions import Event
from alerts.decide import decide
from alerts.incident import Decision, Incident
from alerts.mandate import Mandate
from alerts.silences import Matcher, Silence
from detectors.signal import Level
from monitor.store.store import Store


def decide_stored(store: Store, mandate: Mandate, event: Event, now: datetime) -> Decision:
    """Decide about an event on what the store holds, and store the decision.

    A second process (`incidents ack`) cannot come between: the store has one writer at a time.
    """
    with store.transaction():
        decision = decide(
            incidents_at_hand(store, mandate, now),
            event,
            mandate,
            now,
            next_number=store.next_incident_number(),
            silences=silences_in_force(store, now),
        )
        store.apply_decision(decision, now)
        _keep_silences(store, decision, now)
        return decision


def _keep_silences(store: Store, decision: Decision, now: datetime) -> None:
    """Store the new silences of a decision, and end those that it lifts."""
    for silence in decision.silences:
        store.add_silence(
            {**asdict(silence.matcher), "up_to": silence.up_to.label},
            reason=silence.reason,
            author=silence.author,
            starts_at=silence.starts_at,
            ends_at=silence.ends_at,
        )
    for number in decision.lifted:
        store.end_silence(int(number), now)


def incidents_at_hand(store: Store, mandate: Mandate, now: datetime) -> tuple[Incident, ...]:
    """Every incident that is not closed, and those closed so lately that they may be reopened."""
    return (*store.open_incidents(), *store.closed_since(now - mandate.timing.relapse_within))


def silences_in_force(store: Store, now: datetime) -> tuple[Silence, ...]:
    """The store's silences as the decision core knows them."""
    return tuple(
        Silence(
            id=str(kept.id),
            matcher=Matcher(**{k: v for k, v in kept.matcher.items() if k != "up_to"}),
            reason=kept.reason,
            author=kept.author,
            ends_at=kept.ends_at,
            starts_at=kept.starts_at,
            up_to=Level[str(kept.matcher.get("up_to", "warning")).upper()],
        )
        for kept in store.silences(now)
    )

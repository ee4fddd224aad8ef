"""The main way: opened, raised, told, told again, acknowledged, calm, aftercare, closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.actions import Action, ActionKind, Signals, Tick
from alerts.decide import decide
from alerts.incident import Decision, Incident, IncidentState, Reason
from alerts.mandate import default_mandate
from detectors.signal import Explanation, Finding, Level, Scope, Signal

T = datetime(2026, 2, 3, 10, tzinfo=UTC)
MANDATE = default_mandate()


def signal(level: Level, at: datetime) -> Signal:
    return Signal(Finding(Scope("Nordtåg"), "people", level, at, 30, 3, 4, Explanation("people")), None, (1, 2, 3))


def warned() -> Incident:
    return decide([], Signals("Nordtåg", T, (signal(Level.WARNING, T),)), MANDATE, T, next_number=1).incidents[0]


def at(incident: Incident, minutes: int) -> Decision:
    return decide([incident], Tick(), MANDATE, T + timedelta(minutes=minutes), next_number=2)


def test_a_warning_opens_one_incident_with_one_root_message_and_a_deadline() -> None:
    decision = decide([], Signals("Nordtåg", T, (signal(Level.WARNING, T),)), MANDATE, T, next_number=1)
    (incident,) = decision.incidents
    assert incident.number == 1
    assert incident.level is Level.WARNING
    assert [n.root for n in decision.notifications] == [True]
    assert [n.reason for n in decision.notifications] == [Reason.FIRST]
    assert [o.due_at for o in incident.obligations if o.kind == "acknowledge"] == [T + timedelta(minutes=10)]


def test_the_same_tick_again_does_nothing() -> None:
    first = at(warned(), 10)
    assert [n.reason for n in first.notifications] == [Reason.REMINDER]
    assert at(first.incidents[0], 10) == Decision()


def test_an_unanswered_alert_is_repeated_and_then_ends_explicitly() -> None:
    incident, reasons = warned(), []
    for minutes in range(1, 120):
        decision = at(incident, minutes)
        incident = decision.incidents[0] if decision.incidents else incident
        reasons += [
            (minutes, n.reason) for n in decision.notifications if n.data.get("obligation") == "acknowledge"
        ]
    assert reasons == [
        (10, Reason.REMINDER),
        (20, Reason.REMINDER),
        (30, Reason.REMINDER),
        (40, Reason.ESCALATED),
    ]
    assert [o.ended for o in incident.obligations if o.kind == "acknowledge"] == ["chain_ended"]


def test_an_acknowledgement_ends_the_chain_and_a_second_one_is_silent() -> None:
    click = Action(ActionKind.ACKNOWLEDGE, "U1", T, "slack", 1)
    first = decide([warned()], click, MANDATE, T + timedelta(minutes=3), next_number=2)
    assert first.incidents[0].state is IncidentState.ACKNOWLEDGED
    assert decide(first.incidents, click, MANDATE, T + timedelta(minutes=4), next_number=2) == Decision()
    assert at(first.incidents[0], 30) == Decision()


def test_calm_brings_aftercare_and_then_the_end() -> None:
    incident, states = warned(), []
    for step in range(1, 12 * 24 * 4):
        now = T + timedelta(minutes=5 * step)
        decision = decide([incident], Signals("Nordtåg", now), MANDATE, now, next_number=2)
        if decision.incidents and decision.incidents[0].state is not incident.state:
            states.append((now - T, decision.incidents[0].state))
        incident = decision.incidents[0] if decision.incidents else incident
        if incident.state is IncidentState.CLOSED:
            break
    assert states == [
        (timedelta(hours=6), IncidentState.AFTERCARE),
        (timedelta(hours=54), IncidentState.CLOSED),
    ]

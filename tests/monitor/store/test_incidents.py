"""Incidents, obligations and timeline: a decision is stored whole, and read back as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incident import (
    Acknowledgement,
    Decision,
    Incident,
    IncidentState,
    MessageReference,
    Notification,
    Obligation,
    ObligationKind,
    Reason,
    TimelineEvent,
)
from detectors.signal import (
    Evidence,
    Explanation,
    Finding,
    Level,
    Onset,
    Quote,
    Scope,
    ScopeKind,
    Signal,
)
from monitor.store import Store
from tests.monitor.store.making import NOW

MINUTE = timedelta(minutes=1)


def incident(number: int = 1, **changes: object) -> Incident:
    """An incident with something in every kind of field."""
    scope = Scope("Nordtåg", ScopeKind.THEME, "delays")
    explanation = Explanation("people", {"people": 212, "share": 0.5, "day": "tuesday"})
    finding = Finding(scope, "people", Level.WARNING, NOW, 212.0, 20.0, 4.5, explanation)
    evidence = Evidence(
        mentions=212,
        words=(("försenat", 40),),
        first=Quote(7, NOW, "hostile <b>text</b>", url="https://x.example/7"),
        examples=(Quote(7, NOW, "one"), Quote(8, NOW, "two")),
    )
    made = Incident(
        number=number,
        brand="Nordtåg",
        level=Level.WARNING,
        state=IncidentState.OPEN,
        opened_at=NOW,
        scopes=frozenset({scope, Scope("Nordtåg")}),
        levels=((Level.WATCH, NOW), (Level.WARNING, NOW + MINUTE)),
        onset=Onset(NOW, NOW - MINUTE, NOW),
        signals=(Signal(finding, mention_ids=(7, 8), evidence=evidence),),
        evidence=evidence,
        mention_ids=frozenset({7, 8}),
        acknowledgement=Acknowledgement("anna", NOW, "slack", Level.WATCH),
        obligations=(
            Obligation(ObligationKind.ACKNOWLEDGE, NOW + 10 * MINUTE, NOW, Level.WARNING, "crisis_group"),
            Obligation(ObligationKind.PROMISE, NOW + 5 * MINUTE, NOW, met_at=NOW, met_by="anna"),
        ),
        mandate={"people": {"anna": {"slack": "U1"}}, "levels": [1, 2]},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_an_incident_comes_back_as_it_was(store: Store) -> None:
    stored = incident()
    store.apply_decision(Decision(incidents=(stored,)), NOW)
    assert store.incident(1) == stored
    assert store.incident(2) is None


def test_a_decision_is_stored_whole_or_not_at_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("killed here")

    decision = Decision(
        (incident(),),
        (TimelineEvent("opened", NOW, 1),),
        (Notification("INC-1/1", Reason.FIRST, NOW, incident=1),),
    )
    monkeypatch.setattr("monitor.store.incidents.add_notifications", broken)
    with pytest.raises(RuntimeError, match="killed here"):
        store.apply_decision(decision, NOW)
    assert store.list_incidents() == ()
    assert store.timeline(1) == ()
    monkeypatch.undo()
    store.apply_decision(decision, NOW)
    assert len(store.list_incidents()) == len(store.timeline(1)) == len(store.notifications(incident=1)) == 1


def test_open_incidents_are_those_not_closed(store: Store) -> None:
    closed = incident(1, state=IncidentState.CLOSED, closed_at=NOW)
    other = incident(3, brand="Sydbuss", state=IncidentState.AFTERCARE)
    store.apply_decision(Decision((closed, incident(2), other)), NOW)
    assert [found.number for found in store.open_incidents()] == [2, 3]
    assert [found.number for found in store.open_incidents("Sydbuss")] == [3]
    assert store.has_open_incidents("Sydbuss")
    assert not store.has_open_incidents("unknown")


def test_incidents_are_listed_newest_first_and_filtered(store: Store) -> None:
    practised = incident(3, drill=True, opened_at=NOW + MINUTE)
    store.apply_decision(Decision((incident(1), incident(2, brand="Sydbuss"), practised)), NOW)

    def numbers(**filters: object) -> list[int]:
        return [found.number for found in store.list_incidents(**filters)]  # type: ignore[arg-type]

    assert numbers() == [3, 2, 1]
    assert numbers(limit=1) == [3]
    assert numbers(drills=False) == [2, 1]
    assert numbers(brand="Sydbuss") == [2]
    assert numbers(since=NOW + MINUTE) == [3]
    assert numbers(state=IncidentState.CLOSED) == []


def test_numbers_go_on_and_are_not_used_up_by_asking(store: Store) -> None:
    assert [store.next_incident_number(), store.next_incident_number()] == [1, 1]
    store.apply_decision(Decision((incident(1),)), NOW)
    store.apply_decision(Decision((incident(1, level=Level.CRISIS),)), NOW)
    assert store.next_incident_number() == 2
    store.erase(NOW, brand="Nordtåg")
    assert store.next_incident_number() == 2


def test_obligations_are_rewritten_with_the_incident(store: Store) -> None:
    store.apply_decision(Decision((incident(),)), NOW)
    assert store.next_due_at() == NOW + 10 * MINUTE
    assert store.due_obligations(NOW + 9 * MINUTE) == ()
    [(number, owed)] = store.due_obligations(NOW + 10 * MINUTE)
    assert (number, owed.kind, owed.target) == (1, ObligationKind.ACKNOWLEDGE, "crisis_group")
    met = tuple(replace(owed, met_at=NOW) for owed in incident().obligations)
    store.apply_decision(Decision((incident(obligations=met),)), NOW)
    assert store.due_obligations(NOW + 99 * MINUTE) == ()
    assert store.next_due_at() is None


def test_the_timeline_is_append_only_and_in_order(store: Store) -> None:
    events = [
        TimelineEvent("opened", NOW, 1, data={"level": "watch", "people": 3, "share": 0.5, "none": None}),
        TimelineEvent("told", NOW, 1, actor="anna", channel="slack"),
    ]
    store.apply_decision(Decision(timeline=tuple(events)), NOW)
    store.add_timeline([TimelineEvent("source_blind", NOW)])
    assert list(store.timeline(1)) == events
    assert [event.kind for event in store.timeline()] == ["source_blind"]
    assert store.timeline(1, since=NOW + MINUTE) == ()
    assert len(store.timeline(1, limit=1)) == 1


def test_the_root_message_survives_a_decision_made_without_it(store: Store) -> None:
    """Delivery notes the root; a decision that was thought before must not forget it."""
    root = MessageReference("slack", "C1", "1700000000.000100")
    store.apply_decision(Decision((incident(),)), NOW)
    store.set_root(1, root)
    store.apply_decision(Decision((incident(level=Level.CRISIS),)), NOW)
    found = store.incident(1)
    assert found is not None
    assert (found.root, found.level) == (root, Level.CRISIS)
    moved = MessageReference("slack", "C2", "1700000000.000200")
    store.set_root(1, moved)
    assert store.open_incidents()[0].root == moved


def test_a_transaction_that_breaks_leaves_nothing(store: Store) -> None:
    def breaks() -> None:
        with store.transaction():
            store.apply_decision(Decision((incident(),)), NOW)
            assert store.incident(1) is not None
            raise RuntimeError("killed here")

    with pytest.raises(RuntimeError, match="killed here"):
        breaks()
    assert store.incident(1) is None


def test_what_is_read_in_a_transaction_cannot_change_before_it_ends(store: Store) -> None:
    """Two deciders at once take turns, so neither overwrites what the other decided."""
    from concurrent.futures import ThreadPoolExecutor

    store.apply_decision(Decision((incident(peak_observed=0.0),)), NOW)

    def count_up(_: int) -> None:
        with store.transaction():
            found = store.incident(1)
            assert found is not None
            raised = replace(found, peak_observed=found.peak_observed + 1)
            store.apply_decision(Decision((raised,)), NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_up, range(12)))
    found = store.incident(1)
    assert found is not None
    assert found.peak_observed == 12

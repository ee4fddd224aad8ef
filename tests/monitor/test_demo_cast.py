"""The demo's cast: who answers when, as a function of the incident and the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.actions import ActionKind
from alerts.incident import Acknowledgement, CurrentMessage, Incident, IncidentState
from detectors.signal import Level, Scope
from monitor.demo.cast import CURRENT_MESSAGE, MESSAGE_AFTER, PATIENCE, STAND_DOWN_AT, actions

NOW = datetime(2026, 3, 5, 15, 30, tzinfo=UTC)
WARNING = Incident(
    number=1,
    brand="Nordtåg",
    level=Level.WARNING,
    state=IncidentState.OPEN,
    opened_at=NOW,
    scopes=frozenset({Scope("Nordtåg")}),
    levels=((Level.WARNING, NOW),),
)
TAKEN = replace(
    WARNING,
    state=IncidentState.ACKNOWLEDGED,
    acknowledgement=Acknowledgement("astrid", NOW, "slack", Level.WARNING),
)


def kinds(incident: Incident, at: datetime) -> list[ActionKind]:
    return [action.kind for action in actions(incident, at)]


@pytest.mark.parametrize("level", [Level.WARNING, Level.CRISIS])
def test_it_is_answered_after_the_patience_of_its_level_and_not_before(level: Level) -> None:
    incident = replace(WARNING, level=level, levels=((level, NOW),))
    assert kinds(incident, NOW + PATIENCE[level] - timedelta(seconds=1)) == []
    assert kinds(incident, NOW + PATIENCE[level]) == [ActionKind.ACKNOWLEDGE]


def test_a_watch_needs_no_answer() -> None:
    watch = replace(WARNING, level=Level.WATCH, levels=((Level.WATCH, NOW),))
    assert kinds(watch, NOW + timedelta(days=1)) == []


def test_a_higher_level_is_taken_again() -> None:
    later = NOW + timedelta(hours=1)
    raised = replace(TAKEN, level=Level.CRISIS, levels=((Level.WARNING, NOW), (Level.CRISIS, later)))
    raised = replace(raised, message=CurrentMessage("…", "david", NOW))
    assert kinds(raised, later) == []
    assert kinds(raised, later + PATIENCE[Level.CRISIS]) == [ActionKind.ACKNOWLEDGE]


@pytest.mark.parametrize("language", sorted(CURRENT_MESSAGE))
def test_the_message_is_written_once_in_the_language_of_the_alerts(language: str) -> None:
    at = NOW + MESSAGE_AFTER
    (action,) = actions(TAKEN, at, language)
    assert action.kind is ActionKind.MESSAGE
    assert action.data["text"] == CURRENT_MESSAGE[language]
    said = replace(TAKEN, message=CurrentMessage(CURRENT_MESSAGE[language], "david", at))
    assert kinds(said, at) == []


def test_it_is_stood_down_on_friday_with_a_reason() -> None:
    said = replace(TAKEN, message=CurrentMessage("…", "david", NOW))
    assert kinds(said, STAND_DOWN_AT - timedelta(minutes=1)) == []
    (action,) = actions(said, STAND_DOWN_AT)
    assert action.kind is ActionKind.STAND_DOWN
    assert action.data["reason"]


@pytest.mark.parametrize("state", [IncidentState.AFTERCARE, IncidentState.CLOSED])
def test_what_is_over_is_left_alone(state: IncidentState) -> None:
    assert kinds(replace(WARNING, state=state), STAND_DOWN_AT + timedelta(days=1)) == []

"""Reading what an action asks for: texts, times and levels from its data."""

from __future__ import annotations

from datetime import datetime

from alerts.actions import Action
from detectors.signal import Level

Answer = str | None
"""Why an action cannot be done (`bad_data: until`, `wrong_state`); None when it was."""


def text_of(action: Action, name: str) -> str:
    """A text from the action's data, trimmed; empty when it is missing."""
    return str(action.data.get(name, "")).strip()


def time_of(action: Action, name: str) -> datetime | None:
    """An aware time from the action's data; None when it is missing, no time, or without an offset."""
    try:
        when = datetime.fromisoformat(text_of(action, name))
    except ValueError:
        return None
    return when if when.tzinfo else None


def level_of(action: Action, name: str = "level") -> Level | None:
    """The level named in the action's data; None when it names none."""
    return {level.label: level for level in Level if level}.get(text_of(action, name).lower())

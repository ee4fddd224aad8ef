"""Slack's modals for actions that need words, a time or a choice: one table of inputs, drawn in one place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from alerts.actions import ActionKind
from alerts.durations import parse_duration
from alerts.safe_text import clean, shorten
from alerts.texts.reader import Reader
from detectors.signal import Level

Json = dict[str, Any]

CALLBACK_PREFIX = "incident"
TITLE_LIMIT = 24
TEXT_LIMIT = 1000
VALUE_LIMIT = 150
LASTS = ("1h", "4h", "12h", "1d", "3d", "1w")
"""For how long one can silence from Slack; the command line takes any time."""
SOON = timedelta(hours=1)
"""What a time picker shows at first: an hour from now."""

FACT_STATES = ("confirmed", "disputed", "unknown")


@dataclass(frozen=True, slots=True)
class Field:
    """One input: its name in the action's data, and how it is drawn.

    Drawn as text, long, time, level, user, status, brand, scope (what a silence means) or lasts (for how long).
    """

    name: str
    draw: str
    optional: bool = False


FIELDS: dict[ActionKind, tuple[Field, ...]] = {
    ActionKind.WAIT: (Field("reason", "long"), Field("until", "time")),
    ActionKind.RAISE: (Field("level", "level"), Field("reason", "long", optional=True)),
    ActionKind.LOWER: (Field("level", "level"), Field("reason", "long", optional=True)),
    ActionKind.HAND_OVER: (Field("to", "user"),),
    ActionKind.STAND_DOWN: (Field("reason", "long", optional=True),),
    ActionKind.FALSE_ALARM: (Field("reason", "long", optional=True),),
    ActionKind.NOTE: (Field("text", "long"),),
    ActionKind.FACT: (Field("text", "long"), Field("status", "status")),
    ActionKind.MESSAGE: (Field("text", "long"),),
    ActionKind.POSTED: (Field("url", "text", optional=True), Field("next_update", "time", optional=True)),
    ActionKind.ANSWER_FLAG: (Field("text", "long"),),
    ActionKind.REOPEN: (Field("level", "level"),),
    ActionKind.FLAG: (Field("text", "long"), Field("brand", "brand")),
    ActionKind.SILENCE: (
        Field("scope", "scope"),
        Field("lasts", "lasts"),
        Field("up_to", "level"),
        Field("reason", "long"),
    ),
}
"""What each action asks for. An action that is not here is done at once."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a modal is about: the incident (None for a flag), where the click came from, and first values.

    `scopes` are what a silence can mean, each with its value and the words to read.
    """

    kind: ActionKind
    incident: int | None = None
    place: str = ""
    thread: str = ""
    initial: Mapping[str, str] | None = None
    brands: Sequence[str] = ()
    scopes: Sequence[tuple[str, str]] = ()


def modal(asked: Asked, reader: Reader) -> Json:
    """Return the view to open for an action. Raises KeyError for one that asks for nothing."""
    about = {"kind": str(asked.kind), "incident": asked.incident, "place": asked.place, "thread": asked.thread}
    fields = [f for f in FIELDS[asked.kind] if f.draw != "brand" or len(asked.brands) > 1]
    return {
        "type": "modal",
        "callback_id": f"{CALLBACK_PREFIX}:{asked.kind}",
        "private_metadata": json.dumps(about),
        "title": _plain(reader.text(f"action.{asked.kind}"), TITLE_LIMIT),
        "submit": _plain(reader.text("modal.send"), TITLE_LIMIT),
        "close": _plain(reader.text("modal.cancel"), TITLE_LIMIT),
        "blocks": [_input(field, asked, reader) for field in fields],
    }


def _input(field: Field, asked: Asked, reader: Reader) -> Json:
    return {
        "type": "input",
        "block_id": field.name,
        "optional": field.optional,
        "label": _plain(reader.text(f"modal.{field.name}"), 150),
        "element": {"action_id": field.name, **_DRAW[field.draw](field, asked, reader)},
    }


def _text(field: Field, asked: Asked, _reader: Reader) -> Json:
    first = shorten(clean((asked.initial or {}).get(field.name, "")), TEXT_LIMIT)
    return {
        "type": "plain_text_input",
        "multiline": field.draw == "long",
        "max_length": TEXT_LIMIT,
        **({"initial_value": first} if first else {}),
    }


def _time(field: Field, _asked: Asked, reader: Reader) -> Json:
    first = {} if field.optional else {"initial_date_time": int((reader.now + SOON).timestamp())}
    return {"type": "datetimepicker", **first}


def _level(_field: Field, _asked: Asked, reader: Reader) -> Json:
    levels = [level for level in Level if level > Level.CALM]
    return _select([(level.label, reader.text(f"level.{level.label}")) for level in levels], reader)


def _status(_field: Field, _asked: Asked, reader: Reader) -> Json:
    return _select([(state, reader.text(f"status.{state}")) for state in FACT_STATES], reader)


def _brand(_field: Field, asked: Asked, reader: Reader) -> Json:
    return _select([(brand, brand) for brand in asked.brands[:100]], reader)


def _scope(_field: Field, asked: Asked, reader: Reader) -> Json:
    return _select([scope for scope in asked.scopes if len(scope[0]) <= VALUE_LIMIT][:100], reader)


def _lasts(_field: Field, _asked: Asked, reader: Reader) -> Json:
    return _select([(lasts, reader.duration(parse_duration(lasts))) for lasts in LASTS], reader)


def _user(_field: Field, _asked: Asked, reader: Reader) -> Json:
    return {"type": "users_select", "placeholder": _plain(reader.text("modal.choose"), 150)}


def _select(options: Sequence[tuple[str, str]], reader: Reader) -> Json:
    return {
        "type": "static_select",
        "placeholder": _plain(reader.text("modal.choose"), 150),
        "options": [{"text": _plain(words, 75), "value": value[:VALUE_LIMIT]} for value, words in options],
    }


_DRAW = {
    "text": _text,
    "long": _text,
    "time": _time,
    "level": _level,
    "status": _status,
    "brand": _brand,
    "user": _user,
    "scope": _scope,
    "lasts": _lasts,
}


def _plain(text: str, limit: int) -> Json:
    return {"type": "plain_text", "text": shorten(clean(text), limit) or "–", "emoji": False}

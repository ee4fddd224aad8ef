"""What comes from Slack, read: a click, a choice, a modal, a slash command, a shortcut become one `Wish`. Pure.

Payloads are input from outside: whatever is missing or of another shape gives None, never an exception.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from alerts.actions import ActionKind
from alerts.renderers.modals import CALLBACK_PREFIX, FIELDS
from alerts.renderers.slack import ACTION_PREFIX, MENU_ACTION

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody in Slack wants. `action` is None for the question "how is it?" (slash command `now`).

    `ready` means that nothing more need be asked; else a modal opens with `trigger`. `event_id` is the same when
    Slack delivers the same event again. `reply_url` takes an answer that only the person sees.
    """

    action: ActionKind | None
    user: str
    event_id: str
    incident: int | None = None
    place: str = ""
    place_name: str = ""
    thread: str = ""
    trigger: str = ""
    reply_url: str = ""
    ready: bool = True
    data: Mapping[str, str] = field(default_factory=dict)


def read_request(kind: str, payload: Json) -> Wish | None:
    """Read a Socket Mode request of type `interactive` or `slash_commands`; None for anything else."""
    try:
        if kind == "slash_commands":
            return _slash(payload)
        if kind == "interactive":
            reader = _INTERACTIVE.get(str(payload.get("type")))
            return reader(payload) if reader else None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None
    return None


def _clicked(payload: Json) -> Wish | None:
    """A button or a choice of the menu."""
    pressed = payload["actions"][0]
    chosen = _chosen(pressed)
    if chosen is None:
        return None
    action, number, scope = chosen
    container = payload.get("container") or {}
    message = payload.get("message") or {}
    return Wish(
        action,
        user=str(payload["user"]["id"]),
        event_id=_event_id("click", payload, pressed.get("action_ts")),
        incident=int(number),
        place=str((payload.get("channel") or {}).get("id") or container.get("channel_id") or ""),
        place_name=str((payload.get("channel") or {}).get("name") or ""),
        thread=str(message.get("thread_ts") or container.get("message_ts") or ""),
        trigger=str(payload.get("trigger_id") or ""),
        reply_url=str(payload.get("response_url") or ""),
        ready=action not in FIELDS,
        data={"scope": scope} if scope else {},
    )


def _chosen(pressed: Json) -> tuple[ActionKind, str, str] | None:
    """What, which incident and scope: of a button (value `12` or `12:theme:delays`), of the menu (`12:raise`)."""
    if pressed["action_id"] == MENU_ACTION:
        number, _, name = str(pressed["selected_option"]["value"]).partition(":")
        return ActionKind(name), number, ""
    prefix, _, name = str(pressed["action_id"]).partition(":")
    if prefix != ACTION_PREFIX:
        return None
    number, _, scope = str(pressed["value"]).partition(":")
    return ActionKind(name), number, scope


def _submitted(payload: Json) -> Wish | None:
    """A modal that was sent."""
    view = payload["view"]
    if not str(view["callback_id"]).startswith(f"{CALLBACK_PREFIX}:"):
        return None
    about = json.loads(view["private_metadata"])
    number = about.get("incident")
    return Wish(
        ActionKind(about["kind"]),
        user=str(payload["user"]["id"]),
        event_id=f"view:{view['id']}",
        incident=int(number) if number is not None else None,
        place=str(about.get("place") or ""),
        thread=str(about.get("thread") or ""),
        data=_values(view["state"]["values"]),
    )


def _values(state: Json) -> dict[str, str]:
    """The modal's inputs by name, times as ISO in UTC; what was left empty is left out."""
    found: dict[str, str] = {}
    for block, elements in state.items():
        for element in elements.values():
            text = _value(element)
            if text:
                found[str(block)] = text
    return found


def _value(element: Json) -> str:
    if element.get("selected_date_time"):
        return datetime.fromtimestamp(int(element["selected_date_time"]), UTC).isoformat()
    if element.get("selected_option"):
        return str(element["selected_option"]["value"])
    return str(element.get("selected_user") or element.get("value") or "").strip()


def _shortcut(payload: Json) -> Wish | None:
    """The message shortcut `flag`: the message's words are the first words of the flag."""
    if payload.get("callback_id") != "flag":
        return None
    message = payload.get("message") or {}
    channel = payload.get("channel") or {}
    return Wish(
        ActionKind.FLAG,
        user=str(payload["user"]["id"]),
        event_id=_event_id("shortcut", payload, payload.get("action_ts")),
        place=str(channel.get("id") or ""),
        place_name=str(channel.get("name") or ""),
        thread=str(message.get("ts") or ""),
        trigger=str(payload.get("trigger_id") or ""),
        reply_url=str(payload.get("response_url") or ""),
        ready=False,
        data={"text": str(message.get("text") or "")},
    )


def _slash(payload: Json) -> Wish | None:
    """`/now`, `/flag words`; also as `/crisis now`, `/crisis flag words`, whatever the app calls its command."""
    command = str(payload["command"]).removeprefix("/").lower()
    words = str(payload.get("text") or "").strip()
    name = next((known for known in ("now", "flag") if command.endswith(known)), "")
    if not name:
        first, _, words = words.partition(" ")
        name = first.lower() or "now"
    if name not in ("now", "flag"):
        return None
    return Wish(
        ActionKind.FLAG if name == "flag" else None,
        user=str(payload["user_id"]),
        event_id=_event_id("slash", payload, payload.get("trigger_id")),
        place=str(payload.get("channel_id") or ""),
        place_name=str(payload.get("channel_name") or ""),
        trigger=str(payload.get("trigger_id") or ""),
        reply_url=str(payload.get("response_url") or ""),
        data={"text": words.strip()} if name == "flag" else {},
    )


def _event_id(kind: str, payload: Json, stamp: object) -> str:
    """What stays the same when Slack delivers an event again: its own stamp and the person, else its content."""
    person = payload.get("user_id") or (payload.get("user") or {}).get("id")
    if stamp:
        return f"{kind}:{person}:{stamp}"
    content = json.dumps(payload, sort_keys=True, default=str).encode()
    return f"{kind}:{person}:{hashlib.blake2b(content, digest_size=12).hexdigest()}"


_INTERACTIVE = {"block_actions": _clicked, "view_submission": _submitted, "message_action": _shortcut}

"""A Telegram message as a Mention. Ids are `CHAT/MESSAGE`, with the chat's own number.

A channel with comments has a linked group into which each post is forwarded; there that copy stands for the post,
so it gets the post's id, and what answers the copy answers the post.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.collectors.html_text import clean_text
from monitor.collectors.times import dated, parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "telegram"
_PRIVATE_PREFIX = "-100"


@dataclass(frozen=True, slots=True)
class Labels:
    """What the source adds to each of its mentions."""

    source: str
    brand: str | None = None
    language: str | None = None


def message_in(update: Mapping[str, Any], kinds: Sequence[str]) -> Mapping[str, Any] | None:
    """The message of an update; None for an update of another kind. Raises ValueError."""
    found = next((update[kind] for kind in kinds if kind in update), None)
    if found is not None and not (isinstance(found, Mapping) and isinstance(found.get("chat"), Mapping)):
        raise ValueError("a message without a chat")
    return found


def mention_of(message: Mapping[str, Any], labels: Labels, now: datetime) -> Mention:
    """A message as a Mention; its text may be empty (a joining, a picture). Raises ValueError."""
    chat = message["chat"]
    answered = message.get("reply_to_message")
    parent = _id_of(answered) if isinstance(answered, Mapping) and "chat" in answered else None
    under_post = isinstance(answered, Mapping) and answered.get("is_automatic_forward") is True
    author, handles = _author(message, chat)
    return Mention(
        platform=PLATFORM,
        global_id=_id_of(message),
        source=labels.source,
        text=_text(message),
        created_at=dated(message.get("date"), now),
        kind=MentionKind.COMMENT if parent else MentionKind.POST,
        url=_link(message, chat),
        author=author,
        author_handles=handles,
        parent_id=parent,
        thread_id=parent if under_post else None,
        language=labels.language,
        brands=(labels.brand,) if labels.brand else (),
        edited_at=parse_time(message.get("edit_date")),
        extra_text=_links(message),
    )


def _id_of(message: Mapping[str, Any]) -> str:
    place, number = message["chat"], message.get("message_id")
    if message.get("is_automatic_forward") is True:
        origin = message.get("forward_origin")
        place = message.get("sender_chat") or place
        told = origin.get("message_id") if isinstance(origin, Mapping) else None
        number = told or message.get("forward_from_message_id") or number
    if not isinstance(place.get("id"), int) or isinstance(number, bool) or not isinstance(number, int):
        raise ValueError("a message without a number")
    return f"{place['id']}/{number}"


def _author(message: Mapping[str, Any], chat: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """Who wrote it: a person, a channel in its own name, or an anonymous administrator as the group."""
    who = message.get("sender_chat") or message.get("from") or chat
    name = who.get("username")
    number = who.get("id")
    author = f"telegram/{number}" if isinstance(number, int) else None
    return author, (f"@{name}", f"t.me/{name}") if isinstance(name, str) and name else ()


def _text(message: Mapping[str, Any]) -> str:
    poll = message.get("poll")
    asked = [poll.get("question"), *(o.get("text") for o in poll.get("options") or ())] if poll else []
    parts = [message.get("text"), message.get("caption"), *asked]
    if not all(part is None or isinstance(part, str) for part in parts):
        raise ValueError("a message whose text is no text")
    return clean_text("\n".join(filter(None, parts)))


def _links(message: Mapping[str, Any]) -> str:
    """Where words link to, matched only."""
    entities = [*(message.get("entities") or ()), *(message.get("caption_entities") or ())]
    found = [entity.get("url") for entity in entities if isinstance(entity, Mapping)]
    return "\n".join(url for url in found if isinstance(url, str))


def _link(message: Mapping[str, Any], chat: Mapping[str, Any]) -> str | None:
    name, number = chat.get("username"), str(chat.get("id"))
    if isinstance(name, str) and name:
        return f"https://t.me/{name}/{message.get('message_id')}"
    if number.startswith(_PRIVATE_PREFIX):
        return f"https://t.me/c/{number.removeprefix(_PRIVATE_PREFIX)}/{message.get('message_id')}"
    return None

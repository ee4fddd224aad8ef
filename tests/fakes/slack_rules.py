"""What Slack documents about messages, blocks, modals and escaping, checked strictly: one broken rule a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

ALLOWED_MARKUP = re.compile(r"<(@[UW][A-Z0-9]{4,20}|!subteam\^S[A-Z0-9]{4,20}|https?://[^\s<>|]+\|[^<>|]+)>")
"""The only live markup that the monitor may write: people, groups, labelled links."""

ENTITY = re.compile(r"&(amp|lt|gt);")
TEXT_TYPES = {"plain_text", "mrkdwn"}
BLOCK_TYPES = {"header", "section", "context", "actions", "divider", "image"}
MESSAGE_ARGUMENTS = {
    "channel",
    "text",
    "blocks",
    "metadata",
    "thread_ts",
    "reply_broadcast",
    "unfurl_links",
    "unfurl_media",
    "mrkdwn",
    "link_names",
    "parse",
    "ts",
}


def message_faults(arguments: Json, blocks: list[Json], metadata: Json) -> Iterator[str]:
    """Everything wrong with a chat.postMessage or chat.update."""
    yield from (f"unknown argument {name}" for name in set(arguments) - MESSAGE_ARGUMENTS)
    if not arguments.get("text"):
        yield "no text: phones and screen readers would show nothing"
    yield from markup_faults("text", str(arguments.get("text", "")))
    if len(str(arguments.get("text", ""))) > 4000:
        yield "text is longer than 4000"
    if arguments.get("link_names") not in (None, "0"):
        yield "link_names is on: names in text would ping"
    if arguments.get("parse") != "none":
        yield "parse is not none"
    yield from metadata_faults(metadata)
    yield from blocks_faults(blocks)


def unfurl_faults(arguments: Json) -> Iterator[str]:
    """A new message must not unfurl what people link to."""
    for name in ("unfurl_links", "unfurl_media"):
        if arguments.get(name) != "0":
            yield f"{name} is not off"
    if arguments.get("mrkdwn") != "0":
        yield "mrkdwn is on for the fallback text"


def metadata_faults(metadata: Json) -> Iterator[str]:
    """Every message carries its idempotency key."""
    if not metadata.get("event_type") or not (metadata.get("event_payload") or {}).get("key"):
        yield "no idempotency key in metadata"


def blocks_faults(blocks: list[Json]) -> Iterator[str]:
    """Limits of blocks, and of all of them together."""
    if not blocks:
        yield "no blocks"
    if len(blocks) > 50:
        yield f"{len(blocks)} blocks, 50 are allowed"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "block_id used twice"
    if sum(len(text) for text in _texts(blocks)) > 13_000:
        yield "msg_blocks_too_long"
    for block in blocks:
        yield from _block_faults(block)


def modal_faults(view: Json) -> Iterator[str]:
    """Limits of a modal."""
    if view.get("type") != "modal":
        yield "a view is a modal here"
    for name in ("title", "submit", "close"):
        yield from text_faults(view.get(name) or {}, 24, plain=True, where=f"modal {name}")
    if len(view.get("private_metadata", "")) > 3000:
        yield "private_metadata is longer than 3000"
    if len(view.get("callback_id", "")) > 255:
        yield "callback_id is longer than 255"
    if not 1 <= len(view.get("blocks", [])) <= 100:
        yield "a modal has 1 to 100 blocks"
    for block in view.get("blocks", []):
        if block.get("type") != "input":
            yield f"unexpected modal block {block.get('type')}"
        yield from text_faults(block.get("label") or {}, 2000, plain=True, where="input label")


def text_faults(text: Json, limit: int, *, plain: bool = False, where: str = "text") -> Iterator[str]:
    """A text object: its type, its length, and no live markup but ours."""
    kind, words = text.get("type"), text.get("text")
    if kind not in TEXT_TYPES or not isinstance(words, str):
        yield f"{where}: no text object"
        return
    if plain and kind != "plain_text":
        yield f"{where} must be plain_text"
    if not 1 <= len(words) <= limit:
        yield f"{where}: {len(words)} characters, 1 to {limit} are allowed"
    if kind == "mrkdwn":
        if not text.get("verbatim"):
            yield f"{where}: mrkdwn without verbatim: Slack would link and ping by itself"
        yield from markup_faults(where, words)
    elif "verbatim" in text:
        yield f"{where}: verbatim belongs to mrkdwn only"


def markup_faults(where: str, text: str) -> Iterator[str]:
    """Unescaped characters that are no markup of ours."""
    rest = ALLOWED_MARKUP.sub("", text)
    if "<" in rest or ">" in rest:
        yield f"{where}: unescaped < or > in {rest[:80]!r}"
    if "&" in ENTITY.sub("", rest):
        yield f"{where}: unescaped & in {rest[:80]!r}"


def _block_faults(block: Json) -> Iterator[str]:
    kind = block.get("type")
    if kind not in BLOCK_TYPES:
        yield f"unexpected block type {kind}"
    if len(block.get("block_id", "")) > 255:
        yield "block_id is longer than 255"
    if kind == "header":
        yield from text_faults(block["text"], 150, plain=True, where="header")
    if kind == "section":
        yield from text_faults(block["text"], 3000, where="section")
    if kind == "context":
        elements = block.get("elements", [])
        if not 1 <= len(elements) <= 10:
            yield f"context with {len(elements)} elements"
        for element in elements:
            yield from text_faults(element, 3000, where="context")
    if kind == "actions":
        yield from _actions_faults(block)


def _actions_faults(block: Json) -> Iterator[str]:
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= 25:
        yield f"actions with {len(elements)} elements"
    ids = [element.get("action_id", "") for element in elements]
    if len(set(ids)) != len(ids) or not all(1 <= len(name) <= 255 for name in ids):
        yield f"action_ids {ids}"
    for element in elements:
        if element.get("type") == "button":
            yield from text_faults(element["text"], 75, plain=True, where="button")
            if len(element.get("value", "")) > 2000:
                yield "button value is longer than 2000"
        elif element.get("type") == "static_select":
            yield from text_faults(element["placeholder"], 150, plain=True, where="placeholder")
            if not 1 <= len(element.get("options", [])) <= 100:
                yield "a select has 1 to 100 options"
            for option in element["options"]:
                yield from text_faults(option["text"], 75, plain=True, where="option")
                if not 1 <= len(option.get("value", "")) <= 150:
                    yield "option value has 1 to 150 characters"
        else:
            yield f"unexpected element {element.get('type')}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def response_faults(body: Json) -> Iterator[str]:
    """An answer through a response_url: for one person, escaped."""
    if body.get("response_type") != "ephemeral":
        yield "an answer to a click is for that person alone"
    yield from markup_faults("response", str(body.get("text", "")))

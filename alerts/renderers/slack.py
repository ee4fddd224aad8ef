"""A card as Slack blocks, within Slack's documented limits (`shared` facts: docs/slack-app.md names them).

Titles and people's posts are plain_text, which Slack never parses; the rest is mrkdwn, in which every value is
escaped and `verbatim` keeps Slack from finding links and names by itself. The only live markup that we write
ourselves are the pings of people who are called and links to http(s) addresses that `web_url` has accepted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from alerts.actions import ActionKind
from alerts.card_parts import Card, CardAction, CardQuote
from alerts.renderers.plain import plain_text
from alerts.safe_text import clean, escape_mrkdwn, one_line, shorten, web_url, without_format
from detectors.signal import Level

Block = dict[str, Any]

HEADER_LIMIT = 150
SECTION_LIMIT = 3000
BUTTON_TEXT_LIMIT = 75
TEXT_LIMIT = 2900
"""Code points kept of the fallback text; Slack recommends 4,000 at most, and escaping makes text longer."""

ACTION_PREFIX = "incident"
MENU_ACTION = f"{ACTION_PREFIX}:menu"

_LIGHTS = {Level.CALM: "⚪", Level.WATCH: "🟡", Level.WARNING: "🟠", Level.CRISIS: "🔴"}
_USER = re.compile(r"[UW][A-Z0-9]{4,20}")
_GROUP = re.compile(r"S[A-Z0-9]{4,20}")


def blocks(card: Card, pings: Iterable[str] = ()) -> list[Block]:
    """Return the card's blocks. `pings` are Slack ids of the people and user groups who are called."""
    made: list[Block] = [_header(card)]
    made += [_context([_plain(note)]) for note in card.notes]
    if call := ping_text(pings):
        made.append(_section(call))
    made += [_section(_escaped(text)) for text in (card.opening, card.lead) if text]
    if card.lines:
        made.append(_section("\n".join(f"*{_escaped(line.label)}:* {_escaped(line.text)}" for line in card.lines)))
    made += _actions(card)
    made += _quotes(card)
    if card.footer:
        made.append(_context([_plain(card.footer)]))
    return [{**block, "block_id": _block_id(card, block, place)} for place, block in enumerate(made)]


def reply_blocks(card: Card, pings: Iterable[str] = ()) -> list[Block]:
    """Return the blocks of a reply in the thread: no header, since the root above has it."""
    made: list[Block] = [_context([_plain(note)]) for note in card.notes]
    head = " ".join(part for part in (f"*{_escaped(card.mark)}*" if card.mark else "", ping_text(pings)) if part)
    if head:
        made.append(_section(head))
    made += [_section(_escaped(text)) for text in (card.opening or card.lead or card.title,)]
    if card.lines:
        made.append(_section("\n".join(f"*{_escaped(line.label)}:* {_escaped(line.text)}" for line in card.lines)))
    return made + _actions(card)


def plain_blocks(card: Card) -> list[Block]:
    """Return the card as plain text in one block: for when Slack refuses what `blocks` drew."""
    return [{"type": "section", "text": _plain(plain_text(card))}]


def fallback_text(card: Card, pings: Iterable[str] = ()) -> str:
    """Return the message's `text`: what phones and screen readers show. Escaped; pings are the only markup."""
    call = ping_text(pings)
    return escape_mrkdwn(shorten(one_line(card.summary), TEXT_LIMIT)) + (f" {call}" if call else "")


def is_user_group(address: str) -> bool:
    """Tell whether a Slack id is a user group's: it can be called in a channel, but nothing can be sent to it."""
    return _GROUP.fullmatch(address) is not None


def ping_text(pings: Iterable[str]) -> str:
    """Return the markup that calls people and user groups; anything that is no such id is left out."""
    marked = []
    for ping in pings:
        if _USER.fullmatch(ping):
            marked.append(f"<@{ping}>")
        elif is_user_group(ping):
            marked.append(f"<!subteam^{ping}>")
    return " ".join(marked)


def _header(card: Card) -> Block:
    light = _LIGHTS[card.level] if card.number is not None else ""
    text = shorten(one_line(f"{light} {card.mark} {card.title}"), HEADER_LIMIT)
    return {"type": "header", "text": _plain(text, emoji=True)}


def _quotes(card: Card) -> list[Block]:
    if not card.quotes:
        return []
    made: list[Block] = [{"type": "divider"}, _context([_plain(card.quotes_label)])]
    for post in card.quotes:
        made.append({"type": "section", "text": _plain(f"“{post.text}”")})
        made.append(_context(_about(card, post)))
    return made


def _about(card: Card, post: CardQuote) -> list[Block]:
    elements = [_plain(post.about)] if post.about else []
    url = web_url(post.url)
    if url:
        elements.append(_mrkdwn(f"<{escape_mrkdwn(url)}|{_escaped(card.link_label)}>"))
    return elements or [_plain("–")]


def _actions(card: Card) -> list[Block]:
    elements: list[Block] = [_button(card, action, place) for place, action in enumerate(card.buttons)]
    if card.menu:
        elements.append(_menu(card))
    return [{"type": "actions", "elements": elements}] if elements else []


def _button(card: Card, action: CardAction, place: int) -> Block:
    button: Block = {
        "type": "button",
        "action_id": f"{ACTION_PREFIX}:{action.kind}",
        "text": _plain(shorten(action.label, BUTTON_TEXT_LIMIT)),
        "value": f"{card.number}:{action.scope}" if action.scope else str(card.number),
    }
    is_answer = place == 0 and action.kind is not ActionKind.LIFT_SILENCE
    return {**button, "style": "primary"} if is_answer else button


def _menu(card: Card) -> Block:
    return {
        "type": "static_select",
        "action_id": MENU_ACTION,
        "placeholder": _plain(shorten(card.menu_label, BUTTON_TEXT_LIMIT)),
        "options": [
            {
                "text": _plain(shorten(action.label, BUTTON_TEXT_LIMIT)),
                "value": f"{card.number}:{action.kind}",
            }
            for action in card.menu
        ],
    }


def _block_id(card: Card, block: Block, place: int) -> str:
    """An id that follows from what the block says: Slack's clients redraw a changed block only under a new id."""
    said = json.dumps(block, sort_keys=True, ensure_ascii=True).encode()
    return f"inc{card.number or 0}-{place}-{blake2b(said, digest_size=6).hexdigest()}"


def _section(mrkdwn: str) -> Block:
    return {"type": "section", "text": _mrkdwn(mrkdwn)}


def _context(elements: list[Block]) -> Block:
    return {"type": "context", "elements": elements}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": _within(text), "verbatim": True}


def _plain(text: str, *, emoji: bool = False) -> Block:
    """A plain_text object. Never empty: Slack refuses that."""
    return {"type": "plain_text", "text": shorten(clean(text), SECTION_LIMIT - 10) or "–", "emoji": emoji}


def _escaped(text: str) -> str:
    """Someone's words inside mrkdwn: escaped, and without the characters that would format them."""
    return escape_mrkdwn(without_format(one_line(text)))


def _within(text: str) -> str:
    """Cut escaped text at Slack's limit without cutting through an entity or a link."""
    if len(text) <= SECTION_LIMIT:
        return text
    cut = text[: SECTION_LIMIT - 1]
    cut = cut[: cut.rfind("&")] if cut.rfind("&") > cut.rfind(";") else cut
    cut = cut[: cut.rfind("<")] if cut.rfind("<") > cut.rfind(">") else cut
    return cut + "…"

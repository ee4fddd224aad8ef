"""Freshdesk's tickets and conversations as Mentions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from monitor.collectors.html_text import clean_text, html_to_text
from monitor.collectors.times import parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "freshdesk"


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk: its address, and what the source adds to each mention."""

    url: str
    source: str
    language: str | None = None

    @property
    def host(self) -> str:
        """The desk's host, which is part of every id."""
        return urlsplit(self.url).netloc

    def ticket_id(self, number: object) -> str:
        """The global id of a ticket. Raises ValueError."""
        if isinstance(number, bool) or not isinstance(number, int | str) or not str(number).isdigit():
            raise ValueError("a ticket without a number")
        return f"{self.host}/tickets/{number}"

    def agent_url(self, number: object) -> str:
        """Where agents see a ticket."""
        return f"{self.url}/a/tickets/{number}"


def number_in(global_id: str, desk: Desk) -> str | None:
    """The number of one of the desk's tickets; None for anything else."""
    found = re.fullmatch(rf"{re.escape(desk.host)}/tickets/(\d{{1,18}})", global_id)
    return found[1] if found else None


def ticket_of(ticket: Mapping[str, Any], desk: Desk) -> Mention:
    """A ticket by its subject and description. Raises ValueError."""
    created, updated = _time(ticket, "created_at"), parse_time(ticket.get("updated_at"))
    text = _text(ticket)
    return Mention(
        platform=PLATFORM,
        global_id=desk.ticket_id(ticket.get("id")),
        source=desk.source,
        text=text,
        created_at=created,
        kind=MentionKind.TICKET,
        url=desk.agent_url(ticket["id"]),
        author=_author(ticket.get("requester_id"), desk),
        thread_id=desk.ticket_id(ticket.get("id")),
        language=desk.language,
        edited_at=updated if updated and updated > created else None,
    )


def comment_of(entry: Mapping[str, Any], number: str, desk: Desk) -> Mention | None:
    """A customer's part of a conversation; None for notes and agents' answers. Raises ValueError."""
    if entry.get("incoming") is not True or entry.get("private") is not False:
        return None
    text = _plain(entry, "body_text", "body")
    if not text:
        return None
    ticket = desk.ticket_id(number)
    return Mention(
        platform=PLATFORM,
        global_id=f"{ticket}/conversations/{int(entry['id'])}",
        source=desk.source,
        text=text,
        created_at=_time(entry, "created_at"),
        kind=MentionKind.COMMENT,
        url=desk.agent_url(number),
        author=_author(entry.get("user_id"), desk),
        parent_id=ticket,
        thread_id=ticket,
        language=desk.language,
    )


def _text(ticket: Mapping[str, Any]) -> str:
    subject = ticket.get("subject") or ""
    if not isinstance(subject, str):
        raise ValueError("a ticket whose subject is no text")
    plain, description = clean_text(subject), _plain(ticket, "description_text", "description")
    text = description if description.startswith(plain) else f"{plain}\n{description}".strip()
    if not text:
        raise ValueError("a ticket without subject and description")
    return text


def _plain(item: Mapping[str, Any], text_name: str, html_name: str) -> str:
    """The text field where there is one, else the HTML one without what it quotes."""
    text, html = item.get(text_name), item.get(html_name)
    if isinstance(text, str) and text.strip():
        return clean_text(text)
    return html_to_text(html, drop_quotes=True).text if isinstance(html, str) else ""


def _author(number: object, desk: Desk) -> str | None:
    return f"{desk.host}/contacts/{number}" if isinstance(number, int) else None


def _time(item: Mapping[str, Any], name: str) -> datetime:
    at = parse_time(item.get(name))
    if at is None:
        raise ValueError(f"`{name}` is not a time")
    return at

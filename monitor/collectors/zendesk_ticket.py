"""Zendesk's tickets and comments as Mentions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from monitor.collectors.html_text import clean_text, html_to_text
from monitor.collectors.times import parse_time
from monitor.mention import Mention, MentionKind

PLATFORM = "zendesk"


@dataclass(frozen=True, slots=True)
class Desk:
    """An account: its address, and what the source adds to each mention."""

    url: str
    source: str
    language: str | None = None

    @property
    def host(self) -> str:
        """The account's host, which is part of every id."""
        return urlsplit(self.url).netloc

    def ticket_id(self, number: object) -> str:
        """The global id of a ticket. Raises ValueError."""
        if isinstance(number, bool) or not isinstance(number, int | str) or not str(number).isdigit():
            raise ValueError("a ticket without a number")
        return f"{self.host}/tickets/{number}"

    def agent_url(self, number: object) -> str:
        """Where agents see a ticket."""
        return f"{self.url}/agent/tickets/{number}"


def ticket_of(ticket: Mapping[str, Any], desk: Desk) -> Mention:
    """A ticket by its subject and description. Raises ValueError."""
    created, updated = _time(ticket, "created_at"), parse_time(ticket.get("updated_at"))
    above = _followed(ticket)
    return Mention(
        platform=PLATFORM,
        global_id=desk.ticket_id(ticket.get("id")),
        source=desk.source,
        text=_text(ticket),
        created_at=created,
        kind=MentionKind.TICKET,
        url=desk.agent_url(ticket["id"]),
        author=_author(ticket.get("requester_id"), desk),
        parent_id=desk.ticket_id(above) if above is not None else None,
        thread_id=desk.ticket_id(ticket.get("id")),
        language=desk.language,
        edited_at=updated if updated and updated > created else None,
    )


def people_of(ticket: Mapping[str, Any]) -> list[str]:
    """Whose comments count as customers': who asked, and who was copied in by mail."""
    copied = ticket.get("email_cc_ids")
    found = [ticket.get("requester_id"), *(copied if isinstance(copied, list) else ())]
    return [str(person) for person in found if person is not None]


def comment_of(comment: Mapping[str, Any], number: str, people: list[str], desk: Desk) -> Mention | None:
    """A customer's public comment; None for internal notes, agents' answers and empty ones. Raises ValueError."""
    if comment.get("public") is not True or str(comment.get("author_id")) not in people:
        return None
    text = _comment_text(comment)
    if not text:
        return None
    ticket = desk.ticket_id(number)
    return Mention(
        platform=PLATFORM,
        global_id=f"{ticket}/comments/{int(comment['id'])}",
        source=desk.source,
        text=text,
        created_at=_time(comment, "created_at"),
        kind=MentionKind.COMMENT,
        url=desk.agent_url(number),
        author=_author(comment.get("author_id"), desk),
        parent_id=ticket,
        thread_id=ticket,
        language=desk.language,
    )


def _text(ticket: Mapping[str, Any]) -> str:
    parts = [ticket.get("subject") or ticket.get("raw_subject") or "", ticket.get("description") or ""]
    if not all(isinstance(part, str) for part in parts):
        raise ValueError("a ticket whose subject or description is no text")
    subject, description = (clean_text(part) for part in parts)
    text = description if description.startswith(subject) else f"{subject}\n{description}".strip()
    if not text:
        raise ValueError("a ticket without subject and description")
    return text


def _comment_text(comment: Mapping[str, Any]) -> str:
    for name in ("plain_body", "body"):
        value = comment.get(name)
        if isinstance(value, str) and value.strip():
            return html_to_text(value).text if "&nbsp;" in value else clean_text(value)
    html = comment.get("html_body")
    return html_to_text(html, drop_quotes=True).text if isinstance(html, str) else ""


def _followed(ticket: Mapping[str, Any]) -> object:
    """The ticket that this one follows up, if it does."""
    via = ticket.get("via")
    source = via.get("source") if isinstance(via, Mapping) else None
    if not isinstance(source, Mapping) or source.get("rel") != "follow_up":
        return None
    above = source.get("from")
    return above.get("ticket_id") if isinstance(above, Mapping) else None


def _author(number: object, desk: Desk) -> str | None:
    return f"{desk.host}/users/{number}" if isinstance(number, int) else None


def _time(item: Mapping[str, Any], name: str) -> datetime:
    at = parse_time(item.get(name))
    if at is None:
        raise ValueError(f"`{name}` is not a time")
    return at

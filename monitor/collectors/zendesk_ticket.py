"""Zendesk's tickets and comments as Mentions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.collectors.desk import Desk, DeskKind, subject_and_description
from monitor.collectors.html_text import clean_text, html_to_text
from monitor.mention import Mention

PLATFORM = "zendesk"
ZENDESK = DeskKind(PLATFORM, agents="agent", people="users", comments="comments")


def ticket_of(ticket: Mapping[str, Any], desk: Desk) -> Mention:
    """A ticket by its subject and description. Raises ValueError."""
    description = ticket.get("description") or ""
    if not isinstance(description, str):
        raise ValueError("a ticket whose description is no text")
    subject = ticket.get("subject") or ticket.get("raw_subject") or ""
    return desk.ticket(ticket, subject_and_description(subject, clean_text(description)), _followed(ticket))


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
    return desk.comment(comment, number, text, comment.get("author_id")) if text else None


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

"""Freshdesk's tickets and conversations as Mentions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from monitor.collectors.desk import Desk, DeskKind, subject_and_description
from monitor.collectors.html_text import clean_text, html_to_text
from monitor.mention import Mention

PLATFORM = "freshdesk"
FRESHDESK = DeskKind(PLATFORM, agents="a", people="contacts", comments="conversations")


def number_in(global_id: str, desk: Desk) -> str | None:
    """The number of one of the desk's tickets; None for anything else."""
    found = re.fullmatch(rf"{re.escape(desk.host)}/tickets/(\d{{1,18}})", global_id)
    return found[1] if found else None


def ticket_of(ticket: Mapping[str, Any], desk: Desk) -> Mention:
    """A ticket by its subject and description. Raises ValueError."""
    description = _plain(ticket, "description_text", "description")
    return desk.ticket(ticket, subject_and_description(ticket.get("subject") or "", description))


def comment_of(entry: Mapping[str, Any], number: str, desk: Desk) -> Mention | None:
    """A customer's part of a conversation; None for notes and agents' answers. Raises ValueError."""
    if entry.get("incoming") is not True or entry.get("private") is not False:
        return None
    text = _plain(entry, "body_text", "body")
    return desk.comment(entry, number, text, entry.get("user_id")) if text else None


def _plain(item: Mapping[str, Any], text_name: str, html_name: str) -> str:
    """The text field where there is one, else the HTML one without what it quotes."""
    text, html = item.get(text_name), item.get(html_name)
    if isinstance(text, str) and text.strip():
        return clean_text(text)
    return html_to_text(html, drop_quotes=True).text if isinstance(html, str) else ""

"""What the tickets of every support desk have in common: ids, addresses, and how they become Mentions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from monitor.collectors.html_text import clean_text
from monitor.collectors.times import parse_time
from monitor.mention import Mention, MentionKind


@dataclass(frozen=True, slots=True)
class DeskKind:
    """A desk's software: its platform, where agents see tickets, and what it calls people and comments."""

    platform: str
    agents: str
    people: str
    comments: str


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk: its software and address, and what the source adds to each mention."""

    kind: DeskKind
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

    def ticket(self, ticket: Mapping[str, Any], text: str, above: object = None) -> Mention:
        """A ticket with this text; `above` is the number of the one that it follows up. Raises ValueError."""
        created, updated = _time(ticket, "created_at"), parse_time(ticket.get("updated_at"))
        number = self.ticket_id(ticket.get("id"))
        return Mention(
            platform=self.kind.platform,
            global_id=number,
            source=self.source,
            text=text,
            created_at=created,
            kind=MentionKind.TICKET,
            url=self._agent_url(ticket["id"]),
            author=self._author(ticket.get("requester_id")),
            parent_id=self.ticket_id(above) if above is not None else None,
            thread_id=number,
            language=self.language,
            edited_at=updated if updated and updated > created else None,
        )

    def comment(self, entry: Mapping[str, Any], number: str, text: str, author: object) -> Mention:
        """What somebody added to the ticket of that number. Raises ValueError."""
        ticket = self.ticket_id(number)
        return Mention(
            platform=self.kind.platform,
            global_id=f"{ticket}/{self.kind.comments}/{int(entry['id'])}",
            source=self.source,
            text=text,
            created_at=_time(entry, "created_at"),
            kind=MentionKind.COMMENT,
            url=self._agent_url(number),
            author=self._author(author),
            parent_id=ticket,
            thread_id=ticket,
            language=self.language,
        )

    def _agent_url(self, number: object) -> str:
        return f"{self.url}/{self.kind.agents}/tickets/{number}"

    def _author(self, number: object) -> str | None:
        return f"{self.host}/{self.kind.people}/{number}" if isinstance(number, int) else None


def subject_and_description(subject: object, description: str) -> str:
    """A ticket's text; the subject is not repeated where the description begins with it. Raises ValueError."""
    if not isinstance(subject, str):
        raise ValueError("a ticket whose subject is no text")
    plain = clean_text(subject)
    text = description if description.startswith(plain) else f"{plain}\n{description}".strip()
    if not text:
        raise ValueError("a ticket without subject and description")
    return text


def _time(item: Mapping[str, Any], name: str) -> datetime:
    at = parse_time(item.get(name))
    if at is None:
        raise ValueError(f"`{name}` is not a time")
    return at

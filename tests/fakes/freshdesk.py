"""A fake Freshdesk: tickets by last change to the second, pages with a Link header, conversations, one ticket."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from tests.fakes.platform_server import FakePlatform

URL = "https://nordtag.freshdesk.example"
CUSTOMER, AGENT = 501, 77


@dataclass
class FakeFreshdesk(FakePlatform):
    """The desk."""

    page_size: int = 5
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    conversations: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False

    def add(self, text: str, at: datetime, **more: Any) -> int:
        number = len(self.tickets) + 1
        self.tickets[number] = {
            "id": number,
            "subject": "Ärende",
            "description": f"<div>{text}</div>",
            "description_text": text,
            "status": 2,
            "source": 1,
            "spam": False,
            "requester_id": CUSTOMER,
            "created_at": iso(at),
            "updated_at": iso(self.clock.now()),
            **more,
        }
        return number

    def say(
        self, number: int, text: str, *, incoming: bool = True, private: bool = False, **more: Any
    ) -> dict[str, Any]:
        entry = {"id": 900 + sum(map(len, self.conversations.values())), "ticket_id": number, "body_text": text}
        entry |= {"incoming": incoming, "private": private, "user_id": CUSTOMER if incoming else AGENT}
        entry |= {"created_at": iso(self.clock.now()), **more}
        self.conversations.setdefault(number, []).append(entry)
        self.touch(number)
        return entry

    def touch(self, number: int, **more: Any) -> None:
        self.tickets[number] |= {"updated_at": iso(self.clock.now()), **more}

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path, request.url.params
        if path == "/api/v2/tickets":
            return self._list(params)
        found = re.fullmatch(r"/api/v2/tickets/(\d+)(/conversations)?", path)
        if found is None or int(found[1]) not in self.tickets:
            return httpx.Response(404)
        if found[2]:
            size = int(params.get("per_page", "30"))
            start = (int(params.get("page", "1")) - 1) * size
            return httpx.Response(200, json=self.conversations.get(int(found[1]), [])[start : start + size])
        return httpx.Response(200, json=self.tickets[int(found[1])])

    def _list(self, params: httpx.QueryParams) -> httpx.Response:
        since = params.get("updated_since", "")
        found = [ticket for ticket in self.tickets.values() if ticket["updated_at"] >= since]
        found.sort(key=lambda ticket: ticket["updated_at"])
        start = (int(params.get("page", "1")) - 1) * self.page_size
        page = found[start : start + self.page_size]
        if self.endless and not page:
            page = found[-self.page_size :]
        more = start + self.page_size < len(found) or self.endless
        headers = {"link": f'<{URL}/api/v2/tickets?page=2>; rel="next"'} if more else {}
        return httpx.Response(200, json=[*page, *(self.raw_extra if page else [])], headers=headers)


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")

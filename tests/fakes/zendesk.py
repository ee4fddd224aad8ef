"""A fake Zendesk account: the incremental export by cursor, and tickets' comments.

Each change moves a ticket to the end of the export, under a cursor that never expires; deleted tickets are
exported with their texts scrubbed.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from tests.fakes.platform_server import FakePlatform

URL = "https://nordtag.zendesk.example"
CUSTOMER, AGENT = 501, 77


@dataclass
class FakeZendesk(FakePlatform):
    """The account. `changed` holds ticket numbers in the order of their last change."""

    page_size: int = 5
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    changed: list[tuple[int, datetime]] = field(default_factory=list)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False
    cursors_void: bool = False

    def add(self, text: str, at: datetime, **more: Any) -> int:
        number = 1000 + len(self.tickets)
        self.tickets[number] = {
            "id": number,
            "url": f"{URL}/api/v2/tickets/{number}.json",
            "subject": "Ärende",
            "description": text,
            "status": "new",
            "requester_id": CUSTOMER,
            "submitter_id": CUSTOMER,
            "via": {"channel": "email", "source": {"from": {}, "rel": None}},
            "created_at": iso(at),
            "updated_at": iso(at),
            **more,
        }
        self.comments[number] = []
        self.comment(number, text, at, quiet=True)
        self.changed.append((number, self.clock.now()))
        return number

    def comment(
        self, number: int, text: str, at: datetime, *, author: int = CUSTOMER, quiet: bool = False, **more: Any
    ) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": 9000 + sum(map(len, self.comments.values())),
            "author_id": author,
            "public": True,
        }
        made |= {"plain_body": text, "created_at": iso(at), **more}
        self.comments[number].append(made)
        if not quiet:
            self.touch(number)
        return made

    def touch(self, number: int, **more: Any) -> None:
        self.tickets[number] |= {"updated_at": iso(self.clock.now()), **more}
        self.changed.append((number, self.clock.now()))

    def answer(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        if request.url.path == "/api/v2/incremental/tickets/cursor.json":
            return self._export(params)
        if request.url.path == "/api/v2/tickets/show_many.json":
            shown = [self.tickets[n] for n in map(int, params["ids"].split(",")) if n in self.tickets]
            return httpx.Response(200, json={"tickets": shown, "count": len(shown)})
        found = re.fullmatch(r"/api/v2/tickets/(\d+)/comments\.json", request.url.path)
        if found is None or int(found[1]) not in self.comments:
            return httpx.Response(404, json={"error": "RecordNotFound", "description": "Not found"})
        newest = list(reversed(self.comments[int(found[1])]))
        return httpx.Response(200, json={"comments": newest[:100], "meta": {"has_more": len(newest) > 100}})

    def _export(self, params: httpx.QueryParams) -> httpx.Response:
        if "cursor" in params:
            if self.cursors_void:
                return httpx.Response(400, json={"error": "InvalidCursor"})
            try:
                place = int(base64.b64decode(params["cursor"]))
            except ValueError:
                return httpx.Response(400, json={"error": "InvalidCursor"})
        else:
            since = int(params["start_time"])
            place = next(
                (i for i, (_, at) in enumerate(self.changed) if at.timestamp() >= since), len(self.changed)
            )
        page = self.changed[place : place + self.page_size]
        last = {number: i for i, (number, _) in enumerate(self.changed)}
        shown = [self.tickets[number] for i, (number, _) in enumerate(page, place) if last[number] == i]
        end = place + len(page)
        return httpx.Response(
            200,
            json={
                "tickets": [*shown, *(self.raw_extra if shown else [])],
                "after_cursor": base64.b64encode(str(end).encode()).decode(),
                "end_of_stream": end >= len(self.changed) and not self.endless,
            },
        )


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")

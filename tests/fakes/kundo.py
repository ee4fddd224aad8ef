"""A fake kundo.se with one public forum, as its API is documented: arrays, `start`, times in Swedish."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.fakes.platform_server import FakePlatform

API = "https://kundo.example"


@dataclass
class FakeKundo(FakePlatform):
    """The forum `nordtag`."""

    page_size: int = 5
    dialogs: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False

    def add(self, text: str, at: datetime, **more: Any) -> str:
        number = 100 + len(self.dialogs)
        self.dialogs[number] = self._entry(number, text, at) | {"title": "Fråga", "topic": "P", **more}
        return f"kundo.example/nordtag/{number}"

    def comment(self, dialog: str, text: str, at: datetime) -> None:
        number = int(dialog.rpartition("/")[2])
        entries = self.comments.setdefault(number, [])
        entries.append(self._entry(9000 + len(entries), text, at))

    def _entry(self, number: int, text: str, at: datetime) -> dict[str, Any]:
        local = at.astimezone(ZoneInfo("Europe/Stockholm")).replace(tzinfo=None)
        return {
            "id": number,
            "text": text,
            "pub_date": local.isoformat(sep=" ", timespec="seconds"),
            "absolute_url": f"/org/nordtag/d/{number}/",
            "user": {"first_name": "Anna"},
        }

    def answer(self, request: httpx.Request) -> httpx.Response:
        path, params = request.url.path, request.url.params
        if path == "/api/nordtag.json":
            return httpx.Response(200, json=self._latest(int(params.get("start", "0"))))
        found = re.fullmatch(r"/api/(dialog|comment)/nordtag/(\d+)\.json", path)
        number = int(found[2]) if found else 0
        if found is None or number not in self.dialogs:
            return httpx.Response(404)
        return httpx.Response(
            200, json=self.dialogs[number] if found[1] == "dialog" else self.comments.get(number, [])
        )

    def _latest(self, start: int) -> list[Any]:
        newest = sorted(
            self.dialogs.values(), key=lambda dialog: (str(dialog["pub_date"]), dialog["id"]), reverse=True
        )
        page = newest[start : start + self.page_size]
        if self.endless and not page:
            page = newest[: self.page_size]
        return [*page, *(self.raw_extra if page else [])]

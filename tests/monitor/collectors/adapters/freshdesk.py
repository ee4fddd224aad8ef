"""The contract suite's adapter for Freshdesk."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.freshdesk import FreshdeskOptions
from tests.fakes.freshdesk import URL, FakeFreshdesk
from tests.monitor.collectors.contract import SECRET, Adapter


class FreshdeskAdapter(Adapter):
    type_name = "freshdesk"
    not_applicable: ClassVar = {"not_modified": "lists are asked by time; they are never answered with 304"}

    platform: FakeFreshdesk

    def make_platform(self) -> FakeFreshdesk:
        return FakeFreshdesk(self.clock)

    def options(self) -> FreshdeskOptions:
        return FreshdeskOptions(name="desk", url=URL, api_key=SecretStr(SECRET))

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return f"nordtag.freshdesk.example/tickets/{self.platform.add(text, at)}"

    def edit(self, global_id: str, text: str) -> None:
        self.platform.touch(int(global_id.rpartition("/")[2]), description_text=text)

    def delete(self, global_id: str) -> None:
        number = int(global_id.rpartition("/")[2])
        self.platform.tickets[number] |= {"updated_at": "2000-01-01T00:00:00Z", "deleted": True}

    def add_malformed(self) -> None:
        self.platform.raw_extra = [{"id": None, "subject": "x"}, {"id": 7, "subject": 3}, "text"]

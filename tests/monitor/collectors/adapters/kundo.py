"""The contract suite's adapter for Kundo's forums."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from monitor.collectors.kundo import KundoOptions
from tests.fakes.kundo import API, FakeKundo
from tests.monitor.collectors.contract import Adapter


class KundoAdapter(Adapter):
    type_name = "kundo"
    not_applicable: ClassVar = {"not_modified": "lists are asked for without validators; there is no 304"}

    platform: FakeKundo

    def make_platform(self) -> FakeKundo:
        return FakeKundo(self.clock)

    def options(self) -> KundoOptions:
        return KundoOptions(name="kundo", forums=("nordtag",), api_url=API)

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return self.platform.add(text, at)

    def edit(self, global_id: str, text: str) -> None:
        self.platform.dialogs[int(global_id.rpartition("/")[2])]["text"] = text

    def delete(self, global_id: str) -> None:
        del self.platform.dialogs[int(global_id.rpartition("/")[2])]

    def add_malformed(self) -> None:
        self.platform.raw_extra = [{"id": "x", "text": "y"}, {"id": 7, "text": 3}, "text", {"id": 8}]

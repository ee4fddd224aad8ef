"""The contract suite's adapter for Lemmy."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from monitor.collectors.lemmy import LemmyOptions
from tests.fakes.lemmy import HOST, FakeLemmy
from tests.monitor.collectors.contract import Adapter


class LemmyAdapter(Adapter):
    type_name = "lemmy"
    latest = timedelta(minutes=119)
    not_applicable: ClassVar = {"not_modified": "a search is asked for without validators; there is no 304"}

    platform: FakeLemmy

    def make_platform(self) -> FakeLemmy:
        return FakeLemmy(self.clock)

    def options(self) -> LemmyOptions:
        return LemmyOptions(name="lemmy", instances=(HOST,), words=("nordtåg",))

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return self.platform.add(text, at, parent=parent)

    def edit(self, global_id: str, text: str) -> None:
        self.platform.find(global_id).update(name=text, updated=self.clock.now().isoformat())

    def delete(self, global_id: str) -> None:
        self.platform.find(global_id).update(deleted=True, name="", body="")

    def add_malformed(self) -> None:
        self.platform.raw_extra = [
            "text",
            {"post": {}},
            {"post": {"ap_id": "https://x.example/post/1", "name": 7}},
        ]

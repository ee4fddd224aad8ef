"""The contract suite's adapter for Bluesky: its stream in version 2."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.base import Collector
from monitor.collectors.bluesky import BlueskyCollector
from monitor.collectors.bluesky_options import BlueskyOptions
from tests.fakes.bluesky import API, V2, FakeBluesky
from tests.monitor.collectors.contract import SECRET, Adapter


class BlueskyAdapter(Adapter):
    type_name = "bluesky"
    not_applicable: ClassVar = {
        "not_modified": "a stream is opened or not; there is no 304",
        "endless_paging": "a stream is endless by nature; test_bluesky.py holds that it is left after a while",
    }

    platform: FakeBluesky

    def make_platform(self) -> FakeBluesky:
        return FakeBluesky(self.clock)

    def options(self) -> BlueskyOptions:
        return BlueskyOptions(
            name="bluesky",
            streams=(V2,),
            api_url=API,
            login_url=API,
            identifier="nordtag.example",
            password=SecretStr(SECRET),
        )

    def build(self) -> Collector:
        collector = super().build()
        assert isinstance(collector, BlueskyCollector)
        collector.connect = self.platform.connect
        return collector

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return self.platform.add(text, at, parent=parent)

    def edit(self, global_id: str, text: str) -> None:
        self.platform.edit(global_id, text)

    def delete(self, global_id: str) -> None:
        self.platform.remove(global_id, told=False)

    def add_malformed(self) -> None:
        self.platform.raw = ["no JSON", "[]", '{"$type": "message", "payload": {"$type": "#commit", "seq": 1}}']

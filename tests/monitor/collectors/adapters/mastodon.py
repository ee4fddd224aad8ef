"""The contract suite's adapter for Mastodon."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.base import Collector
from monitor.collectors.mastodon import MastodonCollector
from monitor.collectors.mastodon_options import MastodonOptions
from tests.fakes.mastodon import HOST, FakeMastodon
from tests.monitor.collectors.contract import SECRET, Adapter


class MastodonAdapter(Adapter):
    type_name = "mastodon"
    latest = timedelta(minutes=119)
    not_applicable: ClassVar = {
        "not_modified": "timelines are asked for by id; a server never answers them with 304"
    }

    platform: FakeMastodon

    def make_platform(self) -> FakeMastodon:
        return FakeMastodon(self.clock)

    def options(self) -> MastodonOptions:
        return MastodonOptions(name="fediverse", instance=HOST, token=SecretStr(SECRET), hashtags=("nordtåg",))

    def build(self) -> Collector:
        collector = super().build()
        assert isinstance(collector, MastodonCollector)
        collector.live.connect = self.platform.connect
        return collector

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return str(self.platform.add(text, at, parent=parent)["uri"])

    def edit(self, global_id: str, text: str) -> None:
        status = self.platform.by_uri(global_id)
        status["content"] = f"<p>{text}</p>"
        status["edited_at"] = self.clock.now().isoformat()

    def delete(self, global_id: str) -> None:
        self.platform.remove(global_id)

    def add_malformed(self) -> None:
        self.platform.raw_extra = [{"id": "9", "content": 7}, "text", {"id": "7", "uri": "x:1", "account": "anna"}]

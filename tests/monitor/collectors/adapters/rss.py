"""The contract suite's adapter for feeds."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from monitor.collectors.rss import RssOptions
from tests.fakes.rss import FakeFeed
from tests.monitor.collectors.contract import Adapter


class RssAdapter(Adapter):
    type_name = "rss"
    not_applicable: ClassVar = {
        "endless_paging": "a feed is one document; there are no pages",
        "duplicate_pages": "a feed is one document; there are no pages",
        "failing_in_the_middle_of_a_walk": "a feed is one document; there are no pages",
        "deletion": "an entry that leaves a feed is not deleted: feeds show only the latest",
    }

    platform: FakeFeed

    def make_platform(self) -> FakeFeed:
        return FakeFeed(self.clock)

    def options(self) -> RssOptions:
        return RssOptions(name="nyheter", urls=("https://news.example/feed.xml",), kind="news")

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return f"news.example/{self.platform.add(text, at).guid}"

    def edit(self, global_id: str, text: str) -> None:
        item = next(item for item in self.platform.items if global_id.endswith(item.guid))
        item.title = text

    def add_malformed(self) -> None:
        self.platform.extra_xml = (
            "<item><guid>x</guid><title>nordtåg</title><pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate></item>"
        )

    def delete(self, global_id: str) -> None:
        self.platform.items = [item for item in self.platform.items if not global_id.endswith(item.guid)]

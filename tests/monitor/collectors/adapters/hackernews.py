"""The contract suite's adapter for Hacker News."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from monitor.collectors.hackernews import SITE, HackerNewsOptions
from tests.fakes.hackernews import ITEMS, SEARCH, FakeHackerNews
from tests.monitor.collectors.contract import Adapter


class HackerNewsAdapter(Adapter):
    type_name = "hackernews"
    not_applicable: ClassVar = {"not_modified": "a search is asked for without validators; there is no 304"}

    platform: FakeHackerNews

    def make_platform(self) -> FakeHackerNews:
        return FakeHackerNews(self.clock)

    def options(self) -> HackerNewsOptions:
        return HackerNewsOptions(name="hn", words=("nordtåg",), search_url=SEARCH, items_url=ITEMS)

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return f"{SITE}/{self.platform.add(text, at, parent=int(parent.rpartition('/')[2]) if parent else None)}"

    def edit(self, global_id: str, text: str) -> None:
        self.platform.posts[int(global_id.rpartition("/")[2])]["title"] = text

    def delete(self, global_id: str) -> None:
        self.platform.gone.add(int(global_id.rpartition("/")[2]))

    def add_malformed(self) -> None:
        self.platform.raw_extra = [{"objectID": "x"}, "text", {"objectID": "7", "title": 3}, {"objectID": "8"}]

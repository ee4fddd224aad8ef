"""The contract suite's adapter for the App Store."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from monitor.collectors.app_store import AppStoreOptions
from tests.fakes.app_store import API, FakeAppStore
from tests.monitor.collectors.contract import Adapter


class AppStoreAdapter(Adapter):
    type_name = "app_store"
    not_applicable: ClassVar = {
        "not_modified": "feeds are asked for without validators; there is no 304",
        "deletion": "a review that leaves a feed is not deleted: feeds show the newest five hundred",
    }

    platform: FakeAppStore

    def make_platform(self) -> FakeAppStore:
        return FakeAppStore(self.clock)

    def options(self) -> AppStoreOptions:
        return AppStoreOptions(name="app", apps=(123,), countries=("se",), api_url=API)

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return self.platform.add(text, at)

    def edit(self, global_id: str, text: str) -> None:
        self.platform.by_id(global_id).update(text=text, at=self.clock.now())

    def delete(self, global_id: str) -> None:
        self.platform.reviews.remove(self.platform.by_id(global_id))

    def add_malformed(self) -> None:
        self.platform.raw_extra = (
            "<entry><id>x</id><im:rating>1</im:rating><title>a</title></entry>"
            "<entry><id>8</id><im:rating>9</im:rating><title>a</title></entry>"
            "<entry><id>9</id><im:rating>1</im:rating></entry>"
        )

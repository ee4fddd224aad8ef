"""The contract suite's adapter for Stack Exchange."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.base import WatchedThread
from monitor.collectors.stackexchange import StackExchangeOptions
from tests.fakes.stackexchange import API, FakeStackExchange
from tests.monitor.collectors.contract import SECRET, Adapter


class StackExchangeAdapter(Adapter):
    type_name = "stackexchange"
    not_applicable: ClassVar = {"not_modified": "a search is asked for without validators; there is no 304"}

    platform: FakeStackExchange

    def make_platform(self) -> FakeStackExchange:
        return FakeStackExchange(self.clock)

    def options(self) -> StackExchangeOptions:
        return StackExchangeOptions(name="so", words=("nordtåg",), key=SecretStr(SECRET), api_url=API)

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return self.platform.add(text, at, parent=parent)

    def edit(self, global_id: str, text: str) -> None:
        self.platform.find(global_id)["body"] = f"<p>{text}</p>"
        self.platform.find(global_id)["last_edit_date"] = int(self.clock.now().timestamp())

    def delete(self, global_id: str) -> None:
        self.platform.remove(global_id)
        self.gone = (*getattr(self, "gone", ()), global_id)

    def watched(self) -> tuple[WatchedThread, ...]:
        roots = [f"stackoverflow/questions/{n}" for n in self.platform.posts["questions"]]
        return tuple(
            WatchedThread("stackexchange", root, None, 0, self.clock.now(), hot=True)
            for root in (*roots, *getattr(self, "gone", ()))
        )

    def add_malformed(self) -> None:
        self.platform.raw_extra = [{"title": "x"}, "text", {"question_id": 7, "title": 3}, {"question_id": "8"}]

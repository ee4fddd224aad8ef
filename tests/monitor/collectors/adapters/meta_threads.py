"""The contract suite's adapter for Threads: in turn replies under a post of the account, and posts of others."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar

from pydantic import SecretStr

from monitor.collectors.meta_threads import ThreadsOptions
from tests.fakes.meta_threads import OWN, FakeThreads
from tests.monitor.collectors.contract import SECRET, Adapter


class MetaThreadsAdapter(Adapter):
    type_name = "meta_threads"
    not_applicable: ClassVar = {"not_modified": "the Threads API is asked without validators; there is no 304"}

    platform: FakeThreads

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.numbers = count()
        self.own = self.platform.add(None, self.clock.now() - timedelta(days=2), by=OWN)
        self.platform.add("one of the many", self.clock.now() - timedelta(days=9))

    def make_platform(self) -> FakeThreads:
        return FakeThreads(self.clock, token=SECRET)

    def options(self) -> ThreadsOptions:
        return ThreadsOptions(
            name="threads", access_token=SecretStr(SECRET), words=("nordtåg",), api_url="https://graph.example"
        )

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        answers = parent.rpartition("/")[2] if parent is not None else None
        if parent is not None or next(self.numbers) % 2 == 0:
            return f"threads.net/{self.platform.add(text, at, under=self.own, answers=answers)}"
        return f"threads.net/{self.platform.add(text, at)}"

    def edit(self, global_id: str, text: str) -> None:
        self.platform.posts[global_id.rpartition("/")[2]]["text"] = text

    def delete(self, global_id: str) -> None:
        self.platform.remove(global_id.rpartition("/")[2])

    def add_malformed(self) -> None:
        self.platform.raw_extra = [{"id": "x"}, "text", {"id": "7", "text": 7}, {"text": "utan nummer"}]

"""The contract suite's adapter for X: posts are read at every poll, whatever they cost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.x_options import XOptions
from monitor.collectors.x_post import POST
from tests.fakes.x import API, FakeX
from tests.monitor.collectors.contract import SECRET, Adapter


class XAdapter(Adapter):
    type_name = "x"
    latest = timedelta(minutes=9)  # an id holds the time of its post: none turns up later below known ones
    not_applicable: ClassVar = {
        "not_modified": "answers are paid by what they hold; there is no 304",
        "out_of_order_pages": "the platform pages by id, and an id is its time",
    }

    platform: FakeX

    def make_platform(self) -> FakeX:
        return FakeX(self.clock, token=SECRET)

    def options(self) -> XOptions:
        return XOptions(name="x", token=SecretStr(SECRET), dollars_a_day=1_000, posts="always", api_url=API)

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return POST + self.platform.add(text, at, parent=parent.removeprefix(POST) if parent else None)

    def edit(self, global_id: str, text: str) -> None:
        self.platform.edit(global_id.removeprefix(POST), text, self.clock.now())

    def delete(self, global_id: str) -> None:
        self.platform.gone[global_id.removeprefix(POST)] = "deleted"

    def add_malformed(self) -> None:
        self.platform.raw_extra = [{"id": "x", "text": "y"}, "text", {"id": "7", "text": 3}, {"text": "no id"}]

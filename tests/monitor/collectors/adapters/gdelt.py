"""The contract suite's adapter for GDELT."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from monitor.collectors.gdelt import GdeltOptions
from tests.fakes.gdelt import FILES, FakeGdelt
from tests.monitor.collectors.contract import Adapter


class GdeltAdapter(Adapter):
    type_name = "gdelt"
    not_applicable: ClassVar = {
        "not_modified": "a list of three lines is asked for whole; files never change",
        "endless_paging": "a quarter of an hour is one file; there are no pages",
        "edit": "an article is listed when it was read, and not again",
        "deletion": "the files do not tell what a site took away",
        "deleted_parent": "articles answer nothing",
    }

    platform: FakeGdelt

    def make_platform(self) -> FakeGdelt:
        return FakeGdelt(self.clock)

    def options(self) -> GdeltOptions:
        return GdeltOptions(name="gdelt", api_url=FILES)

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return self.platform.add(text)

    def add_malformed(self) -> None:
        self.platform.pending += ["nordtåg\tnordtåg", "\t" * 26 + "x"]
        self.platform.add_row("ftp://x", "nordtåg", "swe", "x.example")

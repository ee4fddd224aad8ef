"""The contract suite's adapter for Zendesk."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.zendesk import ZendeskOptions
from tests.fakes.zendesk import URL, FakeZendesk
from tests.monitor.collectors.contract import SECRET, Adapter


class ZendeskAdapter(Adapter):
    type_name = "zendesk"
    not_applicable: ClassVar = {"not_modified": "the export is asked by cursor; it never answers with 304"}

    platform: FakeZendesk

    def make_platform(self) -> FakeZendesk:
        return FakeZendesk(self.clock)

    def options(self) -> ZendeskOptions:
        return ZendeskOptions(name="desk", url=URL, email="lead@nordtag.example", token=SecretStr(SECRET))

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        via = (
            {"source": {"rel": "follow_up", "from": {"ticket_id": int(parent.rpartition("/")[2])}}}
            if parent
            else {}
        )
        return f"nordtag.zendesk.example/tickets/{self.platform.add(text, at, via={'channel': 'email', **via})}"

    def edit(self, global_id: str, text: str) -> None:
        self.platform.touch(int(global_id.rpartition("/")[2]), description=text)

    def delete(self, global_id: str) -> None:
        self.platform.touch(
            int(global_id.rpartition("/")[2]), status="deleted", subject="SCRUBBED", description="X"
        )

    def add_malformed(self) -> None:
        self.platform.raw_extra = [{"id": None, "subject": "x"}, {"id": 7, "subject": 3}, {"id": 8}]

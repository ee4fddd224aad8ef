"""The contract suite's adapter for mailboxes."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.base import Collector
from monitor.collectors.imap import ImapCollector, ImapOptions
from tests.fakes.imap import FakeImap
from tests.monitor.collectors.contract import SECRET, Adapter


class ImapAdapter(Adapter):
    type_name = "imap"
    page_size = 20
    not_applicable: ClassVar = {
        "not_modified": "the protocol has no such answer",
        "rate_limited": "the protocol has no such answer: a server hangs up or refuses the login",
        "endless_paging": "there are no pages: a search names all mails at once",
        "calls_are_declared": "no HTTP calls; test_imap.py holds that only reading commands are sent",
        "edit": "a mail that was sent cannot be changed",
        "deletion": "a mail that is deleted or moved by those who work with it was sent all the same",
    }

    platform: FakeImap

    def make_platform(self) -> FakeImap:
        return FakeImap(self.clock)

    def options(self) -> ImapOptions:
        return ImapOptions(
            name="mail", host="imap.example", user="kund@nordtag.example", password=SecretStr(SECRET)
        )

    def build(self) -> Collector:
        collector = super().build()
        assert isinstance(collector, ImapCollector)
        collector.connect = self.platform.connect
        return collector

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        more = {"In_Reply_To": f"<{parent}>"} if parent else {}
        return self.platform.add(text, at, **more)

    def delete(self, global_id: str) -> None:
        self.platform.folders["INBOX"] = []

    def add_malformed(self) -> None:
        self.platform.put(b"", self.clock.now())
        self.platform.put(b"\xff\x00 no mail at all", self.clock.now())
        self.platform.put(b"From: x@y.example\r\n\r\n> bara citat", self.clock.now())

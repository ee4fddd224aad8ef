"""The contract suite's adapter for Telegram."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.telegram import TelegramOptions
from tests.fakes.telegram import API, FakeTelegram
from tests.monitor.collectors.contract import SECRET, Adapter


class TelegramAdapter(Adapter):
    type_name = "telegram"
    not_applicable: ClassVar = {
        "not_modified": "updates are asked for by number; there is no 304",
        "deletion": "the platform tells a bot nothing of deletions, and a bot cannot read a message again",
    }

    platform: FakeTelegram

    def make_platform(self) -> FakeTelegram:
        return FakeTelegram(self.clock, token=SECRET, page_size=5)

    def options(self) -> TelegramOptions:
        return TelegramOptions(name="telegram", token=SecretStr(SECRET), api_url=API)

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return self.platform.post(text, at, parent=parent)

    def edit(self, global_id: str, text: str) -> None:
        self.platform.edit(global_id, text)

    def delete(self, global_id: str) -> None:
        del self.platform.messages[global_id]

    def add_malformed(self) -> None:
        self.platform.raw_extra = [
            "text",
            {"update_id": 1, "message": 7},
            {"update_id": 2, "channel_post": {"chat": {"type": "channel"}, "text": "x"}},
        ]

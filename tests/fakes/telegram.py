"""A fake Telegram Bot API: updates by number, confirmed by the next offset, kept for a day."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import httpx

from tests.fakes.platform_server import FakePlatform

API = "https://telegram.example"
CHANNEL = {"id": -1001961815317, "title": "Nordtåg trafik", "username": "nordtag", "type": "channel"}
GROUP = {"id": -1001906889117, "title": "Pendlarna", "type": "supergroup"}
PERSON = {"id": 214659520, "is_bot": False, "first_name": "Anna", "username": "anna", "language_code": "sv"}


@dataclass
class FakeTelegram(FakePlatform):
    """One bot. `updates` are those that were not confirmed yet, with the time at which they came."""

    token: str = "123456:ABC-def"
    page_size: int = 100
    updates: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    raw_extra: list[Any] = field(default_factory=list)
    endless: bool = False
    webhook: bool = False
    number: int = 115_121_080
    made: int = 20

    def post(self, words: str, at: datetime, *, parent: str | None = None, **more: Any) -> str:
        """A post in the channel, or an answer in the group."""
        self.made += 1
        message: dict[str, Any] = {
            "message_id": self.made,
            "chat": CHANNEL,
            "date": int(at.timestamp()),
            "text": words,
        }
        if parent is None and "chat" not in more:
            message["sender_chat"] = CHANNEL
        else:
            message |= {"chat": GROUP, "from": PERSON}
            answered = self.messages.get(parent or "")
            message |= {"reply_to_message": answered} if answered else {}
        message |= more
        self.messages[f"{message['chat']['id']}/{self.made}"] = message
        self.tell("channel_post" if message["chat"]["type"] == "channel" else "message", message)
        return f"{message['chat']['id']}/{self.made}"

    def edit(self, global_id: str, text: str) -> None:
        message = self.messages[global_id] | {"text": text, "edit_date": int(self.clock.now().timestamp())}
        self.tell("edited_channel_post" if message["chat"]["type"] == "channel" else "edited_message", message)

    def tell(self, kind: str, content: Any) -> None:
        self.number += 1
        self.updates.append((self.clock.now(), {"update_id": self.number, kind: content}))

    def answer(self, request: httpx.Request) -> httpx.Response:
        token, _, method = unquote(request.url.path).removeprefix("/bot").rpartition("/")
        if token != self.token:
            return self._error(401, "Unauthorized")
        if method == "getMe":
            me = {"id": 7, "is_bot": True, "username": "monitor_bot", "can_read_all_group_messages": True}
            return httpx.Response(200, json={"ok": True, "result": me})
        if method != "getUpdates":
            return self._error(404, "Not Found")
        if self.webhook:
            return self._error(409, "Conflict: can't use getUpdates method while webhook is active")
        return self._updates(request.url.params)

    def _updates(self, params: httpx.QueryParams) -> httpx.Response:
        assert json.loads(params["allowed_updates"]) == [
            "message", "edited_message", "channel_post", "edited_channel_post",
        ]  # fmt: skip
        if not self.endless:
            below = int(params.get("offset", 0))
            day_ago = self.clock.now() - timedelta(days=1, minutes=1)
            self.updates = [(at, u) for at, u in self.updates if u["update_id"] >= below and at >= day_ago]
        page = [update for _, update in self.updates][: min(self.page_size, int(params["limit"]))]
        extra, self.raw_extra = self.raw_extra if page else [], [] if page else self.raw_extra
        return httpx.Response(200, json={"ok": True, "result": [*extra, *page]})

    @staticmethod
    def _error(status: int, text: str) -> httpx.Response:
        return httpx.Response(status, json={"ok": False, "error_code": status, "description": text})

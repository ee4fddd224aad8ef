"""The contract suite's adapter for Instagram: in turn media that tag the account, and comments under its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar

from pydantic import SecretStr

from monitor.collectors.instagram import InstagramOptions
from tests.fakes.instagram import ACCOUNT, FakeInstagram
from tests.monitor.collectors.contract import SECRET, Adapter

APP_SECRET = "the-secret-of-the-app"


class InstagramAdapter(Adapter):
    type_name = "instagram"
    not_applicable: ClassVar = {
        "not_modified": "the Graph API is asked without validators; there is no 304",
        "deleted_parent": "what is deleted on Instagram takes everything under it along",
    }

    platform: FakeInstagram

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.numbers = count()
        self.own = self.platform.add_media(None, self.clock.now() - timedelta(days=2), by="nordtag")

    def make_platform(self) -> FakeInstagram:
        return FakeInstagram(self.clock, token=SECRET, app_secret=APP_SECRET)

    def options(self) -> InstagramOptions:
        return InstagramOptions(
            name="instagram",
            user_id=ACCOUNT,
            access_token=SecretStr(SECRET),
            app_secret=SecretStr(APP_SECRET),
            api_url="https://graph.example",
            every=timedelta(minutes=5),
        )

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        if next(self.numbers) % 2:
            return f"instagram.com/media/{self.platform.add_media(text, at, where='tags')}"
        return f"instagram.com/{ACCOUNT}/comment/{self.platform.add_comment(self.own, text, at)}"

    def edit(self, global_id: str, text: str) -> None:
        self.platform.comments[global_id.rpartition("/")[2]]["text"] = text

    def delete(self, global_id: str) -> None:
        self.platform.remove(global_id.rpartition("/")[2])

    def add_malformed(self) -> None:
        self.platform.raw_extra = [{"id": "x"}, "text", {"id": "7", "caption": 7}, {"caption": "utan nummer"}]

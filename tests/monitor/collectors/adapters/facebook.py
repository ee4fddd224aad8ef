"""The contract suite's adapter for Facebook: every second post is a comment under a post of the page's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar

from pydantic import SecretStr

from monitor.collectors.facebook import FacebookOptions
from monitor.collectors.facebook_post import number_in
from tests.fakes.facebook import PAGE, FakeFacebook
from tests.monitor.collectors.contract import SECRET, Adapter

APP_SECRET = "the-secret-of-the-app"


class FacebookAdapter(Adapter):
    type_name = "facebook"
    not_applicable: ClassVar = {
        "not_modified": "the Graph API is asked without validators; there is no 304",
        "deleted_parent": "what is deleted on Facebook takes everything under it along",
    }

    platform: FakeFacebook

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.numbers = count()
        self.own = self.platform.add_post(None, self.clock.now() - timedelta(days=2), author=PAGE)

    def make_platform(self) -> FakeFacebook:
        return FakeFacebook(self.clock, token=SECRET, app_secret=APP_SECRET)

    def options(self) -> FacebookOptions:
        return FacebookOptions(
            name="facebook",
            page_id=PAGE,
            access_token=SecretStr(SECRET),
            app_secret=SecretStr(APP_SECRET),
            api_url="https://graph.example",
        )

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        if parent is None and next(self.numbers) % 2:
            return f"facebook.com/{PAGE}/{self.platform.add_comment(self.own, text, at)}"
        return f"facebook.com/{self.platform.add_post(text, at)}"

    def edit(self, global_id: str, text: str) -> None:
        _, number = number_in(global_id) or (None, "")
        (self.platform.comments.get(number) or self.platform.posts[number])["message"] = text

    def delete(self, global_id: str) -> None:
        _, number = number_in(global_id) or (None, "")
        self.platform.remove(number)

    def add_malformed(self) -> None:
        self.platform.raw_extra = [
            {"id": "x"},
            "text",
            {"id": f"{PAGE}_1", "message": 7},
            {"message": "utan nummer"},
        ]

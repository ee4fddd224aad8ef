"""The contract suite's adapter for Google Play."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.google_play import HOST, GooglePlayOptions
from tests.fakes.google_play import API, APP, LOGIN, FakeGooglePlay, account_json
from tests.monitor.collectors.contract import Adapter


class GooglePlayAdapter(Adapter):
    type_name = "google_play"
    not_applicable: ClassVar = {"not_modified": "lists are asked for without validators; there is no 304"}

    platform: FakeGooglePlay

    def make_platform(self) -> FakeGooglePlay:
        return FakeGooglePlay(self.clock)

    def options(self) -> GooglePlayOptions:
        key = SecretStr(account_json())
        return GooglePlayOptions(name="play", apps=(APP,), service_account=key, api_url=API, login_url=LOGIN)

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return f"{HOST}{APP}/reviews/{self.platform.add(text, at)}"

    def edit(self, global_id: str, text: str) -> None:
        self.platform.change(global_id.rpartition("/")[2], text)

    def delete(self, global_id: str) -> None:
        del self.platform.reviews[global_id.rpartition("/")[2]]

    def add_malformed(self) -> None:
        comment = {"text": "x", "starRating": 9}
        self.platform.raw_extra = [
            "text",
            {"reviewId": "a b", "comments": []},
            {"reviewId": "c", "comments": [{"userComment": comment}]},
            {"reviewId": "d", "comments": [{"userComment": {"starRating": 1}}]},
            {"reviewId": "e"},
        ]

"""The contract suite's adapter for YouTube: comments under a video of an own channel."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.youtube import YouTubeOptions
from monitor.collectors.youtube_post import COMMENT
from tests.fakes.youtube import API, CHANNEL, FakeYouTube
from tests.monitor.collectors.contract import SECRET, Adapter


class YouTubeAdapter(Adapter):
    type_name = "youtube"
    not_applicable: ClassVar = {
        "not_modified": "a 304 costs as much as an answer, so no validators are sent",
        "deleted_parent": "the platform deletes the replies of a comment with it",
    }

    platform: FakeYouTube

    def make_platform(self) -> FakeYouTube:
        fake = FakeYouTube(self.clock, key=SECRET)
        self.video = fake.film("Vår film", self.clock.now(), channel=CHANNEL)
        return fake

    def options(self) -> YouTubeOptions:
        return YouTubeOptions(
            name="tube", api_key=SecretStr(SECRET), channels=(CHANNEL,), search=False, api_url=API
        )

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        below = parent.removeprefix(COMMENT) if parent else None
        return COMMENT + self.platform.comment(text, at, video=self.video, parent=below)

    def edit(self, global_id: str, text: str) -> None:
        self.platform.comments[global_id.removeprefix(COMMENT)].update(text=text, updated=self.clock.now())

    def delete(self, global_id: str) -> None:
        del self.platform.comments[global_id.removeprefix(COMMENT)]

    def add_malformed(self) -> None:
        self.platform.raw_extra = [
            {"id": "x", "snippet": {"topLevelComment": {"id": "x", "snippet": {"textOriginal": 3}}}},
            {"id": "y", "snippet": None},
            "text",
        ]

"""The contract suite's adapter for Discourse."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.discourse import DiscourseOptions
from tests.fakes.discourse import HOST, FakeDiscourse
from tests.monitor.collectors.contract import SECRET, Adapter


class DiscourseAdapter(Adapter):
    type_name = "discourse"
    not_applicable: ClassVar = {"not_modified": "posts are asked for without validators; there is no 304"}

    platform: FakeDiscourse

    def make_platform(self) -> FakeDiscourse:
        return FakeDiscourse(self.clock)

    def options(self) -> DiscourseOptions:
        return DiscourseOptions(
            name="forum", urls=(f"https://{HOST}",), api_key=SecretStr(SECRET), api_username="system"
        )

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        topic, answers = (int(part) for part in parent.split("/")[-2:]) if parent else (None, None)
        if topic is not None and not any(post["topic_id"] == topic for post in self.platform.posts.values()):
            self.platform.add("systemets ersättning", at, topic=topic, post_type=3)
        return self.platform.add(text, at, topic=topic, answers=answers)

    def edit(self, global_id: str, text: str) -> None:
        now = self.clock.now().isoformat()
        self.platform.by_id(global_id).update(cooked=f"<p>{text}</p>", version=2, updated_at=now)

    def delete(self, global_id: str) -> None:
        self.platform.remove(global_id)

    def add_malformed(self) -> None:
        self.platform.raw_extra = [{"id": 9, "cooked": 7}, "text", {"cooked": "<p>x</p>", "created_at": "igår"}]

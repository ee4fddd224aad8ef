"""The contract suite's adapter for Reddit: comments in a subreddit that is read as a whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.reddit_options import RedditOptions
from monitor.collectors.reddit_post import HOST
from tests.fakes.reddit import API, CLIENT, LOGIN, FakeReddit
from tests.monitor.collectors.contract import SECRET, Adapter


class RedditAdapter(Adapter):
    type_name = "reddit"
    not_applicable: ClassVar = {"not_modified": "lists are asked for without validators; there is no 304"}

    platform: FakeReddit

    def make_platform(self) -> FakeReddit:
        fake = FakeReddit(self.clock, secret=SECRET)
        self.link = fake.submit("Dagens tråd", self.clock.now(), subreddit="elsewhere")
        return fake

    def options(self) -> RedditOptions:
        return RedditOptions(
            name="reddit",
            approved=True,
            client_id=SecretStr(CLIENT),
            client_secret=SecretStr(SECRET),
            reddit_user="nordtag",
            subreddits=("sweden", "norge"),
            search=False,
            look_back=timedelta(days=1),
            api_url=API,
            login_url=LOGIN,
        )

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        parent = parent.removeprefix(HOST) if parent else self.link
        return HOST + self.platform.comment(text, at, parent=parent, subreddit="sweden")

    def edit(self, global_id: str, text: str) -> None:
        change = {"body": text, "edited": self.clock.now().timestamp()}
        self.platform.things[global_id.removeprefix(HOST)].update(change)

    def delete(self, global_id: str) -> None:
        self.platform.delete(global_id.removeprefix(HOST))

    def add_malformed(self) -> None:
        wrong = [{"name": "t1_x y"}, {"name": "t1_abc", "body": 3}, {"name": "t1_abd"}]
        self.platform.raw_extra = ["text", *({"kind": "t1", "data": data} for data in wrong)]

"""Every recorded answer of YouTube, X, Reddit and Trustpilot, whatever call it was given to, is borne by its
collector: sound mentions or a sentence, never anything unexpected. What right answers mean, their own tests hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from monitor.clock import SimulatedClock
from monitor.collecting import SourceRunner
from monitor.collectors.base import CollectContext, SourceOptions, WatchedThread
from monitor.collectors.http import Network
from monitor.collectors.reddit_options import RedditOptions
from monitor.collectors.registry import build
from monitor.collectors.trustpilot import TrustpilotOptions
from monitor.collectors.x_options import XOptions
from monitor.collectors.youtube import YouTubeOptions
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import exchanges, files

NOW = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
TOKEN = SecretStr("a-token-of-tests")
SOURCES: dict[str, tuple[SourceOptions, str, str]] = {
    "youtube": (
        YouTubeOptions(api_key=TOKEN, channels=("UCx",), videos=("vid00000000",)),
        "youtube.com/videos/vid00000001",
        "youtube.com/comments/Ug1",
    ),
    "x": (
        XOptions(token=TOKEN, dollars_a_day=100, posts="always", account_id="42"),
        "x.com/status/1578516068309794817",
        "x.com/status/1578516068309794818",
    ),
    "reddit": (
        RedditOptions(
            approved=True, client_id=TOKEN, client_secret=TOKEN, reddit_user="nordtag", subreddits=("sweden",)
        ),
        "reddit.com/t3_abc",
        "reddit.com/t1_abc",
    ),
    "trustpilot": (
        TrustpilotOptions(api_key=TOKEN, business_units=("nordtag.example",)),
        "",
        "trustpilot.com/reviews/a",
    ),
}
"""For each platform: a source, a thread to follow, a post to read again."""


def answers(path: Path) -> Iterator[httpx.Response]:
    """Everything in a recording."""
    if not path.name.endswith(".exchanges.json"):
        yield httpx.Response(200, content=path.read_bytes())
        return
    for exchange in exchanges(path):
        found = exchange["response"]
        headers = {k.lower(): v for k, v in (found["headers"] or {}).items() if "ratelimit" in k.lower()}
        yield httpx.Response(found["status"], content=(found["body"] or "").encode(), headers=headers)


def cases() -> list[Any]:
    return [
        pytest.param(platform, *one.values, marks=one.marks, id=f"{platform}/{one.id or 'absent'}")
        for platform in SOURCES
        for one in files(platform)
    ]


@pytest.mark.parametrize("logged_in", [True, False])
@pytest.mark.parametrize(("platform", "path"), cases())
def test_any_recorded_answer_to_any_call_is_borne(platform: str, path: Path, logged_in: bool) -> None:
    """The same answer to every call of a poll, the login's too or not."""
    options, thread, again = SOURCES[platform]
    for recorded in answers(path):

        def answer(request: httpx.Request, found: httpx.Response = recorded) -> httpx.Response:
            if logged_in and request.url.path == "/api/v1/access_token":
                return httpx.Response(200, json={"access_token": "another-token", "expires_in": 3600})
            if logged_in and request.url.path.endswith("/business-units/find"):
                return httpx.Response(200, json={"id": "46d6a890"})
            return httpx.Response(found.status_code, content=found.content, headers=found.headers)

        sink, clock = MemorySink(), SimulatedClock(NOW)
        watched = (WatchedThread(platform, thread, None, 0, NOW, hot=True),)
        runner = SourceRunner(
            options,
            build(options, Network(clock, transport=httpx.MockTransport(answer))),
            sink,
            clock,
            lambda source, now, watched=watched: CollectContext(now, watched, (again,), {"X": ("x",)}),  # type: ignore[misc]
            rng=Random(1),
        )
        outcome = runner.poll()
        assert "unexpected" not in outcome.health.error, outcome.health.error
        assert not outcome.failed or outcome.health.error.endswith((".", "!")), outcome.health.error
        assert TOKEN.get_secret_value() not in outcome.health.sentence()
        for mention in sink.mentions.values():
            assert mention.text
            assert mention.created_at is not None
            assert mention.created_at.tzinfo is not None

"""Every recorded answer, whatever call it was given to, comes to its collector: understood, or told in a sentence.

`test_recorded.py` and the collectors' own tests hold what right answers mean; here nothing is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError, SourceOptions, WatchedThread
from monitor.collectors.bluesky_options import BlueskyOptions
from monitor.collectors.bluesky_post import Labels, mention_of_record, mention_of_view
from monitor.collectors.discourse import DiscourseOptions
from monitor.collectors.freshdesk import FreshdeskOptions
from monitor.collectors.hackernews import HackerNewsOptions
from monitor.collectors.http import Network
from monitor.collectors.mastodon_live import heard_of, read_frame
from monitor.collectors.mastodon_options import MastodonOptions
from monitor.collectors.registry import build
from monitor.collectors.rss import RssOptions
from monitor.mention import Mention
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import bodies, exchanges, files, objects

NOW = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
TOKEN = SecretStr("a-token-of-tests")
SOURCES: dict[str, tuple[SourceOptions, str, tuple[str, ...]]] = {
    "mastodon": (
        MastodonOptions(instance="https://mastodon.social", token=TOKEN, hashtags=("tag",), streams=False),
        "https://mastodon.social/users/x/statuses/1",
        ("https://mastodon.social/users/x/statuses/2",),
    ),
    "bluesky": (
        BlueskyOptions(identifier="x.example", password=TOKEN),
        "at://did:plc:x/app.bsky.feed.post/1",
        ("at://did:plc:x/app.bsky.feed.post/2",),
    ),
    "discourse": (DiscourseOptions(urls=("https://try.example",)), "try.example/t/1/1", ("try.example/t/1/2",)),
    "freshdesk": (
        FreshdeskOptions(url="https://desk.example", api_key=TOKEN),
        "desk.example/tickets/1",
        ("desk.example/tickets/2",),
    ),
    "hackernews": (HackerNewsOptions(words=("x",)), "news.ycombinator.com/1", ("news.ycombinator.com/2",)),
    "rss": (RssOptions(urls=("https://feed.example/x",)), "", ()),
}
"""For each platform with recordings: a source, a thread to follow, posts to read again."""


def answers(path: Path) -> Iterator[tuple[int, bytes, dict[str, str]]]:
    """Status, body and headers of everything in a recording."""
    if not path.name.endswith(".exchanges.json"):
        yield 200, path.read_bytes(), {"content-type": "application/json"}
        return
    for exchange in exchanges(path):
        found = exchange["response"]
        kept = {k.lower(): v for k, v in (found["headers"] or {}).items() if "ratelimit" in k.lower()}
        yield found["status"], (found["body"] or "").encode(), kept


def poll(platform: str, answer: Callable[[httpx.Request], httpx.Response]) -> tuple[PollOutcome, MemorySink]:
    options, thread, recheck = SOURCES[platform]
    clock, sink = SimulatedClock(NOW), MemorySink()
    network = Network(clock, transport=httpx.MockTransport(answer), resolver=lambda host: ["93.184.215.14"])
    collector: Any = build(options, network)
    if platform == "bluesky":
        collector.connect = no_stream
    watched = (WatchedThread(platform, thread, None, 0, NOW, hot=True),)

    def context(source: str, now: datetime) -> CollectContext:
        return CollectContext(now, watched, recheck, {"X": ("x",)})

    return SourceRunner(options, collector, sink, clock, context, rng=Random(1)).poll(), sink


def no_stream(*_: object) -> Any:
    raise SourceError("The stream is not part of this test.", remedy="Nothing to do.")


def assert_sound(mention: Mention) -> None:
    assert mention.text
    assert mention.global_id
    assert mention.created_at is None or mention.created_at.tzinfo is not None


def cases() -> list[Any]:
    found = []
    for platform in SOURCES:
        for parameter in files(platform):
            name = f"{platform}/{parameter.id or 'absent'}"
            found.append(pytest.param(platform, *parameter.values, marks=parameter.marks, id=name))
    return found


@pytest.mark.parametrize(("platform", "path"), cases())
def test_any_recorded_answer_to_any_call_is_borne(platform: str, path: Path) -> None:
    """The same answer to every call of a poll: sound mentions or a sentence, and never anything unexpected."""
    for status, body, headers in answers(path):
        outcome, sink = poll(platform, lambda request, a=(status, body, headers): _response(*a))  # type: ignore[misc]
        assert "unexpected" not in outcome.health.error, outcome.health.error
        assert not outcome.failed or outcome.health.error.endswith((".", "!")), outcome.health.error
        assert TOKEN.get_secret_value() not in outcome.health.sentence()
        for mention in sink.mentions.values():
            assert_sound(mention)


def _response(status: int, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.Response(status, content=body, headers=headers)


# --- Mastodon: notifications, streams, histories


@pytest.mark.parametrize("path", files("mastodon", "*notification*"))
def test_recorded_notifications(path: Path) -> None:
    """Posts become mentions where they are public; one that is gone and one between two people are passed over."""
    pages = [found for found in bodies(path) if isinstance(found, list) and found and "type" in found[0]]
    assert pages
    direct = next(entry for entry in pages[0] if entry["status"])
    assert direct["status"]["visibility"] == "direct"
    shown = {
        **direct,
        "id": "1",
        "status": {**direct["status"], "visibility": "public", "uri": "https://x.example/1"},
    }
    entries = [*pages[0], shown]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/notifications":
            return httpx.Response(200, json=[] if "max_id" in request.url.params else entries)
        return httpx.Response(200, json=[])

    clock, sink = SimulatedClock(NOW), MemorySink()
    options = SOURCES["mastodon"][0].model_copy(update={"look_back": timedelta(days=400)})
    network = Network(clock, transport=httpx.MockTransport(answer))
    outcome = SourceRunner(options, build(options, network), sink, clock, rng=Random(1)).poll()
    assert not outcome.failed, outcome.health.error
    assert {uri for _, uri in sink.mentions} == {"https://x.example/1"}
    assert sink.refusals == []


@pytest.mark.parametrize("path", files("mastodon", "*stream*"))
def test_recorded_stream_events(path: Path) -> None:
    """Each recorded event, as a WebSocket wraps it, is understood: posts as posts, deletions by their number."""
    heard = []
    for exchange in exchanges(path):
        lines = (exchange["response"]["body"] or "").splitlines()
        for name, data in pairwise(lines):
            if name.startswith("event:") and data.startswith("data:"):
                event, payload = name.split(":", 1)[1].strip(), data.split(":", 1)[1].strip()
                found = read_frame(json.dumps({"stream": ["user"], "event": event, "payload": payload}))
                heard.append(heard_of("s", *found) if found else None)
    assert any(one is not None and one.status is not None and "uri" in one.status for one in heard)


# --- Bluesky: single records and what the AppView answers


@pytest.mark.parametrize("path", files("bluesky", "*post_record.json"))
def test_recorded_records(path: Path) -> None:
    """Text, language, links and relations of single records."""
    found = json.loads(path.read_text(encoding="utf-8"))
    mention = mention_of_record(found["uri"], found["value"], Labels("b"), NOW)
    assert mention.text
    assert mention.global_id == found["uri"]
    assert mention.created_at is not None
    assert mention.created_at <= NOW


@pytest.mark.parametrize("path", files("bluesky", "*.snap"))
def test_recorded_views(path: Path) -> None:
    """Every view of a post in the AppView's snapshots: its text, its counts, what it answers."""
    views = [view for view in objects(snapshots(path)) if "record" in view and "author" in view and "uri" in view]
    posts = [view for view in views if isinstance(view["record"], dict) and "text" in view["record"]]
    assert posts
    for view in posts:
        mention = mention_of_view(view, Labels("b"), NOW)
        assert mention.text.split() == view["record"]["text"].split() or not view["record"]["text"]
        assert mention.likes == view.get("likeCount")
        reply = view["record"].get("reply")
        assert mention.thread_id == (reply["root"]["uri"] if reply else mention.global_id)


def snapshots(path: Path) -> list[Any]:
    """The values of a vitest file, with its masks as they were: ids of people and records."""
    text = re.sub(
        r"record\((\d+)\)", r"at://did:plc:u\1/app.bsky.feed.post/3k\1", path.read_text(encoding="utf-8")
    )
    text = re.sub(r"user\((\d+)\)", r"did:plc:u\1", text)
    values = re.findall(r"= `\n(.*?)\n`;", text, re.DOTALL)
    return [json.loads(re.sub(r",(\s*[}\]])", r"\1", value.replace("\\\\", "\\"))) for value in values]

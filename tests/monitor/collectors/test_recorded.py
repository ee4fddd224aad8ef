"""Recorded answers of real servers go through the collectors (skipped where the recordings are not at hand)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import feedparser
import httpx
import pytest

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceOptions
from monitor.collectors.http import Network
from monitor.collectors.mastodon_options import MastodonOptions
from monitor.collectors.registry import build
from monitor.collectors.rss import RssOptions
from monitor.mention import Mention
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import bodies, exchanges, files, objects

NOW = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
TAG = re.compile(r"</?(p|br|a|span|div)\b", re.IGNORECASE)


def poll(options: SourceOptions, answer: Any, **context: Any) -> tuple[PollOutcome, MemorySink]:
    clock, sink = SimulatedClock(NOW), MemorySink()
    network = Network(clock, transport=httpx.MockTransport(answer), resolver=lambda host: ["93.184.215.14"])
    runner = SourceRunner(
        options,
        build(options, network),
        sink,
        clock,
        lambda source, now: CollectContext(now, **context),
        rng=Random(1),
    )
    return runner.poll(), sink


def assert_sound(mention: Mention) -> None:
    """Plain, dated, addressed."""
    assert mention.text
    assert not TAG.search(mention.text)
    assert (
        mention.global_id.startswith(("http", "rss", "news", "feed", "tag", "yt:", "t3_", "urn"))
        or mention.global_id
    )
    assert mention.created_at is None or mention.created_at.tzinfo is not None


@pytest.mark.parametrize("path", files("mastodon"))
def test_mastodon_statuses(path: Path) -> None:
    """Every recorded public status becomes one mention under its uri, by a tag timeline that ends."""
    recorded = [found for body in bodies(path) for found in objects(body) if "uri" in found and "content" in found]
    public = {s["uri"] for s in recorded if s.get("visibility") in ("public", "unlisted") and not s.get("reblog")}
    pages = iter([recorded])

    def answer(request: httpx.Request) -> httpx.Response:
        if "timelines/tag" in request.url.path:
            return httpx.Response(200, json=next(pages, []))
        return httpx.Response(404, json={"error": "Record not found"})

    outcome, sink = poll(MastodonOptions(instance="https://mastodon.social", hashtags=("tag",)), answer)
    assert not outcome.failed, outcome.health.error
    assert {uri for _, uri in sink.mentions} >= public
    assert sink.refusals == []
    for mention in sink.mentions.values():
        assert mention.created_at is not None
        assert not TAG.search(mention.text)
        assert "@" in mention.author_handles[0]


@pytest.mark.parametrize("path", files("mastodon", "test_*tl*.json") + files("mastodon", "*instancev2*"))
def test_mastodon_servers(path: Path) -> None:
    """What real servers say of themselves lets their tag timelines be read."""
    instances = [e for e in exchanges(path) if e["request"]["url"].rstrip("/").endswith("/api/v2/instance")]
    for exchange in instances:

        def answer(request: httpx.Request, found: dict[str, Any] = exchange["response"]) -> httpx.Response:
            if request.url.path.startswith("/api/v2/instance"):
                kept = {k: v for k, v in found["headers"].items() if k.startswith("x-ratelimit")}
                return httpx.Response(found["status"], text=found["body"], headers=kept)
            return httpx.Response(200, json=[])

        outcome, _ = poll(MastodonOptions(instance="https://mastodon.social", hashtags=("tag",)), answer)
        assert not outcome.failed, outcome.health.error


@pytest.mark.parametrize("path", files("mastodon", "*status_missing*"))
def test_mastodon_missing_status(path: Path) -> None:
    """The recorded 404 of a status is a removal."""
    (exchange,) = exchanges(path)
    uri = "https://mastodon.social/users/x/statuses/1"

    def answer(request: httpx.Request) -> httpx.Response:
        found = exchange["response"]
        if request.url.path == "/api/v1/statuses/1":
            return httpx.Response(found["status"], text=found["body"])
        return httpx.Response(200, json=[])

    _, sink = poll(MastodonOptions(instance="https://mastodon.social", hashtags=("tag",)), answer, recheck=(uri,))
    assert sink.removed == {("mastodon", uri)}


def expectation(body: bytes) -> tuple[str, str] | None:
    """(where, text) of feedparser's own expectation in a comment on top, if it is about an entry's text."""
    found = re.search(rb"Expect:.*entries\[0\]\['(title|description|summary)'\] == u?'([^']*)'", body)
    return (found[1].decode(), found[2].decode("unicode_escape")) if found else None


@pytest.mark.parametrize("path", files("rss"))
def test_feeds(path: Path) -> None:
    """Every entry that has any text becomes a mention; a file that is no feed is said in a sentence."""
    body = path.read_bytes()
    header = re.search(rb"Header:\s+Content-type:\s*([^\r\n]+)", body, re.IGNORECASE)
    kind = header[1].decode() if header else "application/xml"

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body, headers={"content-type": kind, "etag": '"1"'})

    outcome, sink = poll(RssOptions(name="feed", urls=("https://feed.example/x",)), answer)
    plain = feedparser.parse(body, response_headers={"content-type": kind})
    if not plain.entries and not plain.version:
        assert "no feed" in outcome.health.error
        return
    assert not outcome.failed, outcome.health.error
    with_text = [e for e in plain.entries if any(dict(e).get(k) for k in ("title", "summary", "content"))]
    assert (len(sink.mentions) > 0) == (len(with_text) > 0)
    assert len(sink.mentions) <= len(plain.entries)
    for mention in sink.mentions.values():
        assert_sound(mention)
    expected = expectation(body)
    if expected is not None:
        assert expected[1] in next(iter(sink.mentions.values())).text


@pytest.mark.parametrize("path", files("rss", "real_*"))
def test_real_feeds_lose_no_entry(path: Path) -> None:
    """As many mentions as entries with a text of their own, and the second reading brings nothing new."""
    body = path.read_bytes()
    clock, sink = SimulatedClock(NOW), MemorySink()
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body))
    options = RssOptions(name="feed", urls=("https://feed.example/x",))
    runner = SourceRunner(options, build(options, Network(clock, transport=transport)), sink, clock, rng=Random(1))
    first = runner.poll()
    entries = feedparser.parse(body).entries
    identities = {dict(e).get("id") or dict(e).get("link") or dict(e).get("title") for e in entries}
    textless = [e for e in entries if not any(dict(e).get(k) for k in ("title", "summary", "content"))]
    assert first.report.taken == len(identities) - len(textless)
    clock.advance(timedelta(minutes=5))
    assert runner.poll().report.taken == 0

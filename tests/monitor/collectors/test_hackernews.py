"""Hacker News: hits as plain text, trees, deleted posts, the site's documented samples."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError, WatchedThread
from monitor.collectors.hackernews import SITE, HackerNewsOptions, _of_item
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.mention import MentionKind
from tests.fakes.hackernews import ITEMS, SEARCH, FakeHackerNews
from tests.fakes.platform_server import ALWAYS, status
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import files

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


class News:
    """The fake site and a source that reads it."""

    def __init__(self, terms: tuple[str, ...] = ("Nordtåg",), **options: Any) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeHackerNews(self.clock)
        self.sink = MemorySink()
        self.watched: list[WatchedThread] = []
        self.recheck: tuple[str, ...] = ()
        given = {"name": "hn", "search_url": SEARCH, "items_url": ITEMS, **options}
        self.options = HackerNewsOptions.model_validate(given)
        network = Network(self.clock, transport=self.fake.transport())
        self.runner = SourceRunner(
            self.options,
            build(self.options, network),
            self.sink,
            self.clock,
            lambda source, now: CollectContext(now, tuple(self.watched), self.recheck, {"N": terms}),
            rng=Random(1),
        )

    def poll(self, minutes: float = 5) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()


def test_a_hit_becomes_a_mention() -> None:
    """Entities once, paragraphs without an end, no highlight markup; parent and story."""
    news = News()
    story = news.fake.add("Nordtåg is down", NOW)
    comment = news.fake.add("x", NOW, parent=story)
    news.fake.posts[comment]["comment_text"] = "Nordtåg isn&#x27;t<p>up &amp; running"
    news.fake.posts[story]["url"] = "https://nordtag.example/x"
    news.poll()
    found = news.sink.mentions["hackernews", f"{SITE}/{comment}"]
    assert found.text == "Nordtåg isn't\nup & running"
    assert (found.kind, found.parent_id, found.thread_id) == (MentionKind.COMMENT, *[f"{SITE}/{story}"] * 2)
    assert (found.url, found.source) == (f"https://{SITE}/item?id={comment}", "hn")
    root = news.sink.mentions["hackernews", f"{SITE}/{story}"]
    assert (root.thread_id, root.likes, root.extra_text) == (root.global_id, 3, "https://nordtag.example/x")


def test_the_search_is_exact_and_by_time() -> None:
    """Near words are not wanted; words of several parts are quoted."""
    news = News(words=["nord tåg"])
    news.poll()
    params = news.fake.requests[0].url.params
    assert (params["query"], params["typoTolerance"], params["tags"]) == ('"nord tåg"', "false", "(story,comment)")


def test_many_posts_in_one_second_are_no_end() -> None:
    """The walk reads a second again, then goes below it."""
    news = News()
    for number in range(4):
        news.fake.add(f"Nordtåg {number}", NOW)
    for number in range(9):
        news.fake.add(f"Nordtåg äldre {number}", NOW - timedelta(minutes=number + 1))
    news.poll()
    assert len(news.sink.mentions) == 13


def test_threads_are_read_as_trees() -> None:
    """Comments of any depth that do not name the brand; deleted ones without a text are left out."""
    news = News()
    story = last = news.fake.add("Nordtåg is down", NOW)
    for number in range(6):
        last = news.fake.add(f"me too {number}", NOW, parent=last)
    deleted = news.fake.add("x", NOW, parent=last)
    news.fake.posts[deleted]["comment_text"] = None
    for root in (f"{SITE}/{story}", f"{SITE}/999", f"{SITE}/no-number"):
        news.watched.append(WatchedThread("hackernews", root, None, 0, NOW, True))
    assert not news.poll().failed
    assert len(news.sink.mentions) == 7
    assert {m.thread_id for m in news.sink.mentions.values()} == {f"{SITE}/{story}"}
    assert news.sink.refusals == []


def test_the_site_says_what_is_gone() -> None:
    """Not the index; deleted and dead posts, too; a site in trouble removes nothing."""
    news = News()
    gone, unclear = news.fake.add("Nordtåg ett", NOW), news.fake.add("Nordtåg två", NOW)
    news.poll()
    news.fake.gone.add(gone)
    news.fake.fail(status(500), times=ALWAYS, match=f"item/{unclear}")
    news.recheck = (f"{SITE}/{gone}", f"{SITE}/{unclear}", "other.example/1", f"{SITE}/x")
    news.poll()
    assert news.sink.removed == {("hackernews", f"{SITE}/{gone}")}


def test_no_words() -> None:
    """A sentence; and `check` asks the search."""
    assert "keywords" in News(terms=()).poll().health.error
    news = News()
    assert news.runner.collector.check() == "Hacker News can be searched."
    news.fake.fail(status(200, "{}"))
    with pytest.raises(SourceError, match="without hits"):
        news.runner.collector.check()


@pytest.mark.parametrize("path", files("hackernews", "firebase*.md"))
def test_documented_samples(path: Path) -> None:
    """The site's own samples of stories and comments are understood."""
    found = [json.loads(text) for text in re.findall(r"^\{.*?^\}", path.read_text(), re.DOTALL | re.MULTILINE)]
    items = [item for item in found if item.get("type") in ("story", "comment")]
    assert items
    for item in items:
        made = _of_item(item, None)
        assert made.text
        assert "<" not in made.text
        assert (made.parent_id is None) == (item["type"] == "story")


def highlighted(**values: str) -> dict[str, Any]:
    """What the index adds for display: markup that must not be stored."""
    return {name: {"value": f"<em>{value}</em>", "matchLevel": "full"} for name, value in values.items()}


def test_hits_as_recorded() -> None:
    """The shapes of real hits from 2016 to 2026: nulls where there is nothing, stories with and without an id."""
    hits = [
        {
            "created_at": "2016-09-04T02:50:35.000Z",
            "title": "In defence of Nordtåg",
            "url": "https://a.example/x",
            "author": "ramblerman",
            "points": 611,
            "story_text": None,
            "comment_text": None,
            "num_comments": 381,
            "story_id": None,
            "story_title": None,
            "story_url": None,
            "parent_id": None,
            "created_at_i": 1472957435,
            "_tags": ["story", "author_ramblerman", "story_12422420"],
            "objectID": "12422420",
            "_highlightResult": highlighted(title="Nordtåg", author="ramblerman"),
        },
        {
            "created_at": "2020-06-22T19:28:12.000Z",
            "title": None,
            "url": None,
            "author": "imhoguy",
            "points": None,
            "story_text": None,
            "comment_text": "Nordtåg isn&#x27;t<p>up.",
            "num_comments": None,
            "story_id": 23602008,
            "story_title": "Show HN: X",
            "story_url": "https://x.example",
            "parent_id": 23603905,
            "created_at_i": 1592854092,
            "_tags": ["comment", "author_imhoguy", "story_23602008"],
            "objectID": "23605021",
            "_highlightResult": highlighted(comment_text="Nordtåg", story_title="X"),
        },
        {
            "objectID": "49093051",
            "story_id": 49093051,
            "author": "zinas",
            "title": "Show HN: Nordtåg",
            "url": "https://nordtag.example",
            "created_at": "2026-07-29T03:19:19Z",
            "created_at_i": 1785295159,
            "points": 1,
            "num_comments": 0,
            "story_text": 'One.<p>Two. <a href="https:&#x2F;&#x2F;y.example">y</a>',
            "_tags": ["story", "author_zinas", "story_49093051", "show_hn"],
        },
    ]
    body = {
        "exhaustive": {"nbHits": True},
        "exhaustiveNbHits": True,
        "hits": hits,
        "hitsPerPage": 100,
        "nbHits": 3,
        "nbPages": 1,
        "page": 0,
        "params": "query=x",
        "processingTimeMS": 3,
        "query": "x",
        "serverTimeMS": 4,
    }
    news = News()
    news.fake.fail(lambda request, answer, clock: httpx.Response(200, json=body), times=ALWAYS)
    news.clock.advance(timedelta(days=300))
    assert not news.poll().failed
    old, comment, new = (news.sink.mentions["hackernews", f"{SITE}/{n}"] for n in (12422420, 23605021, 49093051))
    assert (old.thread_id, old.likes, old.replies, old.extra_text) == (
        old.global_id,
        611,
        381,
        "https://a.example/x",
    )
    assert (comment.text, comment.thread_id) == ("Nordtåg isn't\nup.", f"{SITE}/23602008")
    assert (comment.parent_id, comment.likes, comment.kind) == (f"{SITE}/23603905", None, MentionKind.COMMENT)
    assert new.text == "Show HN: Nordtåg\nOne.\nTwo. y"
    assert new.created_at == datetime(2026, 7, 29, 3, 19, 19, tzinfo=UTC)
    assert news.sink.refusals == []

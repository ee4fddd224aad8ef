"""Recorded answers of Meta's APIs go through the collectors (skipped where the recordings are not at hand)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceOptions
from monitor.collectors.facebook import FacebookOptions
from monitor.collectors.facebook_post import Page, comment_of, post_of
from monitor.collectors.http import Network
from monitor.collectors.instagram import InstagramOptions
from monitor.collectors.instagram_account import AccountReader
from monitor.collectors.instagram_post import Account
from monitor.collectors.instagram_post import comment_of as instagram_comment_of
from monitor.collectors.meta_api import Graph
from monitor.collectors.registry import build
from monitor.mention import Mention, MentionKind
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import files, objects

NOW = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
LONG_AGO = timedelta(days=4_000)
USER = "17841406338772941"


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def poll(
    options: SourceOptions, answer: Callable[[httpx.Request], Any], **context: Any
) -> tuple[PollOutcome, MemorySink]:
    def respond(request: httpx.Request) -> httpx.Response:
        body = answer(request)
        failed = isinstance(body, dict) and "error" in body
        return httpx.Response(400 if failed else 200, json=body)

    clock, sink = SimulatedClock(NOW), MemorySink()
    collector = build(options, Network(clock, transport=httpx.MockTransport(respond)))
    runner = SourceRunner(
        options, collector, sink, clock, lambda _, now: CollectContext(now, **context), rng=Random(1)
    )
    return runner.poll(), sink


def one_thing(item: dict[str, Any]) -> Callable[[httpx.Request], Any]:
    return lambda request: item if request.url.path.endswith(item["id"]) else {"data": []}


def facebook(page: str) -> FacebookOptions:
    return FacebookOptions(name="facebook", page_id=page, access_token=SecretStr("token"), look_back=LONG_AGO)


def instagram(**more: Any) -> InstagramOptions:
    made = {"name": "ig", "user_id": USER, "access_token": "token", "look_back": LONG_AGO, **more}
    return InstagramOptions.model_validate(made)


def assert_sound(mention: Mention) -> None:
    """Words, a time, an id that is ours, an address that is one."""
    assert mention.text.strip()
    assert mention.created_at is not None
    assert datetime(2010, 1, 1, tzinfo=UTC) < mention.created_at < NOW
    assert mention.global_id.startswith(("facebook.com/", "instagram.com/"))
    assert mention.url is None or mention.url.startswith("https://www.")


# --- whatever it is


@pytest.mark.parametrize("path", files("facebook") + files("instagram"))
def test_any_answer_to_any_call(path: Path) -> None:
    """An answer of another kind than was asked for is read, refused or told in a sentence: never an accident."""
    body = load(path)
    for options in (facebook("19292868552"), instagram(hashtags=["developers"])):
        outcome, sink = poll(
            options, lambda request: body, recheck=("facebook.com/1_2", f"instagram.com/{USER}/comment/1")
        )
        assert "unexpected" not in outcome.health.error
        assert all(mention.created_at is None or mention.created_at.tzinfo for mention in sink.mentions.values())


# --- Facebook


@pytest.mark.parametrize("path", files("facebook", "posts__feed*") + files("facebook", "base__full*"))
def test_facebook_feeds(path: Path) -> None:
    """Every post with words becomes one mention under its number, with its counts."""
    recorded = load(path)["data"]
    page = recorded[0]["id"].partition("_")[0]
    pages = iter([load(path)])
    outcome, sink = poll(
        facebook(page), lambda r: next(pages, {"data": []}) if r.url.path.endswith("/feed") else {"data": []}
    )
    assert not outcome.failed, outcome.health.error
    assert sink.refusals == []
    found = {mention.global_id.rpartition("/")[2]: mention for mention in sink.mentions.values()}
    assert found.keys() == {item["id"] for item in recorded if item.get("message")}
    for item in recorded:
        mention = found[item["id"]]
        assert_sound(mention)
        assert mention.shares == item.get("shares", {}).get("count")
        assert mention.likes == item.get("reactions", {}).get("summary", {}).get("total_count")
        titles = [a["title"] for a in item.get("attachments", {}).get("data", []) if "title" in a]
        assert all(title in mention.extra_text for title in titles)


@pytest.mark.parametrize("path", files("facebook", "posts__feed_fields_p1*"))
def test_facebook_pages_on_by_time_and_token(path: Path) -> None:
    """The recorded address of the next page names no cursor; what it names is sent, and nothing of its token."""
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> Any:
        if not request.url.path.endswith("/feed"):
            return {"data": []}
        asked.append(request.url)
        return load(path) if len(asked) == 1 else {"data": []}

    assert not poll(facebook("4"), answer)[0].failed
    assert len(asked) == 2
    assert asked[1].params["access_token"] == "token"
    assert {"until", "__paging_token"} <= asked[1].params.keys()


@pytest.mark.parametrize("path", files("facebook", "comments__comments_p*"))
def test_facebook_comments(path: Path) -> None:
    """Recorded without their numbers: their addresses tell them, and which comment a reply answers."""
    page, number = "19292868552", "19292868552_10158407654328553"
    total = load(path)["summary"]["total_count"]
    post = {"id": number, "created_time": "2021-08-10T00:00:00+0000", "updated_time": "x",
            "comments": {"summary": {"total_count": total}}}  # fmt: skip
    lists = {"feed": {"data": [post]}, "comments": load(path)}
    outcome, sink = poll(facebook(page), lambda r: lists.get(r.url.path.rpartition("/")[2], {"data": []}))
    assert not outcome.failed, outcome.health.error
    recorded = load(path)["data"]
    assert len(sink.mentions) == len(recorded)
    assert sink.refusals == []
    replies = [item for item in recorded if "reply_comment_id" in item["permalink_url"]]
    below = [m for m in sink.mentions.values() if m.parent_id != m.thread_id]
    assert len(below) == len(replies) > 0
    for mention in sink.mentions.values():
        assert_sound(mention)
        assert (mention.kind, mention.thread_id) == (MentionKind.COMMENT, f"facebook.com/{number}")


@pytest.mark.parametrize(
    "path",
    files("facebook", "comments__comment*info*")
    + files("facebook", "models__c*")
    + files("facebook", "posts__single*"),
)
def test_facebook_single_objects(path: Path) -> None:
    """What is read again, alone or several by their numbers."""
    things = [item for item in objects(load(path)) if "created_time" in item and "message" in item]
    assert things
    for item in things:
        is_post = item["permalink_url"].rstrip("/").endswith(item["id"].partition("_")[2])
        number = item["id"].partition("_")[0] if is_post else "19292868552"
        made = (post_of if is_post else comment_of)(item, Page(number, "facebook"), NOW)
        assert_sound(made)
        kept = f"facebook.com/{item['id']}" if is_post else f"facebook.com/{number}/{item['id']}"
        assert made.global_id == kept
        _, sink = poll(facebook(number), one_thing(item), recheck=(kept,))
        assert sink.mentions["facebook", kept].text == made.text


@pytest.mark.parametrize("path", files("facebook", "base__error*"))
def test_facebook_errors(path: Path) -> None:
    """A missing permission comes as code 100: it is told as what it is, and nothing is taken for deleted."""
    outcome, sink = poll(
        facebook("1"), lambda request: load(path), recheck=("facebook.com/1_2", "facebook.com/1/3_4")
    )
    assert "does not permit" in outcome.health.error
    assert "pages_read_engagement" in outcome.health.error
    assert outcome.health.permanent
    assert sink.removed == set()


# --- Instagram


@pytest.mark.parametrize("path", files("instagram", "users__tagged*"))
def test_instagram_tags(path: Path) -> None:
    """Every medium with a caption."""
    pages = iter([load(path)])
    outcome, sink = poll(
        instagram(), lambda r: next(pages, {"data": []}) if r.url.path.endswith("/tags") else {"data": []}
    )
    recorded = load(path)["data"]
    assert not outcome.failed, outcome.health.error
    assert {m.text for m in sink.mentions.values()} == {
        " ".join(item["caption"].split()) for item in recorded if item.get("caption")
    }
    for mention in sink.mentions.values():
        assert_sound(mention)
        assert mention.url is not None


@pytest.mark.parametrize(
    "path", files("instagram", "medias__comments*") + files("instagram", "comments__replies*")
)
def test_instagram_comments(path: Path) -> None:
    """All of a page, though nobody is named."""
    media = {"id": "17846368219941692", "timestamp": "2020-05-01T00:00:00+0000", "comments_count": 4}
    pages = iter([load(path)])

    def answer(request: httpx.Request) -> Any:
        last = request.url.path.rpartition("/")[2]
        return (
            {"data": [media]}
            if last == "media"
            else next(pages, {"data": []})
            if last == "comments"
            else {"data": []}
        )

    outcome, sink = poll(instagram(), answer)
    assert not outcome.failed, outcome.health.error
    assert len(sink.mentions) == len(load(path)["data"])
    for mention in sink.mentions.values():
        assert_sound(mention)
        assert mention.thread_id == "instagram.com/media/17846368219941692"


@pytest.mark.parametrize("path", files("instagram", "comments__comments_fields*"))
def test_instagram_single_comments(path: Path) -> None:
    """With who wrote them."""
    for item in load(path).values():
        made = instagram_comment_of(item, Account(USER, "ig"), NOW)
        assert_sound(made)
        assert made.author == f"instagram.com/{item['username']}"


@pytest.mark.parametrize("path", files("instagram", "hashtags__*") + files("instagram", "users__hashtag*"))
def test_instagram_hashtags(path: Path) -> None:
    """A page recorded without captions is read to its end and brings nothing; the number of a tag is found."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> Any:
        asked.append(request.url.path)
        if request.url.path.endswith("/ig_hashtag_search"):
            return load(path) if "search" in path.name else {"data": [{"id": "17841562426109234"}]}
        return load(path) if request.url.path.endswith("/recent_media") and "recent" in path.name else {"data": []}

    outcome, sink = poll(instagram(hashtags=["developers"]), answer)
    assert not outcome.failed, outcome.health.error
    assert (sink.mentions, sink.refusals) == ({}, [])
    assert "/v26.0/17841562426109234/recent_media" in asked


@pytest.mark.parametrize("path", files("instagram", "users__mentioned*"))
def test_instagram_mentions(path: Path) -> None:
    """What a webhook told by number."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=load(path)))
    http = Network(SimulatedClock(NOW), transport=transport).session()
    graph = Graph(http, "https://graph.example/v26.0", SecretStr("token"))
    reader = AccountReader(graph, Account(USER, "ig"), LONG_AGO, timedelta(minutes=2))
    made = reader.mentioned("5", load(path)["mentioned_comment"]["id"], NOW)
    assert made is not None
    assert_sound(made)
    assert made.author == "instagram.com/ikroskun"


@pytest.mark.parametrize("path", files("instagram", "users__recently*"))
def test_instagram_hashtags_used(path: Path) -> None:
    """`check` counts them."""

    def answer(request: httpx.Request) -> httpx.Response:
        shown = {"recently_searched_hashtags": load(path), USER: {"id": USER, "username": "nordtag"}}
        return httpx.Response(200, json=shown.get(request.url.path.rpartition("/")[2], {"data": []}))

    network = Network(SimulatedClock(NOW), transport=httpx.MockTransport(answer))
    assert "2 of 30 hashtags" in build(instagram(hashtags=["developers"]), network).check()

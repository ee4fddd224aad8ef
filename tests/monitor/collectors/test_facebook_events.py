"""What a page's webhooks tell: comments, posts, recommendations, edits, removals, and what is only hinted at."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from monitor.collectors.base import Batch, InboundRequest
from monitor.collectors.facebook_events import Events
from monitor.collectors.facebook_post import Page
from monitor.collectors.meta_hook import Change
from monitor.mention import MentionKind, Removal
from tests.fakes.facebook import PAGE
from tests.fakes.graph import signed
from tests.monitor.collectors.adapters.facebook import APP_SECRET, FacebookAdapter
from tests.monitor.collectors.contract import START, Bench
from tests.monitor.collectors.facebook_bench import facebook_bench, own_post, platform

LATER = START + timedelta(minutes=3)
COMMENT = {
    "item": "comment", "verb": "add", "comment_id": "7000_1", "post_id": "100_7000", "parent_id": "100_7000",
    "from": {"id": "555", "name": "Anna"}, "message": "nordtåg är sena", "created_time": int(START.timestamp()),
}  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return facebook_bench(tmp_path)


def read(*values: dict[str, Any], events: Events | None = None, field: str = "feed") -> tuple[Batch, bool]:
    events = events or Events({"100": Page("100", "facebook", "Nordtåg", "sv")})
    return events.read([Change("100", LATER, field, value) for value in values], LATER)


def test_a_comment_is_taken_as_it_stands() -> None:
    """Without a call: seconds count."""
    batch, more = read(COMMENT)
    (found,) = batch.mentions
    assert not more
    assert (found.global_id, found.kind) == ("facebook.com/100/7000_1", MentionKind.COMMENT)
    assert (found.parent_id, found.thread_id) == ("facebook.com/100_7000", "facebook.com/100_7000")
    assert (found.created_at, found.edited_at, found.author) == (START, None, "facebook.com/555")
    assert (found.brands, found.language, found.source) == (("Nordtåg",), "sv", "facebook")


def test_a_reply_names_the_comment_that_it_answers() -> None:
    """Only for comments at the top is the parent the post."""
    batch, _ = read({**COMMENT, "comment_id": "7000_2", "parent_id": "7000_1"})
    assert batch.mentions[0].parent_id == "facebook.com/100/7000_1"
    assert batch.mentions[0].thread_id == "facebook.com/100_7000"


@pytest.mark.parametrize("item", ["post", "status", "photo", "video", "share"])
def test_posts_of_every_kind(item: str) -> None:
    """Those with words are taken."""
    batch, more = read({**COMMENT, "item": item, "comment_id": None})
    assert not more
    assert (batch.mentions[0].global_id, batch.mentions[0].kind) == ("facebook.com/100_7000", MentionKind.POST)


def test_a_recommendation() -> None:
    """With its words and its verdict."""
    said = {"item": "rating", "verb": "add", "open_graph_story_id": "9", "recommendation_type": "NEGATIVE",
            "review_text": "Aldrig mer", "reviewer_id": 77, "created_time": int(START.timestamp())}  # fmt: skip
    batch, more = read(said, field="ratings")
    (found,) = batch.mentions
    assert not more
    assert (found.kind, found.stars, found.text) == (MentionKind.REVIEW, 1, "Aldrig mer")
    assert (found.global_id, found.author) == ("facebook.com/9", "facebook.com/77")


@pytest.mark.parametrize("verb", ["edited", "edit"])
def test_an_edit_is_dated_by_its_delivery(verb: str) -> None:
    """So that it wins over the text that is stored."""
    assert read({**COMMENT, "verb": verb})[0].mentions[0].edited_at == LATER


@pytest.mark.parametrize("verb", ["remove", "delete"])
def test_removals(verb: str) -> None:
    """Comments and posts."""
    batch, _ = read({**COMMENT, "verb": verb}, {"item": "post", "verb": verb, "post_id": "100_7000"})
    assert batch.removals == (
        Removal("facebook", "facebook.com/100/7000_1"), Removal("facebook", "facebook.com/100_7000"),
    )  # fmt: skip


def test_a_removal_wins_in_any_order() -> None:
    """Within a delivery and across deliveries, for events come as they like."""
    told = [COMMENT, {**COMMENT, "verb": "edited", "message": "ändrat"}, {**COMMENT, "verb": "remove"}]
    for order in permutations(told):
        batch, _ = read(*order)
        assert (batch.mentions, len(batch.removals)) == ((), 1)
    events = Events({"100": Page("100", "facebook")})
    read(told[2], events=events)
    assert read(told[0], events=events)[0].mentions == ()


@pytest.mark.parametrize(
    "value",
    [
        {"item": "reaction", "verb": "add", "post_id": "100_7000", "reaction_type": "angry"},
        {"item": "like", "verb": "add"},
        {**COMMENT, "verb": "hide"},
        {**COMMENT, "verb": "unhide"},
    ],
)
def test_what_says_nothing(value: dict[str, Any]) -> None:
    """Reactions are counted with the post; a hidden comment was said all the same."""
    assert read(value) == (Batch(), False)


@pytest.mark.parametrize(
    "value",
    [
        {**COMMENT, "message": None},
        {**COMMENT, "comment_id": None},
        {**COMMENT, "item": "post", "published": 0},
        {"item": "photo", "verb": "add", "post_id": "100_7001"},
        {"item": "rating", "verb": "add"},
    ],
)
def test_what_only_hints(value: dict[str, Any]) -> None:
    """The next poll sees it whole."""
    assert read(value) == (Batch(), True)


@pytest.mark.parametrize(
    "value",
    [
        {**COMMENT, "comment_id": "../me"},
        {**COMMENT, "comment_id": ["7000_1"]},
        {**COMMENT, "message": 7},
        {**COMMENT, "created_time": "1999-01-01T00:00:00+0000"},
        {**COMMENT, "verb": "remove", "comment_id": None},
    ],
)
def test_what_makes_no_sense(value: dict[str, Any]) -> None:
    """It is told, the rest is taken, and the page is looked at."""
    batch, more = read(value, {**COMMENT, "comment_id": "7000_9"})
    assert [m.global_id for m in batch.mentions] == ["facebook.com/100/7000_9"]
    assert len(batch.refusals) == 1
    assert more


def test_a_page_that_is_not_ours() -> None:
    """An app's other pages come to the same address: told, not taken."""
    events = Events({"200": Page("200", "facebook")})
    batch, _ = read(COMMENT, events=events)
    assert batch.mentions == ()
    assert "page 100 is not one" in batch.refusals[0].why


def test_webhook_and_poll_tell_of_one_and_the_same(bench: Bench) -> None:
    """The poll repairs what no webhook brought, and doubles nothing that one did."""
    own = own_post(bench)
    told = platform(bench).add_comment(own, "nordtåg ett", START)
    platform(bench).add_comment(own, "nordtåg två", START)
    post = platform(bench).add_post("nordtåg tre", START)
    events = Events({PAGE: Page(PAGE, "facebook")})
    value = {**COMMENT, "comment_id": told, "post_id": own, "parent_id": own, "message": "nordtåg ett"}
    visitor = {"item": "status", "verb": "add", "post_id": post, "message": "nordtåg tre"}
    batch, _ = events.read([Change(PAGE, START, "feed", found) for found in (value, visitor)], START)
    bench.sink.save("facebook", batch)
    bench.poll_until_quiet()
    assert bench.sink.texts() == ["nordtåg ett", "nordtåg tre", "nordtåg två"]


def test_a_hint_has_every_list_looked_through(bench: Bench) -> None:
    """A tag that a webhook only hints at is found by the poll that it wakes, not ten minutes later."""
    adapter = bench.adapter
    assert isinstance(adapter, FacebookAdapter)
    plain = adapter.options()
    adapter.options = lambda: plain.model_copy(update={"verify_token": plain.app_secret})  # type: ignore[method-assign]
    bench.restart()
    bench.poll()
    number = platform(bench).add_post("nordtåg taggad", bench.clock.now(), edges=("tagged",))
    bench.poll()
    assert bench.sink.texts() == []
    value = {"item": "post", "verb": "add", "post_id": number}
    entry = {"id": PAGE, "time": int(START.timestamp()), "changes": [{"field": "mention", "value": value}]}
    raw, headers = signed({"object": "page", "entry": [entry]}, APP_SECRET)
    answer = bench.runner.collector.receive(  # type: ignore[attr-defined]
        InboundRequest("POST", headers, {}, raw, bench.clock.now())
    )
    assert answer.poll
    bench.poll()
    assert bench.sink.texts() == ["nordtåg taggad"]

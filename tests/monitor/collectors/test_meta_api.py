"""Calls to Meta's APIs: proof, pages, errors in words; and whatever comes back is read or refused."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from monitor.clock import SimulatedClock
from monitor.collectors.base import Batch, CollectContext, SourceError
from monitor.collectors.facebook_events import Events
from monitor.collectors.facebook_post import Page, comment_of, post_of, rating_of
from monitor.collectors.http import Network
from monitor.collectors.instagram_post import Account, foreign_comment_of, media_of, with_replies
from monitor.collectors.instagram_post import comment_of as instagram_comment_of
from monitor.collectors.meta_api import Graph, GraphError, proof_of
from monitor.collectors.meta_comments import CommentBook, Marks
from monitor.collectors.meta_fields import is_number
from monitor.collectors.meta_hook import Change
from monitor.collectors.meta_parts import Poll, Read, read_parts
from monitor.collectors.meta_threads_post import Named
from monitor.collectors.meta_threads_post import post_of as threads_post_of
from monitor.mention import Mention
from monitor.soundness import defect
from tests.fakes.graph import GraphRefusal, gone

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
TOKEN, SECRET = SecretStr("a-page-token"), SecretStr("the-secret-of-the-app")


class Api:
    """A graph whose answers are given one after the other; `asked` is what it was asked."""

    def __init__(self, *answers: Any, secret: SecretStr | None = SECRET, **more: Any) -> None:
        self.asked: list[httpx.URL] = []
        left = list(answers)

        def answer(request: httpx.Request) -> httpx.Response:
            self.asked.append(request.url)
            found = left.pop(0)
            return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

        http = Network(SimulatedClock(NOW), transport=httpx.MockTransport(answer)).session(
            secrets=[TOKEN.get_secret_value(), SECRET.get_secret_value()]
        )
        self.graph = Graph(http, "https://graph.example/v26.0", TOKEN, secret, **more)


# --- calls


def test_the_proof_is_the_tokens_hmac_by_the_apps_secret() -> None:
    """As Meta documents it; without a secret none is sent."""
    expected = hmac.new(b"the-secret-of-the-app", b"a-page-token", hashlib.sha256).hexdigest()
    assert proof_of(TOKEN, SECRET) == expected
    api, bare = Api({"id": "1"}), Api({"id": "1"}, secret=None)
    api.graph.get("/1")
    bare.graph.get("/1")
    assert api.asked[0].params["appsecret_proof"] == expected
    assert "appsecret_proof" not in bare.asked[0].params


def test_the_address_of_the_next_page_is_not_followed_but_its_place() -> None:
    """Wherever it points: token and proof go to our own address only, and its token is not taken over."""
    evil = "https://evil.example/steal?access_token=theirs&after=QVFI&limit=1000&fields=secrets&until=5"
    api = Api({"data": [{"id": "1"}], "paging": {"next": evil}}, {"data": []})
    first = api.graph.page("/1/feed", {"fields": "id", "limit": 50})
    api.graph.page("/1/feed", {"fields": "id", "limit": 50}, first.next)
    asked = api.asked[1]
    assert (asked.host, asked.path) == ("graph.example", "/v26.0/1/feed")
    assert (asked.params["access_token"], asked.params["limit"]) == ("a-page-token", "50")
    assert (asked.params["after"], asked.params["until"], asked.params["fields"]) == ("QVFI", "5", "id")


@pytest.mark.parametrize(
    ("paging", "by_address", "by_cursor"),
    [
        ({}, None, None),
        ({"cursors": {"after": "x"}}, None, "after=x"),
        ({"cursors": {"before": "x"}, "previous": "https://graph.example/?before=x"}, None, None),
        ({"cursors": {"after": "x"}, "next": "https://graph.example/?after=y"}, "after=y", "after=x"),
        ({"next": "https://graph.example/?other=y"}, None, None),
        ({"next": 7, "cursors": "x"}, None, None),
        ("x", None, None),
    ],
)
def test_the_end_of_a_list(paging: Any, by_address: str | None, by_cursor: str | None) -> None:
    """Is a missing address; for Threads, which names none, a missing cursor. Not a short page."""
    answer = {"data": [], "paging": paging}
    assert Api(answer).graph.page("/1/feed", {}).next == by_address
    assert Api(answer, pages_by_cursor=True).graph.page("/1/feed", {}).next == by_cursor


@pytest.mark.parametrize("body", ["[]", "7", "null", '{"data": {}}', '{"data": 7}', "<html>", "", '{"data": [}'])
def test_answers_that_are_no_list(body: str) -> None:
    """A sentence, and nothing of the address with its token."""
    with pytest.raises(SourceError) as caught:
        Api(httpx.Response(200, text=body)).graph.page("/1/feed", {})
    assert str(caught.value).endswith(".")
    assert "a-page-token" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
def test_an_error_is_one_whatever_the_status(status: int) -> None:
    """Meta's own code counts."""
    body = {"error": {"code": 190, "error_subcode": 463, "message": "Error validating a-page-token"}}
    with pytest.raises(GraphError, match="has expired") as caught:
        Api(httpx.Response(status, json=body)).graph.get("/1")
    assert (caught.value.code, caught.value.subcode, caught.value.concerns_all) == (190, 463, True)
    assert "a-page-token" not in str(caught.value)


def test_what_is_gone_and_what_is_only_not_permitted() -> None:
    """Both come as code 100: only the first may ever blank a post."""
    with pytest.raises(GraphError) as missing:
        Api(gone("1_2").response()).graph.get("/1_2")
    with pytest.raises(GraphError) as denied:
        Api(GraphRefusal(100, "(#100) Object does not exist, or missing permission").response()).graph.get("/1_2")
    assert (missing.value.gone, denied.value.gone) == (True, False)
    assert "does not permit" in str(denied.value)


def test_when_a_token_ends() -> None:
    """Never, at a time, or nobody knows."""
    ends = int((NOW + timedelta(days=3)).timestamp())
    told = [{"data": {"expires_at": ends}}, {"data": {"expires_at": 0}}, {"data": 7}, gone("x").response()]
    assert [Api(answer).graph.token_ends() for answer in told] == [NOW + timedelta(days=3), None, None, None]


@pytest.mark.parametrize(
    "text", ["", "me", "1/2", "../1", "1_2_3", "1_", "１", "1" * 31, "1?x=y", "1){id}", 7, None]
)
def test_numbers_that_are_none(text: object) -> None:
    """Nothing else gets into a path."""
    assert not is_number(text)
    assert is_number("123")
    assert is_number("123_456")


# --- parts


def part(*batches: Batch, error: Exception | None = None) -> Read:
    def read(state: dict[str, Any]) -> Iterator[Batch]:
        yield from batches
        if error is not None:
            raise error

    return read


def failing(code: int) -> GraphError:
    with pytest.raises(GraphError) as caught:
        Api(GraphRefusal(code, "no").response()).graph.get("/1")
    return caught.value


def run(parts: dict[str, Read], state: dict[str, Any], now: datetime = NOW) -> tuple[dict[str, Any], Poll]:
    """Read the parts; the state at the end, and the poll with its warnings."""
    poll = Poll(CollectContext(now), eager=False)
    for batch in read_parts(state, parts, "main", poll):
        state = batch.cursor if batch.cursor is not None else state
    return state, poll


def test_each_part_keeps_its_own_place() -> None:
    """One's cursor touches no other's."""
    state, _ = run(
        {"main": part(Batch(cursor={"a": 1}), Batch()), "side": part(Batch(cursor={"b": 2}))}, {"old": {"c": 3}}
    )
    assert state == {"old": {"c": 3}, "main": {"a": 1}, "side": {"b": 2}}


def test_a_denied_part_is_tried_again_every_hour_and_told_all_the_while() -> None:
    """It keeps its place for the day when it is permitted."""
    denied = {"main": part(Batch(cursor={})), "side": part(Batch(cursor={"since": "x"}), error=failing(10))}
    state, poll = run(denied, {})
    assert "does not permit" in str(poll.warnings.found[0])
    never = part(error=AssertionError("asked too early"))
    for minutes in (1, 59):
        state, poll = run({**denied, "side": never}, state, NOW + timedelta(minutes=minutes))
        assert len(poll.warnings.found) == 1
    state, poll = run({**denied, "side": part(Batch())}, state, NOW + timedelta(minutes=61))
    assert (state["side"], poll.warnings.found) == ({"since": "x"}, [])


@pytest.mark.parametrize(("code", "others"), [(190, False), (4, False), (10, True), (2, True)])
def test_what_the_main_part_meets(code: int, others: bool) -> None:
    """The token and the limit stop all at once; a denial or trouble is raised when the others have been read."""
    read: list[str] = []

    def side(state: dict[str, Any]) -> Iterator[Batch]:
        read.append("side")
        return iter(())

    with pytest.raises(GraphError) as caught:
        run({"main": part(error=failing(code)), "side": side}, {})
    assert caught.value.code == code
    assert bool(read) is others


# --- the book of comments


@given(
    st.dictionaries(st.sampled_from(["1_1", "1_2", "1_3", "1_4"]), st.sampled_from(["0 a", "1 a", "1 b", "2 b"])),
    st.dictionaries(st.sampled_from(["1_1", "1_2", "1_3", "1_4"]), st.sampled_from(["0 a", "1 a", "1 b", "2 b"])),
)
def test_a_post_is_due_until_it_was_read_as_it_is_seen(before: dict[str, str], now: dict[str, str]) -> None:
    """What was read is not read again, what moved is, and what never had a comment needs no call."""
    book = CommentBook.of({})
    for post in book.due(Marks(before), []):
        book.finish(post, {}, Marks(before))
    assert book.due(Marks(before), []) == []
    known = CommentBook.of(json.loads(json.dumps(book.state())))
    changed = {post for post, mark in now.items() if mark != before.get(post)}
    silent = {post for post in changed if now[post].startswith("0 ") and post not in known.posts}
    assert set(known.due(Marks(now), [])) == changed - silent


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["marks", "posts", "read_at", "at", "start", "walk", "since", "1_2"]), inner
)))  # fmt: skip
def test_a_book_out_of_any_cursor(state: object) -> None:
    """One of another version is read as far as it makes sense."""
    book = CommentBook.of(state if isinstance(state, dict) else {})
    assert isinstance(book.due(Marks({"1_2": "3 x"}), []), list)
    json.dumps(book.state())


# --- whatever an item holds

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
    | st.sampled_from(["1", "1_2", "2026-01-12T11:00:00+0000", "https://www.facebook.com/1/posts/2/?comment_id=3"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "data", "summary", "total_count", "title", "count", "username"]), inner, max_size=2
    ),
    max_leaves=4,
)  # fmt: skip
_ITEMS = st.dictionaries(
    st.sampled_from([
        "id", "message", "text", "caption", "created_time", "timestamp", "from", "parent", "parent_id",
        "permalink_url", "permalink", "attachments", "attachment", "shares", "reactions", "comments", "like_count",
        "comment_count", "review_text", "reviewer", "rating", "recommendation_type", "open_graph_story",
        "username", "replies", "comments_count", "root_post", "replied_to", "is_reply", "media_type",
    ]),
    _VALUES,
    max_size=8,
)  # fmt: skip
PAGE, ACCOUNT, NAMED = Page("1", "facebook"), Account("1", "instagram"), Named("threads")
MAKERS: dict[str, Callable[[Any], Mention]] = {
    "post": lambda item: post_of(item, PAGE, NOW),
    "comment": lambda item: comment_of(item, PAGE, NOW, "1_2"),
    "lone comment": lambda item: comment_of(item, PAGE, NOW),
    "rating": lambda item: rating_of(item, PAGE, NOW),
    "media": lambda item: media_of(item, ACCOUNT, NOW),
    "instagram comment": lambda item: instagram_comment_of(item, ACCOUNT, NOW, "2"),
    "foreign comment": lambda item: foreign_comment_of(item, ACCOUNT, NOW, "2"),
    "threads": lambda item: threads_post_of(item, NAMED, NOW),
}


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=60)
@given(item=_ITEMS)
def test_any_item_is_a_sound_mention_or_no_item(name: str, item: dict[str, Any]) -> None:
    """ValueError and nothing else; what is made of it can be stored."""
    list(with_replies([item]))
    try:
        made = MAKERS[name](item)
    except ValueError:
        return
    assert defect(made, NOW) is None


@given(
    _ITEMS,
    st.sampled_from(["comment", "post", "rating", "photo", "", None]),
    st.sampled_from(["add", "edited", "remove", "hide", None]),
    st.sampled_from(["feed", "mention", "ratings", "live_videos"]),
)
def test_any_change_is_told_or_refused(
    item: dict[str, Any], kind: str | None, verb: str | None, field: str
) -> None:
    """A delivery is never an accident, for Meta would send it again and again."""
    value = {**item, "item": kind, "verb": verb, "comment_id": item.get("id"), "post_id": item.get("parent_id")}
    batch, _ = Events({"1": PAGE}).read([Change("1", NOW, field, value)], NOW)
    assert all(defect(mention, NOW) is None for mention in batch.mentions)

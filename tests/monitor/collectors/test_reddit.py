"""Reddit: off until approved, login, lists that lose their place, deep trees, deleted things, recorded answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError, WatchedThread
from monitor.collectors.http import Network
from monitor.collectors.reddit_options import RedditOptions
from monitor.collectors.reddit_post import HOST, children_of, is_gone, walk_tree
from monitor.collectors.registry import build
from monitor.mention import MentionKind
from tests.fakes.platform_server import status
from tests.fakes.reddit import API, CLIENT, LOGIN, FakeReddit
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import exchanges, files

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
SECRET = "an-app-secret"


class Forum:
    """The fake platform and a source that reads it."""

    def __init__(
        self, answer: Any = None, terms: tuple[str, ...] = ("nordtåg", "nord tåg"), **options: Any
    ) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeReddit(self.clock, secret=SECRET)
        self.sink = MemorySink()
        self.watched: tuple[WatchedThread, ...] = ()
        self.recheck: tuple[str, ...] = ()
        given: dict[str, Any] = {"name": "reddit", "approved": True, "client_id": CLIENT, "client_secret": SECRET}
        given |= {"reddit_user": "nordtag", "subreddits": ["sweden"], "search": False, "api_url": API}
        self.options = RedditOptions.model_validate({**given, "login_url": LOGIN, **options})
        self.terms = terms
        transport = httpx.MockTransport(answer) if answer else self.fake.transport()
        network = Network(self.clock, transport=transport, resolver=lambda host: ["93.184.215.14"])
        self.runner = SourceRunner(
            self.options,
            build(self.options, network),
            self.sink,
            self.clock,
            lambda source, now: CollectContext(now, self.watched, self.recheck, {"Nordtåg": self.terms}),
            rng=Random(1),
        )

    def poll(self, minutes: float = 5) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def watch(self, *names: str) -> None:
        self.watched = tuple(WatchedThread("reddit", HOST + name, None, 0, NOW, True) for name in names)

    def calls(self, path: str) -> list[httpx.Request]:
        return [request for request in self.fake.requests if request.url.path.startswith(path)]


def test_it_is_off_until_somebody_says_that_reddit_approved() -> None:
    """Nothing is asked, and the operator is told why and what to do."""
    forum = Forum(approved=False)
    health = forum.poll().health
    assert "Reddit is off" in health.error
    assert "approved: true" in health.remedy
    assert health.permanent
    with pytest.raises(SourceError, match="off"):
        forum.runner.collector.check()
    assert forum.fake.requests == []


def test_a_comment_and_a_submission_become_mentions() -> None:
    """Plain text, who, where, under what; a link is matched, not shown."""
    forum = Forum()
    link = forum.fake.submit("Nordtåg?", NOW, selftext="Vad <händer> & nu", num_comments=7)
    other = forum.fake.submit("Artikel", NOW, is_self=False, url="https://news.example/nordtag")
    top = forum.fake.comment("ingen vet", NOW, parent=link)
    below = forum.fake.comment("jag vet", NOW, parent=top, edited=NOW.timestamp() + 60)
    forum.poll()
    found = forum.sink.mentions["reddit", HOST + link]
    assert (found.text, found.kind, found.replies, found.likes) == (
        "Nordtåg?\nVad <händer> & nu", MentionKind.POST, 7, 3,
    )  # fmt: skip
    assert (found.parent_id, found.thread_id, found.author) == (None, HOST + link, "t2_anna")
    assert found.author_handles == ("anna", "u/anna")
    assert forum.sink.mentions["reddit", HOST + other].extra_text == "https://news.example/nordtag"
    reply = forum.sink.mentions["reddit", HOST + below]
    assert (reply.parent_id, reply.thread_id, reply.kind) == (HOST + top, HOST + link, MentionKind.COMMENT)
    assert (reply.edited_at, reply.url) == (NOW + timedelta(minutes=1), f"https://www.reddit.com/r/x/{below[3:]}/")


def test_login_once_a_day_and_once_more_when_the_token_is_revoked() -> None:
    """By the app's credentials; the token goes into no cursor and no message."""
    forum = Forum()
    for _ in range(12 * 25):
        assert not forum.poll().failed
    assert forum.fake.logins == 2
    forum.fake.token = "revoked"
    assert not forum.poll().failed
    assert forum.fake.logins == 3
    assert "bearer-" not in "".join(forum.sink.cursors.values())
    login = forum.calls("/api/v1/access_token")[0]
    assert parse_qs(login.content.decode()) == {"grant_type": ["client_credentials"]}


def test_a_login_without_a_token_needs_a_person() -> None:
    """Reddit answers it with 200."""
    health = Forum(lambda request: httpx.Response(200, json={"error": "unauthorized_client"})).poll().health
    assert "did not give a token" in health.error
    assert health.permanent
    assert SECRET not in f"{health.error}{health.remedy}"


def test_a_search_finds_submissions_anywhere() -> None:
    """Any of the brand's words, in quotes, the newest first."""
    forum = Forum(subreddits=[], search=True)
    found = forum.fake.submit("Nord Tåg är nere", NOW, subreddit="trams")
    forum.fake.submit("annat", NOW)
    forum.poll()
    assert {name for _, name in forum.sink.mentions} == {HOST + found}
    asked = forum.calls("/search")[0].url.params
    assert (asked["q"], asked["sort"], asked["type"]) == ('"nordtåg" OR "nord tåg"', "new", "link")


def test_a_list_that_lost_its_place_is_read_from_the_top_again() -> None:
    """The entry after which the next page begins was removed between two polls: nothing is lost."""
    forum = Forum()
    link = forum.fake.submit("tråd", NOW, subreddit="elsewhere")
    names = [
        forum.fake.comment(f"k {n}", NOW - timedelta(minutes=n), parent=link, subreddit="sweden")
        for n in range(14)
    ]
    forum.fake.fail(status(500), after=1, match="/comments?")
    assert forum.poll().failed
    forum.fake.vanished.add(names[4])  # the last of the first page
    for _ in range(4):
        forum.poll(16)
    assert {HOST + name for name in names} == {name for _, name in forum.sink.mentions}


def test_a_deep_and_wide_thread_is_read_whole() -> None:
    """What a tree leaves out is asked for, by list and by branch; deleted comments leave their answers."""
    forum = Forum()
    forum.fake.shown, forum.fake.depth = 3, 2
    link = forum.fake.submit("Nordtåg", NOW, subreddit="elsewhere")
    wide = [forum.fake.comment(f"bred {n}", NOW, parent=link, subreddit="elsewhere") for n in range(8)]
    last = wide[0]
    deep = [last := forum.fake.comment(f"djup {n}", NOW, parent=last) for n in range(4)]
    forum.fake.delete(deep[0], "[removed]")
    forum.watch(link, "t3_gone", "t1_nothread")
    assert not forum.poll().failed
    expected = {HOST + name for name in (*wide, *deep) if name != deep[0]}
    assert {name for _, name in forum.sink.mentions} == expected
    assert {m.thread_id for m in forum.sink.mentions.values()} == {HOST + link}
    assert forum.sink.removed == {("reddit", HOST + deep[0])}
    assert [refusal.where for refusal in forum.sink.refusals] == [HOST + "t3_gone"]


def test_reading_again() -> None:
    """A hundred names a call; deleted, removed and vanished things are removals."""
    forum = Forum()
    link = forum.fake.submit("tråd", NOW, subreddit="elsewhere")
    kept, deleted, removed, vanished = (
        forum.fake.comment(f"k {n}", NOW, parent=link, subreddit="sweden") for n in range(4)
    )
    forum.poll()
    forum.fake.delete(deleted)
    forum.fake.delete(removed, "[removed]")
    forum.fake.vanished.add(vanished)
    forum.recheck = (*(HOST + name for name in (kept, deleted, removed, vanished)), HOST + "x", "other/1")
    forum.poll()
    assert forum.sink.removed == {("reddit", HOST + name) for name in (deleted, removed, vanished)}
    assert len(forum.calls("/api/info")) == 1


def test_what_counts_as_gone() -> None:
    """A link without words is not."""
    assert is_gone({"body": "[deleted]"})
    assert is_gone({"selftext": "[removed]"})
    assert is_gone({"selftext": "", "removed_by_category": "moderator"})
    assert not is_gone({"selftext": ""})


def test_a_subreddit_that_does_not_exist() -> None:
    """Reddit leads to a search for it, which is no list of entries."""
    health = Forum(subreddits=["finnsinte"]).poll().health
    assert "knows no such subreddit" in health.error
    assert health.permanent


def test_options_and_check() -> None:
    """Who calls must be said; without places and words there is nothing to read."""
    with pytest.raises(ValidationError, match="reddit_user"):
        RedditOptions.model_validate({"client_id": "a", "client_secret": "b", "reddit_user": "u/nord tåg"})
    assert "nothing to read" in Forum(subreddits=[]).poll().health.error
    assert Forum().runner.collector.check() == "Reddit lets nordtag's app read r/sweden."
    forum = Forum()
    forum.poll()
    agents = {request.headers["user-agent"] for request in forum.fake.requests}
    assert all(agent.startswith("linux:crisis-monitor:v1 (by /u/nordtag) crisis-monitor/") for agent in agents)


# --- recorded answers


def replayed(path: str, body: object, code: int = 200) -> Any:
    """A platform that answers `path` with a recorded body, and other lists with nothing."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/access_token":
            return httpx.Response(200, json={"access_token": "a-token", "expires_in": 86400})
        if request.url.path.startswith(path):
            text = body if isinstance(body, str) else json.dumps(body)
            return httpx.Response(code, text=text)
        return httpx.Response(200, json={"kind": "Listing", "data": {"children": [], "after": None}})

    return answer


def things_in(body: object) -> list[dict[str, Any]]:
    """Submissions and comments of a recorded list, or of a recorded thread without its submission."""
    if isinstance(body, list) and len(body) == 2:
        found = list(walk_tree(children_of(body[1])))
    else:
        found = children_of(body)
    return [dict(thing) for thing in found if thing.get("kind") in ("t1", "t3")]


@pytest.mark.parametrize("path", files("reddit", "Test*"))
def test_recorded_lists_and_threads(path: Path) -> None:
    """Every recorded thing that has words becomes one mention under its name; what is deleted is a removal."""
    for exchange in exchanges(path):
        text = exchange["response"]["body"] or ""
        if exchange["response"]["status"] != 200 or not text.startswith(("{", "[")):
            continue
        body = json.loads(text)
        expected = {HOST + thing["data"]["name"]: thing["data"] for thing in things_in(body)}
        if isinstance(body, list):
            forum = Forum(replayed("/comments/", body))
            forum.watch(body[0]["data"]["children"][0]["data"]["name"])
        elif body.get("kind") == "Listing":
            forum = Forum(replayed("/r/sweden/comments", {**body, "data": {**body["data"], "after": None}}))
        else:
            continue
        assert not forum.poll().failed
        assert {name for _, name in forum.sink.removed} == {
            name for name, data in expected.items() if is_gone(data)
        }
        assert {name for _, name in forum.sink.mentions} == expected.keys() - {n for _, n in forum.sink.removed}
        for (_, name), found in forum.sink.mentions.items():
            assert found.created_at == datetime.fromtimestamp(expected[name]["created_utc"], UTC)
            words = (expected[name].get("body") or expected[name]["title"]).split()
            assert found.text.split()[0] == words[0]


@pytest.mark.parametrize("path", files("reddit", "Test*not_set*"))
def test_recorded_404(path: Path) -> None:
    """What is not there is told in words."""
    answer = exchanges(path)[0]["response"]
    health = Forum(replayed("/r/", answer["body"], answer["status"])).poll().health
    assert "has no such place (404)" in health.error


@pytest.mark.parametrize("path", files("reddit", "error*"))
def test_recorded_errors(path: Path) -> None:
    """A sentence with what to do, whatever Reddit answers."""
    exchange = exchanges(path)[0]["response"]
    if exchange["status"] == 302:
        pytest.skip("a redirect to a list is followed like any other")
    health = Forum(replayed("/", exchange["body"] or "", exchange["status"])).poll().health
    assert str(exchange["status"]) in health.error
    assert health.remedy.endswith(".")

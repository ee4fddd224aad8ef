"""Mastodon: ids below the mark, feeds that are switched off, threads, boosts, several servers, limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError, WatchedThread
from monitor.collectors.http import Network
from monitor.collectors.mastodon import MastodonCollector
from monitor.collectors.mastodon_options import MastodonOptions
from monitor.collectors.mastodon_status import home_of
from monitor.mention import Mention, MentionKind
from tests.fakes.mastodon import HOST, FakeMastodon
from tests.fakes.platform_server import ALWAYS, status
from tests.fakes.sink import MemorySink

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Fediverse:
    """Some servers and a source that reads them."""

    def __init__(self, *hosts: str, **options: Any) -> None:
        self.clock = SimulatedClock(NOW)
        self.servers = {host: FakeMastodon(self.clock, host=f"https://{host}") for host in hosts or (HOST[8:],)}
        self.home = next(iter(self.servers.values()))
        self.sink = MemorySink()
        self.watched: list[WatchedThread] = []
        self.recheck: tuple[str, ...] = ()
        given = {
            "name": "fedi",
            "instances": [s.host for s in self.servers.values()],
            "hashtags": ["nordtåg"],
            **options,
        }
        self.options = MastodonOptions.model_validate(given)
        self.restart()

    def restart(self) -> None:
        transport = httpx.MockTransport(lambda request: self.servers[request.headers["host"]].handle(request))
        network = Network(self.clock, transport=transport, resolver=lambda host: ["93.184.215.14"])
        http = network.session(budget=MastodonCollector.budget)
        self.collector = MastodonCollector(self.options, http)
        self.runner = SourceRunner(
            self.options, self.collector, self.sink, self.clock, self.context, rng=Random(1)
        )

    def context(self, source: str, now: datetime) -> CollectContext:
        terms = {"Nordtåg": ("#Nordtåg", "nordtåg ab")}
        return CollectContext(now, tuple(self.watched), self.recheck, terms)

    def poll(self, minutes: float = 1) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def watch(self, uri: str, *, hot: bool = True) -> None:
        self.watched.append(WatchedThread("mastodon", uri, None, 0, self.clock.now(), hot))

    def mention(self, uri: str) -> Mention:
        return self.sink.mentions["mastodon", uri]

    def paths(self) -> list[str]:
        return [request.url.path for server in self.servers.values() for request in server.requests]


def test_a_status_becomes_a_mention() -> None:
    """Warning and text, links beside, author with host, counts, language, times."""
    fedi = Fediverse()
    found = fedi.home.add(
        "x",
        NOW,
        spoiler_text="Nordtåg",
        content='<p>Står still<br>igen <a href="https://nordtag.example/">läs</a></p>',
        favourites_count=3,
        replies_count=2,
        reblogs_count=1,
        media_attachments=[{"description": "en tom perrong"}],
        card={"url": "https://news.example/1", "title": "Kaos"},
        poll={"options": [{"title": "Ja"}, {"title": "Nej"}]},
        quote={"quoted_status": {"content": "<p>Vi ber om ursäkt</p>"}},
    )
    fedi.poll()
    mention = fedi.mention(found["uri"])
    assert mention.text == "Nordtåg\nStår still\nigen läs\nJa\nNej"
    assert mention.extra_text.splitlines() == [
        "https://nordtag.example/", "en tom perrong", "https://news.example/1", "Kaos", "Vi ber om ursäkt",
    ]  # fmt: skip
    assert (mention.author_handles, mention.followers) == (("anna@mastodon.example", "@anna@mastodon.example"), 7)
    assert (mention.likes, mention.replies, mention.shares, mention.language) == (3, 2, 1, "sv")
    assert (mention.kind, mention.created_at, mention.url) == (MentionKind.POST, NOW, found["url"])
    assert (mention.thread_id, mention.parent_id) == (found["uri"], None)


def test_several_servers_know_one_status_once() -> None:
    """The uri is what they share; hidden follower counts are unknown."""
    fedi = Fediverse("one.example", "two.example")
    original = fedi.servers["one.example"].add("nordtåg", NOW)
    account = {"acct": "anna@one.example", "uri": "https://one.example/users/anna", "followers_count": -1}
    fedi.servers["two.example"].add("nordtåg", NOW, uri=original["uri"], url=None, account=account)
    only_there = fedi.servers["two.example"].add("nordtåg från två", NOW, url=None)
    fedi.poll()
    assert {uri for _, uri in fedi.sink.mentions} == {original["uri"], only_there["uri"]}
    assert fedi.mention(only_there["uri"]).url == only_there["uri"]


@pytest.mark.parametrize("visibility", ["private", "direct", "mutuals_only"])
def test_what_is_not_public_is_dropped(visibility: str) -> None:
    """Whatever a token may see."""
    fedi = Fediverse()
    fedi.home.add("hemligt", NOW, visibility=visibility)
    unlisted = fedi.home.add("olistat", NOW, visibility="unlisted")
    fedi.poll()
    assert {uri for _, uri in fedi.sink.mentions} == {unlisted["uri"]}


def test_a_boost_is_counted_and_not_stored() -> None:
    """The original comes with its counts; the boost itself is no text."""
    fedi = Fediverse()
    original = fedi.home.add("nordtåg", NOW - MINUTE, reblogs_count=1)
    fedi.home.add("", NOW, reblog=original, user="bo")
    fedi.poll()
    assert list(fedi.sink.mentions) == [("mastodon", original["uri"])]
    assert fedi.mention(original["uri"]).shares == 1


def test_accounts_that_do_not_want_to_be_indexed_can_be_left_out() -> None:
    """By policy of the operator."""
    fedi = Fediverse(only_indexable=True)
    fedi.home.add("nej", NOW)
    yes = fedi.home.add("ja", NOW, account={"acct": "bo", "uri": "u:bo", "indexable": True})
    fedi.poll()
    assert list(fedi.sink.mentions) == [("mastodon", yes["uri"])]


def test_a_switched_off_feed_is_not_silence() -> None:
    """`[]` of a disabled feed is an error that a person must solve; nothing is polled there meanwhile."""
    fedi = Fediverse()
    fedi.home.feeds = {"local": "disabled", "remote": "disabled"}
    outcome = fedi.poll()
    assert "shows no tag timelines" in outcome.health.error
    assert outcome.health.permanent
    assert fedi.paths() == ["/api/v2/instance"]


def test_a_feed_for_own_people_needs_a_token() -> None:
    """Without one it is an error; with one it is read, and the token is sent."""
    private = {"local": "authenticated", "remote": "authenticated"}
    fedi = Fediverse()
    fedi.home.feeds = private
    assert "only to its own people" in fedi.poll().health.error
    fedi = Fediverse(instances=[], instance=HOST, token="a-token-of-ours")
    fedi.home.feeds = private
    fedi.home.add("nordtåg", NOW)
    assert fedi.poll().report.taken == 1
    assert {request.headers["authorization"] for request in fedi.home.requests} == {"Bearer a-token-of-ours"}


def test_old_servers_that_do_not_tell_are_read() -> None:
    """Before 4.5 there is no such setting; before 4.0 no such page."""
    fedi = Fediverse()
    fedi.home.feeds = None
    fedi.home.add("nordtåg", NOW)
    fedi.home.fail(status(404), match="/instance")
    assert fedi.poll().report.taken == 1


def test_servers_without_snowflakes_are_walked_from_new_to_old() -> None:
    """`min_id` made from a time would hide everything there."""
    fedi = Fediverse()
    fedi.home.version = "2.7.2 (compatible; Pleroma 2.6.0)"
    fedi.home.ignores_windows = True
    for i in range(12):
        fedi.home.add(f"nordtåg {i}", NOW - i * MINUTE)
    fedi.poll()
    assert len(fedi.sink.mentions) == 12
    fedi.home.add("nordtåg nytt", fedi.clock.now())
    assert fedi.poll().report.taken == 1
    assert not any("min_id" in str(request.url) for request in fedi.home.requests)


def test_a_pause_of_a_day_leaves_no_hole() -> None:
    """A hundred statuses during the outage, five a page: all come, over as many polls as it takes."""
    fedi = Fediverse()
    fedi.poll()
    for i in range(100):
        fedi.home.add(f"nordtåg {i}", fedi.clock.now() + i * 10 * MINUTE)
    fedi.clock.advance(timedelta(days=1))
    fedi.poll()
    fedi.restart()
    fedi.poll()
    assert len(fedi.sink.mentions) == 100


def test_the_first_poll_looks_back_as_far_as_asked() -> None:
    """No further: older posts are history, and history is imported."""
    fedi = Fediverse(look_back="2h")
    fedi.home.add("nordtåg då", NOW - timedelta(hours=3))
    fedi.home.add("nordtåg nu", NOW - timedelta(hours=1))
    fedi.poll()
    assert fedi.sink.texts() == ["nordtåg nu"]


def test_brand_words_are_the_tags_where_none_are_set() -> None:
    """Those that can be a tag."""
    fedi = Fediverse(hashtags=[])
    fedi.poll()
    assert "/api/v1/timelines/tag/Nordtåg" in fedi.paths()
    assert not any("ab" in path.split("/")[-1] for path in fedi.paths())


def test_replies_know_their_parent_and_root() -> None:
    """A tagged reply's ancestors are asked for once."""
    fedi = Fediverse()
    root = fedi.home.add("hej", NOW - timedelta(hours=30), tags=[])
    middle = fedi.home.add("svar", NOW - 2 * MINUTE, parent=root["uri"])
    reply = fedi.home.add("nordtåg!", NOW - MINUTE, parent=middle["uri"])
    for _ in range(3):
        fedi.poll()
    mention = fedi.mention(reply["uri"])
    assert (mention.parent_id, mention.thread_id, mention.kind) == (
        middle["uri"],
        root["uri"],
        MentionKind.COMMENT,
    )
    assert fedi.paths().count(f"/api/v1/statuses/{reply['id']}/context") == 1


def test_a_reply_whose_ancestors_cannot_be_asked_for_is_taken_all_the_same() -> None:
    """And asked for again later."""
    fedi = Fediverse()
    root = fedi.home.add("hej", NOW - 2 * MINUTE)
    reply = fedi.home.add("nordtåg!", NOW, parent=root["uri"])
    fedi.home.fail(status(500), match="/context")
    fedi.poll()
    assert fedi.mention(reply["uri"]).thread_id is None
    assert not fedi.poll().failed
    assert fedi.paths().count(f"/api/v1/statuses/{reply['id']}/context") == 2


def test_watched_threads_are_followed() -> None:
    """Comments that do not name the brand come with parent and root, also new ones."""
    fedi = Fediverse(hashtags=["annat"])
    root = fedi.home.add("nordtåg", NOW)
    fedi.watch(root["uri"])
    first = fedi.home.add("ja usch", NOW + timedelta(seconds=1), parent=root["uri"])
    fedi.poll()
    second = fedi.home.add("hos mig också", NOW + timedelta(seconds=2), parent=first["uri"])
    fedi.poll()
    assert (fedi.mention(second["uri"]).parent_id, fedi.mention(second["uri"]).thread_id) == (
        first["uri"],
        root["uri"],
    )
    assert fedi.mention(first["uri"]).thread_id == root["uri"]


def test_long_threads_are_asked_for_from_their_ends() -> None:
    """A visitor sees sixty comments; more are found under the last ones."""
    fedi = Fediverse(hashtags=["annat"])
    root = last = fedi.home.add("nordtåg", NOW)
    for i in range(90):
        last = fedi.home.add(f"svar {i}", NOW + timedelta(seconds=i), parent=last["uri"])
    fedi.watch(root["uri"])
    fedi.poll()
    assert len([m for m in fedi.sink.mentions.values() if m.text.startswith("svar")]) == 90


def test_threads_are_read_at_their_home() -> None:
    """A thread of a server that is not ours is asked for there, without our token, at a public address only."""
    fedi = Fediverse("ours.example", instances=[{"url": "https://ours.example", "token": "a-token-of-ours"}])
    fedi.servers["home.example"] = away = FakeMastodon(fedi.clock, host="https://home.example")
    root = away.add("nordtåg", NOW)
    reply = away.add("usch", NOW + MINUTE, parent=root["uri"])
    fedi.watch(root["uri"])
    fedi.poll()
    assert fedi.mention(reply["uri"]).thread_id == root["uri"]
    assert all("authorization" not in request.headers for request in away.requests)
    fedi.watch("http://127.0.0.1/users/x/statuses/1")
    network = Network(fedi.clock, transport=httpx.MockTransport(lambda request: httpx.Response(200, json={})))
    fedi.runner.collector = MastodonCollector(fedi.options, network.session())
    fedi.servers["home.example"].requests.clear()
    fedi.poll()
    assert any("private address" in refusal.why for refusal in fedi.sink.refusals)


def test_one_dead_home_does_not_hide_the_other_threads() -> None:
    """It is noted, and the source goes on."""
    fedi = Fediverse("ours.example")
    fedi.servers["dead.example"] = FakeMastodon(fedi.clock, host="https://dead.example")
    fedi.servers["dead.example"].fail(status(503, headers={"retry-after": "3600"}), times=ALWAYS)
    root = fedi.home.add("nordtåg", NOW)
    reply = fedi.home.add("usch", NOW, parent=root["uri"])
    fedi.watch("https://dead.example/users/x/statuses/1")
    fedi.watch(root["uri"])
    assert not fedi.poll().failed
    assert ("mastodon", reply["uri"]) in fedi.sink.mentions
    assert any("dead.example" in refusal.where for refusal in fedi.sink.refusals)


def test_rechecks_tell_edits_deletions_and_nothing_else() -> None:
    """404 is gone; a server in trouble is not."""
    fedi = Fediverse(hashtags=["annat"])
    kept, gone, unclear = (fedi.home.add(f"nordtåg {i}", NOW - timedelta(hours=i)) for i in range(3))
    fedi.home.remove(gone["uri"])
    kept["content"], kept["edited_at"] = "<p>ändrat</p>", NOW.isoformat()
    fedi.home.fail(status(500), match=unclear["id"])
    fedi.recheck = (kept["uri"], gone["uri"], unclear["uri"], "https://x.example/objects/abc")
    fedi.poll()
    assert fedi.sink.removed == {("mastodon", gone["uri"])}
    assert (fedi.mention(kept["uri"]).text, fedi.mention(kept["uri"]).edited_at) == ("ändrat", NOW)


def test_limits_are_never_exceeded() -> None:
    """Many tags, a poll every ten seconds for a quarter of an hour: the server never has to say no."""
    fedi = Fediverse(hashtags=[f"tagg{i}" for i in range(12)], every="10s")
    fedi.home.calls_left = 300
    said_no = []
    answer = fedi.home.answer

    def watched(request: httpx.Request) -> httpx.Response:
        response = answer(request)
        said_no.append(response.status_code == 429)
        return response

    fedi.home.answer = watched  # type: ignore[method-assign]  # looked at from outside
    for i in range(90):
        if i % 10 == 0:
            fedi.home.add(f"nordtåg {i}", fedi.clock.now())
        assert not fedi.poll(1 / 6).failed
    assert sum(said_no) == 0
    assert len(said_no) > 350
    fedi.poll(10)
    assert len(fedi.sink.mentions) == 9


def test_one_server_down_leaves_the_other() -> None:
    """The sentence says which; its own waits are its own."""
    fedi = Fediverse("up.example", "down.example")
    fedi.servers["down.example"].fail(status(502), times=ALWAYS)
    fedi.servers["up.example"].add("nordtåg", NOW)
    outcome = fedi.poll()
    assert outcome.report.taken == 1
    assert outcome.health.error.startswith("1 of 2 cannot be read: down.example ")


def test_check_says_what_can_be_seen() -> None:
    """A sentence a server."""
    fedi = Fediverse("one.example", "two.example")
    fedi.servers["two.example"].feeds = {"local": "public", "remote": "disabled"}
    told = fedi.collector.check()
    assert "one.example (4.5.0) answers" in told
    assert "public for its own posts and disabled for those of other servers" in told
    fedi.home.fail(status(500))
    with pytest.raises(SourceError):
        fedi.collector.check()


def test_something_else_than_a_list_is_said() -> None:
    """Another kind of server at that address."""
    fedi = Fediverse()
    fedi.home.fail(status(200, '{"hello": "world"}'), times=ALWAYS, match="timelines")
    assert "something else than a list" in fedi.poll().health.error


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"instance": "mastodon.nu"},
        {"instance": HOST, "hashtags": ["två ord"]},
        {"instance": HOST, "hashtags": ["123"]},
    ],
)
def test_wrong_options(options: dict[str, Any]) -> None:
    """No server, no address, no tag."""
    with pytest.raises(ValidationError):
        MastodonOptions.model_validate(options)


def test_options_as_people_write_them() -> None:
    """With # or without, addresses or addresses with tokens."""
    options = MastodonOptions.model_validate(
        {"instances": ["https://a.example", {"url": "https://b.example/", "token": "tttt"}], "hashtags": ["#tåg"]}
    )
    assert list(options.servers()) == ["https://a.example", "https://b.example"]
    assert options.hashtags == ("tåg",)
    assert options.default_name() == "mastodon a.example"
    assert "tttt" not in repr(options)


@pytest.mark.parametrize(
    ("uri", "known"),
    [
        ("https://a.example/users/anna/statuses/1", True),
        ("https://a.example/ap/users/7/statuses/1", True),
        ("https://a.example/@anna/1", True),
        ("https://a.example/objects/0b1c", False),
        ("https://a.example/users/anna/statuses/1/../../2", False),
        ("at://did:plc:x/app.bsky.feed.post/1", False),
    ],
)
def test_where_a_status_is_at_home(uri: str, known: bool) -> None:
    """Mastodon's own forms of addresses only."""
    assert (home_of(uri) is not None) is known


@pytest.mark.parametrize("date", ["2099-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"])
def test_a_status_whose_date_cannot_be_is_told_once_and_its_neighbours_are_taken(date: str) -> None:
    """Another server's software may claim anything; the overlap shows it at every poll."""
    fedi = Fediverse()
    fedi.home.add("nordtåg", NOW, created_at=date)
    kept = fedi.home.add("nordtåg också", NOW)
    dateless = fedi.home.add("nordtåg utan datum", NOW, created_at=None)
    fedi.poll()
    fedi.poll()
    assert {uri for _, uri in fedi.sink.mentions} == {kept["uri"], dateless["uri"]}
    assert fedi.mention(dateless["uri"]).created_at is None
    assert [date[:10] in refusal.why for refusal in fedi.sink.refusals] == [True]

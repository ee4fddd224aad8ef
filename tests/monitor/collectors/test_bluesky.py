"""Bluesky: what the stream brings in both versions, watched roots, gaps, threads and their traps, recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError, WatchedThread
from monitor.collectors.bluesky import BlueskyCollector
from monitor.collectors.bluesky_options import BlueskyOptions
from monitor.collectors.bluesky_post import Labels, mention_of_view
from monitor.collectors.bluesky_stream import Event, open_stream, read_frame, stream_url
from monitor.collectors.http import Network
from monitor.mention import Mention, MentionKind
from tests.fakes.bluesky import API, V1, V2, FakeBluesky
from tests.fakes.platform_server import ALWAYS, status
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import files, objects

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LABELS = Labels("bluesky")


class Sky:
    """The fake network and a source that follows it."""

    def __init__(self, *, terms: tuple[str, ...] = ("nordtåg",), **options: Any) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeBluesky(self.clock)
        self.sink = MemorySink()
        self.terms = terms
        self.watched: list[WatchedThread] = []
        self.recheck: tuple[str, ...] = ()
        given = {"name": "bluesky", "streams": [V2], "api_url": API, "login_url": API, **options}
        self.options = BlueskyOptions.model_validate(given)
        network = Network(self.clock, transport=self.fake.transport(), resolver=lambda host: ["93.184.215.14"])
        http = network.session(non_get=BlueskyCollector.non_get, budget=BlueskyCollector.budget)
        collector: Any = BlueskyCollector(self.options, http, self.fake.connect)
        self.collector = collector
        self.runner = SourceRunner(
            self.options, self.collector, self.sink, self.clock, self.context, rng=Random(1)
        )

    def context(self, source: str, now: datetime) -> CollectContext:
        return CollectContext(now, tuple(self.watched), self.recheck, {"Nordtåg": self.terms})

    def poll(self, minutes: float = 2) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def watch(self, uri: str) -> None:
        self.watched.append(WatchedThread("bluesky", uri, None, 0, self.clock.now(), True))

    def texts(self) -> list[str]:
        return self.sink.texts()

    def mention(self, uri: str) -> Mention:
        return self.sink.mentions["bluesky", uri]

    def calls(self, nsid: str) -> int:
        return sum(nsid in request.url.path for request in self.fake.requests)


@pytest.mark.parametrize("address", [V1, V2])
def test_a_post_becomes_a_mention(address: str) -> None:
    """The same in both versions: words, whole links beside, author by did and handle, language, url."""
    sky = Sky(streams=[address])
    uri = sky.fake.add(
        "Nordtåg står still www.nyheter.ex...",
        NOW,
        facets=[{"index": {}, "features": [{"uri": "https://www.nyheter.example/artikel"}]}],
        embed={
            "$type": "app.bsky.embed.recordWithMedia",
            "record": {"record": {"uri": "at://did:plc:x/app.bsky.feed.post/q"}},
            "media": {"images": [{"alt": "en tom perrong"}]},
        },
    )
    assert not sky.poll().failed
    found = sky.mention(uri)
    assert found.text == "Nordtåg står still www.nyheter.ex..."
    assert found.extra_text.split("\n") == ["https://www.nyheter.example/artikel", "en tom perrong"]
    assert (found.author, found.author_handles) == ("did:plc:anna", ("anna.bsky.social", "did:plc:anna"))
    assert (found.followers, found.language, found.created_at) == (7, "sv", NOW)
    assert found.url == f"https://bsky.app/profile/anna.bsky.social/post/{uri.rpartition('/')[2]}"
    assert (found.parent_id, found.thread_id) == ("at://did:plc:x/app.bsky.feed.post/q", uri)
    assert sky.texts() == [found.text]


def test_only_what_concerns_a_brand_is_handed_on() -> None:
    """By the brands' own rules: inflected and compound forms too; links and alternative texts count."""
    sky = Sky(terms=("nordtåg", "nordtag.example"))
    for text in ("Nordtågs app", "nordtågkunder", "godmorgon", "syd och väst"):
        sky.fake.add(text, NOW)
    sky.fake.add("läs", NOW, embed={"external": {"uri": "https://nordtag.example/x", "title": "Störning"}})
    sky.poll()
    assert sky.texts() == ["Nordtågs app", "läs", "nordtågkunder"]


def test_a_picture_alone_speaks_by_its_alternative_text() -> None:
    """No text is no reason to be deaf."""
    sky = Sky()
    sky.fake.add("", NOW, embed={"images": [{"alt": "Nordtågs tavla: inställt"}]})
    sky.poll()
    assert sky.texts() == ["Nordtågs tavla: inställt"]


def test_replies_and_quotes_of_what_matched_are_followed() -> None:
    """They need not name the brand; those of roots that the daemon watches neither."""
    sky = Sky()
    known = sky.fake.add("något om tåg", NOW - timedelta(days=3))
    sky.fake.events.clear()
    sky.watch(known)
    root = sky.fake.add("nordtåg igen", NOW)
    reply = sky.fake.add("usch", NOW, parent=root)
    deeper = sky.fake.add("verkligen", NOW, parent=reply)
    quote = sky.fake.add("titta", NOW, embed={"$type": "app.bsky.embed.record", "record": {"uri": root}})
    sky.fake.add("håller med", NOW, parent=known)
    sky.fake.add("annat", NOW, parent="at://did:plc:x/app.bsky.feed.post/1")
    sky.poll()
    assert sky.texts() == ["håller med", "nordtåg igen", "titta", "usch", "verkligen"]
    assert (sky.mention(deeper).parent_id, sky.mention(deeper).thread_id) == (reply, root)
    assert sky.mention(deeper).kind == MentionKind.COMMENT
    assert (sky.mention(quote).parent_id, sky.mention(quote).thread_id) == (root, quote)


def test_replies_that_come_before_anything_was_stored_are_followed() -> None:
    """Replies in the same second as the post; other answers in somebody else's thread are not ours."""
    sky = Sky()
    elsewhere = sky.fake.add("om annat", NOW, did="did:plc:bo")
    inside = sky.fake.add("nordtåg gör likadant", NOW, parent=elsewhere)
    sky.fake.add("ja", NOW, parent=inside)
    sky.fake.add("inget om det", NOW, parent=elsewhere)
    sky.poll()
    assert sky.texts() == ["ja", "nordtåg gör likadant"]


def test_the_stream_tells_edits_and_deletions() -> None:
    """At once, without asking."""
    sky = Sky()
    gone, changed = sky.fake.add("nordtåg ångrar", NOW), sky.fake.add("nordtåg sent", NOW)
    sky.poll()
    sky.clock.advance(MINUTE)
    sky.fake.remove(gone)
    sky.fake.edit(changed, "nordtåg inställt")
    sky.poll()
    assert sky.sink.removed == {("bluesky", gone)}
    assert (sky.mention(changed).text, sky.mention(changed).edited_at) == ("nordtåg inställt", NOW + 3 * MINUTE)


def test_dates_are_never_later_than_the_network_saw_the_post() -> None:
    """Authors' software claims 2099 and 2019; the past is believed, the future is not."""
    sky = Sky()
    soon = sky.fake.add("nordtåg snart", NOW + timedelta(hours=5))
    never = sky.fake.add("nordtåg 2099", NOW, createdAt="2099-01-01T00:00:00Z")
    old = sky.fake.add("nordtåg 2019", NOW, createdAt="2019-01-01T00:00:00.000001+00:00")
    broken = sky.fake.add("nordtåg när", NOW, createdAt="igår")
    sky.poll()
    assert sky.mention(soon).created_at == NOW
    assert [sky.mention(uri).created_at for uri in (never, broken)] == [None, None]
    assert sky.mention(old).created_at == datetime(2019, 1, 1, 0, 0, 0, 1, tzinfo=UTC)


def test_the_cursor_is_an_instant_and_goes_on_after_a_restart() -> None:
    """Asked for in microseconds, rewound by five seconds, whatever the server."""
    sky = Sky(streams=[V2, V1])
    sky.fake.add("nordtåg ett", NOW)
    sky.poll()
    at = datetime.fromisoformat(sky.sink.load_cursor("bluesky")["at"])
    sky.poll()
    cursor = int(sky.fake.requests[-1].url.params["cursor"])
    assert datetime.fromtimestamp(cursor / 1e6, UTC) == at - timedelta(seconds=5)
    assert dict(sky.fake.requests[-1].url.params)["collections"] == "app.bsky.feed.post"


def test_the_next_server_is_taken_after_a_failure() -> None:
    """And nothing is lost on the way."""
    sky = Sky(streams=[V2, V1])
    sky.fake.add("nordtåg ett", NOW)
    sky.fake.fail(status(503), times=ALWAYS, match="subscribeEvents")
    assert sky.poll().failed
    assert not sky.poll().failed
    assert sky.fake.requests[-2].url.path == "/subscribe" or sky.fake.requests[-1].url.path == "/subscribe"
    assert sky.fake.requests[-1].url.params.get("collections") is None
    assert sky.texts() == ["nordtåg ett"]


def test_an_endless_stream_is_left_after_a_while() -> None:
    """The others have their turn; hot, sooner."""
    sky = Sky()
    sky.fake.add("nordtåg ett", NOW)
    sky.fake.endless = True
    assert not sky.poll().failed
    assert sky.texts() == ["nordtåg ett"]


def test_a_stream_that_says_nothing_at_all_is_no_silence() -> None:
    """All posts of the network are never that quiet: it is an error, and a sentence."""
    sky = Sky()
    sky.fake.mute = True
    outcome = sky.poll()
    assert "sent nothing" in outcome.health.error


@pytest.mark.parametrize("frame", ['{"$type": "error", "error": "ConsumerTooSlow"}'])
def test_an_error_frame_ends_the_stream_and_what_came_before_is_kept(frame: str) -> None:
    """It says why."""
    sky = Sky()
    sky.fake.add("nordtåg ett", NOW - MINUTE)
    sky.fake.ends_with = frame
    outcome = sky.poll()
    assert "ConsumerTooSlow" in outcome.health.error
    sky.fake.ends_with = ""
    assert not sky.poll().failed
    assert sky.texts() == ["nordtåg ett"]


def test_a_gap_is_searched_with_a_login() -> None:
    """Over pages, several words, an expired token, and only for the time that is missing."""
    sky = Sky(identifier="nordtag.example", password="app-password-1", terms=("nordtåg", "tågbolaget"))
    sky.poll()
    sky.fake.kept = timedelta(hours=1)
    sky.clock.advance(timedelta(hours=2))
    missed = [f"nordtåg missat {i}" for i in range(5)]
    for text in (*missed, "tågbolaget missat"):
        sky.fake.add(text, sky.clock.now())
    sky.clock.advance(timedelta(hours=3))
    sky.poll()
    assert sky.texts() == []
    assert sky.sink.load_cursor("bluesky")["gaps"]
    sky.poll()
    assert sky.texts() == sorted([*missed, "tågbolaget missat"])
    assert sky.sink.load_cursor("bluesky")["gaps"] == []
    assert sky.calls("createSession") == 1
    sky.fake.tokens = ["a new one"]
    sky.clock.advance(timedelta(hours=5))
    sky.poll()
    sky.poll()
    assert sky.calls("createSession") == 2


def test_a_gap_without_a_login_is_named() -> None:
    """With its times, once."""
    sky = Sky()
    sky.poll()
    sky.fake.kept = timedelta(hours=1)
    sky.clock.advance(timedelta(hours=5))
    for _ in range(3):
        assert not sky.poll().failed
    (told,) = sky.sink.refusals
    assert "between 2026-01-12 12:0" in told.where
    assert "account" in told.why


def test_threads_show_more_than_the_stream_told() -> None:
    """Comments from before we listened, with counts; cut branches are read again; blocked ones are skipped."""
    sky = Sky()
    root = last = sky.fake.add("nordtåg tråd", NOW - timedelta(days=2))
    for number in range(12):
        last = sky.fake.add(f"svar {number}", NOW, parent=last)
    sky.fake.events.clear()
    sky.fake.depth_shown = 8
    sky.watch(root)
    sky.poll()
    assert len([text for text in sky.texts() if text.startswith("svar")]) == 12
    assert all(m.thread_id == root for m in sky.sink.mentions.values())
    assert sky.mention(last).likes == 2


def test_quotes_are_read_and_a_thread_that_is_gone_is_no_error() -> None:
    """An unknown post is a 400 here."""
    sky = Sky()
    root = sky.fake.add("nordtåg tråd", NOW)
    quote = sky.fake.add("titta", NOW, embed={"$type": "app.bsky.embed.record", "record": {"uri": root}})
    sky.fake.events.clear()
    sky.watch("at://did:plc:gone/app.bsky.feed.post/1")
    sky.watch(root)
    assert not sky.poll().failed
    assert sky.mention(quote).parent_id == root
    assert sky.sink.refusals == []


def test_failing_calls_do_not_hold_up_the_stream() -> None:
    """They are noted; without profiles the author is known by did alone."""
    sky = Sky()
    uri = sky.fake.add("nordtåg ett", NOW)
    sky.watch(uri)
    sky.recheck = (uri,)
    sky.fake.fail(status(502), times=ALWAYS, match="app.bsky")
    sky.fake.recover()
    sky.fake.fail(status(502), times=ALWAYS, match="bsky.example")
    assert not sky.poll().failed
    assert sky.mention(uri).author_handles == ("did:plc:anna",)
    assert sky.mention(uri).url == f"https://bsky.app/profile/did:plc:anna/post/{uri.rpartition('/')[2]}"
    assert {refusal.where for refusal in sky.sink.refusals} == {"read threads", "read again"}


def test_rechecks_go_by_twenty_five() -> None:
    """What does not come back is gone; what comes back changed is an edit."""
    sky = Sky()
    uris = [sky.fake.add(f"nordtåg {i}", NOW) for i in range(30)]
    sky.poll()
    sky.fake.remove(uris[3], told=False)
    sky.fake.remove(uris[28], told=False)
    sky.recheck = (*uris, "not a uri")
    sky.poll()
    assert sky.sink.removed == {("bluesky", uris[3]), ("bluesky", uris[28])}
    assert sky.calls("getPosts") == 2


def test_who_does_not_want_to_be_shown_to_visitors_is_left_out() -> None:
    """Unless an account is set."""
    login: dict[str, Any] = {"identifier": "a.example", "password": "app-password-1"}
    cases: list[tuple[dict[str, Any], list[str]]] = [({}, []), (login, ["nordtåg"])]
    for options, expected in cases:
        sky = Sky(**options)
        sky.fake.hidden.add("did:plc:anna")
        sky.fake.add("nordtåg", NOW)
        sky.poll()
        assert sky.texts() == expected


def test_check_says_whether_stream_and_login_work() -> None:
    """A wrong password is a sentence without it."""
    assert "cannot be searched" in Sky().collector.check()
    login: dict[str, Any] = {"identifier": "a.example", "password": "app-password-1"}
    assert Sky(**login).collector.check().endswith("the account logs in.")
    with pytest.raises(SourceError, match="Invalid identifier"):
        Sky(**{**login, "password": "wrong"}).collector.check()


def test_no_words_no_stream() -> None:
    """Without keywords the whole network would come; that is said."""
    outcome = Sky(terms=()).poll()
    assert "keywords" in outcome.health.error
    assert outcome.health.permanent


@pytest.mark.parametrize(
    "options",
    [{"streams": ["https://x.example/subscribe"]}, {"streams": ["wss://x.example/"]}, {"identifier": "a"}],
)
def test_wrong_options(options: dict[str, Any]) -> None:
    """Each is refused when the config is read."""
    with pytest.raises(ValidationError):
        BlueskyOptions.model_validate(options)


# --- frames and recordings


@pytest.mark.parametrize(
    "frame",
    ["", "[]", "7", '{"time_us": "x"}', '{"payload": 3}', '{"time_us": 1783175888085434, "commit": {}}'],
)
def test_frames_that_make_no_sense_are_refused_or_nothing(frame: str) -> None:
    """Never anything but ValueError."""
    try:
        event = read_frame(frame, "x")
    except ValueError:
        return
    assert event is None or event.uri == ""


def test_advice_is_no_event() -> None:
    """`OutdatedCursor` is noticed by the first event's time instead."""
    frame = '{"$type": "message", "payload": {"$type": "x#info", "name": "OutdatedCursor"}}'
    assert read_frame(frame, "x") is None


@pytest.mark.parametrize("path", files("bluesky", "jetstream_v1_production*.jsonl"))
def test_recorded_stream(path: Path) -> None:
    """Every recorded post becomes an event and a sound mention; likes and follows become none."""
    lines = path.read_text(encoding="utf-8").splitlines()
    events = [read_frame(line, "x") for line in lines]
    posts = [json.loads(line) for line in lines if '"app.bsky.feed.post"' in line]
    created = [p for p in posts if p.get("commit", {}).get("collection") == "app.bsky.feed.post"]
    about_posts = [event for event in events if event is not None and event.uri]
    assert len(about_posts) == len(created) > 10
    assert all(event is not None and event.at.year == 2026 for event in events)

    clock = SimulatedClock(about_posts[0].at)
    sink = MemorySink()

    class Replayed(FakeBluesky):
        def _frames(self, url: Any) -> Iterator[bytes]:
            yield from (f"{line}\n".encode() for line in lines)

    fake = Replayed(clock)
    options = BlueskyOptions.model_validate({"name": "b", "streams": [V1], "api_url": API})
    network = Network(clock, transport=fake.transport())
    collector: Any = BlueskyCollector(options, network.session(), fake.connect)
    word = json.loads(next(line for line in lines if '"langs":["en"]' in line))["commit"]["record"]["text"].split()
    terms = {"All": tuple({w.strip(".,!?").lower() for w in word if len(w) > 4} | {"guards"})}
    runner = SourceRunner(options, collector, sink, clock, lambda s, now: CollectContext(now, terms=terms))
    outcome = runner.poll()
    assert not outcome.failed, outcome.health.error
    assert sink.mentions
    assert sink.refusals == []
    for mention in sink.mentions.values():
        assert mention.text
        assert mention.global_id.startswith("at://did:")
        assert mention.created_at is not None


@pytest.mark.parametrize("path", files("bluesky", "thread_view*.json"))
def test_recorded_threads(path: Path) -> None:
    """Every post view of a real answer is understood."""
    found = [o for o in objects(json.loads(path.read_text(encoding="utf-8"))) if "record" in o and "author" in o]
    views = [
        view for view in found if "post" in str(view.get("uri")) and "indexedAt" in view and "value" not in view
    ]
    assert views
    for view in views:
        mention = mention_of_view(view, LABELS, NOW)
        assert mention.global_id == view["uri"]
        assert mention.created_at is not None
        assert mention.likes == view.get("likeCount")


def test_stream_addresses() -> None:
    """Each version has its own parameter names; the wrong ones are answered with 400."""
    since = datetime(2026, 1, 1, tzinfo=UTC)
    assert stream_url(V1, since).endswith("?wantedCollections=app.bsky.feed.post&cursor=1767225600000000")
    assert stream_url(V2, None).endswith("?collections=app.bsky.feed.post&kinds=commit")


# --- a real WebSocket on loopback


@pytest.mark.parametrize("refuse", [False, True])
def test_over_a_real_socket(refuse: bool) -> None:
    """Frames and seconds of silence, the User-Agent, and a refusal with its reason."""
    from websockets.http11 import Request, Response
    from websockets.sync.server import ServerConnection, serve

    agents: list[str] = []

    def talk(connection: ServerConnection) -> None:
        connection.send('{"time_us": 1783175888085434, "kind": "identity", "did": "did:plc:x"}')
        connection.recv()

    def door(connection: ServerConnection, request: Request) -> Response | None:
        agents.append(request.headers["User-Agent"])
        return connection.respond(429, '{"message": "slow down"}') if refuse else None

    with serve(talk, "127.0.0.1", 0, process_request=door) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/subscribe"
            http = Network(SimulatedClock(NOW)).session()
            if refuse:
                with pytest.raises(SourceError, match=r"429.*slow down"), open_stream(url, http, NOW):
                    pass
            else:
                with open_stream(url, http, NOW) as frames:
                    event = read_frame(next(frames) or "", "x")
                    assert event == Event(datetime(2026, 7, 4, 14, 38, 8, 85434, tzinfo=UTC))
                    assert next(frames) is None
        finally:
            server.shutdown()
            thread.join()
    assert agents[0].startswith("crisis-monitor/")


def test_nobody_listens() -> None:
    """A sentence."""
    http = Network(SimulatedClock(NOW)).session()
    with (
        pytest.raises(SourceError, match="cannot be reached"),
        open_stream("ws://127.0.0.1:9/subscribe", http, NOW),
    ):
        pass

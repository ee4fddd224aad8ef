"""Mastodon with a token: mentions of the account, and streams that polling repairs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome
from monitor.collectors.base import SourceError
from monitor.collectors.http import Network
from monitor.collectors.mastodon_live import heard_of, read_frame, stream_address
from monitor.collectors.mastodon_options import MastodonOptions
from monitor.collectors.websocket import Hello, open_socket
from tests.fakes.mastodon import HOST
from tests.fakes.platform_server import ALWAYS, no_connection, status
from tests.monitor.collectors.test_mastodon import Fediverse

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
TOKEN = "t0ken-of-the-account"


class Account(Fediverse):
    """One server with a token of an account there."""

    def __init__(self, **options: Any) -> None:
        super().__init__(instances=(), instance=HOST, token=TOKEN, **options)
        self.home.token = TOKEN

    def restart(self) -> None:
        super().restart()
        self.collector.live.connect = self.home.connect

    def listen(self) -> PollOutcome:
        """One poll with what is heard after it."""
        return self.runner.poll()

    def told(self) -> list[str]:
        return [f"{refusal.where} {refusal.why}" for refusal in self.sink.refusals]


# --- mentions


def test_who_mentions_the_account_is_read_without_a_tag() -> None:
    """To the last page, once, and over an outage."""
    account = Account(streams=False)
    posts = [account.home.add(f"@nordtag hallå {n}", NOW - timedelta(hours=9)) for n in range(12)]
    for found in posts:
        account.home.mention(found, NOW)
    account.home.statuses.clear()
    account.poll()
    assert {uri for _, uri in account.sink.mentions} == {found["uri"] for found in posts}
    late = account.home.add("@nordtag sent", NOW - timedelta(hours=8))
    account.home.mention(late, NOW + timedelta(minutes=1))
    account.home.statuses.clear()
    assert account.poll(minutes=60 * 30).report.taken == 1


def test_a_mention_whose_post_is_gone_or_private_is_passed_over() -> None:
    account = Account(streams=False)
    private = account.home.add("@nordtag oss emellan", NOW, visibility="direct")
    account.home.mention(private, NOW)
    account.home.notifications += [
        {"id": "7", "type": "mention", "created_at": NOW.isoformat(), "status": None},
        {"id": "8", "type": "favourite", "created_at": NOW.isoformat(), "status": private},
    ]
    account.home.statuses.clear()
    assert not account.poll().failed
    assert account.sink.mentions == {}
    assert account.sink.refusals == []


def test_a_token_that_may_not_read_mentions_is_told_and_the_tags_go_on() -> None:
    account = Account(streams=False)
    account.home.fail(
        status(403, '{"error": "outside the authorized scopes"}'), times=ALWAYS, match="notifications"
    )
    found = account.home.add("nordtåg", NOW)
    health = account.poll().health
    assert "read:notifications" in health.remedy
    with pytest.raises(SourceError, match="may not read who mentions"):
        account.collector.check()
    assert ("mastodon", found["uri"]) in account.sink.mentions
    account.home.recover()
    assert account.collector.check().endswith("tells who mentions the token's account.")
    quiet = Account(streams=False, mentions=False)
    assert not quiet.poll().failed
    assert not any("notifications" in path for path in quiet.paths())


def test_without_a_token_nothing_is_asked_that_needs_one() -> None:
    visitor = Fediverse()
    visitor.poll()
    assert not visitor.collector.stays
    assert not any("notifications" in path or "streaming" in path for path in visitor.paths())


# --- streams


def test_what_a_stream_tells_is_there_at_once() -> None:
    """A post, an edit, a mention and a deletion, all between two polls."""
    account = Account()
    first = account.home.add("nordtåg ett", NOW)
    account.listen()
    account.home.statuses.clear()  # the timelines know nothing of what follows
    new = account.home.add("nordtåg två", NOW + timedelta(seconds=1))
    account.home.tell("update", json.dumps(new))
    account.home.tell(
        "status.update", json.dumps({**first, "content": "<p>nordtåg rättat</p>", "edited_at": NOW.isoformat()})
    )
    mention = account.home.add("@nordtag tre", NOW + timedelta(seconds=2))
    account.home.tell("notification", json.dumps({"type": "mention", "status": mention}))
    account.home.tell("delete", new["id"])
    account.home.tell("delete", "4711")
    account.home.tell("filters_changed", "")
    account.home.statuses.clear()
    before = account.clock.now()
    outcome = account.listen()
    assert account.sink.texts() == ["@nordtag tre", "nordtåg rättat", "nordtåg två"]
    assert account.sink.removed == {("mastodon", new["uri"])}
    assert not outcome.failed
    assert timedelta(minutes=1) <= account.clock.now() - before <= timedelta(minutes=1, seconds=2)
    assert account.home.subscriptions == [
        {"type": "subscribe", "stream": "hashtag", "tag": "nordtåg"},
        {"type": "subscribe", "stream": "user:notification"},
    ]


def test_a_stream_stays_open_from_poll_to_poll_and_the_cursor_is_the_pollings() -> None:
    account = Account()
    account.listen()
    cursor = account.sink.cursors["fedi"]
    account.home.tell("update", json.dumps(account.home.add("nordtåg", NOW)))
    account.sink.batches.clear()
    account.listen()
    assert [batch.cursor for batch in account.sink.batches if batch.mentions][-1] is None
    assert sum("streaming" in path for path in account.paths()) == 1
    assert account.home.listeners == 1
    assert cursor != ""
    account.collector.close()
    assert account.home.listeners == 0


def test_what_a_broken_stream_missed_is_polled() -> None:
    """The first break is passed over, the second in a row is told; later it is tried again."""
    account = Account()
    account.home.frames.append(SourceError("mastodon.example broke off the stream (1006)."))
    account.listen()
    assert account.told() == []
    missed = account.home.add("nordtåg under avbrottet", account.clock.now())
    account.home.fail(no_connection, times=1, match="streaming")
    account.poll()
    assert ("mastodon", missed["uri"]) in account.sink.mentions
    assert [("is not open" in said, "polled" in said) for said in account.told()] == [(True, True)]
    assert account.home.listeners == 0
    account.poll(minutes=5)
    assert account.home.listeners == 1


@pytest.mark.parametrize("refusing", [status(401), status(404), status(200), status(429), no_connection])
def test_a_server_without_a_stream_is_polled(refusing: Any) -> None:
    account = Account()
    account.home.fail(refusing, times=ALWAYS, match="streaming")
    for number in range(3):
        account.home.add(f"nordtåg {number}", account.clock.now())
        assert not account.poll().failed
    assert len(account.sink.mentions) == 3
    assert len([said for said in account.told() if "stream" in said]) == 1


@pytest.mark.parametrize(
    "frame",
    [
        "no JSON",
        "[]",
        '{"event": "update", "payload": "{"}',
        '{"event": "update", "payload": "7"}',
        '{"event": "update", "payload": "{}"}',
        '{"error": "Access token does not cover required scopes", "status": 401}',
    ],
)
def test_a_frame_that_makes_no_sense_costs_itself_only(frame: str) -> None:
    account = Account()
    account.listen()
    account.home.frames.append(frame)
    kept = account.home.add("nordtåg", NOW)
    account.home.tell("update", json.dumps(kept))
    account.home.statuses.clear()
    assert not account.listen().failed
    assert len(account.told()) == 1
    assert set(account.sink.mentions) == {("mastodon", kept["uri"])}
    assert account.home.listeners == 1


def test_a_stream_of_great_volume_is_stored_in_portions() -> None:
    account = Account()
    account.listen()
    for number in range(50):
        account.home.tell("update", json.dumps(account.home.add(f"nordtåg {number}", NOW)))
    account.home.statuses.clear()
    account.sink.batches.clear()
    account.listen()
    assert len(account.sink.mentions) == 50
    assert max(len(batch.mentions) for batch in account.sink.batches) <= 20


@pytest.mark.parametrize("refusing", [status(429, headers={"retry-after": "90"}), status(500), no_connection])
def test_what_keeps_from_polling_does_not_keep_from_listening(refusing: Any) -> None:
    account = Account()
    account.listen()
    found = account.home.add("nordtåg", NOW)
    account.home.tell("update", json.dumps(found))
    account.home.fail(refusing, times=ALWAYS)
    assert account.listen().failed
    assert ("mastodon", found["uri"]) in account.sink.mentions


def test_a_stop_ends_the_streams() -> None:
    account = Account()
    account.listen()
    assert account.home.listeners == 1
    until = account.clock.now() + timedelta(seconds=5)
    context = account.context("fedi", account.clock.now())
    stopping = replace(context, stopping=lambda: account.clock.now() >= until)
    list(account.collector.collect({}, stopping))
    assert account.clock.now() == until
    assert account.home.listeners == 0


def test_while_something_grows_the_next_poll_comes_sooner() -> None:
    account = Account()
    account.listen()
    account.watch("https://mastodon.example/users/anna/statuses/1", hot=True)
    before = account.clock.now()
    account.listen()
    assert account.clock.now() - before <= timedelta(seconds=17)


# --- where the token goes


@pytest.mark.parametrize(
    ("server", "told", "address"),
    [
        ("https://a.example", None, "wss://a.example/api/v1/streaming"),
        ("https://a.example", "wss://a.example", "wss://a.example/api/v1/streaming"),
        ("https://a.example", "wss://streaming.a.example/", "wss://streaming.a.example/api/v1/streaming"),
        ("http://10.0.0.5:3000", "ws://10.0.0.5:4000", "ws://10.0.0.5:4000/api/v1/streaming"),
    ],
)
def test_where_a_stream_is(server: str, told: str | None, address: str) -> None:
    assert stream_address(server, told) == address


@pytest.mark.parametrize(
    "told",
    [
        "wss://b.example",
        "wss://a.example.b.example",
        "wss://xa.example",
        "ws://a.example",
        "https://a.example",
        "wss://u@a.example",
    ],
)
def test_the_token_goes_to_no_other_host_and_never_in_the_clear(told: str) -> None:
    with pytest.raises(SourceError, match="not sent"):
        stream_address("https://a.example", told)
    account = Account()
    account.home.streaming = told.replace("a.example", "mastodon.example")
    account.listen()
    account.poll()
    assert not any("streaming" in path for path in account.paths())
    assert len(account.told()) == 1


def test_a_stream_at_a_private_address_is_not_opened_unless_the_operator_wrote_it() -> None:
    """A server may not send us into our own network."""
    account = Account()
    account.home.streaming = "wss://streaming.mastodon.example"
    account.collector.http._network.resolver = lambda host: ["10.0.0.5"]
    account.listen()
    assert ["private address" in said for said in account.told()] == [True]
    assert not any("streaming" in path for path in account.paths())


def test_events_that_say_nothing_of_statuses_are_nothing() -> None:
    assert read_frame('{"event": "announcement", "payload": "{}"}') is None
    assert heard_of("s", "notification", {"type": "favourite", "status": {"id": "1"}}) is None
    assert heard_of("s", "notification", {"type": "mention"}) is None


def test_options() -> None:
    assert MastodonOptions(instance=HOST).streams
    assert MastodonOptions(instance=HOST).mentions


# --- the socket itself


@contextmanager
def server(handler: Any, **more: Any) -> Iterator[str]:
    with serve(handler, "127.0.0.1", 0, **more) as running:
        thread = Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"ws://127.0.0.1:{running.socket.getsockname()[1]}/api/v1/streaming"
        running.shutdown()
        thread.join()


def test_the_login_is_a_header_and_subscriptions_follow() -> None:
    seen: list[str] = []

    def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request.headers["Authorization"])
        seen.append(connection.request.headers["User-Agent"])
        connection.send(f"echo {connection.recv()!r}")

    http = Network(SimulatedClock(NOW)).session(secrets=[TOKEN])
    hello = Hello({"Authorization": f"Bearer {TOKEN}"}, first=["subscribe"], ping_seconds=30)
    with server(handler) as url, open_socket(url, http, NOW, hello) as frames:
        assert [frame for frame in frames if frame is not None] == ["echo 'subscribe'"]
    assert seen[0] == f"Bearer {TOKEN}"
    assert "crisis-monitor/" in seen[1]


def test_a_refusal_is_a_sentence_without_the_token() -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(401, f"no: {request.headers['Authorization']}")

    http = Network(SimulatedClock(NOW)).session(secrets=[TOKEN])
    hello = Hello({"Authorization": f"Bearer {TOKEN}"})
    with (
        server(lambda connection: None, process_request=refuse) as url,
        pytest.raises(SourceError, match="refuses the credentials") as told,
        open_socket(url, http, NOW, hello),
    ):
        pass
    assert TOKEN not in str(told.value)

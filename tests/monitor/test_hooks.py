"""`POST /hooks/NAME` over real HTTP requests: who is believed, what is taken, and what the sender is told."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError

from monitor.clock import SimulatedClock
from monitor.collectors.base import Batch, InboundAnswer, InboundRequest
from monitor.collectors.http import Network
from monitor.collectors.webhook import WebhookCollector, WebhookOptions
from monitor.mention import Mention, MentionKind, Refusal
from monitor.web.hooks import Hooks
from tests.fakes.sink import MemorySink

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
TOKEN = "a-long-enough-token"
KEY = "a-long-enough-hmac-key"
ITEM = {"id": "t-1", "text": "Tåget är försenat igen", "created_at": "2026-01-12T11:59:00Z"}


class Desk:
    """A desk that sends, and what it reaches."""

    def __init__(self, **options: Any) -> None:
        self.sink = MemorySink()
        self.clock = SimulatedClock(NOW)
        made = WebhookOptions.model_validate({"name": "support-desk", "token": TOKEN, **options})
        self.collector = WebhookCollector(made, Network(self.clock).session())
        self.hooks: dict[str, Any] = {"support-desk": self.collector}
        self.woken: list[str] = []

    async def send_raw(self, method: str, path: str, **more: Any) -> httpx.Response:
        app = FastAPI()
        app.include_router(Hooks(self.hooks.get, self.sink, self.clock, self.woken.append).router())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as client:
            return await client.request(method, path, **more)

    def send(
        self, body: object, *, token: str | None = TOKEN, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        import asyncio

        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"authorization": f"Bearer {token}"} if token else {}
        return asyncio.run(
            self.send_raw("POST", "/hooks/support-desk", content=content, headers={**sent, **(headers or {})})
        )


def test_an_object_is_taken() -> None:
    """202, and the mention is stored."""
    desk = Desk()
    answer = desk.send(ITEM)
    assert answer.status_code == 202
    assert answer.json() == {
        "taken": 1,
        "known": 0,
        "unmatched": 0,
        "measurements": 0,
        "refused": 0,
        "items": [{"id": "t-1", "outcome": "taken"}],
    }
    (mention,) = desk.sink.mentions.values()
    assert (mention.platform, mention.source, mention.text) == ("support-desk", "support-desk", ITEM["text"])


def test_arrays_and_ndjson_are_taken() -> None:
    """Also with a byte-order mark and empty lines."""
    desk = Desk()
    desk.send([ITEM, {**ITEM, "id": "t-2"}])
    lines = "\n\n".join(json.dumps({**ITEM, "id": f"t-{i}"}) for i in (3, 4))
    assert desk.send(b"\xef\xbb\xbf" + lines.encode() + b"\n").json()["taken"] == 2
    assert len(desk.sink.mentions) == 4


def test_what_is_known_is_said_with_200() -> None:
    """A sender that repeats itself doubles nothing."""
    desk = Desk()
    desk.send(ITEM)
    answer = desk.send([ITEM, ITEM])
    assert (answer.status_code, answer.json()["known"]) == (200, 2)
    assert len(desk.sink.mentions) == 1


def test_good_items_are_stored_beside_bad_ones() -> None:
    """400 names each bad item and why."""
    desk = Desk()
    answer = desk.send(
        [ITEM, {"id": "x"}, 7, {**ITEM, "id": "t-2", "created_at": "igår"}, {**ITEM, "kind": "rant"}]
    )
    assert answer.status_code == 400
    told = answer.json()
    assert (told["taken"], told["refused"]) == (1, 4)
    assert [refusal["where"] for refusal in told["refusals"]] == ["item 2", "item 3", "item 4", "item 5"]
    assert "`text` is missing" in told["refusals"][0]["why"]


def test_a_broken_line_costs_itself_only() -> None:
    """NDJSON that is cut at its end."""
    desk = Desk()
    answer = desk.send(json.dumps(ITEM).encode() + b'\n{"id": "t-2", "te')
    assert (answer.status_code, answer.json()["taken"]) == (400, 1)
    assert answer.json()["refusals"] == [{"where": "line 2", "why": "not a JSON object"}]


@pytest.mark.parametrize("body", [b"", b"  \n", b"hej", b"<html>", b'{"a": [1', b"\xff\xfe\x00", b"[" * 100_000])
def test_bodies_that_cannot_be_read(body: bytes) -> None:
    """400 with a reason, nothing stored."""
    desk = Desk()
    answer = desk.send(body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert desk.sink.batches == []


@pytest.mark.parametrize("token", [None, "wrong", TOKEN[:-1], TOKEN + "x", "tökén", ""])
def test_only_the_right_token_is_believed(token: str | None) -> None:
    """401 and nothing is read."""
    desk = Desk()
    headers = {} if token is None else {"authorization": f"Bearer {token}".encode()}
    answer = desk.send(ITEM, token=None, headers=headers)  # type: ignore[arg-type]  # raw bytes, as a sender may send
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert desk.sink.batches == []
    assert TOKEN not in answer.text


def test_basic_login_with_the_token_is_not_enough() -> None:
    """The scheme is part of it."""
    assert Desk().send(ITEM, token=None, headers={"authorization": f"Basic {TOKEN}"}).status_code == 401


def signed(body: bytes, at: datetime, key: str = KEY) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"x-timestamp": stamp, "x-signature": f"sha256={digest}"}


@pytest.mark.parametrize(
    ("minutes", "key", "change", "status"),
    [(0, KEY, b"", 202), (-4, KEY, b"", 202), (4, KEY, b"", 202), (-6, KEY, b"", 401), (6, KEY, b"", 401),
     (0, "another-long-hmac-key", b"", 401), (0, KEY, b" ", 401)],
)  # fmt: skip
def test_signatures(minutes: int, key: str, change: bytes, status: int) -> None:
    """The raw body and the time are signed: neither another key, nor another body, nor an old request passes."""
    desk = Desk(hmac_secret=KEY)
    body = json.dumps(ITEM).encode()
    headers = signed(body, NOW + timedelta(minutes=minutes), key)
    assert desk.send(body + change, headers=headers).status_code == status


def test_without_a_signature_a_signed_hook_believes_nobody() -> None:
    """Not even with the right token."""
    assert Desk(hmac_secret=KEY).send(ITEM).status_code == 401


def test_too_much_is_refused_without_reading_it() -> None:
    """413 by the announced length; and by counting, when it is not announced."""
    import asyncio

    desk = Desk(max_bytes=100)
    assert desk.send(b"x" * 101).status_code == 413

    async def parts() -> Any:
        for _ in range(1_000_000):
            yield b"x" * 60

    headers = {"authorization": f"Bearer {TOKEN}"}
    answer = asyncio.run(desk.send_raw("POST", "/hooks/support-desk", content=parts(), headers=headers))
    assert answer.status_code == 413
    assert Desk().send([ITEM] * 10_001).status_code == 400


def test_a_store_that_cannot_is_503() -> None:
    """The sender keeps its items and sends them again; the reason stays in our house."""
    desk = Desk()
    desk.sink.fail_next = [OSError("/var/lib/monitor.db: no space")]
    answer = desk.send(ITEM)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert "monitor.db" not in answer.text
    assert desk.send(ITEM).status_code == 202


def test_unknown_hooks_and_other_methods() -> None:
    """404 and 405."""
    import asyncio

    desk = Desk()
    assert asyncio.run(desk.send_raw("POST", "/hooks/other", content=b"{}")).status_code == 404
    assert asyncio.run(desk.send_raw("GET", "/hooks/support-desk")).status_code == 405
    assert asyncio.run(desk.send_raw("DELETE", "/hooks/support-desk")).status_code == 405


def test_other_push_sources_answer_for_themselves() -> None:
    """A platform's challenge is given back as plain text."""
    import asyncio

    class Challenged:
        max_bytes = 1000

        def receive(self, request: InboundRequest) -> InboundAnswer:
            return InboundAnswer(text=request.query["hub.challenge"])

    desk = Desk()
    desk.hooks["meta"] = Challenged()
    answer = asyncio.run(desk.send_raw("GET", "/hooks/meta?hub.challenge=%3Cb%3E42"))
    assert (answer.status_code, answer.text) == (200, "<b>42")
    assert answer.headers["content-type"].startswith("text/plain")


class Platform:
    """A platform's hook that believes everybody and answers what it is told to."""

    max_bytes = 1000

    def __init__(self, **answer: Any) -> None:
        mention = Mention("platform", "p-1", "platform", "Tåget är försenat igen")
        batch = Batch((mention,), refusals=(Refusal("change 2", "cannot be understood"),))
        self.answer = InboundAnswer(batch, **answer)

    def receive(self, request: InboundRequest) -> InboundAnswer:
        return self.answer


def test_a_platform_that_knows_no_other_answer_is_told_200() -> None:
    """Whatever was refused: it would send all of it again, and at last give up on us. The refusal is kept here."""
    import asyncio

    desk = Desk()
    desk.hooks["meta"] = Platform(terse=True)
    answer = asyncio.run(desk.send_raw("POST", "/hooks/meta", content=b"{}"))
    assert (answer.status_code, answer.text) == (200, "stored")
    assert len(desk.sink.mentions) == 1
    assert len(desk.sink.refusals) == 1


def test_a_platform_keeps_what_could_not_be_stored() -> None:
    """A store in trouble is no 200, so that it is sent again."""
    import asyncio

    desk = Desk()
    desk.hooks["meta"] = Platform(terse=True)
    desk.sink.fail_next = [OSError("no space")]
    assert asyncio.run(desk.send_raw("POST", "/hooks/meta", content=b"{}")).status_code == 503


@pytest.mark.parametrize("poll", [False, True])
def test_a_hint_wakes_the_source(poll: bool) -> None:
    """Where there is more to see than was sent, the source is asked now."""
    import asyncio

    desk = Desk()
    desk.hooks["meta"] = Platform(poll=poll)
    asyncio.run(desk.send_raw("POST", "/hooks/meta", content=b"{}"))
    assert desk.woken == (["meta"] if poll else [])


def test_measurements_are_taken() -> None:
    """A count of the desk: brand, name, time, value."""
    desk = Desk(brand="Nordtåg")
    answer = desk.send(
        [{"name": "calls waiting", "value": "17", "at": 1768219140}, {"name": "x", "value": float("nan")}]
    )
    assert (answer.json()["measurements"], answer.json()["refused"]) == (1, 1)
    (found,) = desk.sink.measurements.values()
    assert (found.brand, found.name, found.value, found.source) == ("Nordtåg", "calls waiting", 17, "support-desk")
    assert found.at == NOW - timedelta(minutes=1)


def test_another_suites_words_are_mapped() -> None:
    """Paths into its items, a fixed word, and the list inside its envelope."""
    desk = Desk(
        items="$.data.posts",
        fields={
            "id": "$.post.id",
            "text": "$.message",
            "created_at": "$.post.times[0]",
            "author": '$["from"].name',
            "kind": "review",
        },
        language="sv",
        platform="suite",
    )
    item = {
        "post": {"id": 42, "times": [1768219140000]},
        "message": "Usch!",
        "from": {"name": "Anna"},
        "likes": "3",
    }
    assert desk.send({"data": {"posts": [item, {"message": "utan id"}]}}).json()["taken"] == 1
    (mention,) = desk.sink.mentions.values()
    assert (mention.platform, mention.global_id, mention.author, mention.likes) == ("suite", "42", "Anna", 3)
    assert (mention.kind, mention.language) == (MentionKind.REVIEW, "sv")
    assert mention.created_at == NOW - timedelta(minutes=1)
    assert desk.send({"other": 1}).status_code == 400


@pytest.mark.parametrize(
    "options",
    [
        {"fields": {"id": "$.a[", "text": "$.b"}},
        {"fields": {"nonsense": "$.a"}},
        {"items": "data"},
        {"token": "short"},
        {"name": "../x"},
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    """At the start, not at the first item."""
    with pytest.raises(ValidationError):
        Desk(**options)


def test_secrets_do_not_show() -> None:
    """Neither in the options' text nor in what the check says."""
    desk = Desk(hmac_secret=KEY)
    assert TOKEN not in repr(desk.collector.options)
    assert "signature" in desk.collector.check()
    assert isinstance(desk.collector.options.token, SecretStr)

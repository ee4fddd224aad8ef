"""Meta's webhooks at the door: who is believed, what a challenge is answered, and nothing read before that."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from monitor.clock import SimulatedClock
from monitor.collectors.base import InboundRequest
from monitor.collectors.facebook import FacebookCollector, FacebookOptions
from monitor.collectors.http import Network
from monitor.collectors.meta_hook import MAX_BYTES, POLL_PAUSE, Change, MetaHook
from monitor.web.hooks import Hooks
from tests.fakes.graph import signed
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.contract import START

SECRET, WORDS = "the-secret-of-the-app", "words of our own"
HOOK = MetaHook("page", SecretStr(WORDS), SecretStr(SECRET))
CHALLENGE = {"hub.mode": "subscribe", "hub.verify_token": WORDS, "hub.challenge": "1158201444"}


def comment(text: str = "nordtåg är sena", verb: str = "add", **more: Any) -> dict[str, Any]:
    value = {
        "item": "comment", "verb": verb, "comment_id": "7000_1", "post_id": "100_7000", "parent_id": "100_7000",
        "from": {"id": "555", "name": "Anna"}, "message": text, "created_time": int(START.timestamp()), **more,
    }  # fmt: skip
    return {"field": "feed", "value": value}


def delivery(*changes: dict[str, Any], account: str = "100") -> dict[str, Any]:
    return {"object": "page", "entry": [{"id": account, "time": int(START.timestamp()), "changes": list(changes)}]}


def request(body: bytes, headers: dict[str, str], method: str = "POST") -> InboundRequest:
    return InboundRequest(method, headers, {}, body, START)


class House:
    """The hooks of a monitor with one Facebook page."""

    def __init__(self, **more: Any) -> None:
        self.sink, self.clock, self.woken = MemorySink(), SimulatedClock(START), []  # type: ignore[var-annotated]
        options = {"name": "facebook", "page_id": "100", "access_token": "t", "app_secret": SECRET,
                   "verify_token": WORDS, **more}  # fmt: skip
        self.collector = FacebookCollector(FacebookOptions.model_validate(options), Network(self.clock).session())

    def ask(self, method: str, **more: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            app = FastAPI()
            hooks = {"facebook": self.collector}
            app.include_router(Hooks(hooks.get, self.sink, self.clock, self.woken.append).router())
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://monitor") as client:
                return await client.request(method, "/hooks/facebook", **more)

        return asyncio.run(send())

    def deliver(self, body: Any, secret: str = SECRET) -> httpx.Response:
        raw, headers = signed(body, secret)
        return self.ask("POST", content=raw, headers=headers)


# --- over HTTP


def test_a_challenge_is_given_back() -> None:
    """As plain text, and only to who knows our words."""
    answer = House().ask("GET", params=CHALLENGE)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"hub.verify_token": "guessed"}, 403),
        ({"hub.verify_token": ""}, 403),
        ({"hub.mode": "unsubscribe"}, 400),
        ({"hub.challenge": ""}, 400),
        ({"hub.challenge": "x" * 201}, 400),
    ],
)
def test_other_challenges(change: dict[str, str], status: int) -> None:
    """Nothing is given back, and nothing of ours is told."""
    answer = House().ask("GET", params={**CHALLENGE, **change})
    assert answer.status_code == status
    assert "1158201444" not in answer.text
    assert WORDS not in answer.text


def test_a_signed_delivery_is_stored_and_answered_with_200() -> None:
    """Meta knows no other good answer. Sent again, it doubles nothing."""
    house = House()
    for _ in range(2):
        answer = house.deliver(delivery(comment("åäö 🚂")))
        assert (answer.status_code, answer.text) == (200, "stored")
    (mention,) = house.sink.mentions.values()
    assert mention.text == "åäö 🚂"
    assert house.woken == []


def test_what_cannot_be_understood_is_answered_with_200_all_the_same() -> None:
    """It is kept for the operator, the good changes are stored, and the source looks for itself."""
    house = House()
    assert house.deliver(delivery({"field": "feed"}, comment(comment_id=None), comment())).status_code == 200
    assert len(house.sink.mentions) == 1
    assert len(house.sink.refusals) == 1
    assert house.woken == ["facebook"]


@pytest.mark.parametrize("header", [None, "", "sha1=abc", "sha256=", "sha256=" + "0" * 64, "0" * 64, "sha256=åäö"])
def test_an_unsigned_delivery_is_not_read(header: str | None) -> None:
    """401, nothing stored, and the body is not even parsed."""
    house = House()
    headers = {} if header is None else {"x-hub-signature-256": header.encode()}
    for body in (json.dumps(delivery(comment())).encode(), b"[" * 100_000, b""):
        assert house.ask("POST", content=body, headers=headers).status_code == 401
    assert house.sink.batches == []


def test_another_secret_or_another_body_is_not_believed() -> None:
    """The signature is over the bytes as they came: the same JSON spelt otherwise does not pass."""
    house = House()
    assert house.deliver(delivery(comment()), "another-secret-altogether").status_code == 401
    raw, headers = signed(delivery(comment()), SECRET)
    assert house.ask("POST", content=raw + b" ", headers=headers).status_code == 401
    respelt = json.dumps(json.loads(raw), ensure_ascii=False).encode()
    assert respelt != raw
    assert house.ask("POST", content=respelt, headers=headers).status_code == 401


def test_a_store_in_trouble_has_it_sent_again() -> None:
    """503 is what makes Meta repeat a delivery."""
    house = House()
    house.sink.fail_next = [OSError("no space")]
    assert house.deliver(delivery(comment())).status_code == 503
    assert house.deliver(delivery(comment())).status_code == 200
    assert len(house.sink.mentions) == 1


@pytest.mark.parametrize("body", [{}, [], {"object": "instagram", "entry": []}, {"object": "page", "entry": {}}])
def test_a_delivery_of_something_else(body: Any) -> None:
    """400 with a word."""
    answer = House().deliver(body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_too_much_is_not_read() -> None:
    """The size is limited before anything else."""
    assert House().ask("POST", content=b"x" * (MAX_BYTES + 1)).status_code == 413


def test_without_words_of_ours_there_is_no_hook() -> None:
    """A source that only polls takes nothing from outside, signed or not."""
    house = House(verify_token=None)
    assert house.deliver(delivery(comment())).status_code == 403
    assert house.ask("GET", params=CHALLENGE).status_code == 403
    assert "no webhooks" in MetaHook("page", None, None).judge(request(b"", {})).text  # type: ignore[union-attr]


def test_hints_have_the_source_polled_but_not_at_every_single_one() -> None:
    """A storm of hints uses up no limits: once in half a minute."""
    house = House()
    for _ in range(5):
        house.deliver(delivery({"field": "feed", "value": {"item": "photo", "verb": "add", "post_id": "100_1"}}))
    assert house.woken == ["facebook"]
    house.clock.advance(POLL_PAUSE + timedelta(seconds=1))
    house.deliver(delivery({"field": "ratings", "value": {"item": "rating", "verb": "add"}}))
    assert house.woken == ["facebook"] * 2


# --- the envelope


def test_entries_and_changes_in_their_order() -> None:
    """Several accounts and changes come in one delivery; what is none is named."""
    body = {"object": "page", "entry": [
        {"id": 100, "time": 1768219200, "changes": [{"field": "feed", "value": {"a": 1}}, {"field": 7}]},
        {"changes": []},
        "text",
        {"id": "200", "time": "?", "changes": [{"field": "mention", "value": {}}]},
        {"id": "300", "time": 1768219200, "field": "comments", "value": {"id": "1"}},
        {"id": "400", "messaging": [{}]},
    ]}  # fmt: skip
    found = HOOK.changes(json.dumps(body).encode())
    assert [change if isinstance(change, str) else (change.account, change.field) for change in found] == [
        ("100", "feed"), "entry 1 holds a change without field or value", "entry 2 names no account",
        "entry 3 names no account", ("200", "mention"), ("300", "comments"),
    ]  # fmt: skip
    first = found[0]
    assert isinstance(first, Change)
    assert first.at == START


_NAMES = st.sampled_from(["object", "entry", "id", "changes", "value", "field"])
_JSON = st.recursive(
    st.none() | st.integers() | st.sampled_from(["page", "100", "feed"]),
    lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner),
    max_leaves=20,
)


@given(st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_sent_is_read_or_refused(body: bytes) -> None:
    """ValueError and nothing else, for what has the right signature and makes no sense."""
    try:
        found = HOOK.changes(body)
    except ValueError:
        return
    assert all(isinstance(change, Change | str) for change in found)

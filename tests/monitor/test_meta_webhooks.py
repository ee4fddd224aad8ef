"""Meta's webhooks through the whole house: config, web server, store; polling repairs what they did not bring."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from monitor.assembly import build_monitor
from monitor.clock import SimulatedClock
from monitor.collectors.http import Network
from monitor.config_loader import parse_config
from monitor.store.store import open_store
from monitor.web.app import build_app
from tests.fakes.facebook import PAGE, FakeFacebook
from tests.fakes.graph import signed

NOON = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
SECRET, WORDS, TOKEN = "the-secret-of-the-app", "words of our own", "a-page-token"
CONFIG = f"""
brands:
  - {{name: Nordtåg, accounts: ["{PAGE}@facebook.com"]}}
sources:
  - type: facebook
    name: facebook
    page_id: "{PAGE}"
    access_token: ${{FACEBOOK_TOKEN}}
    app_secret: ${{META_SECRET}}
    verify_token: ${{META_WORDS}}
    api_url: https://graph.example
    brand: Nordtåg
mandate:
  people: {{anna: {{name: Anna Ek, slack: U1}}}}
  roles: {{crisis_group: {{people: [anna]}}, customer_service: {{people: [anna]}}}}
"""
ENVIRONMENT = {"FACEBOOK_TOKEN": TOKEN, "META_SECRET": SECRET, "META_WORDS": WORDS}


class House:
    """A daemon's web side and its sources, without its schedule."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(NOON)
        self.fake = FakeFacebook(self.clock, token=TOKEN, app_secret=SECRET)
        self.own = self.fake.add_post("Vi bygger om", NOON, author=PAGE)
        self.loaded = parse_config(CONFIG, environment=ENVIRONMENT, year=2026)
        self.store = open_store("sqlite://", secret=b"any")
        self.store.migrate(NOON)
        network = Network(self.clock, transport=self.fake.transport())
        self.monitor = build_monitor(self.loaded.config, self.store, self.clock, {}, network)
        self.monitor.pipeline.start(NOON)
        self.watch = SimpleNamespace(failures=[])
        self.woken: list[str] = []
        self.schedule = SimpleNamespace(wake=self.woken.append)
        self.app = build_app(self)  # type: ignore[arg-type]  # as much of a daemon as the web side needs

    def ask(self, method: str, path: str = "/hooks/facebook", **more: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("203.0.113.7", 1234))
            async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as client:
                return await client.request(method, path, **more)

        return asyncio.run(send())

    def deliver(self, **value: Any) -> httpx.Response:
        entry = {"id": PAGE, "time": int(NOON.timestamp()), "changes": [{"field": "feed", "value": value}]}
        raw, headers = signed({"object": "page", "entry": [entry]}, SECRET)
        return self.ask("POST", content=raw, headers=headers)

    def texts(self) -> list[str]:
        rows = self.store.rows("Nordtåg", NOON.replace(hour=0), NOON.replace(hour=23))
        return sorted(row.text for row in rows)


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.store.close()


def test_a_challenge_from_outside(house: House) -> None:
    """Meta is a stranger to this machine, and yet gets its answer: a hook proves its sender by itself."""
    query = {"hub.mode": "subscribe", "hub.verify_token": WORDS, "hub.challenge": "4711"}
    answer = house.ask("GET", params=query)
    assert (answer.status_code, answer.text) == (200, "4711")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert house.ask("GET", params={**query, "hub.verify_token": "x"}).status_code == 403


def test_a_comment_is_in_the_store_before_meta_is_answered(house: House) -> None:
    """And belongs to the page's brand, though it names nobody; removed, it is blanked."""
    number = house.fake.add_comment(house.own, "Var är bussen?", NOON)
    value = {"item": "comment", "post_id": house.own, "parent_id": house.own, "comment_id": number,
             "from": {"id": "5", "name": "Anna"}, "message": "Var är bussen?"}  # fmt: skip
    assert house.deliver(verb="add", **value, created_time=int(NOON.timestamp())).text == "stored"
    assert house.texts() == ["Var är bussen?"]
    assert house.deliver(verb="remove", **value).status_code == 200
    assert house.texts() == [""]


def test_polling_finds_what_no_webhook_brought_and_doubles_nothing(house: House) -> None:
    """One comment told, one not."""
    told, untold = (house.fake.add_comment(house.own, text, NOON) for text in ("Sent igen", "Kallt också"))
    house.deliver(item="comment", verb="add", comment_id=told, post_id=house.own, parent_id=house.own,
                  message="Sent igen", created_time=int(NOON.timestamp()))  # fmt: skip
    for _ in range(2):
        assert not house.monitor.runners["facebook"].poll().failed
    assert house.texts() == ["Kallt också", "Sent igen", "Vi bygger om"]
    assert untold


def test_a_hint_has_the_sources_job_run_now(house: House) -> None:
    """A picture without words: there is more to see than was told."""
    house.deliver(item="photo", verb="add", post_id=house.own)
    assert house.woken == ["collect:facebook"]


def test_no_secret_is_shown_anywhere(house: House) -> None:
    """Not in answers, not in what is stored of the source, not in what it says of itself."""
    house.fake.token = "another by now"
    outcome = house.monitor.runners["facebook"].poll()
    house.deliver(item="comment", verb="add", comment_id="x", message="hej")
    shown = (
        f"{outcome.health} {house.store.source_state('facebook')} {house.loaded.config!r} {house.ask('GET').text}"
    )
    assert [secret for secret in (SECRET, WORDS, TOKEN) if secret in shown] == []

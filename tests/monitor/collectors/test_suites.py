"""The recipes of `cannot-be-had.md`, as they stand there, take what the suites document to send."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from ruamel.yaml import YAML

from monitor.clock import SimulatedClock
from monitor.collectors.http import Network
from monitor.collectors.webhook import WebhookCollector, WebhookOptions
from monitor.web.hooks import Hooks
from tests.fakes.sink import MemorySink

PAGE = Path(__file__).parents[3] / "docs" / "sources" / "cannot-be-had.md"
NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
TOKEN = "a-long-enough-token"


def recipe(name: str) -> dict[str, Any]:
    """The source of that name in the page's examples, its token filled in."""
    for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        for source in YAML(typ="safe").load(block)["sources"]:
            if source["name"] == name:
                return {**source, "token": TOKEN}
    raise AssertionError(f"no example called {name}")


class Suite:
    """A suite that sends to the monitor."""

    def __init__(self, options: dict[str, Any]) -> None:
        clock = SimulatedClock(NOW)
        self.sink = MemorySink()
        self.collector = WebhookCollector(WebhookOptions.model_validate(options), Network(clock).session())
        app = FastAPI()
        app.include_router(Hooks({self.collector.source: self.collector}.get, self.sink, clock).router())
        self.transport = httpx.ASGITransport(app)

    def send(self, body: object, *, headers: dict[str, str] | None = None, query: str = "") -> httpx.Response:
        async def post() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url="http://monitor") as client:
                return await client.post(f"/hooks/{self.collector.source}{query}", json=body, headers=headers)

        return asyncio.run(post())


def basic(password: str) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(f'any:{password}'.encode()).decode()}"}


def test_a_suite_that_pushes_each_post() -> None:
    """In YouScan's documented form, with the token as the address's password."""
    suite = Suite(recipe("youscan"))
    mention = {
        "topicId": 31,
        "topicName": "Nordtåg",
        "mentionId": 4711,
        "sourceName": "tiktok.com",
        "author": {"url": "https://www.tiktok.com/@anna", "name": "Anna", "subscribers": 1200},
        "text": "Nordtåg ställer in igen",
        "url": "https://www.tiktok.com/@anna/video/7",
        "published": "2026-01-12T11:59:00Z",
        "sentiment": "negative",
    }
    assert suite.send(mention, headers=basic(TOKEN)).status_code == 202
    assert suite.send(mention, headers=basic(TOKEN)).status_code == 200
    found = suite.sink.mentions["youscan", "4711"]
    assert (found.text, found.url) == (mention["text"], mention["url"])
    assert (found.author, found.followers) == ("https://www.tiktok.com/@anna", 1200)
    assert found.created_at == datetime(2026, 1, 12, 11, 59, tzinfo=UTC)


def test_a_suite_that_pushes_batches_and_takes_only_200() -> None:
    """In Meltwater's documented envelope, token in the address; refused documents do not make it send again."""
    suite = Suite(recipe("meltwater"))
    good = {
        "id": "d1",
        "content": "Nordtåg",
        "published_date": "2026-01-12T11:59:00Z",
        "url": "https://x.example/1",
    }
    body = {"request": {"hook_id": 3, "company_id": "c"}, "documents": [good, {"id": "d2"}]}
    assert suite.send(body, query=f"?token={TOKEN}").status_code == 200
    assert suite.sink.texts() == ["Nordtåg"]
    assert len(suite.sink.refusals) == 1


@pytest.mark.parametrize(
    "headers",
    [
        basic("another-long-token"),
        basic(""),
        {"authorization": "Basic å"},
        {"authorization": "Basic !!!!"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": f"Token {TOKEN}"},
        {},
    ],
)
def test_who_is_not_believed(headers: dict[str, str]) -> None:
    """A wrong password, no password, and a token in the address where that was not allowed."""
    suite = Suite(recipe("youscan"))
    sent = {name: value.encode("utf-8") for name, value in headers.items()}
    answer = suite.send({"id": "1"}, headers=sent, query=f"?token={TOKEN}")  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert suite.sink.mentions == {}


def test_a_wrong_token_in_the_address() -> None:
    """It is compared like any other."""
    suite = Suite(recipe("meltwater"))
    assert suite.send({"documents": []}, query="?token=wrong").status_code == 401
    assert suite.send({"documents": []}).status_code == 401


def test_the_table_names_what_people_ask_for_and_a_way_round_for_each() -> None:
    """And leads only to pages that exist."""
    text = PAGE.read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| **")]
    assert {"LinkedIn", "TikTok", "Google Business", "Discord", "Snapchat"} <= {
        place for row in rows for place in re.findall(r"LinkedIn|TikTok|Google Business|Discord|Snapchat", row[1])
    }
    assert all(row[4].strip() for row in rows)
    linked = re.findall(r"\]\(([\w-]+\.md)\)", text)
    assert [name for name in linked if not (PAGE.parent / name).is_file()] == []

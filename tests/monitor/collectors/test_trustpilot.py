"""Trustpilot: domains, hidden reviews, edits, and its webhook through the hooks as the daemon has them."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, InboundRequest, PushCollector, SourceError
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.collectors.trustpilot import TrustpilotCollector, TrustpilotOptions
from monitor.collectors.trustpilot_review import REVIEW
from monitor.mention import MentionKind
from monitor.web.hooks import Hooks
from tests.fakes.sink import MemorySink
from tests.fakes.trustpilot import API, DOMAIN, UNIT, FakeTrustpilot, iso
from tests.monitor.collectors.recorded import files

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
KEY, TOKEN = "a-secret-api-key", "a-long-enough-token"


class Pilot:
    """The fake platform, a source that reads it, and the web server beside it."""

    def __init__(self, answer: Any = None, **options: Any) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeTrustpilot(self.clock, key=KEY)
        self.sink = MemorySink()
        self.recheck: tuple[str, ...] = ()
        given = {"name": "tp", "api_key": KEY, "business_units": [DOMAIN], "api_url": API, **options}
        self.options = TrustpilotOptions.model_validate(given)
        transport = httpx.MockTransport(answer) if answer else self.fake.transport()
        self.runner = SourceRunner(
            self.options,
            build(self.options, Network(self.clock, transport=transport)),
            self.sink,
            self.clock,
            lambda source, now: CollectContext(now, recheck=self.recheck),
            rng=Random(1),
        )

    def poll(self, minutes: float = 10) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def call(self, method: str, token: str | None, body: object) -> httpx.Response:
        """What a sender meets at /hooks/tp."""
        collector = cast(PushCollector, self.runner.collector)
        app = FastAPI()
        app.include_router(Hooks({"tp": collector}.get, self.sink, self.clock).router())
        content = body if isinstance(body, bytes) else json.dumps(body).encode()

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as client:
                params = {"token": token} if token is not None else {}
                return await client.request(method, "/hooks/tp", params=params, content=content)

        return asyncio.run(send())

    def told(self, *events: object) -> httpx.Response:
        """Trustpilot tells of events."""
        return self.call("POST", TOKEN, {"events": events})


def test_a_review_becomes_a_mention() -> None:
    """Title and text, stars, language, who; the company's answer counts as one."""
    pilot = Pilot()
    number = pilot.fake.add("Tåget kom & gick aldrig", NOW, stars=2, companyReply={"text": "Vi beklagar"})
    pilot.poll()
    found = pilot.sink.mentions["trustpilot", REVIEW + number]
    assert (found.text, found.kind, found.stars) == ("Omdöme\nTåget kom & gick aldrig", MentionKind.REVIEW, 2)
    assert (found.language, found.likes, found.replies) == ("sv", 2, 1)
    assert (found.author, found.url) == ("trustpilot.com/users/c0", f"https://www.trustpilot.com/reviews/{number}")
    assert (found.created_at, found.edited_at) == (NOW, None)


def test_a_title_that_only_begins_the_text_is_said_once() -> None:
    """Trustpilot makes titles by cutting texts."""
    pilot = Pilot()
    pilot.fake.add("Allt var dåligt den dagen", NOW, title="Allt var dåligt…")
    pilot.fake.add("", NOW, title="Usch")
    pilot.poll()
    assert pilot.sink.texts() == ["Allt var dåligt den dagen", "Usch"]


def test_a_domain_is_looked_up_once_and_an_id_never() -> None:
    """Also after a restart, as the cursor keeps it."""
    pilot = Pilot(business_units=[DOMAIN, UNIT])
    pilot.poll()
    pilot.runner.collector = build(pilot.options, Network(pilot.clock, transport=pilot.fake.transport()))
    pilot.poll()
    assert len([r for r in pilot.fake.requests if r.url.path.endswith("/find")]) == 1
    assert len([r for r in pilot.fake.requests if UNIT in r.url.path]) == 4


def test_a_review_that_was_held_back_is_found_when_the_last_days_are_read_anew() -> None:
    """Its date is two days old."""
    pilot = Pilot()
    pilot.fake.page_size = 100
    for number in range(150):
        pilot.fake.add(f"omdöme {number}", NOW - timedelta(minutes=number))
    held = pilot.fake.add("flaggat", NOW - timedelta(days=1))
    pilot.fake.hidden.add(held)
    pilot.poll()
    pilot.fake.hidden.clear()
    for _ in range(37):
        pilot.poll()
    assert "Omdöme\nflaggat" in pilot.sink.texts()
    listed = [r for r in pilot.fake.requests if "reviews" in r.url.path]
    assert len(listed) < 2 * 38 + 8, "only now and then"


def test_reading_again() -> None:
    """A changed review is an edit, one that is gone a removal."""
    pilot = Pilot()
    gone, changed = pilot.fake.add("borta", NOW), pilot.fake.add("dåligt", NOW)
    pilot.poll()
    pilot.fake.reviews[changed] |= {"text": "bra nu", "stars": 5, "updatedAt": iso(NOW + timedelta(minutes=5))}
    del pilot.fake.reviews[gone]
    pilot.recheck = (REVIEW + gone, REVIEW + changed, REVIEW + "x/y", "other/1")
    assert not pilot.poll().failed
    found = pilot.sink.mentions["trustpilot", REVIEW + changed]
    assert (found.text, found.stars, found.edited_at) == ("Omdöme\nbra nu", 5, NOW + timedelta(minutes=5))
    assert pilot.sink.removed == {("trustpilot", REVIEW + gone)}
    assert len([r for r in pilot.fake.requests if r.url.path.startswith("/v1/reviews/")]) == 2


@pytest.mark.parametrize(
    ("body", "told"), [({"id": None}, "does not know"), ([], "does not know"), ({"id": UNIT}, "without a list")]
)
def test_answers_that_make_no_sense(body: object, told: str) -> None:
    """A sentence; never the key."""
    health = Pilot(lambda request: httpx.Response(200, json=body)).poll().health
    assert told in health.error
    assert KEY not in f"{health.error}{health.remedy}"


def test_check() -> None:
    """It reads the first page of each unit."""
    assert Pilot().runner.collector.check() == f"Trustpilot lists the reviews of {DOMAIN}."
    assert "/hooks/tp." in Pilot(webhook_token=TOKEN).runner.collector.check()
    with pytest.raises(SourceError, match="401") as caught:
        Pilot(lambda request: httpx.Response(401)).runner.collector.check()
    assert "paid business accounts" in caught.value.remedy


# --- the webhook


def test_the_webhook_tells_of_new_changed_and_deleted_reviews() -> None:
    """By the daemon's own hooks, into the store that polling fills: neither doubles the other."""
    pilot = Pilot(webhook_token=TOKEN)
    number, gone = pilot.fake.add("dåligt", NOW), pilot.fake.add("ångrat", NOW)
    created = [pilot.fake.event("service-review-created", one) for one in (number, gone)]
    answer = pilot.told(*created)
    assert (answer.status_code, answer.json()["taken"]) == (202, 2)
    assert pilot.told(*created).status_code == 200
    assert pilot.poll().report.taken == 0
    pilot.fake.reviews[number]["text"] = "bättre"
    later = [
        pilot.fake.event("service-review-updated", number),
        pilot.fake.event("service-review-deleted", gone),
        pilot.fake.event("service-review-reply-created", number),
    ]
    answer = pilot.told(*later)
    assert answer.status_code == 200
    assert [note["where"] for note in answer.json()["notes"]] == ["event 3"]
    found = pilot.sink.mentions["trustpilot", REVIEW + number]
    assert (found.text, found.edited_at) == ("Omdöme\nbättre", pilot.clock.now())
    assert pilot.sink.removed == {("trustpilot", REVIEW + gone)}


@pytest.mark.parametrize(
    ("token", "body", "code"),
    [
        ("wrong-token-wrong-token", b'{"events": []}', 401),
        ("", b'{"events": []}', 401),
        ("å", b'{"events": []}', 401),
        (TOKEN, b'{"events": {}}', 400),
        (TOKEN, b"[]", 400),
        (TOKEN, b"{", 400),
        (TOKEN, b'{"events": [7, {"eventName": "service-review-deleted", "eventData": {"id": "../x"}}]}', 400),
        (TOKEN, b'{"events": [{"eventName": "service-review-created", "eventData": {"id": "a"}}]}', 400),
    ],
)
def test_what_the_webhook_does_not_take(token: str, body: bytes, code: int) -> None:
    """A wrong token is not told what was wrong with the rest; nothing raises, nothing is stored."""
    pilot = Pilot(webhook_token=TOKEN)
    answer = pilot.call("POST", token, body)
    assert answer.status_code == code
    assert TOKEN not in answer.text
    assert (pilot.sink.mentions, pilot.sink.removed) == ({}, set())


def test_without_a_token_there_is_no_hook() -> None:
    """It must be switched on."""
    assert Pilot().call("POST", "", {"events": []}).status_code == 404
    assert Pilot(webhook_token=TOKEN).call("GET", TOKEN, b"").status_code == 405


@pytest.mark.parametrize("path", files("trustpilot", "*.json"))
def test_recorded_events(path: Path) -> None:
    """Each review that was recorded becomes a mention, each unknown event a note."""
    pilot = Pilot(webhook_token=TOKEN)
    collector = cast(TrustpilotCollector, pilot.runner.collector)
    events = json.loads(path.read_text())["events"]
    batch = collector.receive(InboundRequest("POST", {}, {"token": TOKEN}, path.read_bytes(), NOW)).batch
    assert batch is not None
    assert batch.refusals == ()
    reviews = [
        e["eventData"] for e in events if e["eventName"] in ("service-review-created", "service-review-updated")
    ]
    assert len(batch.mentions) == len(reviews)
    assert len(batch.notes) + len(batch.removals) + len(reviews) == len(events)
    for found, told in zip(batch.mentions, reviews, strict=True):
        assert (found.global_id, found.stars, found.language) == (
            REVIEW + told["id"],
            told["stars"],
            told["language"],
        )
        assert found.text.endswith(told["text"].split()[-1])
        assert found.created_at == datetime.fromisoformat(told["createdAt"])

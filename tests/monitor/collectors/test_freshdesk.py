"""Freshdesk: moving pages, a second full of tickets, whose voice counts, deletions, recordings."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError
from monitor.collectors.desk import Desk
from monitor.collectors.freshdesk import FreshdeskOptions
from monitor.collectors.freshdesk_ticket import FRESHDESK, comment_of, number_in
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.mention import MentionKind
from tests.fakes.freshdesk import URL, FakeFreshdesk
from tests.fakes.platform_server import status
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.recorded import files

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
HOST = "nordtag.freshdesk.example"


class DeskAtWork:
    """The fake desk and a source that reads it."""

    def __init__(self, answer: Any = None, now: datetime = NOW, **options: Any) -> None:
        self.clock = SimulatedClock(now)
        self.fake = FakeFreshdesk(self.clock)
        self.sink = MemorySink()
        self.recheck: tuple[str, ...] = ()
        given = {"name": "desk", "url": URL, "api_key": "a-secret-key", **options}
        self.options = FreshdeskOptions.model_validate(given)
        network = Network(self.clock, transport=httpx.MockTransport(answer) if answer else self.fake.transport())
        self.runner = SourceRunner(
            self.options,
            build(self.options, network),
            self.sink,
            self.clock,
            lambda source, now: CollectContext(now, recheck=self.recheck),
            rng=Random(1),
        )

    def poll(self, minutes: float = 1) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()


def test_a_ticket_becomes_a_mention() -> None:
    """Subject and first message, the requester, where agents see it; the login."""
    desk = DeskAtWork()
    number = desk.fake.add("Mitt tåg kom aldrig", NOW)
    desk.poll()
    found = desk.sink.mentions["freshdesk", f"{HOST}/tickets/{number}"]
    assert (found.text, found.kind) == ("Ärende\nMitt tåg kom aldrig", MentionKind.TICKET)
    assert (found.url, found.author) == (f"{URL}/a/tickets/{number}", f"{HOST}/contacts/501")
    assert desk.fake.requests[0].headers["authorization"] == "Basic YS1zZWNyZXQta2V5Olg="


def test_only_customers_public_words_count() -> None:
    """Not notes, not agents' answers; each once, though the ticket is seen again."""
    desk = DeskAtWork()
    number = desk.fake.add("Mitt tåg kom aldrig", NOW)
    desk.poll()
    desk.clock.advance(timedelta(minutes=1))
    desk.fake.say(number, "Vi ber om ursäkt", incoming=False)
    desk.fake.say(number, "kunden är arg", incoming=False, private=True)
    desk.fake.say(number, "vidarebefordrat", private=True)
    entry = desk.fake.say(number, "Det hjälper inte")
    for _ in range(4):
        desk.poll()
    assert desk.sink.texts() == ["Det hjälper inte", "Ärende\nMitt tåg kom aldrig"]
    comment = desk.sink.mentions["freshdesk", f"{HOST}/tickets/{number}/conversations/{entry['id']}"]
    assert (comment.kind, comment.thread_id) == (MentionKind.COMMENT, f"{HOST}/tickets/{number}")
    assert sum("conversations" in request.url.path for request in desk.fake.requests) == 1


def test_tickets_that_change_during_the_walk_hide_none() -> None:
    """Pages move; the walk goes by time, not by page."""
    desk = DeskAtWork()
    for number in range(18):
        desk.fake.add(f"ärende {number}", NOW)
        desk.clock.advance(timedelta(seconds=2))
    plain = desk.fake.answer

    def moving(request: httpx.Request, answer: Any, clock: Any) -> httpx.Response:
        response = plain(request)
        oldest = min(desk.fake.tickets.values(), key=lambda ticket: ticket["updated_at"])
        desk.clock.advance(timedelta(seconds=1))
        desk.fake.touch(oldest["id"])
        return response

    desk.fake.fail(moving, times=6)
    desk.poll()
    desk.poll()
    assert len(desk.sink.mentions) == 18


def test_a_second_with_more_tickets_than_a_page_is_read_by_pages() -> None:
    """Otherwise the walk would stand still."""
    desk = DeskAtWork()
    for number in range(17):
        desk.fake.add(f"ärende {number}", NOW)
    desk.poll()
    assert len(desk.sink.mentions) == 17
    assert {request.url.params["page"] for request in desk.fake.requests} >= {"1", "2", "3", "4"}


def test_a_walk_goes_on_where_it_broke_off() -> None:
    """More tickets than one poll reads: the next polls finish."""
    desk = DeskAtWork()
    for number in range(90):
        desk.fake.add(f"ärende {number}", NOW - timedelta(hours=1))
        desk.clock.advance(timedelta(seconds=1))
    polls = 0
    while not polls or "walk" in desk.sink.load_cursor("desk"):
        assert not desk.poll().failed
        polls += 1
        assert polls < 12
    assert polls > 1
    assert len(desk.sink.mentions) == 90


def test_deleted_and_spam_tickets_are_removed() -> None:
    """When they are read again; a desk in trouble removes none."""
    desk = DeskAtWork()
    gone, spam, kept = (desk.fake.add(f"ärende {i}", NOW) for i in range(3))
    desk.poll()
    del desk.fake.tickets[gone]
    desk.fake.touch(spam, spam=True)
    desk.recheck = (*(f"{HOST}/tickets/{number}" for number in (gone, spam, kept)), "other.example/tickets/1")
    desk.poll()
    assert {i for _, i in desk.sink.removed} == {f"{HOST}/tickets/{gone}", f"{HOST}/tickets/{spam}"}
    desk.sink.removed.clear()
    desk.fake.fail(status(500), match=f"/tickets/{kept}")
    assert desk.poll().failed
    assert f"{HOST}/tickets/{kept}" not in {i for _, i in desk.sink.removed}


def test_the_desks_limit_is_kept() -> None:
    """Fifty calls in any minute."""
    desk = DeskAtWork(every="10s")
    for number in range(60):
        desk.fake.add(f"ärende {number}", NOW - timedelta(hours=1))
    asked: list[tuple[datetime, int]] = []
    for _ in range(30):
        before = len(desk.fake.requests)
        desk.poll(1 / 6)
        asked.append((desk.clock.now(), len(desk.fake.requests) - before))
    for end, _ in asked:
        assert sum(n for at, n in asked if end - timedelta(minutes=1) < at <= end) <= 50


def test_check_and_wrong_addresses() -> None:
    """A sentence each."""
    desk = DeskAtWork()
    assert desk.runner.collector.check().endswith("30 days.")
    desk.fake.fail(status(401, '{"code": "invalid_credentials", "message": "You have to be logged in"}'))
    with pytest.raises(SourceError, match="logged in"):
        desk.runner.collector.check()
    with pytest.raises(SourceError, match="than a list"):
        DeskAtWork(lambda request: httpx.Response(200, json={})).runner.collector.check()


def test_ids_of_others_are_not_ours() -> None:
    """Comments, other desks."""
    desk = Desk(FRESHDESK, URL, "desk")
    assert number_in(f"{HOST}/tickets/7", desk) == "7"
    assert [number_in(i, desk) for i in (f"{HOST}/tickets/7/conversations/8", "x/tickets/7", "")] == [None] * 3


@pytest.mark.parametrize("path", files("freshdesk", "*ticket*.json"))
def test_recorded_tickets(path: Path) -> None:
    """Both generations of the API."""
    loaded = json.loads(path.read_text(encoding="utf-8"))
    tickets = loaded if isinstance(loaded, list) else [loaded]
    newest = max(datetime.fromisoformat(ticket["updated_at"].replace("Z", "+00:00")) for ticket in tickets)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[] if "conversations" in request.url.path else tickets)

    desk = DeskAtWork(answer, now=newest.astimezone(UTC) + timedelta(minutes=1))
    assert not desk.poll().failed
    assert len(desk.sink.mentions) == len(tickets)
    for mention in desk.sink.mentions.values():
        assert mention.text == "This is a sample ticket, feel free to delete it."
        assert mention.created_at is not None
    assert desk.sink.refusals == []


@pytest.mark.parametrize("path", files("freshdesk", "[nr]*_1.json"))
def test_recorded_conversations(path: Path) -> None:
    """A recorded note and an agent's answer are nobody's complaint; the same answer by a customer is."""
    entry = json.loads(path.read_text(encoding="utf-8"))
    desk = Desk(FRESHDESK, URL, "desk")
    assert comment_of(entry, "1", desk) is None
    made = comment_of({**entry, "incoming": True, "private": False}, "1", desk)
    assert made is not None
    assert made.text == entry["body_text"]

"""Zendesk: whose voice counts, comments that wait, cursors that are refused, the documented form of an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.collectors.zendesk import ZendeskOptions
from monitor.mention import Mention, MentionKind
from tests.fakes.platform_server import ALWAYS, status
from tests.fakes.sink import MemorySink
from tests.fakes.zendesk import AGENT, CUSTOMER, URL, FakeZendesk

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
HOST = "nordtag.zendesk.example"
LOGIN = {"email": "lead@nordtag.example", "token": "a-secret-token"}


class DeskAtWork:
    """The fake account and a source that reads it."""

    def __init__(self, answer: Any = None, **options: Any) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeZendesk(self.clock)
        self.sink = MemorySink()
        self.options = ZendeskOptions.model_validate({"name": "desk", "url": URL, **LOGIN, **options})
        transport = httpx.MockTransport(answer) if answer else self.fake.transport()
        network = Network(self.clock, transport=transport)
        self.runner = SourceRunner(
            self.options,
            build(self.options, network),
            self.sink,
            self.clock,
            lambda source, now: CollectContext(now),
            rng=Random(1),
        )

    def poll(self, minutes: float = 1) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def ticket(self, number: int) -> Mention:
        return self.sink.mentions["zendesk", f"{HOST}/tickets/{number}"]


def test_a_ticket_becomes_a_mention() -> None:
    """Subject and first message, the requester, where agents see it."""
    desk = DeskAtWork()
    number = desk.fake.add("Mitt tåg kom aldrig", NOW)
    desk.poll()
    found = desk.ticket(number)
    assert (found.text, found.kind) == ("Ärende\nMitt tåg kom aldrig", MentionKind.TICKET)
    assert found.url == f"{URL}/agent/tickets/{number}"
    assert found.author == f"{HOST}/users/{CUSTOMER}"
    assert (found.created_at, found.edited_at, found.parent_id) == (NOW, None, None)


def test_only_customers_public_words_count() -> None:
    """Not internal notes, not agents' answers, not the first message once more; people copied in do."""
    desk = DeskAtWork()
    number = desk.fake.add("Mitt tåg kom aldrig", NOW, email_cc_ids=[502])
    desk.poll()
    desk.clock.advance(timedelta(minutes=5))
    desk.fake.comment(number, "Vi ber om ursäkt", desk.clock.now(), author=AGENT)
    desk.fake.comment(number, "kunden är arg", desk.clock.now(), author=AGENT, public=False)
    desk.fake.comment(number, "en intern kopia", desk.clock.now(), public=False)
    added = desk.fake.comment(number, "Det hjälper inte", desk.clock.now())
    desk.fake.comment(number, "Inte mig heller", desk.clock.now(), author=502)
    desk.poll()
    assert desk.sink.texts() == ["Det hjälper inte", "Inte mig heller", "Ärende\nMitt tåg kom aldrig"]
    comment = desk.sink.mentions["zendesk", f"{HOST}/tickets/{number}/comments/{added['id']}"]
    assert (comment.kind, comment.thread_id) == (MentionKind.COMMENT, f"{HOST}/tickets/{number}")


def test_comments_wait_for_the_next_poll_and_survive_failures() -> None:
    """More tickets than one poll reads, and a failure in between: none is lost."""
    desk = DeskAtWork()
    numbers = [desk.fake.add(f"ärende {i}", NOW) for i in range(20)]
    desk.poll(3)
    desk.clock.advance(timedelta(minutes=5))
    for number in numbers:
        desk.fake.comment(number, f"svar {number}", desk.clock.now())
    desk.fake.fail(status(500), times=1, after=3, match="/comments")
    desk.poll()
    for _ in range(4):
        desk.poll(20)
    assert len([text for text in desk.sink.texts() if text.startswith("svar")]) == 20
    assert desk.sink.load_cursor("desk")["comments"] == {}


def test_comments_of_a_merged_ticket_are_given_up() -> None:
    """404 for one ticket is no failure of the desk."""
    desk = DeskAtWork()
    number = desk.fake.add("ärende", NOW - timedelta(minutes=5), updated_at="2026-01-12T11:59:00Z")
    desk.fake.fail(status(404), times=ALWAYS, match=f"{number}/comments")
    assert not desk.poll().failed
    assert desk.sink.load_cursor("desk")["comments"] == {}


def test_without_comments_none_are_asked_for() -> None:
    """One call a poll."""
    desk = DeskAtWork(comments=False)
    desk.fake.add("ärende", NOW - timedelta(minutes=5), updated_at="2026-01-12T11:59:00Z")
    desk.poll()
    assert len(desk.fake.requests) == 1


def test_a_refused_cursor_is_replaced_by_a_time() -> None:
    """From the last complete reading, an hour back; what is known is dropped."""
    desk = DeskAtWork()
    first = desk.fake.add("ett", NOW)
    desk.poll()
    desk.fake.cursors_void = True
    second = desk.fake.add("två", desk.clock.now())
    assert not desk.poll().failed
    assert {desk.ticket(first).text, desk.ticket(second).text} == {"Ärende\nett", "Ärende\ntvå"}
    start = int(desk.fake.requests[-1].url.params["start_time"])
    assert NOW.timestamp() - 3700 < start < NOW.timestamp() - 3500


def test_the_export_is_asked_at_most_ten_times_a_minute() -> None:
    """The budget holds even when every page says that there is more."""
    desk = DeskAtWork(every="10s")
    for number in range(300):
        desk.fake.add(f"ärende {number}", NOW)
    for _ in range(12):
        desk.poll(1 / 6)
    asked = [r for r in desk.fake.requests if "incremental" in r.url.path]
    assert len(asked) <= 21


@pytest.mark.parametrize(
    ("login", "expected"),
    [(LOGIN, "Basic bGVhZEBub3JkdGFnLmV4YW1wbGUvdG9rZW46YS1zZWNyZXQtdG9rZW4="), ({}, "Bearer an-oauth-token")],
)
def test_logins(login: dict[str, str], expected: str) -> None:
    """By API token, or by OAuth."""
    more: dict[str, Any] = dict(login) or {"email": None, "token": None, "oauth_token": "an-oauth-token"}
    desk = DeskAtWork(**more)
    desk.poll()
    assert desk.fake.requests[0].headers["authorization"] == expected


@pytest.mark.parametrize("options", [{}, {"email": "x"}, {"token": "x"}, {**LOGIN, "oauth_token": "y"}])
def test_half_a_login_is_refused(options: dict[str, str]) -> None:
    """When the config is read."""
    with pytest.raises(ValidationError):
        ZendeskOptions.model_validate({"url": URL, **options})


def test_check_names_what_is_wrong() -> None:
    """An account that may not export, and an address that is no Zendesk."""
    desk = DeskAtWork()
    assert "none yet" in desk.runner.collector.check()
    desk.fake.fail(status(403, '{"error": "Forbidden"}'))
    with pytest.raises(SourceError, match="403"):
        desk.runner.collector.check()
    with pytest.raises(SourceError, match="without tickets"):
        DeskAtWork(lambda request: httpx.Response(200, json={"hello": 1})).runner.collector.check()


def test_the_documented_form_of_an_answer() -> None:
    """Every field as the reference names it, with those that may be null."""
    ticket = {
        "assignee_id": 235323, "collaborator_ids": [35334, 234], "created_at": "2026-01-11T22:55:29Z",
        "custom_fields": [{"id": 27642, "value": "745"}], "description": "The platform is on fire.",
        "due_at": None, "external_id": "ahg35h3jh", "follower_ids": [35334], "generated_timestamp": 1768176000,
        "group_id": 98738, "has_incidents": False, "id": 35436, "organization_id": None, "priority": "high",
        "problem_id": None, "raw_subject": "{{dc.fire}}", "recipient": None, "requester_id": 20978392,
        "satisfaction_rating": {"comment": "Great!", "id": 1, "score": "good"}, "sharing_agreement_ids": [],
        "status": "open", "subject": "Help", "submitter_id": 76872, "tags": ["enterprise"], "type": "incident",
        "updated_at": "2026-01-12T10:38:52Z", "url": "https://x.zendesk.com/api/v2/tickets/35436.json",
        "via": {"channel": "web", "source": {"from": {}, "rel": None, "to": {}}},
    }  # fmt: skip
    comments = [
        {
            "attachments": [], "audit_id": 432, "author_id": 20978392, "body": "Thanks", "id": 1274,
            "created_at": "2026-01-12T10:38:52Z", "html_body": "<p>Thanks</p>", "type": "Comment",
            "public": True, "metadata": {}, "plain_body": "Still burning", "via": {"channel": "web"},
        },
        {
            "author_id": 20978392, "id": 1200, "public": True, "created_at": "2026-01-11T22:55:29Z",
            "plain_body": "The platform is on fire.", "type": "Comment",
        },
    ]  # fmt: skip

    def answer(request: httpx.Request) -> httpx.Response:
        if "comments" in request.url.path:
            return httpx.Response(200, json={"comments": comments, "meta": {"has_more": False}, "links": {}})
        page = {"tickets": [ticket], "after_url": "https://x/…", "after_cursor": "MTU3NjYxMzUzOS4wfHw0Njd8"}
        return httpx.Response(200, json={**page, "before_cursor": None, "end_of_stream": True})

    desk = DeskAtWork(answer)
    assert not desk.poll().failed
    assert desk.sink.texts() == ["Help\nThe platform is on fire.", "Still burning"]
    assert desk.sink.refusals == []


def test_tickets_are_read_again_in_one_call() -> None:
    """What an alert is about to quote: as it is now, or gone."""
    desk = DeskAtWork()
    gone, deleted, kept = (desk.fake.add(f"ärende {n}", NOW) for n in range(3))
    del desk.fake.tickets[gone]
    desk.fake.tickets[deleted]["status"] = "deleted"
    desk.fake.tickets[kept]["description"] = "ändrat"
    ids = tuple(f"{HOST}/tickets/{n}" for n in (gone, deleted, kept))
    others = (f"{HOST}/tickets/1/comments/2", "other.example/tickets/1")
    (batch,) = desk.runner.collector.read_again(CollectContext(NOW, recheck=(*ids, *others)))  # type: ignore[attr-defined]
    assert {removal.global_id for removal in batch.removals} == {ids[0], ids[1]}
    assert [(mention.global_id, mention.text) for mention in batch.mentions] == [(ids[2], "Ärende\nändrat")]
    assert len(desk.fake.requests) == 1
    assert list(desk.runner.collector.read_again(CollectContext(NOW, recheck=others))) == []  # type: ignore[attr-defined]
    broken = DeskAtWork(lambda request: httpx.Response(200, json={}))
    with pytest.raises(SourceError, match="without tickets"):
        list(broken.runner.collector.read_again(CollectContext(NOW, recheck=ids)))  # type: ignore[attr-defined]

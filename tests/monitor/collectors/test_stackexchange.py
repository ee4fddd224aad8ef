"""Stack Exchange: fields, threads read together, its quota and its wish to be left alone."""

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
from monitor.collectors.registry import build
from monitor.collectors.stackexchange import StackExchangeOptions
from monitor.mention import Mention, MentionKind
from tests.fakes.sink import MemorySink
from tests.fakes.stackexchange import API, FakeStackExchange

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


class Site:
    """One site and a source that reads it."""

    def __init__(self, **options: Any) -> None:
        self.clock, self.sink = SimulatedClock(NOW), MemorySink()
        self.fake = FakeStackExchange(self.clock)
        self.options = StackExchangeOptions.model_validate({"api_url": API, **options})
        self.watched: tuple[WatchedThread, ...] = ()
        self.recheck: tuple[str, ...] = ()
        self.restart()

    def restart(self) -> None:
        network = Network(self.clock, transport=self.fake.transport())
        self.runner = SourceRunner(
            self.options, build(self.options, network), self.sink, self.clock, self.context, rng=Random(1)
        )

    def context(self, source: str, now: datetime) -> CollectContext:
        return CollectContext(now, self.watched, self.recheck, {"Nordtåg": ("nordtåg", "nord tåg")})

    def poll(self, minutes: float = 30) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def mention(self, global_id: str) -> Mention:
        return self.sink.mentions["stackexchange", global_id]

    def watch(self, *ids: str) -> None:
        self.watched = tuple(WatchedThread("stackexchange", i, None, 0, NOW, hot=True) for i in ids)


def test_a_question_becomes_a_mention() -> None:
    """Entities in title and body are read once; numbers, link and times are kept."""
    site = Site()
    found = site.fake.add("nordtåg", NOW)
    site.fake.find(found).update(
        title="Nordt&#229;g &amp; API", body='<p>nordtåg: <a href="https://nordtag.example">x</a></p>', score=-2
    )
    site.poll()
    mention = site.mention(found)
    assert mention.text == "Nordtåg & API\nnordtåg: x"
    assert mention.extra_text == "https://nordtag.example"
    assert (mention.created_at, mention.kind, mention.views, mention.likes) == (NOW, MentionKind.POST, 52, None)
    assert (mention.author, mention.thread_id, mention.parent_id) == ("stackoverflow/users/471810", found, None)
    assert (mention.url or "").startswith("https://stackoverflow.com/questions/")


def test_a_thread_is_its_answers_and_the_comments_on_all() -> None:
    """A hundred watched questions cost three calls."""
    site = Site(words=["nordtåg"])
    questions = [site.fake.add(f"nordtåg {n}", NOW - timedelta(days=2)) for n in range(100)]
    answer = site.fake.add("så här", NOW, parent=questions[0])
    comment = site.fake.add("tack", NOW, parent=answer)
    site.fake.posts["comments"][7] = {
        "comment_id": 7, "post_id": int(questions[1].split("/")[-1]), "post_type": "question",
        "creation_date": int(NOW.timestamp()), "body": "jag med",
    }  # fmt: skip
    site.fake.page_size = 100
    site.watch(*questions)
    site.poll()
    paths = [request.url.path for request in site.fake.requests if "search" not in request.url.path]
    assert len(paths) == 3
    assert (site.mention(answer).parent_id, site.mention(answer).thread_id) == (questions[0], questions[0])
    assert (site.mention(comment).parent_id, site.mention(comment).thread_id) == (answer, questions[0])
    on_question = site.mention("stackoverflow/comments/7")
    assert (on_question.parent_id, on_question.thread_id, on_question.kind) == (
        questions[1], questions[1], MentionKind.COMMENT,
    )  # fmt: skip
    assert (site.mention(answer).url or "").startswith("https://stackoverflow.com/a/")


def test_posts_of_all_kinds_are_read_again() -> None:
    site = Site(words=["nordtåg"])
    question = site.fake.add("nordtåg", NOW)
    answer = site.fake.add("svar", NOW, parent=question)
    comment = site.fake.add("kommentar", NOW, parent=answer)
    site.watch(question)
    site.poll()
    site.recheck = (question, answer, comment, "stackoverflow/answers/1", "news.ycombinator.com/1")
    site.fake.remove(comment)
    site.fake.find(answer)["body"] = "<p>ändrat</p>"
    site.poll()
    assert site.sink.removed == {("stackexchange", comment), ("stackexchange", "stackoverflow/answers/1")}
    assert site.mention(answer).text == "ändrat"


def test_a_used_up_quota_is_waited_for() -> None:
    """The platform says for how long; it is no failure."""
    site = Site()
    site.fake.quota = 0
    outcome = site.poll()
    assert not outcome.failed
    assert outcome.health.next_due_at == site.clock.now() + timedelta(seconds=33635)


def test_a_wish_to_be_left_alone_holds_for_its_method_only() -> None:
    site = Site(words=["nordtåg"])
    question = site.fake.add("nordtåg", NOW)
    site.fake.backoff = 120
    site.watch(question)
    site.poll()
    assert ("stackexchange", question) in site.sink.mentions
    calls = len(site.fake.requests)
    site.fake.backoff = None
    assert not site.poll(minutes=1).failed
    assert len(site.fake.requests) == calls
    site.poll(minutes=3)
    assert len(site.fake.requests) > calls


@pytest.mark.parametrize(("key", "calls"), [(None, 280), ("a-free-key", 9000)])
def test_the_days_calls_are_a_budget_that_survives_restarts(key: str | None, calls: int) -> None:
    """Restarting every minute gives no more than the day's share."""
    site = Site(words=["nordtåg"], every="1m", **({"key": key} if key else {}))
    site.fake.quota = 10**6
    for _ in range(100 if key is None else 20):
        site.restart()
        site.poll(minutes=1)
    assert len(site.fake.requests) <= calls / 4 + 100 * calls * 0.75 / (24 * 60) + 1


def test_one_wrong_site_is_told_and_the_others_are_read() -> None:
    site = Site(words=["nordtåg"], sites=["stackoverflow.com", "travel.stackexchange.com"])
    found = site.fake.add("nordtåg", NOW)
    assert "1 of 2" in site.poll().health.error
    assert ("stackexchange", found) in site.sink.mentions
    with pytest.raises(SourceError, match="400"):
        site.runner.collector.check()


def test_options() -> None:
    assert StackExchangeOptions(sites=("StackOverflow.com", "sv.stackoverflow")).sites[0] == "stackoverflow"
    for wrong in ([], ["a b"], ["https://x"]):
        with pytest.raises(ValidationError):
            StackExchangeOptions.model_validate({"sites": wrong})
    site = Site(words=["nordtåg"])
    assert "299 calls are left" in site.runner.collector.check()
    site.context = lambda source, now: CollectContext(now)  # type: ignore[method-assign]
    site.options = site.options.model_copy(update={"words": ()})
    site.restart()
    assert "keywords" in site.poll().health.error


def test_an_answer_as_recorded() -> None:
    """The shape of a real answer (its fields, not its words), with a user who has gone."""
    body = {
        "items": [
            {
                "tags": ["file"], "is_answered": True, "view_count": 347, "accepted_answer_id": 5851972,
                "owner": {"user_type": "does_not_exist", "display_name": "user7"}, "answer_count": 1, "score": 178,
                "last_activity_date": 1768219200, "creation_date": 1768219100, "last_edit_date": 1768219150,
                "question_id": 34685205, "title": "Pablo&#39;s nordt&#229;g",
                "link": "https://stackoverflow.com/questions/34685205/x", "body": "<pre>a &lt; b</pre>",
            }
        ],
        "has_more": False, "quota_max": 300, "quota_remaining": 299,
    }  # fmt: skip
    clock, sink = SimulatedClock(NOW), MemorySink()
    options = StackExchangeOptions(words=("nordtåg",))
    network = Network(clock, transport=httpx.MockTransport(lambda request: httpx.Response(200, json=body)))
    assert not SourceRunner(options, build(options, network), sink, clock, rng=Random(1)).poll().failed
    (mention,) = sink.mentions.values()
    assert (mention.text, mention.author, mention.likes) == ("Pablo's nordtåg\na < b", None, 178)
    assert mention.edited_at == datetime.fromtimestamp(1768219150, UTC)

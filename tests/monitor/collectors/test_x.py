"""X: numbers first, posts when they rise, the day's money, deletions, edits, conversations, recorded answers."""

from __future__ import annotations

import doctest
import json
import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError, WatchedThread
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.collectors.times import parse_time
from monitor.collectors.x import XCollector
from monitor.collectors.x_counts import LONGEST_QUERY, by_bucket, queries_of, read_counts, usual_hour
from monitor.collectors.x_options import XOptions
from monitor.collectors.x_post import POST, id_at, is_repost, time_of
from monitor.mention import MentionKind
from tests.fakes.platform_server import ALWAYS, status
from tests.fakes.sink import MemorySink
from tests.fakes.x import API, FakeX
from tests.monitor.collectors.recorded import exchanges, files

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
TOKEN = "a-secret-bearer-token"


class Ex:
    """The fake platform and a source that reads it."""

    def __init__(self, answer: Any = None, now: datetime = NOW, **options: Any) -> None:
        self.clock = SimulatedClock(now)
        self.fake = FakeX(self.clock, token=TOKEN, page_size=100)
        self.sink = MemorySink()
        self.watched: tuple[WatchedThread, ...] = ()
        self.recheck: tuple[str, ...] = ()
        self.hot = False
        given_options = {"name": "x", "token": TOKEN, "dollars_a_day": 2.0, "api_url": API, **options}
        self.options = XOptions.model_validate(given_options)
        transport = httpx.MockTransport(answer) if answer else self.fake.transport()
        self.runner = SourceRunner(
            self.options,
            build(self.options, Network(self.clock, transport=transport)),
            self.sink,
            self.clock,
            lambda source, now: CollectContext(
                now, self.watched, self.recheck, {"Nordtåg": ("Nordtåg", "nord tåg")}, hot=self.hot
            ),
            rng=Random(1),
        )

    def poll(self, minutes: float = 15) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def storm(self, count: int, minutes: float = 30) -> None:
        for number in range(count):
            at = self.clock.now() - timedelta(minutes=minutes) * (number + 1) / count
            self.fake.add(f"Nordtåg {number}", at, author=str(100 + number))

    def requests(self, path: str) -> list[httpx.QueryParams]:
        return [request.url.params for request in self.fake.requests if request.url.path == f"/2/{path}"]


# --- numbers


def test_numbers_come_as_measurements_of_five_minutes() -> None:
    """Closed ones only, silent ones as zero, late counts corrected by the next poll."""
    ex = Ex(posts="never")
    for minutes in (1, 7, 8):
        ex.fake.add("Nordtåg", NOW - timedelta(minutes=minutes))
    ex.poll(0)
    found = {at: measured.value for (_, _, at), measured in ex.sink.measurements.items()}
    assert found[NOW - timedelta(minutes=10)] == 2
    assert found[NOW - timedelta(minutes=60)] == 0
    assert max(at for _, _, at in ex.sink.measurements) == NOW - timedelta(minutes=10)  # type: ignore[type-var]
    assert {(m.brand, m.name, m.source) for m in ex.sink.measurements.values()} == {("Nordtåg", "X posts", "x")}
    ex.fake.add("Nordtåg sent", NOW - timedelta(minutes=9))
    ex.poll()
    assert ex.sink.measurements["Nordtåg", "X posts", NOW - timedelta(minutes=10)].value == 3
    assert ex.sink.mentions == {}


def test_after_a_pause_no_bucket_is_missing() -> None:
    """Every five minutes of a night's outage are counted, in one call."""
    ex = Ex(posts="never")
    ex.poll()
    calls = ex.fake.calls["tweets/counts/recent"]
    ex.poll(60 * 9)
    assert ex.fake.calls["tweets/counts/recent"] == calls + 1
    times = sorted(at for _, _, at in ex.sink.measurements)  # type: ignore[type-var]
    assert {b - a for a, b in pairwise(times)} == {timedelta(minutes=5)}  # type: ignore[operator]


def test_a_usual_hour_costs_half_a_cent_a_poll() -> None:
    """And nothing else is asked for; the usual hour is asked once a day."""
    ex = Ex()
    ex.fake.add("Nordtåg", NOW)
    for _ in range(4 * 24):
        ex.poll()
    assert ex.fake.calls == {"tweets/counts/recent": 96 + 2} or ex.fake.calls == {"tweets/counts/recent": 96 + 1}
    assert ex.fake.dollars == pytest.approx(0.005 * ex.fake.calls["tweets/counts/recent"])
    assert ex.sink.mentions == {}


@given(st.dictionaries(st.integers(0, 59), st.integers(0, 1000)))
def test_buckets_lose_no_post(minutes: dict[int, int]) -> None:
    """The sum of all five minutes is the sum of all minutes."""
    counts = {NOW + timedelta(minutes=minute): count for minute, count in minutes.items()}
    buckets = by_bucket(counts, NOW, NOW + timedelta(hours=1))
    assert len(buckets) == 12
    assert sum(buckets.values()) == sum(minutes.values())


@given(st.lists(st.text(min_size=1, max_size=60), max_size=60))
def test_no_query_is_too_long_and_no_word_is_left_out(words: list[str]) -> None:
    """Long lists are several queries."""
    queries = queries_of(words, ["sv", "no"])
    assert all(len(query) <= LONGEST_QUERY for query in queries)
    assert not any('""' in query or "()" in re.sub('"[^"]+"', "phrase", query) for query in queries)
    for word in words:
        plain = word.replace('"', "").strip().casefold()
        assert not plain or any(plain in query.casefold() for query in queries)


def test_large_and_small_letters_are_one_word() -> None:
    """A brand's name and its keyword are often the same but for these."""
    assert queries_of(["Nordtåg", "nordtåg", " ", '"'], []) == ["(nordtåg) -is:retweet"]


def test_counts_that_make_no_sense() -> None:
    """They are left out; the hour that is not over is not usual."""
    rows: list[dict[str, object]] = [
        {"start": "2026-01-12T10:00:00Z", "tweet_count": 4},
        {"start": "x", "tweet_count": 1},
        {"start": None},
    ]
    assert read_counts([*rows, {"start": "2026-01-12T11:00:00Z", "tweet_count": True}]) == {
        NOW - timedelta(hours=2): 4
    }
    assert usual_hour({NOW: 1, NOW - timedelta(hours=1): 4, NOW - timedelta(hours=2): 6}) == 5
    assert usual_hour({}) == 0


# --- posts


def test_posts_are_read_when_the_hour_is_well_above_the_usual_one() -> None:
    """Not before; then all of them, with their authors."""
    ex = Ex()
    ex.storm(9)
    ex.poll()
    assert ex.sink.mentions == {}
    ex.storm(30, minutes=14)
    ex.poll()
    assert len(ex.sink.mentions) == 39
    asked = ex.requests("tweets/search/recent")[0]
    assert asked["query"] == '(Nordtåg OR "nord tåg") -is:retweet'
    assert {m.followers for m in ex.sink.mentions.values()} == {120}


def test_posts_are_read_while_an_incident_is_open() -> None:
    """However few there are."""
    ex = Ex()
    ex.storm(2)
    ex.hot = True
    ex.poll()
    assert len(ex.sink.mentions) == 2


def test_a_post_becomes_a_mention() -> None:
    """Entities, long posts, links, counts, thread; reposts are left out, a missing author is no loss."""
    ex = Ex(posts="always", languages=["sv"])
    root = ex.fake.add("Nordtåg", NOW, public_metrics={"like_count": 4, "impression_count": 500})
    note = {"text": "Nordtåg &amp; co: 1 &lt; 2 &amp;lt; " + "lång " * 100}
    links = {"urls": [{"url": "https://t.co/x", "expanded_url": "https://nordtag.example/info"}, {"url": "x"}]}
    reply = ex.fake.add("Nordtåg…", NOW, parent=root, note_tweet=note, entities=links, lang="und", author="999")
    ex.fake.add("RT Nordtåg", NOW, referenced_tweets=[{"type": "retweeted", "id": root}])
    ex.poll()
    assert len(ex.sink.mentions) == 2
    found = ex.sink.mentions["x", POST + reply]
    assert found.text.startswith("Nordtåg & co: 1 < 2 &lt; lång lång")
    assert (found.parent_id, found.thread_id, found.kind) == (POST + root, POST + root, MentionKind.COMMENT)
    assert (found.shares, found.language, found.author, found.followers) == (5, None, "999", None)
    assert (found.extra_text, found.url) == ("https://nordtag.example/info", f"https://x.com/i/status/{reply}")
    first = ex.sink.mentions["x", POST + root]
    assert (first.likes, first.views, first.replies, first.language) == (4, 500, None, "sv")
    assert (first.author_handles, first.url) == (
        ("resande7", "x.com/resande7"),
        f"https://x.com/resande7/status/{root}",
    )
    assert ex.requests("tweets/search/recent")[0]["query"].endswith("(lang:sv)")


def test_the_next_search_starts_ten_minutes_before_the_newest_known_post() -> None:
    """By id, and all pages of one walk from the same; an id older than seven days is a time instead."""
    ex = Ex(posts="always")
    ex.fake.page_size = 4
    ex.storm(10)
    ex.poll()
    newest = max(int(number.removeprefix(POST)) for _, number in ex.sink.mentions)
    ex.storm(10, minutes=10)
    ex.poll()
    walk = ex.requests("tweets/search/recent")[3:]
    assert {params["since_id"] for params in walk} == {id_at(time_of(str(newest)) - timedelta(minutes=10))}
    assert len(ex.sink.mentions) == 20
    ex.poll(60 * 24 * 8)
    assert "start_time" in ex.requests("tweets/search/recent")[-1]
    assert not ex.runner.poll().failed


def test_mentions_of_the_own_account_are_cheap() -> None:
    """A fifth of the price, by another call and page token."""
    ex = Ex(posts="never", account_id="42", authors=False)
    ex.fake.page_size = 10
    ex.storm(15)
    ex.poll()
    assert len(ex.sink.mentions) == 15
    assert "pagination_token" in ex.requests("users/42/mentions")[-1]
    assert ex.fake.dollars == pytest.approx(15 * 0.001 + 2 * 0.005)


def test_conversations_that_grow_fast_are_read() -> None:
    """Answers that do not name the brand; quiet ones cost nothing."""
    ex = Ex()
    root, quiet = ex.fake.add("Nordtåg", NOW), ex.fake.add("Nordtåg igen", NOW)
    for number in range(3):
        ex.fake.add(f"jag också {number}", NOW, parent=root)
        ex.fake.add(f"inte jag {number}", NOW, parent=quiet)
    ex.watched = tuple(WatchedThread("x", POST + one, None, 3, NOW, one == root) for one in (root, quiet))
    ex.poll()
    assert {m.thread_id for m in ex.sink.mentions.values()} == {POST + root}
    assert len(ex.sink.mentions) == 3
    ex.fake.add("fler", ex.clock.now(), parent=root)
    ex.poll()
    assert len(ex.sink.mentions) == 4
    assert "since_id" in ex.requests("tweets/search/recent")[-1]


# --- money


def test_a_day_never_costs_more_than_its_cap() -> None:
    """A storm of four thousand posts: the cap holds by the platform's own sums, and the numbers go on."""
    ex = Ex(now=datetime(2026, 1, 12, tzinfo=UTC), dollars_a_day=1.5)
    for _ in range(4 * 24 - 1):
        ex.storm(40, minutes=15)
        ex.poll()
    assert 1.2 < ex.fake.dollars <= 1.5 + 1e-9
    times = sorted(at for _, _, at in ex.sink.measurements)  # type: ignore[type-var]
    assert times[-1] >= ex.clock.now() - timedelta(minutes=30)  # type: ignore[operator]
    assert [r.why for r in ex.sink.refusals] == [
        "the day's money is used up but for the numbers; no posts are read until midnight UTC"
    ]
    before = len(ex.sink.mentions)
    ex.storm(40, minutes=15)
    ex.poll(16)
    ex.poll()
    assert len(ex.sink.mentions) > before


def test_a_cap_that_does_not_pay_the_numbers_makes_them_rarer() -> None:
    """Spread over the day, instead of blindness in the evening."""
    ex = Ex(now=datetime(2026, 1, 12, tzinfo=UTC), dollars_a_day=0.1)
    for _ in range(4 * 24 - 1):
        assert not ex.poll().failed
    assert ex.fake.dollars <= 0.1 + 1e-9
    assert 15 <= ex.fake.calls["tweets/counts/recent"] <= 20
    assert len(ex.sink.measurements) > 250


def test_a_cap_that_pays_nothing_is_told_as_blindness() -> None:
    """With when it goes on."""
    ex = Ex(dollars_a_day=0.004)
    health = ex.poll().health
    assert "are spent" in health.error
    assert health.next_due_at is not None
    assert health.next_due_at >= datetime(2026, 1, 13, tzinfo=UTC)


def test_a_known_post_is_free_on_its_day() -> None:
    """The overlap is not paid twice: our sums are the platform's."""
    ex = Ex(posts="always")
    ex.storm(20, minutes=9)
    for _ in range(4):
        ex.poll(2)
    assert ex.sink.load_cursor("x")["purse"]["spent"] == pytest.approx(ex.fake.dollars)


def test_numbers_are_stored_though_the_search_fails() -> None:
    """One failing part does not blind the other."""
    ex = Ex(posts="always")
    ex.fake.fail(status(503), times=ALWAYS, match="search/recent")
    assert ex.poll().failed
    assert ex.sink.measurements


def test_posts_are_read_though_the_numbers_fail() -> None:
    """While an incident is open: what can be seen is seen, and the failure is told."""
    ex = Ex()
    ex.storm(3)
    ex.hot = True
    ex.fake.fail(status(503), times=ALWAYS, match="counts/recent")
    outcome = ex.poll()
    assert "503" in outcome.health.error
    assert len(ex.sink.mentions) == 3


# --- the duty to delete


def test_what_is_deleted_or_protected_is_removed_and_edits_replace() -> None:
    """Posts are looked up by a hundred; edits under the first id, whatever id they have now."""
    ex = Ex(posts="always")
    kept, deleted, hidden, edited = (ex.fake.add(f"Nordtåg {n}", NOW) for n in range(4))
    ex.poll()
    ex.fake.gone |= {deleted: "deleted", hidden: "protected"}
    ex.fake.edit(edited, "Nordtåg, rättat", ex.clock.now())
    ex.recheck = (*(POST + number for number in (kept, deleted, hidden, edited)), "x.com/status/abc", "other/1")
    ex.poll()
    assert ex.sink.removed == {("x", POST + deleted), ("x", POST + hidden)}
    found = ex.sink.mentions["x", POST + edited]
    assert (found.text, found.created_at) == ("Nordtåg, rättat", NOW)
    assert found.edited_at is not None
    assert POST + ex.fake.posts[edited]["edit_history_tweet_ids"][-1] not in {n for _, n in ex.sink.mentions}
    assert len(ex.requests("tweets")) == 2


def test_what_an_alert_quotes_is_read_again_with_money_of_its_own() -> None:
    """A twentieth of the cap; what it does not pay is not read, and nothing is raised."""
    ex = Ex(posts="always", dollars_a_day=0.5)
    numbers = [ex.fake.add(f"Nordtåg {n}", NOW) for n in range(4)]
    ex.fake.gone[numbers[0]] = "deleted"
    collector = cast(XCollector, ex.runner.collector)
    context = CollectContext(NOW, recheck=tuple(POST + number for number in numbers))
    first = list(collector.read_again(context))
    assert [(len(batch.mentions), len(batch.removals)) for batch in first] == [(3, 1)]
    again = list(collector.read_again(context))
    assert [len(batch.mentions) for batch in again] == [0]
    assert ex.fake.dollars == pytest.approx(0.015)


# --- errors and options


@pytest.mark.parametrize(
    ("code", "body", "told"),
    [
        (429, {"title": "UsageCapExceeded", "type": "https://api.twitter.com/2/problems/usage-capped"}, "credits"),
        (403, {"title": "Forbidden", "type": "https://api.twitter.com/2/problems/client-forbidden"}, "forbids"),
        (401, {"title": "Unauthorized"}, "credentials"),
        (200, {"errors": [{"message": "Sorry", "code": 1}]}, "answered with an error"),
        (200, {"statuses": []}, "something else than version 2"),
    ],
)
def test_errors_in_words(code: int, body: dict[str, Any], told: str) -> None:
    """What waiting does not cure needs a person."""
    health = Ex(lambda request: httpx.Response(code, json=body)).poll().health
    assert told in health.error
    assert TOKEN not in f"{health.error}{health.remedy}"
    assert health.permanent == (code != 200)


def test_options_and_check() -> None:
    """A cap must be set; a query of one's own belongs to a brand; without words there is nothing to ask."""
    for wrong in ({"dollars_a_day": 0}, {"query": "x"}, {"account_id": "@nordtag"}, {"posts": "sometimes"}):
        with pytest.raises(ValidationError):
            XOptions.model_validate({"token": TOKEN, "dollars_a_day": 1, **wrong})
    with pytest.raises(ValidationError, match="dollars_a_day"):
        XOptions.model_validate({"token": TOKEN})
    ex = Ex(query="nordtåg place_country:SE", brand="Nordtåg")
    ex.poll()
    assert {params["query"] for params in ex.requests("tweets/counts/recent")} == {"nordtåg place_country:SE"}
    assert "0.48 dollars a day" in ex.runner.collector.check()
    assert "more than the cap" in Ex(dollars_a_day=0.1).runner.collector.check()
    with pytest.raises(SourceError, match="keywords"):
        next(iter(Ex().runner.collector.collect({}, CollectContext(NOW))))


@pytest.mark.parametrize("module", ["x_post", "x_counts"])
def test_examples_in_docstrings_hold(module: str) -> None:
    """They are run."""
    done = doctest.testmod(import_module(f"monitor.collectors.{module}"))
    assert (done.attempted > 0, done.failed) == (True, 0)


# --- recorded answers


def recorded_bodies(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a recording's good answers."""
    found = [exchange["response"] for exchange in exchanges(path)]
    texts = [answer["body"] or "" for answer in found if answer["status"] == 200]
    return [body for text in texts if text.startswith("{") and isinstance(body := json.loads(text), dict)]


def replayed(body: dict[str, Any], path: str) -> Any:
    """A platform that answers calls of `path` with the recorded body once, and all others with nothing."""
    bodies = iter([body])

    def answer(request: httpx.Request) -> httpx.Response:
        empty = {"meta": {"result_count": 0}}
        return httpx.Response(200, json=next(bodies, empty) if request.url.path.endswith(path) else empty)

    return answer


@pytest.mark.parametrize("path", files("x"))
def test_recorded_posts(path: Path) -> None:
    """Every post of every recorded page is a mention under its first id and at the time inside that id."""
    for body in recorded_bodies(path):
        data = body.get("data")
        posts = [post for post in data if "text" in post] if isinstance(data, list) else []
        if not posts:
            continue
        newest = max(time_of(post["id"]) for post in posts)
        ex = Ex(replayed(body, "/search/recent"), posts="always", now=newest + timedelta(minutes=1))
        assert not ex.runner.poll().failed
        first = {POST + min(post.get("edit_history_tweet_ids", [post["id"]]), key=int): post for post in posts}
        assert {number for _, number in ex.sink.mentions} == {
            n for n, post in first.items() if not is_repost(post)
        }
        assert ex.sink.refusals == []
        for (_, number), found in ex.sink.mentions.items():
            assert found.text
            assert "&amp;" not in found.text.replace("&amp;amp;", "")
            assert found.created_at is not None
            told = parse_time(first[number].get("created_at")) or time_of(number.removeprefix(POST))
            assert abs(found.created_at - told) < timedelta(seconds=2)


@pytest.mark.parametrize("path", files("x"))
def test_recorded_counts(path: Path) -> None:
    """They add up to the platform's own sum, and are the usual hour."""
    for body in recorded_bodies(path):
        data = body.get("data")
        if isinstance(data, list) and data and "tweet_count" in data[0]:
            hours = read_counts(data)
            assert sum(hours.values()) == body["meta"]["total_tweet_count"]
            ex = Ex(replayed({**body, "meta": {}}, "/counts/recent"), posts="never", now=max(hours))
            assert not ex.runner.poll().failed
            usual = ex.sink.load_cursor("x")["targets"]["Nordtåg 1"]["usual"]
            assert usual == pytest.approx(usual_hour(hours))


@pytest.mark.parametrize("path", files("x", "testsearchtweets*"))
def test_recorded_version_1_is_refused_in_words(path: Path) -> None:
    """The retired interface is not mistaken for silence."""
    for body in recorded_bodies(path):
        health = Ex(lambda request, body=body: httpx.Response(200, json=body)).poll().health
        assert "something else than version 2" in health.error

"""Facebook pages by polling: what is read when, what breaks off, and what the operator is told."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from monitor.clock import SimulatedClock
from monitor.collecting import SourceRunner
from monitor.collectors.base import CollectContext, SourceError
from monitor.collectors.facebook import FacebookOptions
from monitor.collectors.http import Network
from monitor.collectors.meta_comments import THREADS_A_POLL
from monitor.collectors.registry import build
from monitor.mention import Mention, MentionKind
from tests.fakes.facebook import PAGE, FakeFacebook, stamp
from tests.fakes.graph import refused
from tests.fakes.platform_server import ALWAYS
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.adapters.facebook import APP_SECRET
from tests.monitor.collectors.contract import SECRET, START, Bench, assert_is_sentence
from tests.monitor.collectors.facebook_bench import facebook_bench, own_post, platform

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return facebook_bench(tmp_path)


def collected(bench: Bench, number: str) -> Mention:
    return bench.sink.mentions["facebook", f"facebook.com/{number}"]


def paths(bench: Bench, ending: str) -> list[str]:
    return [r.url.path for r in platform(bench).requests if r.url.path.endswith(ending)]


# --- what is read


def test_a_reply_hangs_on_its_comment_and_on_the_post(bench: Bench) -> None:
    """Replies come in the same stream; the thread is the post's, even of a post that is a picture alone."""
    own = own_post(bench)
    top = platform(bench).add_comment(own, "nordtåg är sena", START - MINUTE)
    reply = platform(bench).add_comment(own, "ja, varje dag", START, parent=top)
    bench.poll()
    found = collected(bench, f"{PAGE}/{reply}")
    assert (found.kind, found.parent_id) == (MentionKind.COMMENT, f"facebook.com/{PAGE}/{top}")
    assert found.thread_id == f"facebook.com/{own}"
    assert collected(bench, f"{PAGE}/{top}").parent_id == found.thread_id
    assert found.author == "facebook.com/555"
    assert ("facebook", f"facebook.com/{own}") not in bench.sink.mentions


def test_a_post_as_it_comes(bench: Bench) -> None:
    """Time without a colon in its offset, counts, address, and by what the own account is known."""
    number = platform(bench).add_post("Vi bygger om i helgen", START - HOUR, author=PAGE)
    bench.poll()
    found = collected(bench, number)
    assert (found.created_at, found.kind, found.thread_id) == (START - HOUR, MentionKind.POST, found.global_id)
    assert (found.likes, found.replies, found.shares) == (4, 0, 2)
    assert found.author_handles == (f"{PAGE}@facebook.com",)
    assert found.url == f"https://www.facebook.com/{PAGE}/posts/{number.partition('_')[2]}"


def test_a_visitor_whom_meta_does_not_name_is_kept(bench: Bench) -> None:
    """`from` is often left out."""
    number = platform(bench).add_post("nordtåg, var är ni?", START)
    bench.poll()
    assert collected(bench, number).author is None


@pytest.mark.parametrize("edge", ["visitor_posts", "tagged"])
def test_what_the_ranked_feed_leaves_out(bench: Bench, edge: str) -> None:
    """Visitors' posts and tags are looked through by themselves now and then."""
    bench.poll()
    number = platform(bench).add_post("nordtåg!", START + MINUTE, edges=(edge,))
    for _ in range(6):
        bench.poll()
    assert collected(bench, number).text == "nordtåg!"
    assert len(paths(bench, f"/{edge}")) < len(paths(bench, "/feed"))


def test_while_something_burns_everything_is_looked_through(bench: Bench) -> None:
    """At each poll."""
    collector = bench.runner.collector
    for _ in range(3):
        list(collector.collect({}, CollectContext(START, hot=True)))
    assert len(paths(bench, "/tagged")) == len(paths(bench, "/feed")) == 3


def test_recommendations(bench: Bench) -> None:
    """Yes and no become stars; one without a number of its own is known by author and time; one without words is
    no mention."""
    said = {"created_time": stamp(START), "reviewer": {"id": "77", "name": "Bo"}}
    platform(bench).ratings = [
        {
            **said,
            "recommendation_type": "negative",
            "review_text": "Aldrig mer",
            "open_graph_story": {"id": "1_2"},
        },
        {**said, "recommendation_type": "POSITIVE", "review_text": "Bra!"},
        {**said, "rating": 3, "review_text": "Sådär", "created_time": stamp(START - HOUR)},
        {**said, "recommendation_type": "negative"},
    ]
    bench.poll()
    bench.clock.advance(HOUR)
    bench.poll()
    reviews = {m.text: m for m in bench.sink.mentions.values() if m.kind is MentionKind.REVIEW}
    assert {text: m.stars for text, m in reviews.items()} == {"Aldrig mer": 1, "Bra!": 5, "Sådär": 3}
    assert reviews["Aldrig mer"].global_id == "facebook.com/1_2"
    assert len({m.global_id for m in reviews.values()}) == 3


def test_retired_recommendations_are_no_failure(bench: Bench) -> None:
    """Meta took them out of the API: the rest goes on, `check` says it, and they are asked for once a day."""
    platform(bench).ratings = None
    number = platform(bench).add_post("nordtåg", START)
    for _ in range(40):
        assert not bench.poll().failed
    assert collected(bench, number)
    list(
        bench.runner.collector.collect(
            bench.sink.load_cursor("facebook"), CollectContext(bench.clock.now(), hot=True)
        )
    )
    assert len(paths(bench, "/ratings")) == 1
    assert "but not its ratings" in bench.runner.collector.check()


# --- when comments are read


def test_comments_are_read_only_where_some_came(bench: Bench) -> None:
    """Calls are few while nothing happens, and one thread that moves costs one call."""
    other = platform(bench).add_post("Nya tider", START - HOUR, author=PAGE)
    platform(bench).add_comment(other, "nordtåg nej", START - MINUTE)
    platform(bench).add_comment(own_post(bench), "nordtåg ja", START - MINUTE)
    bench.poll_until_quiet()
    platform(bench).requests.clear()
    bench.poll()
    assert paths(bench, "/comments") == []
    platform(bench).add_comment(other, "nordtåg igen", bench.clock.now())
    bench.poll()
    assert paths(bench, "/comments") == [f"/v26.0/{other}/comments"]


def test_one_gone_and_one_come_is_noticed(bench: Bench) -> None:
    """The number of comments is the same, the time of the last one is not."""
    first = platform(bench).add_comment(own_post(bench), "nordtåg ett", START - MINUTE)
    bench.poll_until_quiet()
    platform(bench).remove(first)
    second = platform(bench).add_comment(own_post(bench), "nordtåg två", bench.clock.now())
    bench.poll()
    assert collected(bench, f"{PAGE}/{second}")


def test_many_threads_at_once_all_get_their_turn(bench: Bench) -> None:
    """More posts than a poll reads, all with comments: no post is forgotten for the sake of newer ones."""
    platform(bench).page_size = 50
    posts = [platform(bench).add_post(f"inlägg {i}", START - i * MINUTE, author=PAGE) for i in range(45)]
    for round_ in range(4):
        for post in posts:
            platform(bench).add_comment(post, f"nordtåg {round_}", bench.clock.now())
        bench.poll()
    for _ in range(3):
        bench.poll()
    found = [m for m in bench.sink.mentions.values() if m.kind is MentionKind.COMMENT]
    assert len(found) == 4 * 45
    assert THREADS_A_POLL < 45


def test_after_days_of_silence_the_first_comments_of_a_post_are_not_too_old(bench: Bench) -> None:
    """What was written under a post without comments while we were away may be older than a first poll reads."""
    bench.poll_until_quiet()
    number = platform(bench).add_comment(own_post(bench), "nordtåg", bench.clock.now())
    bench.clock.advance(timedelta(days=5))
    bench.poll()
    assert collected(bench, f"{PAGE}/{number}")


def test_a_big_thread_is_read_over_several_polls(bench: Bench) -> None:
    """Also when the comment under the kept place was deleted meanwhile: the walk begins anew, nothing is lost."""
    own = own_post(bench)
    numbers = [
        platform(bench).add_comment(own, f"nordtåg {i}", START - i * timedelta(seconds=1)) for i in range(170)
    ]
    bench.poll()
    read = {m.global_id for m in bench.sink.mentions.values()}
    assert len(read) == 150  # thirty pages of five
    platform(bench).remove(numbers[149])
    for _ in range(3):
        assert not bench.poll().failed
    assert {f"facebook.com/{PAGE}/{number}" for number in numbers} <= {
        m.global_id for m in bench.sink.mentions.values()
    }


def test_a_short_or_empty_page_is_not_the_last(bench: Bench) -> None:
    """Meta cuts pages first and leaves out afterwards what somebody's privacy hides."""
    own = own_post(bench)
    numbers = [platform(bench).add_comment(own, f"nordtåg {i}", START - i * MINUTE) for i in range(14)]
    platform(bench).filtered = set(numbers[3:11])
    bench.poll()
    shown = {m.text for m in bench.sink.mentions.values()}
    assert shown == {f"nordtåg {i}" for i in (0, 1, 2, 11, 12, 13)}


def test_a_kept_place_that_leads_nowhere_is_not_the_end(bench: Bench) -> None:
    """A cursor may also die in silence: an empty answer to a kept one has the walk begin anew."""
    own = own_post(bench)
    numbers = [platform(bench).add_comment(own, f"nordtåg {i}", START - i * MINUTE) for i in range(170)]
    bench.poll()
    nothing = lambda request, answer, clock: httpx.Response(200, json={"data": []})  # noqa: E731  # a fault
    platform(bench).fail(nothing, times=1, match="/comments")
    for _ in range(4):
        assert not bench.poll().failed
    assert all(collected(bench, f"{PAGE}/{number}") for number in numbers)


def test_a_comment_without_its_number_is_known_by_its_address(bench: Bench) -> None:
    """Some permissions leave it out."""
    own = own_post(bench)
    number = platform(bench).add_comment(own, "nordtåg", START)
    post = own.partition("_")[2]
    comment = platform(bench).comments[number]
    comment["id"] = ""
    comment["permalink_url"] = f"https://www.facebook.com/{PAGE}/posts/{post}/?comment_id=41&reply_comment_id=42"
    comment["post"] = own
    bench.poll()
    found = collected(bench, f"{PAGE}/{post}_42")
    assert (found.parent_id, found.thread_id) == (f"facebook.com/{PAGE}/{post}_41", f"facebook.com/{own}")


@pytest.mark.parametrize("code", [10, 100])
def test_a_post_whose_comments_may_not_be_read_stops_no_other(bench: Bench, code: int) -> None:
    """It is told, and the others are read all the same."""
    closed = platform(bench).add_post("Stängt", START, author=PAGE)
    platform(bench).add_comment(closed, "nordtåg stängt", START)
    platform(bench).add_comment(own_post(bench), "nordtåg öppet", START)
    platform(bench).fail(refused(code), times=ALWAYS, match=f"{closed}/comments")
    outcome = bench.poll()
    assert [m.text for m in bench.sink.mentions.values() if m.kind is MentionKind.COMMENT] == ["nordtåg öppet"]
    assert any(closed in refusal.where for refusal in bench.sink.refusals)
    assert outcome.failed is (code == 10)  # a missing permission is for a person to mend


# --- several pages


def two_pages(clock: SimulatedClock) -> tuple[SourceRunner, MemorySink, dict[str, FakeFacebook]]:
    fakes = {number: FakeFacebook(clock, page_id=number, token=f"token-{number}") for number in ("111", "222")}

    def handle(request: httpx.Request) -> httpx.Response:
        token = request.url.params["access_token"].removeprefix("token-")
        return fakes[token].handle(request)

    pages = [{"id": n, "access_token": f"token-{n}", "brand": f"Brand {n}"} for n in fakes]
    options = FacebookOptions.model_validate(
        {"name": "facebook", "pages": pages, "api_url": "https://graph.example"}
    )
    sink = MemorySink()
    network = Network(clock, transport=httpx.MockTransport(handle))
    return SourceRunner(options, build(options, network), sink, clock, rng=Random(1)), sink, fakes


def test_pages_each_with_a_token_and_a_brand() -> None:
    """One that fails does not stop the other."""
    runner, sink, fakes = two_pages(SimulatedClock(START))
    for fake in fakes.values():
        fake.add_post("var är tåget?", START)
    fakes["111"].token = "another by now"
    outcome = runner.poll()
    assert outcome.failed
    assert "token" in outcome.health.error
    assert [m.brands for m in sink.mentions.values()] == [("Brand 222",)]
    assert outcome.health.last_ok_at == START  # it works in part


def test_a_comment_is_read_again_through_its_own_page() -> None:
    """Another page's token does not see it: that is not taken for its deletion."""
    clock = SimulatedClock(START)
    runner, sink, fakes = two_pages(clock)
    post = fakes["222"].add_post("Hej", START, author="222")
    comment = fakes["222"].add_comment(post, "nej", START)
    runner.poll()
    recheck = (
        f"facebook.com/222/{comment}",
        f"facebook.com/{post}",
        "facebook.com/333/1_2",
        "facebook.com/222/reviews/x",
    )
    runner.context_for = lambda source, now: CollectContext(now, recheck=recheck)
    clock.advance(HOUR)
    assert not runner.poll().failed
    assert sink.removed == set()
    fakes["222"].remove(comment)
    clock.advance(13 * HOUR)
    runner.poll()
    assert sink.removed == {("facebook", f"facebook.com/222/{comment}")}


def test_others_posts_are_not_taken_for_deleted(bench: Bench) -> None:
    """A post that tags the page from elsewhere cannot be asked for by number, and nobody does."""
    gone = platform(bench).add_post("nordtåg", START)
    platform(bench).remove(gone)
    recheck = ("facebook.com/999_1", f"facebook.com/{gone}", f"facebook.com/{PAGE}/reviews/0123456789abcdef")
    collector: Any = bench.runner.collector
    batches = list(collector.read_again(CollectContext(START, recheck=recheck)))
    assert [r.global_id for batch in batches for r in batch.removals] == [f"facebook.com/{gone}"]
    assert len(platform(bench).requests) == 1


# --- what the operator is told


def test_a_page_that_denies_everything_is_blind_and_not_well_in_part(bench: Bench) -> None:
    """Parts that had nothing to ask for are no sign of life."""
    bench.post_many(3)
    bench.poll()
    for fault in (refused(10), refused(190), refused(2)):
        platform(bench).fail(fault, times=ALWAYS)
        bench.clock.advance(HOUR)
        before = bench.clock.now()
        outcome = bench.poll()
        assert outcome.failed
        assert outcome.health.last_ok_at is not None
        assert outcome.health.last_ok_at < before
        platform(bench).recover()


@pytest.mark.parametrize(
    ("code", "subcode", "words"),
    [
        (190, 463, "has expired"),
        (190, 460, "changed the password"),
        (190, 458, "no longer connected"),
        (190, 492, "lost the role"),
        (190, 0, "does not accept the token"),
        (102, 0, "does not accept the token"),
        (10, 0, "does not permit"),
        (200, 0, "does not permit"),
        (2, 0, "is in trouble itself"),
        (368, 0, "because of its rules"),
        (99999, 0, "refuses the call"),
    ],
)
def test_codes_in_words(bench: Bench, code: int, subcode: int, words: str) -> None:
    """Which, why, what to do; Meta's own words beside ours."""
    platform(bench).fail(refused(code, "Meta's own words", subcode=subcode), times=ALWAYS)
    outcome = bench.poll()
    assert_is_sentence(outcome)
    assert words in outcome.health.error
    assert "Meta's own words" in outcome.health.error
    assert outcome.health.permanent is (code != 2)


def test_posts_that_are_too_much_at_once_are_asked_for_in_smaller_pages(bench: Bench) -> None:
    """Meta gives up on long pages of popular posts, with 500; fewer at a time go through."""
    number = platform(bench).add_post("nordtåg", START)

    def too_much(request: httpx.Request, answer: Any, clock: object) -> httpx.Response:
        if int(request.url.params.get("limit", 1)) <= 20:
            found: httpx.Response = answer(request)
            return found
        told = {
            "code": 1,
            "message": "Please reduce the amount of data you're asking for, then retry your request",
        }
        return httpx.Response(500, json={"error": told})

    platform(bench).fail(too_much, times=ALWAYS, match="/feed")
    assert not bench.poll().failed
    assert collected(bench, number)
    limits = [r.url.params["limit"] for r in platform(bench).requests if r.url.path.endswith("/feed")]
    assert limits == ["50", "25", "12"]
    platform(bench).fail(refused(1, "Please reduce the amount of data you're asking for"), times=ALWAYS)
    assert bench.poll().failed


def test_a_list_in_trouble_stops_no_other(bench: Bench) -> None:
    """What Meta cannot give just now is told, and the rest is read."""
    number = platform(bench).add_comment(own_post(bench), "nordtåg", START)
    platform(bench).fail(refused(2), times=ALWAYS, match="/feed")
    outcome = bench.poll()
    assert "is in trouble itself" in outcome.health.error
    assert collected(bench, f"{PAGE}/{number}")


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80001])
@pytest.mark.parametrize("minutes", [None, 40])
def test_limits_come_as_codes(bench: Bench, code: int, minutes: int | None) -> None:
    """Not as 429; how long to wait stands in a header, or is the rest of the rolling hour."""
    meter = {"type": "pages", "call_count": 100, "estimated_time_to_regain_access": minutes}
    headers = {"x-business-use-case-usage": json.dumps({"1": [meter]})} if minutes else {}
    platform(bench).fail(refused(code, headers=headers), times=ALWAYS)
    outcome = bench.poll()
    assert outcome.health.next_due_at is not None
    waited = outcome.health.next_due_at - START
    assert waited >= timedelta(minutes=minutes or 10)
    assert not outcome.health.permanent
    platform(bench).recover()
    number = platform(bench).add_post("nordtåg", START)
    bench.poll()
    assert collected(bench, number)


def test_a_nearly_used_up_limit_pauses_before_the_platform_says_no(bench: Bench) -> None:
    """The rest is for the people's own tools; nothing is failing."""
    platform(bench).usage = {"x-app-usage": '{"call_count": 96, "total_time": 3, "total_cputime": 1}'}
    outcome = bench.poll()
    assert not outcome.failed
    assert len(platform(bench).requests) == 1
    assert outcome.health.next_due_at is not None
    assert outcome.health.next_due_at - START >= timedelta(minutes=9)


def test_a_call_without_proof_says_what_is_missing() -> None:
    """An app may demand the proof: then the secret must be set."""
    clock = SimulatedClock(START)
    fake = FakeFacebook(clock, token=SECRET, app_secret=APP_SECRET)
    options = FacebookOptions(page_id=PAGE, access_token=SecretStr(SECRET), api_url="https://graph.example")
    collector = build(options, Network(clock, transport=fake.transport()))
    with pytest.raises(SourceError, match="proved by the app's secret") as caught:
        collector.check()
    assert "app_secret" in caught.value.remedy


def test_the_apps_secret_is_never_sent(bench: Bench) -> None:
    """Only its proof is, and that is kept out of messages, too."""
    bench.post_many(4)
    bench.poll_until_quiet()
    bench.runner.collector.check()
    for request in platform(bench).requests:
        assert APP_SECRET not in f"{request.url} {dict(request.headers)}"
    proof = platform(bench).requests[0].url.params["appsecret_proof"]

    def echo(request: httpx.Request, answer: object, clock: object) -> httpx.Response:
        return httpx.Response(400, json={"error": {"code": 100, "message": str(request.url)}})

    platform(bench).fail(echo, times=ALWAYS)
    told = bench.poll().health.error
    assert "graph.example" in told
    assert proof not in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("days", "told"), [(8, ""), (6, "The token ends on 2026-01-18"), (-1, "The token ended on")]
)
def test_a_token_that_is_about_to_end_is_told_in_time(bench: Bench, days: int, told: str) -> None:
    """As a failure in part: everything else goes on."""
    platform(bench).expires_at = int((START + timedelta(days=days)).timestamp())
    number = platform(bench).add_post("nordtåg", START)
    outcome = bench.poll()
    assert collected(bench, number)
    assert outcome.failed is bool(told)
    assert told in outcome.health.error
    assert outcome.health.last_ok_at == START
    bench.clock.advance(12 * HOUR)
    assert bench.poll().failed is bool(told)
    assert len(paths(bench, "/debug_token")) == 1


def test_check_says_what_can_be_read_and_until_when(bench: Bench) -> None:
    """In one sentence or two."""
    platform(bench).expires_at = int((START + timedelta(days=50)).timestamp())
    told = bench.runner.collector.check()
    assert told == (f'The page "Nordtåg" ({PAGE}) can be read. Its token ends on 2026-03-03. Takes no webhooks.')
    platform(bench).fail(
        refused(10, "(#10) pages_read_user_content is needed"), times=ALWAYS, match="/visitor_posts"
    )
    assert "can be read, but not its visitor_posts." in bench.runner.collector.check()
    platform(bench).fail(refused(10, "(#10) pages_read_engagement is needed"), times=ALWAYS, match="/feed")
    with pytest.raises(SourceError, match="pages_read_engagement"):
        bench.runner.collector.check()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "a page: `page_id`"),
        ({"page_id": "1"}, "both"),
        ({"page_id": "../me", "access_token": "t"}, "match"),
        ({"page_id": "1", "access_token": "t", "pages": [{"id": "1", "access_token": "t"}]}, "once"),
        ({"page_id": "1", "access_token": "t", "verify_token": "my own words"}, "app_secret"),
        ({"page_id": "1", "access_token": "t", "api_version": "latest"}, "match"),
        (
            {"page_id": "1", "access_token": "t", "name": "Vår sida", "verify_token": "my own words",
             "app_secret": "0123456789abcdef"},
            "part of an address",
        ),
    ],
)  # fmt: skip
def test_wrong_options_are_refused(options: dict[str, Any], why: str) -> None:
    """At the start, with what to do."""
    with pytest.raises(ValidationError, match=why):
        FacebookOptions.model_validate(options)

"""Threads: a search that may see own posts only, the day's quota, replies at any depth, what can be read again."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.clock import SimulatedClock
from monitor.collecting import SourceRunner
from monitor.collectors.base import CollectContext, SourceError, WatchedThread
from monitor.collectors.http import Network
from monitor.collectors.meta_threads import ThreadsOptions
from monitor.collectors.meta_threads_account import THREADS_A_POLL
from monitor.collectors.registry import build
from monitor.mention import Mention, MentionKind
from tests.fakes.graph import refused
from tests.fakes.meta_threads import OWN, FakeThreads
from tests.fakes.platform_server import ALWAYS
from tests.fakes.sink import MemorySink
from tests.monitor.collectors.contract import START

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class World:
    """One account on a network where others write, too."""

    def __init__(self, **more: Any) -> None:
        self.clock, self.sink = SimulatedClock(START), MemorySink()
        self.fake = FakeThreads(self.clock)
        self.own = self.fake.add("Välkommen ombord", START - 3 * HOUR, by=OWN)
        self.fake.add("what the others say", START - 30 * DAY)
        self.context: dict[str, Any] = {}
        self.options = ThreadsOptions.model_validate(
            {"name": "threads", "access_token": SecretStr("a-token"), "words": ["nordtåg"],
             "api_url": "https://graph.example", **more}
        )  # fmt: skip
        self.restart()

    def restart(self) -> None:
        self.collector: Any = build(self.options, Network(self.clock, transport=self.fake.transport()))
        self.runner = SourceRunner(
            self.options, self.collector, self.sink, self.clock,
            lambda _, now: CollectContext(now, **self.context), rng=Random(1),
        )  # fmt: skip

    def poll(self, times: int = 1) -> Any:
        for _ in range(times):
            health = self.sink.load_health("threads")
            self.clock.move_to(health.next_due_at if health and health.next_due_at else self.clock.now())
            outcome = self.runner.poll()
        return outcome

    def found(self, number: str) -> Mention:
        return self.sink.mentions["threads", f"threads.net/{number}"]

    def asked(self, path: str, **params: str) -> int:
        wanted = params.items()
        return sum(
            r.url.path == f"/v1.0{path}" and wanted <= dict(r.url.params).items() for r in self.fake.requests
        )


# --- the trap


def test_before_approval_a_search_is_no_search() -> None:
    """It sees own posts only and looks like silence: `check` fails with the reason and what to do."""
    world = World()
    world.fake.add("nordtåg är sena", START)
    assert "Threads can be searched" in world.collector.check()
    world.fake.approved = False
    with pytest.raises(SourceError, match="searches only your own posts") as caught:
        world.collector.check()
    assert "threads_keyword_search" in caught.value.remedy
    assert caught.value.permanent


def test_a_running_source_says_so_until_it_is_approved() -> None:
    """As a failure in part: mentions and replies are read. It is tried anew once a day."""
    world = World()
    world.fake.approved = False
    mentioned = world.fake.add("hej @nordtag", START, mentions=True)
    outcome = world.poll()
    assert "searches only your own posts" in outcome.health.error
    assert outcome.health.last_ok_at == START
    assert world.found(mentioned)
    assert world.poll(10).failed
    assert world.asked("/keyword_search", q="the") == 1
    world.fake.approved = True
    world.clock.advance(DAY)
    assert not world.poll().failed
    world.poll(300)
    assert world.asked("/keyword_search", q="the") == 2


def test_without_searching_there_is_no_trap() -> None:
    """Somebody who wants replies and mentions only is not bothered."""
    world = World(search=False)
    world.fake.approved = False
    assert not world.poll(3).failed
    assert world.asked("/keyword_search") == 0
    assert "nothing is searched for" in world.collector.check()


# --- what is read


def test_a_reply_at_any_depth_hangs_on_what_it_answers() -> None:
    """The list is flat; it says what each answers and under which post."""
    world = World()
    top = world.fake.add("nja", START - MINUTE, under=world.own)
    deep = world.fake.add("jo", START, under=world.own, answers=top)
    world.poll()
    found = world.found(deep)
    assert (found.kind, found.parent_id) == (MentionKind.COMMENT, f"threads.net/{top}")
    assert found.thread_id == world.found(top).parent_id == f"threads.net/{world.own}"
    assert (found.author, found.author_handles) == ("threads.net/@anna", ("anna@threads.net",))
    assert world.found(world.own).kind is MentionKind.POST


def test_words_and_topic_tags() -> None:
    """Each with its own way to ask; a reply found by searching is a comment of a thread we do not know."""
    world = World(words=["Nordtåg", "#tågkaos"])
    plain = world.fake.add("Nordtåg står", START)
    tagged = world.fake.add("igen #tågkaos", START)
    other = world.fake.add("lunch", START)
    reply = world.fake.add("skyll på nordtåg", START, under=other)
    world.poll()
    assert world.found(plain)
    assert world.found(tagged)
    assert (world.found(reply).kind, world.found(reply).thread_id) == (MentionKind.COMMENT, None)
    assert world.asked("/keyword_search", q="tågkaos", search_mode="TAG") >= 1
    assert world.asked("/keyword_search", q="Nordtåg", search_mode="KEYWORD") >= 1


def test_the_brands_words_are_searched_for_where_none_are_named() -> None:
    """Each once, however it is spelt."""
    world = World(words=[])
    world.context = {"terms": {"Nordtåg": ("Nordtåg", "nordtåg", "nordtag")}}
    number = world.fake.add("nordtag suger", START)
    world.poll()
    assert world.found(number)
    assert world.asked("/keyword_search", q="nordtåg") + world.asked("/keyword_search", q="Nordtåg") == 1


def test_a_repost_has_no_words_of_its_own() -> None:
    """It is no mention."""
    world = World()
    world.fake.add("nordtåg", START, media_type="REPOST_FACADE")
    world.poll()
    assert world.sink.texts() == ["Välkommen ombord"]


def test_a_full_page_without_a_cursor_goes_on_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search need not have cursors: below its oldest post there may be more."""
    monkeypatch.setattr("monitor.collectors.meta_threads_account.A_CALL", 5)
    world = World()
    world.fake.searches_page_by_cursor = False
    numbers = [world.fake.add(f"nordtåg {i}", START - i * MINUTE) for i in range(23)]
    assert not world.poll().failed
    assert all(world.found(number) for number in numbers)


def test_many_answered_posts_all_get_their_turn_and_hot_ones_at_once() -> None:
    """Nothing but reading tells of new replies: posts read longest ago come first, after those that burn."""
    world = World(search=False)
    world.fake.page_size = 100
    posts = [world.fake.add(f"inlägg {i}", START - i * HOUR, by=OWN) for i in range(30)]
    for post in posts:
        world.fake.add("svar", START, under=post)
    world.poll(2)
    assert THREADS_A_POLL < 30
    assert len([m for m in world.sink.mentions.values() if m.text == "svar"]) == 30
    root = f"threads.net/{posts[29]}"
    world.context = {"watched": (WatchedThread("threads", root, None, 9, START, hot=True),)}
    for _ in range(3):
        number = world.fake.add("det brinner", world.clock.now(), under=posts[29])
        world.poll()
        assert world.found(number)


def test_replies_that_came_while_we_were_away() -> None:
    """Also under a post that had none before."""
    world = World()
    world.poll()
    reply = world.fake.add("nordtåg?", START + HOUR, under=world.own)
    world.clock.advance(4 * DAY)
    world.poll()
    assert world.found(reply)


# --- once more


def test_only_own_posts_and_replies_to_them_are_read_again() -> None:
    """Others' posts answer as if they were gone: that is not taken for their deletion."""
    world = World()
    foreign = world.fake.add("nordtåg", START)
    reply = world.fake.add("jaså", START, under=world.own)
    world.poll()
    world.context = {"recheck": tuple(f"threads.net/{n}" for n in (foreign, reply, world.own))}
    world.fake.posts[world.own]["text"] = "Välkomna ombord"
    world.clock.advance(HOUR)
    world.restart()
    assert not world.poll().failed
    assert world.sink.removed == set()
    assert world.found(world.own).text == "Välkomna ombord"
    world.fake.remove(reply)
    world.clock.advance(13 * HOUR)
    world.poll()
    assert world.sink.removed == {("threads", f"threads.net/{reply}")}


def test_before_an_alert_quotes_them_a_collector_that_never_polled_reads_posts_again() -> None:
    """It does not know whose posts they are: changes are believed, absences are not."""
    world = World()
    foreign, own = world.fake.add("nordtåg", START), world.own
    ids = (f"threads.net/{foreign}", f"threads.net/{own}", "example.org/1")
    batches = list(world.collector.read_again(CollectContext(START, recheck=ids)))
    assert [m.text for batch in batches for m in batch.mentions] == ["Välkommen ombord"]
    assert [batch.removals for batch in batches] == [(), ()]


# --- limits and token


def test_the_days_searches_are_spread_and_survive_a_restart() -> None:
    """A quarter of the 2,200 at once, the rest over the day, whatever is asked; a restart gives no new ones."""
    world = World(every="1m", words=[f"ord{i}" for i in range(10)])
    for _ in range(120):
        assert not world.poll().failed
        if world.clock.now() - START > HOUR:
            world.restart()
    passed = (world.clock.now() - START) / DAY
    assert 600 < world.asked("/keyword_search") <= 550 + passed * 1_650 + 1
    assert world.asked("/me/mentions") == 120


def test_a_used_up_quota_stops_searches_only() -> None:
    """Mentions and replies go on."""
    world = World()
    world.poll()
    keeper = world.collector.http.meter("graph.example").keeper
    keeper.take(keeper.spare(world.clock.now()) * 550, world.clock.now())
    number = world.fake.add("hej @nordtag", world.clock.now(), mentions=True)
    searched = world.asked("/keyword_search")
    found = list(world.collector.collect({}, CollectContext(world.clock.now())))
    assert f"threads.net/{number}" in {mention.global_id for batch in found for mention in batch.mentions}
    assert world.asked("/keyword_search") == searched


def test_an_expired_token_is_a_sentence() -> None:
    """Sixty days are over soon."""
    world = World()
    world.fake.fail(refused(190, "Session has expired", subcode=463), times=ALWAYS)
    outcome = world.poll()
    assert "says that the token has expired" in outcome.health.error
    assert outcome.health.permanent
    world.fake.recover()
    world.fake.expires_at = int((world.clock.now() + 3 * DAY).timestamp())
    assert "The token ends on" in world.poll().health.error
    assert "Its token ends on" in world.collector.check()

"""Lemmy: one post on several servers, threads at home, deletions by authors and moderators."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, SourceError, WatchedThread
from monitor.collectors.http import Network
from monitor.collectors.lemmy import LemmyOptions
from monitor.collectors.lemmy_post import home_of
from monitor.collectors.registry import build
from monitor.mention import Mention, MentionKind
from tests.fakes.lemmy import FakeLemmy
from tests.fakes.platform_server import ALWAYS, status
from tests.fakes.sink import MemorySink

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


class Federation:
    """Some servers; the source asks the first ones."""

    def __init__(self, *hosts: str, asked: int = 1, **options: Any) -> None:
        self.clock, self.sink = SimulatedClock(NOW), MemorySink()
        self.servers = {h: FakeLemmy(self.clock, host=f"https://{h}") for h in hosts or ("feddit.example",)}
        self.home = next(iter(self.servers.values()))
        self.watched: tuple[WatchedThread, ...] = ()
        self.recheck: tuple[str, ...] = ()
        urls = [server.host for server in self.servers.values()][:asked]
        self.options = LemmyOptions.model_validate({"instances": urls, "words": ["nordtåg"], **options})
        transport = httpx.MockTransport(lambda request: self.servers[request.headers["host"]].handle(request))
        network = Network(self.clock, transport=transport, resolver=lambda host: ["93.184.215.14"])
        self.runner = SourceRunner(
            self.options, build(self.options, network), self.sink, self.clock, self.context, rng=Random(1)
        )

    def context(self, source: str, now: datetime) -> CollectContext:
        return CollectContext(now, self.watched, self.recheck)

    def poll(self, minutes: float = 5) -> PollOutcome:
        self.clock.advance(timedelta(minutes=minutes))
        return self.runner.poll()

    def mention(self, ap_id: str) -> Mention:
        return self.sink.mentions["lemmy", ap_id]

    def watch(self, *ids: str) -> None:
        self.watched = tuple(WatchedThread("lemmy", i, None, 0, NOW, hot=True) for i in ids)


def test_a_post_becomes_a_mention() -> None:
    fed = Federation(language="sv", brand="Nordtåg")
    found = fed.home.add("Nordtåg igen", NOW, body="**Tredje** gången.", url="https://news.example/1")
    fed.poll()
    mention = fed.mention(found)
    assert mention.text == "Nordtåg igen\n**Tredje** gången."
    assert (mention.created_at, mention.kind, mention.url) == (NOW, MentionKind.POST, found)
    assert (mention.likes, mention.replies, mention.extra_text) == (4, 0, "https://news.example/1")
    assert (mention.author, mention.author_handles[0]) == ("https://feddit.example/u/anna", "anna@feddit.example")
    assert (mention.thread_id, mention.parent_id, mention.brands) == (found, None, ("Nordtåg",))


def test_a_comment_that_names_the_brand_is_found_by_itself() -> None:
    """Its post is known, what it answers only where that was seen, too."""
    fed = Federation()
    post = fed.home.add("tåg", NOW)
    above = fed.home.add("vilket bolag?", NOW, parent=post)
    deep = fed.home.add("nordtåg såklart", NOW, parent=above)
    flat = fed.home.add("nordtåg", NOW, parent=post)
    fed.poll()
    assert {ap_id for _, ap_id in fed.sink.mentions} == {deep, flat}
    assert (fed.mention(deep).thread_id, fed.mention(deep).parent_id) == (post, None)
    assert (fed.mention(flat).parent_id, fed.mention(flat).kind) == (post, MentionKind.COMMENT)


def test_one_post_on_two_servers_is_one_mention() -> None:
    fed = Federation("a.example", "b.example", asked=2)
    original = fed.servers["a.example"].add("nordtåg", NOW)
    copy = fed.servers["b.example"].add("nordtåg", NOW)
    fed.servers["b.example"].find(copy)["ap_id"] = original
    fed.poll()
    assert [ap_id for _, ap_id in fed.sink.mentions] == [original]


def test_a_thread_is_read_where_it_is_at_home() -> None:
    """To its last page, with what answers what."""
    fed = Federation("a.example", "home.example")
    home = fed.servers["home.example"]
    home.page_size = 50
    root = home.add("nordtåg", NOW)
    first = home.add("suck", NOW, parent=root)
    rest = [home.add(f"jag med {n}", NOW + timedelta(seconds=n), parent=first) for n in range(60)]
    fed.watch(root)
    fed.poll()
    assert len(fed.sink.mentions) == 61
    assert (fed.mention(rest[-1]).parent_id, fed.mention(rest[-1]).thread_id) == (first, root)
    assert fed.mention(first).parent_id == root
    assert fed.servers["a.example"].requests[-1].url.path == "/api/v3/search"


def test_a_thread_that_is_gone_or_elsewhere_holds_nothing_up() -> None:
    fed = Federation()
    fed.watch("https://feddit.example/post/99", "https://mbin.example/m/x/t/1", "https://feddit.example/comment/1")
    found = fed.home.add("nordtåg", NOW)
    assert not fed.poll().failed
    assert ("lemmy", found) in fed.sink.mentions


@pytest.mark.parametrize("how", ["deleted", "removed"])
def test_what_authors_delete_and_moderators_remove_is_a_removal(how: str) -> None:
    fed = Federation()
    gone, kept = fed.home.add("nordtåg", NOW), fed.home.add("nordtåg två", NOW)
    fed.poll()
    fed.home.find(gone)[how] = True
    fed.home.find(kept)["name"] = "nordtåg, rättat"
    fed.recheck = (gone, kept, "https://feddit.example/comment/404", "at://did/x")
    fed.poll()
    assert fed.sink.removed == {("lemmy", gone), ("lemmy", "https://feddit.example/comment/404")}
    assert fed.mention(kept).text == "nordtåg, rättat"


def test_another_servers_trouble_is_a_note() -> None:
    fed = Federation("a.example", "home.example")
    post = fed.servers["home.example"].add("nordtåg", NOW)
    fed.servers["home.example"].fail(status(500), times=ALWAYS)
    fed.watch(post)
    fed.recheck = (post,)
    assert not fed.poll().failed
    assert {refusal.where for refusal in fed.sink.refusals} == {post}
    assert fed.sink.removed == set()


@pytest.mark.parametrize("path", ["search", "comment/list"])
def test_its_own_words_for_too_often(path: str) -> None:
    fed = Federation()
    fed.watch(fed.home.add("nordtåg", NOW))
    fed.home.fail(status(400, '{"error":"rate_limit_error"}'), times=ALWAYS, match=path)
    health = fed.poll().health
    assert "too often" in health.error
    assert not health.permanent


def test_check_and_options() -> None:
    fed = Federation(words=[])
    assert fed.runner.collector.check() == "feddit.example can be searched."
    assert "keywords" in fed.poll().health.error
    fed.home.fail(status(404, "<html>"), times=ALWAYS)
    with pytest.raises(SourceError, match="404"):
        fed.runner.collector.check()
    assert home_of("https://a.example/post/7?x") is None


def test_times_of_older_servers_have_no_zone() -> None:
    """Before 0.19 they were written without; they are in UTC."""
    fed = Federation()
    found = fed.home.add("nordtåg", NOW)
    fed.home.find(found)["published"] = "2026-01-12T11:59:00.123456"
    fed.poll()
    assert fed.mention(found).created_at == NOW - timedelta(minutes=1) + timedelta(microseconds=123456)

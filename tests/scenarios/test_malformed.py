"""Malformed input through every way in, into a real store: told and skipped, the good items around it stored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from monitor.assembly import Monitor, build_monitor
from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome
from monitor.collectors.base import PushCollector
from monitor.collectors.http import Network
from monitor.collectors.records import COLUMNS, MEASURED
from monitor.config_loader import parse_config
from monitor.mention import Refusal
from monitor.store.store import Store, open_store
from monitor.store.tables import mentions
from monitor.web.hooks import Hooks
from tests.conftest import NOW
from tests.fakes.mastodon import FakeMastodon
from tests.fakes.platform_server import ALWAYS, FakePlatform, Fault
from tests.fakes.rss import FakeFeed
from tests.scenarios import malformed_corpus as corpus
from tests.scenarios.malformed_corpus import good

TOKEN = "a-token-that-only-tests-use"
MORE = timedelta(days=400)
SOURCES = """
timezone: UTC
brands: [{{name: Nordtåg, keywords: [nordtåg]}}]
sources:
  - {{type: webhook, name: desk, token: {token}, max_bytes: 18000000}}
  - {{type: file_drop, name: drop, folder: "{folder}", settle: 0s}}
  - {{type: rss, name: news, urls: ["https://news.example/feed", "https://other.example/feed"]}}
  - {{type: mastodon, name: tags, instance: "https://mastodon.example", hashtags: [nordtåg]}}
"""


class World:
    """One monitor with a real store, fakes behind its sources, and a folder and a hook to send to."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder, self.clock = store, folder, SimulatedClock(NOW)
        self.feed, self.other = FakeFeed(self.clock), FakeFeed(self.clock)
        self.mastodon = FakeMastodon(self.clock)
        hosts = {"news.example": self.feed, "other.example": self.other, "mastodon.example": self.mastodon}
        transport = httpx.MockTransport(lambda request: hosts[request.url.host].handle(request))
        folder.mkdir(exist_ok=True)
        text = SOURCES.format(token=TOKEN, folder=folder)
        config = parse_config(text, environment={}, year=2026).config
        network = Network(self.clock, transport=transport)
        self.monitor: Monitor = build_monitor(config, store, self.clock, {}, network)

    def poll(self, source: str) -> PollOutcome:
        """One poll, long enough after the last for every wait to be over."""
        self.clock.advance(timedelta(hours=7))
        return self.monitor.runners[source].poll()

    def drop(self, name: str, content: bytes) -> PollOutcome:
        (self.folder / name).write_bytes(content)
        return self.poll("drop")

    def send(self, body: object) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asyncio.run(self._send(content))

    async def _send(self, content: bytes) -> httpx.Response:
        collector = self.monitor.runners["desk"].collector
        assert isinstance(collector, PushCollector)
        app = FastAPI()
        app.include_router(Hooks({"desk": collector}.get, self.monitor.sink, self.clock).router())
        transport = httpx.ASGITransport(app)  # an exception in the hook is raised here
        async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as client:
            headers = {"authorization": f"Bearer {TOKEN}"}
            return await client.post("/hooks/desk", content=content, headers=headers)

    def reports(self, source: str) -> list[Refusal]:
        return [refusal for _, _, refusal in reversed(self.store.refusals(source, limit=10_000))]

    def stored(self) -> list[str]:
        with self.store._db.reading() as connection:
            return list(connection.scalars(select(mentions.c.global_id)))

    def holds(self, ids: Iterable[str]) -> None:
        """These mentions are stored, each once, nothing else is, and the counters say the same."""
        since, until = NOW - MORE, NOW + MORE
        stored = sorted(self.stored())
        assert stored == sorted(ids)
        assert self.store.count_mentions() == len(stored)
        assert self.store.counters("Nordtåg", since, until) == self.store.recount("Nordtåg", since, until)
        self.monitor.pipeline.start(self.clock.now())
        self.monitor.pipeline.detect(self.clock.now() + timedelta(minutes=6))


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    """On SQLite and on PostgreSQL, which differ in what a text may hold."""
    return World(store, tmp_path / "drop")


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[World]:
    """On SQLite in memory: for input of which nothing reaches the store."""
    with closing(open_store("sqlite://", secret=b"k")) as store:
        store.migrate(NOW)
        yield World(store, tmp_path / "drop")


def told(where_and_why: Iterable[Refusal], place: str, word: str) -> bool:
    return any(refusal.where == place and word in refusal.why for refusal in where_and_why)


def with_good_between(wrong: Iterable[bytes]) -> tuple[list[bytes], list[str]]:
    """Lines with a good one before, between and after, and the ids of the good ones."""
    lines, ids = [], []
    for number, line in enumerate([*wrong, b""]):
        lines += [json.dumps(good(number)).encode(), line]
        ids.append(f"good-{number}")
    return lines, ids


# --- files


def test_each_bad_line_of_a_file_costs_itself_only(world: World) -> None:
    wrong = [
        (json.dumps(record).encode(), word) for _, record, word in corpus.RECORDS if "value" not in str(record)
    ]
    wrong += [(json.dumps(corpus.bad(**part)).encode(), word) for _, part, word in corpus.BROKEN_CHARACTERS]
    wrong += [(line, word) for _, line, word in corpus.LINES]
    lines, ids = with_good_between(line for line, _ in wrong)
    outcome = world.drop("posts.ndjson", corpus.BOM + b"\n".join(lines))
    assert not outcome.failed
    world.holds(ids)
    listed = (world.folder / "done" / "posts.ndjson.refused.txt").read_text(encoding="utf-8").splitlines()
    assert len(listed) == len(wrong)
    for number, ((_, word), line) in enumerate(zip(wrong, listed, strict=True)):
        assert line.startswith(f"line {2 * number + 2}: ")
        assert word in line
    assert [f"{r.where}: {r.why}" for r in world.reports("drop")] == listed


@pytest.mark.parametrize(("name", "content", "word", "usable"), [f[1:] for f in corpus.FILES], ids=lambda v: None)
def test_a_bad_file_stops_no_other(quick: World, name: str, content: bytes, word: str, usable: int) -> None:
    (quick.folder / "a.ndjson").write_text(json.dumps(good("before")), encoding="utf-8")
    (quick.folder / "z.ndjson").write_text(json.dumps(good("after")), encoding="utf-8")
    assert not quick.drop(name, content).failed
    assert any(word in refusal.why for refusal in quick.reports("drop")), quick.reports("drop")
    stored = quick.stored()
    assert len(stored) == usable + 2
    quick.holds({"good-before", "good-after"} | {name for name in stored if name.startswith("good-")})
    where = "done" if usable else "failed"
    assert (quick.folder / where / f"{name}.refused.txt").exists()


# --- hooks


def test_each_bad_item_of_a_hook_costs_itself_only(world: World) -> None:
    named = [
        record | {"id": f"bad-{n}"} if isinstance(record, dict) and record.get("id") == "bad" else record
        for n, (_, record, _) in enumerate(corpus.RECORDS)
    ]
    items = [part for n, record in enumerate(named) for part in (good(n), record)]
    answer = world.send([*items, good("last")])
    said = [Refusal(found["where"], found["why"]) for found in answer.json()["refusals"]]
    assert (answer.status_code, answer.json()["refused"]) == (400, len(corpus.RECORDS))
    for number, (what, _, word) in enumerate(corpus.RECORDS):
        by_name = any(refusal.where.startswith("desk ") and word in refusal.why for refusal in said)
        assert told(said, f"item {2 * number + 2}", word) or by_name, (what, said[number])
    world.holds([f"good-{n}" for n in (*range(len(corpus.RECORDS)), "last")])
    assert sorted(map(str, world.reports("desk"))) == sorted(map(str, said))


def test_cut_ndjson_costs_its_lines_only(quick: World) -> None:
    lines, ids = with_good_between(line for _, line, _ in corpus.LINES if b"\xff" not in line)
    answer = quick.send(b"\n".join(lines))
    assert answer.status_code == 400
    assert [found["where"] for found in answer.json()["refusals"]] == [
        f"line {2 * n + 2}" for n in range(len(ids) - 1)
    ]
    quick.holds(ids)


@pytest.mark.parametrize(
    ("body", "status", "word"), [b[1:] for b in corpus.BODIES], ids=[b[0] for b in corpus.BODIES]
)
def test_a_bad_body_is_answered_and_spoils_nothing(quick: World, body: bytes, status: int, word: str) -> None:
    quick.send([good(1)])
    answer = quick.send(body)
    assert (answer.status_code, word in answer.text) == (status, True), answer.text[:300]
    assert quick.send([good(2)]).status_code == 202
    quick.holds(["good-1", "good-2"])


def test_broken_characters_are_mended_and_the_sender_is_told(world: World) -> None:
    items = [{**good(n), **part} for n, (_, part, _) in enumerate(corpus.BROKEN_CHARACTERS)]
    answer = world.send(items)
    assert (answer.status_code, answer.json()["taken"]) == (202, len(items))
    notes = [Refusal(found["where"], found["why"]) for found in answer.json()["notes"]]
    for number, (_, _, word) in enumerate(corpus.BROKEN_CHARACTERS, 1):
        assert told(notes, f"item {number}", word)
    assert world.reports("desk") == notes
    world.holds([f"good-{n}" for n in range(len(items))])


# --- odd, and no reason to lose a post


@pytest.mark.parametrize("way", ["hook", "file"])
def test_odd_items_are_taken(world: World, way: str) -> None:
    items = [item for _, item in corpus.ODD]
    if way == "hook":
        assert world.send(items).status_code == 202
    else:
        world.drop("odd.ndjson", "\n".join(json.dumps(item) for item in items).encode())
    world.holds(item["id"] for item in items)
    assert world.reports("desk") + world.reports("drop") == []


@pytest.mark.parametrize("together", [True, False])
def test_parents_in_a_circle_are_kept_and_told_once(world: World, together: bool) -> None:
    parts = [corpus.CYCLES] if together else [[item] for item in corpus.CYCLES]
    answers = [world.send(part) for part in parts]
    assert {answer.status_code for answer in answers} == {202}
    notes = [note["why"] for answer in answers for note in answer.json().get("notes", [])]
    assert len(notes) == 2
    assert all("in a circle" in why for why in notes)
    assert any("good-ring-a" in why for why in notes)
    assert any("good-self" in why for why in notes)
    world.holds(item["id"] for item in corpus.CYCLES)
    assert world.send(corpus.CYCLES).json()["taken"] == 0
    assert [refusal.why for refusal in world.reports("desk")] == notes
    threads = {row.thread for row in world.store.rows("Nordtåg", NOW - MORE, NOW + MORE)}
    assert len(threads) == 2


# --- feeds and timelines


def answering(body: bytes, content_type: str) -> Fault:
    return lambda request, answer, clock: httpx.Response(200, content=body, headers={"content-type": content_type})


def misbehave_once(world: World, platform: FakePlatform, source: str, fault: Fault, match: str = "") -> str:
    """Everything that is reported of one poll while `platform` misbehaves."""
    platform.fail(fault, times=ALWAYS, match=match)
    outcome = world.poll(source)
    platform.recover()
    told = [outcome.health.sentence(), *(refusal.why for refusal in world.reports(source))]
    return " ".join(told)


@pytest.mark.parametrize(("body", "word"), [f[1:] for f in corpus.FEEDS], ids=[f[0] for f in corpus.FEEDS])
def test_a_bad_feed_is_told_and_its_neighbour_is_read(quick: World, body: bytes, word: str) -> None:
    quick.feed.add("nordtåg före", NOW)
    quick.poll("news")
    quick.feed.add("nordtåg under", NOW + timedelta(hours=8))
    quick.other.add("nordtåg hos grannen", NOW + timedelta(hours=8))
    said = misbehave_once(quick, quick.feed, "news", answering(body, "application/rss+xml"))
    assert word in said
    assert len(quick.store.rows("Nordtåg", NOW - MORE, NOW + MORE)) == 2
    assert not quick.poll("news").failed
    quick.holds(["news.example/guid-1", "news.example/guid-2", "other.example/guid-1"])


@pytest.mark.parametrize(("body", "word"), [t[1:] for t in corpus.TIMELINES], ids=[t[0] for t in corpus.TIMELINES])
@pytest.mark.parametrize("match", ["/timelines/", "/instance"])
def test_a_bad_timeline_is_told_and_nothing_is_missed(quick: World, match: str, body: bytes, word: str) -> None:
    first = quick.mastodon.add("nordtåg före", NOW)
    second = quick.mastodon.add("nordtåg under", NOW + timedelta(hours=6))
    said = misbehave_once(quick, quick.mastodon, "tags", answering(body, "application/json"), match)
    tolerated = match == "/instance" and "list" in word  # JSON, if strange: the timeline shows what is open to us
    assert tolerated or word in said
    assert not quick.poll("tags").failed
    quick.holds([first["uri"], second["uri"]])


def test_each_bad_status_costs_itself_only(world: World) -> None:
    kept = [world.mastodon.add(f"nordtåg {n}", NOW + timedelta(minutes=n))["uri"] for n in range(7)]
    world.mastodon.raw_extra = [status for _, status in corpus.STATUSES]
    outcome = world.poll("tags")
    assert not outcome.failed
    reports = {(refusal.where, refusal.why) for refusal in world.reports("tags")}
    assert all(where.startswith(("mastodon.example status ", "mastodon https://")) for where, _ in reports)
    assert len(world.reports("tags")) >= len(corpus.STATUSES)
    assert not world.poll("tags").failed
    world.holds(kept)


@pytest.mark.parametrize(("date", "word"), corpus.DATES)
def test_a_platforms_impossible_date_is_told_once_and_costs_its_item_only(
    world: World, date: datetime, word: str
) -> None:
    """In a feed and in a timeline, with good items around it, over several polls."""
    wrong, kept = world.mastodon.add("nordtåg", NOW), world.mastodon.add("nordtåg också", NOW)
    wrong["created_at"] = date.isoformat()
    world.feed.add("nordtåg före", NOW)
    world.feed.add("nordtåg", date)
    world.feed.add("nordtåg efter", NOW)
    for source in ("tags", "news", "tags", "news"):
        assert not world.poll(source).failed
    world.holds([kept["uri"], "news.example/guid-1", "news.example/guid-3"])
    where = {"tags": f"mastodon.example status {wrong['id']}", "news": "news.example/guid-2"}
    for source, place in where.items():
        assert [refusal.where for refusal in world.reports(source)] == [place]
        assert told(world.reports(source), place, word)


def test_a_platforms_missing_date_is_the_time_of_first_sight(quick: World) -> None:
    status = quick.mastodon.add("nordtåg", NOW, created_at=None)
    quick.feed.extra_xml = "<item><guid isPermaLink='false'>guid-9</guid><title>nordtåg</title></item>"
    quick.poll("tags")
    quick.poll("news")
    quick.holds([status["uri"], "news.example/guid-9"])
    assert quick.reports("tags") + quick.reports("news") == []
    times = [row.event_time for row in quick.store.rows("Nordtåg", NOW - MORE, NOW + MORE)]
    assert all(NOW < at <= quick.clock.now() for at in times)


# --- a law over everything that JSON can say

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=30)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)
items = st.dictionaries(st.sampled_from([*COLUMNS, *MEASURED]), anything, max_size=8).map(
    lambda part: corpus.bad(**part)
)


def test_whatever_json_says_the_neighbours_are_stored(quick: World) -> None:
    numbers = count()
    since, until = NOW - MORE, NOW + MORE

    @settings(max_examples=60, deadline=None)
    @given(found=st.lists(items | anything, max_size=6))
    def law(found: list[object]) -> None:
        first, last = good(f"first-{next(numbers)}"), good(f"last-{next(numbers)}")
        answer = quick.send([first, *found, last])
        assert (answer.status_code, bool(answer.json().get("refusals"))) in [(202, False), (400, True)]
        assert {first["id"], last["id"]} <= set(quick.stored())
        assert quick.store.counters("Nordtåg", since, until) == quick.store.recount("Nordtåg", since, until)

    law()

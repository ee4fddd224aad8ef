"""Before an alert quotes a post, the post is read again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from alerts.incident import Decision, Incident, Notification, Reason
from detectors.signal import Evidence, Quote
from monitor.assembly import build_monitor, poll_context
from monitor.clock import SimulatedClock
from monitor.collectors.http import Network
from monitor.config_loader import parse_config
from monitor.mention import Removal
from monitor.rereading import Rereading
from monitor.store.store import open_store
from tests.conftest import NOW
from tests.fakes.mastodon import FakeMastodon
from tests.fakes.platform_server import ALWAYS, status
from tests.monitor.delivery_world import Notebook
from tests.monitor.store.test_incidents import incident

CONFIG = """
timezone: UTC
brands: [{name: Nordtåg, keywords: [nordtåg]}]
sources:
  - {type: mastodon, name: tags, instance: "https://mastodon.example", hashtags: [nordtåg]}
"""


class World:
    """A monitor with one source, three collected posts, and an incident that quotes them."""

    def __init__(self, store: object) -> None:
        self.clock = SimulatedClock(NOW)
        self.fake = FakeMastodon(self.clock)
        self.store = store
        self.let_go = threading.Event()
        self.notebook = Notebook()
        network = Network(self.clock, transport=httpx.MockTransport(self.fake.handle))
        config = parse_config(CONFIG, environment={}, year=2026).config
        self.monitor = build_monitor(config, store, self.clock, {"console": self.notebook}, network)  # type: ignore[arg-type]
        self.posts = [self.fake.add(f"nordtåg {n}", NOW) for n in range(3)]
        self.monitor.runners["tags"].poll()
        self.fake.requests.clear()
        self.opened = self.open()

    @property
    def reread(self) -> Rereading:
        found = self.monitor.deliverer.context.reread
        assert isinstance(found, Rereading)
        return found

    def open(self) -> Incident:
        rows = self.monitor.store.rows("Nordtåg", NOW - timedelta(days=1), NOW + timedelta(days=1))
        quotes = tuple(Quote(row.mention_id, row.event_time, row.text) for row in rows)
        evidence = Evidence(mentions=3, examples=quotes)
        opened = incident(evidence=evidence, signals=(), mandate={})
        self.monitor.store.apply_decision(Decision(incidents=(opened,)), NOW)
        return opened

    def quoted(self) -> list[str]:
        found = self.monitor.store.incident(1)
        assert found is not None
        assert found.evidence is not None
        return sorted(quote.text for quote in found.evidence.examples)


@pytest.fixture
def world() -> Iterator[World]:
    with closing(open_store("sqlite://", secret=b"k")) as store:
        store.migrate(NOW)
        made = World(store)
        yield made
        made.let_go.set()


def test_what_was_deleted_or_edited_meanwhile_is_not_quoted_as_it_was(world: World) -> None:
    world.clock.advance(timedelta(minutes=1))
    world.fake.remove(world.posts[0]["uri"])
    world.posts[1] |= {"content": "<p>nordtåg, jag hade fel</p>", "edited_at": world.clock.now().isoformat()}
    assert world.reread(world.opened)
    assert world.quoted() == ["nordtåg 2", "nordtåg, jag hade fel"]


def test_a_post_is_not_read_again_for_every_message(world: World) -> None:
    world.reread(world.opened)
    calls = len(world.fake.requests)
    assert calls == 3
    assert not world.reread(world.opened)
    assert len(world.fake.requests) == calls
    world.clock.advance(timedelta(minutes=11))
    assert world.reread(world.opened)


def test_a_source_that_fails_keeps_no_alert_back(world: World) -> None:
    world.fake.fail(status(500), times=ALWAYS)
    world.reread(world.opened)
    assert world.quoted() == ["nordtåg 0", "nordtåg 1", "nordtåg 2"]


def test_a_source_that_hangs_keeps_no_alert_back_and_is_left_alone(world: World) -> None:
    def hang(request: httpx.Request, answer: object, clock: object) -> httpx.Response:
        world.let_go.wait(30)
        return httpx.Response(404)

    world.fake.fail(hang, times=ALWAYS)
    world.reread.patience = timedelta(0)
    assert not world.reread(world.opened)
    world.clock.advance(timedelta(minutes=11))
    assert not world.reread(world.opened)
    assert len(world.fake.requests) == 1
    assert world.quoted() == ["nordtåg 0", "nordtåg 1", "nordtåg 2"]


def test_the_message_quotes_what_was_read_again(world: World) -> None:
    """From the outbox to the channel: a post that was deleted since is not in the alert."""
    world.fake.remove(world.posts[0]["uri"])
    told = Notification("INC-1/first", Reason.FIRST, NOW, incident=1, root=True, channel="console")
    world.monitor.store.apply_decision(Decision(notifications=(told,)), NOW)
    assert world.monitor.deliverer.deliver_due().sent == 1
    (text,) = world.notebook.texts
    assert "nordtåg 0" not in text
    assert "nordtåg 1" in text


def test_posts_of_a_source_that_left_the_config_are_quoted_as_they_are(world: World) -> None:
    gone = replace(world.reread, sources={})
    assert not gone(world.opened)
    assert world.fake.requests == []


def test_polls_read_each_post_again_once_at_its_age(world: World) -> None:
    """And what came back is in the store; the next poll does not ask for it again."""
    world.fake.remove(world.posts[0]["uri"])
    runner = world.monitor.runners["tags"]
    for hours in (1.1, 1.2, 1.3):
        world.clock.move_to(NOW + timedelta(hours=hours))
        runner.poll()
    paths = [request.url.path for request in world.fake.requests if request.url.path[-1].isdigit()]
    assert len(paths) == len(set(paths)) == 3
    assert world.quoted() == ["nordtåg 1", "nordtåg 2"]
    assert world.monitor.store.mention("mastodon", world.posts[0]["uri"])["removed_at"] is not None  # type: ignore[index]
    assert poll_context(world.monitor, "tags", world.clock.now()).recheck == ()


def test_a_source_is_polled_faster_while_its_own_brand_burns(world: World) -> None:
    """A source that is about one brand does not hurry for another's incident."""
    now, runner = world.clock.now(), world.monitor.runners["tags"]
    assert poll_context(world.monitor, "tags", now).hot
    for brand, hot in (("Nordtåg", True), ("Sydbuss", False)):
        runner.options = runner.options.model_copy(update={"brand": brand})
        assert poll_context(world.monitor, "tags", now).hot is hot


def test_a_deletion_alone_is_told_to_the_judges(world: World) -> None:
    """Nothing is counted anew, but whoever holds the text must let it go."""
    from monitor.collectors.base import Batch

    told: list[tuple[str, int]] = []
    world.monitor.sink._on_saved = lambda brand, changed, now: told.append((brand, len(changed)))
    world.monitor.sink.save("tags", Batch(removals=(Removal("mastodon", world.posts[0]["uri"]),)))
    assert told == [("Nordtåg", 1)]

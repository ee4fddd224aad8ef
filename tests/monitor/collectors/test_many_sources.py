"""Two hundred sources on simulated time: all in time, no limit exceeded, memory flat."""

from __future__ import annotations

import heapq
import tracemalloc
from datetime import UTC, datetime, timedelta
from random import Random

import httpx
import pytest

from monitor.clock import SimulatedClock
from monitor.collecting import SourceRunner
from monitor.collectors.base import Batch, SourceOptions
from monitor.collectors.http import Network
from monitor.collectors.mastodon_options import MastodonOptions
from monitor.collectors.registry import build
from monitor.collectors.rss import RssOptions
from tests.fakes.mastodon import FakeMastodon
from tests.fakes.rss import FakeFeed
from tests.fakes.sink import MemorySink

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
SPARE = timedelta(seconds=5)


class TimedSink(MemorySink):
    """Notes how long after its date each mention came; keeps no batches."""

    def __init__(self, clock: SimulatedClock) -> None:
        super().__init__()
        self.clock = clock
        self.lags: dict[str, timedelta] = {}

    def save(self, source, batch: Batch):  # type: ignore[no-untyped-def]  # as in MemorySink
        for mention in batch.mentions:
            if mention.created_at is not None:
                self.lags.setdefault(mention.global_id, self.clock.now() - mention.created_at)
        report = super().save(source, batch)
        self.batches.clear()
        return report


class World:
    """150 feeds and 50 Mastodon tags on ten servers, with posts all through the hour."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(NOW)
        self.sink = TimedSink(self.clock)
        self.feeds = {f"news{i}.example": FakeFeed(self.clock) for i in range(150)}
        self.servers = {
            f"social{i}.example": FakeMastodon(self.clock, host=f"https://social{i}.example") for i in range(10)
        }
        for server in self.servers.values():
            server.calls_left = 300
        self.said_no = 0
        network = Network(self.clock, transport=httpx.MockTransport(self.handle))
        options: list[SourceOptions] = [RssOptions(name=h, urls=(f"https://{h}/f",)) for h in self.feeds]
        for i in range(50):
            host = f"https://social{i % 10}.example"
            tags = (f"tagg{i}",)
            options.append(
                MastodonOptions(name=f"fedi{i}", instance=host, hashtags=tags, every=timedelta(minutes=1))
            )
        self.runners = [
            SourceRunner(o, build(o, network), self.sink, self.clock, rng=Random(i)) for i, o in enumerate(options)
        ]
        self.queue = [(NOW, i) for i in range(len(self.runners))]

    def handle(self, request: httpx.Request) -> httpx.Response:
        host = request.headers["host"]
        platform = self.feeds.get(host) or self.servers[host]
        response = platform.handle(request)
        platform.requests.clear()
        self.said_no += response.status_code == 429
        return response

    def run(self, until: datetime) -> None:
        while self.queue[0][0] <= until:
            due, index = heapq.heappop(self.queue)
            self.clock.move_to(due)
            outcome = self.runners[index].poll()
            assert not outcome.failed, outcome.health.error
            assert outcome.health.next_due_at is not None
            heapq.heappush(self.queue, (outcome.health.next_due_at, index))
        self.clock.move_to(until)


def spread_posts(world: World, minutes: int) -> list[int]:
    """Five articles and three statuses a minute; returns the memory in use every quarter of the time."""
    rng, sizes = Random(7), []
    world.run(NOW)
    for minute in range(minutes):
        for feed in rng.sample(sorted(world.feeds), 5):
            world.feeds[feed].add(f"nyhet {minute}", world.clock.now()).guid += feed
        for server in rng.sample(sorted(world.servers), 3):
            world.servers[server].add(f"nordtåg {minute}", world.clock.now())
        world.run(NOW + timedelta(minutes=minute + 1))
        if (minute + 1) % (minutes // 4) == 0 and tracemalloc.is_tracing():
            sizes.append(tracemalloc.get_traced_memory()[0])
    world.run(NOW + timedelta(minutes=minutes + 6))
    return sizes


def assert_all_in_time(world: World, posts: int) -> None:
    """Every mention within its source's interval plus five seconds, and no server had to say no."""
    allowed = {True: timedelta(minutes=1) + SPARE, False: timedelta(minutes=5) + SPARE}
    assert len(world.sink.mentions) == posts
    assert {key: lag for key, lag in world.sink.lags.items() if lag > allowed["social" in key]} == {}
    assert world.said_no == 0


def test_two_hundred_sources() -> None:
    """Eight minutes of them."""
    world = World()
    spread_posts(world, 8)
    assert_all_in_time(world, 8 * 8)


@pytest.mark.torture
@pytest.mark.timeout(1800)
def test_two_hundred_sources_for_an_hour() -> None:
    """In time, within limits, and memory flat."""
    world = World()
    tracemalloc.start()
    sizes = spread_posts(world, 60)
    tracemalloc.stop()
    assert_all_in_time(world, 60 * 8)
    assert sizes[-1] - sizes[0] < 6_000_000, sizes

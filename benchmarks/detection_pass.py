"""What one detection pass costs with ever more stored mentions: it must cost the same.

    .venv/bin/python -m benchmarks.detection_pass [--sizes 10000,1000000,5000000] [--passes 36]

Each size has a database of its own, written straight into the tables (mentions, brand links, 5-minute sums): 400
mentions of the last 30 hours, all others in the four weeks before. Then the real pipeline starts, and every five
simulated minutes one mention arrives and the closed bucket is judged. CPU time of the whole process is counted.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.assembly import Monitor, build_monitor
from monitor.brand_state import floor_bucket
from monitor.clock import SimulatedClock
from monitor.collectors.base import Batch
from monitor.config_loader import parse_config
from monitor.mention import Mention
from monitor.store.store import open_store
from monitor.store.tables import to_micros

NOW = datetime(2026, 11, 22, 9, 0, 30, tzinfo=UTC)
WINDOW = timedelta(hours=30)
HISTORY = timedelta(days=28)
RECENT = 400
SIZES = "10000,1000000,5000000"
CONFIG = """
timezone: Europe/Stockholm
brands: [{name: Nordtåg, keywords: [nordtåg], themes: {delays: [försen, sent]}}]
sources: [{type: webhook, name: desk, token: a-token-for-benchmarks}]
"""

_MENTIONS = """
INSERT INTO mentions (id, platform, global_id, source, kind, created_at, first_seen_at, event_time, author, text,
    language, label, p_negative, compound, question, scorer_version, backfill, active_at)
WITH RECURSIVE numbers(n) AS (VALUES(:first) UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)
SELECT n, 'desk', printf('%012d', n), 'desk', 'post', at, at, at, printf('%032d', n % 5000),
    'nordtåg är sena igen, nummer ' || n, 'sv', CASE n % 10 WHEN 0 THEN 'negative' ELSE 'neutral' END, 0.3, 0.0, 0,
    '1', 0, at
FROM (SELECT n, :since + (n - :first) * (:until - :since) / (:last - :first + 1) AS at FROM numbers)
"""
_LINKS = """
INSERT INTO mention_brands (mention_id, brand, event_time, own, themes)
SELECT id, 'Nordtåg', event_time, 0, 'delays' FROM mentions WHERE id BETWEEN :first AND :last
"""
_SUMS = """
INSERT INTO sums (brand, bucket, kind, name, mentions, negative, positive, hostile, questions, own)
SELECT 'Nordtåg', event_time - event_time % 300000000, :kind, :name, count(*), sum(label = 'negative'), 0, 0, 0, 0
FROM mentions GROUP BY 2
"""
_SCOPES = (("brand", ""), ("source", "desk"), ("theme", "delays"))


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds: to start the pipeline on what is stored, to take one mention in, and to judge one bucket."""

    stored: int
    start: float
    arrival: float
    judging: float


def fill(path: Path, size: int) -> None:
    """Write `size` mentions of one brand: RECENT of them in the last WINDOW, the others in HISTORY before it."""
    edges = [to_micros(at) for at in (NOW - WINDOW - HISTORY, NOW - WINDOW, NOW)]
    parts = [(1, size - RECENT, edges[0], edges[1]), (size - RECENT + 1, size, edges[1], edges[2])]
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA synchronous=OFF")
        for first, last, since, until in parts:
            span = {"first": first, "last": last, "since": since, "until": until}
            plain.execute(_MENTIONS, span)
            plain.execute(_LINKS, {"first": first, "last": last})
        for kind, name in _SCOPES:
            plain.execute(_SUMS, {"kind": kind, "name": name})
        plain.execute("INSERT INTO sequences (name, last) VALUES ('mention', ?)", (size,))
        plain.commit()
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def measure(size: int, passes: int) -> Cost:
    """The cost of passes over a database of `size` mentions."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        with closing(open_store(f"sqlite:///{path}", secret=b"benchmark")) as store:
            store.migrate(NOW)
            fill(path, size)
            store.set_fact("judged:Nordtåg", floor_bucket(NOW).isoformat(), NOW)
            store.set_fact("arrived:Nordtåg", size, NOW)
            clock = SimulatedClock(NOW)
            monitor = build_monitor(parse_config(CONFIG, environment={}, year=NOW.year).config, store, clock, {})
            start = spent(lambda: monitor.pipeline.start(NOW))
            costs = [one_pass(monitor, clock, size + number) for number in range(1, passes + 1)]
            span = (floor_bucket(NOW) - timedelta(hours=6), floor_bucket(clock.now()))
            assert store.counters("Nordtåg", *span) == store.recount("Nordtåg", *span)
            assert store.count_mentions() == size + passes
    arrivals, judgings = zip(*costs[1:], strict=True)  # the first one warms caches
    return Cost(size, start, statistics.median(arrivals), statistics.median(judgings))


def one_pass(monitor: Monitor, clock: SimulatedClock, number: int) -> tuple[float, float]:
    """CPU seconds of taking one mention in and of judging, five minutes later."""
    clock.advance(timedelta(minutes=5))
    now = clock.now()
    mention = Mention("desk", f"{number:012d}", "desk", f"nordtåg är sena, nummer {number}", now, author="anna")
    arrival = spent(lambda: monitor.sink.save("desk", Batch((mention,))))
    clock.advance(timedelta(seconds=1))
    return arrival, spent(lambda: monitor.pipeline.detect(now))


def spent(work: Callable[[], object]) -> float:
    """CPU seconds of `work`."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=SIZES, help="stored mentions, comma-separated")
    parser.add_argument("--passes", type=int, default=36)
    options = parser.parse_args()
    print(f"{'stored':>12} {'start-up':>10} {'one arrival':>12} {'one pass':>10} {'pass, ratio':>12}")
    least: Cost | None = None
    for size in (int(part) for part in options.sizes.split(",")):
        cost = measure(size, options.passes)
        least = least or cost
        times = f"{cost.start:>8.2f} s {cost.arrival * 1000:>9.2f} ms {cost.judging * 1000:>7.2f} ms"
        print(f"{cost.stored:>12,} {times} {cost.judging / least.judging:>11.2f}x", flush=True)


if __name__ == "__main__":
    main()

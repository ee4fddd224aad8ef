"""Resident memory over simulated hours of steady traffic: what hours at the daemon's pace show, in minutes.

    .venv/bin/python -m benchmarks.simulated_memory [--hours 6] [--per-second 5] [--every 30]

One process holds the whole way of a mention (match, score, store, count, detect, decide) on a simulated clock;
only collectors and web pages are left out. The mentions are those of `benchmarks.daemon_memory`. What is bounded
(words and texts at hand) is full after some 20,000 of them; what grows then is what is held of each for 30 hours.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.daemon_memory import BRANDS, TOKEN, megabytes_of
from benchmarks.store import WORDS
from monitor.assembly import Monitor, build_monitor
from monitor.clock import SimulatedClock
from monitor.collectors.base import Batch
from monitor.config_loader import parse_config
from monitor.mention import Mention
from monitor.steady_memory import give_back_large_blocks
from monitor.store.store import open_store

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
AT_ONCE = timedelta(seconds=5)
CONFIG = (
    f"brands: [{', '.join(f'{{name: {name}, keywords: [{name.lower()}]}}' for name in BRANDS)}]\n"
    f"sources: [{{type: webhook, name: desk, token: {TOKEN}}}]\n"
)


def mentions(first: int, count: int, now: datetime, dice: random.Random) -> Iterator[Mention]:
    """Posts of three brands by 5,000 people; a quarter are comments."""
    for number in range(first, first + count):
        text = " ".join([dice.choice(BRANDS), *dice.choices(WORDS, k=18), str(number)])
        parent = str(dice.randrange(number)) if number and number % 4 == 0 else None
        author = f"a{dice.randrange(5000)}"
        yield Mention("desk", str(number), "desk", text, now, author=author, parent_id=parent)


def feed(monitor: Monitor, clock: SimulatedClock, hours: float, per_second: int) -> Iterator[int]:
    """Let time pass, five minutes at a time; yields how many mentions have come."""
    dice, sent, count = random.Random(5), 0, per_second * (AT_ONCE // timedelta(seconds=1))
    for step in range(1, int(timedelta(hours=hours) / AT_ONCE) + 1):
        clock.advance(AT_ONCE)
        monitor.sink.save("desk", Batch(tuple(mentions(sent, count, clock.now(), dice))))
        sent += count
        if step * AT_ONCE % timedelta(minutes=5) == timedelta(0):
            monitor.pipeline.detect(clock.now())
            monitor.pipeline.tick(clock.now())
            yield sent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=6)
    parser.add_argument("--per-second", type=int, default=5)
    parser.add_argument("--every", type=int, default=30, help="simulated minutes between two looks")
    options = parser.parse_args()
    give_back_large_blocks()  # as the daemon does
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_store(f"sqlite:///{Path(folder) / 'monitor.db'}", secret=b"benchmark")) as store,
    ):
        store.migrate(NOW)
        clock = SimulatedClock(NOW)
        monitor = build_monitor(parse_config(CONFIG, environment={}, year=NOW.year).config, store, clock, {})
        monitor.pipeline.start(NOW)
        print(f"{'0 min':>9} {0:>9,} mentions {megabytes_of('self'):>7.1f} MB", flush=True)
        for sent in feed(monitor, clock, options.hours, options.per_second):
            passed = (clock.now() - NOW) // timedelta(minutes=1)
            if passed % options.every == 0:
                print(f"{passed:>5} min {sent:>9,} mentions {megabytes_of('self'):>7.1f} MB", flush=True)
        print(f"highest {megabytes_of('self', 'VmHWM'):.1f} MB")


if __name__ == "__main__":
    main()

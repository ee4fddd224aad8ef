"""What the store costs: mentions a second from the file to the counters, beside a bare executemany.

    .venv/bin/python -m benchmarks.store [--mentions 30000] [--postgresql URL]
    .venv/bin/python -m benchmarks.store --passes 10000,1000000    # the reads of a detection pass

CPU seconds of one process are counted (so figures hold per core); wall time stands beside them.
"""

from __future__ import annotations

import argparse
import csv
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select

from monitor.collectors.base import Batch
from monitor.ingest import Ingestor
from monitor.matching import BrandRules, Matcher
from monitor.mention import Mention
from monitor.mention_files import read_mentions
from monitor.store import Judgement, Link, PreparedBatch, PreparedMention, Store, open_store
from monitor.store.tables import mentions

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BATCH = 1000
WORDS = [
    "tåget",
    "är",
    "sent",
    "igen",
    "och",
    "ingen",
    "svarar",
    "varför",
    "händer",
    "det",
    "alltid",
    "på",
    "måndagar",
    "kan",
    "någon",
    "förklara",
    "bussen",
    "kom",
    "aldrig",
    "kundtjänst",
    "väntetid",
    "biljett",
    "pengar",
    "tillbaka",
    "appen",
    "fungerar",
    "inte",
    "tack",
    "för",
    "hjälpen",
]


@dataclass(frozen=True, slots=True)
class TrivialScore:
    """A score that costs nothing."""

    compound: float = 0.0
    label: str = "neutral"
    p_negative: float = 0.5
    language: str = "sv"
    hostile_kind: str | None = None
    is_question: bool = False


class TrivialScorer:
    """Negative where the text holds one word; measures the store, not the scorer."""

    version = "benchmark"

    def score(self, texts: Sequence[str], language: Any = None, mask: Sequence[str] = ()) -> list[TrivialScore]:  # noqa: ARG002
        """One score a text."""
        return [TrivialScore(label="negative" if "aldrig" in text else "neutral") for text in texts]


def matcher() -> Matcher:
    themes = {"delays": ("försen", "sent"), "payment": ("biljett", "pengar"), "service": ("kundtjänst", "svar")}
    brands = [BrandRules(f"Märke{n}", (f"märke{n}",), themes=themes) for n in range(30)]
    return Matcher([BrandRules("Nordtåg", ("nordtåg",), ("modelljärnväg",), ("@nordtag@x.se",), themes), *brands])


def write_file(path: Path, count: int) -> None:
    """Posts of seven days, one in four a comment, written as an export would be."""
    dice = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "created_at", "text", "author", "url", "parent_id", "likes", "author_followers"])
        for number in range(count):
            at = NOW - timedelta(seconds=dice.randrange(7 * 86400))
            text = " ".join(["Nordtågs", *dice.choices(WORDS, k=18)])
            parent = f"https://x.example/{dice.randrange(number)}" if number and dice.random() < 0.25 else ""
            gid = f"https://x.example/{number}"
            writer.writerow([gid, at.isoformat(), text, f"user{dice.randrange(5000)}", gid, parent, 3, 100])


def measure(name: str, count: int, work: Callable[[], None]) -> float:
    """Run `work` and print mentions per CPU second and per second of wall time; returns the CPU seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{name:<44} {count / cpu:>9,.0f} /s and core {count / wall:>9,.0f} /s wall  {cpu:6.2f} s CPU")
    return cpu


def feed(store: Store, path: Path) -> None:
    """The whole way: read, check, match, score, pseudonymise, store, count."""
    ingestor = Ingestor(matcher(), lambda _: TrivialScorer(), secret=b"benchmark")
    found = (item for item in read_mentions(path, now=NOW) if isinstance(item, Mention))
    while part := tuple(islice(found, BATCH)):
        prepared = ingestor.prepare(Batch(mentions=part), now=NOW, known_posts=store.known_posts)
        store.save_batch(prepared, source="file", cursor={"line": 1}, now=NOW)


def bare(store: Store, path: Path) -> None:
    """The same rows by executemany into the same table without anything else."""
    with store._db.reading() as connection:
        rows = [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM mentions").all()]
        schema = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'mentions' AND sql IS NOT NULL ORDER BY type DESC"
        ).all()

    def insert() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as plain:
            for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                plain.execute(f"PRAGMA {pragma}")
            for (statement,) in schema:
                plain.execute(statement)
            marks = ",".join("?" * len(rows[0]))
            for start in range(0, len(rows), BATCH):
                plain.execute("BEGIN IMMEDIATE")
                plain.executemany(f"INSERT INTO mentions VALUES ({marks})", rows[start : start + BATCH])
                plain.execute("COMMIT")

    measure("bare executemany, same table and indices", len(rows), insert)


def check(store: Store) -> None:
    """The benchmark is worth nothing if the counters are wrong."""
    span = (NOW - timedelta(days=30), NOW + timedelta(days=1))
    assert store.counters("Nordtåg", *span) == store.recount("Nordtåg", *span)


def ways(count: int, postgresql: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mentions.csv"
        write_file(path, count)
        measure("parse only", count, lambda: [None for _ in read_mentions(path, now=NOW)] and None)
        urls = [f"sqlite:///{folder}/store.db", *([postgresql] if postgresql else [])]
        for url in urls:
            with closing(open_store(url, secret=b"benchmark")) as store:
                store.migrate(NOW)
                name = store.name if store.path is None else "SQLite"
                measure(f"parse, match, score, store, count: {name}"[:44], count, lambda: feed(store, path))
                measure("the same again: all known", count, lambda: feed(store, path))
                check(store)
                if store.path is not None:
                    bare(store, Path(folder) / "bare.db")


def many(count: int, newest: datetime) -> Iterator[PreparedMention]:
    """`count` mentions, 2,000 a day, so that more of them reach further back."""
    step = timedelta(days=1) / 2000
    for number in range(count):
        at = newest - number * step
        judged = Judgement("negative" if number % 3 == 0 else "neutral", version="1")
        yield PreparedMention(
            *(
                "p",
                f"{count}/{number}",
                "s",
                "post",
                "text " * 20,
                at,
                at,
                (Link("Nordtåg", ("delays",)),),
                judged,
            ),
            author=f"{number % 5000:032d}",
        )


def passes(sizes: Sequence[int]) -> None:
    """What one detection pass reads, with ever more mentions behind it: it must cost the same."""
    for size in sizes:
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(open_store(f"sqlite:///{folder}/store.db", secret=b"k")) as store,
        ):
            store.migrate(NOW)
            supply = many(size, NOW)
            while part := tuple(islice(supply, 5000)):
                store.save_batch(PreparedBatch(mentions=part), source="s", now=NOW)
            store.rows_after("Nordtåg", store.last_mention_id() - 10)  # warm
            begun = time.process_time()
            for _ in range(20):
                last = store.last_mention_id()
                store.rows_after("Nordtåg", last - 10)
                store.counters("Nordtåg", NOW - timedelta(hours=4), NOW)
                store.people_hours("Nordtåg", NOW - timedelta(hours=4), NOW)
                store.rows("Nordtåg", NOW - timedelta(hours=1), NOW)
            each = (time.process_time() - begun) / 20
            with store._db.reading() as connection:
                stored = connection.execute(select(mentions.c.id).order_by(mentions.c.id.desc()).limit(1)).scalar()
            print(f"{stored:>10,} stored: {each * 1000:6.1f} ms CPU for the reads of a pass")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mentions", type=int, default=30_000)
    parser.add_argument("--postgresql", help="URL of an empty database")
    parser.add_argument("--passes", help="sizes, comma-separated, in place of the ways")
    options = parser.parse_args()
    if options.passes:
        passes([int(size) for size in options.passes.split(",")])
    else:
        ways(options.mentions, options.postgresql)


if __name__ == "__main__":
    main()

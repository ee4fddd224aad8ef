"""`import`: recorded mentions into the store as history for the baseline, without alerting anybody of them.

A mention without `first_seen_at` counts as seen when it was written, as if we had been there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from detectors.observation import HORIZONS
from monitor.assembly import build_ingestor, build_monitor
from monitor.brand_state import floor_bucket
from monitor.clock import Clock, SystemClock
from monitor.collectors.base import Batch
from monitor.config import Config
from monitor.config_loader import load_config
from monitor.mention import Mention
from monitor.opening import opened
from monitor.output import FAILED, FINE, Output, amount
from monitor.replay import read_files
from monitor.restoring import count_people
from monitor.store.errors import StoreLocked
from monitor.store.store import Store

BATCH = 2000
SOURCE = "import"


def import_files(files: Sequence[Path], config_file: Path, output: Output, *, brand: str | None) -> int:
    """The command `import`. The daemon must not run: it would not learn of what comes in behind its back."""
    config, clock = load_config(config_file).config, SystemClock()
    read = read_files(files, brand)
    for refusal in read.skipped:
        output.complain(f"skipped {refusal.where}: {refusal.why}")
    with opened(config, clock) as store:
        try:
            with store.lock("import", clock.now()):
                taken, known = import_mentions(store, config, read.mentions, clock)
        except StoreLocked as error:
            output.complain(str(error))
            return FAILED
    data = {"read": len(read.mentions), "taken": taken, "known": known, "skipped": len(read.skipped)}
    skipped = amount(len(read.skipped), "line")
    output.answer(data, f"{amount(taken, 'mention')} taken, {known} known already, {skipped} skipped.")
    return FINE if read.mentions or not read.skipped else FAILED


def import_mentions(store: Store, config: Config, mentions: Sequence[Mention], clock: Clock) -> tuple[int, int]:
    """Store mentions as history and let the judges learn it. Returns how many were taken and known already.

    What a daemon collected and did not live to judge is judged first: it is no history yet, and may be an alarm.
    """
    _judge_what_waits(store, config, clock)
    ingestor = build_ingestor(config, store)
    now = clock.now()
    taken = known = 0
    touched: dict[str, datetime] = {}
    for batch in _batches(mentions):
        prepared = ingestor.prepare(batch, now=now, known_posts=store.known_posts)
        saved = store.save_batch(prepared, source=SOURCE, cursor=None, now=now)
        taken, known = taken + len(saved.taken), known + saved.known
        for brand, bucket in saved.earliest_bucket.items():
            touched[brand] = min(bucket, touched.get(brand, bucket))
    for brand, since in touched.items():
        _learn(store, config, brand, since, now)
    return taken, known


def _judge_what_waits(store: Store, config: Config, clock: Clock) -> None:
    if any(store.fact(f"judged:{brand}") for brand in store.brands()):
        pipeline = build_monitor(config, store, clock, {}).pipeline
        pipeline.start(clock.now())
        pipeline.detect(clock.now())


def _batches(mentions: Sequence[Mention]) -> Iterator[Batch]:
    for start in range(0, len(mentions), BATCH):
        part = mentions[start : start + BATCH]
        yield Batch(mentions=tuple(replace(m, first_seen_at=m.first_seen_at or m.created_at) for m in part))


def _learn(store: Store, config: Config, brand: str, since: datetime, now: datetime) -> None:
    """Count the people of the whole history, and note that none of it is to be judged or to alarm."""
    span = store.counted_span(brand)
    first = min(since, span[0]) if span else since
    until = floor_bucket(now)
    count_people(store, config, brand, first - HORIZONS[-1], until)
    store.drop_detector_states(brand)
    store.set_fact(f"judged:{brand}", until.isoformat(), now)
    store.set_fact(f"arrived:{brand}", store.last_mention_id(), now)

"""Puts the parts together: store, matcher, scorer, pipeline, sources, channels, and the job table.

The daemon, `run --once`, replay, backtest, the demo and the scenario tests all build one `Monitor`; they differ in
the clock, the channels and the extra jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Event

import structlog

from alerts.channels.base import Channel
from detectors.observation import BUCKET
from monitor.brand_state import floor_bucket
from monitor.clock import Clock
from monitor.collecting import SourceRunner
from monitor.collectors.base import CollectContext
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.config import Config
from monitor.deciding import silences_in_force
from monitor.deliver import Deliverer
from monitor.hearing import hearing
from monitor.ingest import Ingestor
from monitor.jobs import COLLECT_POOL, Job
from monitor.matching import Matcher
from monitor.messages import DeliveryContext
from monitor.pipeline import Pipeline
from monitor.rereading import Rereading
from monitor.scorers import Scorers
from monitor.sink import StoreSink
from monitor.store.store import Store

log = structlog.get_logger(__name__)

DETECT_EVERY = timedelta(minutes=5)
DETECT_DELAY = timedelta(seconds=5)
"""A bucket is judged this long after it closed, so that polls that end with it are in."""
TICK_EVERY = timedelta(seconds=15)
DELIVER_EVERY = timedelta(seconds=2)
RETAIN_EVERY = timedelta(hours=6)

JobRun = Callable[[datetime], datetime | None]


@dataclass
class Monitor:
    """All parts of a running monitor. `stopping` is set when it should end; nothing new is begun then."""

    config: Config
    store: Store
    clock: Clock
    pipeline: Pipeline
    sink: StoreSink
    deliverer: Deliverer
    runners: dict[str, SourceRunner] = field(default_factory=dict)
    stopping: Event = field(default_factory=Event)

    def jobs(self) -> list[Job]:
        """The job table: collectors in a pool of their own, everything else in the core pool."""
        return [*self.collect_jobs(), *self.core_jobs()]

    def collect_jobs(self) -> list[Job]:
        """One job a source; each says itself when it wants to run again. A stream keeps a thread to itself."""
        return [
            Job(f"collect:{name}", runner.options.every, _poll(runner), pool=_pool_of(name, runner))
            for name, runner in self.runners.items()
        ]

    def core_jobs(self) -> list[Job]:
        """Detect, tick, deliver, retain."""
        return [
            Job("detect", DETECT_EVERY, _without_answer(self.pipeline.detect), aligned=True, offset=DETECT_DELAY),
            Job("tick", TICK_EVERY, _without_answer(self.pipeline.tick)),
            Job("deliver", DELIVER_EVERY, self._deliver, pool="deliver"),
            Job("retain", RETAIN_EVERY, self._retain),
        ]

    def simulated_jobs(self) -> list[Job]:
        """The core jobs on simulated time: tick and deliver run when a deadline is due and after each bucket."""
        jobs = {job.name: job for job in self.core_jobs()}
        return [
            jobs["detect"],
            replace(jobs["tick"], run=self._when_due(jobs["tick"])),
            replace(jobs["deliver"], run=self._when_due(jobs["deliver"])),
            jobs["retain"],
        ]

    def _when_due(self, job: Job) -> JobRun:
        def run(now: datetime) -> datetime:
            job.run(now)
            due = self.store.next_due_at()
            after_bucket = floor_bucket(now) + BUCKET + 2 * DETECT_DELAY
            return due if due is not None and now < due < after_bucket else after_bucket

        return run

    def once(self) -> None:
        """One pass: collect everything, judge, let time pass, deliver."""
        now = self.clock.now()
        for job in [*self.collect_jobs(), *self.core_jobs()]:
            if not self.stopping.is_set():
                job.run(now)

    def _deliver(self, _now: datetime) -> None:
        self.deliverer.deliver_due()

    def _retain(self, now: datetime) -> None:
        self.store.retain(now, text_for=self.config.retention.text, counts_for=self.config.retention.counts)


def _pool_of(name: str, runner: SourceRunner) -> str:
    return f"{COLLECT_POOL}:{name}" if runner.collector.stays else COLLECT_POOL


def _poll(runner: SourceRunner) -> JobRun:
    def run(_now: datetime) -> datetime | None:
        outcome = runner.poll()
        if outcome.failed:
            log.warning("source fails", source=runner.name, why=outcome.health.error, remedy=outcome.health.remedy)
        return outcome.health.next_due_at

    return run


def _without_answer(step: Callable[[datetime], None]) -> JobRun:
    def run(now: datetime) -> None:
        step(now)

    return run


def build_monitor(
    config: Config,
    store: Store,
    clock: Clock,
    channels: Mapping[str, Channel],
    network: Network | None = None,
) -> Monitor:
    """All parts for a config, joined. Without a `network` there are no sources (replay, backtest, demo)."""
    ingestor = build_ingestor(config, store)
    pipeline = Pipeline(store, config, Scorers(config).version)
    by_name = {source.name: source for source in config.sources}
    sink = StoreSink(store, ingestor, clock, pipeline.arrived, by_name.get)
    deliverer = Deliverer(store, channels, clock, delivery_context(config, store))
    monitor = Monitor(config, store, clock, pipeline, sink, deliverer)
    if network is not None:
        monitor.runners = build_runners(monitor, network)
        reread = Rereading(store, sink, clock, network, by_name)
        deliverer.context = replace(deliverer.context, reread=reread)
    return monitor


def build_ingestor(config: Config, store: Store) -> Ingestor:
    """The way into the store under a config."""
    scorers = Scorers(config)
    matcher = Matcher([brand.rules for brand in config.brands])
    return Ingestor(matcher, scorers.for_brand, secret=store.secret, mask_for_brand=scorers.mask_for)


def delivery_context(config: Config, store: Store) -> DeliveryContext:
    """What messages need of the config and the silences in force."""
    return DeliveryContext(
        language=config.alerts.language or config.language,
        timezone=config.timezone,
        late_after=config.alerts.late_after,
        silences=partial(silences_in_force, store),
        hearing=partial(hearing, store, config),
        heard_at_least=config.mandate.timing.heard_at_least,
    )


def build_runners(monitor: Monitor, network: Network) -> dict[str, SourceRunner]:
    """A runner for every configured source."""
    return {
        source.name: SourceRunner(
            source,
            build(source, network),
            monitor.sink,
            monitor.clock,
            context_for=partial(poll_context, monitor),
            stop=monitor.stopping,
        )
        for source in monitor.config.sources
    }


def poll_context(monitor: Monitor, source: str, now: datetime) -> CollectContext:
    """What one poll may know: threads to follow, posts to read again, the words, and whether it is hot."""
    store, runner = monitor.store, monitor.runners.get(source)
    most = getattr(runner.collector, "rechecks_a_poll", 0) if runner is not None else 0
    due = store.recheck(source, now, limit=most)
    return CollectContext(
        now=now,
        watched=store.watched_threads(now, source=source),
        recheck=due.global_ids,
        rechecked=partial(store.rechecked, due),
        terms={brand.name: (brand.name, *brand.keywords) for brand in monitor.config.brands},
        stopping=monitor.stopping.is_set,
        hot=store.has_open_incidents(runner.options.brand if runner is not None else None),
    )

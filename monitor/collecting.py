"""Runs one source: a poll loads the cursor, collects, stores batch by batch, and writes down how the source fares.

A poll never raises. Whatever goes wrong becomes a sentence in the source's health, and the next time is chosen
by the platform's word (`retry_after`), else by a growing wait with jitter, else by the schedule.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Event
from typing import Any, Protocol

from monitor.clock import Clock
from monitor.collectors.backoff import LONGEST_WAIT, wait_after
from monitor.collectors.base import Batch, CollectContext, Collector, Cursor, SourceError, SourceOptions
from monitor.collectors.redaction import one_line
from monitor.mention import Refusal

JITTER = 0.1  # share of a wait that is left to chance, so that sources do not march in step
ENOUGH_SPARE = 0.5  # poll faster only while at least this share of a platform's limits is left
HOT_DIVISOR = 4
_QUIET_SAVES = timedelta(seconds=30)  # a long stream's health is written at most this often


class ItemOutcome(StrEnum):
    """What became of one mention of a batch."""

    TAKEN = "taken"
    KNOWN = "known"
    CHANGED = "changed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Report:
    """What the store did with a batch. `items`, if given, has one outcome a mention, in the batch's order.

    `unmatched` are mentions that concern no brand: understood, and not kept. `notes` are about mentions that were
    taken although something was wrong with them.
    """

    taken: int = 0
    known: int = 0
    refused: int = 0
    items: tuple[ItemOutcome, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unmatched: int = 0
    notes: tuple[Refusal, ...] = ()

    def __add__(self, other: Report) -> Report:
        """Both together (without the items, which belong to one batch)."""
        return Report(
            self.taken + other.taken,
            self.known + other.known,
            self.refused + other.refused,
            refusals=(*self.refusals, *other.refusals)[:100],
            unmatched=self.unmatched + other.unmatched,
            notes=(*self.notes, *other.notes)[:100],
        )


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source fares: for `status`, the pages and the alarm about blindness. All times aware UTC.

    `last_mention_at` is when something new came last; `failing_since` is None while all is well; `error` and
    `remedy` are sentences without secrets; `permanent` says that a person must act. A source that works in part
    has `failing_since` and a `last_ok_at` that moves on.
    """

    source: str
    last_ok_at: datetime | None = None
    last_mention_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    error: str = ""
    remedy: str = ""
    permanent: bool = False
    next_due_at: datetime | None = None

    def sentence(self) -> str:
        """One line for people: which source, since when, why, what to do."""
        if self.failing_since is None:
            return f"{self.source} works."
        since = self.failing_since.strftime("%Y-%m-%d %H:%M UTC")
        return " ".join(filter(None, (f"{self.source} fails since {since}: {self.error}", self.remedy)))


class Sink(Protocol):
    """Where a source's news go: the store. Each method is one transaction."""

    def load_cursor(self, source: str) -> Cursor:
        """The cursor stored with the source's last batch, `{}` before the first."""
        ...

    def save(self, source: str, batch: Batch) -> Report:
        """Store a batch and, unless None, its cursor, both or neither. What is known is dropped."""
        ...

    def load_health(self, source: str) -> SourceHealth | None:
        """The health stored last."""
        ...

    def save_health(self, health: SourceHealth) -> None:
        """Store how the source fares."""
        ...


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What one poll brought: the sums, how the source fares now, and whether it was cut short by a stop."""

    report: Report
    health: SourceHealth
    stopped: bool = False

    @property
    def failed(self) -> bool:
        """Whether a person would say that the source does not work."""
        return self.health.failing_since is not None


ContextMaker = Callable[[str, datetime], CollectContext]
"""(source name, now) → what a poll may know: watched threads, terms, rechecks, heat."""


def plain_context(_source: str, now: datetime) -> CollectContext:
    """A context that knows only the time."""
    return CollectContext(now)


@dataclass
class SourceRunner:
    """One configured source with all that its polls need. `poll` may be called by one thread at a time.

    `context_for` makes each poll's context (the runner adds `stopping`); `rng` is seeded in tests.
    """

    options: SourceOptions
    collector: Collector
    sink: Sink
    clock: Clock
    context_for: ContextMaker = plain_context
    stop: Event = field(default_factory=Event)
    rng: random.Random = field(default_factory=random.Random)

    @property
    def name(self) -> str:
        """The source's name, as in health and cursors."""
        return self.options.name or self.options.default_name()

    def poll(self) -> PollOutcome:
        """Collect once and store. Never raises."""
        try:
            return _Poll(self).run()
        except Exception as exc:  # the sink itself fails: nothing could be written down
            now = self.clock.now()
            health = SourceHealth(self.name, failing_since=now, failures=1, error=self.words(exc))
            return PollOutcome(Report(), replace(health, next_due_at=now + wait_after(1)))

    def error_of(self, exc: Exception) -> SourceError:
        """Any exception as a SourceError without secrets."""
        if isinstance(exc, SourceError):
            return exc
        return SourceError(
            f"{self.name} met something unexpected ({self.words(exc)}).",
            remedy="It is tried again. If it stays, report it with this sentence.",
        )

    def interval(self, hot: bool) -> timedelta:
        """How long until the next poll when all is well: shorter while something grows and the limits allow it."""
        every = self.options.every
        if not hot or not self.has_spare():
            return every
        fastest: timedelta = getattr(self.collector, "fastest", timedelta(0))
        return min(every, max(self.options.every_when_hot or every / HOT_DIVISOR, fastest))

    def has_spare(self) -> bool:
        """Whether enough of the platform's limits is left for more than what is new."""
        http = getattr(self.collector, "http", None)
        return http is None or http.spare() >= ENOUGH_SPARE

    def words(self, exc: Exception) -> str:
        """What an exception says, on one line and without secrets."""
        redact: Callable[[str], str] = getattr(getattr(self.collector, "http", None), "redact", str)
        return one_line(redact(f"{type(exc).__name__}: {exc}"), 300)


class _Poll:
    """One poll on its way."""

    def __init__(self, runner: SourceRunner) -> None:
        self.runner = runner
        self.started = runner.clock.now()
        self.report = Report()
        self.health = runner.sink.load_health(runner.name) or SourceHealth(runner.name)
        context = runner.context_for(runner.name, self.started)
        if not runner.has_spare():  # what is new comes first; what is to be read again waits for another poll
            context = replace(context, recheck=(), rechecked=lambda: None)
        self.context = replace(context, stopping=lambda: runner.stop.is_set() or context.stopping())
        self.saved_at = self.started

    def run(self) -> PollOutcome:
        error: SourceError | None = None
        try:
            self._collect()
        except Exception as exc:  # a source that fails stops no other, whatever it is
            error = self.runner.error_of(exc)
        if (error is None or error.partial) and not self.context.stopping():
            self.context.rechecked()
        self.health = self._judge(error)
        self.runner.sink.save_health(self.health)
        return PollOutcome(self.report, self.health, stopped=self.context.stopping())

    def _collect(self) -> None:
        runner = self.runner
        for batch in runner.collector.collect(runner.sink.load_cursor(runner.name), self.context):
            self._count(self._store(batch))
            if self.context.stopping():
                return

    def _store(self, batch: Batch) -> Report:
        try:
            report = self.runner.sink.save(self.runner.name, batch)
        except Exception as exc:
            raise SourceError(
                f"What came from {self.runner.name} cannot be stored ({self.runner.words(exc)}).",
                remedy="Nothing is lost: it is fetched again. See to the database (`crisis-monitor status`).",
            ) from exc
        if batch.on_stored is not None:
            batch.on_stored()
        return report

    def _count(self, report: Report) -> None:
        self.report += report
        now = self.runner.clock.now()
        if report.taken or report.known or report.unmatched:
            self.health = replace(self.health, last_mention_at=now)
        if now - self.saved_at >= _QUIET_SAVES:  # a stream or a long walk: alive, though not finished
            self.saved_at = now
            self.runner.sink.save_health(replace(self.health, last_ok_at=now))

    def _judge(self, error: SourceError | None) -> SourceHealth:
        now = self.runner.clock.now()
        health = self.health
        if error is None or error.pause:
            wait = self._wait_when_well(error)
            well: dict[str, Any] = {
                "failing_since": None,
                "failures": 0,
                "error": "",
                "remedy": "",
                "permanent": False,
            }
            return replace(health, last_ok_at=now, next_due_at=self.started + wait, **well)
        failures = health.failures + 1
        if health.failing_since is None:
            health = replace(health, failing_since=now)
        return replace(
            health,
            last_ok_at=now if error.partial else health.last_ok_at,
            failing_since=health.failing_since if error.partial or not _works_in_part(health) else now,
            failures=failures,
            error=str(error),
            remedy=error.remedy,
            permanent=error.permanent,
            next_due_at=now + self._wait_when_failing(error, failures),
        )

    def _wait_when_well(self, pause: SourceError | None) -> timedelta:
        hot = self.context.hot or any(thread.hot for thread in self.context.watched)
        interval = self.runner.interval(hot)
        asked = pause.retry_after if pause else None
        return max(interval, asked) if asked else interval * (1 - JITTER * self.runner.rng.random())

    def _wait_when_failing(self, error: SourceError, failures: int) -> timedelta:
        if error.partial:
            return self._wait_when_well(None)
        chance = 1 + JITTER * self.runner.rng.random()
        if error.retry_after:
            return error.retry_after * chance
        if error.permanent:
            return LONGEST_WAIT
        return min(wait_after(failures, self.runner.options.every) * chance, LONGEST_WAIT)


def blind_since(health: SourceHealth, silent_after: timedelta | None, now: datetime) -> datetime | None:
    """Since when a source is blind: it fails, or is silent for longer than it should ever be."""
    if health.failing_since is not None and not _works_in_part(health):
        return health.failing_since
    heard = health.last_mention_at or health.last_ok_at
    if silent_after is not None and heard is not None and now - heard > silent_after:
        return heard
    return None


def _works_in_part(health: SourceHealth) -> bool:
    """Whether it fails and yet works: a partial failure moves `last_ok_at` on."""
    since, worked = health.failing_since, health.last_ok_at
    return since is not None and worked is not None and worked > since

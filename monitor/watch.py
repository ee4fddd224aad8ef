"""Watching the watcher: measures every part, tells the operator, calls the heartbeat while all is well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import structlog

from alerts import watching
from alerts.incident import NotificationState
from alerts.watching import Part, PartHealth
from monitor.channel_health import OUTAGE_AFTER
from monitor.clock import Clock
from monitor.collecting import blind_since
from monitor.collectors.base import SourceError
from monitor.coverage import GRACE
from monitor.jobs import COLLECT_POOL
from monitor.store.state import JobRun

if TYPE_CHECKING:
    from monitor.assembly import Monitor
    from monitor.collectors.http import Network
    from monitor.config import Loaded
    from monitor.schedule import Schedule
    from monitor.store.store import Store

log = structlog.get_logger("monitor.watch")

JOB_GRACE = timedelta(minutes=5)
DETECTION_GRACE = timedelta(minutes=15)
ON_THE_WAY = (NotificationState.PENDING, NotificationState.SENDING, NotificationState.UNKNOWN)
TOLD = "watch:told"
QUIET_UNTIL = time(12, 0)
"""A daemon that starts later in the day says "all quiet" tomorrow."""


@dataclass
class Watch:
    """Measures, tells, and answers whether all is well. `schedule` is set once it runs."""

    store: Store
    clock: Clock
    network: Network
    schedule: Schedule | None = None
    failures: list[str] = field(default_factory=list)
    started_at: datetime = field(init=False)
    _beaten_at: datetime | None = None
    _quiet_said: date | None = None

    def __post_init__(self) -> None:
        self.started_at = self.clock.now()

    def check(self, loaded: Loaded, monitor: Monitor, now: datetime) -> bool:
        """One round. True while the audit passes; then the heartbeat is called, too."""
        parts = list(self.parts(monitor, now))
        found = watching.watch(parts, loaded.config.mandate, now)
        with self.store.transaction():
            self.store.add_notifications(found.notifications)
            self._remember(found, now)
            self.store.save_job_runs(self._job_runs())
        pending = self.store.notifications(states=ON_THE_WAY)
        failures = watching.audit(self.store.open_incidents(), pending, parts, now)
        if failures != self.failures:
            log.info("audit", well=not failures, failures=failures)
        self.failures = failures
        self._say_all_quiet(loaded, monitor, now, quiet=not failures)
        if not failures:
            self._beat(loaded, now)
        return not failures

    def parts(self, monitor: Monitor, now: datetime) -> Iterator[PartHealth]:
        """How every source, job, channel and brand's detection does, with when the operator was told of it."""
        told = self.store.fact(TOLD, {})
        for part in [
            *self._sources(monitor, now),
            *self._jobs(),
            *self._channels(monitor),
            *self._detection(monitor),
        ]:
            when = told.get(f"{part.part}/{part.name}")
            yield replace(part, told_at=datetime.fromisoformat(when) if when else None)

    def _sources(self, monitor: Monitor, now: datetime) -> Iterator[PartHealth]:
        for name, runner in monitor.runners.items():
            health = monitor.sink.load_health(name)
            if health is None:
                yield PartHealth(Part.SOURCE, name, self.started_at, GRACE * runner.options.every + JOB_GRACE)
                continue
            silent = blind_since(health, runner.options.silent_after, now)
            yield PartHealth(
                Part.SOURCE,
                name,
                silent or self._since_start(health.last_ok_at),
                GRACE * runner.options.every + JOB_GRACE,
                since=silent,
                why=health.error or ("nothing was heard from it for too long" if silent else ""),
                remedy=health.remedy,
                permanent=health.permanent or (silent is not None and health.failing_since is None),
                brands=(runner.options.brand,) if runner.options.brand else (),
            )

    def _jobs(self) -> Iterator[PartHealth]:
        if self.schedule is None:
            return
        for name, job in self.schedule.jobs.items():
            if not job.pool.startswith(COLLECT_POOL):
                last = self.schedule.last_fine.get(name, self.started_at)
                why = self.schedule.errors.get(name, "")
                yield PartHealth(Part.JOB, name, last, GRACE * job.every + JOB_GRACE, why=why)

    def _job_runs(self) -> Iterator[JobRun]:
        """Every job as `status`, another process, is to show it."""
        if self.schedule is None:
            return
        for name in self.schedule.jobs:
            fine, error = self.schedule.last_fine.get(name), self.schedule.errors.get(name)
            yield JobRun(name, fine, error, self.schedule.missed[name])

    def _channels(self, monitor: Monitor) -> Iterator[PartHealth]:
        for name, health in monitor.deliverer.health.items():
            if health.failing_since is not None:
                yield PartHealth(
                    Part.CHANNEL,
                    name,
                    health.failing_since,
                    OUTAGE_AFTER,
                    since=health.failing_since,
                    why=health.error,
                    remedy=health.remedy,
                    permanent=health.permanent,
                )

    def _detection(self, monitor: Monitor) -> Iterator[PartHealth]:
        for brand, state in monitor.pipeline.brands.items():
            judged = self._since_start(state.judged_until)
            yield PartHealth(Part.DETECTION, brand, judged, DETECTION_GRACE, brands=(brand,))

    def _say_all_quiet(self, loaded: Loaded, monitor: Monitor, now: datetime, *, quiet: bool) -> None:
        """Once a day, at the digest's hour: all quiet, all sources heard."""
        local = now.astimezone(loaded.config.zone)
        due = time.fromisoformat(loaded.config.mandate.timing.digest_at)
        if not quiet or self.store.has_open_incidents() or not due <= local.time() <= QUIET_UNTIL:
            return
        if self._quiet_said != local.date():
            self._quiet_said = local.date()
            heard = len(monitor.runners)
            told = watching.all_quiet(loaded.config.mandate, now, heard=heard, sources=heard)
            self.store.add_notifications(told)

    def _since_start(self, when: datetime | None) -> datetime:
        """What went well before we were stopped counts from the start on: a stop is no fault of the part's."""
        return max(when or self.started_at, self.started_at)

    def _remember(self, found: watching.Watch, now: datetime) -> None:
        told = self.store.fact(TOLD, {})
        for trouble in found.told:
            told[f"{trouble.health.part}/{trouble.health.name}"] = now.astimezone(UTC).isoformat()
        for part in found.recovered:
            told.pop(f"{part.part}/{part.name}", None)
        if found.told or found.recovered:
            self.store.set_fact(TOLD, told, now)

    def _beat(self, loaded: Loaded, now: datetime) -> None:
        """Call the dead-man's switch, if one is set and it is time."""
        options = loaded.config.watchdog
        if options.heartbeat is None or (self._beaten_at and now - self._beaten_at < options.every):
            return
        self._beaten_at = now
        try:
            address = options.heartbeat.get_secret_value()
            self.network.session(secrets=[address]).get(address)
        except SourceError as error:
            log.warning("the heartbeat could not be called", why=str(error))

"""The job table on APScheduler: thread pools apart, late runs run late, missed runs counted.

APScheduler's defaults drop a run that is more than a second late with only a log line; here a late run is run
(`misfire_grace_time=None`) once (`coalesce`), never twice at a time (`max_instances=1`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import structlog

from monitor.clock import Clock
from monitor.jobs import Job

log = structlog.get_logger(__name__)


class Schedule:
    """Runs jobs until it is stopped. `missed` and `failed` count runs by job name for `status` and the audit."""

    def __init__(self, jobs: Iterable[Job], clock: Clock, *, pool_sizes: dict[str, int]) -> None:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        self._clock = clock
        self.jobs = {job.name: job for job in jobs}
        self.missed: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.last_fine: dict[str, datetime] = {}
        self.errors: dict[str, str] = {}
        executors = {pool: ThreadPoolExecutor(size) for pool, size in pool_sizes.items()}
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = BackgroundScheduler(executors=executors, job_defaults=defaults, timezone=UTC)

    def start(self) -> None:
        """Start every job: grid jobs at their next grid point, the others at once."""
        from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED

        self._scheduler.add_listener(self._count_missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        now = self._clock.now()
        for job in self.jobs.values():
            self._add(job, job.next_after(now) if job.aligned else now)
        self._scheduler.start()

    def stop(self) -> None:
        """Start nothing more and wait for what is running."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def replace(self, jobs: Iterable[Job]) -> None:
        """Swap the table: jobs that are gone stop, new ones start, those of the same name go on."""
        table = {job.name: job for job in jobs}
        for name in self.jobs.keys() - table.keys():
            self._remove(name)
        added = table.keys() - self.jobs.keys()
        self.jobs = table
        for name in added:
            self._add(table[name], self._clock.now())

    def wake(self, name: str) -> None:
        """Run a job now instead of at its next time (a click, a hook)."""
        if name in self.jobs:
            self._add(self.jobs[name], self._clock.now())

    def _remove(self, name: str) -> None:
        from apscheduler.jobstores.base import JobLookupError

        try:
            self._scheduler.remove_job(name)
        except JobLookupError:
            log.debug("job already gone", job=name)

    def _add(self, job: Job, due: datetime) -> None:
        self._scheduler.add_job(
            self._run, "date", run_date=due, args=[job.name], id=job.name, executor=job.pool, replace_existing=True
        )

    def _run(self, name: str) -> None:
        job = self.jobs.get(name)
        if job is None:
            return
        now = self._clock.now()
        wanted = None
        try:
            wanted = job.run(now)
        except Exception as error:
            self.failed[name] += 1
            self.errors[name] = f"{type(error).__name__}: {error}"
            log.exception("job failed; it will run again", job=name)
        else:
            self.errors.pop(name, None)
            self.last_fine[name] = self._clock.now()
        if self._scheduler.running:
            self._add(job, job.next_after(self._clock.now(), wanted))

    def _count_missed(self, event: Any) -> None:
        self.missed[event.job_id] += 1
        log.warning("a run was missed; the next one makes up for it", job=event.job_id)

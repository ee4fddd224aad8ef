"""The job table on APScheduler: thread pools apart, late runs run late, missed runs counted.

APScheduler's defaults drop a run that is more than a second late with only a log line; here a late run is run
(`misfire_grace_time=None`) once (`coalesce`), never twice at a time (`max_instances=1`).

Every job is one APScheduler entry for as long as it is in the table, and `_due` says when it is to run next. After
a run the next time is set from APScheduler's "executed" event, not from inside the run: until that event
APScheduler counts the run as going on and refuses the next one. One lock serves APScheduler and this class, so
that neither can wait for the other; for the same reason `stop` waits for the runs itself (APScheduler would do so
with its lock held).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_EXECUTED, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.clock import Clock
from monitor.jobs import Job

log = structlog.get_logger(__name__)
RESTING = datetime(9000, 1, 1, tzinfo=UTC)  # an entry without a next time would be dropped while its run goes on
MOMENT = timedelta(microseconds=1)


class Schedule:
    """Runs jobs until it is stopped. `missed` and `failed` count runs by job name for `status` and the audit."""

    def __init__(self, jobs: Iterable[Job], clock: Clock, *, pool_sizes: dict[str, int]) -> None:
        self._clock = clock
        self.jobs = {job.name: job for job in jobs}
        self.missed: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.last_fine: dict[str, datetime] = {}
        self.errors: dict[str, str] = {}
        self._due: dict[str, datetime] = {}  # a running job is not in it
        self._wanted: dict[str, datetime] = {}  # what a run that has just ended asked for
        self._woken: set[str] = set()
        self._running = 0
        self._open = False
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        executors = {pool: ThreadPoolExecutor(size) for pool, size in pool_sizes.items()}
        self._pools = set(executors)
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = _OneLock(lock, executors=executors, job_defaults=defaults, timezone=UTC)

    def start(self) -> None:
        """Start every job: grid jobs at their next grid point, the others at once."""
        self._scheduler.add_listener(self._run_ended, EVENT_JOB_EXECUTED)
        now = self._clock.now()
        with self._changed:
            self._open = True
            for job in self.jobs.values():
                self._add(job, job.next_after(now) if job.aligned else now)
        self._scheduler.start()

    def stop(self) -> None:
        """Start nothing more and wait for what is running."""
        with self._changed:
            was_open, self._open = self._open, False
            self._changed.wait_for(lambda: not self._running)
        if was_open:
            self._scheduler.shutdown(wait=False)

    def replace(self, jobs: Iterable[Job]) -> None:
        """Swap the table: jobs that are gone stop, new ones start, those of the same name go on."""
        table = {job.name: job for job in jobs}
        with self._changed:
            gone, added = self.jobs.keys() - table.keys(), table.keys() - self.jobs.keys()
            before, self.jobs = self.jobs, table
            if not self._open:
                return
            for name in gone:
                self._scheduler.remove_job(name)
                self._due.pop(name, None)
            for name in added:
                self._add(table[name], self._clock.now())
            for name in table.keys() - added:
                if table[name].pool != before[name].pool:
                    self._open_pool(table[name].pool)
                    self._scheduler.modify_job(name, executor=table[name].pool)

    def wake(self, name: str) -> None:
        """Run a job now instead of at its next time (a click, a hook); a running one is run once more after it."""
        with self._changed:
            if not self._open or name not in self.jobs:
                return
            if name in self._due:
                self._set(name, self._clock.now())
            else:
                self._woken.add(name)

    def _open_pool(self, name: str) -> None:
        """A pool that is not of the table of sizes holds one job that keeps its thread to itself (a stream)."""
        if name not in self._pools:
            self._pools.add(name)
            self._scheduler.add_executor(ThreadPoolExecutor(1), name)

    def _add(self, job: Job, due: datetime) -> None:
        self._open_pool(job.pool)
        self._due[job.name] = due
        trigger = _AsDue(self._due, job.name)
        self._scheduler.add_job(
            self._run, trigger, next_run_time=due, args=[job.name], id=job.name, executor=job.pool
        )

    def _set(self, name: str, due: datetime) -> None:
        self._due[name] = due
        self._scheduler.modify_job(name, next_run_time=due)

    def _run(self, name: str) -> None:
        with self._changed:
            job, due = self.jobs.get(name), self._due.pop(name, None)
            if job is None or not self._open:
                return
            self._running += 1
        try:
            self._run_job(job, due)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _run_job(self, job: Job, due: datetime | None) -> None:
        now = self._clock.now()
        if due is not None and now - due >= job.every:
            self.missed[job.name] += (now - due) // job.every
            log.warning("runs were missed; this one makes up for them", job=job.name, due=due.isoformat())
        wanted = None
        try:
            wanted = job.run(now)
        except Exception as error:
            self.failed[job.name] += 1
            self.errors[job.name] = f"{type(error).__name__}: {error}"
            log.exception("job failed; it will run again", job=job.name)
        else:
            self.errors.pop(job.name, None)
            self.last_fine[job.name] = self._clock.now()
        self._wanted[job.name] = job.next_after(self._clock.now(), wanted)

    def _run_ended(self, event: JobEvent) -> None:
        """Told by APScheduler; sets when the job runs next."""
        name = str(event.job_id)
        with self._changed:
            due = self._wanted.pop(name, None)
            if name in self._woken:
                self._woken.discard(name)
                due = self._clock.now() + MOMENT
            if due is not None and self._open and name in self.jobs:
                self._set(name, due)


class _OneLock(BackgroundScheduler):  # type: ignore[misc]  # APScheduler 3 has no types
    """APScheduler with one lock for all its parts."""

    def __init__(self, lock: Any, **options: Any) -> None:
        self._one_lock = lock
        super().__init__(**options)

    def _create_lock(self) -> Any:
        return self._one_lock


class _AsDue(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """Fires when the table of due times says so; rests while a run goes on."""

    def __init__(self, due: dict[str, datetime], name: str) -> None:
        self._due, self._name = due, name

    def get_next_fire_time(self, previous_fire_time: datetime | None, _now: datetime) -> datetime:
        due = self._due.get(self._name)
        if due is None or (previous_fire_time is not None and due <= previous_fire_time):
            return RESTING
        return due

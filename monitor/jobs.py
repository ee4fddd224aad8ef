"""The job table: what the daemon does and how often, without saying by which scheduler.

`monitor/schedule.py` runs the table on APScheduler in the daemon; replay, tests and drills run the same table on
a simulated clock with `run_simulated`. Jobs are short and idempotent; business deadlines live in the store.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.clock import SimulatedClock

COLLECT_POOL = "collect"
"""The thread pool of the sources; a stream's own pool begins with this name."""


@dataclass(frozen=True, slots=True)
class Job:
    """One recurring piece of work.

    `run(now)` may answer when it wants to run next (a source that backs off); None means after `every`.
    `aligned` jobs run on multiples of `every` since midnight UTC plus `offset`. `pool` names the thread pool, so
    that hanging sources never hold up escalation.
    """

    name: str
    every: timedelta
    run: Callable[[datetime], datetime | None]
    pool: str = "core"
    aligned: bool = False
    offset: timedelta = timedelta(0)

    def next_after(self, now: datetime, wanted: datetime | None = None) -> datetime:
        """When to run next: where it `wanted`, on its grid, or after `every`; always later than `now`."""
        if wanted is not None:
            return max(wanted, now + timedelta(seconds=1))
        if not self.aligned:
            return now + self.every
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + self.offset
        return midnight + ((now - midnight) // self.every + 1) * self.every


def run_simulated(jobs: Iterable[Job], clock: SimulatedClock, until: datetime) -> None:
    """Run the table on simulated time until `until` (inclusive), in order of due time, then of the table.

    Every job first runs when the simulation starts, aligned ones at their next grid point.
    """
    table = list(jobs)
    start = clock.now()
    queue = [(job.next_after(start) if job.aligned else start, i) for i, job in enumerate(table)]
    heapq.heapify(queue)
    while queue and queue[0][0] <= until:
        due, index = heapq.heappop(queue)
        clock.move_to(due)
        wanted = table[index].run(clock.now())
        heapq.heappush(queue, (table[index].next_after(clock.now(), wanted), index))
    clock.move_to(until)

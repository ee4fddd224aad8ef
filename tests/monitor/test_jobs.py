"""The job table on simulated time, and on APScheduler."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from monitor.clock import SimulatedClock, SystemClock
from monitor.jobs import COLLECT_POOL, Job, run_simulated
from monitor.schedule import Schedule

NOON = datetime(2026, 5, 4, 12, 1, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def noting(runs, name):
    def run(now):
        runs.append((name, now))

    return run


def test_jobs_run_in_order_of_time_and_then_of_the_table():
    runs = []
    clock = SimulatedClock(NOON)
    table = [Job("feed", 2 * MINUTE, noting(runs, "feed")), Job("tick", MINUTE, noting(runs, "tick"))]
    run_simulated(table, clock, NOON + 2 * MINUTE)
    assert [name for name, _ in runs] == ["feed", "tick", "tick", "feed", "tick"]
    assert clock.now() == NOON + 2 * MINUTE


def test_aligned_jobs_run_on_their_grid():
    runs = []
    job = Job("detect", 5 * MINUTE, noting(runs, "detect"), aligned=True, offset=timedelta(seconds=5))
    run_simulated([job], SimulatedClock(NOON), NOON + 10 * MINUTE)
    assert [now.strftime("%H:%M:%S") for _, now in runs] == ["12:05:05", "12:10:05"]


def test_a_job_may_say_when_it_wants_to_run_next():
    runs = []

    def run(now):
        runs.append(now)
        return now + 10 * MINUTE

    run_simulated([Job("slow", MINUTE, run)], SimulatedClock(NOON), NOON + 15 * MINUTE)
    assert runs == [NOON, NOON + 10 * MINUTE]


def test_a_wish_in_the_past_cannot_stop_time():
    job = Job("odd", MINUTE, lambda now: None)
    assert job.next_after(NOON, NOON - timedelta(hours=1)) > NOON


@pytest.fixture
def schedule():
    made = []

    def make(jobs):
        found = Schedule(jobs, SystemClock(), pool_sizes={"core": 2, "collect": 2})
        made.append(found)
        found.start()
        return found

    yield make
    for found in made:
        found.stop()


def test_a_failing_job_is_counted_and_runs_again(schedule):
    second = threading.Event()
    calls = []

    def run(now):
        calls.append(now)
        if len(calls) == 1:
            raise RuntimeError("once")
        second.set()

    running = schedule([Job("shaky", timedelta(milliseconds=10), run)])
    assert second.wait(10)
    assert running.failed["shaky"] == 1


def test_a_hanging_collector_does_not_hold_up_the_core(schedule):
    release, ticked = threading.Event(), threading.Event()
    jobs = [
        *(Job(f"collect:{n}", MINUTE, lambda now: release.wait(20) and None, pool="collect") for n in range(4)),
        Job("tick", MINUTE, lambda now: ticked.set()),
    ]
    schedule(jobs)
    try:
        assert ticked.wait(10)
    finally:
        release.set()


def test_replacing_the_table_drops_what_is_gone_and_starts_what_is_new(schedule):
    started = threading.Event()
    running = schedule([Job("old", timedelta(hours=1), lambda now: None)])
    running.replace([Job("new", timedelta(hours=1), lambda now: started.set())])
    assert started.wait(10)
    assert set(running.jobs) == {"new"}


def test_a_job_woken_while_it_runs_is_run_once_more(schedule):
    begun, release, again = threading.Event(), threading.Event(), threading.Event()

    def run(now):
        if begun.is_set():
            again.set()
        begun.set()
        release.wait(10)

    running = schedule([Job("clicks", timedelta(hours=1), run)])
    assert begun.wait(10)
    running.wake("clicks")
    release.set()
    assert again.wait(10)


def test_a_job_that_rests_can_be_woken_again_and_again(schedule):
    """A wake that came while APScheduler still counted the last run used to be refused, and the job lost."""
    ran = threading.Semaphore(0)
    running = schedule([Job("clicks", timedelta(hours=1), lambda now: ran.release() and None)])
    for _ in range(200):
        assert ran.acquire(timeout=10)
        running.wake("clicks")
    assert ran.acquire(timeout=10)


def test_streams_that_come_with_a_new_table_take_no_thread_from_the_sources_that_are_polled(schedule):
    """More of them than the pool has threads; one was polled before."""
    polled, over, streaming = threading.Semaphore(0), threading.Event(), threading.Semaphore(0)

    def stream(now):
        streaming.release()
        over.wait(30)

    def poll(now):
        polled.release()

    hour, moment = timedelta(hours=1), timedelta(milliseconds=10)
    rss = Job("collect:rss", moment, poll, pool=COLLECT_POOL)
    running = schedule([rss, Job("collect:0", hour, poll, pool=COLLECT_POOL)])
    assert polled.acquire(timeout=10)
    streams = [Job(f"collect:{n}", hour, stream, pool=f"{COLLECT_POOL}:{n}") for n in range(5)]
    try:
        running.replace([rss, *streams])
        running.wake("collect:0")
        for _ in streams:
            assert streaming.acquire(timeout=10)
        while polled.acquire(blocking=False):
            pass
        assert polled.acquire(timeout=10)
    finally:
        over.set()


def test_a_run_that_comes_late_counts_what_it_makes_up_for():
    clock = SimulatedClock(NOON)
    done = threading.Event()
    running = Schedule([Job("tick", MINUTE, lambda now: done.set())], clock, pool_sizes={"core": 1})
    held = threading.Event()
    running.jobs["first"] = Job("first", timedelta(hours=1), lambda now: held.wait(10) and None)
    running.jobs = {"first": running.jobs["first"], "tick": running.jobs["tick"]}
    running.start()
    clock.move_to(NOON + 5 * MINUTE)
    held.set()
    assert done.wait(10)
    running.stop()
    assert running.missed["tick"] == 5


def test_stopping_while_runs_end_never_hangs_and_never_warns():
    """Stopping used to wait for a worker that waited for the lock that stopping held."""
    for _ in range(50):
        jobs = [Job(f"quick:{n}", timedelta(milliseconds=1), lambda now: None) for n in range(4)]
        running = Schedule(jobs, SystemClock(), pool_sizes={"core": 4})
        running.start()
        stopping = threading.Thread(target=running.stop, daemon=True)
        stopping.start()
        stopping.join(10)
        assert not stopping.is_alive()

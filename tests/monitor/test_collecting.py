"""The source runner: a poll never raises, health tells the truth, and the next poll comes when it should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import SimulatedClock
from monitor.collecting import Report, SourceHealth, SourceRunner, blind_since
from monitor.collectors.backoff import LONGEST_WAIT, wait_after
from monitor.collectors.base import Batch, CollectContext, Cursor, SourceError, SourceOptions, WatchedThread
from monitor.mention import Mention, Refusal
from tests.fakes.sink import MemorySink

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
EVERY = timedelta(minutes=4)
Script = Callable[[Cursor, CollectContext], Iterator[Batch]]


def mention(number: int) -> Mention:
    return Mention("fake", f"f/{number}", "fake", f"text {number}", NOW)


@dataclass
class FakeHttp:
    """What the runner asks of a session."""

    left: float = 1.0

    def spare(self) -> float:
        return self.left

    def redact(self, text: str) -> str:
        return text.replace("hemligt", "[secret]")


@dataclass
class FakeCollector:
    """Does what its script says."""

    script: Script
    http: FakeHttp = field(default_factory=FakeHttp)
    fastest: timedelta = timedelta(seconds=30)
    type_name = "fake"
    Options = SourceOptions
    verified = True

    def collect(self, cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        return self.script(cursor, context)

    def check(self) -> str:
        return "Works."


def runner(script: Script, sink: MemorySink | None = None, **more: Any) -> SourceRunner:
    options = SourceOptions(type="fake", name="fake", every=EVERY)
    sink = MemorySink() if sink is None else sink
    return SourceRunner(options, FakeCollector(script), sink, SimulatedClock(NOW), rng=Random(1), **more)


def yields(*batches: Batch) -> Script:
    return lambda cursor, context: iter(batches)


def raises(exc: BaseException, *before: Batch) -> Script:
    def script(cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        yield from before
        raise exc

    return script


def test_batches_are_stored_one_by_one_with_their_cursors() -> None:
    """The second poll starts from the last stored cursor."""
    cursors: list[Cursor] = []

    def script(cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        cursors.append(cursor)
        yield Batch((mention(1),), cursor={"at": 1})
        yield Batch((mention(2), mention(1)), refusals=(Refusal("x", "y"),), cursor={"at": 2})
        yield Batch((mention(3),))

    run = runner(script)
    outcome = run.poll()
    run.poll()
    assert cursors == [{}, {"at": 2}]
    assert outcome.report == Report(taken=3, known=1, refused=1)
    assert (outcome.health.last_ok_at, outcome.health.last_mention_at, outcome.failed) == (NOW, NOW, False)


def test_what_is_to_be_done_after_storing_is_done_after_storing() -> None:
    """`on_stored` runs after its own batch was saved, and before the next is asked for."""
    sink = MemorySink()
    seen: list[int] = []
    done = Batch((mention(1),), on_stored=lambda: seen.append(len(sink.mentions)))
    runner(yields(done, Batch((mention(2),))), sink).poll()
    assert seen == [1]


def test_nothing_is_done_when_it_was_not_stored() -> None:
    """A store that fails keeps the cursor where it was, and the sentence says so."""
    sink = MemorySink(fail_next=[OSError("disk full: hemligt")])
    seen: list[int] = []
    outcome = runner(yields(Batch((mention(1),), cursor={"at": 1}, on_stored=lambda: seen.append(1))), sink).poll()
    assert seen == []
    assert sink.cursors == {}
    assert "cannot be stored" in outcome.health.error
    assert "hemligt" not in outcome.health.error


@pytest.mark.parametrize(
    "exc", [KeyError("hemligt"), RecursionError(), SourceError("a.example is down."), MemoryError()]
)
def test_a_poll_never_raises(exc: Exception) -> None:
    """Whatever a collector does becomes a sentence without secrets; what was stored before stays."""
    sink = MemorySink()
    outcome = runner(raises(exc, Batch((mention(1),), cursor={"at": 1})), sink).poll()
    assert outcome.failed
    assert outcome.report.taken == 1
    assert "hemligt" not in outcome.health.sentence()
    assert sink.load_cursor("fake") == {"at": 1}


def test_a_sink_that_is_gone_does_not_raise_either() -> None:
    """Not even the health can be written: the outcome still says it."""

    class Gone(MemorySink):
        def load_health(self, source: str) -> SourceHealth | None:
            raise RuntimeError("database is locked")

    outcome = runner(yields(), Gone()).poll()
    assert "database is locked" in outcome.health.error
    assert outcome.health.next_due_at is not None


def test_failing_since_and_recovery() -> None:
    """The first failure's time stays while it lasts and is gone afterwards."""
    sink = MemorySink()
    failing = runner(raises(SourceError("a.example is down.", remedy="Wait.")), sink)
    failing.poll()
    failing.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # it is simulated
    outcome = failing.poll()
    assert (outcome.health.failing_since, outcome.health.failures) == (NOW, 2)
    assert outcome.health.sentence() == "fake fails since 2026-01-12 12:00 UTC: a.example is down. Wait."
    well = runner(yields(), sink).poll()
    assert not well.failed
    assert (well.health.failures, well.health.error, well.health.sentence()) == (0, "", "fake works.")


def due_in(run: SourceRunner) -> timedelta:
    """How long after the poll's start the next one is due."""
    due = run.poll().health.next_due_at
    assert due is not None
    return due - NOW


def test_when_all_is_well_the_schedule_counts() -> None:
    """Within the last tenth of the interval, never later."""
    assert EVERY * 0.9 <= due_in(runner(yields())) <= EVERY


def test_the_interval_counts_from_the_start_of_a_poll() -> None:
    """A poll that takes a minute does not put the next one off by a minute."""

    def slow(cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        run.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined]  # it is simulated
        yield Batch()

    run = runner(slow)
    assert due_in(run) <= EVERY


@pytest.mark.parametrize("seconds", [1, 90, 3600])
def test_the_platforms_word_counts(seconds: int) -> None:
    """`retry_after` is kept, and a little more."""
    wait = timedelta(seconds=seconds)
    assert wait <= due_in(runner(raises(SourceError("Too often.", retry_after=wait)))) <= wait * 1.1


def test_permanent_errors_are_tried_seldom() -> None:
    """A person must act; a quarter of an hour later it may be done."""
    run = runner(raises(SourceError("Wrong token.", permanent=True)))
    assert due_in(run) == LONGEST_WAIT
    assert run.poll().health.permanent


@given(st.integers(1, 40), st.integers(0, 100))
def test_waits_grow_up_to_a_quarter_of_an_hour(failures: int, seed: int) -> None:
    """Never shorter than the back-off, never longer than the cap, whatever chance says."""
    sink = MemorySink()
    sink.save_health(SourceHealth("fake", failing_since=NOW, failures=failures - 1))
    run = runner(raises(SourceError("Down.")), sink)
    run.rng = Random(seed)
    assert wait_after(failures, EVERY) <= due_in(run) <= LONGEST_WAIT


def test_a_used_up_quota_is_no_failure() -> None:
    """A pause waits without an alarm."""
    run = runner(raises(SourceError("No more calls.", pause=True, retry_after=timedelta(minutes=30))))
    assert due_in(run) == timedelta(minutes=30)
    assert not run.poll().failed


def test_partial_failure_is_told_but_the_rest_goes_on() -> None:
    """The schedule stays, the sentence is there, and the source is not blind."""
    run = runner(raises(SourceError("1 of 3 cannot be read: x.", partial=True, retry_after=timedelta(hours=2))))
    assert due_in(run) <= EVERY
    run.clock.advance(EVERY)  # type: ignore[attr-defined]  # it is simulated
    health = run.poll().health
    assert health.failing_since == NOW
    assert blind_since(health, None, NOW + EVERY) is None
    run.collector.script = raises(SourceError("3 of 3 cannot be read: x."))  # type: ignore[attr-defined]  # the fake's
    run.clock.advance(EVERY)  # type: ignore[attr-defined]  # it is simulated
    assert blind_since(run.poll().health, None, NOW) == NOW + 2 * EVERY


def hot(source: str, now: datetime) -> CollectContext:
    return CollectContext(now, watched=(WatchedThread("fake", "f/1", None, 3, now, hot=True),))


@pytest.mark.parametrize(
    ("changes", "left", "expected"),
    [
        ({}, 1.0, timedelta(minutes=1)),
        ({"every_when_hot": timedelta(seconds=40)}, 1.0, timedelta(seconds=40)),
        ({"every_when_hot": timedelta(seconds=5)}, 1.0, timedelta(seconds=30)),
        ({"every_when_hot": timedelta(hours=1)}, 1.0, EVERY),
        ({}, 0.4, EVERY),
    ],
)
def test_polling_is_faster_while_something_grows(
    changes: dict[str, Any], left: float, expected: timedelta
) -> None:
    """A quarter of the interval (or as set), not below what is polite, and only while limits allow it."""
    run = runner(yields(), context_for=hot)
    run.options = run.options.model_copy(update=changes)
    run.collector.http.left = left  # type: ignore[attr-defined]  # the fake's
    assert expected * 0.9 <= due_in(run) <= expected


def test_a_hot_brand_counts_like_a_hot_thread() -> None:
    """The context can say so itself."""
    run = runner(yields(), context_for=lambda source, now: CollectContext(now, hot=True))
    assert due_in(run) <= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("script", "left", "said"),
    [
        (yields(Batch()), 1.0, True),
        (raises(SourceError("1 of 3 cannot be read: x.", partial=True)), 1.0, True),
        (raises(SourceError("Down.")), 1.0, False),
        (raises(SourceError("No more calls.", pause=True, retry_after=EVERY)), 1.0, False),
        (yields(Batch()), 0.4, False),
    ],
)
def test_what_was_read_again_is_noted_only_when_it_was(script: Script, left: float, said: bool) -> None:
    """Not after a failure, and not where what is left of the limits is kept for what is new."""
    done: list[str] = []
    asked: list[tuple[str, ...]] = []

    def noting(cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        asked.append(context.recheck)
        return script(cursor, context)

    def due(source: str, now: datetime) -> CollectContext:
        return CollectContext(now, recheck=("f/1",), rechecked=lambda: done.append(source))

    run = runner(noting, context_for=due)
    run.collector.http.left = left  # type: ignore[attr-defined]  # the fake's
    run.poll()
    assert asked == [("f/1",) if left == 1.0 else ()]
    assert done == ["fake"] * said


def test_stop_ends_a_poll_after_the_batch_under_way() -> None:
    """What was stored is kept; the rest comes with the next start."""
    stop = Event()

    def script(cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        for number in range(5):
            if context.stopping():
                return
            yield Batch((mention(number),), cursor={"at": number})
            stop.set()

    sink = MemorySink()
    outcome = runner(script, sink, stop=stop).poll()
    assert (outcome.stopped, outcome.report.taken) == (True, 1)
    assert sink.load_cursor("fake") == {"at": 0}


def test_a_long_stream_shows_that_it_lives() -> None:
    """While a poll runs for hours the health is written in between."""
    sink = MemorySink()
    seen: list[datetime | None] = []

    def stream(cursor: Cursor, context: CollectContext) -> Iterator[Batch]:
        for _ in range(10):
            run.clock.advance(timedelta(seconds=20))  # type: ignore[attr-defined]  # it is simulated
            yield Batch()
            found = sink.load_health("fake")
            seen.append(found.last_ok_at if found else None)

    run = runner(stream, sink)
    run.poll()
    assert seen[0] is None
    assert seen[-1] is not None
    assert run.clock.now() - seen[-1] < timedelta(seconds=40)


def test_blindness() -> None:
    """Failing, or silent for longer than ever normal; a source that is well and new is neither."""
    health = SourceHealth("fake", last_ok_at=NOW)
    later = NOW + timedelta(hours=3)
    assert blind_since(health, None, later) is None
    assert blind_since(health, timedelta(hours=4), later) is None
    assert blind_since(health, timedelta(hours=2), later) == NOW
    heard = replace(health, last_ok_at=later, last_mention_at=NOW)
    assert blind_since(heard, timedelta(hours=2), later) == NOW
    assert blind_since(SourceHealth("fake", failing_since=NOW), None, later) == NOW
    assert blind_since(SourceHealth("new"), timedelta(hours=1), later) is None

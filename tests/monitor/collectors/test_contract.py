"""The contract that every collector keeps: nothing lost or doubled, and a sentence when something is wrong."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from monitor.clock import SimulatedClock
from monitor.collectors.registry import collector_class, collector_types
from tests.fakes.platform_server import (
    ALWAYS,
    RATE_LIMIT_DIALECTS,
    Fault,
    cut_body,
    cut_silently,
    endless_body,
    html_page,
    no_connection,
    rate_limited,
    slow_body,
    status,
    timeout,
)
from tests.monitor.collectors.conftest import adapter_of
from tests.monitor.collectors.contract import START, Adapter, Bench, assert_is_sentence

MINUTE = timedelta(minutes=1)


def test_paging_to_the_end(bench: Bench) -> None:
    """More than three pages are read to the last post."""
    bench.post_many(bench.adapter.page_size * 3 + 2)
    assert not bench.poll_until_quiet().failed
    bench.assert_all_there()


def test_later_posts_follow(bench: Bench) -> None:
    """What is posted between polls comes with the next ones, over many rounds."""
    for round_ in range(5):
        bench.post_many(round_ + 1, f"round {round_}")
        bench.poll()
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_empty_page(bench: Bench) -> None:
    """Silence is no error, and what comes after it is seen."""
    assert not bench.poll().failed
    assert bench.sink.mentions == {}
    bench.post("nordtåg efter tystnaden")
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_nothing_new_is_cheap(bench: Bench) -> None:
    """A poll without news hands nothing on that was not handed on before."""
    bench.post_many(3)
    bench.poll_until_quiet()
    assert bench.poll().report.taken == 0
    bench.assert_all_there()


def test_not_modified(bench: Bench) -> None:
    """304 means nothing new, and the validators go on being sent."""
    bench.post_many(2)
    bench.poll()
    bench.adapter.platform.fail(status(304), times=ALWAYS)
    assert not bench.poll().failed
    bench.adapter.platform.recover()
    bench.post("nordtåg efteråt")
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_duplicate_pages(bench: Bench) -> None:
    """A page that comes twice doubles nothing and hides nothing."""
    bench.post_many(bench.adapter.page_size * 2)
    seen = []

    def twice(request, answer, clock):  # type: ignore[no-untyped-def]  # a Fault
        seen.append(answer(request))
        return seen[0]

    bench.adapter.platform.fail(twice, times=2)
    bench.poll()
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_late_arrival_below_the_cursor(bench: Bench) -> None:
    """A post that turns up late, dated well before what was read, is collected."""
    bench.post_many(3)
    bench.poll_until_quiet()
    bench.post("nordtåg sent inkommet", bench.adapter.latest)
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_out_of_order_pages(bench: Bench) -> None:
    """Posts that come in no order of time are all there."""
    for minutes in (5, 50, 1, 30, 20, 45, 3, 12):
        bench.post(f"nordtåg för {minutes} minuter sedan", minutes * MINUTE)
    bench.poll_until_quiet()
    bench.assert_all_there()


def echo(request: httpx.Request, answer: object, clock: object) -> httpx.Response:
    """A server that repeats what it was sent, the credentials too."""
    return httpx.Response(400, text=f"{request.url} {dict(request.headers)} {request.content!r}")


FAULTS: dict[str, Fault] = {
    "400": status(400, '{"error": "bad"}'),
    "400 with an echo": echo,
    "401": status(401, '{"error": "The access token is invalid"}'),
    "403": status(403, "<html>no</html>", {"content-type": "text/html"}),
    "404": status(404, '{"error": "Record not found"}'),
    "500": status(500, "oops"),
    "502": status(502, "<html>Bad gateway</html>", {"content-type": "text/html"}),
    "a web page with 200": html_page,
    "cut body": cut_body,
    "half a body": cut_silently,
    "slow body": slow_body,
    "endless body": endless_body,
    "no connection": no_connection,
    "timeout": timeout,
    "nothing": status(200, ""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_failing_server(bench: Bench, fault: str) -> None:
    """A sentence while it lasts; afterwards nothing is lost and the source is well."""
    bench.post_many(bench.adapter.page_size + 1)
    bench.poll()
    bench.post_many(bench.adapter.page_size + 1, "under felet")
    bench.adapter.platform.fail(FAULTS[fault], times=ALWAYS)
    outcome = bench.poll()
    if fault != "half a body":  # half a feed can be a feed
        assert_is_sentence(outcome)
    bench.adapter.platform.recover()
    bench.clock.advance(16 * MINUTE)
    assert not bench.poll_until_quiet().failed
    bench.assert_all_there()


@pytest.mark.parametrize("fault", ["500", "cut body", "half a body", "a web page with 200"])
def test_failing_in_the_middle_of_a_walk(bench: Bench, fault: str) -> None:
    """A walk that breaks off after a page is finished later, and the pages before are not lost."""
    bench.post_many(bench.adapter.page_size * 3)
    bench.adapter.platform.fail(FAULTS[fault], times=1, after=1)
    bench.poll()
    bench.clock.advance(16 * MINUTE)
    bench.poll_until_quiet()
    bench.assert_all_there()


@pytest.mark.parametrize("dialect", RATE_LIMIT_DIALECTS)
def test_rate_limited(bench: Bench, dialect: str) -> None:
    """429 in each dialect: the platform is left alone until it wants to be asked again, and nothing is lost."""
    bench.post_many(3)
    bench.adapter.platform.fail(rate_limited(dialect), times=ALWAYS)
    asked_at = bench.clock.now()
    outcome = bench.poll()
    assert outcome.health.next_due_at is not None
    if dialect != "nothing":
        assert outcome.health.next_due_at >= asked_at + timedelta(seconds=89)
        calls = len(bench.adapter.platform.requests)
        bench.runner.poll()
        assert len(bench.adapter.platform.requests) <= calls + 1
    bench.adapter.platform.recover()
    bench.clock.advance(16 * MINUTE)
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_endless_paging(bench: Bench) -> None:
    """A server that always names one more page neither holds a poll up nor hides what is new."""
    bench.post_many(3)
    bench.adapter.platform.endless = True  # type: ignore[attr-defined]  # fakes that page have it
    bench.poll()
    assert len(bench.adapter.platform.requests) < 200
    bench.post("nordtåg trots allt")
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_cursor_of_another_version(bench: Bench) -> None:
    """A stored cursor that makes no sense is no reason to stop: it is read anew."""
    bench.post_many(3)
    bench.sink.cursors[bench.runner.name] = '{"targets": 7, "since": {}, "seen": "x", "done": {}, "at": []}'
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_moved_cursor(bench: Bench) -> None:
    """After a pause of a day all that came meanwhile is fetched."""
    bench.post_many(2)
    bench.poll_until_quiet()
    bench.clock.advance(timedelta(hours=3))
    bench.post_many(bench.adapter.page_size + 2, "under avbrottet")
    bench.clock.advance(timedelta(hours=21))
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_clock_skew(bench: Bench) -> None:
    """A platform whose clock runs five minutes ahead or behind loses nothing."""
    bench.post("nordtåg ur framtiden", -5 * MINUTE)
    bench.poll_until_quiet()
    bench.post("nordtåg ur det förflutna", 5 * MINUTE)
    bench.post("nordtåg nu")
    bench.poll_until_quiet()
    bench.clock.advance(10 * MINUTE)
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_edit(bench: Bench) -> None:
    """A changed post takes the place of the old one."""
    global_id = bench.post("nordtåg är sena")
    bench.poll_until_quiet()
    bench.clock.advance(MINUTE)
    bench.adapter.edit(global_id, "nordtåg är inställda")
    bench.expected[global_id] = "nordtåg är inställda"
    bench.recheck = (global_id,)
    bench.poll()
    bench.poll()
    bench.assert_all_there()


def test_deletion(bench: Bench) -> None:
    """A post that is gone when it is read again is reported as removed, and only that one."""
    gone, kept = bench.post("nordtåg ångrar mig"), bench.post("nordtåg står för det")
    bench.poll_until_quiet()
    bench.adapter.delete(gone)
    bench.recheck = (gone, kept)
    bench.poll()
    bench.poll()
    assert {global_id for _, global_id in bench.sink.removed} == {gone}


def test_deleted_parent(bench: Bench) -> None:
    """A reply whose parent is gone is collected all the same."""
    parent = bench.post("nordtåg trådstart", MINUTE)
    bench.poll_until_quiet()
    bench.adapter.delete(parent)
    bench.post("nordtåg svar på något borta", parent=parent)
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_malformed_item(bench: Bench) -> None:
    """An item that makes no sense is reported and skipped; the others are kept."""
    bench.post("nordtåg före")
    bench.adapter.add_malformed()
    bench.post("nordtåg efter")
    outcome = bench.poll_until_quiet()
    assert not outcome.failed
    assert bench.sink.refusals
    bench.assert_all_there()


def test_killed_between_batches(bench: Bench) -> None:
    """Stopped after every single batch and started anew each time, it still gets everything once."""
    bench.post_many(bench.adapter.page_size * 3 + 1)
    bench.stop_after = 1
    for _ in range(15):
        bench.poll()
        bench.restart()
    bench.stop_after = None
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_store_that_fails(bench: Bench) -> None:
    """What could not be stored is fetched again, and the operator is told."""
    bench.post_many(3)
    bench.sink.fail_next = [OSError("No space left on device")]
    assert_is_sentence(bench.poll())
    bench.poll_until_quiet()
    bench.assert_all_there()


def test_calls_are_declared(bench: Bench) -> None:
    """It makes no call but GETs and those that it declares, and says who it is."""
    bench.post_many(3)
    bench.poll_until_quiet()
    declared = {entry.split()[0] for entry in collector_class(bench.adapter.type_name).non_get}
    assert {request.method for request in bench.adapter.platform.requests} <= {"GET", *declared}
    assert all("crisis-monitor/" in r.headers["user-agent"] for r in bench.adapter.platform.requests)


def test_check_says_whether_it_works(bench: Bench) -> None:
    """`check` is one sentence."""
    bench.post_many(1)
    told = bench.runner.collector.check()
    assert told.endswith(".")
    assert "\n" not in told


@pytest.mark.parametrize("type_name", sorted(collector_types()))
def test_cases_left_out_exist_and_have_a_reason(type_name: str, tmp_path: object) -> None:
    """An adapter cannot leave a case out by a typing mistake or without a word."""
    kind: type[Adapter] = adapter_of(type_name)
    cases = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert set(kind.not_applicable) <= cases
    assert all(len(reason) > 15 for reason in kind.not_applicable.values())


def test_adapters_start_at_a_fixed_time() -> None:
    """The suite does not depend on today."""
    assert SimulatedClock(START).now() == START

"""Limits: every dialect is understood, and a budget is never exceeded in any window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.collectors.base import SourceError
from monitor.collectors.rate_limits import LONGEST_WAIT, Budget, BudgetKeeper, Meter, read_quota, read_wait

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
END = NOW + timedelta(seconds=90)


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "90"},
        {"retry-after": format_datetime(END, usegmt=True)},
        {"x-ratelimit-reset": "2026-01-12T12:01:30.000000Z"},
        {"x-ratelimit-reset": "2026-01-12T13:01:30+01:00"},
        {"ratelimit-reset": str(int(END.timestamp()))},
        {"x-rate-limit-reset": str(int(END.timestamp()))},
        {"x-ratelimit-reset": str(int(END.timestamp() * 1000))},
        {"x-ratelimit-reset": "90"},
        {"rate-limit-reset": "90.0"},
        {"x-ratelimit-reset-after": "90.0", "x-ratelimit-reset": "1"},
        {"ratelimit": '"default";r=0;t=90'},
    ],
)
def test_every_dialect_says_ninety_seconds(headers: dict[str, str]) -> None:
    """Seconds, dates, ISO, epoch, milliseconds, drafts: one wait."""
    assert read_wait(headers, NOW) == timedelta(seconds=90)


def test_a_wrong_clock_here_does_no_harm() -> None:
    """Points in time are read against the platform's own Date."""
    headers = {"x-ratelimit-reset": str(int(END.timestamp())), "date": format_datetime(NOW, usegmt=True)}
    assert read_wait(headers, NOW + timedelta(hours=3)) == timedelta(seconds=90)


@pytest.mark.parametrize("value", ["", "soon", "-5", "Infinity", "nan", "Thu, 99 Foo", "9" * 40, "1e9"])
def test_nonsense_is_no_wait(value: str) -> None:
    """What cannot be read counts as not said."""
    assert read_wait({"retry-after": value}, NOW) is None


@given(st.text(max_size=40))
def test_no_header_can_break_it(value: str) -> None:
    """Any text gives nothing or a wait within bounds."""
    for name in ("retry-after", "x-ratelimit-reset", "ratelimit"):
        wait = read_wait({name: value, "x-ratelimit-remaining": value, "date": value}, NOW)
        assert wait is None or timedelta(seconds=1) <= wait <= LONGEST_WAIT


def test_waits_are_bounded() -> None:
    """Between a second and a day."""
    assert read_wait({"retry-after": "0"}, NOW) == timedelta(seconds=1)
    assert read_wait({"retry-after": "99999999"}, NOW) == LONGEST_WAIT
    assert read_wait({"x-ratelimit-reset": "2020-01-01T00:00:00Z"}, NOW) == timedelta(seconds=1)


def test_a_quota_needs_what_is_left_and_until_when() -> None:
    """Half a statement is none."""
    assert read_quota({"x-ratelimit-remaining": "5"}, NOW) is None
    assert read_quota({"x-ratelimit-reset": "60"}, NOW) is None
    quota = read_quota(
        {"x-ratelimit-remaining": "5.0", "x-ratelimit-reset": "60", "x-ratelimit-limit": "300, 300;w=1"}, NOW
    )
    assert quota is not None
    assert (quota.remaining, quota.limit, quota.resets_at) == (5, 300, NOW + timedelta(seconds=60))


@given(
    calls=st.integers(1, 400),
    minutes=st.integers(1, 60),
    gaps=st.lists(st.floats(0, 30), min_size=1, max_size=300),
)
def test_no_window_ever_holds_more_calls_than_the_budget(calls: int, minutes: int, gaps: list[float]) -> None:
    """However the calls come, in every window of the budget's length at most `calls` are let through."""
    per = timedelta(minutes=minutes)
    keeper, now, taken = BudgetKeeper(Budget(calls, per), NOW), NOW, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        if keeper.take(1, now) == timedelta(0):
            taken.append(now)
    for i, start in enumerate(taken):
        assert sum(1 for at in taken[i:] if at < start + per) <= calls


@settings(max_examples=15)
@given(st.integers(4, 1000))
def test_a_budget_is_used_and_not_only_kept(calls: int) -> None:
    """Asking every second for an hour gets at least half of what is allowed."""
    keeper = BudgetKeeper(Budget(calls, timedelta(hours=1)), NOW)
    got = sum(keeper.take(1, NOW + timedelta(seconds=s)) == timedelta(0) for s in range(3600))
    assert got >= min(calls, 3600) / 2


def test_the_wait_that_is_told_is_long_enough() -> None:
    """After the told wait the call goes through."""
    keeper = BudgetKeeper(Budget(8, timedelta(minutes=8)), NOW)
    assert [keeper.take(1, NOW) for _ in range(2)] == [timedelta(0)] * 2
    wait = keeper.take(1, NOW)
    assert wait > timedelta(0)
    assert keeper.take(1, NOW + wait) == timedelta(0)


def test_costly_calls_are_paid_off() -> None:
    """A call that costs more than may be saved up goes through once, and then the debt is waited for."""
    keeper = BudgetKeeper(Budget(100, timedelta(hours=1)), NOW)
    assert keeper.take(50, NOW) == timedelta(0)
    assert keeper.take(1, NOW + timedelta(minutes=10)) > timedelta(0)


def test_a_restart_does_not_give_a_days_quota_anew() -> None:
    """The state goes into a cursor and back; nonsense is ignored."""
    keeper = BudgetKeeper(Budget(100, timedelta(days=1)), NOW)
    while keeper.take(1, NOW) == timedelta(0):
        pass
    restarted = BudgetKeeper(Budget(100, timedelta(days=1)), NOW + timedelta(minutes=1))
    restarted.restore({"tokens": "x"})
    assert restarted.spare(NOW + timedelta(minutes=1)) == 1
    restarted.restore(keeper.state())
    assert restarted.take(1, NOW + timedelta(minutes=1)) > timedelta(0)
    assert restarted.take(1, NOW + timedelta(hours=1)) == timedelta(0)


def test_calls_under_way_are_counted_before_their_answers() -> None:
    """Two are left and three threads ask at once: the third waits."""
    meter = Meter(None, NOW)
    meter.after_answer({"x-ratelimit-remaining": "2", "x-ratelimit-reset": "60"}, NOW)
    meter.before_call("a.example", 1, NOW)
    meter.before_call("a.example", 1, NOW)
    with pytest.raises(SourceError) as caught:
        meter.before_call("a.example", 1, NOW)
    assert caught.value.pause
    # an answer that was on its way before counts no higher than what we know
    meter.after_answer({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "60"}, NOW)
    with pytest.raises(SourceError):
        meter.before_call("a.example", 1, NOW)
    meter.before_call("a.example", 1, NOW + timedelta(seconds=61))

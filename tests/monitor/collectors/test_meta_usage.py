"""Meta's percentages, read as what is left and how long to wait."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.collectors.base import SourceError
from monitor.collectors.meta_usage import CALLS, calls_left, time_to_regain
from monitor.collectors.rate_limits import Meter, read_quota, read_wait

NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


def app(**percent: float) -> dict[str, str]:
    return {"x-app-usage": json.dumps({"call_count": 1, "total_time": 1, "total_cputime": 1, **percent})}


def business(minutes: float = 0, **percent: float) -> dict[str, str]:
    meter = {"type": "pages", "call_count": 1, "total_cputime": 1, "total_time": 1, **percent}
    other = {"type": "instagram", "call_count": 3, "total_cputime": 0, "total_time": 0}
    told = {"123": [{**meter, "estimated_time_to_regain_access": minutes}], "456": [other]}
    return {"x-business-use-case-usage": json.dumps(told)}


@pytest.mark.parametrize("name", ["call_count", "total_time", "total_cputime"])
@pytest.mark.parametrize("header", [app, business])
def test_the_fullest_meter_counts(name: str, header: Any) -> None:
    """Any of the three throttles, so the highest is the one to look at."""
    half, most, over = (calls_left(header(**{name: percent})) for percent in (47.5, 94, 130))
    assert half == pytest.approx(CALLS / 2)
    assert most is not None
    assert 0 < most < CALLS / 50
    assert over == 0


def test_both_headers_at_once() -> None:
    """The app may be full while the page is not."""
    assert calls_left({**app(call_count=99), **business()}) == 0
    assert calls_left({**app(), **business(total_time=99)}) == 0


@given(st.text() | st.sampled_from(["[]", "7", '{"a": [1, null]}', '{"call_count": "9"}', '{"call_count": -1}']))
def test_nonsense_is_no_limit(text: str) -> None:
    """A header that cannot be read never stops a source."""
    for name in ("x-app-usage", "x-business-use-case-usage"):
        left = calls_left({name: text})
        assert left is None or left == CALLS
        assert time_to_regain({name: text}) is None


def test_the_wait_is_in_minutes() -> None:
    """`estimated_time_to_regain_access`; where none is told the limit is one on the last hour."""
    assert time_to_regain(business(minutes=19)) == timedelta(minutes=19)
    assert read_wait(business(minutes=19), NOW) == timedelta(minutes=19)
    assert read_wait(business(), NOW) is None
    assert read_wait({**business(minutes=19), "retry-after": "90"}, NOW) == timedelta(seconds=90)
    quota = read_quota(app(call_count=100), NOW)
    assert quota is not None
    assert (quota.remaining, quota.resets_at) == (0, NOW + timedelta(minutes=10))


def test_a_full_meter_pauses_the_account() -> None:
    """No call is made until access is regained; then it goes on by itself."""
    meter = Meter(None, NOW)
    meter.before_call("graph.example", 1, NOW)
    meter.after_answer(business(minutes=7, call_count=100), NOW)
    with pytest.raises(SourceError) as caught:
        meter.before_call("graph.example", 1, NOW + timedelta(minutes=6))
    assert caught.value.pause
    assert caught.value.retry_after == timedelta(minutes=1)
    meter.before_call("graph.example", 1, NOW + timedelta(minutes=7))


def test_many_calls_in_a_row_are_no_percentages() -> None:
    """A thousand quick calls on a big page's account are not taken for more than the platform says."""
    meter = Meter(None, NOW)
    for _ in range(1000):
        meter.before_call("graph.example", 1, NOW)
        meter.after_answer(business(call_count=10), NOW)
    assert 0.5 < meter.spare(NOW) < 0.9


def test_polling_slows_down_in_time() -> None:
    """The share that is left falls below a half long before the limit."""
    meter = Meter(None, NOW)
    meter.after_answer(app(call_count=60), NOW)
    assert meter.spare(NOW) < 0.5

"""Times in every spelling that platforms, desks and feeds use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.collectors.times import believable, dated, parse_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT = datetime(2026, 1, 12, 12, 34, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-12T12:34:56Z",
        "2026-01-12T12:34:56.000Z",
        "2026-01-12T13:34:56+01:00",
        "2026-01-12 12:34:56",
        "20260112T123456Z",
        "Mon, 12 Jan 2026 12:34:56 GMT",
        "Mon, 12 Jan 2026 13:34:56 +0100",
        "Tue, 12 Jan 2026 12:34:56 +0000",
        "Mån, 12 jan 2026 12:34:56 +0000",
        "12. jan. 2026 12:34:56 +0000",
        1768221296,
        1768221296.0,
        "1768221296",
        1768221296000,
        "1768221296000",
        1768221296000000,
        AT,
        AT.astimezone(tz=None),
        AT.replace(tzinfo=None),
    ],
)
def test_one_moment_in_many_spellings(value: object) -> None:
    """ISO, RFC 822, Nordic months, epochs of three sizes, datetimes."""
    assert parse_time(value) == AT


@pytest.mark.parametrize("month", ["maj", "mai", "May", "mai."])
def test_nordic_months(month: str) -> None:
    """Swedish, Danish and Norwegian names of months."""
    assert parse_time(f"17 {month} 2026 10:00:00 +0000") == datetime(2026, 5, 17, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["", "igår", "2026-13-01", None, True, [], {}, float("nan"), float("inf"), 10**30, "NaN", "1" * 400]
)
def test_what_is_no_time(value: object) -> None:
    """Anything else is None, never an exception."""
    assert parse_time(value) is None


@given(st.integers(631_152_000_000_000, 3_786_912_000_000_000).map(lambda us: EPOCH + timedelta(microseconds=us)))
def test_iso_and_epoch_agree(at: datetime) -> None:
    """Written as ISO or as milliseconds it is the same millisecond."""
    milliseconds = round(at.timestamp() * 1000)
    if milliseconds >= 1e11:
        found = parse_time(milliseconds)
        assert found is not None
        assert abs(found - at) <= timedelta(milliseconds=1)
    assert parse_time(at.isoformat()) == at


@given(st.one_of(st.text(max_size=40), st.floats(), st.integers()))
def test_nothing_breaks_it(value: object) -> None:
    """Any value gives None or an aware time."""
    found = parse_time(value)
    assert found is None or found.tzinfo is UTC or found.utcoffset() == timedelta(0)


NOW = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["1970-01-01", "1999-12-31T23:59:59Z", 0, "2099-01-01", NOW + timedelta(days=2.1)]
)
def test_a_time_that_no_post_can_have_is_refused_with_the_reason(value: object) -> None:
    """The limits are the store's."""
    with pytest.raises(ValueError, match=r"its date is \d{4}-\d\d-\d\d, (before|in the future)"):
        dated(value, NOW)
    assert believable(parse_time(value), NOW) is None


@pytest.mark.parametrize("value", ["2000-01-01", NOW - timedelta(days=400), NOW, NOW + timedelta(days=1.9)])
def test_a_time_that_a_post_can_have(value: object) -> None:
    """Back-fill, and clocks that are ahead."""
    assert dated(value, NOW) == believable(parse_time(value), NOW) == parse_time(value)


@pytest.mark.parametrize("value", [None, "", "förra tisdagen"])
def test_no_time_is_no_defect(value: object) -> None:
    """First sight counts."""
    assert dated(value, NOW) is None

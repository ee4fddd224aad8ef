"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from alerts.durations import Duration, format_duration, parse_duration

ADAPTER = TypeAdapter(Duration)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1w", 604_800), ("1H 5M", 3900)],
)
def test_it_reads(text: str, seconds: int) -> None:
    assert ADAPTER.validate_python(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("wrong", ["", "10", 10, "ten minutes", "m", "0m", "-5m", None, "1.5h"])
def test_it_refuses_the_rest_with_examples(wrong: object) -> None:
    with pytest.raises(ValidationError, match=r"10m|longer than nothing"):
        ADAPTER.validate_python(wrong)


@given(st.integers(1, 10**8))
def test_what_is_written_is_read_back(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert parse_duration(format_duration(length)) == length
    assert ADAPTER.validate_json(ADAPTER.dump_json(length)) == length


def test_nothing_is_written_as_nothing() -> None:
    assert format_duration(timedelta()) == "0s"

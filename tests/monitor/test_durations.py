"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from monitor.durations import Duration, format_duration, parse_duration


class Model(BaseModel):
    every: Duration = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("word", "seconds"),
    [
        ("90s", 90),
        ("5m", 300),
        ("1h", 3600),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1h30m", 5400),
        (" 1.5 H ", 5400),
        ("0s", 0),
    ],
)
def test_words(word: str, seconds: int) -> None:
    """Numbers with units, also several, also with fractions."""
    assert parse_duration(word) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "word", ["", "5", "5 minutes", "m", "-5m", "5m5", "1e3s", 5, None, True, "9999999d", "５m"]
)
def test_what_is_refused_is_told_with_an_example(word: object) -> None:
    """A bare number would be a guess."""
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(word)


@given(st.integers(0, 9 * 365 * 86_400).map(lambda s: timedelta(seconds=s)))
def test_what_is_written_is_read_back(value: timedelta) -> None:
    """Formatting and parsing are inverse."""
    assert parse_duration(format_duration(value)) == value


def test_in_a_model() -> None:
    """It validates, is written as a word, and describes itself."""
    assert Model(every="1h30m").model_dump_json() == '{"every":"1h30m"}'  # type: ignore[arg-type]  # as read from YAML
    assert Model.model_validate_json(Model().model_dump_json()) == Model()
    assert Model.model_json_schema()["properties"]["every"]["type"] == "string"
    with pytest.raises(ValidationError, match="expected a duration"):
        Model(every="soon")  # type: ignore[arg-type]  # as read from YAML

"""Promises in our own posts, in the languages of the north."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.promises import promise_in

TEN_PAST_ONE = datetime(2026, 2, 3, 12, 10, tzinfo=UTC)
"""13:10 in Stockholm."""


def minutes(text: str) -> float | None:
    found = promise_in(text, TEN_PAST_ONE, "Europe/Stockholm", timedelta(hours=2))
    return None if found is None else (found.due_at - TEN_PAST_ONE) / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("Vi återkommer inom en timme.", 60),
        ("Vi återkommer med mer information.", 120),
        ("Vi återkommer senast kl. 15", 110),
        ("Vi återkommer kl 15.30", 140),
        ("Vi kommer tilbake innen kl. 15", 110),
        ("Vi svarer deg innen 30 minutter", 30),
        ("Vi vender tilbage inden kl. 16.00", 170),
        ("Me kjem tilbake innan to timar, seinast klokka 15", 110),
        ("Palaamme asiaan klo 14.15", 65),
        ("Vastaamme kahden tunnin kuluessa", 120),
        ("Palaamme asiaan tunnin sisällä", 60),
        ("Vi hör av oss inom ett par timmar", 120),
        ("Vi svarer jer inden tre timer", 180),
        ("We will get back to you by 4 pm", 170),
        ("We'll update within 2 hours", 120),
        ("Vi återkommer kl. 3", 110),
        ("Vi återkommer kl. 8", 18 * 60 + 50),
        ("Vi hör av oss inom 2 dagar", 2880),
    ],
)
def test_a_promise_and_its_time(text: str, due: float) -> None:
    assert minutes(text) == due


@pytest.mark.parametrize(
    "text",
    ["", "Tack för att du hör av dig.", "Tåget går kl. 15.", "Hej! Vad har hänt?", "Vi beklagar förseningen."],
)
def test_what_promises_nothing(text: str) -> None:
    assert minutes(text) is None


def test_a_promise_is_kept_short_and_on_one_line() -> None:
    found = promise_in("Vi återkommer\n\n" + "a " * 500, TEN_PAST_ONE, "Europe/Oslo", timedelta(hours=1))
    assert found is not None
    assert len(found.text) <= 200
    assert "\n" not in found.text


@pytest.mark.parametrize("text", ["Vi återkommer kl. 99", "Vi återkommer kl. 15.75"])
def test_a_time_that_is_none_falls_back_to_the_usual(text: str) -> None:
    assert minutes(text) == 120

"""Copies share a key; different complaints do not."""

from __future__ import annotations

import pytest

from detectors.copies import copy_key

QUOTE = "Our fleet's on fleek. http://t.co/abc"


@pytest.mark.parametrize(
    "text",
    [
        f"RT @air: {QUOTE}",
        f"“@air: {QUOTE}” what is this",
        f'really? "@air: {QUOTE}"',
        "No. RT @air Our fleet’s on fleek.",
        "RT “@air: Our fleet's on fleek. http://t.co/zz” @someone",
    ],
)
def test_quotes_and_reposts_have_the_key_of_what_they_repeat(text: str) -> None:
    assert copy_key(text) == copy_key("RT @air: Our fleet's on fleek")


def test_links_handles_numbers_and_case_do_not_hide_a_copy() -> None:
    assert copy_key("@a My train 512 is LATE again today http://x.y/1") == copy_key(
        "my train 77 is late again today"
    )


def test_different_complaints_have_different_keys() -> None:
    assert copy_key("my train is late again today, thanks") != copy_key("my bag is lost again today, thanks")


@pytest.mark.parametrize("text", ["", "no", "terrible service!", "@a @b http://x.y", "@a the app is down again"])
def test_short_texts_of_ones_own_are_never_copies(text: str) -> None:
    assert copy_key(text) is None

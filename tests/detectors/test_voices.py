"""Cheering and defending are told by phrases, in whole words."""

from __future__ import annotations

import pytest

from detectors.voices import cheers_complainer, defends_brand


@pytest.mark.parametrize(
    "text",
    [
        "Stå på dig!",
        "Så fælt å høre",
        "STÅ PÅ!!",
        "Giv ikke op, Mette",
        "Tsemppiä sinne",
        "Don’t give up",
        "Håller med dig",
    ],
)
def test_support_for_the_complainer_is_heard_in_every_language(text: str) -> None:
    assert cheers_complainer(text)


@pytest.mark.parametrize("text", ["bestå på dig", "Förstå på det viset", "Takk for svar", "stakkarsen", ""])
def test_parts_of_words_are_not_support(text: str) -> None:
    assert not cheers_complainer(text)


@pytest.mark.parametrize("text", ["It's not their fault", "De gör sitt bästa", "Ikke deres feil at det snør"])
def test_defenders_are_heard(text: str) -> None:
    assert defends_brand(text)


def test_a_complaint_is_no_defence() -> None:
    assert not defends_brand("Where is my bag?")

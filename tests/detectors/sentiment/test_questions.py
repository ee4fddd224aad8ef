"""Questions with and without a question mark."""

from __future__ import annotations

import pytest

from detectors.sentiment import score_texts


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "var är mitt paket"),
        ("sv", "Hej, när öppnar ni"),
        ("sv", "Tack. Hur gör jag nu"),
        ("nb", "hvor er pakken min"),
        ("nn", "kvifor får eg ikkje svar"),
        ("da", "hvornår kommer toget"),
        ("fi", "missä minun paketti on"),
        ("en", "where is my bag"),
        ("en", "Is this on time?"),
    ],
)
def test_questions_are_recognised(language, text):
    assert score_texts([text], language)[0].is_question


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Mitt paket kom idag."),
        ("sv", "Vilken fantastisk service!"),
        ("nb", "Pakken kom i dag"),
        ("da", "Toget kom til tiden"),
        ("fi", "Paketti tuli tänään"),
        ("en", "My bag came today"),
        ("en", ""),
    ],
)
def test_statements_are_not_questions(language, text):
    assert not score_texts([text], language)[0].is_question

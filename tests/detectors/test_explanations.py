"""Every sentence is documented in two languages, and every placeholder is declared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from detectors.explanations import EXPLANATION_KEYS

DOCS = (Path(__file__).parents[2] / "docs" / "detection.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", DOCS, flags=re.MULTILINE))


def test_the_docs_have_exactly_the_sentences_that_there_are() -> None:
    assert set(ROWS) == set(EXPLANATION_KEYS)


@pytest.mark.parametrize("key", sorted(EXPLANATION_KEYS))
def test_both_sentences_use_only_declared_numbers(key: str) -> None:
    english, swedish = ROWS[key].split(" | ")
    for sentence in (english, swedish):
        assert set(re.findall(r"{(\w+)}", sentence)) <= set(EXPLANATION_KEYS[key])

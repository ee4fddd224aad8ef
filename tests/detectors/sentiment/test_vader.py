"""In pure mode the fast engine is VADER, to the digit."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from detectors.sentiment.vader import VaderEngine, package_constants

PACKAGE = SentimentIntensityAnalyzer()
ENGINE = VaderEngine()
SHARED = Path("/work/shared/data")
RULE_WORDS = """
    but no not never so this without doubt least at very kind of sort the shit bomb bad
    ass bus stop yeah right kiss death to die for or nor isn't can't good GOOD bad BAD
    great terrible really REALLY barely 😀 ❤ 😡 :) :( ! ? ?? !!!! ... , . (good) "bad" it
    was
    """.split()  # noqa: SIM905  # seventy words read better so


def theirs(text: str) -> float:
    """What the package says."""
    return PACKAGE.polarity_scores(text)["compound"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "The book was good.",
        "VADER is VERY SMART, uber handsome, and FRIGGIN FUNNY!!!",
        "At least it isn't a horrible book.",
        "good but good but bad but good",
        "no good, no bad and NO fun",
        "never so bad, without doubt the worst",
        "It was kind of good and sort of bad",
        "this is the shit, the bomb, to die for",
        "😀😀 good😀bad ❤",
        "least good, at least good, very least good",
        "??? !!!!!! good",
    ],
)
def test_compound_equals_the_package_on_rule_corners(text):
    assert ENGINE.compound(text) == theirs(text)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from([*RULE_WORDS, *sorted(package_constants().lexicon)[::40]]), max_size=30))
def test_compound_equals_the_package_on_generated_sentences(words):
    text = " ".join(words)
    assert ENGINE.compound(text) == theirs(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_compound_equals_the_package_on_any_text(text):
    assert ENGINE.compound(text) == theirs(text)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not on this machine")
def test_compound_equals_the_package_on_real_posts():
    with (SHARED / "mentions" / "airline_2015_jetblue.csv").open(encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    assert [ENGINE.compound(text) for text in texts] == [theirs(text) for text in texts]


def test_a_text_of_buts_costs_no_more_than_its_length():
    """The package's "but" rule is quadratic: 16,000 words take it 0.9 s."""
    text = "good bad but " * 20_000
    began = time.process_time()
    ENGINE.compound(text)
    assert time.process_time() - began < 2.0


def test_extra_words_add_and_replace():
    engine = VaderEngine({"flurble": -3.0, "good": 0.0})
    assert engine.compound("flurble") < -0.5
    assert engine.compound("good") == 0.0
    assert ENGINE.compound("good") > 0

"""What is remembered of words: bounded, and never a matter of the answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.sentiment import Scorer
from detectors.sentiment.memory import LONGEST, Remembered, pack, unpack

NUMBERS = st.integers(-(10**9), 10**9)
TEXTS = [
    "Toget er aflyst igen, og ingen svarer!",
    "Tåget är inställt - igen... 😡",
    "Juna ei kulje & kukaan ei vastaa",
    'No refund " no answer',
    "Eg veit ikkje kva eg skal gjere",
]


@given(st.lists(st.lists(NUMBERS, min_size=6, max_size=6), max_size=8))
def test_a_sum_of_packed_numbers_holds_the_sums(rows):
    sums = [sum(column) for column in zip(*rows, strict=True)] or [0] * 6
    assert unpack(sum(map(pack, rows)), 6) == sums


def test_a_word_is_worked_out_once():
    asked = []
    memory = Remembered(lambda word: asked.append(word) or len(word), 10)
    assert [memory["abc"], memory["abc"]] == [3, 3]
    assert asked == ["abc"]


@given(st.lists(st.text(max_size=3), max_size=50))
def test_it_never_holds_more_than_its_limit(words):
    memory = Remembered(str.upper, 5)
    assert [memory[word] for word in words] == [word.upper() for word in words]
    assert len(memory) <= 5


def test_a_pasted_blob_is_answered_and_not_kept():
    memory = Remembered(len, 5)
    assert memory["x" * (LONGEST + 1)] == LONGEST + 1
    assert not memory


def test_many_threads_get_the_same_answers_from_a_small_memory():
    memory = Remembered(str.upper, 3)
    words = [str(number) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: [memory[word] for word in words], range(16)))
    assert all(answer == words for answer in answers)


@pytest.mark.parametrize("language", ["sv", "nb", "da", "fi", "en", None])
def test_a_scorer_that_forgets_everything_scores_the_same(monkeypatch, language):
    fresh = [Scorer().score([text], language)[0] for text in TEXTS]
    monkeypatch.setattr("detectors.sentiment.judge._MEMORY", 1)
    forgetful = Scorer()
    assert forgetful.score(TEXTS * 2, language) == fresh * 2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(" ".join(TEXTS).split()), max_size=12), st.sampled_from(["sv", "da", "fi", "en"]))
def test_order_of_reading_does_not_matter(words, language):
    """What was scored before has no say: a scorer warm from other texts agrees with a cold one."""
    text = " ".join(words)
    warm = Scorer()
    warm.score(TEXTS, language)
    assert warm.score([text], language) == Scorer().score([text], language)

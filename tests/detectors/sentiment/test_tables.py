"""The head, the n-gram tables and the training of one's own."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.sentiment.head import WIDTH, Head, head_from, load_heads
from detectors.sentiment.ngrams import BUCKETS, NgramTable, bucket, load_ngrams, text_buckets, word_buckets
from detectors.sentiment.training import FEWEST, Labelled, accuracy, is_held_back, macro_f1, train_heads


@given(st.lists(st.floats(-5, 5), min_size=WIDTH, max_size=WIDTH), st.sampled_from(sorted(load_heads())))
def test_probabilities_sum_to_one(features, language):
    found = load_heads()[language].probabilities(features)
    assert sum(found) == pytest.approx(1)
    assert min(found) >= 0


def test_a_head_with_too_few_weights_is_refused():
    with pytest.raises(ValueError, match="three rows"):
        head_from({"weights": [[0.0]] * 3, "bias": [0, 0, 0]})


def test_a_flat_head_has_no_opinion():
    flat = Head(((0.0,) * WIDTH,) * 3, (0.0, 0.0, 0.0))
    assert flat.probabilities([1.0] * WIDTH) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


class TestNgrams:
    """The table weighs a text as the trainer's matrix does."""

    @pytest.fixture
    def weights(self):
        rng = random.Random(1)
        return [[rng.randint(-127, 127) for _ in range(BUCKETS)] for _ in range(2)]

    @pytest.fixture
    def table(self, weights):
        packed = b"".join(struct.pack(f"{BUCKETS}b", *row) for row in weights)
        return NgramTable(struct.pack("<2f", 1.0, 0.5) + packed)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        tokens=st.lists(
            st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12), min_size=1, max_size=8
        )
    )
    def test_evidence_equals_the_sum_over_the_trainers_rows(self, table, weights, tokens):
        rows = list(text_buckets(tokens))
        root = len(rows) ** 0.5
        negative, positive = table.evidence(tokens)
        assert negative == pytest.approx(sum(weights[0][row] for row in rows) / root)
        assert positive == pytest.approx(0.5 * sum(weights[1][row] for row in rows) / root)

    def test_no_words_no_evidence(self, table):
        assert table.evidence([]) == (0.0, 0.0)

    def test_hashes_never_change(self):
        assert bucket("wfel") == 16954
        assert all(0 <= row < BUCKETS for row in word_buckets("försening"))

    @pytest.mark.parametrize(("language", "word"), [("da", "elendig"), ("no", "kjedelig"), ("fi", "huono")])
    def test_shipped_tables_know_bad_words(self, language, word):
        negative, positive = load_ngrams(language).evidence([word])
        assert negative > positive

    def test_a_language_without_a_table_has_none(self):
        assert load_ngrams("sv") is None


ROWS = [
    Labelled(f"{word} nummer {number}", label, "sv")
    for number in range(60)
    for word, label in (("zorgelbra plupp :)", "negative"), ("fasligt usel dålig", "positive"))
]
"""Labels that contradict the lists."""


class TestTraining:
    """`train` moves the head towards the user's labels, and says by how much."""

    def test_labels_that_contradict_the_lists_are_learnt(self):
        heads, (row,) = train_heads(ROWS)
        assert set(heads) == {"sv"}
        assert row.accuracy_before < 0.3 < 0.8 < row.accuracy_after
        assert row.better

    def test_the_split_is_by_text_and_about_as_asked(self):
        texts = [f"text {number}" for number in range(2000)]
        assert 0.25 < sum(map(is_held_back, texts)) / 2000 < 0.35

    def test_training_is_deterministic(self):
        assert train_heads(ROWS)[0] == train_heads(ROWS)[0]

    def test_few_labels_are_refused_with_a_count(self):
        with pytest.raises(ValueError, match=f"at least {FEWEST}.*sv 5"):
            train_heads(ROWS[:5])

    def test_measures_are_the_usual_ones(self):
        assert accuracy(["a", "b"], ["a", "a"]) == 0.5
        assert macro_f1(["a", "b"], ["a", "b"]) == 1.0
        assert macro_f1(["a", "b"], ["b", "a"]) == 0.0

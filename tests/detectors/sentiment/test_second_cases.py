"""Fifty more posts a language by a third hand, scored once after the lists were done: what to expect of new posts.

Nobody who wrote a list or a rule had seen them, and none was changed after they had been scored; one number was
chosen with the Finnish ones in view (how much the n-grams are trusted). Whoever tunes on them takes that away:
write others then.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from detectors.sentiment import Score, Scorer

FOLDER = Path(__file__).parent / "second_cases"
NAMES = ("Tryg", "Power", "Komplett", "If", "Trygg-Hansa", "Fresh", "Bra", "Telia", "Elisa", "Apotek 1")
"""Watched names in the posts that are words as well."""
RIGHT_AT_LEAST = {"sv": 40, "nb": 41, "nn": 40, "da": 33, "fi": 38, "en": 36}
"""Of 50; on 22 November 2026 42, 43, 42, 35, 41 and 38 (with the lists of that morning 39, 41, 42, 31, 38, 37)."""
CALLED_HOSTILE_WRONGLY = {"Fuck hvor er jeg rasende på Telenor. Otte år som kunde og så til inkasso for 39 kr!!!"}
"""Coarse Danish swearing counts as hostile, because the readers of DKHate took it so."""


@cache
def scored(language: str) -> list[tuple[dict[str, str], Score]]:
    """The posts of a language, each with its score."""
    with (FOLDER / f"{language}.tsv").open(encoding="utf-8", newline="") as file:
        posts = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    scores = Scorer(mask=NAMES).score([post["text"] for post in posts], language)
    return list(zip(posts, scores, strict=True))


@pytest.mark.parametrize("language", RIGHT_AT_LEAST)
def test_the_labels_of_posts_that_nobody_tuned_on(language):
    right = sum(post["label"] == score.label for post, score in scored(language))
    assert len(scored(language)) == 50
    assert right >= RIGHT_AT_LEAST[language]


def test_hostile_posts_are_told_from_angry_ones():
    every = [pair for language in RIGHT_AT_LEAST for pair in scored(language)]
    found = sum(score.hostile for post, score in every if post["hostile"])
    wrong = {post["text"] for post, score in every if score.hostile and not post["hostile"]}
    assert found >= 10  # of 24: a veiled threat holds no hostile word
    assert wrong <= CALLED_HOSTILE_WRONGLY


@pytest.mark.parametrize("language", RIGHT_AT_LEAST)
def test_their_language_is_told(language):
    guessed = Scorer(mask=NAMES).score([post["text"] for post, _ in scored(language)])
    assert sum(score.language == language for score in guessed) >= 46

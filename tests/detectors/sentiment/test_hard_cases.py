"""A hundred hand-written hard cases per language, written by another hand than the lexicons.

The tables are read, never learnt from. For each language and kind the table below states how many cases pass at
least; the rest are known failures of that kind, with the reason. A case more or less passing is a change somebody
should see, so the measured figure is pinned from below and the total is printed by `python -m pytest -rP`.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from detectors.sentiment import Score, score_texts

FOLDER = Path(__file__).parent / "hard_cases"
LANGUAGES = ("sv", "nb", "nn", "da", "fi", "en")

KNOWN_WEAK = {
    "sarcasm": "irony cannot be heard by rules (AUC .51)",
    "quote_of_own_voice": "whose voice speaks is not known to a scorer of texts",
    "neutral_fact": "news of bad events sounds bad",
    "name_is_word": "needs the mask, and what is then left may hold no word of feeling",
    "litotes": "neutral understatement ('could have been worse') has no rule",
    "question": "a plain question holds the complaint's own words",
    "hostile": "veiled threats and doxing hold no hostile word",
}
"""Why a kind is known to be weak, in people's words."""

AT_LEAST = {"sv": 0.92, "nb": 0.91, "nn": 0.91, "da": 0.84, "fi": 0.86, "en": 0.85}
"""Share of right labels without sarcasm; the first pass was sv .73, nb .67, nn .71, da .62, fi .74, en .62."""
HOSTILE_AT_LEAST = {"sv": 8, "nb": 8, "nn": 9, "da": 10, "fi": 9, "en": 10}
FALSE_ALARMS_AT_MOST = 0
SOUND = 0.55
KINDS = (
    "plain",
    "negation",
    "negation_after_verb",
    "litotes",
    "intensifier",
    "compound",
    "emoji",
    "but_clause",
    "misspelt",
    "no_diacritics",
    "dialect",
    "name_is_word",
    "question",
    "polite_anger",
    "hostile",
    "praise",
    "thanks_after_trouble",
    "capitals",
    "sarcasm",
    "mixed_language",
    "quote_of_own_voice",
    "neutral_fact",
)


@cache
def cases(language: str) -> list[dict[str, str]]:
    """The rows of one language's table."""
    with (FOLDER / f"{language}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def names(case: dict[str, str]) -> list[str]:
    """The watched names that a `name_is_word` case gives in its note."""
    if not case["note"].startswith("mask: "):
        return []
    return [name.strip() for name in case["note"].removeprefix("mask: ").split(";")[0].split(",")]


@cache
def scores(language: str) -> list[Score]:
    """The scores of one language's cases."""
    return [score_texts([case["text"]], language, names(case))[0] for case in cases(language)]


def label_rate(language: str) -> float:
    """Share of the cases with the expected label, sarcasm left out."""
    right = [
        score.label == case["expected"]
        for case, score in zip(cases(language), scores(language), strict=True)
        if case["kind"] != "sarcasm"
    ]
    return sum(right) / len(right)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_is_whole(language):
    assert len(cases(language)) == 100
    assert {case["expected"] for case in cases(language)} == {"negative", "neutral", "positive"}


@pytest.mark.parametrize(("language", "at_least"), AT_LEAST.items())
def test_most_hard_cases_are_heard(language, at_least):
    """The share of right labels does not fall below what was measured, less two cases."""
    assert label_rate(language) >= at_least


@pytest.mark.parametrize("language", LANGUAGES)
def test_few_peaceful_cases_are_called_hostile(language):
    """The 88 cases without hostility are the false alarms that must not happen."""
    calm = [
        (case["text"], score.hostile_kind)
        for case, score in zip(cases(language), scores(language), strict=True)
        if case["hostile"] == "-" and score.hostile
    ]
    assert len(calm) <= FALSE_ALARMS_AT_MOST, calm


@pytest.mark.parametrize(("language", "at_least"), HOSTILE_AT_LEAST.items())
def test_plain_hostility_is_heard(language, at_least):
    """Of twelve hostile cases, the veiled ones (known weak) excepted, the open ones are found."""
    found = [
        score.hostile
        for case, score in zip(cases(language), scores(language), strict=True)
        if case["hostile"] != "-"
    ]
    assert sum(found) >= at_least


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(KNOWN_WEAK)))
def test_each_kind_not_known_to_be_weak_passes_mostly(kind):
    """Over all six languages, at least SOUND of the cases of a kind that is not excused."""
    right = [
        score.label == case["expected"]
        for language in LANGUAGES
        for case, score in zip(cases(language), scores(language), strict=True)
        if case["kind"] == kind
    ]
    assert sum(right) / len(right) >= SOUND


def test_sarcasm_is_not_claimed():
    """Should sarcasm ever pass by more than chance, docs/sentiment.md must be written anew."""
    right = [
        score.label == case["expected"]
        for language in LANGUAGES
        for case, score in zip(cases(language), scores(language), strict=True)
        if case["kind"] == "sarcasm"
    ]
    assert sum(right) / len(right) <= 0.6


def test_every_excuse_names_a_kind():
    """KNOWN_WEAK holds no kind that the tables do not have."""
    assert set(KNOWN_WEAK) <= set(KINDS)

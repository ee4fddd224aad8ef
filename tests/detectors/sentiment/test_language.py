"""Which language a post is in."""

from __future__ import annotations

from pathlib import Path

import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from detectors.sentiment.language import LanguageGuesser, trained_scores

NORDIAL = Path("/work/shared/data/sentiment/langid_nordial.tsv")
CODES = ["sv", "no", "nn", "da", "fi", "en"]
GUESSER = LanguageGuesser()
POSTS = {
    "sv": [
        "Tåget är inställt igen",
        "vad är det här för något",
        "Ni har fått mina pengar",
        "hej var är mitt paket",
    ],
    "nb": ["Toget er innstilt igjen", "hva er dette for noe", "Dere har fått pengene mine", "jeg venter fortsatt"],
    "nn": [
        "Eg veit ikkje kva dette er",
        "Kvifor kjem ikkje toget",
        "Me har ikkje fått noko svar",
        "dei er betre no",
    ],
    "da": [
        "Toget er aflyst igen",
        "hvad er det her for noget",
        "I har fået mine penge",
        "jeg venter stadig på svar",
    ],
    "fi": ["Juna on peruttu taas", "mikä tämä oikein on", "Olette saaneet rahani", "missä mun paketti on"],
    "en": ["The train is cancelled again", "what is this", "You have got my money", "where is my parcel"],
}


@pytest.mark.parametrize(
    ("language", "post"), [(language, post) for language in POSTS for post in POSTS[language]]
)
def test_short_posts_are_told_apart(language, post):
    assert GUESSER.guess(post) == language


@pytest.mark.parametrize("post", ["", "😡😡😡", "12345", "https://x.y", "ÆØÅ"])
def test_posts_without_words_get_some_language_and_no_error(post):
    assert GUESSER.guess(post) in POSTS


def test_only_languages_in_play_are_answered():
    assert LanguageGuesser(["sv", "fi"]).guess("The train is cancelled again") in ("sv", "fi")


def test_a_mixed_post_goes_with_most_of_its_words():
    assert GUESSER.guess("Fick mitt paket idag men det var trasigt, so sad") == "sv"


def test_a_prior_tips_an_even_case_but_not_a_clear_one():
    assert GUESSER.guess("ok", {"fi": 1.0}) == "fi"
    assert GUESSER.guess("Tåget är inställt igen och jag får inte något svar", {"fi": 0.7, "sv": 0.3}) == "sv"


@pytest.mark.skipif(not NORDIAL.exists(), reason="the shared data are not on this machine")
def test_bokmaal_and_nynorsk_tweets_are_told_apart():
    """Tweets that no table was made from."""
    rows = [line.split("\t")[:2] for line in NORDIAL.read_text("utf-8").split("\n")[1:] if "\t" in line]
    rows = [(text, label) for text, label in rows if label in ("nb", "nn")]
    guesser = LanguageGuesser(("nb", "nn"), words_only=True)
    assert sum(guesser.guess(text) == label for text, label in rows) / len(rows) > 0.9


@pytest.mark.parametrize("language", ["sv", "da", "fi", "en", "nn"])
def test_the_sum_over_pieces_agrees_with_py3langid_itself(language):
    """The numbers are py3langid's: on a plain sentence the likeliest language is the one it names."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(["sv", "no", "da", "fi", "en", "nn"])
    for post in POSTS[language]:
        scores = trained_scores(post.split())
        assert identifier.classify(post)[0] == CODES[scores.index(max(scores))]

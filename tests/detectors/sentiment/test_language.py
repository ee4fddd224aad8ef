"""Which language a post is in."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from detectors.sentiment.language import LanguageGuesser, letters_of, trained_scores

NORDIAL = Path("/work/shared/data/sentiment/langid_nordial.tsv")
CODES = ["sv", "no", "nn", "da", "fi", "en"]
GUESSER = LanguageGuesser()
WORDS = LanguageGuesser(words_only=True)
LETTERS = re.compile(r"[^\W\d_]+")
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


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("sv", "bokningsbekräftelsens"),
        ("nn", "bestillingsløysingane"),
        ("da", "bestillingsbekræftelsens"),
        ("fi", "varausvahvistuksissanne"),
        ("en", "thoughtlessnesses"),
    ],
)
def test_a_word_that_no_table_holds_is_judged_by_its_letters(language, word):
    assert WORDS.guess(word) == language


def test_lengthened_letters_do_not_hide_a_word():
    assert WORDS.guess("ikkjeeeee") == "nn"
    assert WORDS.scores("någonnnnn") == WORDS.scores("någon")


@given(st.text(st.characters(categories=["L"]), min_size=1, max_size=100))
def test_no_word_speaks_against_a_language_by_more_than_a_bound(word):
    """Else one long word would outvote a sentence."""
    scores = WORDS.scores(word).values()
    assert max(scores) - min(scores) < 5.5 * max(1, len(LETTERS.findall(word.lower())))


@given(st.lists(st.sampled_from([post for posts in POSTS.values() for post in posts]), max_size=4))
def test_the_order_of_words_is_of_no_account(posts):
    words = " ".join(posts).split()
    assert WORDS.scores(" ".join(words)) == pytest.approx(WORDS.scores(" ".join(reversed(words))))


def test_the_letters_of_a_word_with_its_ends_marked():
    assert letters_of("på") == ["p", "å", "^p", "på", "å$", "^på", "på$", "^på$"]


def test_py3langid_has_no_say_between_bokmaal_and_nynorsk():
    """It takes every fourth Nynorsk post for Bokmål, so what our words say of the two must stand."""
    pair = ("nb", "nn")
    for post in (*POSTS["nb"], *POSTS["nn"], "Bussen", "pakka mi", "og"):
        alone = LanguageGuesser(pair, words_only=True).scores(post)
        asked = LanguageGuesser(pair).scores(post)
        assert asked["nb"] - asked["nn"] == pytest.approx(alone["nb"] - alone["nn"])


@pytest.mark.parametrize("name", ["words", "letters"])
def test_the_tables_are_small_and_name_their_licence(name):
    table = files("detectors.sentiment").joinpath("models", f"languages.{name}.tsv")
    text = table.read_text("utf-8")
    assert len(text.encode()) < 150_000
    assert "CC BY-SA 4.0" in text.split("\n")[1]
    names = [one for line in text.splitlines() if not line.startswith("#") for one in line.split("\t")[-1].split()]
    assert len(names) == len(set(names))


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

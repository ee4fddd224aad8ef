"""What a platform says of a post's language is weighed, not obeyed."""

from __future__ import annotations

import pytest

from detectors.sentiment.scorer import Scorer, likely, score_texts

POSTS = {
    "sv": "Tåget är inställt igen och ingen svarar",
    "nb": "Hvorfor er toget innstilt igjen, jeg får ikke noe svar",
    "nn": "Toget er innstilt att og ingen svarar, eg veit ikkje kvifor",
    "da": "Toget er aflyst igen, og ingen svarer på noget",
    "fi": "Juna on peruttu taas eikä kukaan vastaa",
    "en": "The train is cancelled again and nobody answers",
}


@pytest.mark.parametrize("language", POSTS)
@pytest.mark.parametrize("told", [*POSTS, "sv-SE", "en_GB", "no", "de", None])
def test_a_clear_text_outweighs_the_tag(language, told):
    """Apps send their own language along, whatever their users write."""
    assert score_texts([POSTS[language]], [told])[0].language == language


@pytest.mark.parametrize("text", ["ok", "👍", "Nordtåg 4711", "super", ""])
@pytest.mark.parametrize("told", POSTS)
def test_a_text_that_says_little_follows_the_tag(text, told):
    assert score_texts([text], [told], ["Nordtåg"])[0].language == told


@pytest.mark.parametrize("told", POSTS)
def test_one_tag_for_all_is_final(told):
    assert {score.language for score in score_texts(list(POSTS.values()), told)} == {told}


def test_a_tag_whose_language_is_not_in_play_is_believed():
    """There is nothing to weigh it against."""
    assert Scorer(languages=["sv", "da"]).score(["ok"], ["fi"])[0].language == "fi"


def test_a_prior_that_is_given_outranks_what_the_tags_say():
    assert score_texts(["ok"], ["fi"], prior={"da": 1.0})[0].language == "da"


def test_norwegian_means_either_kind():
    assert dict(likely("no")) == {"nb": 1.0, "nn": 1.0}
    assert dict(likely("nn")) == {"nn": 1.0}
    assert not likely("de")

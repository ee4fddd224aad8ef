"""What callers rely on: order, determinism, masks, own words, versions, languages, plug-ins."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.sentiment import LANGUAGES, SCORER_VERSION, Score, Scorer, score_texts

ANGRY = {
    "sv": "Usel kundtjänst, har väntat i tre veckor och ingen svarar!",
    "nb": "Elendig kundeservice, har ventet i tre uker og ingen svarer!",
    "nn": "Elendig kundeservice, eg har venta i tre veker og dei svarar ikkje!",
    "da": "Elendig kundeservice, har ventet i tre uger og ingen svarer!",
    "fi": "Surkea asiakaspalvelu, odotin kolme viikkoa eikä kukaan vastaa!",
    "en": "Terrible customer service, been waiting for three weeks and nobody answers!",
}
HAPPY = {
    "sv": "Fantastisk service, snabb leverans och trevlig personal!",
    "nb": "Fantastisk service, rask levering og hyggelige folk!",
    "nn": "Fantastisk service, rask levering og hyggelege folk!",
    "da": "Fantastisk service, hurtig levering og søde medarbejdere!",
    "fi": "Loistava palvelu, nopea toimitus ja ystävällinen henkilökunta!",
    "en": "Fantastic service, quick delivery and friendly staff!",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_anger_and_praise_are_heard(language):
    angry, happy = score_texts([ANGRY[language], HAPPY[language]], language)
    assert (angry.label, happy.label) == ("negative", "positive")
    assert angry.p_negative > 0.6 > 0.3 > happy.p_negative
    assert angry.compound < 0 < happy.compound


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_is_found_without_being_told(language):
    assert score_texts([ANGRY[language]])[0].language == language


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=120), max_size=5), st.sampled_from([*LANGUAGES, "no", "sv-SE", None]))
def test_every_text_gets_a_score_in_range(texts, language):
    scores = score_texts(texts, language)
    assert len(scores) == len(texts)
    for score in scores:
        assert -1 <= score.compound <= 1
        assert 0 <= score.p_negative <= 1
        assert score.label in ("negative", "neutral", "positive")
        assert score.hostile == (score.hostile_kind is not None)
        assert score.language in LANGUAGES


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([*ANGRY.values(), *HAPPY.values()]), min_size=1, max_size=6))
def test_a_text_scores_the_same_alone_and_in_company(texts):
    assert score_texts(texts, "sv") == [score_texts([text], "sv")[0] for text in texts]


def test_many_threads_give_the_same_scores():
    texts = list(ANGRY.values()) * 30
    alone = Scorer().score(texts)
    shared = Scorer()
    with ThreadPoolExecutor(8) as pool:
        assert all(found == alone for found in pool.map(lambda _: shared.score(texts), range(8)))


def test_languages_may_differ_by_text():
    scores = score_texts([ANGRY["sv"], ANGRY["fi"], ANGRY["da"]], ["sv", None, "da"])
    assert [score.language for score in scores] == ["sv", "fi", "da"]


def test_as_many_languages_as_texts_or_an_error():
    with pytest.raises(ValueError):
        score_texts(["a", "b"], ["sv"])


def test_no_is_norwegian_of_either_kind():
    bokmaal, nynorsk = score_texts([ANGRY["nb"], "Eg veit ikkje kva eg skal gjere, dei svarar ikkje"], "no")
    assert (bokmaal.language, nynorsk.language) == ("nb", "nn")


@pytest.mark.parametrize(
    ("text", "names", "language"),
    [
        ("Tryg har sendt et brev", ["Tryg"], "da"),
        ("Komplett har kontor i Sandefjord", ["Komplett"], "nb"),
        ("@united my flight is at six", [], "en"),
        ("Mail till bra.service@toppen.se idag", [], "sv"),
    ],
)
def test_names_handles_and_addresses_are_not_scored(text, names, language):
    masked = score_texts([text], language, names)[0]
    nothing = text
    for word in (*names, "@united", "bra.service@toppen.se"):
        nothing = nothing.replace(word, "")
    assert masked.p_negative == score_texts([nothing], language)[0].p_negative


def test_a_mask_of_the_scorer_and_of_the_call_add_up():
    scorer = Scorer(mask=["Tryg"])
    both = scorer.score(["Tryg og Komplett"], "da", ["Komplett"])[0]
    assert both.p_negative == score_texts(["og"], "da")[0].p_negative


class TestOwnWords:
    """A brand's own words outrank the lists and the n-grams."""

    def test_a_word_can_be_silenced(self):
        text = "Der er strejke i morgen"
        silenced = Scorer(own_words={"da": {"strejke": 0}})
        assert silenced.score([text], "da")[0].p_negative < score_texts([text], "da")[0].p_negative

    def test_a_word_can_be_turned(self):
        text = "Den nya appen är grym"
        turned = Scorer(own_words={"sv": {"grym": -3}})
        assert score_texts([text], "sv")[0].label == "positive"
        assert turned.score([text], "sv")[0].label == "negative"

    def test_a_star_means_every_language(self):
        scorer = Scorer(own_words={"*": {"blorp": -4}})
        assert {scorer.score(["blorp"], language)[0].label for language in LANGUAGES} == {"negative"}

    def test_other_languages_keep_theirs(self):
        scorer = Scorer(own_words={"sv": {"bra": -4}})
        assert scorer.score([HAPPY["da"]], "da") == score_texts([HAPPY["da"]], "da")

    def test_an_unknown_language_is_refused_by_name(self):
        with pytest.raises(ValueError, match="'de'"):
            Scorer(own_words={"de": {"gut": 2}})


class TestVersion:
    """A version names everything that can change a score."""

    def test_it_is_stable(self):
        assert Scorer().version == Scorer().version
        assert SCORER_VERSION

    @pytest.mark.parametrize(
        "other",
        [
            Scorer(mask=["Tryg"]),
            Scorer(own_words={"sv": {"strejk": 0}}),
            Scorer(languages=["sv"]),
        ],
    )
    def test_it_changes_with_what_changes_scores(self, other):
        assert other.version != Scorer().version

    def test_the_order_of_own_words_does_not_matter(self):
        first = Scorer(own_words={"sv": {"a": 1, "b": 2}})
        assert first.version == Scorer(own_words={"sv": {"b": 2, "a": 1}}).version


class TestLanguages:
    """Only the languages in play are answered."""

    def test_a_single_language_is_never_guessed(self):
        assert Scorer(languages=["fi"]).score([ANGRY["sv"]])[0].language == "fi"

    def test_no_stands_for_both_kinds(self):
        assert Scorer(languages=["no"]).score([ANGRY["nn"]])[0].language == "nn"

    @pytest.mark.parametrize("languages", [["de"], []])
    def test_unknown_languages_are_refused(self, languages):
        with pytest.raises(ValueError, match="known are"):
            Scorer(languages=languages)

    def test_a_prior_decides_what_the_text_leaves_open(self):
        scorer = Scorer()
        guesses = {
            language: scorer.score(["ok"], prior={language: 0.95, "en": 0.01})[0].language
            for language in ("sv", "fi")
        }
        assert guesses == {"sv": "sv", "fi": "fi"}


def everything_is_fine(texts):
    """A plug-in that likes every text."""
    return [(0.0, 0.1, 0.9)] * len(texts)


def too_few(texts):
    """A broken plug-in."""
    return []


class TestPlugIn:
    """A model of the user's own replaces the head; hostility and language stay ours."""

    @pytest.fixture(autouse=True)
    def importable(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "own_models", sys.modules[__name__])

    def test_its_probabilities_are_the_scores(self):
        scorer = Scorer(model="own_models:everything_is_fine")
        assert scorer.score([ANGRY["sv"]], "sv") == [Score(0.9, "positive", 0.0, "sv")]
        assert scorer.version != Scorer().version

    def test_a_model_that_answers_short_is_an_error(self):
        with pytest.raises(ValueError, match="0 answers for 1"):
            Scorer(model="own_models:too_few").score(["x"], "sv")

    @pytest.mark.parametrize("path", ["nowhere:f", "own_models:nothing", "own_models", "own_models:ANGRY", ""])
    def test_what_cannot_be_used_is_said(self, path):
        if path == "":
            assert Scorer(model=path).score(["x"], "sv")
            return
        with pytest.raises(ValueError, match="model"):
            Scorer(model=path)


def test_importing_is_light():
    """No pandas, ruptures, scikit-learn or numpy comes along."""
    code = (
        "import sys, detectors.sentiment as s; s.Scorer\n"
        "heavy = {'pandas', 'ruptures', 'sklearn', 'scipy', 'numpy', 'py3langid'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_book_is_cut_and_scored_quickly():
    assert score_texts(["men inte bra " * 100_000], "sv")[0].language == "sv"

"""The grammar of the Nordic languages, rule by rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.sentiment.engine import NordicEngine
from detectors.sentiment.english import EnglishEngine
from detectors.sentiment.features import NAMES, features
from detectors.sentiment.lexicon import entries, list_text, rows

ENGINES = {language: NordicEngine(language) for language in ("sv", "no", "da", "fi")}


def total(language: str, text: str) -> float:
    """Sum of the valences found."""
    return sum(value for value, _ in ENGINES[language].read(text).hits)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Jag är inte nöjd"),
        ("sv", "Appen fungerar inte"),
        ("sv", "Gillar jag inte"),
        ("sv", "De var otrevliga"),
        ("sv", "Rekommenderar aldrig dem"),
        ("no", "Jeg er ikke fornøyd"),
        ("no", "Anbefaler ikke dette"),
        ("no", "Eg likar ikkje dette"),
        ("da", "Jeg er ikke tilfreds"),
        ("da", "Det virker ikke"),
        ("fi", "En ole tyytyväinen"),
        ("fi", "Sovellus ei toimi"),
        ("fi", "Olen tyytymätön"),
        ("da", "Det kunne have været gjort bedre"),
        ("da", "Har fået bedre behandling andre steder"),
        ("da", "Før i tiden var det godt"),
        ("da", "Har stadig ikke modtaget varen"),
        ("fi", "Olisi voinut hoitaa paremmin"),
        ("fi", "Parempaakin on saatu muualta"),
        ("fi", "Tilaus jäi toimittamatta"),
        ("fi", "Ei oo kuulunu mitään"),
    ],
)
def test_negation_before_and_after_turns_praise(language, text):
    assert total(language, text) < 0


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Inga problem alls"),
        ("sv", "Inte dåligt"),
        ("sv", "Helt utan krångel"),
        ("no", "Ikke verst"),
        ("no", "Ingen problemer"),
        ("da", "Slet ikke dårligt"),
        ("fi", "Ei hullumpi"),
        ("da", "Ingen ventetid overhovedet"),
        ("da", "Jeg har aldrig haft problemer med dem"),
        ("da", "Ikke noget at udsætte på betjeningen"),
        ("fi", "Ei ollut yhtään pöllömpi reissu"),
        ("fi", "Sujui ilman mitään ongelmia"),
        ("fi", "En ole katunut"),
    ],
)
def test_understatement_and_denied_trouble_are_praise(language, text):
    assert total(language, text) > 0


@pytest.mark.parametrize(
    ("language", "weak", "strong"),
    [
        ("sv", "bra", "jättebra"),
        ("sv", "dåligt", "skitdåligt"),
        ("sv", "dåligt", "väldigt dåligt"),
        ("no", "bra", "kjempebra"),
        ("no", "dårlig", "veldig dårlig"),
        ("da", "dårligt", "pissedårligt"),
        ("fi", "huono", "todella huono"),
        ("sv", "detta är dåligt", "detta är DÅLIGT"),
    ],
)
def test_intensifiers_and_capitals_strengthen(language, weak, strong):
    assert abs(total(language, strong)) > abs(total(language, weak)) > 0


@pytest.mark.parametrize(
    ("language", "text", "sign"),
    [
        ("sv", "snabb men dålig", -1),
        ("sv", "dålig men snabb", 1),
        ("no", "billig men dårlig", -1),
        ("da", "billig men dårlig", -1),
        ("fi", "halpa mutta huono", -1),
    ],
)
def test_what_follows_but_weighs_more(language, text, sign):
    values = [value for value, _ in ENGINES[language].read(text).hits]
    assert abs(values[1]) > abs(values[0])
    assert values[1] * sign > 0


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "leveranskaos"),
        ("sv", "kundservicekatastrof"),
        ("no", "leveringskaos"),
        ("da", "leveringskatastrofe"),
    ],
)
def test_the_last_part_of_a_compound_is_heard(language, text):
    assert total(language, text) < 0


@pytest.mark.parametrize("text", ["forsenad", "vantat", "dalig", "usel kundtjanst", "forseningar"])
def test_swedish_typed_without_dots_is_heard(text):
    assert total("sv", text) < 0


def test_lengthened_letters_are_heard_and_strengthen():
    assert total("sv", "braaaaa") > total("sv", "bra") > 0


def test_a_comma_ends_the_reach_of_a_negation():
    assert total("sv", "Nej inte nu, bra") > 0


def test_all_capitals_strengthen_nothing():
    assert total("sv", "DETTA ÄR DÅLIGT") == total("sv", "detta är dåligt")


@pytest.mark.parametrize(("text", "sign"), [("😡", -1), ("❤️", 1), (":(", -1), (":)", 1), ("🤬🤬", -1)])
def test_emoji_and_emoticons_speak(text, sign):
    assert total("sv", text) * sign > 0


def test_english_is_vader_with_our_phrases():
    engine = EnglishEngine()
    assert sum(value for value, _ in engine.read("been on hold for an hour").hits) < 0
    assert sum(value for value, _ in engine.read("I don't love it").hits) < 0
    assert engine.read("It is good. It is bad!").hits[1][1] == 1


def english(text: str) -> float:
    """Sum of the valences found in an English text."""
    return sum(value for value, _ in EnglishEngine().read(text).hits)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("we had zero problems", 1),
        ("settled without a single hitch", 1),
        ("this is far from great", -1),
        ("hardly helpful", -1),
        ("nobody impressed me there", -1),
        ("not exactly brilliant", -1),
        ("it could have been better", -1),
        ("would be nice if somebody came", -1),
        ("the tariff used to be good", -1),
        ("can't fault them", 1),
        ("thanks for nothing", -1),
    ],
)
def test_english_understates_and_denies(text, sign):
    assert english(text) * sign > 0


def test_an_english_intensifier_strengthens_what_follows_and_says_nothing_alone():
    assert english("ridiculously good") > english("good")
    assert english("ridiculously bad") < english("bad")
    assert english("way too slow") < english("slow")
    assert english("ridiculously blue") == 0


def test_a_phrase_at_the_end_of_a_text_needs_all_its_words():
    assert english("far from") == 0
    assert english("hats off") > 0


@given(st.sampled_from(sorted(ENGINES)), st.text(max_size=150))
def test_features_are_many_and_bounded_for_any_text(language, text):
    found = features(ENGINES[language].read(text), text)
    assert len(found) == len(NAMES)
    assert all(-60 < value < 60 for value in found)


PHRASES = {
    language: [
        entry.replace("*", "")
        for valence, cell in rows(list_text(f"{language}.service"))
        for entry in entries(cell)
        if " " in entry and float(valence)
    ]
    for language in ENGINES
}


@given(st.sampled_from(sorted(ENGINES)), st.data())
def test_a_listed_phrase_is_heard_wherever_it_stands(language, data):
    phrase = data.draw(st.sampled_from(PHRASES[language]))
    before, after = data.draw(st.lists(st.sampled_from(["blorf", "7 8", "zzq zzq"]), min_size=2, max_size=2))
    alone = ENGINES[language].read(phrase).hits
    assert alone
    assert ENGINES[language].read(f"{before} {phrase} {after}").hits == alone


def test_the_users_word_on_a_phrase_outranks_the_lists():
    for language, phrase in (("sv", "trött på"), ("da", "ikke godt nok")):
        assert sum(value for value, _ in NordicEngine(language).read(phrase).hits) < 0
        assert sum(value for value, _ in NordicEngine(language, {phrase: 3.0}).read(phrase).hits) > 0
    assert (
        sum(value for value, _ in EnglishEngine({"thanks for nothing": 3.0}).read("thanks for nothing").hits) > 0
    )


def test_an_english_phrase_is_a_word_of_its_own():
    """The "no" of "no refund" turns nothing that follows."""
    values = [value for value, _ in EnglishEngine().read("no refund no answer").hits]
    assert values
    assert max(values) < 0


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("da", "Jeg behøver ikke en pose"),
        ("da", "Vi skal ikke bruge kvittering"),
        ("fi", "En tarvitse pussia"),
        ("fi", "Etukäteen varattu paikka"),
    ],
)
def test_a_denied_fact_is_no_complaint(language, text):
    reading = ENGINES[language].read(text)
    assert reading.hits == ()
    assert reading.negations == 0


@pytest.mark.parametrize(
    ("language", "text"),
    [("da", "fandens godt"), ("da", "sygt lækkert"), ("fi", "helvetin hyvä"), ("fi", "saatanan hieno")],
)
def test_swearing_strengthens_praise(language, text):
    assert total(language, text) > 1.6


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("da", "ringer aldrig tilbage"),
        ("da", "trukket to gange for samme måned"),
        ("da", "mine oplysninger lå frit på nettet"),
        ("da", "uden varmt vand i tre dage"),
        ("da", "talte ned til os"),
        ("fi", "veloitettu kahdesti samasta kuukaudesta"),
        ("fi", "tietoni vuodettu nettiin"),
        ("fi", "bussi ajoi ohi pysäkin"),
        ("fi", "kohdeltiin kuin roskaa"),
        ("fi", "ottaa päähän tämä jonottaminen"),
    ],
)
def test_what_happens_to_customers_is_heard_without_words_of_feeling(language, text):
    assert total(language, text) < -1

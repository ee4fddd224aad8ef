"""How Swedish and Norwegian customers say it without a word of feeling: the roles of the grammar lists."""

from __future__ import annotations

import pytest

from detectors.sentiment import score_texts
from detectors.sentiment.engine import REPORTED, NordicEngine
from detectors.sentiment.lexicon import Lexicon, Word, fill, fill_grammar, load

ENGINES = {language: NordicEngine(language) for language in ("sv", "no")}


def total(language: str, text: str) -> float:
    """Sum of the valences found."""
    return sum(value for value, _ in ENGINES[language].read(text).hits)


@pytest.mark.parametrize(
    ("language", "kept", "denied"),
    [
        ("sv", "Hon har svarat på frågan", "Hon har inte svarat på frågan"),
        ("sv", "Varan har levererats", "Varan har aldrig levererats"),
        ("no", "De har levert varen", "De har aldri levert varen"),
        ("no", "Dei har svara på spørsmålet", "Dei har ikkje svara på spørsmålet"),
    ],
)
def test_what_can_be_expected_is_heard_only_when_it_is_denied(language, kept, denied):
    assert total(language, kept) == 0
    assert total(language, denied) < 0


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Du behöver inte skicka kvittot"),
        ("no", "Du trenger ikke sende skjemaet"),
        ("no", "Du treng ikkje sende skjemaet"),
    ],
)
def test_what_need_not_be_done_denies_nothing(language, text):
    reading = ENGINES[language].read(text)
    assert reading.hits == ()
    assert reading.negations == 0


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Alldeles för enkel"),
        ("sv", "Alltför snäll"),
        ("no", "Altfor enkelt"),
        ("no", "Litt for snill"),
    ],
)
def test_too_much_of_a_good_thing_is_none(language, text):
    assert total(language, text) < 0


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "jävligt bra"),
        ("sv", "sjukt nöjd"),
        ("sv", "fruktansvärt gott"),
        ("no", "jævlig bra"),
        ("no", "sykt god"),
    ],
)
def test_a_swear_word_before_praise_strengthens_it(language, text):
    values = [value for value, _ in ENGINES[language].read(text).hits]
    assert len(values) == 1
    assert values[0] > total(language, text.split()[1])


@pytest.mark.parametrize(
    ("language", "plain", "aside"),
    [
        ("sv", "Resan är försenad", "Vad gäller om resan är försenad"),
        ("sv", "Vi var otåliga", "Trots att vi var otåliga"),
        ("no", "Reisen er forsinket", "Hva gjelder hvis reisen er forsinket"),
        ("no", "Vi var redde", "Selv om vi var redde"),
    ],
)
def test_questions_and_concessions_weaken_what_they_speak_of(language, plain, aside):
    assert total(language, plain) < total(language, aside) < 0


def test_an_aside_ends_with_its_clause():
    assert total("sv", "Trots att det dröjde, otrevlig personal") < total("sv", "otrevlig personal")


def test_news_counts_little_on_both_sides_of_its_source():
    plain = total("sv", "Ett rån på stationen")
    assert total("sv", "Ett rån på stationen, skriver tidningen") == pytest.approx(plain * REPORTED)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Kan inte påstå att jag är särskilt nöjd"),
        ("sv", "Det var bättre förr"),
        ("sv", "Bättre kunde ni"),
        ("sv", "Aldrig varit så besviken"),
        ("sv", "Hade varit bra om någon svarade"),
        ("no", "Kan ikke akkurat si at jeg er fornøyd"),
        ("no", "Kan ikkje påstå at eg er nøgd"),
        ("no", "Det var bedre før"),
        ("no", "Aldri vært så skuffet"),
        ("no", "Det hadde vært fint om noen svarte"),
    ],
)
def test_praise_in_form_is_a_complaint_in_fact(language, text):
    assert total(language, text) < 0


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sv", "Aldrig ätit godare"),
        ("sv", "Har inget att klaga på"),
        ("sv", "Det kunde inte ha gått smidigare"),
        ("sv", "Inte så dumt"),
        ("no", "Har aldri spist bedre"),
        ("no", "Har ingenting å klage på"),
        ("no", "Angrar ikkje på det"),
        ("no", "Slett ikke verst"),
    ],
)
def test_complaint_in_form_is_praise_in_fact(language, text):
    assert total(language, text) > 0


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("sv", "Hur byter jag adress på avtalet?"),
        ("sv", "Maten var varken bra eller dålig"),
        ("nb", "Hvordan bytter jeg adresse på avtalen?"),
        ("nn", "Korleis byter eg adresse på avtalen?"),
        ("sv", "Tåget avgår från spår fyra klockan tio"),
        ("nb", "Toget går fra spor fire klokka ti"),
        ("nn", "Toget går frå spor fire klokka ti"),
    ],
)
def test_neutral_stays_neutral(tag, text):
    assert score_texts([text], tag)[0].label == "neutral"


@pytest.mark.parametrize("word", ["stort", "vart", "saker", "allvarlig", "pengarna", "tillräckligt"])
def test_a_frequent_word_is_not_another_without_its_dots(word):
    """Neither "stört" without its dots, nor "ärlig" inside "allvarlig"."""
    assert load("sv").find(word).valence <= 0 if word == "allvarlig" else load("sv").find(word).valence == 0


def test_compounds_do_not_end_in_a_word_without_its_dots():
    lexicon = Lexicon()
    fill(lexicon, "1\tsäker\n")
    lexicon.fold()
    assert lexicon.find("saker") == lexicon.find("säker")
    assert lexicon.find("grönsaker").valence == 0
    assert lexicon.find("rättssäker").valence == 1


def test_roles_set_what_they_say():
    lexicon = Lexicon()
    fill_grammar(lexicon, "due\t2\tsvarat\nexcess\t0.4\talltför\naside\t0.5\tfastän\nreport\t0\triksdagen\n")
    assert lexicon.find("svarat") == Word(valence=2, due=True)
    assert lexicon.find("alltför") == Word(boost=0.4, excess=True)
    assert lexicon.find("fastän") == Word(aside=0.5)
    assert lexicon.find("riksdagen") == Word(report=True)

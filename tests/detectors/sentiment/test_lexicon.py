"""The lists are well-formed, and words are looked up as the format promises."""

from __future__ import annotations

import pytest

from detectors.sentiment import lexicon as lists
from detectors.sentiment.lexicon import Lexicon, entries, fill, fill_grammar, list_text, rows
from detectors.sentiment.words import Phrases, Word, longest_phrase

LANGUAGES = ("sv", "no", "da", "fi")
VALUED = [f"{language}.{topic}" for language in LANGUAGES for topic in ("general", "service")] + [
    "en.general",
    "en.service",
    "emoji",
]


@pytest.fixture
def lexicon():
    found = Lexicon()
    fill(found, "# comment\n\n-2\tdålig*, *kaos, svarar inte, går sönder*\n2\tbra, trevlig*\n", service=True)
    fill_grammar(found, "prefix\t0.8\tskit\nun\t0\to\nfree\t0\tfri\nnegator\t0\tinte\nbooster\t0.4\tväldigt\n")
    found.fold()
    return found


@pytest.mark.parametrize("name", VALUED)
def test_every_shipped_valence_is_within_vaders_scale(name):
    found = [float(valence) for valence, _ in rows(list_text(name))]
    assert found
    assert all(-4 <= value <= 4 for value in found)


@pytest.mark.parametrize("name", VALUED)
def test_a_star_stands_only_at_a_words_edge(name):
    words = [word for _, cell in rows(list_text(name)) for entry in entries(cell) for word in entry.split()]
    assert [word for word in words if len(word) > 1 and "*" in word[1:-1] and name != "emoji"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lists_are_large_and_start_with_a_comment(language):
    assert list_text(f"{language}.service").startswith("# ")
    assert sum(lists.load(language).sizes.values()) > 1200


@pytest.mark.parametrize(
    ("word", "valence"),
    [
        ("bra", 2.0),
        ("dåliga", -2.0),
        ("dalig", -2.0),
        ("trevligt", 2.0),
        ("otrevligt", -1.6),
        ("skitdåligt", -2.8),
        ("julkaos", -2.0),
        ("braaaa", 2.4),
        ("fönster", 0.0),
    ],
)
def test_words_are_found_by_stem_prefix_reversal_and_head(lexicon, word, valence):
    assert lexicon.find(word).valence == pytest.approx(valence)


def test_phrases_match_their_longest_form(lexicon):
    phrases = lexicon.find("svarar").phrases
    end, worth = longest_phrase(phrases, ["svarar", "inte"], 1)
    assert (end, worth.valence) == (2, -2)
    assert longest_phrase(phrases, ["svarar", "snabbt"], 1) is None
    assert longest_phrase(phrases, ["svarar"], 1) is None
    assert longest_phrase(lexicon.find("går").phrases, ["går", "sönderslaget"], 1) is not None


def test_of_phrases_the_longest_counts_then_the_plainest_word():
    tree = Phrases()
    tree.add(["bra"], Word(valence=1.0), final=False)
    tree.add(["bra", "nog"], Word(valence=2.0), final=False)
    tree.add(["br*", "nog"], Word(valence=3.0), final=False)
    tree.add(["bra*", "med", "*"], Word(valence=4.0), final=False)
    tree.add(["bra*", "med", "nå*"], Word(valence=5.0), final=False)
    assert longest_phrase([tree], ["så", "bra", "då"], 1) == (2, Word(valence=1.0))
    assert longest_phrase([tree], ["så", "bra", "nog"], 1) == (3, Word(valence=2.0))
    assert longest_phrase([tree], ["så", "brist", "nog"], 1) == (3, Word(valence=3.0))
    assert longest_phrase([tree], ["så", "brast", "med"], 1) is None
    assert longest_phrase([tree], ["så", "brav", "med", "allt"], 1) == (4, Word(valence=4.0))


def test_a_bar_gives_a_choice_and_lets_a_word_be_left_out():
    assert entries("bestil|køb ikke, |så dum, :|") == ["bestil ikke", "køb ikke", "dum", "så dum", ":|"]


def test_function_words_keep_their_roles(lexicon):
    assert lexicon.find("inte").negates
    assert lexicon.find("väldigt").boost == 0.4


def test_a_later_entry_replaces_an_earlier_one(lexicon):
    lexicon.add("bra", Word(valence=-1.0))
    assert lexicon.find("bra").valence == -1.0


def test_an_unknown_role_is_named():
    with pytest.raises(ValueError, match="'nonsense'"):
        fill_grammar(Lexicon(), "nonsense\t0\tword")


def test_a_valence_that_is_no_number_is_an_error():
    with pytest.raises(ValueError, match="mycket"):
        fill(Lexicon(), "mycket\tbra")


def test_own_words_win_over_the_shipped_ones():
    assert lists.build("sv", {"bra": -3}).find("bra").valence == -3


def test_the_shared_lexicon_is_left_alone_by_own_words():
    lists.build("sv", {"bra": -3})
    assert lists.load("sv").find("bra").valence > 0

"""Other people's words made harmless: cleaned, cut between graphemes, escaped."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.safe_text import (
    MAX_MARKS,
    clean,
    escape_html,
    escape_mrkdwn,
    graphemes,
    one_line,
    quote,
    shorten,
    spreadsheet_cell,
    unlink,
    web_url,
    without_format,
)
from tests.alerts.injection_corpus import CORPUS

ANY_TEXT = st.text(st.characters(codec=None), max_size=300)


@given(ANY_TEXT)
def test_cleaned_text_holds_no_controls_direction_marks_or_private_characters(text):
    found = {unicodedata.category(c) for c in clean(text) if c not in "\n\u200d"}
    assert not found & {"Cc", "Cf", "Co", "Cn", "Cs"}


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text):
    assert clean(clean(text)) == clean(text)


@given(ANY_TEXT)
def test_one_line_is_one_line(text):
    assert len(one_line(text).splitlines()) <= 1


@given(st.text(alphabet=st.characters(categories=("L", "N", "Zs")), max_size=80))
def test_ordinary_words_survive_apart_from_their_spacing(text):
    assert clean(text).split() == unicodedata.normalize("NFC", text).split()


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Nordta\u030ag", "Nordtåg"),
        ("N\u200bord\u2060tåg", "Nordtåg"),
        ("av\u00adstavning", "avstavning"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("\x1b[31mrött\x1b[0m", "[31mrött[0m"),
        ("a\u2028b\u2029c", "a\nb\nc"),
        ("a\r\nb\n\n\n\nc", "a\nb\nc"),
        ("a\tb  c\u00a0d", "a b c d"),
        ("\ud83d", "\ufffd"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("a\u200db", "ab"),
        ("hej\U000e0041", "hej"),
    ],
)
def test_what_is_kept_and_what_goes(text, cleaned):
    assert clean(text) == cleaned


def test_a_tower_of_accents_is_cut_down():
    assert len(clean("H" + "\u0316" * 60)) == 1 + MAX_MARKS


@given(ANY_TEXT, st.integers(1, 60))
def test_shortened_text_fits_and_is_a_beginning(text, limit):
    text = one_line(text)
    cut = shorten(text, limit)
    assert len(cut) <= limit
    assert cut == text or text.startswith(cut[:-1].rstrip())


@given(st.lists(st.sampled_from(["👨‍👩‍👧‍👦", "🇸🇪", "👍🏽", "e\u0316", "å", "a", "🏳️‍🌈"]), min_size=5, max_size=40))
def test_shortening_never_splits_what_reads_as_one_character(parts):
    cut = shorten("".join(parts), 17)
    kept = cut.removesuffix("…")
    whole = list(graphemes("".join(parts)))
    assert kept == "".join(whole[: len(list(graphemes(kept)))])


@given(ANY_TEXT)
def test_graphemes_lose_nothing(text):
    assert "".join(graphemes(text)) == text


def test_a_cut_near_the_end_of_a_word_falls_between_words():
    assert shorten("Står på Centralen sedan en timme", 22) == "Står på Centralen…"


def test_text_that_fits_is_left_alone():
    assert shorten("kort", 4) == "kort"


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_every_hostile_post_can_be_quoted(name):
    said = quote(CORPUS[name])
    assert len(said) <= 280
    assert "\n" not in said


@given(ANY_TEXT)
def test_escaped_mrkdwn_has_no_markup_and_can_be_read_back(text):
    escaped = escape_mrkdwn(text)
    assert not set("<>") & set(escaped)
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@given(ANY_TEXT)
def test_escaped_html_has_no_markup_and_no_quotes(text):
    assert not set("<>\"'") & set(escape_html(text))


@pytest.mark.parametrize(
    "text", ["https://evil.example/x", "www.evil.example", "a@evil.example", "@everyone", "<@U1>"]
)
def test_an_unlinked_address_is_none_any_more_and_reads_the_same(text):
    said = unlink(text)
    assert said != text
    assert said.replace("\u2060", "") == text


@pytest.mark.parametrize("text", ["14:20", "14.200", "kl. 15.00", "ja/nej", "A: b"])
def test_times_numbers_and_sentences_are_left_alone(text):
    """An invisible character in an SMS halves what fits in it."""
    assert unlink(text) == text


def test_formatting_characters_become_look_alikes():
    assert without_format("*a* _b_ ~c~ `d`") == "∗a∗ ˍbˍ ∼c∼ ˋdˋ"


@pytest.mark.parametrize("start", list("=+-@\t\r\n|%"))
def test_no_cell_starts_a_formula(start):
    assert spreadsheet_cell(f"{start}cmd") == f"'{start}cmd"
    assert spreadsheet_cell(f"a{start}cmd") == f"a{start}cmd"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://a.example/<script>",
        "https://a.example/|x",
        'https://a.example/"x',
        "https://a.example/ x",
        "https://a.example/\u202ex",
        "//a.example",
        "",
        None,
        "https://" + "a" * 3000,
    ],
)
def test_only_plain_web_addresses_are_linked(url):
    assert web_url(url) is None


def test_a_plain_web_address_stays_as_it_is():
    assert web_url("https://social.example/@rider/1?a=1&b=2#c") == "https://social.example/@rider/1?a=1&b=2#c"

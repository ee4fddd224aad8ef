"""Which brands a post concerns."""

from __future__ import annotations

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import monitor.matching
from monitor.matching import BrandRules, Match, Matcher, normal_handle
from monitor.mention import Mention
from monitor.spelling import fold, skeleton

NORDTAG = BrandRules(
    "Nordtåg",
    keywords=("nordtåg",),
    exclude=("modelljärnväg",),
    accounts=("nordtag.bsky.social", "@nordtag@mastodon.nu"),
    themes={"delays": ("försen", "inställ"), "payment": ("dubbeldrag", "faktura"), "staff": ("ej svar", "sur")},
)
BRANDS = (
    NORDTAG,
    BrandRules("Nordkraft", ("nordkraft",)),
    BrandRules("If", ("if",)),
    BrandRules("SAS", ("SAS",)),
    BrandRules("Ving", ("ving",)),
    BrandRules("Ørsted", ("ørsted",)),
    BrandRules("Aarhus Havn", ("aarhus havn",)),
    BrandRules("Helsinki", ("helsinki",)),
    BrandRules("H&M", ("h&m",)),
    BrandRules("Tele2", ("tele2",)),
    BrandRules("7-Eleven", ("7-eleven",)),
)
MATCHER = Matcher(BRANDS)


def brands(text: str) -> tuple[str, ...]:
    return MATCHER.match_text(text).brands


def mention(text: str, **changes: object) -> Mention:
    return Mention("mastodon", "1", "tags", text, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "brand"),
    [
        ("Nordtåg är sena", "Nordtåg"),
        ("NORDTÅG!!!", "Nordtåg"),
        ("Nordtågs kundtjänst", "Nordtåg"),
        ("alla nordtågkunder vet", "Nordtåg"),
        ("nordtagens vagnar", "Nordtåg"),
        ("nordtaag igen", "Nordtåg"),
        ("anti-nordtåg", "Nordtåg"),
        ("#nordtåg", "Nordtåg"),
        ("#BojkottaNordtåg nu", "Nordtåg"),
        ("#bojkottanordtag", "Nordtåg"),
        ("@nordtag svara!", "Nordtåg"),
        ("@nordtag.bsky.social svara!", "Nordtåg"),
        ("se https://www.nordtåg.se/info", "Nordtåg"),
        (unicodedata.normalize("NFD", "nordtåg"), "Nordtåg"),
        ("nord\u00adtåg", "Nordtåg"),
        ("𝐍𝐨𝐫𝐝𝐭𝐚𝐠", "Nordtåg"),
        ("Nordkraftilla on vikaa", "Nordkraft"),
        ("Nordkraftin asiakas", "Nordkraft"),
        ("SAS:s plan", "SAS"),
        ("SAS-flygen", "SAS"),
        ("#StrejkSAS", "SAS"),
        ("IF är dyrt", "If"),
        ("jag har Ving", "Ving"),
        ("Vings resor", "Ving"),
        ("Orsted hæver prisen", "Ørsted"),
        ("Oersted", "Ørsted"),
        ("Örsteds vindmöllor", "Ørsted"),
        ("Århus Havn lukker", "Aarhus Havn"),
        ("#aarhushavn", "Aarhus Havn"),
        ("Helsingin bussit", "Helsinki"),
        ("H&M och H & M", "H&M"),
        ("tele2:n lasku", "Tele2"),
        ("7-eleven på hörnet", "7-Eleven"),
    ],
)
def test_a_brand_is_found_as_people_write_it(text: str, brand: str) -> None:
    assert brands(text) == (brand,)


@pytest.mark.parametrize(
    "text",
    [
        "gift sig",
        "a gift for life",
        "sås till maten",
        "sassy",
        "#sassy",
        "vinglas",
        "nord tåg mot norr",
        "hm, jag vet inte",
        "fordtåg",
        "",
        "🚆🚆",
    ],
)
def test_a_brand_is_not_found_inside_other_words(text: str) -> None:
    assert brands(text) == ()


def test_exclude_wins_over_a_keyword_of_its_brand_only() -> None:
    assert brands("Modelljärnvägar: Nordtåg i skala H0") == ()
    assert brands("modelljärnväg med Nordtåg och SAS") == ("SAS",)


def test_one_post_can_concern_two_brands_in_the_order_of_the_config() -> None:
    assert brands("SAS eller Nordtåg?") == ("Nordtåg", "SAS")


def test_words_in_link_targets_and_cards_are_matched_too() -> None:
    assert MATCHER.match(mention("läs det här", extra_text="Nordtåg ställer in")).brands == ("Nordtåg",)


def test_a_filled_brand_column_is_believed_and_spelt_as_in_the_config() -> None:
    match = MATCHER.match(mention("SAS försenat, och modelljärnväg", brands=("nordtåg", "Okänd")))
    assert match.brands == ("Nordtåg", "Okänd")
    assert match.themes_by_brand == {"Nordtåg": ("delays",), "Okänd": ()}


def test_a_comment_concerns_the_brand_of_its_thread_without_naming_it() -> None:
    match = MATCHER.match(mention("håller med, alltid försenat"), also=("Nordtåg",))
    assert (match.brands, match.themes_by_brand) == (("Nordtåg",), {"Nordtåg": ("delays",)})


@pytest.mark.parametrize(
    "author",
    ["nordtag@mastodon.nu", "@Nordtag@Mastodon.nu", "https://mastodon.nu/@nordtag", "nordtag.bsky.social"],
)
def test_own_accounts_are_recognised_however_they_are_written(author: str) -> None:
    match = MATCHER.match(mention("Vi beklagar", author_handles=(author,)))
    assert match == Match(("Nordtåg",), ("Nordtåg",), {"Nordtåg": ()})
    assert normal_handle(author) in {"nordtag@mastodon.nu", "nordtag.bsky.social"}


def test_somebody_with_a_similar_name_is_not_us() -> None:
    assert MATCHER.match(mention("hej", author="nordtag@evil.example")).own_of == ()


@pytest.mark.parametrize(
    ("text", "themes"),
    [
        ("tågförseningar och inställda turer", ("delays",)),
        ("FAKTURAN försenad", ("delays", "payment")),
        ("ni ger ej  svar", ("staff",)),
        ("sura människor", ("staff",)),
        ("insurance", ()),
        ("forsenad igen", ("delays",)),
    ],
)
def test_themes_are_stems_at_the_start_of_words_or_inside_compounds(text: str, themes: tuple[str, ...]) -> None:
    assert MATCHER.themes("Nordtåg", text) == themes


def test_a_matcher_without_brands_finds_nothing() -> None:
    assert Matcher([]).match(mention("anything", author="x")) == Match()


def test_the_memory_of_words_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor.matching, "REMEMBERED_WORDS", 100)
    matcher = Matcher(BRANDS)
    for number in range(1000):
        assert matcher.match_text(f"word{number} nordtåg försen{number}").brands == ("Nordtåg",)
    assert len(matcher._keywords._memory) <= 100


def test_the_examples_in_the_module_hold() -> None:
    assert doctest.testmod(monitor.matching).failed == 0


@given(st.text(max_size=80))
def test_no_text_breaks_the_matcher(text: str) -> None:
    """Whatever characters there are, matching answers, and the same twice (the memory changes nothing)."""
    assert MATCHER.match_text(text) == MATCHER.match_text(text)


@given(st.text(alphabet="abcåäöæøsn #@-", max_size=30))
def test_a_keyword_among_other_words_is_always_found(around: str) -> None:
    assert "Nordkraft" in brands(f"{around} nordkraft {around}")


@given(st.text(max_size=40))
def test_folding_is_settled_after_one_time_for_letters_that_we_compare(text: str) -> None:
    assert skeleton(fold(text)) == skeleton(fold(text))
    assert fold(text.upper() if text.isascii() else text) == fold(text.lower() if text.isascii() else text)

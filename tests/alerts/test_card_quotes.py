"""The posts on a card: of the leading theme, unhappy, of different people, none said twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alerts.card_quotes import chosen_quotes, is_angry
from alerts.incident import Incident
from detectors.signal import Evidence, Quote
from tests.alerts.card_stories import EVIDENCE, PEOPLE, VOLUME, WARNING, at

NOISE = Evidence(mentions=52, people=44, negative_people=37, themes=(("delays", 33),))


def post(number: int, text: str = "", **fields: object) -> Quote:
    """A post of the story: unhappy and on the theme unless said otherwise."""
    values = {"themes": ("delays",), "negative": True, "voice": number, **fields}
    words = text or f"helt olika ord nummer {number} {'abcdefgh'[number % 8] * 5}"
    return Quote(number, at(12, 30) + timedelta(minutes=number), words, **values)  # type: ignore[arg-type]


def shown(*posts: Quote, most: int = 2, evidence: Evidence = NOISE) -> list[int]:
    """The ids of what the card of a story with these posts shows."""
    return [quote.mention_id for quote in chosen_quotes(story(*posts, evidence=evidence), most)]


def story(*posts: Quote, evidence: Evidence = NOISE) -> Incident:
    """The warning with these posts as its evidence."""
    return replace(WARNING, signals=(VOLUME,), evidence=replace(evidence, examples=posts), leading="delays")


def test_unhappy_posts_of_the_theme_come_before_all_others():
    calm = post(1, themes=("site",), negative=True, followers=9000)
    assert shown(calm, post(2, negative=False), post(3), post(4)) == [4, 3]
    assert shown(calm, post(2, negative=False), post(3), most=4) == [3, 1, 2]


def test_the_furthest_heard_comes_first_and_then_the_newest():
    assert shown(post(1, followers=10), post(2, followers=800), post(3), post(4)) == [2, 4]


def test_a_surge_without_anger_shows_what_it_is_about():
    joke = replace(NOISE, negative_people=3)
    typical, other = post(3, negative=False), post(2, followers=900)
    assert shown(post(1, themes=()), typical, other, evidence=joke) == [3, 2]


def test_one_author_is_heard_once():
    assert shown(post(1, voice=7), post(2, voice=7), post(3, voice=8)) == [3, 2]


def test_what_says_nearly_the_same_is_shown_once():
    first = post(1, "Kortet är draget två gånger och ingen svarar i telefon hos er")
    again = post(2, "RT @anna: Kortet är draget två gånger och ingen svarar i telefon hos er")
    short, alike = post(3, "draget två gånger i dag"), post(4, "draget två gånger i dag igen")
    assert shown(first, again) == [2]
    assert shown(short, alike) == [4]


def test_the_themes_own_evidence_fills_in_where_the_brands_has_none():
    own = replace(PEOPLE, evidence=replace(EVIDENCE, first=post(1), examples=()))
    incident = replace(story(post(2, themes=("site",))), signals=(own, VOLUME))
    assert [q.mention_id for q in chosen_quotes(incident, 2)] == [1, 2]


def test_authors_of_two_evidences_are_told_apart():
    own = replace(PEOPLE, evidence=replace(EVIDENCE, first=post(1, voice=0), examples=()))
    incident = replace(story(post(2, voice=0)), signals=(own, VOLUME))
    assert len(chosen_quotes(incident, 2)) == 2


def test_without_evidence_nothing_is_shown():
    assert chosen_quotes(replace(WARNING, evidence=None, signals=()), 2) == ()


def test_anger_needs_a_quarter_of_the_people():
    assert not is_angry(None)
    assert not is_angry(Evidence(people=0))
    assert not is_angry(Evidence(people=70, negative_people=3))
    assert is_angry(Evidence(people=18, negative_people=10))

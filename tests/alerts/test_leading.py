"""The leading theme: whose title, sentence, owner, departments and public draft are shown, and no other's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.actions import ActionKind
from alerts.card import build_card
from alerts.incident import Incident, Reason
from alerts.leading import leading_theme
from alerts.plan import mandate_of, plan_for
from alerts.renderers.plain import plain_text
from alerts.texts.reader import Reader
from detectors.signal import Evidence, Level, ScopeKind, Signal
from tests.alerts.world import NOON, World, by_reason, signal, staffed

TWICE = "We see that some of you have paid twice."
MANDATE = staffed(
    themes={
        "payment": {
            "owner": "head",
            "departments": ["finance"],
            "final_message": "stig",
            "confirm_at_once": True,
            "holding_statement": TWICE,
            "label": {"en": "double charges", "sv": "dubbeldragningar"},
        },
        "coffee": {"owner": "kim"},
    }
)


def theme(name: str, level: Level = Level.WATCH, *, unhappy: int = 0, people: int = 70, **fields) -> Signal:
    """A theme's own signal; its posts speak of `fields["themes"]`."""
    made = signal(level, kind=ScopeKind.THEME, name=name, mentions=people, **fields)
    assert made.evidence is not None
    return replace(made, evidence=replace(made.evidence, people=people, negative_people=unhappy))


def brand(level: Level = Level.WARNING, *, unhappy: int = 20, **fields) -> Signal:
    """A brand-wide signal."""
    made = signal(level, **fields)
    assert made.evidence is not None
    return replace(made, evidence=replace(made.evidence, people=40, negative_people=unhappy))


def after(*signals: Signal) -> Incident:
    """The incident that these signals open."""
    world = World(mandate=MANDATE)
    world.signals(*signals)
    return world.one


def read(incident: Incident, language: str = "en") -> str:
    """The whole card as text, on one line."""
    plan = plan_for(incident, mandate_of(incident), NOON, language)
    return " ".join(plain_text(build_card(incident, plan, Reader(language, "Europe/Stockholm", NOON))).split())


def test_the_draft_of_a_theme_that_is_only_mentioned_is_never_printed():
    """The joke about delays for which hipsters pay extra: nobody has paid twice, and nothing may say so."""
    both = {"delays": 73, "payment": 69}
    joke = after(theme("payment", people=70, themes=both), theme("delays", unhappy=3, people=73, themes=both))
    card = read(joke)
    assert "Nordtåg · delays" in card
    assert "also about double charges" in card
    assert TWICE not in card
    assert "finance" not in card
    assert "owns the matter" not in card
    assert "without asking first" not in card


@pytest.mark.parametrize("level", [Level.WARNING, Level.CRISIS])
def test_the_leading_themes_row_is_printed_whole(level):
    card = read(after(theme("payment", level, unhappy=30, themes={"payment": 60, "coffee": 5})))
    for part in (
        "Nordtåg · double charges",
        TWICE,
        "Head of customer service owns the matter.",
        "Ask inside: finance",
    ):
        assert part in card
    assert "Kim" not in card


def test_a_surge_of_a_theme_without_anger_offers_no_draft_at_watch():
    calm = after(theme("payment", unhappy=2, people=70, themes={"payment": 70}))
    angry = after(theme("payment", unhappy=30, people=70, themes={"payment": 70}))
    assert TWICE not in read(calm)
    assert TWICE in read(angry)


def test_anger_about_something_else_does_not_bring_the_leaders_draft():
    """The calm theme came first and leads; the brand is angry about what has no theme."""
    world = World(mandate=MANDATE)
    world.signals(theme("payment", unhappy=2, people=70, themes={"payment": 70}))
    world.signals(brand(Level.WATCH, unhappy=30, mentions=90, themes={"payment": 70}))
    assert leading_theme(world.one) == "payment"
    assert TWICE not in read(world.one)


def test_numbers_of_the_whole_brand_are_not_said_of_a_theme():
    card = read(after(brand(observed=30, themes={"payment": 18, "coffee": 2})))
    assert "Double charges: 30" not in card
    assert "18 of 40 posts are about double charges." in card


def test_a_theme_of_few_posts_names_no_story():
    scattered = after(brand(themes={"payment": 5, "coffee": 4}))
    assert leading_theme(scattered) == ""
    assert TWICE not in read(scattered)


def test_the_sentence_and_the_title_speak_of_the_same_theme():
    """The stronger surprise of another theme at the same level does not lend its numbers to the title."""
    loud = replace(theme("coffee", observed=70, unhappy=1, themes={"coffee": 70}), mention_ids=(1, 2, 3))
    loud = replace(loud, finding=replace(loud.finding, surprise=9.0))
    incident = after(theme("payment", unhappy=25, observed=33, themes={"payment": 33}), loud)
    card = read(incident)
    assert "Keep an eye on: Nordtåg · double charges" in card
    assert "Double charges: 33" in card


def test_a_leader_stays_until_it_is_clearly_overtaken():
    world = World(mandate=MANDATE)
    world.signals(theme("payment", unhappy=20, themes={"payment": 40}))
    world.signals(theme("coffee", unhappy=25, themes={"coffee": 40}))
    assert leading_theme(world.one) == "payment"
    world.signals(theme("coffee", unhappy=40, themes={"coffee": 40}))
    assert leading_theme(world.one) == "coffee"


def test_a_leader_that_still_signals_is_weighed_by_all_that_it_showed():
    world = World(mandate=MANDATE)
    day = theme("payment", unhappy=44, detector="negative_people_day", themes={"payment": 40})
    world.signals(day)
    world.now += timedelta(hours=7)
    world.signals(
        theme("payment", unhappy=10, themes={"payment": 40}), theme("coffee", unhappy=57, ids=range(30, 40))
    )
    assert leading_theme(world.one) == "payment"


def test_a_higher_level_takes_the_lead_at_once():
    world = World(mandate=MANDATE)
    world.signals(theme("payment", unhappy=20, themes={"payment": 40}))
    world.signals(theme("coffee", Level.WARNING, unhappy=10, themes={"coffee": 40}))
    assert leading_theme(world.one) == "coffee"


def test_yesterdays_theme_does_not_lead_todays_story():
    world = World(mandate=MANDATE)
    world.signals(theme("payment", Level.WARNING, unhappy=50, themes={"payment": 40}))
    world.now += timedelta(hours=7)
    world.signals(theme("coffee", unhappy=10, themes={"coffee": 40}))
    assert leading_theme(world.one) == "coffee"


def test_what_a_person_flagged_leads_until_the_numbers_speak():
    world = World(mandate=MANDATE)
    world.act(ActionKind.FLAG, "agent", None, brand="Nordtåg", text="dubbla dragningar", theme="payment")
    assert leading_theme(world.one) == "payment"
    assert TWICE not in read(world.one)


def test_what_is_split_off_takes_its_theme_along():
    world = World(mandate=MANDATE)
    world.signals(
        theme("payment", Level.WARNING, unhappy=30, themes={"payment": 40}),
        theme("coffee", unhappy=9, themes={"coffee": 20}),
    )
    world.act(ActionKind.SPLIT, "hanna", scope="theme:payment")
    assert (leading_theme(world.incidents[1]), leading_theme(world.incidents[2])) == ("coffee", "payment")


def test_the_leading_theme_that_comes_back_in_the_morning_is_no_new_turn():
    world = World(mandate=MANDATE)
    world.signals(
        theme("payment", Level.WARNING, unhappy=30, themes={"payment": 30}), brand(themes={"payment": 30})
    )
    world.signals(brand(themes={"payment": 1, "coffee": 30}))
    assert [n.data["theme"] for n in by_reason(world.said, Reason.NEW_TURN)] == ["coffee"]
    world.signals(brand(themes={"payment": 30}))
    assert [n.data["theme"] for n in by_reason(world.said, Reason.NEW_TURN)] == ["coffee"]


def test_labels_are_the_readers_language_and_any_when_that_is_missing():
    incident = after(theme("payment", Level.WARNING, unhappy=30, themes={"payment": 60}))
    assert "Nordtåg · dubbeldragningar" in read(incident, "sv")
    assert "Nordtåg · double charges" in read(incident, "fi")


def test_an_own_post_about_something_beside_the_story_confirms_nothing():
    world = World(mandate=MANDATE)
    world.signals(theme("payment", Level.CRISIS, unhappy=30, themes={"payment": 60, "coffee": 4}))
    world.own_post("Nu serverar vi nytt kaffe", themes=("coffee",))
    assert world.one.first_own_post_at is None
    world.own_post("Vi ser dubbla dragningar", themes=("payment",))
    assert world.one.first_own_post_at == NOON


def test_evidence_without_posts_leads_nowhere():
    assert leading_theme(replace(after(brand()), evidence=Evidence(), themes=())) == ""

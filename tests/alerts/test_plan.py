"""What the mandate says of one incident, in names that people know."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alerts.actions import ActionKind
from alerts.incident import Incident, Notification, Reason
from alerts.plan import mandate_of, plan_for
from detectors.signal import Level, ScopeKind
from tests.alerts.world import NOON, World, signal, staffed

MANDATE = staffed(
    themes={
        "delays": {
            "owner": "head",
            "departments": ["customer_service"],
            "final_message": "stig",
            "confirm_at_once": True,
            "holding_statement": {"sv": "Vi ser det.", "en": "We see it."},
            "page": "https://nordtag.example/nu",
        }
    },
    may={"confirm_publicly": ["customer_service"], "publish": ["head"]},
)


def story() -> tuple[World, Incident]:
    """An incident about delays that has just been told."""
    world = World(mandate=MANDATE)
    world.signals(signal(Level.WARNING, kind=ScopeKind.THEME, name="delays", themes={"delays": 30}))
    return world, world.one


def plan(incident: Incident, note: Notification | None = None, language: str = "sv"):
    return plan_for(incident, mandate_of(incident), NOON, language, note)


def test_the_themes_row_is_printed_with_names():
    made = plan(story()[1])
    assert (made.owner, made.final_message, made.departments) == (
        "Head of customer service",
        "Stig",
        ("Customer service",),
    )
    assert (made.confirm_at_once, made.own_page) == (True, "https://nordtag.example/nu")


def test_the_holding_statement_is_the_readers_language_or_any():
    incident = story()[1]
    assert plan(incident).holding_statement == "Vi ser det."
    assert plan(incident, language="en").holding_statement == "We see it."
    assert plan(incident, language="fi").holding_statement == "Vi ser det."


def test_whoever_it_was_handed_to_owns_it():
    made = plan(replace(story()[1], owner="kim"))
    assert (made.in_charge, made.owner) == ("Kim", "Head of customer service")


def test_whoever_took_it_on_is_named_once():
    world, _ = story()
    world.act(ActionKind.ACKNOWLEDGE)
    assert world.one.owner == "kim"
    assert plan(world.one).in_charge == ""


def test_the_coming_steps_are_those_that_will_really_be_called():
    """The plan printed on the card is what the chain then does, minute by minute."""
    world, incident = story()
    steps = plan(incident).next_steps
    assert [(step.at - NOON, step.who) for step in steps[:2]] == [
        (timedelta(minutes=10), ("Dea",)),
        (timedelta(minutes=20), ("Hanna",)),
    ]
    called = [n for n in world.later(minutes=21) if n.reason is Reason.ESCALATED and n.channel == "slack"]
    told = [(n.created_at, n.data["told"]) for n in called if n.recipients]
    assert [(at, who.split(",")[0]) for at, who in told] == [(step.at, step.who[0]) for step in steps[:2]]


def test_an_acknowledged_incident_has_no_coming_steps():
    world, _ = story()
    world.act(ActionKind.ACKNOWLEDGE, "kim")
    assert plan(world.one).next_steps == ()


def test_what_one_may_oneself_is_the_readers():
    incident = story()[1]
    copy = Notification("k", Reason.FIRST, NOON, incident=1, data={"copy": 1})
    head = Notification("k", Reason.FIRST, NOON, incident=1, data={"person": "hanna"})
    assert "confirm_publicly" in plan(incident, copy).may
    assert "publish" not in plan(incident, copy).may
    assert "publish" in plan(incident, head).may


def test_who_is_told_comes_from_the_notification():
    note = Notification("k", Reason.ESCALATED, NOON, incident=1, data={"told": "Kim, Dea"}, recipients=("U1KIM",))
    made = plan(story()[1], note)
    assert (made.told, made.pings) == (("Kim", "Dea"), ("U1KIM",))


def test_an_incident_without_a_mandate_still_has_a_plan():
    made = plan(replace(story()[1], mandate={}))
    assert made.owner == ""

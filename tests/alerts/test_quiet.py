"""A silence set from an incident: by whoever may, with a reason and an end; the chain stops, a crisis is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.actions import ActionKind
from alerts.deciding.quiet import matcher_of
from alerts.incident import IncidentState, ObligationKind, Reason
from alerts.silences import Matcher, Silence
from detectors.signal import Level, ScopeKind
from tests.alerts.world import BRAND, NOON, World, by_reason, signal, staffed

HOURS = {"scope": "theme:delays", "lasts": "4h", "reason": "works on the line"}


def story(level: Level = Level.WARNING, **mandate: object) -> World:
    """An incident about delays that nobody has answered yet."""
    world = World(mandate=staffed(**mandate))
    world.signals(signal(level, kind=ScopeKind.THEME, name="delays", themes={"delays": 30}))
    return world


def test_it_is_kept_with_author_reason_and_end_and_answers_the_alarm():
    world = story()
    decision = world.act(ActionKind.SILENCE, "hanna", **HOURS)
    (silence,) = decision.silences
    assert silence.matcher == Matcher(brand=BRAND, theme="delays")
    assert (silence.author, silence.reason, silence.up_to) == ("hanna", "works on the line", Level.WARNING)
    assert silence.ends_at == NOON + timedelta(hours=4)
    assert world.one.state is IncidentState.ACKNOWLEDGED
    assert world.owed(ObligationKind.ACKNOWLEDGE) == ()
    assert "silenced" in world.kinds(1)
    (told,) = [n for n in world.said if n.data.get("state") == "silenced"]
    assert told.data["reason"] == "works on the line"


def test_the_next_watch_of_that_theme_is_kept_quiet_and_a_crisis_is_told():
    world = story()
    world.silences += world.act(ActionKind.SILENCE, "hanna", **HOURS).silences
    before = len(world.said)
    world.signals(signal(Level.WARNING, kind=ScopeKind.THEME, name="delays", ids=range(50, 60)))
    assert by_reason(world.said[before:], Reason.LEVEL_RAISED) == []
    world.signals(signal(Level.CRISIS, kind=ScopeKind.THEME, name="delays", ids=range(50, 60)))
    assert by_reason(world.said[before:], Reason.LEVEL_RAISED) != []


def test_whoever_may_not_is_refused_and_nothing_is_silenced():
    decision = story().act(ActionKind.SILENCE, "agent", **HOURS)
    assert decision.refusal is not None
    assert (decision.refusal.why, decision.silences) == ("not_allowed", ())
    assert "Hanna" in decision.refusal.allowed


def test_the_right_is_that_of_the_level_up_to_which_it_holds():
    """Who may silence a watch may not silence a crisis by it."""
    world = story(may={"silence": {"watch": ["agent"], "warning": ["agent"], "crisis": ["stig"]}})
    assert world.act(ActionKind.SILENCE, "agent", **HOURS, up_to="crisis").refusal is not None
    assert world.act(ActionKind.SILENCE, "stig", **HOURS, up_to="crisis").silences[0].up_to is Level.CRISIS


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"scope": ""}, "bad_data: scope"),
        ({"scope": "theme:"}, "bad_data: scope"),
        ({"scope": "moon:full"}, "bad_data: scope"),
        ({"reason": " "}, "bad_data: reason"),
        ({"lasts": ""}, "bad_data: lasts"),
        ({"lasts": "for ever"}, "bad_data: lasts"),
        ({"lasts": "99999999999w"}, "bad_data: lasts"),
    ],
)
def test_what_is_missing_is_named_and_changes_nothing(wrong, why):
    world = story()
    decision = world.act(ActionKind.SILENCE, "hanna", **{**HOURS, **wrong})
    assert decision.refusal is not None
    assert (decision.refusal.why, decision.silences) == (why, ())
    assert world.one.acknowledgement is None


def test_a_redelivered_wish_makes_no_second_silence():
    world = story()
    assert len(world.act(ActionKind.SILENCE, "hanna", **HOURS, event_id="view:V1").silences) == 1
    assert world.act(ActionKind.SILENCE, "hanna", **HOURS, event_id="view:V1").silences == ()


def test_what_is_over_cannot_be_silenced():
    world = story()
    world.act(ActionKind.FALSE_ALARM, "hanna")
    decision = world.act(ActionKind.SILENCE, "hanna", **HOURS)
    assert decision.refusal is not None
    assert decision.refusal.why == "wrong_state"


@pytest.mark.parametrize(
    ("scope", "matcher"),
    [
        ("brand", Matcher(brand=BRAND)),
        ("theme:delays", Matcher(brand=BRAND, theme="delays")),
        ("thread:https://x.example/1:2", Matcher(brand=BRAND, thread="https://x.example/1:2")),
        ("source:news", Matcher(brand=BRAND, source="news")),
    ],
)
def test_what_a_silence_means(scope, matcher):
    assert matcher_of(BRAND, scope) == matcher


def silenced(**mandate: object) -> World:
    """Hanna has silenced the theme, as the shell would keep it."""
    world = story(**mandate)
    made = world.act(ActionKind.SILENCE, "hanna", **HOURS).silences
    world.silences += [replace(one, id="7") for one in made]
    return world


def test_it_is_lifted_where_it_was_set_and_written_down_like_setting_it():
    world = silenced()
    decision = world.act(ActionKind.LIFT_SILENCE, "stig", scope="theme:delays")
    assert decision.lifted == ("7",)
    assert decision.refusal is None
    (written,) = [e for e in world.written if e.kind == "silence_lifted"]
    assert (written.incident, written.actor, written.channel) == (1, "stig", "slack")
    assert written.data == {"silence": "7", "reason": "works on the line", "author": "hanna"}
    (told,) = [n for n in decision.notifications if n.data.get("state") == "silence_lifted"]
    assert told.data["by"] == "Stig"


def test_what_it_kept_quiet_is_told_in_the_same_breath():
    world = World(mandate=staffed())
    world.silences.append(Silence("7", Matcher(brand=BRAND), "works", "hanna", NOON + timedelta(hours=4), NOON))
    world.signals(signal(kind=ScopeKind.THEME, name="delays", themes={"delays": 30}))
    assert world.one.silenced == "7"
    decision = world.act(ActionKind.LIFT_SILENCE, "hanna")
    assert world.one.silenced is None
    assert [n for n in decision.notifications if n.data.get("step") is not None or n.root]
    assert world.owed(ObligationKind.ACKNOWLEDGE)


def test_whoever_may_not_silence_may_not_lift_unless_it_is_their_own():
    world = silenced()
    decision = world.act(ActionKind.LIFT_SILENCE, "agent")
    assert decision.refusal is not None
    assert (decision.refusal.action, decision.refusal.why, decision.lifted) == ("lift_silence", "not_allowed", ())
    assert "Hanna" in decision.refusal.allowed
    assert world.kinds(1)[-1] == "refused"
    world.silences = [replace(one, author="agent") for one in world.silences]
    assert world.act(ActionKind.LIFT_SILENCE, "agent").lifted == ("7",)


def test_the_right_to_lift_is_that_of_the_level_up_to_which_the_silence_holds():
    world = silenced(may={"silence": {"warning": ["head"], "crisis": ["stig"]}})
    world.silences = [replace(one, up_to=Level.CRISIS, author="kim") for one in world.silences]
    assert world.act(ActionKind.LIFT_SILENCE, "hanna").refusal is not None
    assert world.act(ActionKind.LIFT_SILENCE, "stig").lifted == ("7",)


def test_a_second_press_says_that_none_is_in_force_and_a_redelivered_one_says_nothing():
    world = silenced()
    assert world.act(ActionKind.LIFT_SILENCE, "hanna", event_id="click:1").lifted == ("7",)
    assert world.act(ActionKind.LIFT_SILENCE, "hanna", event_id="click:1").refusal is None
    refusal = world.act(ActionKind.LIFT_SILENCE, "hanna", event_id="click:2").refusal
    assert refusal is not None
    assert refusal.why == "no_silence"


@pytest.mark.parametrize(
    ("matcher", "scope", "lifted"),
    [
        (Matcher(brand=BRAND, theme="delays"), "", True),
        (Matcher(brand=BRAND), "", True),
        (Matcher(), "", True),
        (Matcher(brand=BRAND, theme="delays", detector="negative_people"), "", True),
        (Matcher(brand=BRAND, theme="payment"), "", False),
        (Matcher(brand="Nordkraft"), "", False),
        (Matcher(brand=BRAND, detector="volume"), "", False),
        (Matcher(brand=BRAND), "theme:delays", False),
        (Matcher(brand=BRAND, theme="payment"), "theme:payment", True),
    ],
)
def test_only_what_keeps_this_incident_quiet_is_lifted_or_what_the_button_names(matcher, scope, lifted):
    world = story()
    world.silences.append(Silence("3", matcher, "works", "hanna", NOON + timedelta(hours=4), NOON))
    asked = {"scope": scope} if scope else {}
    assert bool(world.act(ActionKind.LIFT_SILENCE, "hanna", **asked).lifted) is lifted


def test_asking_only_changes_nothing_but_writes_a_refusal_down():
    world = story()
    before = world.one
    assert world.act(ActionKind.STAND_DOWN, "hanna", only_asks="1").refusal is None
    assert world.one == before
    assert world.act(ActionKind.STAND_DOWN, "agent", only_asks="1").refusal is not None
    assert world.kinds(1)[-1] == "refused"


def test_asking_whether_one_may_flag_opens_nothing():
    world = World(mandate=staffed(may={"flag": ["head"]}))
    asked = {"brand": BRAND, "text": "?", "only_asks": "1"}
    assert world.act(ActionKind.FLAG, "hanna", None, **asked).refusal is None
    assert world.act(ActionKind.FLAG, "agent", None, **asked).refusal is not None
    assert world.incidents == {}

"""What people do with an incident: each action, what it needs, and that doing it twice is harmless."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.actions import Action, ActionKind
from alerts.decide import decide
from alerts.incident import Decision, IncidentState, ObligationKind, Reason
from detectors.signal import Level, ScopeKind
from tests.alerts.world import BRAND, NOON, World, by_reason, signal, staffed

HOUR = timedelta(hours=1)
LATER = (NOON + HOUR).isoformat()

WHOLE: dict[ActionKind, dict[str, str]] = {
    ActionKind.ACKNOWLEDGE: {},
    ActionKind.WAIT: {"reason": "känt fel", "until": LATER},
    ActionKind.RAISE: {"level": "crisis"},
    ActionKind.LOWER: {"level": "watch"},
    ActionKind.HAND_OVER: {"to": "dea"},
    ActionKind.STAND_DOWN: {"reason": "löst"},
    ActionKind.FALSE_ALARM: {},
    ActionKind.NOTE: {"text": "ringt trafikledningen"},
    ActionKind.FACT: {"status": "confirmed", "text": "Signalfel i Hallsberg"},
    ActionKind.MESSAGE: {"text": "Vi felsöker", "next_update": LATER},
    ActionKind.POSTED: {"url": "https://x.se/1"},
    ActionKind.PROMISE: {"text": "Svar kl. 15", "until": LATER},
}
"""Every action on one incident with all it needs."""


def warned() -> World:
    world = World()
    world.signals(signal(Level.WARNING))
    return world


@pytest.mark.parametrize(("kind", "data"), WHOLE.items(), ids=[str(k) for k in WHOLE])
def test_each_action_is_on_the_timeline_with_its_actor_and_channel(kind: ActionKind, data: dict[str, str]) -> None:
    world = warned()
    before = len(world.written)
    assert world.act(kind, "hanna", **data).refusal is None
    assert ("hanna", "slack") in {(e.actor, e.channel) for e in world.written[before:]}


@pytest.mark.parametrize(("kind", "data"), WHOLE.items(), ids=[str(k) for k in WHOLE])
def test_a_redelivered_click_does_nothing(kind: ActionKind, data: dict[str, str]) -> None:
    world = warned()
    world.act(kind, "hanna", event_id="Ev1", **data)
    assert world.act(kind, "hanna", event_id="Ev1", **data) == Decision()


@pytest.mark.parametrize(
    "kind", [k for k in WHOLE if k not in (ActionKind.NOTE, ActionKind.FACT, ActionKind.MESSAGE)]
)
def test_a_second_click_is_a_silent_success_or_says_nothing_new(kind: ActionKind) -> None:
    world = warned()
    world.act(kind, "hanna", **WHOLE[kind])
    again = world.act(kind, "hanna", **WHOLE[kind])
    assert again.refusal is None
    assert not [n for n in again.notifications if n.priority == 0]


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        (ActionKind.WAIT, {"reason": "x", "until": "soon"}, "bad_data: until"),
        (ActionKind.WAIT, {"reason": "x", "until": "2026-02-03T13:00"}, "bad_data: until"),
        (ActionKind.WAIT, {"reason": "x", "until": (NOON - HOUR).isoformat()}, "bad_data: until"),
        (ActionKind.HAND_OVER, {"to": "nobody"}, "bad_data: to"),
        (ActionKind.HAND_OVER, {}, "bad_data: to"),
        (ActionKind.NOTE, {"text": "  "}, "bad_data: text"),
        (ActionKind.FACT, {"status": "rumoured", "text": "x"}, "bad_data: status"),
        (ActionKind.FACT, {"status": "confirmed"}, "bad_data: text"),
        (ActionKind.MESSAGE, {}, "bad_data: text"),
        (ActionKind.PROMISE, {}, "bad_data: text"),
        (ActionKind.MERGE, {"other": "99"}, "bad_data: other"),
        (ActionKind.MERGE, {"other": "1"}, "bad_data: other"),
        (ActionKind.SPLIT, {"scope": "theme:unknown"}, "bad_data: scope"),
        (ActionKind.SPLIT, {"scope": "brand"}, "bad_data: scope"),
        (ActionKind.ANSWER_FLAG, {}, "wrong_state"),
    ],
)
def test_what_is_missing_is_named_and_nothing_changes(kind: ActionKind, data: dict[str, str], why: str) -> None:
    world = warned()
    before = dict(world.incidents)
    refusal = world.act(kind, "hanna", **data).refusal
    assert refusal is not None
    assert refusal.why == why
    assert world.incidents == before


@pytest.mark.parametrize(
    "kind",
    [ActionKind.ACKNOWLEDGE, ActionKind.WAIT, ActionKind.LOWER, ActionKind.RAISE, ActionKind.STAND_DOWN,
     ActionKind.MESSAGE, ActionKind.PROMISE],
)  # fmt: skip
def test_a_closed_incident_is_only_noted_on_or_reopened(kind: ActionKind) -> None:
    world = warned()
    world.act(ActionKind.FALSE_ALARM, "hanna")
    refusal = world.act(kind, "hanna", **WHOLE[kind]).refusal
    assert refusal is not None
    assert refusal.why == "wrong_state"
    assert world.act(ActionKind.NOTE, "hanna", text="det var ett skämt").refusal is None
    assert world.act(ActionKind.REOPEN, "hanna", level="warning").refusal is None
    assert world.one.state is IncidentState.OPEN
    assert world.owed(ObligationKind.ACKNOWLEDGE)


def test_an_incident_that_is_not_there_is_said_so() -> None:
    refusal = warned().act(ActionKind.NOTE, "kim", 99, text="x").refusal
    assert refusal is not None
    assert refusal.why == "no_such_incident"


@pytest.mark.parametrize(
    ("data", "why"), [({"text": "x"}, "bad_data: brand"), ({"brand": BRAND}, "bad_data: text")]
)
def test_a_flag_needs_a_brand_and_words(data: dict[str, str], why: str) -> None:
    refusal = World().act(ActionKind.FLAG, "kim", None, **data).refusal
    assert refusal is not None
    assert refusal.why == why


def test_the_same_flag_redelivered_opens_nothing_new() -> None:
    world = World()
    for _ in range(2):
        world.act(ActionKind.FLAG, "kim", None, brand=BRAND, text="x", event_id="Ev9")
    assert sorted(world.incidents) == [1]
    assert len(by_reason(world.said, Reason.FLAG)) == 2  # one in the thread, one copy


def test_a_flag_on_a_story_that_runs_joins_it_and_must_be_answered_there() -> None:
    world = World()
    world.signals(signal(Level.WATCH, kind=ScopeKind.THEME, name="delays"))
    world.act(ActionKind.FLAG, "agent", None, brand=BRAND, text="kön växer", theme="delays")
    assert sorted(world.incidents) == [1]
    assert world.owed(ObligationKind.ANSWER_FLAG)


def test_a_flag_on_an_alert_that_is_asked_about_is_one_more_line_in_its_thread() -> None:
    world = warned()
    world.act(ActionKind.FLAG, "agent", 1, text="kön växer")
    assert [n.recipients for n in by_reason(world.said, Reason.FLAG)] == [()]
    assert not world.owed(ObligationKind.ANSWER_FLAG)


def test_ten_agents_who_flag_the_same_thing_are_one_story_until_it_is_answered() -> None:
    world = World()
    for number in range(10):
        world.act(ActionKind.FLAG, f"U{number}", None, brand=BRAND, text=f"kön växer {number}")
    assert sorted(world.incidents) == [1]
    assert world.kinds(1).count("flagged") == 10
    assert len([n for n in world.said if n.recipients]) == 1
    world.act(ActionKind.ANSWER_FLAG, "kim")
    world.act(ActionKind.FLAG, "agent", None, brand=BRAND, text="något annat")
    assert sorted(world.incidents) == [1, 2]


def test_a_flag_that_is_not_allowed_is_refused_and_written_down_without_an_incident() -> None:
    world = World(mandate=staffed(may={"flag": ["customer_service"]}))
    decision = world.act(ActionKind.FLAG, "U9", None, brand=BRAND, text="x")
    assert decision.refusal is not None
    assert decision.refusal.allowed == ("Kim",)
    assert decision.incidents == ()
    assert [(e.kind, e.incident) for e in decision.timeline] == [("refused", None)]


def test_the_first_to_acknowledge_owns_it_until_it_is_handed_over() -> None:
    world = warned()
    world.act(ActionKind.ACKNOWLEDGE, "kim")
    assert world.one.owner == "kim"
    world.act(ActionKind.HAND_OVER, "hanna", to="U2DEA")
    assert world.one.owner == "dea"
    assert by_reason(world.said, Reason.STATE_CHANGED)[0].recipients == ("U2DEA",)


def test_a_fact_told_again_changes_its_standing() -> None:
    world = warned()
    world.act(ActionKind.FACT, "kim", status="unknown", text="Kabelbrott")
    world.act(ActionKind.FACT, "kim", status="confirmed", text="Kabelbrott")
    assert [(f.status, f.text) for f in world.one.facts] == [("confirmed", "Kabelbrott")]


def test_raising_by_hand_needs_no_signal_and_holds_for_the_time_of_quiet() -> None:
    world = warned()
    world.act(ActionKind.RAISE, "hanna")
    assert world.one.level is Level.CRISIS
    world.calm(hours=5.5, step=timedelta(minutes=30))
    assert world.one.level is Level.CRISIS


def test_raising_out_of_aftercare_reopens() -> None:
    world = warned()
    world.act(ActionKind.STAND_DOWN, "hanna")
    world.act(ActionKind.RAISE, "hanna", level="warning")
    assert world.one.state is IncidentState.OPEN
    assert world.one.level is Level.WARNING
    assert world.owed(ObligationKind.ACKNOWLEDGE)


def test_a_lower_level_by_hand_ends_what_only_the_higher_one_asked_for() -> None:
    world = World()
    world.signals(signal(Level.CRISIS))
    world.act(ActionKind.LOWER, "hanna", level="watch")
    assert not world.owed(ObligationKind.ACKNOWLEDGE)
    assert not world.owed(ObligationKind.CONFIRM_PUBLICLY)
    assert by_reason(world.said, Reason.STATE_CHANGED)[0].data["was"] == "crisis"


def test_the_current_message_can_name_the_next_public_time() -> None:
    world = warned()
    world.act(ActionKind.MESSAGE, "hanna", **WHOLE[ActionKind.MESSAGE])
    assert [o.due_at for o in world.owed(ObligationKind.NEXT_PUBLIC_UPDATE)] == [NOON + HOUR]
    world.act(ActionKind.POSTED, "hanna", next_update=(NOON + 2 * HOUR).isoformat())
    assert [o.due_at for o in world.owed(ObligationKind.NEXT_PUBLIC_UPDATE)] == [NOON + 2 * HOUR]


def test_split_leaves_a_story_behind() -> None:
    world = World()
    world.signals(signal(kind=ScopeKind.THEME, name="delays"))
    refusal = world.act(ActionKind.SPLIT, "hanna", scope="theme:delays").refusal
    assert refusal is not None
    assert refusal.why == "wrong_state"
    assert sorted(world.incidents) == [1]


def test_merging_what_is_merged_is_a_silent_success() -> None:
    world = World()
    world.signals(
        signal(kind=ScopeKind.THEME, name="a", ids=range(9)),
        signal(kind=ScopeKind.THEME, name="b", ids=range(50, 59)),
    )
    world.act(ActionKind.MERGE, "hanna", 1, other=2)
    again = world.act(ActionKind.MERGE, "hanna", 1, other=2)
    assert again.refusal is None
    assert again.incidents == ()


def test_a_flag_that_must_be_answered_goes_over_when_stories_are_merged() -> None:
    world = warned()
    world.act(ActionKind.ACKNOWLEDGE, "kim")
    world.act(ActionKind.FLAG, "agent", None, brand=BRAND, text="kassan", thread="t7")
    world.act(ActionKind.MERGE, "hanna", 1, other=2)
    assert world.owed(ObligationKind.ANSWER_FLAG)
    assert world.later(minutes=30)


def test_deciding_is_pure() -> None:
    world = warned()
    event = Action(ActionKind.ACKNOWLEDGE, "kim", NOON, "slack", 1, {})
    asked = [decide([world.one], event, world.mandate, NOON, next_number=2) for _ in range(2)]
    assert asked[0] == asked[1]
    assert world.one.state is IncidentState.OPEN

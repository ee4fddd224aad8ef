"""From a decision to messages: one root, pings in its thread, copies, keys, and what each message carries."""

from __future__ import annotations

from datetime import timedelta

from alerts.actions import ActionKind
from alerts.incident import Reason
from alerts.mandate import default_mandate
from detectors.signal import Level
from tests.alerts.world import BRAND, NOON, STAFFED, World, addressed, by_reason, signal, staffed

TEN = timedelta(minutes=10)


def test_the_first_alert_is_a_root_that_calls_the_first_step_and_a_copy() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    assert addressed(world.said) == [("slack", "#kris", ("U1KIM",)), ("slack", "#kundservice", ())]
    assert [n.root for n in world.said] == [True, False]
    assert [n.priority for n in world.said] == [0, 1]


def test_the_next_step_is_a_reply_shown_in_the_channel_and_further_ways_are_messages_of_their_own() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.later(minutes=20)
    told = [n for n in by_reason(world.said, Reason.ESCALATED) if n.created_at == NOON + 2 * TEN]
    assert addressed(told) == [
        ("slack", "#kris", ("U3HAN",)),
        ("sms", "+463", ("+463",)),
        ("slack", "#kundservice", ()),
    ]
    assert [n.broadcast for n in told] == [True, False, False]
    assert told[1].data["person"] == "hanna"


def test_a_message_says_who_was_told_and_what_comes_next() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    said = world.said[0].data
    assert said["told"] == "Kim"
    assert said["due"] == (NOON + TEN).isoformat()
    assert (said["next"], said["next_who"]) == ("step", "deputy")
    assert (said["brand"], said["level"], said["step"]) == (BRAND, "warning", 0)


def test_the_same_decision_has_the_same_keys_and_every_order_its_own() -> None:
    runs = []
    for _ in range(2):
        world = World()
        world.signals(signal(Level.WARNING))
        world.later(minutes=45)
        world.act(ActionKind.ACKNOWLEDGE)
        runs.append([n.key for n in world.said])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == len(runs[0])
    assert runs[0][0] == "INC-1/1/first/slack/#kris"


def test_by_mail_only_the_root_still_stands_in_slack_without_calling_anybody() -> None:
    levels = {**STAFFED["levels"], "warning": {"steps": [{"tell": "customer_service", "by": ["email"]}]}}
    world = World(mandate=staffed(levels=levels))
    world.signals(signal(Level.WARNING))
    assert addressed(world.said)[:2] == [("slack", "#kris", ()), ("email", "kim@x.se", ("kim@x.se",))]


def test_where_customer_service_reads_the_crisis_channel_nothing_is_said_twice() -> None:
    world = World(mandate=staffed(customer_service_channel=None))
    world.signals(signal(Level.WATCH))
    world.signals(signal(Level.WARNING))
    assert [(n.reason, n.root, n.broadcast) for n in world.said] == [
        (Reason.FIRST, True, False),
        (Reason.LEVEL_RAISED, False, True),
    ]


def test_without_a_mandate_everything_stands_in_the_alerts_channel() -> None:
    world = World(mandate=default_mandate())
    world.signals(signal(Level.CRISIS))
    world.later(minutes=40)
    assert {(n.channel, n.place, n.recipients) for n in world.said} == {("slack", "", ())}
    assert sum(n.root for n in world.said) == 1


def test_a_card_is_brought_up_to_date_after_what_people_do() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    for kind, data in ((ActionKind.ACKNOWLEDGE, {}), (ActionKind.FACT, {"status": "confirmed", "text": "x"})):
        before = len(world.said)
        world.act(kind, **data)
        assert [n.edit for n in world.said[before:]][-1]
    assert all(n.priority == 2 for n in by_reason(world.said, Reason.EDIT))


def test_signals_that_go_on_edit_the_card_now_and_then_and_say_nothing_else() -> None:
    world = World()
    world.signals(signal(Level.WARNING))
    world.act(ActionKind.ACKNOWLEDGE)
    before = len(world.said)
    for _ in range(12):
        world.now += timedelta(minutes=5)
        world.signals(signal(Level.WARNING))
    said = [n for n in world.said[before:] if n.reason is not Reason.REMINDER]
    assert {n.reason for n in said} == {Reason.EDIT}
    assert len(said) == 4  # an hour at one in a quarter


def test_a_stranger_who_took_it_on_is_called_by_the_id_they_came_with() -> None:
    world = World(mandate=default_mandate())
    world.signals(signal(Level.CRISIS))
    world.act(ActionKind.ACKNOWLEDGE, "U0STRANGER")
    (reminder,) = [n for n in world.later(minutes=31) if n.data.get("obligation") == "refresh_message"]
    assert reminder.recipients == ("U0STRANGER",)

"""Watching the watcher: the operator is told once, grouped, and the heartbeat stops when anything is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.actions import ActionKind
from alerts.incident import Notification, Reason
from alerts.mandate import default_mandate
from alerts.watching import Part, PartHealth, all_quiet, audit, operators, trouble_of, watch
from detectors.signal import Level
from tests.alerts.world import NOON, World, signal, staffed

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OPERATED = staffed(operator="deputy", operator_by=["sms"])


def part(name: str = "rss", kind: Part = Part.SOURCE, silent: timedelta = HOUR, **fields: object) -> PartHealth:
    return PartHealth(kind, name, NOON - silent, 30 * MINUTE, **fields)  # type: ignore[arg-type]


def test_a_silent_source_is_told_to_the_operator_with_since_why_and_what_to_do() -> None:
    found = watch([part(why="410 Gone", remedy="renew the feed's address", brands=("Nordtåg",))], OPERATED, NOON)
    (said,) = found.notifications
    assert (said.reason, said.channel, said.place, said.priority) == (Reason.BLIND, "sms", "+462", 0)
    assert said.data["source"] == "rss"
    assert said.data["since"] == (NOON - HOUR).isoformat()
    assert said.data["why"] == "410 Gone"
    assert said.data["remedy"] == "renew the feed's address"
    assert said.data["brands"] == "Nordtåg"


def test_ten_silent_sources_are_one_message() -> None:
    found = watch([part(f"s{i}", why="no network") for i in range(10)], OPERATED, NOON)
    (said,) = found.notifications
    assert said.data["count"] == 10
    assert said.data["why"] == "no network"
    assert len(found.told) == 10


def test_parts_of_another_kind_are_another_message() -> None:
    found = watch([part(), part("slack", Part.CHANNEL), part("detect", Part.JOB)], OPERATED, NOON)
    assert [n.reason for n in found.notifications] == [Reason.BLIND, Reason.HEALTH, Reason.HEALTH]


def test_it_is_told_once_while_it_lasts_and_again_after_a_day() -> None:
    lasting = part(told_at=NOON - HOUR)
    assert watch([lasting], OPERATED, NOON).notifications == ()
    assert watch([replace(lasting, told_at=NOON - 24 * HOUR)], OPERATED, NOON).told


def test_what_is_well_again_is_said_once() -> None:
    well = part(silent=MINUTE, told_at=NOON - HOUR)
    found = watch([well], OPERATED, NOON)
    assert [n.data.get("recovered") for n in found.notifications] == [1]
    assert found.recovered == (well,)
    assert watch([replace(well, told_at=None)], OPERATED, NOON).notifications == ()


def test_the_same_trouble_has_the_same_key() -> None:
    keys = {watch([part()], OPERATED, NOON).notifications[0].key}
    keys.add(watch([replace(part(), why="other words")], OPERATED, NOON).notifications[0].key)
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("health", "ill"),
    [
        (part(silent=29 * MINUTE), False),
        (part(silent=31 * MINUTE), True),
        (part(paused_until=NOON + HOUR), False),  # the platform asked us to wait
        (part(paused_until=NOON - HOUR), True),
        (part(silent=MINUTE, permanent=True), True),  # a wrong token does not heal
        (PartHealth(Part.SOURCE, "new", None, HOUR), False),
        (PartHealth(Part.SOURCE, "never", None, HOUR, since=NOON - 2 * HOUR), True),
    ],
)
def test_what_counts_as_ill(health: PartHealth, ill: bool) -> None:
    assert (trouble_of(health, NOON) is not None) is ill


def test_without_an_operator_the_crisis_group_hears_it() -> None:
    assert [w.address for w in operators(staffed(), NOON)] == ["U3HAN", "U4STI"]
    assert [(w.channel, w.address) for w in operators(default_mandate(), NOON)] == [("slack", "")]


def test_an_operator_who_cannot_be_reached_leaves_the_alerts_channel() -> None:
    (way,) = operators(staffed(operator="agents", operator_by=["sms"]), NOON)
    assert (way.channel, way.address) == ("slack", "#kris")


def test_all_quiet_is_said_once_a_day() -> None:
    today = all_quiet(OPERATED, NOON, heard=4, sources=4)
    assert today[0].key == all_quiet(OPERATED, NOON + HOUR, heard=3, sources=4)[0].key
    assert today[0].key != all_quiet(OPERATED, NOON + 24 * HOUR, heard=4, sources=4)[0].key
    assert today[0].data["heard"] == 4


# --- the audit behind the heartbeat ---


def warned() -> World:
    world = World()
    world.signals(signal(Level.WARNING))
    return world


def test_all_is_well_when_every_alert_is_being_asked_about() -> None:
    world = warned()
    assert audit(world.incidents.values(), [], [part(silent=MINUTE)], world.now) == []


def test_an_open_alert_that_nobody_is_asked_about_stops_the_heartbeat() -> None:
    forgotten = replace(warned().one, obligations=())
    assert audit([forgotten], [], [], NOON) == ["INC-1 is open and nobody is being asked"]


def test_a_deadline_that_no_tick_acted_on_stops_the_heartbeat() -> None:
    (failure,) = audit(warned().incidents.values(), [], [], NOON + 16 * MINUTE)
    assert failure == "INC-1: a deadline of 2026-02-03 11:10 UTC was not acted on"


def test_an_ended_chain_and_an_acknowledged_incident_are_attended() -> None:
    world = warned()
    world.later(hours=2, step=5 * MINUTE)
    assert audit(world.incidents.values(), [], [], world.now) == []
    world.act(ActionKind.ACKNOWLEDGE)
    assert audit(world.incidents.values(), [], [], world.now + HOUR) == []


@pytest.mark.parametrize(("minutes", "stuck"), [(9, False), (11, True)])
def test_an_outbox_that_stands_still_stops_the_heartbeat(minutes: int, stuck: bool) -> None:
    waiting = Notification("k", Reason.FIRST, NOON)
    assert bool(audit([], [waiting], [], NOON + minutes * MINUTE)) is stuck


def test_a_message_that_waits_as_it_was_asked_to_is_not_stuck() -> None:
    patient = Notification("k", Reason.FIRST, NOON, next_attempt_at=NOON + 20 * MINUTE)
    assert audit([], [patient], [], NOON + 25 * MINUTE) == []


def test_a_deaf_source_stops_the_heartbeat_in_words() -> None:
    (failure,) = audit([], [], [part(why="timed out")], NOON)
    assert failure == "source rss has not been well since 2026-02-03 10:00 UTC: timed out"

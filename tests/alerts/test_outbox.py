"""What leaves the outbox, in which order, and what need not be said any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.deciding.stories import blank
from alerts.incident import (
    Acknowledgement,
    Incident,
    Notification,
    NotificationState,
    Obligation,
    ObligationKind,
    Reason,
)
from alerts.mandate import default_mandate
from alerts.obligations import met
from alerts.outbox import Limits, Plan, is_moot, late_by, plan_next, rerouted, retry_wait
from detectors.signal import Level
from tests.alerts.world import BRAND, NOON

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
State = NotificationState


def message(key: str, reason: Reason = Reason.REMINDER, **fields: object) -> Notification:
    defaults: dict[str, object] = {"incident": 1, "created_at": NOON, "place": "#kris"}
    return Notification(key=key, reason=reason, **{**defaults, **fields})  # type: ignore[arg-type]


def edit(key: str, at: float = 0, **fields: object) -> Notification:
    return message(key, Reason.EDIT, edit=True, priority=2, created_at=NOON + at * SECOND, **fields)


def sent(plan: Plan) -> list[str]:
    return [n.key for n in plan.send]


def gone(plan: Plan) -> dict[str, str]:
    return {s.key: s.why for s in plan.superseded}


# --- order ---


def test_the_order_of_an_incident_is_kept() -> None:
    assert sent(plan_next([message("a"), message("b", priority=0), message("c")], NOON)) == ["a", "b", "c"]


def test_a_first_alert_overtakes_the_updates_of_another_incident() -> None:
    updates = [message(f"u{i}") for i in range(5)]
    first = message("first", Reason.FIRST, incident=2, root=True, priority=0, created_at=NOON + SECOND)
    assert sent(plan_next([*updates, first], NOON + SECOND))[0] == "first"


def test_what_stands_before_an_urgent_message_of_its_incident_is_urgent_too() -> None:
    lane = [message("a"), message("b", priority=0)]
    other = message("x", incident=2, priority=0, created_at=NOON + SECOND)
    assert sent(plan_next([*lane, other], NOON + SECOND)) == ["a", "b", "x"]


def test_what_waits_for_its_next_attempt_lets_nothing_of_its_incident_pass() -> None:
    waiting = message("a", next_attempt_at=NOON + MINUTE)
    plan = plan_next([waiting, message("b"), message("c", incident=2)], NOON)
    assert sent(plan) == ["c"]
    assert plan.next_at == NOON + MINUTE


def test_channels_do_not_wait_for_each_other() -> None:
    waiting = message("a", next_attempt_at=NOON + MINUTE)
    assert sent(plan_next([waiting, message("sms", channel="sms")], NOON)) == ["sms"]


def test_messages_of_no_incident_are_a_lane_each() -> None:
    waiting = message("a", Reason.HEALTH, incident=None, next_attempt_at=NOON + MINUTE)
    assert sent(plan_next([waiting, message("b", Reason.HEALTH, incident=None)], NOON)) == ["b"]


def test_what_was_sent_failed_or_rerouted_is_no_longer_planned() -> None:
    over = [message(s, state=State(s)) for s in ("sent", "failed", "superseded", "rerouted", "sending")]
    assert plan_next(over, NOON) == Plan()


# --- the newest says everything ---


def test_only_the_newest_pending_edit_survives_a_burst() -> None:
    burst = [edit(f"e{i}", i) for i in range(5)]
    plan = plan_next(burst, NOON + 10 * SECOND)
    assert sent(plan) == ["e4"]
    assert set(gone(plan)) == {"e0", "e1", "e2", "e3"}


def test_a_burst_is_given_time_to_end_but_not_for_ever() -> None:
    assert sent(plan_next([edit("e0")], NOON + 4 * SECOND)) == []
    assert plan_next([edit("e0")], NOON + 4 * SECOND).next_at == NOON + 5 * SECOND
    flood = [edit(f"e{i}", i) for i in range(60)]
    assert sent(plan_next(flood, NOON + 59 * SECOND)) == ["e59"]


@pytest.mark.parametrize(("seconds", "goes"), [(39, False), (40, True)])
def test_a_card_is_edited_at_most_once_in_forty_seconds(seconds: int, goes: bool) -> None:
    limits = Limits(last_edit={1: NOON})
    assert bool(sent(plan_next([edit("e", 1)], NOON + seconds * SECOND, limits))) is goes


def test_an_edit_before_the_root_is_sent_says_nothing_new() -> None:
    root = message("root", Reason.FIRST, root=True, priority=0)
    plan = plan_next([root, edit("e")], NOON + MINUTE)
    assert sent(plan) == ["root"]
    assert gone(plan) == {"e": "the root message says it"}


def test_an_edit_after_an_unclear_root_is_kept() -> None:
    root = message("root", Reason.FIRST, root=True, state=State.UNKNOWN)
    assert gone(plan_next([root, edit("e")], NOON + MINUTE)) == {}


def test_only_the_newest_pending_update_survives() -> None:
    plan = plan_next(
        [message("u1", Reason.UPDATE), message("u2", Reason.UPDATE), message("n", Reason.NEW_TURN)], NOON
    )
    assert sent(plan) == ["u2", "n"]
    assert gone(plan) == {"u1": "newer: u2"}


def test_what_may_have_arrived_is_not_superseded() -> None:
    plan = plan_next([message("u1", Reason.UPDATE, state=State.UNKNOWN), message("u2", Reason.UPDATE)], NOON)
    assert sent(plan) == ["u1", "u2"]


# --- the budget ---


def test_beyond_the_budget_the_oldest_unimportant_messages_are_left_to_the_card() -> None:
    turns = [message(f"t{i}", Reason.NEW_TURN) for i in range(20)]
    plan = plan_next(turns, NOON, Limits(budget=5))
    assert sent(plan) == [f"t{i}" for i in range(15, 20)]
    assert set(gone(plan).values()) == {"message budget"}


def test_what_was_said_lately_counts_and_what_was_said_long_ago_does_not() -> None:
    spent = {1: (NOON - 10 * MINUTE, NOON - 20 * MINUTE, NOON - 61 * MINUTE)}
    turns = [message(f"t{i}", Reason.NEW_TURN) for i in range(3)]
    assert sent(plan_next(turns, NOON, Limits(budget=3, spent=spent))) == ["t2"]


@pytest.mark.parametrize(
    "reason", [Reason.ACKNOWLEDGED, Reason.REMINDER, Reason.CLOSED, Reason.WAITING, Reason.FLAG]
)
def test_what_no_card_replaces_is_said_in_spite_of_the_budget(reason: Reason) -> None:
    assert sent(plan_next([message("m", reason)], NOON, Limits(budget=0))) == ["m"]


def test_urgent_messages_have_no_budget() -> None:
    urgent = [message(f"e{i}", Reason.ESCALATED, priority=0) for i in range(30)]
    assert len(sent(plan_next(urgent, NOON, Limits(budget=1)))) == 30


# --- held ---


def test_that_it_is_calm_is_not_said_of_a_brand_that_is_not_heard() -> None:
    calm = message("calm", Reason.STATE_CHANGED, data={"brand": "Nordtåg", "why": "calm"})
    blind = Limits(blind_brands=frozenset({"Nordtåg"}))
    assert plan_next([calm], NOON, blind).hold == ("calm",)
    assert sent(plan_next([calm, message("alarm", Reason.LEVEL_RAISED, priority=0)], NOON, blind)) == ["alarm"]
    held = replace(calm, state=State.HELD)
    assert plan_next([held], NOON, blind) == Plan()
    assert plan_next([held], NOON).release == ("calm",)


def test_what_may_have_arrived_is_looked_for_and_not_held() -> None:
    unclear = message("calm", Reason.CLOSED, state=State.UNKNOWN, data={"brand": "Nordtåg", "why": "calm"})
    plan = plan_next([unclear], NOON, Limits(blind_brands=frozenset({"Nordtåg"})))
    assert (sent(plan), plan.hold) == (["calm"], ())


# --- retries, lateness, other ways ---


def test_waits_grow_and_never_undercut_what_was_asked_for() -> None:
    waits = [retry_wait(n) for n in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[0] == 5 * SECOND
    assert waits[-1] == 5 * MINUTE
    assert retry_wait(1, 30 * SECOND) == 30 * SECOND
    assert retry_wait(9, SECOND) == 5 * MINUTE


def test_a_message_says_how_late_it_is_and_an_edit_never_is() -> None:
    late = NOON + 5 * MINUTE
    assert late_by(message("a"), late, 2 * MINUTE) == 5 * MINUTE
    assert late_by(message("a"), NOON + MINUTE, 2 * MINUTE) is None
    assert late_by(edit("e"), late, 2 * MINUTE) is None


def test_a_copy_goes_another_way_once_and_says_why() -> None:
    copy = rerouted(message("a", Reason.FIRST, priority=0, data={"level": "crisis"}), "email", "channel_not_found")
    assert copy is not None
    assert (copy.key, copy.channel, copy.place, copy.priority) == ("a/email", "email", "", 0)
    assert copy.data == {"level": "crisis", "instead_of": "slack", "trouble": "channel_not_found"}
    assert rerouted(copy, "sms", "x") is None
    assert rerouted(edit("e"), "email", "x") is None
    assert rerouted(message("m", channel="email"), "email", "x") is None


# --- laws ---

ANY = st.builds(
    lambda key, reason, incident, channel, priority, age, wait, state: message(
        str(key),
        reason,
        incident=incident,
        channel=channel,
        priority=priority,
        edit=reason is Reason.EDIT,
        root=reason is Reason.FIRST,
        created_at=NOON - age * SECOND,
        next_attempt_at=None if wait is None else NOON + wait * SECOND,
        state=state,
        data={"brand": "Nordtåg", "why": "calm"} if reason is Reason.CLOSED else {},
    ),
    st.integers(),
    st.sampled_from([Reason.FIRST, Reason.EDIT, Reason.UPDATE, Reason.NEW_TURN, Reason.ESCALATED, Reason.CLOSED]),
    st.none() | st.integers(1, 3),
    st.sampled_from(["slack", "email"]),
    st.integers(0, 2),
    st.integers(0, 600),
    st.none() | st.integers(-60, 60),
    st.sampled_from([State.PENDING, State.UNKNOWN, State.HELD, State.SENT]),
)
BOX = st.lists(ANY, max_size=25, unique_by=lambda n: n.key)
LIMITS = st.builds(
    Limits,
    budget=st.integers(0, 4),
    last_edit=st.dictionaries(st.integers(1, 3), st.integers(0, 90).map(lambda s: NOON - s * SECOND)),
    blind_brands=st.sampled_from([frozenset(), frozenset({"Nordtåg"})]),
)


@given(BOX, LIMITS)
def test_every_message_is_sent_superseded_held_or_waits_and_never_two_of_them(
    box: list[Notification], limits: Limits
) -> None:
    plan = plan_next(box, NOON, limits)
    keys = [*sent(plan), *gone(plan), *plan.hold]
    assert len(keys) == len(set(keys))
    assert set(keys) <= {n.key for n in box if n.state is not State.SENT}
    left = [n for n in box if n.state is not State.SENT and n.key not in keys and n.state is not State.HELD]
    assert not left or plan.next_at is not None


@given(BOX, LIMITS)
def test_within_an_incident_and_channel_nothing_overtakes(box: list[Notification], limits: Limits) -> None:
    order = {n.key: i for i, n in enumerate(box)}
    lanes: dict[tuple[object, ...], list[int]] = {}
    for n in plan_next(box, NOON, limits).send:
        lanes.setdefault((n.incident or n.key, n.channel, n.edit), []).append(order[n.key])
    assert all(places == sorted(places) for places in lanes.values())


@given(BOX, LIMITS)
def test_nothing_urgent_is_ever_superseded(box: list[Notification], limits: Limits) -> None:
    said = {n.key: n for n in box}
    plan = plan_next(box, NOON, limits)
    assert all(said[key].priority > 0 or said[key].edit or said[key].reason is Reason.UPDATE for key in gone(plan))


@given(BOX, LIMITS)
def test_what_goes_now_goes_again_as_planned_when_it_was_not_sent(box: list[Notification], limits: Limits) -> None:
    plan = plan_next(box, NOON, limits)
    left = [n for n in box if n.key not in gone(plan)]
    assert sent(plan_next(left, NOON, limits)) == sent(plan)


# --- what was done while it waited ---

CALL = message("call", Reason.ESCALATED, data={"obligation": "acknowledge", "level": "warning"})
ASK = message("ask", data={"obligation": "confirm_publicly", "due": NOON.isoformat()})
CONFIRM = Obligation(ObligationKind.CONFIRM_PUBLICLY, NOON, NOON)


def taken(level: Level = Level.WARNING, after: float = 1) -> Incident:
    """An incident that was taken on so many seconds after noon, and still owes a public word."""
    acknowledgement = Acknowledgement("kim", NOON + after * SECOND, "slack", level)
    begun = blank(1, BRAND, default_mandate(), NOON)
    return replace(begun, acknowledgement=acknowledgement, obligations=(CONFIRM,))


def test_a_call_is_moot_once_somebody_has_answered() -> None:
    assert is_moot(CALL, taken())
    assert is_moot(CALL, taken(Level.CRISIS))
    assert is_moot(replace(CALL, reason=Reason.REMINDER), taken())


@pytest.mark.parametrize(
    "incident",
    [
        blank(1, BRAND, default_mandate(), NOON),  # nobody has
        taken(Level.WATCH),  # what was answered was less
        taken(after=-60),  # the answer is older: the wait is over, and people are asked again
    ],
)
def test_a_call_is_not_moot_otherwise(incident: Incident) -> None:
    assert not is_moot(CALL, incident)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": State.UNKNOWN},  # it may have arrived
        {"root": True},
        {"edit": True},
        {"reason": Reason.LEVEL_RAISED},  # that it is worse is news, whoever has it
        {"data": {"obligation": "wait_ends", "level": "watch"}},
    ],
)
def test_what_says_more_than_a_call_is_sent(changes: dict[str, object]) -> None:
    assert not is_moot(replace(CALL, **changes), taken())  # type: ignore[arg-type]


def test_a_reminder_is_moot_once_it_was_done() -> None:
    done = replace(taken(), obligations=(met(CONFIRM, NOON, "own_account"),))
    assert is_moot(ASK, done)
    assert not is_moot(ASK, taken())

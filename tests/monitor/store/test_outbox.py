"""The outbox: its state machine holds in the database, whoever asks."""

from __future__ import annotations

from datetime import timedelta

from alerts.incident import Decision, Notification, NotificationState, Reason
from monitor.store import Store
from monitor.store.outbox import ALLOWED
from tests.monitor.store.making import NOW

S = NotificationState
MINUTE = timedelta(minutes=1)

STEPS = {
    S.PENDING: lambda store, key: store.mark_pending(key),
    S.SENDING: lambda store, key: store.mark_sending(key, NOW),
    S.SENT: lambda store, key: store.mark_sent(key, NOW, message_id="ts"),
    S.UNKNOWN: lambda store, key: store.mark_unknown(key, "timed out"),
    S.FAILED: lambda store, key: store.mark_failed(key, "channel_not_found"),
    S.SUPERSEDED: lambda store, key: store.mark_superseded(key),
    S.HELD: lambda store, key: store.mark_held(key),
    S.REROUTED: lambda store, key: store.mark_rerouted(key),
}


def notification(key: str = "INC-1/1", **changes: object) -> Notification:
    return Notification(key=key, reason=Reason.FIRST, created_at=NOW, **({"incident": 1} | changes))  # type: ignore[arg-type]


def state_of(store: Store, key: str = "INC-1/1") -> NotificationState:
    found = store.notification(key)
    assert found is not None
    return found.state


def test_a_notification_comes_back_as_it_was(store: Store) -> None:
    sent = notification(
        place="C1", recipients=("anna", "bo"), root=True, priority=0, data={"level": "crisis", "n": 3, "x": None}
    )
    store.add_notifications([sent])
    assert store.due_notifications(NOW) == (sent,)


def test_the_same_key_twice_is_one_notification(store: Store) -> None:
    """The same decision stored again must not send, nor reset what was sent."""
    store.apply_decision(Decision(notifications=(notification(), notification())), NOW)
    store.mark_sending("INC-1/1", NOW)
    store.apply_decision(Decision(notifications=(notification(place="elsewhere"),)), NOW)
    [found] = store.notifications(incident=1)
    assert (found.state, found.place, found.attempts) == (S.SENDING, "", 1)


def test_only_allowed_steps_change_anything(store: Store) -> None:
    """All 64 pairs: what the table does not allow answers False and changes nothing."""
    pairs = [(start, end) for start in S for end in S]
    store.add_notifications([notification(f"{start}>{end}", state=start) for start, end in pairs])
    for start, end in pairs:
        allowed = start in ALLOWED[end]
        assert STEPS[end](store, f"{start}>{end}") is allowed, (start, end)
        assert state_of(store, f"{start}>{end}") is (end if allowed else start)


def test_what_was_sent_stays_sent(store: Store) -> None:
    assert all(S.SENT not in before for before in ALLOWED.values())


def test_sending_counts_attempts_and_remembers_the_first(store: Store) -> None:
    store.add_notifications([notification()])
    store.mark_sending("INC-1/1", NOW)
    store.mark_pending("INC-1/1", next_attempt_at=NOW + MINUTE, error="429")
    assert store.due_notifications(NOW) == ()
    store.mark_sending("INC-1/1", NOW + MINUTE)
    found = store.notification("INC-1/1")
    assert found is not None
    assert (found.attempts, found.first_attempt_at, found.error) == (2, NOW, "429")
    store.mark_sent("INC-1/1", NOW + MINUTE, message_id="17.1")
    found = store.notification("INC-1/1")
    assert found is not None
    assert (found.sent_at, found.message_id, found.error) == (NOW + MINUTE, "17.1", None)


def test_two_senders_do_not_take_the_same_notification(store: Store) -> None:
    store.add_notifications([notification()])
    assert [store.mark_sending("INC-1/1", NOW), store.mark_sending("INC-1/1", NOW)] == [True, False]


def test_after_a_crash_what_was_being_sent_is_unknown_and_due(store: Store) -> None:
    store.add_notifications([notification("a"), notification("b"), notification("c")])
    store.mark_sending("a", NOW)
    store.mark_sending("b", NOW)
    store.mark_sent("b", NOW)
    assert store.recover_sending() == 1
    due = store.due_notifications(NOW)
    assert [(found.key, found.state) for found in due] == [("a", S.UNKNOWN), ("c", S.PENDING)]


def test_due_ones_come_by_priority_then_in_the_order_decided(store: Store) -> None:
    store.add_notifications([notification("a"), notification("b", priority=0), notification("c")])
    store.add_notifications(
        [notification("later", next_attempt_at=NOW + MINUTE), notification("held", state=S.HELD)]
    )
    assert [found.key for found in store.due_notifications(NOW)] == ["b", "a", "c"]
    assert [found.key for found in store.due_notifications(NOW, limit=2)] == ["b", "a"]


def test_notifications_are_found_by_incident_and_state(store: Store) -> None:
    store.add_notifications([notification("a"), notification("b", incident=2), notification("c", incident=None)])
    assert [found.key for found in store.notifications(incident=2)] == ["b"]
    assert len(store.notifications(states=[S.PENDING])) == 3
    assert store.notifications(states=[S.SENT]) == ()
    assert store.notification("unknown") is None
    assert not store.mark_sending("unknown", NOW)

"""Our own posts: the first confirms, later ones keep what was promised, and people are told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.actions import ActionKind, OwnPost
from alerts.incident import ObligationKind, Reason
from alerts.promises import promise_in
from detectors.signal import Level, ScopeKind
from tests.alerts.world import BRAND, NOON, World, by_reason, signal

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PROMISE = ObligationKind.PROMISE


def crisis() -> World:
    """A crisis that somebody has taken on, with one thread in it."""
    world = World()
    world.signals(signal(Level.CRISIS), signal(Level.WATCH, kind=ScopeKind.THREAD, name="t1"))
    world.act(ActionKind.ACKNOWLEDGE, "hanna")
    return world


def promised() -> World:
    """We have said that we will be back in an hour."""
    world = crisis()
    world.own_post("Vi återkommer inom en timme.")
    return world


def after(world: World, minutes: int, text: str = "Nu går tågen igen.", **fields: object) -> World:
    """An own post so many minutes later."""
    world.later(minutes=minutes)
    world.own_post(text, **fields)
    return world


@pytest.mark.parametrize(("thread", "owed"), [(None, 0), ("t1", 0), ("somebody-else", 1)])
def test_the_public_update_is_for_all_not_for_one_customer(thread, owed):
    world = World()
    payment = signal(Level.CRISIS, kind=ScopeKind.THEME, name="payment")
    world.signals(payment, signal(Level.WATCH, kind=ScopeKind.THREAD, name="t1"))
    world.act(ActionKind.POSTED, "hanna", next_update=(NOON + HOUR).isoformat())
    world.own_post("Vi har betalat tillbaka dina pengar", thread=thread, themes=("payment",))
    assert len(world.owed(ObligationKind.NEXT_PUBLIC_UPDATE)) == owed


@pytest.mark.parametrize("minutes", [30, 60, 90])
def test_a_word_to_all_before_or_after_the_time_keeps_the_promise(minutes):
    world = after(promised(), minutes)
    assert world.owed(PROMISE) == ()
    assert "promise_kept" in world.kinds(1)


def test_a_kept_promise_is_not_asked_for():
    world = after(promised(), 30)
    assert [n for n in world.later(hours=3) if n.data.get("obligation") == str(PROMISE)] == []


def test_the_next_post_of_the_same_breath_keeps_nothing():
    assert len(after(promised(), 2, "Så här gör du så länge.").owed(PROMISE)) == 1


def test_an_answer_to_one_customer_keeps_no_promise_to_all():
    assert len(after(promised(), 40, thread="t1").owed(PROMISE)) == 1


def test_a_promise_in_a_thread_is_kept_there():
    world = crisis()
    world.own_post("Vi svarar dig inom en timme.", thread="t1")
    assert [o.where for o in world.owed(PROMISE)] == ["t1"]
    assert after(world, 40, "Pengarna är på väg", thread="t1").owed(PROMISE) == ()


def test_a_follow_up_that_promises_again_is_owed_anew():
    world = after(promised(), 50, "Vi vet inte mer än. Vi återkommer kl. 15.00.")
    assert [o.note for o in world.owed(PROMISE)] == ["Vi återkommer kl. 15.00."]


def test_posts_that_arrive_late_together_are_taken_in_the_order_of_their_making():
    world = crisis()
    world.now = NOON + HOUR
    world.happen(OwnPost(BRAND, NOON, "Vi återkommer inom två timmar."))
    world.happen(OwnPost(BRAND, NOON + 50 * MINUTE, "Nu går tågen."))
    assert world.owed(PROMISE) == ()


def test_we_have_posted_keeps_what_was_promised_too():
    world = promised()
    world.act(ActionKind.POSTED, "hanna", url="https://nordtag.example/nu")
    assert world.owed(PROMISE) == ()


def test_the_first_public_word_is_told_in_the_thread_once():
    """Whoever reads it can see at once when it was not about this at all."""
    world = crisis()
    world.own_post("Vi ser problemen.", url="https://social.example/1")
    world.own_post("Mer om problemen.", url="https://social.example/2")
    told = [n for n in by_reason(world.said, Reason.UPDATE) if n.data.get("own_post")]
    assert [n.data["url"] for n in told] == ["https://social.example/1"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Vi ser att många väntar. Vi återkommer kl. 21.30. Tack för tålamodet.", "Vi återkommer kl. 21.30."),
        ("Hej\n\nVi återkommer senast kl. 15\n\nMvh", "Vi återkommer senast kl. 15"),
        ("We see it! We will get back to you by 4 pm. Thanks", "We will get back to you by 4 pm."),
        ("Vi återkommer", "Vi återkommer"),
    ],
)
def test_of_a_long_post_the_promise_itself_is_kept(text, kept):
    found = promise_in(text, NOON, "Europe/Stockholm", HOUR)
    assert found is not None
    assert found.text == kept

"""Delivery when the world changes under it: Slack set up later, sources gone blind, a watch without a root."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.incident import CurrentMessage, MessageReference, NotificationState, Reason
from detectors.signal import Level
from monitor.hearing import Hearing, hearing, is_heard, too_little_heard
from monitor.store.state import SourceState
from tests.alerts.card_stories import NOW, WARNING, at
from tests.fakes.slack import CRISIS, SERVICE, Fault
from tests.monitor.delivery_world import World, edit, first, reply, world

State = NotificationState
TOLD_ON_CONSOLE = replace(WARNING, root=MessageReference("console", "#krisgrupp", "INC-12/1/first"))


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def told_on_console(here: World) -> None:
    """The incident was told while there was no Slack."""
    here.queue(first(), incident=TOLD_ON_CONSOLE)
    here.store.mark_sending(first().key, NOW)
    here.store.mark_sent(first().key, NOW, message_id=first().key)


# --- Slack is set up later ---


def test_an_open_incident_gets_its_root_when_slack_is_set_up(here):
    told_on_console(here)
    here.deliver()
    root = here.slack.take(CRISIS, "Varning: Nordtåg", "Så här ser det ut nu.")
    assert "actions" in {block["type"] for block in root.blocks}
    assert here.store.incident(12).root == MessageReference("slack", CRISIS, root.ts)
    for _ in range(3):
        here.deliver(after=60)
    here.slack.verify()


def test_what_waits_goes_into_the_new_thread(here):
    told_on_console(here)
    here.queue(reply(), edit(), incident=None)
    here.deliver()
    here.deliver(after=60)
    root = here.slack.take(CRISIS, "Varning: Nordtåg")
    here.slack.take(CRISIS, "Nu går det till Anna Berg.", thread=root.ts)
    here.slack.verify()


def test_a_new_root_whose_fate_is_unclear_is_looked_for_and_not_doubled(here):
    told_on_console(here)
    here.slack.fail("chat.postMessage", Fault("accept_then_drop"))
    here.queue(reply(), incident=None)
    for _ in range(4):
        here.deliver(after=25)
        here.restart()
    root = here.slack.take(CRISIS, "Varning: Nordtåg")
    here.slack.take(CRISIS, thread=root.ts)
    here.slack.verify()


def test_a_new_root_that_is_refused_for_now_is_not_hammered(here):
    told_on_console(here)
    here.slack.fail("chat.postMessage", Fault("status", status=429, seconds=60))
    here.queue(reply(), incident=None)
    for _ in range(10):
        here.deliver(after=2)
    assert len([call for call in here.slack.calls if call.method == "chat.postMessage"]) == 1
    here.deliver(after=60)
    root = here.slack.take(CRISIS)
    here.slack.take(CRISIS, thread=root.ts)
    here.slack.verify()


def test_the_new_card_is_edited_under_its_own_key(here):
    """The fake fails an edit that changes the idempotency key."""
    told_on_console(here)
    here.deliver()
    here.queue(edit(), incident=replace(here.store.incident(12), card_version=2))
    here.deliver(after=60)
    assert here.slack.take(CRISIS).edits == 1
    here.slack.verify()


def test_without_slack_the_console_goes_on(tmp_path):
    with world(tmp_path, slack_set=False) as here:
        told_on_console(here)
        here.queue(reply(), incident=None)
        here.deliver()
        assert here.state(reply().key) is State.SENT
        assert here.store.incident(12).root.channel == "console"


# --- somebody deletes the message, or it may not be edited any more ---


def delete(here: World, message) -> None:
    """A person deletes a message of ours in Slack."""
    here.slack.messages.remove(message)


@pytest.mark.parametrize("after", [edit(), reply()])
def test_a_deleted_root_is_replaced_and_the_thread_goes_on_under_the_new_one(here, after):
    here.queue(first())
    here.deliver()
    delete(here, here.slack.messages[0])
    here.deliver(after=3600)
    here.queue(after, incident=replace(here.store.incident(12), card_version=2))
    here.queue(reply(4, Reason.NEW_TURN, data={"theme": "payment"}), incident=None)
    for _ in range(4):
        here.deliver(after=60)
    root = here.slack.take(CRISIS, "Varning: Nordtåg")
    assert here.store.incident(12).root.message_id == root.ts
    if not after.edit:
        here.slack.take(CRISIS, "Nu går det till", thread=root.ts)
    here.slack.take(CRISIS, "En ny vändning", thread=root.ts)
    here.slack.verify()
    assert "channel_failed" not in {event.kind for event in here.store.timeline(None)}
    assert "root_lost" in {event.kind for event in here.store.timeline(12)}


def test_a_slack_that_never_finds_what_it_was_given_is_not_flooded(here):
    here.queue(first(), edit())
    here.deliver()
    here.deliver(after=3600)
    here.slack.fail("chat.update", *[Fault("error", error="message_not_found")] * 60)
    for number in range(10, 40):
        here.queue(edit(number), incident=None)
        here.deliver(after=20)
    assert len([m for m in here.slack.messages if m.thread is None]) <= 3  # ten minutes: one, and one more


def test_an_edit_that_the_workspace_forbids_is_dropped_and_no_channel_is_broken(here):
    here.queue(first())
    here.deliver()
    here.slack.fail("chat.update", Fault("error", error="edit_window_closed"))
    here.queue(edit(), incident=replace(here.store.incident(12), card_version=2))
    here.deliver(after=60)
    assert here.state(edit().key) is State.SUPERSEDED
    assert "channel_failed" not in {event.kind for event in here.store.timeline(None)}
    here.slack.take(CRISIS)
    here.slack.verify()


# --- blind sources ---


def blind(here: World, share: float, *silent: str) -> None:
    """From now on these sources of the brand are not heard."""
    context = replace(here.deliverer.context, hearing=lambda now: {"Nordtåg": Hearing(share, silent)})
    here.deliverer.context = context


def test_a_card_names_the_sources_that_are_not_heard(here):
    blind(here, 0.8, "news")
    here.queue(first(), reply())
    here.deliver()
    root = here.slack.take(CRISIS, "Hörs inte just nu: news.")
    answer = here.slack.take(CRISIS, thread=root.ts)
    assert "Hörs inte" not in answer.words
    here.slack.verify()


def test_that_it_is_calm_is_not_said_while_too_little_is_heard(here):
    calm = reply(3, Reason.CLOSED, data={"why": "calm", "brand": "Nordtåg"})
    here.queue(first())
    here.deliver()
    blind(here, 0.5, "news", "desk")
    here.queue(calm, incident=None)
    here.deliver(after=5)
    assert here.state(calm.key) is State.HELD
    blind(here, 1.0)
    here.deliver(after=5)
    assert here.state(calm.key) is State.SENT
    root = here.slack.take(CRISIS)
    here.slack.take(CRISIS, thread=root.ts)
    here.slack.verify()


def test_how_much_is_too_little_is_the_mandates_word():
    heard = {"A": Hearing(0.5, ("x",)), "B": Hearing(0.9, ("y",)), "C": Hearing()}
    assert too_little_heard(heard, 0.75) == {"A"}
    assert too_little_heard(heard, 0.95) == {"A", "B"}


class Source:
    """What hearing needs of a source's options."""

    def __init__(self, name: str, brand: str | None = None) -> None:
        self.name, self.brand, self.every = name, brand, timedelta(minutes=5)


class Brand:
    def __init__(self, name: str) -> None:
        self.name = name


class Configured:
    """What hearing needs of a config."""

    brands = (Brand("Nordtåg"), Brand("Nordkraft"))
    sources = (Source("news"), Source("desk", "Nordtåg"), Source("feed", "Nordkraft"))


def test_each_brand_is_heard_by_its_own_sources(here):
    here.store.source_ok("news", NOW, next_due_at=NOW + timedelta(minutes=5))
    here.store.source_failed("desk", NOW, "HTTP 500")
    heard = hearing(here.store, Configured(), NOW)  # type: ignore[arg-type]
    assert heard == {"Nordtåg": Hearing(0.5, ("desk",)), "Nordkraft": Hearing(1.0, ())}


@pytest.mark.parametrize(
    ("state", "heard"),
    [
        (None, True),
        (SourceState("s", next_due_at=NOW), True),
        (SourceState("s", next_due_at=NOW - timedelta(minutes=9)), True),
        (SourceState("s", next_due_at=NOW - timedelta(minutes=11)), False),
        (SourceState("s", failing_since=NOW), False),
    ],
)
def test_a_source_is_not_heard_when_it_fails_or_was_not_asked_in_time(state, heard):
    assert is_heard(Source("s"), state, NOW) is heard  # type: ignore[arg-type]


# --- what has no root ---

WATCH = replace(WARNING, level=Level.WATCH, root_place=None, obligations=())


def test_a_watch_told_to_customer_service_has_buttons(here):
    """They see it first, and may take it on, wait, or raise it."""
    here.queue(first(root=False, place="#kundservice", data={"watch": 1}), incident=WATCH)
    here.deliver()
    told = here.slack.take(SERVICE, "Håll ögonen på: Nordtåg · delays")
    assert "actions" in {block["type"] for block in told.blocks}
    here.slack.verify()


def test_what_follows_such_a_watch_is_short_and_names_it(here):
    taken = reply(2, Reason.ACKNOWLEDGED, place="#kundservice", data={"by": "Anna"})
    here.queue(taken, incident=WATCH)
    here.deliver()
    told = here.slack.take(SERVICE, "Håll ögonen på: Nordtåg · delays", "Anna har tagit hand om det.")
    assert "Så skriver folk" not in told.words
    here.slack.verify()


def test_a_copy_of_an_escalation_is_short_and_has_what_we_say_now(here):
    said = CurrentMessage("Tågen står still.", "anna", at(13, 19))
    here.queue(
        first(),
        reply(place="#kundservice", data={"copy": 1, "told": "Anna"}),
        incident=replace(WARNING, message=said),
    )
    here.deliver()
    here.slack.take(CRISIS)
    copy = here.slack.take(SERVICE, "Nu går det till Anna", "Tågen står still.")
    assert "Så skriver folk" not in copy.words
    here.slack.verify()

"""Bad luck, on purpose: answers in the last second, outages over two stories, tokens that come and go, odd nights.

After each, whatever happened: every message of an incident stands once, in its own thread, in order; nothing is
left over; and an open, unanswered alarm has a deadline.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.actions import Action, ActionKind, OwnPost, Signals, Tick
from alerts.incident import Incident, IncidentState, NotificationState
from alerts.obligations import CHAIN_ENDED, CLIMBING, active
from detectors.signal import Level, ScopeKind
from monitor.deciding import decide_stored
from monitor.deliver import Deliverer
from tests.alerts.world import BRAND, NOON, signal
from tests.fakes.slack import Fault
from tests.scenarios.slack_story import SlackStory, slack_story

SPRING = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
"""Half an hour before Stockholm's clocks change."""

OVER = {NotificationState.SENT, NotificationState.SUPERSEDED, NotificationState.REROUTED}
DUE = timedelta(minutes=10)
"""When the staffed mandate calls the deputy."""


@pytest.fixture
def story(tmp_path: Path) -> Iterator[SlackStory]:
    with slack_story(tmp_path) as made:
        yield made


def incidents(story: SlackStory) -> tuple[Incident, ...]:
    return story.store.list_incidents(limit=100)


def nobody_is_forgotten(story: SlackStory) -> None:
    """Design, invariant 2."""
    for incident in incidents(story):
        if incident.state is IncidentState.OPEN and incident.level > Level.WATCH and not incident.acknowledgement:
            chains = [o for o in incident.obligations if o.kind in CLIMBING]
            due = [o.due_at for o in active(incident, *CLIMBING)]
            assert due or any(o.ended == CHAIN_ENDED for o in chains), incident
            assert all(at >= story.clock.now() for at in due), incident


def all_is_told(story: SlackStory) -> None:
    """Once everything works again: nothing waits, nothing is doubled, every thread is whole and in order."""
    story.slack.faults.clear()
    story.slack.down = story.slack.revoked = False
    story.later(minutes=10)
    keys = [message.key for message in story.slack.messages]
    assert len(keys) == len(set(keys)), "a message stands twice"
    for incident in incidents(story):
        left = [n for n in story.store.notifications(incident=incident.number) if n.state not in OVER]
        assert left == []
        thread_is_whole(story, incident)
    assert story.slack.broken_rules == []


def thread_is_whole(story: SlackStory, incident: Incident) -> None:
    sent = [n for n in story.store.notifications(incident=incident.number) if n.state is NotificationState.SENT]
    roots = [m for m in story.slack.messages if m.key in {n.key for n in sent if n.root}]
    assert len(roots) <= 1
    replies = [m for root in roots for m in story.slack.messages if m.thread == root.ts]
    versions = [int(m.key.split("/")[1]) for m in sorted(replies, key=lambda m: float(m.ts))]
    assert versions == sorted(versions)
    own = f"INC-{incident.number}/"
    assert all(message.key.startswith(own) for message in replies)
    here = {
        n.key for n in sent if n.channel == "slack" and n.place == incident.root_place and not (n.root or n.edit)
    }
    assert here <= {message.key for message in replies}


def decided(story: SlackStory, kind: ActionKind, user: str, **data: str) -> None:
    """Somebody acts, and nothing is delivered yet."""
    decide_stored(
        story.store, story.mandate, Action(kind, user, story.clock.now(), "cli", 1, data), story.clock.now()
    )


# --- the last second ---


def test_an_answer_in_the_second_of_the_deadline_comes_in_time(story):
    story.signals(signal(Level.WARNING))
    story.clock.advance(DUE)
    decided(story, ActionKind.ACKNOWLEDGE, "U1KIM")
    story.happen(Tick())
    story.later(minutes=1)
    assert [text for _, text, _ in story.thread() if "Dea" in text] == []


def test_an_answer_between_the_deadline_and_its_message_calls_nobody(story):
    """The deputy would be woken to read that nobody has answered."""
    story.signals(signal(Level.WARNING))
    story.clock.advance(DUE)
    decide_stored(story.store, story.mandate, Tick(), story.clock.now())
    story.clock.advance(timedelta(seconds=1))
    decided(story, ActionKind.ACKNOWLEDGE, "U1KIM")
    story.later(minutes=1)
    assert [text for _, text, _ in story.thread()] != []
    assert [m.text for m in story.slack.messages if "Dea" in m.text or "<@U2DEA>" in m.words] == []
    assert "not_needed" in [event.kind for event in story.store.timeline(1)]


def test_an_answer_during_an_outage_leaves_nobody_to_be_called_after_it(story):
    story.signals(signal(Level.WARNING))
    story.slack.down = True
    story.later(minutes=25)
    decided(story, ActionKind.ACKNOWLEDGE, "kim")
    story.slack.down = False
    story.later(minutes=10)
    assert [text for _, text, _ in story.thread() if "Nobody has acknowledged" in text] == []
    all_is_told(story)


def test_an_answer_to_a_warning_does_not_silence_the_call_of_the_crisis(story):
    story.signals(signal(Level.WARNING))
    story.click(ActionKind.ACKNOWLEDGE, "U1KIM")
    story.signals(signal(Level.CRISIS))
    story.clock.advance(timedelta(minutes=5))
    decide_stored(story.store, story.mandate, Tick(), story.clock.now())
    story.deliver()
    assert [m for m in story.sms.told if "Nobody has acknowledged" in m.card.opening] != []


def test_we_are_not_asked_for_a_public_word_that_is_out_already(story):
    story.signals(signal(Level.CRISIS))
    story.click(ActionKind.ACKNOWLEDGE, "U3HAN")
    story.later(minutes=44)
    story.slack.down = True
    story.later(minutes=5)
    story.happen(OwnPost(BRAND, story.clock.now(), "Vi ser problemen", None, "https://x.example/1"))
    all_is_told(story)
    assert [text for _, text, _ in story.thread() if "Due: confirm publicly" in text] == []


# --- outages over more than one story ---


def test_two_stories_that_begin_while_slack_is_down_each_get_their_thread(story):
    story.slack.down = True
    story.signals(signal(Level.WARNING, kind=ScopeKind.THEME, name="delays", ids=range(20)))
    story.later(minutes=3)
    story.signals(signal(Level.CRISIS, kind=ScopeKind.THEME, name="payment", ids=range(100, 120)))
    story.later(minutes=12)
    assert len(incidents(story)) == 2
    assert {message.card.number for message in story.fallback.told} == {1, 2}
    all_is_told(story)
    for number in (1, 2):
        root = story.incident(number).root
        (stands,) = [m for m in story.slack.messages if m.ts == root.message_id]
        assert "Sent late" in stands.words


def test_a_token_revoked_in_the_night_and_renewed_in_the_morning(story):
    story.signals(signal(Level.WARNING))
    story.slack.revoked = True
    story.later(minutes=45)
    reached = {message.card.opening for message in story.fallback.told}
    assert any("Dea" in said for said in reached)
    assert story.sms.told, "the head is called by SMS, whatever Slack does"
    nobody_is_forgotten(story)
    all_is_told(story)
    broken = [event for event in story.store.timeline(None) if event.channel == "slack"]
    assert {"channel_failed", "channel_recovered"} <= {event.kind for event in broken} or broken


# --- a reload in the middle of a pass ---


def test_a_second_deliverer_in_the_middle_of_a_pass_doubles_nothing(story):
    """A changed config builds a new deliverer while the old one may still be sending."""
    first = Deliverer(story.store, story.deliverer.channels, story.clock, story.deliverer.context)
    second = Deliverer(story.store, story.deliverer.channels, story.clock, story.deliverer.context)
    now = story.clock.now()
    decide_stored(story.store, story.mandate, Signals(BRAND, now, (signal(Level.CRISIS),)), now)
    story.slack.fail("chat.postMessage", Fault("slow", seconds=0.7))
    passes = [threading.Thread(target=each.deliver_due) for each in (first, second)]
    for each in passes:
        each.start()
        threading.Event().wait(0.2)
    for each in passes:
        each.join(20)
    all_is_told(story)


# --- the nights in which the clocks change ---


@pytest.mark.parametrize("night", [SPRING, AUTUMN])
def test_in_a_clock_change_night_the_chain_keeps_its_minutes(tmp_path, night):
    with slack_story(tmp_path, start=night) as story:
        story.signals(signal(Level.CRISIS))
        story.later(minutes=40)
        nobody_is_forgotten(story)
        told = [event for event in story.store.timeline(1) if event.kind in ("told", "told_again", "chain_ended")]
        assert [(event.at - night) // timedelta(minutes=1) for event in told] == [0, 5, 15, 25, 35]
        all_is_told(story)


# --- anything ---

ANYBODY = ("U1KIM", "U2DEA", "U3HAN", "U5AGE", "U9STRANGER")
FAULTS = (
    Fault("drop"),
    Fault("accept_then_drop"),
    Fault("accept_then_drop", seconds=15),
    Fault("status", status=500),
    Fault("status", status=429, seconds=30),
    Fault("error", error="internal_error"),
    Fault("error", error="message_not_found"),
)
METHODS = ("chat.postMessage", "chat.update", "conversations.replies", "conversations.history")
SCOPES = (
    (ScopeKind.BRAND, ""),
    (ScopeKind.THEME, "delays"),
    (ScopeKind.THEME, "payment"),
    (ScopeKind.THREAD, "t1"),
)


def some_signal(story: SlackStory, dice: random.Random) -> None:
    kind, name = dice.choice(SCOPES)
    ids = dice.choice([range(20), range(1000, 1020)])
    level, observed = dice.choice(list(Level)[1:]), dice.randint(5, 80)
    story.signals(signal(level, kind=kind, name=name, ids=ids, observed=observed, themes={"delays": 20}))


def some_click(story: SlackStory, dice: random.Random) -> None:
    running = [incident.number for incident in story.store.open_incidents()]
    if running:
        kinds = [kind for kind in ActionKind if kind not in (ActionKind.FLAG, ActionKind.SPLIT)]
        until = story.clock.now() + timedelta(minutes=dice.randint(1, 200))
        data = {"reason": "r", "text": "x", "until": until.isoformat(), "status": "confirmed", "lasts": "1h"}
        data |= {
            "level": dice.choice(["watch", "warning", "crisis"]),
            "scope": dice.choice(["brand", "theme:delays"]),
        }
        data |= {"to": dice.choice(ANYBODY), "other": str(dice.choice(running)), "url": "https://x.example/1"}
        story.click(dice.choice(kinds), dice.choice(ANYBODY), dice.choice(running), **data)


def some_own_post(story: SlackStory, dice: random.Random) -> None:
    said = dice.choice(["Vi ser det", "Vi återkommer inom en timme"])
    thread, themes = dice.choice([None, "t1"]), dice.choice([(), ("delays",)])
    story.happen(OwnPost(BRAND, story.clock.now(), said, thread, "https://x.example/2", themes))


def some_fault(story: SlackStory, dice: random.Random) -> None:
    story.slack.fail(dice.choice(METHODS), dice.choice(FAULTS))


def some_outage(story: SlackStory, dice: random.Random) -> None:
    if dice.random() < 0.5:
        story.slack.down = not story.slack.down
    else:
        story.slack.revoked = not story.slack.revoked


def some_time(story: SlackStory, dice: random.Random) -> None:
    story.later(minutes=dice.choice([1, 4, 11]))


def torment(story: SlackStory, dice: random.Random) -> None:
    """Anything at all, in any order; every pass is made by a process that has just started."""
    steps = [some_signal, some_signal, some_click, some_click, some_own_post, some_fault, some_outage, some_time]
    for _ in range(dice.randint(10, 25)):
        dice.choice(steps)(story, dice)
        nobody_is_forgotten(story)
    all_is_told(story)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_all_is_told_once(tmp_path, seed):
    dice = random.Random(seed)
    with slack_story(tmp_path, start=dice.choice([NOON, SPRING, AUTUMN])) as story:
        torment(story, dice)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(100, 160))
def test_whatever_happens_all_is_told_once_again_and_again(tmp_path, seed):
    dice = random.Random(seed)
    with slack_story(tmp_path, start=dice.choice([NOON, SPRING, AUTUMN])) as story:
        torment(story, dice)

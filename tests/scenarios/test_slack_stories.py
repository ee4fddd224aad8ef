"""Whole stories on simulated time against the strict fake Slack: one message too many, or one too few, fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.actions import ActionKind
from alerts.incident import IncidentState
from detectors.signal import Level, ScopeKind
from tests.alerts.world import signal, staffed
from tests.fakes.slack import CRISIS, SERVICE, Fault
from tests.scenarios.slack_story import SlackStory, slack_story

MIDSUMMER_NIGHT = datetime(2026, 6, 19, 0, tzinfo=UTC)
"""02:00 on Midsummer's Eve in Stockholm."""


@pytest.fixture
def story(tmp_path: Path) -> Iterator[SlackStory]:
    with slack_story(tmp_path) as made:
        yield made


def copies(story: SlackStory) -> list[str]:
    """What customer service was copied on; takes the messages."""
    found = story.slack.standing(SERVICE)
    for message in found:
        message.taken = True
    return [message.text for message in found]


def test_nobody_answers_so_it_goes_to_the_deputy_the_head_and_the_crisis_group(story):
    story.signals(signal(Level.WARNING))
    root = story.slack.take(CRISIS, "Warning: Nordtåg", "<@U1KIM>", "if nobody has acknowledged, we call Dea")
    story.later(minutes=31)
    replies = [(minute, text) for minute, text, broadcast in story.thread() if broadcast]
    assert [minute for minute, _ in replies] == [10, 20, 30]
    assert ["<@U2DEA>" in replies[0][1], "<@U3HAN>" in replies[1][1], "<@U4STI>" in replies[2][1]] == [True] * 3
    assert "Nobody has acknowledged" in replies[0][1]
    assert [message.pings for message in story.sms.told] == [(), (), ()]
    assert len(copies(story)) >= 3
    assert story.incident().root.message_id == root.ts
    story.slack.verify()


def test_the_wrong_person_hears_who_may_and_the_right_one_stops_the_chain(tmp_path):
    with slack_story(tmp_path, staffed(may={"acknowledge": ["customer_service", "head"]})) as story:
        story.signals(signal(Level.WARNING))
        story.later(minutes=3)
        assert "Kim and Hanna" in story.click(ActionKind.ACKNOWLEDGE, "U5AGE")[0]
        assert story.incident().state is IncidentState.OPEN
        assert story.click(ActionKind.ACKNOWLEDGE, "U1KIM") == []
        story.later(minutes=60)
        story.slack.take(CRISIS, "acknowledged", "Kim took it on at")
        assert next(text.split(". ")[1] for _, text, _ in story.thread()).startswith("Kim has taken it on")
        copies(story)
        story.slack.verify()
        assert story.sms.told == []


def test_a_second_click_is_a_silent_success(story):
    story.signals(signal(Level.WARNING))
    story.click(ActionKind.ACKNOWLEDGE, "U1KIM")
    assert story.click(ActionKind.ACKNOWLEDGE, "U1KIM") == []
    story.later(minutes=2)
    assert len(story.thread()) == 1
    story.slack.take(CRISIS)
    copies(story)
    story.slack.verify()


def test_waiting_is_broken_by_twice_the_volume_and_somebody_is_asked_again(story):
    story.signals(signal(Level.WARNING, observed=30))
    until = (story.clock.now() + timedelta(hours=2)).isoformat()
    story.click(ActionKind.WAIT, "U1KIM", reason="trains roll at three", until=until)
    story.later(minutes=20)
    assert next(text.split(". ")[1] for _, text, _ in story.thread()).startswith("Kim waits and watches until")
    story.signals(signal(Level.WARNING, observed=70))
    story.later(minutes=1)
    assert any("<@U1KIM>" in text for _, text, _ in story.thread())
    assert story.incident().state is IncidentState.OPEN
    story.slack.take(CRISIS)
    copies(story)
    story.slack.verify()


def test_a_flag_at_two_on_midsummers_eve_is_told_and_climbs(tmp_path):
    with slack_story(tmp_path, start=MIDSUMMER_NIGHT) as story:
        answers = story.click(ActionKind.FLAG, "U5AGE", text="a customer says we leaked her address")
        assert answers == ["Thank you. It is written down as INC-1, and somebody must answer it."]
        story.later(minutes=12)
        told = [m for m in story.slack.standing() if m.thread is None]
        for message in story.slack.standing():
            message.taken = True
        assert any("leaked her address" in message.words for message in told)
        assert any("<@U2DEA>" in message.text for message in story.slack.standing())
        story.slack.verify()


def test_a_crisis_pierces_the_quiet_hours(tmp_path):
    with slack_story(tmp_path, staffed(quiet="22:00-07:00"), MIDSUMMER_NIGHT) as story:
        story.signals(signal(Level.WARNING))
        story.later(minutes=5)
        assert story.sms.told == []
        story.signals(signal(Level.CRISIS, observed=90))
        story.later(minutes=1)
        assert any("<@U3HAN>" in message.text for message in story.slack.standing())
        assert story.sms.texts[0].startswith("Crisis: Nordtåg")


def test_slack_down_for_an_hour_people_are_reached_and_nothing_is_doubled_afterwards(story):
    story.slack.down = True
    story.signals(signal(Level.WARNING))
    story.later(minutes=60)
    assert any("Warning: Nordtåg" in text for text in story.fallback.texts)
    assert story.slack.messages == []
    story.slack.down = False
    story.later(minutes=10)
    story.slack.take(CRISIS, "Sent late: this was decided at 12:00")
    story.thread()
    copies(story)
    story.slack.verify()


def test_two_incidents_at_once_keep_to_their_own_threads(story):
    story.signals(
        signal(Level.WARNING, kind=ScopeKind.THEME, name="delays", ids=range(1, 20), themes={"delays": 30}),
        signal(Level.WARNING, kind=ScopeKind.THEME, name="payment", ids=range(50, 70), themes={"payment": 30}),
    )
    story.later(minutes=1)
    story.click(ActionKind.ACKNOWLEDGE, "U1KIM", incident=2)
    story.later(minutes=11)
    roots = [m for m in story.slack.standing(CRISIS) if m.thread is None]
    assert len(roots) == 2
    for message in roots:
        message.taken = True
    assert any("<@U2DEA>" in text for _, text, _ in story.thread(1))
    assert not any("<@U2DEA>" in text for _, text, _ in story.thread(2))
    copies(story)
    story.slack.verify()


def test_a_storm_of_500_signals_stays_within_the_budget(story):
    for wave in range(50):
        story.signals(
            *(
                signal(
                    Level.WARNING,
                    kind=ScopeKind.THREAD,
                    name=f"t{n}",
                    observed=30 + wave + n,
                    ids=range(1, 20),
                    themes={f"theme-{wave}": 30},
                )
                for n in range(10)
            )
        )
        story.later(minutes=1)
    roots = [m for m in story.slack.standing(CRISIS) if m.thread is None]
    assert len(roots) <= 5
    assert len(story.slack.messages) <= 40
    keys = [m.key for m in story.slack.messages]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("seed", range(4))
def test_whatever_slack_does_every_step_of_the_chain_is_told_once(story, seed):
    faults = [
        Fault("accept_then_drop", seconds=9),
        Fault("drop"),
        Fault("status", status=500, accept=True),
        Fault("status", status=429, seconds=40),
        Fault("error", error="internal_error"),
    ]
    story.slack.fail("chat.postMessage", *(faults[(n + seed) % 5] for n in range(4)))
    story.signals(signal(Level.WARNING))
    story.later(minutes=45)
    story.slack.take(CRISIS, "Warning: Nordtåg")
    called = [text for _, text, _ in story.thread() if "<@" in text]
    assert ["<@U2DEA>" in called[0], "<@U3HAN>" in called[1]] == [True, True]
    copies(story)
    story.slack.verify()


def test_a_silence_is_lifted_by_the_button_on_the_message_that_tells_of_it(story):
    """The one who may not hears who may; then alerts about it come again, and the timeline has both."""
    story.signals(signal(Level.WARNING, kind=ScopeKind.THEME, name="delays"))
    story.click(ActionKind.SILENCE, "U3HAN", scope="theme:delays", lasts="4h", reason="works", up_to="crisis")
    said = story.slack.take(CRISIS, "Silenced until", "works", thread=story.incident().root.message_id)
    (button,) = [e for b in said.blocks if b["type"] == "actions" for e in b["elements"]]
    assert (button["action_id"], button["value"]) == ("incident:lift_silence", "1:theme:delays")
    story.signals(signal(Level.CRISIS, kind=ScopeKind.THEME, name="delays", ids=range(30, 60)))
    assert len(story.thread()) == 1  # only that it is silenced
    assert "Hanna" in story.click(ActionKind.LIFT_SILENCE, "U5AGE", scope="theme:delays")[0]
    assert story.click(ActionKind.LIFT_SILENCE, "U3HAN", scope="theme:delays") == []
    told = [text for _, text, _ in story.thread()]
    assert any("Hanna has lifted the silence" in text for text in told)
    assert story.store.silences(story.clock.now()) == ()
    assert "No silence is in force" in story.click(ActionKind.LIFT_SILENCE, "U3HAN", scope="theme:delays")[0]
    kinds = [event.kind for event in story.store.timeline(1)]
    assert [kind for kind in kinds if kind in ("silenced", "refused", "silence_lifted")] == [
        "silenced",
        "refused",
        "silence_lifted",
    ]

"""SIGKILL between "Slack accepted" and "committed", and at every other step: never lost, never doubled."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.incident import NotificationState, Reason
from tests.fakes.slack import CRISIS, Fault
from tests.monitor.delivery_world import World, edit, first, reply, world
from tests.monitor.kill_steps import deliver_in_child

KILLED = -signal.SIGKILL
OVER = {NotificationState.SENT, NotificationState.SUPERSEDED}
LANDS_LATE = 15.0
"""Seconds after which Slack works off a request whose sender is dead."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, fallback=False) as made:
        made.queue(first(), reply(2, Reason.ACKNOWLEDGED, data={"by": "Anna"}), reply(3))
        made.folder = tmp_path
        yield made


def child(here: World, kill_at: int | None, after: float = 0.0) -> int:
    """One process: it delivers what is due and is killed at a step."""
    here.clock.advance(timedelta(seconds=after))
    return deliver_in_child(here.folder, here.slack, here.clock.now(), kill_at)


def settle(here: World) -> None:
    """Let undisturbed processes finish the work."""
    for _ in range(8):
        if {n.state for n in here.store.notifications(incident=12)} <= OVER:
            return
        assert child(here, None, after=40) == 0
    raise AssertionError(f"never finished: {here.store.notifications(incident=12)}")


def everything_stands_once(here: World) -> None:
    """One root, its replies in order, and nothing else; and the incident knows its root."""
    root = here.slack.take(CRISIS, "Varning: Nordtåg")
    here.slack.take(CRISIS, "Anna har tagit hand om det", thread=root.ts)
    here.slack.take(CRISIS, "Ingen har kvitterat", thread=root.ts)
    here.slack.verify()
    assert here.store.incident(12).root.message_id == root.ts


def steps_of_a_whole_pass() -> int:
    """Three messages, each: mark sending, send, (note the root,) mark sent, write down; and the recovery first."""
    return 2 * (1 + 3 * 4 + 1)


@pytest.mark.parametrize("kill_at", range(1, steps_of_a_whole_pass() + 1))
def test_killed_at_any_step_nothing_is_lost_or_doubled(here, kill_at):
    code = child(here, kill_at)
    assert code in (KILLED, 0)
    settle(here)
    everything_stands_once(here)


def test_the_steps_above_are_all_there_are(here):
    """If delivery gets more steps, the kills above must reach them, too."""
    assert child(here, steps_of_a_whole_pass() + 1) == 0


@pytest.mark.parametrize("kill_at", [3, 5, 9, 13])
def test_killed_again_and_again_while_recovering(here, kill_at):
    for _ in range(6):
        child(here, kill_at, after=9)
    settle(here)
    everything_stands_once(here)


@pytest.mark.parametrize("lands_after", [0.0, 5.0, LANDS_LATE])
def test_killed_while_slack_works_on_it_the_message_is_looked_for_and_not_too_early(here, lands_after):
    """Slack accepts, the sender dies before the answer, and the message appears only later."""
    here.slack.fail("chat.postMessage", Fault("accept_then_drop", seconds=lands_after))
    assert child(here, 5) == KILLED  # mark_sending before, after; send before: dies on its answer
    for _ in range(20):
        child(here, None, after=3)
    settle(here)
    everything_stands_once(here)


def test_an_edit_in_flight_is_repeated_and_harms_nothing(here):
    settle(here)
    here.queue(edit(), incident=replace(here.store.incident(12), peak_observed=99.0))
    for kill_at in (4, 5, 6):
        child(here, kill_at, after=60)
    settle(here)
    root = here.slack.take(CRISIS, "Varning")
    assert root.edits >= 1
    for part in ("Anna har tagit", "Ingen har kvitterat"):
        here.slack.take(CRISIS, part, thread=root.ts)
    here.slack.verify()


def test_an_edit_that_overtakes_the_search_for_its_root_does_not_hide_it(here):
    """The root stands and is noted, but nobody knows any more that it was sent; then its card is edited."""
    assert child(here, 9) == KILLED
    assert here.store.incident(12).root is not None
    here.queue(edit(), incident=replace(here.store.incident(12), peak_observed=99.0))
    child(here, None, after=10)
    assert here.slack.messages[0].edits == 1
    settle(here)
    everything_stands_once(here)


def torment(here: World, seed: int) -> None:
    """Random kills, random faults, late landings, then peace."""
    dice = random.Random(seed)
    faults = [
        Fault("drop"),
        Fault("accept_then_drop"),
        Fault("accept_then_drop", seconds=LANDS_LATE),
        Fault("status", status=500),
        Fault("status", status=502, accept=True),
        Fault("status", status=429, seconds=7),
    ]
    for _ in range(dice.randint(2, 8)):
        if dice.random() < 0.5:
            method = dice.choice(["chat.postMessage", "conversations.history", "conversations.replies"])
            here.slack.fail(method, dice.choice(faults[:1] + faults[3:] if "conv" in method else faults))
        child(here, dice.choice([None, *range(1, 40)]), after=dice.choice([1, 9, 25, 70]))
    here.slack.faults.clear()
    settle(here)
    everything_stands_once(here)


@pytest.mark.parametrize("seed", range(8))
def test_random_kills_and_faults(here, seed):
    torment(here, seed)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(100, 400))
def test_hundreds_of_random_kills_and_faults(here, seed):
    torment(here, seed)

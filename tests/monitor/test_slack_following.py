"""The daemon's ear in Slack follows the config: a token that is given, changed or taken away counts on reload."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alerts.actions import Action
from alerts.incident import Decision
from monitor.clock import SimulatedClock
from monitor.config import Config
from monitor.slack_listening import SlackListening
from monitor.store.store import Store, open_store
from tests.alerts.card_stories import NOW, WARNING
from tests.fakes.slack import APP_TOKEN, BOT_TOKEN, FakeSlack
from tests.fakes.slack_socket import FakeSocket
from tests.monitor.delivery_world import empty_database


class Ears:
    """A daemon's ears, and what was asked of its decision core."""

    def __init__(self, store: Store) -> None:
        self.actions: list[Action] = []
        self.acted = threading.Semaphore(0)
        self.held_up = threading.Event()
        self.held_up.set()
        self.listening = SlackListening(self._act, store, SimulatedClock(NOW))

    def _act(self, action: Action) -> Decision:
        self.held_up.wait(10)
        self.actions.append(action)
        self.acted.release()
        return Decision()


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    (tmp_path / "monitor.db").write_bytes(empty_database())
    store = open_store(f"sqlite:///{tmp_path / 'monitor.db'}", secret=b"test")
    store.apply_decision(Decision(incidents=(WARNING,)), NOW)
    made = Ears(store)
    yield made
    made.listening.stop()
    store.close()


@contextmanager
def workspace() -> Iterator[tuple[FakeSlack, FakeSocket]]:
    slack = FakeSlack()
    socket = FakeSocket(slack)
    yield slack, socket
    socket.stop()
    slack.stop()
    assert slack.broken_rules == []


def config(slack: FakeSlack | None, *brands: str, app_token: str | None = APP_TOKEN) -> Config:
    given = {} if app_token is None else {"app_token": app_token}
    own = {"token": BOT_TOKEN, "channel": "#krisgrupp", "api_url": slack.api_url, **given} if slack else None
    return Config.model_validate({"brands": [{"name": brand} for brand in brands], "alerts": {"slack": own}})


def is_open(socket: FakeSocket) -> bool:
    return any(connection.state.name == "OPEN" for connection in socket.connections)


def test_a_token_that_is_given_later_is_listened_with_and_one_that_is_taken_away_is_not(ears: Ears) -> None:
    with workspace() as (slack, socket):
        ears.listening.follow(config(None))
        ears.listening.follow(config(slack, app_token=None))
        assert not socket.connections
        ears.listening.follow(config(slack))
        socket.send("interactive", socket.click("acknowledge"))
        assert ears.acted.acquire(timeout=10)
        ears.listening.follow(config(slack, app_token=None))
        assert not is_open(socket)


def test_another_token_closes_the_old_connection_after_opening_the_new_one_and_finishes_what_was_begun(
    ears: Ears,
) -> None:
    """The click under way when the config changes is done, once, and so is the first one on the new connection."""
    with workspace() as (first, old), workspace() as (second, new):
        ears.listening.follow(config(first))
        ears.held_up.clear()
        old.send("interactive", old.click("acknowledge", stamp="1.5"))
        swapping = threading.Thread(target=ears.listening.follow, args=(config(second),))
        swapping.start()
        assert new.connected.wait(10)
        ears.held_up.set()
        swapping.join(60)
        assert not swapping.is_alive()
        assert not is_open(old)
        new.send("interactive", new.click("acknowledge", stamp="2.5"))
        for _ in range(2):
            assert ears.acted.acquire(timeout=10)
        assert [action.data["event_id"] for action in ears.actions] == [
            "click:U0ANNA001:1.5",
            "click:U0ANNA001:2.5",
        ]


def test_a_config_with_the_same_slack_keeps_the_connection_and_answers_by_the_new_words(ears: Ears) -> None:
    with workspace() as (slack, socket):
        ears.listening.follow(config(slack, "Nordtåg"))
        assert socket.connected.wait(10)
        ears.listening.follow(config(slack, "Nordtåg", "Nordbuss"))
        socket.send("slash_commands", socket.slash("/flag", "Nordbuss: rök i bussen"))
        assert ears.acted.acquire(timeout=10)
        assert ears.actions[0].data["brand"] == "Nordbuss"
        assert socket.times_connected == 1


def test_a_new_token_that_slack_refuses_does_not_keep_the_old_one_in_use(
    ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever changes a token wants the old one gone; the new one is tried until it is taken."""
    monkeypatch.setattr("monitor.slack_listening.TAKE_OVER_WITHIN", 0.2)
    with workspace() as (slack, socket):
        ears.listening.follow(config(slack))
        assert socket.connected.wait(10)
        ears.listening.follow(config(slack, app_token="xapp-wrong"))
        assert not is_open(socket)
        assert socket.times_connected == 1

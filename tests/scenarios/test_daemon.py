"""The real daemon, as its operator meets it: a process, a config file, a database, signals."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from monitor.store.store import open_store
from tests.fakes.slack import APP_TOKEN, BOT_TOKEN, CRISIS, FakeSlack
from tests.fakes.slack_socket import FakeSocket

TOKEN = "0123456789abcdef-hook"
THREAT = "Nordtåg, I will kill you all and burn down your office"
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """A folder with a config, and the daemon that runs on it."""

    folder: Path
    port: int
    slack: FakeSlack | None = None

    def write_config(self, extra: str = "") -> Path:
        slack = ""
        if self.slack is not None:
            where = f'channel: "{CRISIS}", api_url: "{self.slack.api_url}"'
            slack = f"alerts: {{slack: {{token: {BOT_TOKEN}, {where}}}}}\n"
        file = self.folder / "config.yaml"
        file.write_text(
            f"database: sqlite:///{self.folder / 'monitor.db'}\n"
            f"web: {{listen: 127.0.0.1:{self.port}}}\n"
            "brands: [{name: Nordtåg, keywords: [nordtåg]}]\n"
            f"sources: [{{type: webhook, name: desk, token: {TOKEN}}},\n"
            f"  {{type: file_drop, name: drop, folder: {self.folder / 'drop'}, every: 1s, settle: 0s}}]\n"
            f"{slack}{extra}",
            encoding="utf-8",
        )
        return file

    @property
    def log(self) -> str:
        """Everything that all daemons of this installation have said."""
        return (self.folder / "log").read_text(encoding="utf-8")

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "monitor", "run", "--config", str(self.folder / "config.yaml")]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        daemon = self.start()
        try:
            self.wait_until_up(daemon)
            yield daemon
        finally:
            if daemon.poll() is None:
                daemon.kill()
            daemon.wait()

    def wait_until_up(self, daemon: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if daemon.poll() is not None:
                raise AssertionError(f"the daemon ended: {self.log}")
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=1)
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"the daemon does not come up: {self.log}")

    def post(self, *items: dict[str, object]) -> httpx.Response:
        return httpx.post(
            f"http://127.0.0.1:{self.port}/hooks/desk",
            json=list(items),
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=30,
        )


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    made = Installation(tmp_path, free_port())
    made.write_config()
    return made


def item(number: int, text: str = "nordtåg är sena igen") -> dict[str, object]:
    when = datetime.now(UTC) - timedelta(seconds=30)
    return {"id": f"p{number}", "text": f"{text} {number}", "created_at": when.isoformat(), "author": f"a{number}"}


def test_it_says_where_everything_is_takes_news_and_stops_gracefully(here):
    with here.running() as daemon:
        assert here.post(item(1), item(2)).json()["taken"] == 2
        again = here.post(item(1))
        assert (again.status_code, again.json()["known"]) == (200, 1)
        page = httpx.get(f"http://127.0.0.1:{here.port}/").text
        assert "Nordtåg" in page
        assert "crisis_monitor_mentions" in httpx.get(f"http://127.0.0.1:{here.port}/metrics").text
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(PATIENCE) == 0
    said = here.log
    assert f"http://127.0.0.1:{here.port}/" in said
    assert "monitor.db" in said
    assert "nothing is half-done" in said


def test_a_second_daemon_is_told_who_has_the_database(here):
    with here.running():
        second = subprocess.run(
            [sys.executable, "-m", "monitor", "run", "--once", "--config", str(here.folder / "config.yaml")],
            capture_output=True,
            text=True,
        )
    assert second.returncode == 1
    assert "is in use by daemon" in second.stderr


def test_a_wrong_config_never_starts_and_names_every_line(here):
    (here.folder / "config.yaml").write_text("brands: [{nmae: x}]\nsorces: []\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "run", "--config", str(here.folder / "config.yaml")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "line 1: brands[0].nmae" in done.stderr
    assert "line 2: sorces" in done.stderr
    assert not (here.folder / "monitor.db").exists()


def test_once_collects_what_lies_there_and_ends(here):
    (here.folder / "drop").mkdir()
    file = here.folder / "drop" / "posts.ndjson"
    file.write_text(json.dumps({**item(1), "id": "1"}) + "\n", encoding="utf-8")
    os.utime(file, (time.time() - 60, time.time() - 60))
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "run", "--once", "--config", str(here.folder / "config.yaml")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    store = open_store(f"sqlite:///{here.folder / 'monitor.db'}", secret=b"any")
    assert store.count_mentions("Nordtåg") == 1
    store.close()


def test_a_changed_config_is_taken_and_a_wrong_one_changes_nothing(here):
    with here.running() as daemon:
        file = here.folder / "config.yaml"
        good = file.read_text(encoding="utf-8")
        file.write_text("brands: wrong\n", encoding="utf-8")
        daemon.send_signal(signal.SIGHUP)
        time.sleep(0.5)  # not a timing: only gives the wrong file a chance to do harm
        assert here.post(item(1)).json()["taken"] == 1
        assert re.search(
            r"error\s*\] line 1: brands: expected a list", here.log
        )  # each error on a line of its own
        file.write_text(
            good.replace("Nordtåg, keywords: [nordtåg]", "Nordbuss, keywords: [nordbuss]"), encoding="utf-8"
        )
        daemon.send_signal(signal.SIGHUP)
        until = time.monotonic() + PATIENCE
        while "Nordbuss" not in httpx.get(f"http://127.0.0.1:{here.port}/").text:
            assert time.monotonic() < until, "the good config was not taken"
            time.sleep(0.1)


def test_slack_that_is_set_up_while_it_runs_is_listened_to(here):
    slack = FakeSlack()
    socket_mode = FakeSocket(slack)
    with here.running() as daemon:
        said = f'token: {BOT_TOKEN}, app_token: {APP_TOKEN}, channel: "{CRISIS}", api_url: "{slack.api_url}"'
        here.write_config(f"alerts: {{slack: {{{said}}}}}\n")
        daemon.send_signal(signal.SIGHUP)
        assert socket_mode.connected.wait(PATIENCE)
    socket_mode.stop()
    slack.stop()
    assert slack.broken_rules == []


def kill_again_and_again(here: Installation, times: int, seed: int) -> None:
    """Feed a daemon that is killed at random moments; then look whether anything is lost or doubled."""
    chance = random.Random(seed)
    sent = 0
    (here.folder / "drop").mkdir(exist_ok=True)
    for round_ in range(times):
        daemon = here.start()
        try:
            here.wait_until_up(daemon)
            for _ in range(chance.randrange(1, 4)):
                batch = [item(sent + n, THREAT if (sent + n) == 3 else "nordtåg är sena igen") for n in range(3)]
                lines = "".join(json.dumps(part) + "\n" for part in batch)
                part = here.folder / "drop" / f"{round_}-{sent}.part"
                part.write_text(lines, encoding="utf-8")
                part.rename(part.with_suffix(".ndjson"))
                sent += 3
            time.sleep(chance.random() * 2.5)  # the random moment itself
        finally:
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()
    with here.running() as daemon:
        until = time.monotonic() + PATIENCE
        while not _all_taken(here, sent):
            assert time.monotonic() < until, "not everything arrived"
            time.sleep(0.5)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(PATIENCE) == 0


def _all_taken(here: Installation, sent: int) -> bool:
    store = open_store(f"sqlite:///{here.folder / 'monitor.db'}", secret=b"any")
    try:
        waiting = [n for n in store.notifications() if n.state.value in ("pending", "sending", "unknown")]
        return store.count_mentions("Nordtåg") >= sent and not waiting
    finally:
        store.close()


def everything_stands_once(here: Installation) -> None:
    store = open_store(f"sqlite:///{here.folder / 'monitor.db'}", secret=b"any")
    try:
        now = datetime.now(UTC)
        since, until = now - timedelta(hours=3), now + timedelta(hours=1)
        assert store.counters("Nordtåg", since, until) == store.recount("Nordtåg", since, until)
        assert len(store.list_incidents()) == 1
    finally:
        store.close()
    assert here.slack is not None
    roots = [m for m in here.slack.messages if m.thread is None]
    assert len(roots) == 1, [m.text for m in here.slack.messages]
    keys = [m.key for m in here.slack.messages]
    assert len(keys) == len(set(keys))


@pytest.fixture
def with_slack(here: Installation) -> Iterator[Installation]:
    here.slack = FakeSlack()
    here.write_config()
    yield here
    here.slack.stop()


@pytest.mark.timeout(900)  # twenty-one starts of the daemon
def test_twenty_random_kills_lose_and_double_nothing(with_slack):
    kill_again_and_again(with_slack, 20, seed=11)
    everything_stands_once(with_slack)


@pytest.mark.torture
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(15))
def test_hundreds_of_random_kills_lose_and_double_nothing(with_slack, seed):
    kill_again_and_again(with_slack, 20, seed=100 + seed)
    everything_stands_once(with_slack)

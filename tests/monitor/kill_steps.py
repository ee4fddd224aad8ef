"""Killing a delivering process at a chosen step: forked children of one warmed process, and SIGKILL."""

from __future__ import annotations

import os
import signal
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.clock import SimulatedClock
from monitor.deliver import Deliverer
from monitor.messages import DeliveryContext
from monitor.store.store import open_store
from tests.fakes.slack import FakeSlack
from tests.monitor.delivery_world import slack_channel

STEPS = (
    "mark_sending",
    "mark_sent",
    "mark_unknown",
    "mark_pending",
    "mark_superseded",
    "set_root",
    "add_timeline",
    "recover_sending",
    "send",
    "edit",
    "find",
)
"""The named steps between "due" and "sent": each can be the last, before it or after it."""


@dataclass
class Countdown:
    """Kills this process at the `at`-th step; counts to the end when that is None."""

    at: int | None
    passed: int = 0

    def step(self) -> None:
        self.passed += 1
        if self.at is not None and self.passed >= self.at:
            os.kill(os.getpid(), signal.SIGKILL)


class Stepping:
    """Stands before a store or a channel and counts its steps, once before and once after each."""

    def __init__(self, inner: Any, countdown: Countdown) -> None:
        self._inner, self._countdown = inner, countdown

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in STEPS:
            return found

        def stepped(*arguments: Any, **named: Any) -> Any:
            self._countdown.step()
            answer = found(*arguments, **named)
            self._countdown.step()
            return answer

        return stepped


def deliver_in_child(folder: Path, slack: FakeSlack, now: datetime, kill_at: int | None) -> int:
    """Deliver once in a forked child. Returns its exit code, −9 when it was killed."""
    return in_child(lambda: _deliver(folder, slack, now, Countdown(kill_at)))


def in_child(work: Callable[[], None]) -> int:
    """Run `work` in a forked child and wait for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forking beside threads
        pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()  # the parent only sees the exit code
            os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _deliver(folder: Path, slack: FakeSlack, now: datetime, countdown: Countdown) -> None:
    store = open_store(f"sqlite:///{folder / 'monitor.db'}", secret=b"test")
    channels = {"slack": Stepping(slack_channel(slack), countdown)}
    context = DeliveryContext("sv", "Europe/Stockholm")
    Deliverer(Stepping(store, countdown), channels, SimulatedClock(now), context).deliver_due()  # type: ignore[arg-type]

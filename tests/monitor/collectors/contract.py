"""What a collector's author writes for the contract suite: one `Adapter` in `adapters/<type>.py`.

The suite (`test_contract.py`) finds the adapters by the registry, so a collector without one fails the tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import ClassVar

import httpx

from monitor.clock import SimulatedClock
from monitor.collecting import PollOutcome, SourceRunner
from monitor.collectors.base import CollectContext, Collector, SourceOptions, WatchedThread
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from tests.fakes.platform_server import FakePlatform
from tests.fakes.sink import MemorySink

START = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)
SECRET = "s3cr3t-F+rtojd/42="


class Adapter(ABC):
    """One collector and its fake platform on a simulated clock.

    `not_applicable` names the cases (test functions without `test_`) that cannot happen, each with the reason.
    `page_size` is the fake's; `latest` is how late a post may turn up and must still be found.
    """

    type_name: ClassVar[str]
    not_applicable: ClassVar[dict[str, str]] = {}
    page_size: ClassVar[int] = 5
    latest: ClassVar[timedelta] = timedelta(hours=1)

    def __init__(self, clock: SimulatedClock, folder: Path) -> None:
        self.clock = clock
        self.folder = folder
        self.platform = self.make_platform()

    @abstractmethod
    def make_platform(self) -> FakePlatform:
        """The fake. A collector without a server returns a plain FakePlatform."""

    @abstractmethod
    def options(self) -> SourceOptions:
        """The source as configured; any secret in it is `SECRET`."""

    @abstractmethod
    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        """Somebody posts; returns the global id that the collector should give the mention."""

    def edit(self, global_id: str, text: str) -> None:
        """Somebody changes a post now."""
        raise NotImplementedError

    def delete(self, global_id: str) -> None:
        """Somebody deletes a post."""
        raise NotImplementedError

    def add_malformed(self) -> None:
        """The platform's next answer holds an item that makes no sense."""
        raise NotImplementedError

    def watched(self) -> tuple[WatchedThread, ...]:
        """Threads that the daemon follows."""
        return ()

    def transport(self) -> httpx.BaseTransport:
        """How the collector reaches the fake."""
        return self.platform.transport()

    def resolver(self, host: str) -> list[str]:
        """DNS of the fake world: every host is public."""
        return ["93.184.215.14"]

    def build(self) -> Collector:
        """A fresh collector, as after a restart."""
        return build(self.options(), Network(self.clock, transport=self.transport(), resolver=self.resolver))


class Bench:
    """A collector at work: polls when due, keeps what comes in a MemorySink."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self.clock = adapter.clock
        self.sink = MemorySink()
        self.recheck: tuple[str, ...] = ()
        self.stop_after: int | None = None
        self.expected: dict[str, str] = {}
        self.restart()

    def restart(self) -> None:
        """Throw the process away: only what is in the sink stays."""
        self.runner = SourceRunner(
            self.adapter.options(), self.adapter.build(), self.sink, self.clock, self._context, rng=Random(1)
        )

    def _context(self, source: str, now: datetime) -> CollectContext:
        batches_before = len(self.sink.batches)
        return CollectContext(
            now,
            watched=self.adapter.watched(),
            recheck=self.recheck,
            terms={"Nordtåg": ("nordtåg",)},
            stopping=lambda: (
                self.stop_after is not None and len(self.sink.batches) - batches_before >= self.stop_after
            ),
        )

    def post(self, text: str, ago: timedelta = timedelta(0), parent: str | None = None) -> str:
        """Somebody posts `text`, dated `ago` before now; it is expected to be collected."""
        global_id = self.adapter.post(text, at=self.clock.now() - ago, parent=parent)
        self.expected[global_id] = text
        return global_id

    def post_many(self, count: int, word: str = "post") -> list[str]:
        """`count` posts, a second apart, the last of them now."""
        return [self.post(f"nordtåg {word} {i}", timedelta(seconds=count - i)) for i in range(1, count + 1)]

    def poll(self) -> PollOutcome:
        """One poll, when it is due."""
        due = self.runner.sink.load_health(self.runner.name)
        if due is not None and due.next_due_at is not None:
            self.clock.move_to(due.next_due_at)
        return self.runner.poll()

    def poll_until_quiet(self, most: int = 12) -> PollOutcome:
        """Poll until two polls in a row bring nothing new."""
        quiet = 0
        for _ in range(most):
            outcome = self.poll()
            quiet = 0 if outcome.report.taken else quiet + 1
            if quiet == 2:
                break
        return outcome

    def assert_all_there(self) -> None:
        """Nothing lost, nothing doubled: each post once, under the id that it should have, with its words."""
        found = {global_id: mention.text for (_, global_id), mention in self.sink.mentions.items()}
        missing = {i: text for i, text in self.expected.items() if text not in found.get(i, "")}
        assert not missing, f"lost: {missing}; found {found}"
        assert found.keys() == self.expected.keys(), f"doubled: {found.keys() - self.expected.keys()}"


def assert_is_sentence(outcome: PollOutcome) -> None:
    """What the operator reads: a whole sentence without secrets, and what to do."""
    told = f"{outcome.health.error} {outcome.health.remedy}"
    assert outcome.failed, "the operator is told nothing"
    assert outcome.health.error[:1].strip()
    assert outcome.health.error.endswith((".", "!")), outcome.health.error
    assert outcome.health.remedy.endswith("."), "what to do is not said"
    assert "Traceback" not in told
    assert "unexpected" not in told, told
    assert SECRET not in told

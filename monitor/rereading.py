"""Reads posts again just before an alert quotes them: what its author took back or changed is not shown to others.

The sources' own polls may be under way, so each source is read by a collector of its own here (which shares the
limits of the account). An alert waits at most `PATIENCE` for that; what has not come by then is quoted as it is.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from alerts.incident import Incident
from monitor.clock import Clock
from monitor.collecting import Sink
from monitor.collectors.base import BaseCollector, Batch, CollectContext, SourceError, SourceOptions
from monitor.collectors.http import Network
from monitor.collectors.registry import build
from monitor.store.quotes import quoted_ids
from monitor.store.store import Store

log = structlog.get_logger(__name__)

PATIENCE = timedelta(seconds=5)
READ_ANEW_AFTER = timedelta(minutes=10)
"""A post that was read again this lately is not read again for the next message."""


@dataclass
class Rereading:
    """Called with an incident before a message about it is made; stores what it learns."""

    store: Store
    sink: Sink
    clock: Clock
    network: Network
    sources: Mapping[str, SourceOptions]
    patience: timedelta = PATIENCE
    _collectors: dict[str, BaseCollector] = field(default_factory=dict)
    _read_at: dict[int, datetime] = field(default_factory=dict)
    _under_way: dict[str, threading.Thread] = field(default_factory=dict)

    def __call__(self, incident: Incident) -> bool:
        """Read what the incident quotes again. True when the store may know more of it than before."""
        now = self.clock.now()
        wanted = self._not_lately(quoted_ids(incident), now)
        places = self.store.places(wanted) if wanted else {}
        errands = [
            _Errand(source, ids, self._collector(self.sources[source]))
            for source, ids in places.items()
            if source in self.sources
        ]
        for errand in errands:
            self._send(errand, now)
        deadline = self.clock.monotonic() + self.patience.total_seconds()
        learnt = [self._fetch(errand, deadline) for errand in errands]
        return any(learnt)

    def _not_lately(self, ids: frozenset[int], now: datetime) -> set[int]:
        self._read_at = {i: at for i, at in self._read_at.items() if now - at < READ_ANEW_AFTER}
        wanted = ids.difference(self._read_at)
        self._read_at.update(dict.fromkeys(wanted, now))
        return set(wanted)

    def _collector(self, options: SourceOptions) -> BaseCollector:
        name = options.name
        if name not in self._collectors:
            made = build(options, self.network)
            assert isinstance(made, BaseCollector)
            self._collectors[name] = made
        return self._collectors[name]

    def _send(self, errand: _Errand, now: datetime) -> None:
        """Have the source asked by a thread that nobody waits for longer than `patience`."""
        before = self._under_way.get(errand.source)
        if before is not None and before.is_alive():
            return  # it hangs since the last alert
        thread = threading.Thread(target=errand.run, args=(now,), name=f"reread {errand.source}", daemon=True)
        self._under_way[errand.source] = errand.thread = thread
        thread.start()

    def _fetch(self, errand: _Errand, deadline: float) -> bool:
        """What came back in time, stored."""
        if errand.thread is None:
            return False
        errand.thread.join(max(deadline - self.clock.monotonic(), 0.0))
        if errand.thread.is_alive():
            log.warning("quoted posts could not be read again in time", source=errand.source)
            return False
        for batch in errand.batches:
            self.sink.save(errand.source, batch)
        return bool(errand.batches)


@dataclass
class _Errand:
    """The posts of one source that are read again."""

    source: str
    ids: tuple[str, ...]
    collector: BaseCollector
    batches: list[Batch] = field(default_factory=list)
    thread: threading.Thread | None = None

    def run(self, now: datetime) -> None:
        """In its own thread. What fails is told in the log: the source's next poll will say it, too."""
        try:
            found = [
                replace(batch, cursor=None, refusals=())
                for batch in self.collector.read_again(CollectContext(now, recheck=self.ids))
            ]
        except SourceError as error:
            log.info("quoted posts could not be read again", source=self.source, why=str(error))
        except Exception:  # a source that fails stops no alert, whatever it is
            log.exception("quoted posts could not be read again", source=self.source)
        else:
            self.batches = found

"""When each source was heard, so that the silence of a blind source is not read as calm.

A source is heard from one good poll to the next. Between its last good poll and the next one that is due it is
taken to be heard, too; only when it fails, or is overdue, does its silence count for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from detectors.observation import BUCKET
from monitor.collectors.base import SourceOptions
from monitor.store.state import SourceState
from monitor.store.store import Store

Span = tuple[datetime, datetime]

GRACE = 2
"""How many of its intervals a source may be late before it counts as unheard."""

MEMORY = timedelta(days=100)
"""How far back spans are read: longer than any baseline learns from."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The spans in which each polled source was heard. A source that was never polled is left out."""

    spans: Mapping[str, Sequence[Span]]

    def at(self, bucket_end: datetime, brand: str, sources: Sequence[SourceOptions]) -> dict[str, float]:
        """The share of the bucket in which each of the brand's sources was heard, by source name.

        Before a source was first polled it is left out: what an import brought for that time was heard.
        """
        found: dict[str, float] = {}
        for source in sources:
            spans = self.spans.get(source.name, ())
            if source.brand in (None, brand) and spans and bucket_end > spans[0][0]:
                found[source.name] = _share(spans, bucket_end - BUCKET, bucket_end)
        return found


def load_coverage(store: Store, sources: Sequence[SourceOptions], now: datetime) -> Coverage:
    """Read what was heard when, with the current poll's grace added for sources that do not fail."""
    if not sources:
        return Coverage({})
    states = store.source_states()
    kept = store.coverage_spans(now - MEMORY, now)
    return Coverage({source.name: _with_grace(source, states.get(source.name), kept) for source in sources})


def _with_grace(
    source: SourceOptions, state: SourceState | None, kept: Mapping[str, Sequence[Span]]
) -> Sequence[Span]:
    spans = list(kept.get(source.name, ()))
    if state is None:
        return spans
    if state.failing_since is not None:
        return spans or [(state.failing_since, state.failing_since)]
    if spans and state.last_ok_at is not None:
        since, until = spans[-1]
        spans[-1] = (since, max(until, state.last_ok_at + GRACE * source.every))
    return spans


def _share(spans: Sequence[Span], since: datetime, until: datetime) -> float:
    heard = sum((max(timedelta(0), min(end, until) - max(begin, since)) for begin, end in spans), timedelta(0))
    return min(1.0, heard / (until - since))

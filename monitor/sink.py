"""Where collected news go: prepared, stored, then shown to the pipeline. One batch, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime

from monitor.clock import Clock
from monitor.collecting import ItemOutcome, Report, SourceHealth
from monitor.collectors.base import Batch, Cursor, SourceOptions
from monitor.ingest import Ingestor
from monitor.store.records import Saved
from monitor.store.state import SourceState
from monitor.store.store import Store

OnSaved = Callable[[str, Sequence[int], datetime], None]
"""(brand, ids of changed mentions, now): a brand has new or changed mentions in the store."""


class StoreSink:
    """The sink of every source. `ingestor` may be swapped when the config is reloaded."""

    def __init__(
        self,
        store: Store,
        ingestor: Ingestor,
        clock: Clock,
        on_saved: OnSaved,
        options_of: Callable[[str], SourceOptions | None],
    ) -> None:
        self._store = store
        self.ingestor = ingestor
        self._clock = clock
        self._on_saved = on_saved
        self._options_of = options_of

    def load_cursor(self, source: str) -> Cursor:
        """The cursor stored with the source's last batch, `{}` before the first."""
        return self._store.source_state(source).cursor

    def save(self, source: str, batch: Batch) -> Report:
        """Store a batch with its cursor, then tell the pipeline. Raises StoreFull, StoreError."""
        now = self._clock.now()
        options = self._options_of(source)
        prepared = self.ingestor.prepare(
            batch,
            now=now,
            source_brand=options.brand if options else None,
            language=options.language if options else None,
            known_posts=self._store.known_posts,
        )
        saved = self._store.save_batch(prepared, source=source, cursor=batch.cursor, now=now)
        self._tell(saved, now)
        return Report(
            len(saved.taken),
            saved.known,
            len(saved.refused),
            refusals=saved.refused,
            unmatched=saved.unmatched,
            notes=saved.notes,
        )

    def load_health(self, source: str) -> SourceHealth | None:
        """The health stored last; None for a source that was never polled."""
        state = self._store.source_state(source)
        if state.last_ok_at is None and state.failing_since is None:
            return None
        known = asdict(state)
        known.pop("cursor")
        return SourceHealth(
            source=known.pop("name"), error=known.pop("error") or "", remedy=known.pop("remedy") or "", **known
        )

    def save_health(self, health: SourceHealth) -> None:
        """Store how the source fares, and that it was heard (all of it, or at least a part)."""
        before = self._store.source_state(health.source)
        known = asdict(health)
        with self._store.transaction():
            self._store.save_source_state(SourceState(name=known.pop("source"), **known))
            if health.last_ok_at is not None and health.last_ok_at != before.last_ok_at:
                self._store.heard(health.source, before.last_ok_at or health.last_ok_at, health.last_ok_at)

    def _tell(self, saved: Saved, now: datetime) -> None:
        changed = self._store.brands_of(saved.changed) if saved.changed else ()
        for brand in sorted({*saved.earliest_bucket, *changed}):
            self._on_saved(brand, saved.changed, now)


__all__ = ["ItemOutcome", "StoreSink"]

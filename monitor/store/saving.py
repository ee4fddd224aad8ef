"""One transaction a batch: mentions, brand links, sums, measurements, cursor, refusals. All of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitor.store.quotes import refresh_quotes
from monitor.store.records import PreparedBatch, Saved
from monitor.store.subject import Subject
from monitor.store.work import Work
from monitor.store.writing import save_cursor, save_measurements, save_refusals


class Saving(Subject):
    """The way into the store."""

    def save_batch(
        self,
        prepared: PreparedBatch,
        *,
        source: str,
        cursor: Mapping[str, Any] | None = None,
        now: datetime,
    ) -> Saved:
        """Store a batch and the cursor that holds once it is stored, in one transaction.

        Raises StoreFull when the disk is full: nothing is written then, and the same batch can be saved again.
        """
        with self._db.writing() as connection:
            work = Work(connection, now)
            work.save_mentions(prepared.mentions)
            work.remove(prepared.removals)
            work.finish()
            save_measurements(connection, prepared.measurements)
            save_refusals(connection, source, (*work.notes, *prepared.notes, *prepared.refusals), now)
            save_cursor(connection, source, cursor, now if work.taken else None)
            if work.rewritten:
                refresh_quotes(connection, work.rewritten)
            return work.saved(prepared)

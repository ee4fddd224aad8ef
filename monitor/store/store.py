"""The store: everything that is remembered, in one database.

store = open_store("sqlite:///monitor.db", secret=b"…")
store.migrate(now)
with store.lock("daemon", now):
    store.save_batch(prepared, source="news", cursor={"etag": "…"}, now=now)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from monitor.store.counters import Counters
from monitor.store.database import Database
from monitor.store.incidents import Incidents
from monitor.store.lock import Lock, take_lock
from monitor.store.mentions import Mentions
from monitor.store.migrate import Migrated, backup, migrate
from monitor.store.outbox import Outbox
from monitor.store.rescoring import Rescoring
from monitor.store.retheming import Retheming
from monitor.store.saving import Saving
from monitor.store.state import DaemonState, Sources
from monitor.store.upkeep import Upkeep


class Store(Saving, Mentions, Counters, Sources, DaemonState, Incidents, Outbox, Upkeep, Rescoring, Retheming):
    """Everything that is remembered. Safe to use from many threads; made by `open_store`."""

    @property
    def name(self) -> str:
        """How the database is named to people; never with a password."""
        return self._db.name

    @property
    def secret(self) -> bytes:
        """The key under which authors are pseudonymised."""
        return self._secret

    @property
    def path(self) -> Path | None:
        """The SQLite file; None for PostgreSQL and for memory."""
        return self._db.path

    def migrate(self, now: datetime) -> Migrated:
        """Bring the schema up to date; an SQLite file that is behind is copied first."""
        return migrate(self._db, now)

    def backup(self, now: datetime) -> Path | None:
        """Copy the SQLite file beside itself while it is in use; None for PostgreSQL."""
        return backup(self._db, now)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything that this thread does with the store inside is one transaction, with one writer at a time:
        what is read inside cannot change before it ends. An exception undoes all of it."""
        with self._db.writing():
            yield

    @contextmanager
    def lock(self, holder: str, now: datetime) -> Iterator[Lock]:
        """Hold the database as the only daemon. Raises StoreLocked, which says who has it."""
        held = take_lock(self._db, holder, now)
        try:
            yield held
        finally:
            held.release()

    def close(self) -> None:
        """Close all connections."""
        self._db.dispose()


def open_store(url: str, *, secret: bytes) -> Store:
    """Open `sqlite:///FILE` or `postgresql://…`. Nothing is connected or created before it is used.

    `secret` is the key under which authors are pseudonymised; a changed one makes strangers of all known authors.
    Raises StoreError for a URL that is neither.
    """
    return Store(Database(url), secret=secret)

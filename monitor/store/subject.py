"""What every part of the store has: the database."""

from __future__ import annotations

from monitor.store.database import Database


class Subject:
    """A part of the store: the queries of one subject. `Store` is made of all of them."""

    def __init__(self, database: Database, *, secret: bytes) -> None:
        self._db = database
        self._secret = secret

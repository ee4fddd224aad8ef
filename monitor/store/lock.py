"""One daemon per database: a lock that says who holds it.

SQLite: `flock` on `DATABASE.lock` beside the file; the system frees it whenever the process ends. PostgreSQL: a
session-long advisory lock on a connection of its own, with the holder's name in the table `facts`.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, select, text

from monitor.store.database import Database, upsert
from monitor.store.errors import StoreLocked
from monitor.store.tables import facts

DAEMON_LOCK = 0x6461656D  # "daem"; see database.WRITER_LOCK
HOLDER = "lock/holder"


class Lock(Protocol):
    """A lock that is held."""

    def release(self) -> None:
        """Let another daemon have the database."""
        ...

    def held(self) -> bool:
        """Whether it still is ours (a PostgreSQL connection can break)."""
        ...


class FileLock:
    """The lock beside an SQLite file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let another daemon have the database."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def held(self) -> bool:
        """Whether it was not released."""
        return self._descriptor is not None


class SessionLock:
    """The lock of a PostgreSQL session."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Connection | None = connection

    def release(self) -> None:
        """Let another daemon have the database."""
        if self._connection is not None:
            self._connection.invalidate()  # the session ends, and its lock with it
            self._connection.close()
            self._connection = None

    def held(self) -> bool:
        """Whether the session that holds it still answers."""
        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
            self._connection.rollback()
        except Exception:  # whatever is wrong with the session, the lock is not sure any more
            return False
        return True


class NoLock:
    """A database in memory belongs to its process anyway."""

    def release(self) -> None:
        """Nothing to do."""

    def held(self) -> bool:
        """Always."""
        return True


def take_lock(database: Database, holder: str, now: datetime) -> Lock:
    """Take the database for this process. Raises StoreLocked, naming the holder, when it is taken."""
    who = {"holder": holder, "pid": os.getpid(), "host": socket.gethostname(), "since": now.isoformat()}
    if not database.is_sqlite:
        return _lock_session(database, who, now)
    return NoLock() if database.path is None else _lock_file(database, database.path, who)


def _lock_file(database: Database, path: Path, who: dict[str, Any]) -> Lock:
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        said = os.read(descriptor, 4096).decode(errors="replace")
        os.close(descriptor)
        raise _taken(database, lambda: json.loads(said)) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(who).encode(), 0)
    return FileLock(descriptor)


def _lock_session(database: Database, who: dict[str, Any], now: datetime) -> Lock:
    connection = database.engine.connect()
    got = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": DAEMON_LOCK})
    connection.rollback()
    if not got:
        connection.close()
        raise _taken(database, lambda: _holder(database))
    with database.writing() as writer:
        upsert(writer, facts, [{"key": HOLDER, "value": json.dumps(who), "at": now}])
    return SessionLock(connection)


def _holder(database: Database) -> Any:
    with database.reading() as connection:
        return json.loads(connection.scalar(select(facts.c.value).where(facts.c.key == HOLDER)) or "null")


def _taken(database: Database, read: Callable[[], Any]) -> StoreLocked:
    try:
        who = read()
        by = f"{who['holder']} (process {who['pid']} on {who['host']}, since {who['since']})"
    except (ValueError, KeyError, TypeError):
        by = "another process that is just starting"
    return StoreLocked(
        f"The database {database.name} is in use by {by}. One daemon per database: stop that one first,"
        " or give this one a database of its own."
    )

"""Connections and transactions of one database, SQLite or PostgreSQL, with the same semantics on both.

One writer at a time: `BEGIN IMMEDIATE` on SQLite, a transaction-long advisory lock on PostgreSQL. What is read
inside a writing transaction therefore cannot change before it commits, on either database.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import StaticPool

from monitor.store.errors import StoreError, StoreFull

BUSY_SECONDS = 30
CHUNK = 500
"""Values in one IN (…)."""

T = TypeVar("T")

WRITER_LOCK = 0x63726973  # any number that other programs in the same PostgreSQL are unlikely to use: "cris"

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL: a commit survives a power cut, not only a killed process. A collector confirms its batch to the
    # platform (moves the file, answers the webhook) after the commit, so NORMAL could lose what was confirmed.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    # Erased text must not linger in free pages of the file.
    "PRAGMA secure_delete=ON",
    "PRAGMA cache_size=-8000",
    "PRAGMA temp_store=MEMORY",
)


class Database:
    """One database and its connections. Thread-safe; a transaction belongs to the thread that opened it."""

    def __init__(self, url: str) -> None:
        self.url = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.path = sqlite_path(self.url) if self.is_sqlite else None
        self.engine = _engine(self.url, self.path)
        self._current = threading.local()
        self._alone = threading.RLock() if self.is_sqlite and self.path is None else None

    @property
    def name(self) -> str:
        """How the database is named to people: never with a password."""
        return str(self.path or "memory") if self.is_sqlite else self.url.render_as_string(hide_password=True)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; joins the one this thread is in. Commits at the end, or rolls back.

        Raises StoreFull when the disk is full, StoreError when the database cannot be reached.
        """
        joined: Connection | None = getattr(self._current, "connection", None)
        if joined is not None:
            yield joined
            return
        with self._translated(), self._exclusively(), self.engine.connect() as plain:
            connection = plain.execution_options(writing=True)
            with connection.begin():
                self._current.connection = connection
                try:
                    yield connection
                finally:
                    self._current.connection = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view for reading; inside a writing transaction of this thread it is that one."""
        joined: Connection | None = getattr(self._current, "connection", None)
        if joined is not None:
            yield joined
            return
        if self._alone is not None:  # an in-memory database has one connection only
            with self.writing() as connection:
                yield connection
            return
        with self._translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    def forget_old_pages(self) -> None:
        """Empty SQLite's write-ahead log, which still holds what was just erased."""
        if self.path is not None:
            with self._translated(), self.engine.connect() as plain:
                plain.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        if self._alone is None:
            yield
            return
        with self._alone:
            yield

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._in_words(error) from error

    def _in_words(self, error: DBAPIError) -> Exception:
        if is_full(error):
            return StoreFull(
                f"The disk that holds the database {self.name} is full; nothing of this batch was stored and"
                " nothing stored before is lost. Free some space: collecting goes on by itself."
            )
        if "unable to open database file" in str(error.orig):
            return StoreError(f"The database file {self.name} cannot be opened: is its folder there and writable?")
        if error.connection_invalidated or "connection" in str(error.orig).lower():
            return StoreError(f"The database {self.name} cannot be reached: {str(error.orig).strip()}")
        return error


def parse_url(url: str) -> URL:
    """The database URL with the driver that is used. Raises StoreError for anything but SQLite and PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("The database URL is not one: expected sqlite:///FILE or postgresql://…") from error
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreError(f"The database must be SQLite or PostgreSQL, not {parsed.get_backend_name()}")
    return parsed


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite URL; None for a database in memory."""
    return None if url.database in {None, "", ":memory:"} else Path(str(url.database)).absolute()


def is_full(error: DBAPIError) -> bool:
    """Whether the database says that there is no room left (SQLITE_FULL, ENOSPC, SQLSTATE 53100)."""
    original = error.orig
    if getattr(original, "sqlstate", None) == "53100" or getattr(original, "errno", None) == errno.ENOSPC:
        return True
    said = str(original).lower()
    return "disk is full" in said or "no space left" in said


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert `rows`, leaving those whose primary or unique key is there already."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def insert_many(
    connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]], conflict: str = ""
) -> None:
    """Insert many rows at once, past SQLAlchemy's work for each: times are whole microseconds here, not datetimes.

    Four times as fast as `insert(table)` with dicts; for the tables of the way in only.
    """
    if rows:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        marks = ", ".join([mark] * len(names))
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}) {conflict}"  # noqa: S608 - no data
        connection.exec_driver_sql(statement, list(rows))


def upsert(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, add: Iterable[str] = ()
) -> None:
    """Insert `rows` by primary key or replace what stands there; columns named in `add` are added up instead."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    added = frozenset(add)
    statement = _insert(connection, table)
    changes = {
        name: table.c[name] + statement.excluded[name] if name in added else statement.excluded[name]
        for name in rows[0]
        if name not in keys
    }
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes), rows)


def storable(text: str) -> str:
    """Text of somebody else (an error, a reason) as any database takes it: no NUL, no lone surrogates."""
    return text if text.isprintable() else text.replace("\0", "").encode("utf-8", "replace").decode()


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """`items` in parts that fit into one query."""
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _engine(url: URL, path: Path | None) -> Engine:
    if url.get_backend_name() == "postgresql":
        engine = create_engine(url, pool_pre_ping=True, pool_size=10)
        event.listen(engine, "begin", _lock_writers)
        return engine
    if path is None:
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Leave transactions to us (the driver would begin them late) and set the pragmas."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _lock_writers(connection: Connection) -> None:
    if connection.get_execution_options().get("writing"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")

"""Fixtures for everything that needs a store. A test that takes `store` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.store.store import Store, open_store
from tests.postgres import PostgresServer, binaries

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SECRET = b"a key that only tests use"
BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process, with a migrated database `migrated` to copy."""
    if binaries() is None:
        pytest.skip("the wheel pgserver is not installed")
    server = PostgresServer()
    try:
        server.start()
        server.execute("CREATE DATABASE migrated")
        _migrated(server.url("migrated"))
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    _migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    return str(request.param)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty, migrated database of this test's own."""
    if backend == "sqlite":
        path = tmp_path / "store.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.borrow("migrated")
    yield server.url(name)
    server.give_back(name)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty, migrated store."""
    opened = open_store(database_url, secret=SECRET)
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    """The time at which tests take place."""
    return NOW


def _migrated(url: str) -> None:
    made = open_store(url, secret=SECRET)
    made.migrate(NOW)
    made.close()

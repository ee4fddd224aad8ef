"""One daemon per database, migrations with a backup first, and what happens when the disk is full."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import monitor.store.migrate as migrate_module
import monitor.store.migrations as migrations
from monitor.store import Store, StoreError, StoreFull, StoreLocked, StoreTooNew, open_store
from monitor.store.database import parse_url
from monitor.store.migrate import backups, revision
from monitor.store.tables import metadata
from tests.monitor.store.making import ALWAYS, BRAND, NOW, brand_sums, made, save


def test_a_second_daemon_is_told_who_holds_the_database(store: Store, database_url: str) -> None:
    with store.lock("run", NOW) as held, closing(open_store(database_url, secret=b"k")) as other:
        assert held.held()
        with pytest.raises(StoreLocked) as refused, other.lock("import", NOW):
            pytest.fail("two daemons got the same database")
        assert f"run (process {os.getpid()} on " in str(refused.value)
        assert "since 2026-11-22T10:00:00+00:00" in str(refused.value)
    assert not held.held()
    with store.lock("run again", NOW):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """Nothing has to be cleaned up by hand after a power cut."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    code = (
        "import os, sys; from datetime import datetime, UTC; from monitor.store import open_store\n"
        f"lock = open_store({url!r}, secret=b'k').lock('killed', datetime.now(UTC)); lock.__enter__()\n"
        "print('held', flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-9, "held\n")
    with closing(open_store(url, secret=b"k")) as store, store.lock("next", NOW):
        pass


def test_a_password_is_never_shown() -> None:
    store = open_store("postgresql://monitor:hunter2@127.0.0.1:1/none", secret=b"k")
    assert "hunter2" not in store.name
    with pytest.raises(StoreError, match="cannot be reached") as refused:
        store.migrate(NOW)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["mysql://x/y", "not a url", ""])
def test_other_databases_are_refused_in_words(url: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite|SQLite"):
        open_store(url, secret=b"k")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql_is_reached_through_psycopg(scheme: str) -> None:
    assert parse_url(f"{scheme}://localhost/x").drivername == "postgresql+psycopg"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere/store\.db cannot be opened"):
        open_store(f"sqlite:///{tmp_path}/nowhere/store.db", secret=b"k").migrate(NOW)


def test_the_migrations_make_exactly_the_tables_of_the_code(store: Store) -> None:
    """Whoever changes a table without a migration (or the other way round) fails here."""
    with store._db.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_does_nothing_the_second_time(store: Store) -> None:
    before = revision(store._db)
    done = store.migrate(NOW)
    assert (done.before, done.after, done.backup) == (before, before, None)


SECOND_STEP = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "0002", "0001"
def upgrade():
    op.create_table("second", sa.Column("id", sa.Integer))
    {then}
"""


@pytest.fixture
def coming_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """As if the program had one migration more than now."""

    def come(then: str = "") -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(Path(migrations.__file__).parent, folder, dirs_exist_ok=True)
        (folder / "versions" / "0002_second.py").write_text(SECOND_STEP.format(then=then))
        config = migrate_module._config()
        config.set_main_option("script_location", str(folder))
        monkeypatch.setattr(migrate_module, "_config", lambda: config)

    return come


def test_a_file_is_copied_before_a_migration_but_not_when_it_is_new(
    tmp_path: Path, coming_version: Callable[..., None]
) -> None:
    with closing(open_store(f"sqlite:///{tmp_path / 'store.db'}", secret=b"k")) as store:
        assert store.migrate(NOW).backup is None
        save(store, made("1"))
        coming_version()
        done = store.migrate(NOW + timedelta(hours=1))
        assert (done.before, done.after) == ("0001", "0002")
        assert brand_sums(store) == [(NOW, (1, 0, 0))]
    assert done.backup == tmp_path / "store.db.backup-20261122T110000Z"
    with closing(open_store(f"sqlite:///{done.backup}", secret=b"k")) as restored:
        assert revision(restored._db) == "0001"
        assert brand_sums(restored) == [(NOW, (1, 0, 0))]


def test_a_migration_that_breaks_half_way_changes_nothing(
    store: Store, coming_version: Callable[..., None]
) -> None:
    save(store, made("1"))
    coming_version('raise RuntimeError("power cut")')
    with pytest.raises(RuntimeError, match="power cut"):
        store.migrate(NOW)
    assert revision(store._db) == "0001"
    coming_version()
    assert store.migrate(NOW).after == "0002"
    assert brand_sums(store) == [(NOW, (1, 0, 0))]


def test_a_database_of_a_newer_version_is_left_alone(store: Store) -> None:
    with store._db.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew, match=r"9999.*newer version"):
        store.migrate(NOW)


def test_a_backup_is_whole_while_the_store_is_written_to(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path / 'store.db'}", secret=b"k")) as store:
        store.migrate(NOW)
        for hour in range(5):
            save(store, made(str(hour)))
            copy = store.backup(NOW + timedelta(hours=hour))
        assert copy is not None
        assert [path.name[-7:-5] for path in backups(store._db)] == ["12", "13", "14"]
        with closing(open_store(f"sqlite:///{copy}", secret=b"k")) as restored:
            assert restored.count_mentions() == 5


def test_a_full_disk_is_said_clearly_and_loses_nothing(tmp_path: Path) -> None:
    """SQLITE_FULL, made with a page limit: the batch is refused whole, and fits once there is room."""
    with closing(open_store(f"sqlite:///{tmp_path / 'store.db'}", secret=b"k")) as store:
        store.migrate(NOW)
        save(store, made("1"), cursor={"page": 1})
        _limit_pages(store, 1)
        big = made("2", text="x" * 2_000_000)
        with pytest.raises(StoreFull, match=r"store\.db is full.*goes on by itself"):
            save(store, big, cursor={"page": 2})
        assert store.source_state("tags").cursor == {"page": 1}
        assert [row.text for row in store.rows(BRAND, *ALWAYS)] == ["text of 1"]
        _limit_pages(store, 1_000_000)
        assert save(store, big, cursor={"page": 2}).taken == (2,)
        assert store.counters(BRAND, *ALWAYS) == store.recount(BRAND, *ALWAYS)


def _limit_pages(store: Store, pages: int) -> None:
    store._db.dispose()
    from sqlalchemy import event

    def limit(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    event.listen(store._db.engine, "connect", limit)


def test_a_killed_writer_leaves_all_or_nothing(tmp_path: Path) -> None:
    """SIGKILL in the middle of a batch: after the restart the counters still equal a recount."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with closing(open_store(url, secret=b"k")) as store:
        store.migrate(NOW)
    for step in ("save_measurements", "save_refusals", "save_cursor"):
        child = os.fork()
        if child == 0:
            _die_at(url, step)
        os.waitpid(child, 0)
        with closing(open_store(url, secret=b"k")) as store:
            assert store.count_mentions() == 0
            assert store.source_state("tags").cursor == {}
    with closing(open_store(url, secret=b"k")) as store:
        assert save(store, made("1")).taken == (1,)
        assert store.counters(BRAND, *ALWAYS) == store.recount(BRAND, *ALWAYS)


def _die_at(url: str, step: str) -> None:
    import monitor.store.saving as saving

    def die(*_: object) -> None:
        os.kill(os.getpid(), 9)

    setattr(saving, step, die)
    save(open_store(url, secret=b"k"), made("1"), cursor={"page": 1})
    os._exit(3)

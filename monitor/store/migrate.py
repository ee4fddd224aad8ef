"""Bringing a database to the schema of this program: backup, then Alembic."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.store.database import Database
from monitor.store.errors import StoreTooNew

if TYPE_CHECKING:
    from alembic.config import Config

BACKUPS_KEPT = 3


@dataclass(frozen=True, slots=True)
class Migrated:
    """From which revision to which (None: a new database), and where the backup is."""

    before: str | None
    after: str
    backup: Path | None = None


def migrate(database: Database, now: datetime) -> Migrated:
    """Bring the schema to the newest revision; an SQLite file that is behind is copied first.

    Raises StoreTooNew when the database was made by a newer version of this program.
    """
    from alembic import command  # heavy, and only needed here
    from alembic.script import ScriptDirectory

    config = _config()
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    assert head is not None
    before = revision(database)
    if before == head:
        return Migrated(before, head)
    if before is not None and before not in {entry.revision for entry in script.walk_revisions()}:
        raise StoreTooNew(
            f"The database {database.name} has schema {before}, which this version does not know: it was made by a"
            " newer version. Install that version, or go back to the backup beside the file."
        )
    copy = backup(database, now) if before is not None else None
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return Migrated(before, head, copy)


def revision(database: Database) -> str | None:
    """The schema revision of a database; None for one without tables."""
    from alembic.migration import MigrationContext

    with database.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def backup(database: Database, now: datetime) -> Path | None:
    """Copy an SQLite file beside itself, consistent even while it is written to; keeps the newest three.

    Returns the copy's path; None for PostgreSQL and for memory, where backups are somebody else's.
    """
    if database.path is None:
        return None
    target = database.path.with_name(f"{database.path.name}.backup-{now:%Y%m%dT%H%M%SZ}")
    unfinished = target.with_name(target.name + ".part")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(database.path)) as source, closing(sqlite3.connect(unfinished)) as copy:
        source.backup(copy)
    unfinished.rename(target)
    for old in backups(database)[:-BACKUPS_KEPT]:
        old.unlink()
    return target


def backups(database: Database) -> list[Path]:
    """The copies beside an SQLite file, oldest first."""
    if database.path is None:
        return []
    return sorted(p for p in database.path.parent.glob(f"{database.path.name}.backup-*") if p.suffix != ".part")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config

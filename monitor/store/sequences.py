"""Numbers given out in commit order: a row that is updated inside the transaction that uses the numbers.

Unlike a database sequence these never run ahead of what is committed, so "everything after id 812" misses nothing,
and unlike `max(id) + 1` they are never used twice, even after the newest rows were deleted.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from monitor.store.database import insert_missing
from monitor.store.tables import sequences


def take_numbers(connection: Connection, name: str, count: int) -> int:
    """Take `count` consecutive numbers of a sequence and return the first."""
    statement = (
        update(sequences).where(sequences.c.name == bindparam("which")).values(last=sequences.c.last + count)
    )
    if connection.execute(statement, {"which": name}).rowcount == 0:
        insert_missing(connection, sequences, [{"name": name, "last": 0}])
        connection.execute(statement, {"which": name})
    return last_number(connection, name) - count + 1


def last_number(connection: Connection, name: str) -> int:
    """The last number given out; 0 when none was."""
    found = connection.scalar(select(sequences.c.last).where(sequences.c.name == name))
    return int(found or 0)

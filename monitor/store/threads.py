"""Which thread a mention belongs to: following parents to the root, whatever order they arrive in.

A platform names the root, or only the parent, or nothing. The root is looked for through the mentions of the same
batch and those in the store; an unknown parent stands in for the root until it arrives, and then everything that
hung on it moves. A ring of parents ends at its smallest id, the same whichever member is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, update

from monitor.store.tables import mentions

Claims = Mapping[str, str | None]
"""Global id → id of the root or parent that the mention names itself (None: it stands alone)."""

Stored = Mapping[str, str | None]
"""Global id → thread of a stored mention (None: it is a root)."""

CHUNK = 500


def claimed(global_id: str, thread_id: str | None, parent_id: str | None) -> str | None:
    """The root or else the parent that a mention names; naming itself counts as naming nobody."""
    for name in (thread_id, parent_id):
        if name and name != global_id:
            return name
    return None


def root_of(global_id: str, claims: Claims, stored: Stored) -> str:
    """The id of the thread's root: `global_id` itself for a mention that stands alone."""
    path = [global_id]
    while True:
        at = path[-1]
        if at not in claims:
            return stored.get(at) or at
        above = claims[at]
        if above is None:
            return at
        if above in path:
            return min(path[path.index(above) :])
        path.append(above)


def stored_threads(connection: Connection, platform: str, ids: Iterable[str]) -> dict[str, str | None]:
    """The threads of those of `ids` that the store knows."""
    found: dict[str, str | None] = {}
    for part in chunks(sorted(set(ids))):
        query = select(mentions.c.global_id, mentions.c.thread_id).where(
            mentions.c.platform == platform, mentions.c.global_id.in_(part)
        )
        found.update((row.global_id, row.thread_id) for row in connection.execute(query))
    return found


def recount_comments(connection: Connection, platform: str, roots: Iterable[str]) -> None:
    """Bring `comments`, `last_comment_at` and `active_at` of the given ids in line with their comments.

    `active_at` marks a row as a root that may be followed, and is NULL on comments. Only what changes is written.
    """
    changed: list[dict[str, Any]] = []
    for part in chunks(sorted(set(roots))):
        counted = _comments(connection, platform, part)
        for row in connection.execute(_roots(platform, part)):
            comments, last = counted.get(row.global_id, (0, None)) if row.thread_id is None else (0, None)
            active = None if row.thread_id or row.removed_at else max(row.event_time, last or row.event_time)
            if (comments, last, active) != (row.comments, row.last_comment_at, row.active_at):
                changed.append(
                    {"which": row.id, "comments": comments, "last_comment_at": last, "active_at": active}
                )
    if changed:
        statement = update(mentions).where(mentions.c.id == bindparam("which"))
        connection.execute(statement, changed)


def _comments(
    connection: Connection, platform: str, roots: Sequence[str]
) -> dict[str, tuple[int, datetime | None]]:
    query = (
        select(mentions.c.thread_id, func.count(), func.max(mentions.c.event_time))
        .where(mentions.c.thread_id.in_(roots), mentions.c.platform == platform)
        .group_by(mentions.c.thread_id)
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def _roots(platform: str, ids: Sequence[str]) -> Select[Any]:
    columns = (
        "id",
        "global_id",
        "thread_id",
        "event_time",
        "comments",
        "last_comment_at",
        "active_at",
        "removed_at",
    )
    return select(*(mentions.c[name] for name in columns)).where(
        mentions.c.platform == platform, mentions.c.global_id.in_(ids)
    )


def chunks(items: Sequence[str]) -> Iterable[Sequence[str]]:
    """`items` in parts that fit into one query."""
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))

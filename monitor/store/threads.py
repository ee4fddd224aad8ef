"""Which thread a mention belongs to: following parents to the root, whatever order they arrive in.

A platform names the root, or only the parent, or nothing. The root is looked for through the mentions of the same
batch and those in the store; an unknown parent stands in for the root until it arrives, and then everything that
hung on it moves. A ring of parents ends at its smallest id, the same whichever member is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, update

from monitor.store.database import chunks
from monitor.store.known import Known, in_threads
from monitor.store.records import PreparedMention
from monitor.store.tables import mentions

Claims = Mapping[str, str | None]
"""Global id → id of the root or parent that the mention names itself (None: it stands alone)."""

Stored = Mapping[str, str | None]
"""Global id → thread of a stored mention (None: it is a root)."""


def claimed(global_id: str, thread_id: str | None, parent_id: str | None) -> str | None:
    """The root or else the parent that a mention names; naming itself counts as naming nobody."""
    for name in (thread_id, parent_id):
        if name and name != global_id:
            return name
    return None


def root_of(global_id: str, claims: Claims, stored: Stored, roots: Collection[str] = ()) -> str:
    """The id of the thread's root: `global_id` itself for a mention that stands alone.

    A claim goes before what is stored. `roots` are stored roots: in a ring of claims one of them stays the root,
    else one that is in nobody's thread yet.
    """
    path = [global_id]
    while True:
        at = path[-1]
        above = claims[at] if at in claims else stored.get(at)
        if above is None:
            return at
        if above in path:
            ring = path[path.index(above) :]
            settled = [member for member in ring if member in roots]
            free = [member for member in ring if stored.get(member) is None]
            return min(settled or free or ring)
        path.append(above)


def ring_above(global_id: str, claims: Claims, stored: Stored) -> frozenset[str]:
    """The posts that answer each other in a circle on the way up from `global_id`; empty where there is a root."""
    path: dict[str, None] = {}
    at: str | None = global_id
    while at is not None and at not in path:
        path[at] = None
        at = claims[at] if at in claims else stored.get(at)
    if at is None:
        return frozenset()
    members = list(path)
    return frozenset(members[members.index(at) :])


def below(top: str, parents: Mapping[str, str | None]) -> set[str]:
    """The ids that hang on `top`, directly or through others; `parents` maps each id to its parent."""
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(child)
    found: set[str] = set()
    waiting = [top]
    while waiting:
        more = [child for child in children.get(waiting.pop(), ()) if child not in found and child != top]
        found.update(more)
        waiting += more
    return found


@dataclass(frozen=True, slots=True)
class Families:
    """What a batch and the store together say about who hangs on whom, on one platform."""

    claims: Claims
    stored: Stored
    roots: frozenset[str]
    present: frozenset[str]

    @classmethod
    def of(
        cls,
        connection: Connection,
        platform: str,
        seen: Mapping[str, PreparedMention],
        known: Mapping[str, Known],
        fresh: Collection[str],
    ) -> Families:
        """Read what is needed to find the roots of the `fresh` mentions and of the `known` ones that may move."""
        named = {name for m in seen.values() for name in (m.thread_id, m.parent_id) if name}
        threads = {k.thread_id for k in known.values() if k.thread_id}
        stored = stored_threads(connection, platform, {*named, *threads, *known}.difference(fresh))
        claims = {gid: claimed(gid, seen[gid].thread_id, seen[gid].parent_id) for gid in fresh}
        for gid, was in known.items():
            above = claimed(gid, seen[gid].thread_id, seen[gid].parent_id)
            if above is not None and (was.thread_id is None or was.thread_id not in {*stored, *fresh}):
                claims[gid] = above
        roots = frozenset(gid for gid, thread in stored.items() if thread is None)
        return cls(claims, stored, roots, frozenset({*stored, *fresh}))

    def after(self, moved: Mapping[str, str]) -> Families:
        """The same after stored mentions have moved to other threads."""
        return replace(self, stored={**self.stored, **moved})

    def root(self, global_id: str) -> str:
        """The root of a mention."""
        return root_of(global_id, self.claims, self.stored, self.roots)

    def rings(self) -> set[frozenset[str]]:
        """The circles of parents that this batch closes."""
        found = {ring_above(gid, self.claims, self.stored) for gid, above in self.claims.items() if above}
        return {ring for ring in found if ring}

    def learnt(self, was: Known) -> str | None:
        """The root that a known mention learns now, where it had none, or only a stand-in that never arrived."""
        if was.global_id not in self.claims:
            return None
        root = self.root(was.global_id)
        if root in {was.global_id, was.thread_id}:
            return None
        return root if was.thread_id is None or root in self.present else None


def stored_threads(connection: Connection, platform: str, ids: Iterable[str]) -> dict[str, str | None]:
    """The threads of those of `ids` that the store knows."""
    found: dict[str, str | None] = {}
    for part in chunks(sorted(set(ids))):
        query = select(mentions.c.global_id, mentions.c.thread_id).where(
            mentions.c.platform == platform, mentions.c.global_id.in_(part)
        )
        found.update((row.global_id, row.thread_id) for row in connection.execute(query))
    return found


def recount_comments(connection: Connection, platform: str, roots: Iterable[str], left: Iterable[str]) -> None:
    """Bring `comments`, `last_comment_at` and `active_at` of the given ids in line with their comments.

    `roots` have won comments or none, `left` may have lost some.

    `active_at` marks a row as a root that may be followed, and is NULL on comments. Only what changes is written.
    """
    changed: list[dict[str, Any]] = []
    lost = set(left)
    for part in chunks(sorted(lost.union(roots))):
        counted = _comments(connection, platform, part)
        touched = [root for root in part if root in counted or root in lost]
        for row in connection.execute(_roots(platform, touched)) if touched else ():
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
        .where(in_threads(platform, roots))
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

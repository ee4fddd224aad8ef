"""One transaction a batch: mentions, brand links, sums, measurements, cursor, refusals. All of it or nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from monitor.mention import Measurement, Refusal, Removal
from monitor.store.counting import Counted, Deltas
from monitor.store.database import upsert
from monitor.store.known import (
    REACH,
    Known,
    is_edit,
    known_by_identity,
    known_in_threads,
    new_links,
    new_reach,
    recounted,
)
from monitor.store.records import Link, PreparedBatch, PreparedMention, Saved
from monitor.store.sequences import take_numbers
from monitor.store.subject import Subject
from monitor.store.tables import links, measurements, mentions, refusals, sources
from monitor.store.threads import claimed, recount_comments, root_of, stored_threads

REFUSALS_A_BATCH = 200
"""A source that sends nothing but rubbish must not fill the disk with the reports of it."""


class Saving(Subject):
    """The way into the store."""

    def save_batch(
        self,
        prepared: PreparedBatch,
        *,
        source: str,
        cursor: Mapping[str, Any] | None = None,
        now: datetime,
    ) -> Saved:
        """Store a batch and the cursor that holds once it is stored, in one transaction.

        Raises StoreFull when the disk is full: nothing is written then, and the same batch can be saved again.
        """
        with self._db.writing() as connection:
            work = _Work(connection, now)
            work.save_mentions(prepared.mentions)
            work.remove(prepared.removals)
            work.finish()
            save_measurements(connection, prepared.measurements)
            save_refusals(connection, source, prepared.refusals, now)
            _save_cursor(connection, source, cursor, now if work.taken else None)
            return work.saved(prepared)


class _Work:
    """One batch on its way: what is new, what is known, and what that changes in the counters."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self.deltas = Deltas()
        self.taken: list[int] = []
        self.changed: set[int] = set()
        self.updated: set[int] = set()
        self.known = 0
        self.removed = 0
        self.roots: dict[str, set[str]] = defaultdict(set)

    def save_mentions(self, batch: Sequence[PreparedMention]) -> None:
        """Store what is new and update what is known, platform by platform."""
        by_platform: dict[str, dict[str, PreparedMention]] = defaultdict(dict)
        for mention in batch:
            same = by_platform[mention.platform]
            if mention.global_id in same:
                self.known += 1
                mention = _newest(same[mention.global_id], mention)
            same[mention.global_id] = mention
        for platform, seen in by_platform.items():
            self._save_platform(platform, seen)

    def remove(self, removals: Sequence[Removal]) -> None:
        """Blank text and author of posts that are gone; what was counted stays counted."""
        by_platform: dict[str, set[str]] = defaultdict(set)
        for removal in removals:
            by_platform[removal.platform].add(removal.global_id)
        for platform, ids in by_platform.items():
            gone = [k.id for k in known_by_identity(self.connection, platform, sorted(ids)) if not k.removed_at]
            blank(self.connection, gone, self.now)
            self.removed += len(gone)
            self.changed.update(gone)

    def finish(self) -> None:
        """Write the counters and the threads that were touched."""
        self.deltas.write(self.connection)
        for platform, roots in self.roots.items():
            recount_comments(self.connection, platform, roots)

    def saved(self, prepared: PreparedBatch) -> Saved:
        """The answer to the collector."""
        return Saved(
            taken=tuple(self.taken),
            changed=tuple(sorted(self.changed.difference(self.taken))),
            known=self.known,
            updated=len(self.updated),
            removed=self.removed,
            unmatched=prepared.unmatched,
            measurements=len(prepared.measurements),
            refused=prepared.refusals,
            earliest_bucket=self.deltas.earliest(),
        )

    def _save_platform(self, platform: str, seen: Mapping[str, PreparedMention]) -> None:
        known = {k.global_id: k for k in known_by_identity(self.connection, platform, list(seen))}
        fresh = {gid: m for gid, m in seen.items() if gid not in known and m.links}
        self.known += len(known)
        claims = {gid: claimed(gid, m.thread_id, m.parent_id) for gid, m in fresh.items()}
        stored = stored_threads(
            self.connection,
            platform,
            {name for name in _named(seen.values()) if name not in fresh},
        )
        self._update_known(known, seen, claims, stored)
        self._insert(fresh, {gid: root_of(gid, claims, stored) for gid in fresh})

    def _insert(self, fresh: Mapping[str, PreparedMention], roots: Mapping[str, str]) -> None:
        if not fresh:
            return
        first = take_numbers(self.connection, "mention", len(fresh))
        rows: list[dict[str, Any]] = []
        link_rows: list[dict[str, Any]] = []
        for number, (gid, mention) in enumerate(fresh.items(), start=first):
            thread = None if roots[gid] == gid else roots[gid]
            rows.append(_mention_row(number, mention, thread))
            link_rows += _link_rows(number, mention.event_time, mention.links)
            self.deltas.add(_counted(mention, thread))
            self.roots[mention.platform].add(roots[gid])
            self.taken.append(number)
        self.connection.execute(insert(mentions), rows)
        self.connection.execute(insert(links), link_rows)
        moved = {gid: roots[gid] for gid in fresh if roots[gid] != gid}
        self._move_threads(rows[0]["platform"], moved)

    def _move_threads(self, platform: str, moved: Mapping[str, str]) -> None:
        """Comments that hung on a comment in place of its root follow it into the root's thread."""
        for known in known_in_threads(self.connection, platform, sorted(moved)):
            assert known.thread_id is not None
            self._apply(known, None, known.links, moved[known.thread_id])

    def _update_known(
        self,
        known: Mapping[str, Known],
        seen: Mapping[str, PreparedMention],
        claims: Mapping[str, str | None],
        stored: Mapping[str, str | None],
    ) -> None:
        moved: dict[str, str] = {}
        for gid, was in known.items():
            mention = seen[gid]
            thread = _learnt_thread(was, mention, claims, stored)
            if thread is not None and was.thread_id is None:
                moved[gid] = thread
            edited = is_edit(was, mention)
            found = new_links(was, mention, edited)
            if edited or found != was.links or thread is not None:
                self._apply(was, mention if edited else None, found, thread or was.thread_id)
            self._refresh(was, mention, edited)
        if moved:
            self._move_threads(next(iter(known.values())).platform, moved)

    def _apply(self, was: Known, edit: PreparedMention | None, found: Sequence[Link], thread: str | None) -> None:
        """Count a stored mention out as it was and in as it is, and write links and thread."""
        self.deltas.take_away(was.counted)
        self.deltas.add(recounted(was, edit, found, thread))
        self.changed.add(was.id)
        self.updated.add(was.id)
        if tuple(found) != was.links:
            self.connection.execute(delete(links).where(links.c.mention_id == was.id))
            self.connection.execute(insert(links), _link_rows(was.id, was.event_time, found))
        if thread != was.thread_id:
            self._set(was.id, thread_id=thread)
            self.roots[was.platform].update(root for root in (was.thread_id, thread, was.global_id) if root)

    def _refresh(self, was: Known, mention: PreparedMention, edited: bool) -> None:
        """Write the newer text and the newer reach of a known mention."""
        values: dict[str, Any] = {}
        reach = new_reach(was, mention)
        if reach != was.reach:
            values.update(zip(REACH, reach, strict=True))
        if edited:
            values |= {"text": mention.text, "edited_at": mention.edited_at, **judgement_row(mention.judgement)}
        if was.parent_id is None and mention.parent_id not in {None, was.global_id}:
            values["parent_id"] = mention.parent_id
        if values:
            self.updated.add(was.id)
            self._set(was.id, **values)

    def _set(self, mention_id: int, **values: Any) -> None:
        self.connection.execute(update(mentions).where(mentions.c.id == mention_id).values(**values))


def blank(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Take text, link and author out of the given mentions; ids, times and judgements stay, so counts hold."""
    for start in range(0, len(ids), 500):
        connection.execute(
            update(mentions)
            .where(mentions.c.id.in_(ids[start : start + 500]))
            .values(text="", url=None, author=None, removed_at=now, active_at=None)
        )


def save_measurements(connection: Connection, found: Sequence[Measurement]) -> None:
    """Insert or replace counts without posts."""
    rows = [{"brand": m.brand, "at": m.at, "name": m.name, "value": m.value, "source": m.source} for m in found]
    upsert(connection, measurements, rows)


def save_refusals(connection: Connection, source: str, refused: Sequence[Refusal], now: datetime) -> None:
    """Log what could not be understood, for the operator."""
    rows = [
        {"source": source, "at": now, "place": refusal.where, "why": refusal.why}
        for refusal in refused[:REFUSALS_A_BATCH]
    ]
    if rows:
        connection.execute(insert(refusals), rows)


def judgement_row(judgement: Any) -> dict[str, Any]:
    """The columns of a `Judgement`."""
    return {
        "language": judgement.language,
        "label": judgement.label,
        "p_negative": judgement.p_negative,
        "compound": judgement.compound,
        "hostile": judgement.hostile,
        "question": judgement.question,
        "scorer_version": judgement.version,
    }


def _save_cursor(
    connection: Connection, source: str, cursor: Mapping[str, Any] | None, last_mention_at: datetime | None
) -> None:
    row: dict[str, Any] = {"name": source}
    if cursor is not None:
        row["cursor"] = json.dumps(cursor)
    if last_mention_at is not None:
        row["last_mention_at"] = last_mention_at
    if len(row) > 1:
        upsert(connection, sources, [row])
    elif connection.scalar(select(sources.c.name).where(sources.c.name == source)) is None:
        connection.execute(insert(sources), row)


def _newest(one: PreparedMention, other: PreparedMention) -> PreparedMention:
    """Of two sights of a post in one batch the later edited one, else the later one; one with links before one
    without."""
    if bool(one.links) != bool(other.links):
        return one if one.links else other
    if one.edited_at and (other.edited_at is None or other.edited_at < one.edited_at):
        return one
    return other


def _named(batch: Any) -> set[str]:
    return {name for m in batch for name in (m.thread_id, m.parent_id) if name}


def _learnt_thread(
    was: Known, mention: PreparedMention, claims: Mapping[str, str | None], stored: Mapping[str, str | None]
) -> str | None:
    """The root that a second sight tells, where we had none or only a stand-in for one; else None."""
    above = claimed(was.global_id, mention.thread_id, mention.parent_id)
    if above is None or (was.thread_id is not None and (was.thread_id in stored or not mention.thread_id)):
        return None
    root = root_of(above, claims, stored)
    return None if root in {was.global_id, was.thread_id} else root


def _counted(mention: PreparedMention, thread: str | None) -> Counted:
    judged = mention.judgement
    return Counted(
        mention.source,
        mention.event_time,
        judged.label,
        judged.hostile,
        judged.question,
        thread,
        mention.links,
    )


def _mention_row(number: int, mention: PreparedMention, thread: str | None) -> dict[str, Any]:
    return {
        "id": number,
        "platform": mention.platform,
        "global_id": mention.global_id,
        "source": mention.source,
        "kind": mention.kind,
        "created_at": mention.created_at,
        "first_seen_at": mention.first_seen_at,
        "event_time": mention.event_time,
        "author": mention.author,
        "followers": mention.followers,
        "likes": mention.likes,
        "replies": mention.replies,
        "shares": mention.shares,
        "views": mention.views,
        "url": mention.url,
        "text": mention.text,
        "told_language": mention.told_language,
        **judgement_row(mention.judgement),
        "stars": mention.stars,
        "parent_id": mention.parent_id,
        "thread_id": thread,
        "backfill": mention.backfill,
        "edited_at": mention.edited_at,
        "removed_at": None,
        "active_at": None if thread else mention.event_time,
    }


def _link_rows(number: int, event_time: datetime, found: Sequence[Link]) -> list[dict[str, Any]]:
    return [
        {
            "mention_id": number,
            "brand": link.brand,
            "event_time": event_time,
            "own": link.own,
            "themes": link.themes,
        }
        for link in found
    ]

"""One batch on its way into the store: what is new, what is known, and what that changes in the counters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, update

from monitor.mention import Refusal, Removal
from monitor.store.counting import Counted, Deltas
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
from monitor.store.tables import links, mentions
from monitor.store.threads import Families, below, recount_comments
from monitor.store.writing import blank, insert_links, insert_mentions, judgement_row, link_rows, mention_row


class Work:
    """One batch on its way: mentions first, then removals, then `finish`."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        self.deltas = Deltas()
        self.taken: list[int] = []
        self.changed: set[int] = set()
        self.updated: set[int] = set()
        self.rewritten: set[int] = set()
        self.known = 0
        self.removed = 0
        self.roots: dict[str, set[str]] = defaultdict(set)
        self.left: dict[str, set[str]] = defaultdict(set)
        self.moved: dict[str, str] = {}
        self.notes: list[Refusal] = []

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
            self.rewritten.update(gone)
            self.changed.update(gone)

    def finish(self) -> None:
        """Write the counters and the threads that were touched."""
        self.deltas.write(self.connection)
        for platform, roots in self.roots.items():
            recount_comments(self.connection, platform, roots, self.left[platform])

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
            notes=(*prepared.notes, *self.notes),
        )

    def _save_platform(self, platform: str, seen: Mapping[str, PreparedMention]) -> None:
        known = {k.global_id: k for k in known_by_identity(self.connection, platform, list(seen))}
        fresh = {gid: m for gid, m in seen.items() if gid not in known and m.links}
        self.known += len(known)
        families = Families.of(self.connection, platform, seen, known, fresh)
        self._note_rings(platform, families, {**known, **fresh}, seen)
        self.moved = {}
        for gid, was in known.items():
            current = replace(was, thread_id=self.moved.get(gid, was.thread_id))
            self._update(current, seen[gid], families.learnt(current))
        families = families.after(self.moved)
        if fresh:
            self._insert(platform, fresh, {gid: families.root(gid) for gid in fresh})

    def _note_rings(
        self,
        platform: str,
        families: Families,
        before: Mapping[str, Known | PreparedMention],
        seen: Mapping[str, PreparedMention],
    ) -> None:
        """Parents that go round in a circle are no reason to lose posts, but the operator should know, once."""
        told_now = {gid for gid, was in before.items() if was is seen[gid] or was.parent_id is None}
        themselves = {frozenset([gid]) for gid in told_now if seen[gid].parent_id == gid}
        for ring in sorted(map(sorted, families.rings() | themselves)):
            if told_now.intersection(ring):
                which = ", ".join(ring[:3]) + (" …" if len(ring) > 3 else "")
                why = f"answers go round in a circle ({which[:300]}); all are kept, the circle ends there"
                self.notes.append(Refusal(f"{platform} {ring[0]}"[:200], why))

    def _insert(self, platform: str, fresh: Mapping[str, PreparedMention], roots: Mapping[str, str]) -> None:
        first = take_numbers(self.connection, "mention", len(fresh))
        rows: list[tuple[Any, ...]] = []
        brand_rows: list[tuple[Any, ...]] = []
        for number, (gid, mention) in enumerate(fresh.items(), start=first):
            thread = None if roots[gid] == gid else roots[gid]
            rows.append(mention_row(number, mention, thread))
            brand_rows += link_rows(number, mention.event_time, mention.links)
            self.deltas.add(_counted(mention, thread))
            self.taken.append(number)
        insert_mentions(self.connection, rows)
        insert_links(self.connection, brand_rows)
        self.roots[platform].update(roots.values())
        self._take_along(platform, {gid: root for gid, root in roots.items() if gid != root})

    def _take_along(self, platform: str, moved: Mapping[str, str]) -> None:
        """Comments that hung on a comment in place of its root follow it into the root's thread."""
        for comment in known_in_threads(self.connection, platform, sorted(moved)):
            assert comment.thread_id is not None
            self._apply(comment, None, comment.links, moved[comment.thread_id])

    def _take_descendants_along(self, was: Known, thread: str) -> None:
        """What hangs on a comment that leaves a stand-in thread goes with it."""
        assert was.thread_id is not None
        comments = known_in_threads(self.connection, was.platform, [was.thread_id])
        found = below(was.global_id, {comment.global_id: comment.parent_id for comment in comments})
        for comment in comments:
            if comment.global_id in found:
                self._apply(comment, None, comment.links, thread)

    def _update(self, was: Known, mention: PreparedMention, thread: str | None) -> None:
        """A second sight of `was`; `thread` is a root that it tells for the first time, else None."""
        edited = is_edit(was, mention)
        found = new_links(was, mention, edited)
        if edited or found != was.links or thread is not None:
            self._apply(was, mention if edited else None, found, thread or was.thread_id)
        self._refresh(was, mention, edited)
        if thread is not None and was.thread_id is None:
            self._take_along(was.platform, {was.global_id: thread})
        elif thread is not None:
            self._take_descendants_along(was, thread)

    def _apply(self, was: Known, edit: PreparedMention | None, found: Sequence[Link], thread: str | None) -> None:
        """Count a stored mention out as it was and in as it is, and write links and thread."""
        self.deltas.take_away(was.counted)
        self.deltas.add(recounted(was, edit, found, thread))
        self.changed.add(was.id)
        self.updated.add(was.id)
        if tuple(found) != was.links:
            self.connection.execute(delete(links).where(links.c.mention_id == was.id))
            insert_links(self.connection, link_rows(was.id, was.event_time, found))
        if thread is not None and thread != was.thread_id:
            self.moved[was.global_id] = thread
            self._set(was.id, thread_id=thread)
            self.roots[was.platform].add(thread)
            self.left[was.platform].update(root for root in (was.thread_id, was.global_id) if root)

    def _refresh(self, was: Known, mention: PreparedMention, edited: bool) -> None:
        """Write the newer text and the newer reach of a known mention."""
        values: dict[str, Any] = {}
        reach = new_reach(was, mention)
        if reach != was.reach:
            values.update(zip(REACH, reach, strict=True))
        if edited:
            self.rewritten.add(was.id)
            values |= {"text": mention.text, "edited_at": mention.edited_at, **judgement_row(mention.judgement)}
            values["told_language"] = mention.told_language
        if was.parent_id is None and mention.parent_id not in {None, was.global_id}:
            values["parent_id"] = mention.parent_id
        if values:
            self.updated.add(was.id)
            self._set(was.id, **values)

    def _set(self, mention_id: int, **values: Any) -> None:
        self.connection.execute(update(mentions).where(mentions.c.id == mention_id).values(**values))


def _newest(one: PreparedMention, other: PreparedMention) -> PreparedMention:
    """Of two sights of a post in one batch the later edited one, else the later one; one with links before one
    without."""
    if bool(one.links) != bool(other.links):
        return one if one.links else other
    if one.edited_at and (other.edited_at is None or other.edited_at < one.edited_at):
        return one
    return other


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

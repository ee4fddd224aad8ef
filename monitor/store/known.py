"""What is known of a mention already, and what a second sight of it changes.

A post comes again through overlapping polls, from a second server, edited, or with new counts. An edit is scored
and counted anew; counts of likes and the like are refreshed; a root learnt later moves the post into its thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from monitor.store.counting import Counted
from monitor.store.database import chunks
from monitor.store.records import Link, PreparedMention
from monitor.store.tables import links, mentions

REACH = ("followers", "likes", "replies", "shares", "views")

_COLUMNS = [
    mentions.c[name]
    for name in (
        *(
            "id",
            "platform",
            "global_id",
            "source",
            "text",
            "event_time",
            "label",
            "hostile",
            "question",
            "parent_id",
        ),
        *("thread_id", "removed_at", "edited_at", *REACH),
    )
]


@dataclass(frozen=True, slots=True)
class Known:
    """A stored mention, as far as a second sight can change it."""

    id: int
    platform: str
    global_id: str
    source: str
    text: str
    event_time: datetime
    label: str
    hostile: str | None
    question: bool
    parent_id: str | None
    thread_id: str | None
    removed_at: datetime | None
    edited_at: datetime | None
    reach: tuple[int | None, ...]
    links: tuple[Link, ...]

    @property
    def counted(self) -> Counted:
        """The mention as the counters hold it."""
        return Counted(
            self.source, self.event_time, self.label, self.hostile, self.question, self.thread_id, self.links
        )


def known_by_identity(connection: Connection, platform: str, ids: Sequence[str]) -> list[Known]:
    """The stored mentions among `ids`."""
    found: list[Known] = []
    for part in chunks(ids):
        query = select(*_COLUMNS).where(mentions.c.platform == platform, mentions.c.global_id.in_(part))
        found += _with_links(connection, connection.execute(query).all())
    return found


def known_in_threads(connection: Connection, platform: str, roots: Sequence[str]) -> list[Known]:
    """The stored comments whose thread is one of `roots`."""
    found: list[Known] = []
    for part in chunks(roots):
        query = select(*_COLUMNS).where(in_threads(platform, part))
        found += _with_links(connection, connection.execute(query).all())
    return found


def in_threads(platform: str, roots: Sequence[str]) -> ColumnElement[bool]:
    """The comments of threads. The platform is compared as an expression: SQLite would else take the index on
    platform and id, and go through all posts of the platform (measured: 400 ms a batch at a million mentions).
    """
    return mentions.c.thread_id.in_(roots) & ((mentions.c.platform + "") == platform)


def links_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Link, ...]]:
    """The brand links of the given mentions."""
    found: dict[int, tuple[Link, ...]] = {}
    for part in chunks(ids):
        query = select(links).where(links.c.mention_id.in_(part)).order_by(links.c.brand)
        for row in connection.execute(query):
            link = Link(row.brand, row.themes, row.own)
            found[row.mention_id] = (*found.get(row.mention_id, ()), link)
    return found


def is_edit(known: Known, seen: PreparedMention) -> bool:
    """Whether `seen` is a newer text of the same post.

    A platform that dates its edits is believed. Otherwise only the source that brought the post can change it:
    a second server may spell the same text differently, and that is no edit.
    """
    if seen.text == known.text or known.removed_at is not None:
        return False
    if seen.edited_at is not None:
        return known.edited_at is None or seen.edited_at > known.edited_at
    return seen.source == known.source and known.edited_at is None


def new_links(known: Known, seen: PreparedMention, edited: bool) -> tuple[Link, ...]:
    """The brands after a second sight: an edit is matched anew (but keeps its brands when it names none any more),
    anything else can only add a brand."""
    if not seen.links:
        return known.links
    if edited:
        return tuple(sorted(seen.links, key=lambda link: link.brand))
    there = {link.brand for link in known.links}
    more = tuple(link for link in seen.links if link.brand not in there)
    return tuple(sorted((*known.links, *more), key=lambda link: link.brand)) if more else known.links


def new_reach(known: Known, seen: PreparedMention) -> tuple[int | None, ...]:
    """Followers, likes, replies, shares, views after a second sight.

    The post's own source is believed; another server may know less, so from there only larger numbers count.
    """
    seen_reach = (seen.followers, seen.likes, seen.replies, seen.shares, seen.views)
    if seen_reach == known.reach or known.removed_at is not None:
        return known.reach
    same_source = seen.source == known.source
    return tuple(_newer(old, new, same_source) for old, new in zip(known.reach, seen_reach, strict=True))


def recounted(known: Known, seen: PreparedMention | None, found: Sequence[Link], thread: str | None) -> Counted:
    """The mention as the counters shall hold it: judged as `seen` (None: as before), in `thread`, with `found`."""
    counted = replace(known.counted, links=tuple(found), thread=thread)
    if seen is None:
        return counted
    judged = seen.judgement
    return replace(counted, label=judged.label, hostile=judged.hostile, question=judged.question)


def _newer(old: int | None, new: int | None, same_source: bool) -> int | None:
    if new is None or old is None:
        return new if old is None else old
    return new if same_source else max(old, new)


def _with_links(connection: Connection, rows: Sequence[Row[Any]]) -> list[Known]:
    found: Mapping[int, tuple[Link, ...]] = links_of(connection, [row.id for row in rows])
    return [_known(tuple(row), found.get(row.id, ())) for row in rows]


def _known(values: tuple[Any, ...], found: tuple[Link, ...]) -> Known:
    plain = len(_COLUMNS) - len(REACH)
    everything = (*values[:plain], values[plain:], found)
    return Known(*everything)

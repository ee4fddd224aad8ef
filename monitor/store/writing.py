"""Writing rows: mentions, links, measurements, refusals, cursors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from monitor.mention import Measurement, Refusal
from monitor.store.database import upsert
from monitor.store.records import Judgement, Link, PreparedMention
from monitor.store.tables import measurements, mentions, refusals, sources

REFUSALS_A_BATCH = 200
"""A source that sends nothing but rubbish must not fill the disk with the reports of it."""


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


def judgement_row(judgement: Judgement) -> dict[str, Any]:
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


def save_cursor(
    connection: Connection, source: str, cursor: Mapping[str, Any] | None, last_mention_at: datetime | None
) -> None:
    """Keep the cursor that holds from now on (None: the old one), and when the source last brought a mention."""
    row: dict[str, Any] = {"name": source}
    if cursor is not None:
        row["cursor"] = json.dumps(cursor)
    if last_mention_at is not None:
        row["last_mention_at"] = last_mention_at
    if len(row) > 1:
        upsert(connection, sources, [row])
    elif connection.scalar(select(sources.c.name).where(sources.c.name == source)) is None:
        connection.execute(insert(sources), row)


def mention_row(number: int, mention: PreparedMention, thread: str | None) -> dict[str, Any]:
    """The row of a new mention; `thread` is None for a root.

    Its parent is the root where only that is known, so that it moves along when that moves.
    """
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
        "parent_id": mention.parent_id or mention.thread_id,
        "thread_id": thread,
        "backfill": mention.backfill,
        "edited_at": mention.edited_at,
        "removed_at": None,
        "active_at": None if thread else mention.event_time,
    }


def link_rows(number: int, event_time: datetime, found: Sequence[Link]) -> list[dict[str, Any]]:
    """The rows that link a mention to its brands."""
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

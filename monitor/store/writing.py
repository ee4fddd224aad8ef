"""Writing rows: mentions, links, measurements, refusals, cursors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from monitor.mention import Measurement, Refusal
from monitor.store.database import insert_many, storable, upsert
from monitor.store.records import Judgement, Link, PreparedMention
from monitor.store.tables import links, measurements, mentions, refusals, sources, to_micros

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
        {"source": source, "at": now, "place": storable(refusal.where), "why": storable(refusal.why)}
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


def insert_mentions(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows made by `mention_row`."""
    insert_many(connection, mentions, MENTION_COLUMNS, rows)


def insert_links(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows made by `link_rows`."""
    insert_many(connection, links, LINK_COLUMNS, rows)


MENTION_COLUMNS = (
    *("id", "platform", "global_id", "source", "kind", "created_at", "first_seen_at", "event_time", "author"),
    *("followers", "likes", "replies", "shares", "views", "url", "text", "told_language"),
    *("language", "label", "p_negative", "compound", "hostile", "question", "scorer_version"),
    *("stars", "parent_id", "thread_id", "backfill", "edited_at", "active_at"),
)
LINK_COLUMNS = ("mention_id", "brand", "event_time", "own", "themes")


def mention_row(number: int, mention: PreparedMention, thread: str | None) -> tuple[Any, ...]:
    """The row of a new mention in the order of MENTION_COLUMNS; `thread` is None for a root.

    Its parent is the root where only that is known, so that it moves along when that moves.
    """
    m, judged, at = mention, mention.judgement, to_micros(mention.event_time)
    return (
        *(number, m.platform, m.global_id, m.source, m.kind, _micros(m.created_at), to_micros(m.first_seen_at)),
        *(at, m.author, m.followers, m.likes, m.replies, m.shares, m.views, m.url, m.text, m.told_language),
        *(judged.language, judged.label, judged.p_negative, judged.compound, judged.hostile, judged.question),
        *(judged.version, m.stars, m.parent_id or m.thread_id, thread, m.backfill, _micros(m.edited_at)),
        None if thread else at,
    )


def link_rows(number: int, event_time: datetime, found: Sequence[Link]) -> list[tuple[Any, ...]]:
    """The rows that link a mention to its brands, in the order of LINK_COLUMNS."""
    at = to_micros(event_time)
    return [(number, link.brand, at, link.own, "\n".join(link.themes)) for link in found]


def _micros(when: datetime | None) -> int | None:
    return None if when is None else to_micros(when)

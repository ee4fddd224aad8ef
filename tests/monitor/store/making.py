"""Short ways to make what the store takes, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete

from monitor.store import Judgement, Link, PreparedBatch, PreparedMention, Saved, Store
from monitor.store.tables import metadata

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BRAND = "Nordtåg"
ALWAYS = (NOW - timedelta(days=4000), NOW + timedelta(days=10))


def made(gid: str, *, at: datetime = NOW, seen: datetime | None = None, **changes: Any) -> PreparedMention:
    """A prepared mention of Nordtåg, neutral unless `label` says otherwise."""
    label = changes.pop("label", "neutral")
    hostile = changes.pop("hostile", None)
    question = changes.pop("question", False)
    version = changes.pop("version", "1")
    values: dict[str, Any] = {
        "platform": "mastodon",
        "global_id": gid,
        "source": "tags",
        "kind": "post",
        "text": f"text of {gid}",
        "first_seen_at": seen or max(at, NOW),
        "event_time": at,
        "created_at": at,
        "links": (Link(BRAND),),
        "judgement": Judgement(label, 0.5, 0.0, hostile, question, "sv", version),
        "author": f"author of {gid}",
    }
    return PreparedMention(**(values | changes))


def save(
    store: Store, *mentions: PreparedMention, source: str = "tags", now: datetime = NOW, **batch: Any
) -> Saved:
    """Save mentions as one batch."""
    cursor = batch.pop("cursor", None)
    return store.save_batch(PreparedBatch(mentions=mentions, **batch), source=source, cursor=cursor, now=now)


def empty(store: Store) -> None:
    """Delete everything, so that a store can be used for another example."""
    with store._db.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))


def brand_sums(store: Store, brand: str = BRAND) -> list[tuple[datetime, Sequence[int]]]:
    """The brand's own series as (bucket, (mentions, negative, own))."""
    from detectors.signal import Scope

    found = store.counters(brand, *ALWAYS).get(Scope(brand), [])
    return [(bucket, (sums.mentions, sums.negative, sums.own)) for bucket, sums in found]

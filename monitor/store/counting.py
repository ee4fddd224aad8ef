"""What one mention adds to the 5-minute sums, and changes of sums gathered before they are written.

Scopes of a mention: its brand, its source, each of its themes and, for a comment, its thread (a root is not a
comment and is not counted in its own thread). The brand's own posts add to `own` and to nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete

from detectors.observation import BUCKET, Sums
from detectors.signal import ScopeKind
from monitor.store.database import insert_many
from monitor.store.records import Link
from monitor.store.tables import EPOCH, sums, to_micros

Key = tuple[str, datetime, str, str]
"""brand, start of the bucket, kind of scope, name within the brand: the primary key of `sums`."""

Numbers = tuple[int, int, int, int, int, int]
KEYS = ("brand", "bucket", "kind", "name")
FIELDS = ("mentions", "negative", "positive", "hostile", "questions", "own")
ADDING = f"ON CONFLICT ({', '.join(KEYS)}) DO UPDATE SET " + ", ".join(
    f"{name} = sums.{name} + excluded.{name}" for name in FIELDS
)
OWN_POST: Numbers = (0, 0, 0, 0, 0, 1)


def bucket_of(when: datetime) -> datetime:
    """The start of the 5-minute bucket that holds `when`."""
    return when - (when - EPOCH) % BUCKET


@dataclass(frozen=True, slots=True)
class Counted:
    """As much of a mention as its counting needs. `thread` is None for a root."""

    source: str
    event_time: datetime
    label: str
    hostile: str | None
    question: bool
    thread: str | None
    links: tuple[Link, ...]


def contributions(mention: Counted) -> Iterator[tuple[Key, Numbers]]:
    """What the mention adds, and where: one item per brand and scope."""
    bucket = bucket_of(mention.event_time)
    public: Numbers = (
        1,
        int(mention.label == "negative"),
        int(mention.label == "positive"),
        int(mention.hostile is not None),
        int(mention.question),
        0,
    )
    for link in mention.links:
        numbers = OWN_POST if link.own else public
        yield (link.brand, bucket, ScopeKind.BRAND.value, ""), numbers
        yield (link.brand, bucket, ScopeKind.SOURCE.value, mention.source), numbers
        for theme in link.themes:
            yield (link.brand, bucket, ScopeKind.THEME.value, theme), numbers
        if mention.thread is not None:
            yield (link.brand, bucket, ScopeKind.THREAD.value, mention.thread), numbers


class Deltas:
    """Changes of the sums, added up in memory and written at once."""

    def __init__(self) -> None:
        self._changes: dict[Key, list[int]] = {}
        self._shrinking = False

    def add(self, mention: Counted) -> None:
        """Count a mention in."""
        self._apply(mention, 1)

    def take_away(self, mention: Counted) -> None:
        """Count a mention out again."""
        self._shrinking = True
        self._apply(mention, -1)

    def earliest(self) -> dict[str, datetime]:
        """Per brand, the earliest bucket that has changed."""
        found: dict[str, datetime] = {}
        for (brand, bucket, _, _), change in self._changes.items():
            if any(change):
                found[brand] = min(bucket, found.get(brand, bucket))
        return found

    def totals(self) -> list[tuple[Key, Sums]]:
        """The gathered changes as sums, for a recount that starts from nothing."""
        return [(key, Sums(*change)) for key, change in self._changes.items() if any(change)]

    def write(self, connection: Connection) -> None:
        """Add the changes to the table `sums`; rows that fall to zero go."""
        changed = sorted(key for key, change in self._changes.items() if any(change))
        rows = [(key[0], to_micros(key[1]), key[2], key[3], *self._changes[key]) for key in changed]
        insert_many(connection, sums, (*KEYS, *FIELDS), rows, ADDING)
        if self._shrinking:
            _delete_empty(connection, {(brand, bucket) for brand, bucket, _, _ in changed})

    def _apply(self, mention: Counted, sign: int) -> None:
        for key, numbers in contributions(mention):
            change = self._changes.get(key)
            if change is None:
                change = self._changes[key] = [0] * len(FIELDS)
            for position, number in enumerate(numbers):
                if number:
                    change[position] += sign * number


def _delete_empty(connection: Connection, buckets: set[tuple[str, datetime]]) -> None:
    empty = and_(*(sums.c[name] == 0 for name in FIELDS))
    for brand, bucket in buckets:
        connection.execute(delete(sums).where(sums.c.brand == brand, sums.c.bucket == bucket, empty))

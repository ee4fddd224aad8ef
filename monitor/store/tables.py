"""Every table of the store, as SQLAlchemy Core sees them.

Times are whole microseconds since 1970 (UTC) in a BIGINT on both databases: exact, small, quick to compare, and
without a second opinion on time zones. The migrations are the truth of what stands on disk; a test compares.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_micros(when: datetime) -> int:
    """Whole microseconds from 1970 to an aware time."""
    return (when - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC time that stands `micros` microseconds after 1970."""
    return EPOCH + timedelta(microseconds=micros)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as whole microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Datetime to number."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Number to datetime."""
        return None if value is None else from_micros(value)


class Names(TypeDecorator[tuple[str, ...]]):
    """A short tuple of names without line breaks, stored one a line (themes of a mention)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Names to text."""
        return None if value is None else "\n".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002
        """Text to names."""
        return None if value is None else tuple(value.split("\n")) if value else ()


metadata = MetaData()

sequences = Table(
    "sequences",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("last", BigInteger, nullable=False),
)
"""Numbers given out in commit order. Taken inside the transaction that uses them, so ids never run ahead."""

mentions = Table(
    "mentions",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("platform", Text, nullable=False),
    Column("global_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("created_at", Instant),
    Column("first_seen_at", Instant, nullable=False),
    Column("event_time", Instant, nullable=False),
    Column("author", String(32)),
    Column("followers", BigInteger),
    Column("likes", BigInteger),
    Column("replies", BigInteger),
    Column("shares", BigInteger),
    Column("views", BigInteger),
    Column("url", Text),
    Column("text", Text, nullable=False),
    Column("language", String(35)),
    Column("told_language", String(35)),
    Column("label", String(8), nullable=False),
    Column("p_negative", Float, nullable=False),
    Column("compound", Float, nullable=False),
    Column("hostile", String(20)),
    Column("question", Boolean, nullable=False),
    Column("scorer_version", String(80), nullable=False),
    Column("stars", SmallInteger),
    Column("parent_id", Text),
    Column("thread_id", Text),
    Column("backfill", Boolean, nullable=False),
    Column("edited_at", Instant),
    Column("removed_at", Instant),
    Column("comments", Integer, nullable=False, server_default=text("0")),
    Column("last_comment_at", Instant),
    Column("active_at", Instant),
    Index("mentions_identity", "platform", "global_id", unique=True),
    Index("mentions_by_sight", "source", "first_seen_at"),
    Index("mentions_by_author", "author"),
    Index(
        "mentions_by_thread",
        "thread_id",
        sqlite_where=text("thread_id IS NOT NULL"),
        postgresql_where=text("thread_id IS NOT NULL"),
    ),
    Index(
        "mentions_active",
        "source",
        "active_at",
        sqlite_where=text("active_at IS NOT NULL"),
        postgresql_where=text("active_at IS NOT NULL"),
    ),
)
"""One row a post. `thread_id` is NULL for a root. `hostile` is the kind of hostility or NULL.
`told_language` is what platform, thread or source said, `language` what the scorer found. `removed_at`: when text
and author were taken out (removal by the platform, erasure, retention); such a post never gets a text again.
`comments`, `last_comment_at` and `active_at` (root's own time or last comment) are kept on roots only."""

links = Table(
    "mention_brands",
    metadata,
    Column("mention_id", ForeignKey("mentions.id", ondelete="CASCADE"), primary_key=True),
    Column("brand", Text, primary_key=True),
    Column("event_time", Instant, nullable=False),
    Column("own", Boolean, nullable=False),
    Column("themes", Names, nullable=False),
    Index("mention_brands_by_time", "brand", "event_time"),
    sqlite_with_rowid=False,
)
"""Which brands a post concerns, its themes for each, and whether it is that brand's own post."""

sums = Table(
    "sums",
    metadata,
    Column("brand", Text, primary_key=True),
    Column("bucket", Instant, primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("mentions", Integer, nullable=False),
    Column("negative", Integer, nullable=False),
    Column("positive", Integer, nullable=False),
    Column("hostile", Integer, nullable=False),
    Column("questions", Integer, nullable=False),
    Column("own", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The 5-minute counters (detectors.observation.Sums). A row whose numbers all fall to zero is deleted."""

people_hours = Table(
    "people_hours",
    metadata,
    Column("brand", Text, primary_key=True),
    Column("hour", Instant, primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("horizon_minutes", SmallInteger, primary_key=True),
    Column("authors", Integer, nullable=False),
    Column("negative", Integer, nullable=False),
    Column("positive", Integer, nullable=False),
    Column("hostile", Integer, nullable=False),
    Column("mentions", Integer, nullable=False),
    Column("negative_mentions", Integer, nullable=False),
    Column("largest_author", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""People of a horizon that ends with the closed UTC hour that starts at `hour`."""

measurements = Table(
    "measurements",
    metadata,
    Column("brand", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Float, nullable=False),
    Column("source", Text, nullable=False),
    sqlite_with_rowid=False,
)

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("cursor", Text, nullable=False, server_default="{}"),
    Column("last_ok_at", Instant),
    Column("last_mention_at", Instant),
    Column("failing_since", Instant),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("error", Text),
    Column("remedy", Text),
    Column("permanent", Boolean, nullable=False, server_default=text("false")),
    Column("next_due_at", Instant),
)

coverage = Table(
    "coverage",
    metadata,
    Column("source", Text, primary_key=True),
    Column("heard_from", Instant, primary_key=True),
    Column("heard_until", Instant, nullable=False),
)
"""Spans in which a source was heard; touching spans are joined."""

refusals = Table(
    "refusals",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("place", Text, nullable=False),
    Column("why", Text, nullable=False),
    Index("refusals_by_source", "source", "at"),
)

job_runs = Table(
    "job_runs",
    metadata,
    Column("job", Text, primary_key=True),
    Column("ok_at", Instant),
    Column("error", Text),
    Column("missed", Integer, nullable=False, server_default=text("0")),
)

detector_states = Table(
    "detector_states",
    metadata,
    Column("brand", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("version", Text, nullable=False),
    Column("state", Text, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("brand", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("peak_level", SmallInteger, nullable=False),
    Column("state", String(20), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("next_due_at", Instant),
    Column("drill", Boolean, nullable=False),
    Column("root_channel", Text),
    Column("root_place", Text),
    Column("root_message_id", Text),
    Column("document", Text, nullable=False),
    Index("incidents_by_state", "state", "brand"),
    Index("incidents_by_time", "opened_at"),
)
"""One incident as a JSON document beside the columns that are queried."""

obligations = Table(
    "obligations",
    metadata,
    Column("incident", ForeignKey("incidents.number", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(30), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("target", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("told_at", Instant),
    Column("met_at", Instant),
    Column("ended", Text),
    Index("obligations_due", "due_at"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("incident", Integer),
    Column("kind", String(60), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("data", Text, nullable=False),
    Index("timeline_by_incident", "incident", "id"),
    Index("timeline_by_time", "at"),
)

notifications = Table(
    "notifications",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("incident", Integer),
    Column("reason", String(30), nullable=False),
    Column("channel", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("recipients", Text, nullable=False),
    Column("root", Boolean, nullable=False),
    Column("edit", Boolean, nullable=False),
    Column("broadcast", Boolean, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("data", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant),
    Column("first_attempt_at", Instant),
    Column("sent_at", Instant),
    Column("message_id", Text),
    Column("error", Text),
    Index("notifications_by_state", "state", "priority", "id"),
    Index("notifications_by_incident", "incident", "id"),
)
"""The outbox. Its state machine stands in `monitor/store/outbox.py`."""

silences = Table(
    "silences",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("matcher", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)

handled_events = Table(
    "handled_events",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

rescored = Table(
    "rescored",
    metadata,
    Column("mention_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("scorer_version", String(80), nullable=False),
    Column("language", String(35)),
    Column("label", String(8), nullable=False),
    Column("p_negative", Float, nullable=False),
    Column("compound", Float, nullable=False),
    Column("hostile", String(20)),
    Column("question", Boolean, nullable=False),
)
"""Scores under a coming scorer version, kept aside until one switch makes them the current ones."""

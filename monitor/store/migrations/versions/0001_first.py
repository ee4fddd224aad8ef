"""The first schema.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "coverage",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("heard_from", sa.BigInteger(), nullable=False),
        sa.Column("heard_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "heard_from"),
    )
    op.create_table(
        "detector_states",
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("brand", "at"),
    )
    op.create_table(
        "facts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "handled_events",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_table(
        "incidents",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("peak_level", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("next_due_at", sa.BigInteger(), nullable=True),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("root_channel", sa.Text(), nullable=True),
        sa.Column("root_place", sa.Text(), nullable=True),
        sa.Column("root_message_id", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("incidents_by_state", "incidents", ["state", "brand"], unique=False)
    op.create_index("incidents_by_time", "incidents", ["opened_at"], unique=False)
    op.create_table(
        "job_runs",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("ok_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("missed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("job"),
    )
    op.create_table(
        "measurements",
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("brand", "at", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mentions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("global_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("event_time", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(length=32), nullable=True),
        sa.Column("followers", sa.BigInteger(), nullable=True),
        sa.Column("likes", sa.BigInteger(), nullable=True),
        sa.Column("replies", sa.BigInteger(), nullable=True),
        sa.Column("shares", sa.BigInteger(), nullable=True),
        sa.Column("views", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("told_language", sa.String(length=35), nullable=True),
        sa.Column("label", sa.String(length=8), nullable=False),
        sa.Column("p_negative", sa.Float(), nullable=False),
        sa.Column("compound", sa.Float(), nullable=False),
        sa.Column("hostile", sa.String(length=20), nullable=True),
        sa.Column("question", sa.Boolean(), nullable=False),
        sa.Column("scorer_version", sa.String(length=80), nullable=False),
        sa.Column("stars", sa.SmallInteger(), nullable=True),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("thread_id", sa.Text(), nullable=True),
        sa.Column("backfill", sa.Boolean(), nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("comments", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_comment_at", sa.BigInteger(), nullable=True),
        sa.Column("active_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "mentions_active",
        "mentions",
        ["source", "active_at"],
        unique=False,
        sqlite_where=sa.text("active_at IS NOT NULL"),
        postgresql_where=sa.text("active_at IS NOT NULL"),
    )
    op.create_index("mentions_by_author", "mentions", ["author"], unique=False)
    op.create_index("mentions_by_sight", "mentions", ["source", "first_seen_at"], unique=False)
    op.create_index(
        "mentions_by_thread",
        "mentions",
        ["thread_id"],
        unique=False,
        sqlite_where=sa.text("thread_id IS NOT NULL"),
        postgresql_where=sa.text("thread_id IS NOT NULL"),
    )
    op.create_index("mentions_identity", "mentions", ["platform", "global_id"], unique=True)
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("root", sa.Boolean(), nullable=False),
        sa.Column("edit", sa.Boolean(), nullable=False),
        sa.Column("broadcast", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("first_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("notifications_by_incident", "notifications", ["incident", "id"], unique=False)
    op.create_index("notifications_by_state", "notifications", ["state", "priority", "id"], unique=False)
    op.create_table(
        "people_hours",
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("horizon_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("authors", sa.Integer(), nullable=False),
        sa.Column("negative", sa.Integer(), nullable=False),
        sa.Column("positive", sa.Integer(), nullable=False),
        sa.Column("hostile", sa.Integer(), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("negative_mentions", sa.Integer(), nullable=False),
        sa.Column("largest_author", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("brand", "hour", "kind", "name", "horizon_minutes"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "refusals",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("refusals_by_source", "refusals", ["source", "at"], unique=False)
    op.create_table(
        "rescored",
        sa.Column(
            "mention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("scorer_version", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("label", sa.String(length=8), nullable=False),
        sa.Column("p_negative", sa.Float(), nullable=False),
        sa.Column("compound", sa.Float(), nullable=False),
        sa.Column("hostile", sa.String(length=20), nullable=True),
        sa.Column("question", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("mention_id"),
    )
    op.create_table(
        "sequences",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "silences",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matcher", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), server_default="{}", nullable=False),
        sa.Column("last_ok_at", sa.BigInteger(), nullable=True),
        sa.Column("last_mention_at", sa.BigInteger(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("permanent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("next_due_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "sums",
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("bucket", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("negative", sa.Integer(), nullable=False),
        sa.Column("positive", sa.Integer(), nullable=False),
        sa.Column("hostile", sa.Integer(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("own", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("brand", "bucket", "kind", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "timeline",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("timeline_by_incident", "timeline", ["incident", "id"], unique=False)
    op.create_index("timeline_by_time", "timeline", ["at"], unique=False)
    op.create_table(
        "mention_brands",
        sa.Column("mention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("event_time", sa.BigInteger(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("themes", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mention_id"], ["mentions.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mention_id", "brand"),
        sqlite_with_rowid=False,
    )
    op.create_index("mention_brands_by_time", "mention_brands", ["brand", "event_time"], unique=False)
    op.create_table(
        "obligations",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("met_at", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident"], ["incidents.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("incident", "position"),
    )
    op.create_index("obligations_due", "obligations", ["due_at"], unique=False)

"""Alerts, and what has to be told outside Slack."""

import sqlalchemy as sa
from alembic import op

import ops.database

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    when = ops.database.Utc(timezone=True)
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("remedy", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("at", when, nullable=False),
        sa.Column("opened_at", when, nullable=False),
        sa.Column("changed_at", when, nullable=False),
        sa.Column("told_at", when, nullable=True),
        sa.Column("told", sa.String(), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("acknowledged_at", when, nullable=True),
        sa.Column("snoozed_by", sa.String(), nullable=True),
        sa.Column("snoozed_until", when, nullable=True),
        sa.Column("snoozed_why", sa.String(), nullable=True),
        sa.Column("resolved_at", when, nullable=True),
        sa.Column("resolved_by", sa.String(), nullable=True),
        sa.Column("how", sa.String(), nullable=True),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("open_key"),
    )
    op.create_index(op.f("ix_alerts_key"), "alerts", ["key"], unique=False)
    op.create_index(op.f("ix_alerts_changed_at"), "alerts", ["changed_at"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", when, nullable=False),
        sa.Column("until", when, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("done_at", when, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for name in ("about", "channel", "until"):
        op.create_index(op.f(f"ix_deliveries_{name}"), "deliveries", [name], unique=False)


def downgrade() -> None:
    raise RuntimeError("what went wrong, and who was told, is part of the log; it is not taken away")

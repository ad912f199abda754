"""Checklists, and what people ticked."""

import sqlalchemy as sa
from alembic import op

import ops.database

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    when = ops.database.Utc(timezone=True)
    op.create_table(
        "checklists",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due", when, nullable=False),
        sa.Column("made_at", when, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_checklists_kind"), "checklists", ["kind"], unique=False)
    op.create_table(
        "ticks",
        sa.Column("checklist_id", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", when, nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["checklist_id"], ["checklists.id"]),
        sa.PrimaryKeyConstraint("checklist_id", "item"),
    )


def downgrade() -> None:
    raise RuntimeError("what people looked at is part of the log; it is not taken away")

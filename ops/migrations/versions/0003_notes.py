"""What people say while a drill runs."""

import sqlalchemy as sa
from alembic import op

import ops.database

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("operation_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", ops.database.Utc(timezone=True), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_notes_operation_id"), "notes", ["operation_id"], unique=False)


def downgrade() -> None:
    raise RuntimeError("what people said is part of the log; it is not taken away")

"""Approvals with their votes, what stands until somebody ends it, releases, tasks, and who waits for an environment."""

import sqlalchemy as sa
from alembic import op

import ops.database

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("bound", sa.JSON(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", ops.database.Utc(timezone=True), nullable=False),
        sa.Column("asked_at", ops.database.Utc(timezone=True), nullable=True),
        sa.Column("expires_at", ops.database.Utc(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", ops.database.Utc(timezone=True), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("operation_id", sa.String(), nullable=False),
        sa.Column("replaces", sa.String(), nullable=True),
        sa.Column("again_of", sa.String(), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("stand_ins_told_at", ops.database.Utc(timezone=True), nullable=True),
        sa.Column("changed_at", ops.database.Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_approvals_changed_at"), "approvals", ["changed_at"], unique=False)
    op.create_index(op.f("ix_approvals_status"), "approvals", ["status"], unique=False)
    op.create_table(
        "releases",
        sa.Column("operation_id", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("commit", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", ops.database.Utc(timezone=True), nullable=False),
        sa.Column("backup_id", sa.String(), nullable=True),
        sa.Column("deployment_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("operation_id"),
    )
    op.create_index(op.f("ix_releases_at"), "releases", ["at"], unique=False)
    op.create_index(op.f("ix_releases_environment"), "releases", ["environment"], unique=False)
    op.create_table(
        "standing",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("since", ops.database.Utc(timezone=True), nullable=False),
        sa.Column("until", ops.database.Utc(timezone=True), nullable=True),
        sa.Column("ended_at", ops.database.Utc(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("operation_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_standing_open",
        "standing",
        ["what", "environment"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", ops.database.Utc(timezone=True), nullable=False),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_at", ops.database.Utc(timezone=True), nullable=True),
        sa.Column("how", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "waiting",
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("since", ops.database.Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("environment", "person"),
    )
    op.create_table(
        "votes",
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("vote", sa.String(), nullable=False),
        sa.Column("at", ops.database.Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"],
            ["approvals.id"],
        ),
        sa.PrimaryKeyConstraint("approval_id", "person"),
    )


def downgrade() -> None:
    raise RuntimeError("approvals and releases are part of the log; they are not taken away")

"""The last operations of a kind are found without reading the rows of all of them."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_operations_kind_created_at_id", "operations", ["kind", "created_at", "id"], unique=False)
    op.drop_index("ix_operations_kind", "operations")


def downgrade() -> None:
    op.create_index("ix_operations_kind", "operations", ["kind"], unique=False)
    op.drop_index("ix_operations_kind_created_at_id", "operations")

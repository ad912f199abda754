"""A post knows which of the two channels it is for, whatever the settings call that one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("place", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("posts", "place")

"""Runs can be deleted, and brought back for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("deleted", sa.DateTime(), nullable=True))


def downgrade() -> None:
    """Take this revision back."""
    with op.batch_alter_table("runs") as runs:
        runs.drop_column("deleted")

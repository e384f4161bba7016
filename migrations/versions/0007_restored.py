"""Runs remember when they were brought back."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("restored", sa.DateTime(), nullable=True))


def downgrade() -> None:
    """Take this revision back."""
    with op.batch_alter_table("runs") as runs:
        runs.drop_column("restored")

"""Runs have a queue, workers say which they serve."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("queue", sa.String(16), nullable=False, server_default="cpu"))
    with op.batch_alter_table("workers") as workers:
        workers.add_column(sa.Column("queues", sa.String(100), nullable=False, server_default="cpu,train"))


def downgrade() -> None:
    """Take this revision back."""
    with op.batch_alter_table("workers") as workers:
        workers.drop_column("queues")
    with op.batch_alter_table("runs") as runs:
        runs.drop_column("queue")

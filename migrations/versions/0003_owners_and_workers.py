"""Runs have an owner and a turn in the queue; workers give signs of life."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this revision."""
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("owner", sa.String(200), nullable=False, server_default="local"))
        runs.add_column(sa.Column("turn", sa.Integer(), nullable=False, server_default="0"))
        runs.create_index(op.f("ix_runs_owner"), ["owner"])
    op.create_table(
        "workers",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("session", sa.String(32), nullable=False),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.Column("beat", sa.DateTime(), nullable=False),
        sa.Column("stopped", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("workers")
    with op.batch_alter_table("runs") as runs:
        runs.drop_index(op.f("ix_runs_owner"))
        runs.drop_column("turn")
        runs.drop_column("owner")

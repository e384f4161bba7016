"""What a list tells of policies is in their rows, so that it needs no run's files."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema to this revision; the rows that are there are filled from the files by the site."""
    with op.batch_alter_table("trainings") as trainings:
        trainings.add_column(sa.Column("put_away", sa.DateTime(), nullable=True))
        trainings.add_column(sa.Column("facts", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Take this revision back."""
    with op.batch_alter_table("trainings") as trainings:
        trainings.drop_column("facts")
        trainings.drop_column("put_away")

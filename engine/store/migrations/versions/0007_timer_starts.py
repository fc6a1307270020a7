"""Timers that start a process are jobs, too: such a job has no instance yet."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a job be without an instance."""
    with op.batch_alter_table("job") as job:
        job.alter_column("instance_id", existing_type=sa.String(length=40), nullable=True)


def downgrade() -> None:
    """Every job has an instance; those that would start one go."""
    op.execute("DELETE FROM job WHERE instance_id IS NULL")
    with op.batch_alter_table("job") as job:
        job.alter_column("instance_id", existing_type=sa.String(length=40), nullable=False)

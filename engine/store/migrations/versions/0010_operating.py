"""Suspending what runs of a process or an operation."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A new table, and a column that may be empty: no row is rewritten."""
    op.create_table(
        "suspension",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("deployment_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", "deployment_id", name=op.f("pk_suspension")),
    )
    op.add_column("instance", sa.Column("rests_by", sa.String(length=40), nullable=True))


def downgrade() -> None:
    """Without them."""
    with op.batch_alter_table("instance") as instance:
        instance.drop_column("rests_by")
    op.drop_table("suspension")

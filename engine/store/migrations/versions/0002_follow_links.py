"""Links to follow a complaint that letters and staff give out, beside the first."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and find the first links by their hash."""
    op.create_table(
        "follow_link",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_follow_link_instance_id_instance")),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_follow_link")),
    )
    op.create_index(op.f("ix_follow_link_instance_id"), "follow_link", ["instance_id"], unique=False)
    op.create_index(op.f("ix_complaint_secret_hash"), "complaint", ["secret_hash"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f("ix_complaint_secret_hash"), table_name="complaint")
    op.drop_index(op.f("ix_follow_link_instance_id"), table_name="follow_link")
    op.drop_table("follow_link")

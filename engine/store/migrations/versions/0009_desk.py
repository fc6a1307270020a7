"""The desk: tasks that are delegated, absences and who covers them, capacity, and saved filters."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, columns and the index of what has waited longest."""
    op.add_column("user_task", sa.Column("owner", sa.String(length=120), nullable=True))
    still = sa.text("state = 'open'")
    op.create_index("ix_user_task_waiting", "user_task", ["created_at", "id"], sqlite_where=still, postgresql_where=still)
    op.add_column("account", sa.Column("capacity", sa.Integer(), nullable=True))
    op.create_table(
        "account_absence",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("cover_id", sa.String(length=40), nullable=True),
        sa.Column("begins_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_absence_account_id_account")),
        sa.ForeignKeyConstraint(["cover_id"], ["account.id"], name=op.f("fk_account_absence_cover_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_absence")),
    )
    op.create_index(op.f("ix_account_absence_account_id"), "account_absence", ["account_id"], unique=False)
    op.create_index(op.f("ix_account_absence_cover_id"), "account_absence", ["cover_id"], unique=False)
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_saved_filter_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    op.create_index(op.f("ix_saved_filter_account_id"), "saved_filter", ["account_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_saved_filter_account_id"), table_name="saved_filter")
    op.drop_table("saved_filter")
    op.drop_index(op.f("ix_account_absence_cover_id"), table_name="account_absence")
    op.drop_index(op.f("ix_account_absence_account_id"), table_name="account_absence")
    op.drop_table("account_absence")
    op.drop_column("account", "capacity")
    op.drop_index("ix_user_task_waiting", table_name="user_task")
    op.drop_column("user_task", "owner")

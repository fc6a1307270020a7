"""The open tasks of an instance, without reading the thousands a loop has ended."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index for another."""
    op.drop_index("ix_user_task_instance_id", table_name="user_task")
    op.create_index("ix_user_task_instance_id_state", "user_task", ["instance_id", "state"])


def downgrade() -> None:
    """As it was."""
    op.drop_index("ix_user_task_instance_id_state", table_name="user_task")
    op.create_index("ix_user_task_instance_id", "user_task", ["instance_id"])

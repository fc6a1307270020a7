"""Indexes of what is looked for alone: history not sealed yet, tasks somebody has, jobs in the order they are taken in."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UNSEALED = sa.text("sealed_by IS NULL")
OPEN = sa.text("state = 'open'")
TAKEN = sa.text("state = 'open' AND assignee IS NOT NULL")
MINE = ["assignee", "due_order", "rank", "id"]


def upgrade() -> None:
    """Make them anew."""
    op.drop_index("ix_history_unsealed", table_name="history")
    op.create_index("ix_history_unsealed", "history", ["id"], sqlite_where=UNSEALED, postgresql_where=UNSEALED)
    op.drop_index("ix_job_due", table_name="job")
    op.create_index("ix_job_due", "job", ["state", "held", "due_at", "id"])
    op.drop_index("ix_user_task_mine", table_name="user_task")
    op.create_index("ix_user_task_mine", "user_task", MINE, sqlite_where=TAKEN, postgresql_where=TAKEN)


def downgrade() -> None:
    """As they were."""
    op.drop_index("ix_user_task_mine", table_name="user_task")
    op.create_index("ix_user_task_mine", "user_task", MINE, sqlite_where=OPEN, postgresql_where=OPEN)
    op.drop_index("ix_job_due", table_name="job")
    op.create_index("ix_job_due", "job", ["state", "held", "due_at"])
    op.drop_index("ix_history_unsealed", table_name="history")
    op.create_index("ix_history_unsealed", "history", ["sealed_by", "id"])

"""Inboxes by indexes that are in their order, over open tasks alone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEVER_DUE = "253370764800000000"
OPEN = sa.text("state = 'open'")
OFFERED = sa.text("offered IS NOT NULL")


def upgrade() -> None:
    """Add what inboxes are sorted by, work it out for the tasks that are open, and index those."""
    for table in ("user_task", "user_task_group"):
        op.add_column(table, sa.Column("due_order", sa.BigInteger(), nullable=False, server_default=sa.text(NEVER_DUE)))
        op.add_column(table, sa.Column("rank", sa.Integer(), nullable=False, server_default="-50"))
    op.add_column("user_task_group", sa.Column("offered", sa.String(length=10), nullable=True))
    op.execute("UPDATE user_task SET due_order = coalesce(due_at, due_order), rank = -priority WHERE state = 'open'")
    op.execute(
        "UPDATE user_task_group SET (due_order, rank, offered) = "
        "(SELECT due_order, rank, CASE WHEN assignee IS NULL THEN 'free' ELSE 'taken' END FROM user_task WHERE user_task.id = task_id) "
        "WHERE task_id IN (SELECT id FROM user_task WHERE state = 'open')"
    )
    op.drop_index(op.f("ix_user_task_state_due_at_id"), table_name="user_task")
    op.drop_index(op.f("ix_user_task_assignee_state"), table_name="user_task")
    op.drop_index(op.f("ix_user_task_group_group_id_task_id"), table_name="user_task_group")
    order = ["due_order", "rank"]
    op.create_index("ix_user_task_inbox", "user_task", [*order, "id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_user_task_mine", "user_task", ["assignee", *order, "id"], sqlite_where=OPEN, postgresql_where=OPEN)
    columns = ["group_id", "offered", *order, "task_id"]
    op.create_index("ix_user_task_group_inbox", "user_task_group", columns, sqlite_where=OFFERED, postgresql_where=OFFERED)


def downgrade() -> None:
    """The indexes of before."""
    op.drop_index("ix_user_task_group_inbox", table_name="user_task_group")
    op.drop_index("ix_user_task_mine", table_name="user_task")
    op.drop_index("ix_user_task_inbox", table_name="user_task")
    op.create_index(op.f("ix_user_task_group_group_id_task_id"), "user_task_group", ["group_id", "task_id"], unique=False)
    op.create_index(op.f("ix_user_task_assignee_state"), "user_task", ["assignee", "state"], unique=False)
    op.create_index(op.f("ix_user_task_state_due_at_id"), "user_task", ["state", "due_at", "id"], unique=False)
    op.drop_column("user_task_group", "offered")
    for table in ("user_task_group", "user_task"):
        op.drop_column(table, "rank")
        op.drop_column(table, "due_order")

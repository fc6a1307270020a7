"""What is not sealed yet stands in a table of its own: rows of the history are written once and never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UNSEALED = sa.text("sealed_by IS NULL")


def upgrade() -> None:
    """Take over what is not sealed; which seal covers a row follows from the seals."""
    op.create_table(
        "unsealed",
        sa.Column("chain", sa.String(length=60), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "seq", name=op.f("pk_unsealed")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # What an old process committed between these statements would be on no list; SQLite has one writer.
        op.execute("LOCK TABLE history IN ACCESS EXCLUSIVE MODE")
    op.execute("INSERT INTO unsealed (chain, seq) SELECT chain, seq FROM history WHERE sealed_by IS NULL")
    op.drop_index("ix_history_unsealed", table_name="history")
    op.drop_column("history", "sealed_by")


def downgrade() -> None:
    """Put the mark back; a row that is sealed says that it is, and not by which seal."""
    op.add_column("history", sa.Column("sealed_by", sa.Integer(), nullable=True))
    waits = "SELECT 1 FROM unsealed u WHERE u.chain = history.chain AND u.seq = history.seq"
    op.execute(f"UPDATE history SET sealed_by = 0 WHERE NOT EXISTS ({waits})")  # noqa: S608 - our own words
    op.create_index("ix_history_unsealed", "history", ["id"], sqlite_where=UNSEALED, postgresql_where=UNSEALED)
    op.drop_table("unsealed")

"""When somebody last saw a complaint's messages and comments stands beside when they were last there."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Who was there has seen what was there, as far as can be told."""
    op.add_column("presence", sa.Column("messages_at", sa.BigInteger(), nullable=True))
    op.add_column("presence", sa.Column("comments_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE presence SET messages_at = seen_at, comments_at = seen_at")


def downgrade() -> None:
    """Only when they were last there is kept."""
    op.drop_column("presence", "comments_at")
    op.drop_column("presence", "messages_at")

"""Mail that comes in, and by what answers to mail of ours are known."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; give what was sent before the ids that its Message-IDs begin with."""
    op.create_table(
        "incoming_mail",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), server_default="", nullable=False),
        sa.Column("instance_id", sa.String(length=40), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("content_digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sender_digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("text_digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_incoming_mail_instance_id_instance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_mail")),
    )
    for columns in (["instance_id"], ["state", "received_at"], ["sender_digest", "received_at"], ["text_digest", "received_at"]):
        op.create_index(op.f(f"ix_incoming_mail_{'_'.join(columns)}"), "incoming_mail", columns, unique=False)
    op.add_column("dispatch", sa.Column("mail_id", sa.String(length=32), nullable=True))
    op.create_index(op.f("ix_dispatch_mail_id"), "dispatch", ["mail_id"], unique=False)
    connection = op.get_bind()
    keys = [key for (key,) in connection.execute(sa.text("SELECT key FROM dispatch"))]
    rows = [{"id": hashlib.sha256(key.encode()).hexdigest()[:32], "wanted": key} for key in keys]
    if rows:
        connection.execute(sa.text("UPDATE dispatch SET mail_id = :id WHERE key = :wanted"), rows)


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_dispatch_mail_id"), table_name="dispatch")
    op.drop_column("dispatch", "mail_id")
    op.drop_table("incoming_mail")

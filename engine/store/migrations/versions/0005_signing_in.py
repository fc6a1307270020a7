"""Signing in: sessions, known browsers, the second factor with its recovery codes, and identities at a sign-in service."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f(f"fk_{table}_account_id_account"))


def upgrade() -> None:
    """Make the tables. Who is signed in has to sign in again: sessions were in the browser alone."""
    op.create_table(
        "account_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("mark", sa.String(length=40), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.String(length=64), server_default="", nullable=False),
        _of_account("account_session"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_account_session")),
        sa.UniqueConstraint("id", name=op.f("uq_account_session_id")),
    )
    op.create_index(op.f("ix_account_session_account_id"), "account_session", ["account_id"], unique=False)
    op.create_table(
        "account_device",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        _of_account("account_device"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_account_device")),
    )
    op.create_index(op.f("ix_account_device_account_id"), "account_device", ["account_id"], unique=False)
    op.create_table(
        "account_totp",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        _of_account("account_totp"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_totp")),
    )
    op.create_table(
        "account_recovery",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        _of_account("account_recovery"),
        sa.PrimaryKeyConstraint("account_id", "code_hash", name=op.f("pk_account_recovery")),
    )
    op.create_table(
        "account_identity",
        sa.Column("issuer", sa.String(length=400), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        _of_account("account_identity"),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_account_identity")),
    )
    op.create_index(op.f("ix_account_identity_account_id"), "account_identity", ["account_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    for table in ("account_identity", "account_device", "account_session"):
        op.drop_index(op.f(f"ix_{table}_account_id"), table_name=table)
    for table in ("account_identity", "account_recovery", "account_totp", "account_device", "account_session"):
        op.drop_table(table)

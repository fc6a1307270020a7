"""Batches that move running instances to another version, and where each instance of them stands."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; nothing is moved by that."""
    op.create_table(
        "migration",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("process_id", sa.String(length=200), nullable=False),
        sa.Column("from_deployment", sa.String(length=40), nullable=False),
        sa.Column("to_deployment", sa.String(length=40), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["from_deployment"], ["deployment.id"], name=op.f("fk_migration_from_deployment_deployment")),
        sa.ForeignKeyConstraint(["to_deployment"], ["deployment.id"], name=op.f("fk_migration_to_deployment_deployment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migration")),
    )
    op.create_table(
        "migration_item",
        sa.Column("migration_id", sa.String(length=40), nullable=False),
        sa.Column("instance_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_migration_item_migration_id_migration")),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_migration_item_instance_id_instance")),
        sa.PrimaryKeyConstraint("migration_id", "instance_id", name=op.f("pk_migration_item")),
    )
    op.create_index(op.f("ix_migration_item_migration_id_state"), "migration_item", ["migration_id", "state"], unique=False)


def downgrade() -> None:
    """Drop them; what was moved stays where it is."""
    op.drop_index(op.f("ix_migration_item_migration_id_state"), table_name="migration_item")
    op.drop_table("migration_item")
    op.drop_table("migration")

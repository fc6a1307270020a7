"""What stands between people and complaints: teams, competences, parts, confidentiality, and who may not have a task."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and columns; nothing that is there is restricted by them."""
    op.create_table(
        "account_team",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("team", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_team_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "team", name=op.f("pk_account_team")),
    )
    op.create_table(
        "account_competence",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("competence", sa.String(length=120), nullable=False),
        sa.Column("training", sa.Text(), server_default="", nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_competence_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "competence", name=op.f("pk_account_competence")),
    )
    op.create_table(
        "complaint_person",
        sa.Column("instance_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("noted_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_complaint_person_account_id_account")),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_complaint_person_instance_id_instance")),
        sa.PrimaryKeyConstraint("instance_id", "account_id", "part", name=op.f("pk_complaint_person")),
    )
    op.create_index(op.f("ix_complaint_person_account_id"), "complaint_person", ["account_id"], unique=False)
    op.create_table(
        "user_task_barred",
        sa.Column("task_id", sa.String(length=60), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["user_task.id"], name=op.f("fk_user_task_barred_task_id_user_task"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task_id", "actor", name=op.f("pk_user_task_barred")),
    )
    op.add_column("user_task", sa.Column("competence", sa.String(length=120), server_default="", nullable=False))
    op.add_column("complaint", sa.Column("team", sa.String(length=80), server_default="", nullable=False))
    op.add_column("complaint", sa.Column("confidential", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("complaint", "confidential")
    op.drop_column("complaint", "team")
    op.drop_column("user_task", "competence")
    op.drop_table("user_task_barred")
    op.drop_index(op.f("ix_complaint_person_account_id"), table_name="complaint_person")
    op.drop_table("complaint_person")
    op.drop_table("account_competence")
    op.drop_table("account_team")

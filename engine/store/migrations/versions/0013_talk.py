"""What staff say, what belongs together, who is looking, and a full-text index over complaints, messages and comments."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OF_COMPLAINT = (
    "{0}.reference || ' ' || {0}.subject || ' ' || {0}.complainant_name || ' ' || {0}.email || ' ' || {0}.product || ' ' || "
    "{0}.category || ' ' || {0}.told"
)
OF_MESSAGE = "{0}.subject || ' ' || {0}.body"
OF_COMMENT = "{0}.body"
SOURCES = (
    ("complaint", "instance_id", OF_COMPLAINT, "reference, subject, complainant_name, email, product, category, told"),
    ("message", "id", OF_MESSAGE, "subject, body"),
    ("comment", "id", OF_COMMENT, "body"),
)


def upgrade() -> None:
    """Make the tables, the index and what keeps it; what is there is indexed at once."""
    op.add_column("complaint", sa.Column("told", sa.Text(), server_default="", nullable=False))
    for name in ("email", "complainant_name"):
        some = sa.text(f"{name} <> ''")
        op.create_index(f"ix_complaint_{name}", "complaint", [name], sqlite_where=some, postgresql_where=some)
    _tables()
    connection = op.get_bind()
    for table, key, body, _ in SOURCES:
        words = body.format(f'"{table}"')
        op.execute(
            f"INSERT INTO search_document (instance_id, kind, item, body) SELECT instance_id, '{table}', {key}, {words} FROM \"{table}\""  # noqa: S608
        )
    if connection.dialect.name == "sqlite":
        _sqlite()
    else:
        _postgres()


def _tables() -> None:
    op.create_table(
        "comment",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("instance_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_comment_instance_id_instance")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    op.create_index(op.f("ix_comment_instance_id"), "comment", ["instance_id"], unique=False)
    op.create_table(
        "comment_mention",
        sa.Column("comment_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_comment_mention_account_id_account")),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_comment_mention_comment_id_comment")),
        sa.PrimaryKeyConstraint("comment_id", "account_id", name=op.f("pk_comment_mention")),
    )
    unseen = sa.text("seen_at IS NULL")
    op.create_index("ix_comment_mention_unseen", "comment_mention", ["account_id"], sqlite_where=unseen, postgresql_where=unseen)
    op.create_table(
        "complaint_relation",
        sa.Column("one_id", sa.String(length=40), nullable=False),
        sa.Column("other_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("noted_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["one_id"], ["instance.id"], name=op.f("fk_complaint_relation_one_id_instance")),
        sa.ForeignKeyConstraint(["other_id"], ["instance.id"], name=op.f("fk_complaint_relation_other_id_instance")),
        sa.PrimaryKeyConstraint("one_id", "other_id", name=op.f("pk_complaint_relation")),
    )
    op.create_index(op.f("ix_complaint_relation_other_id"), "complaint_relation", ["other_id"], unique=False)
    op.create_table(
        "presence",
        sa.Column("instance_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_presence_account_id_account")),
        sa.ForeignKeyConstraint(["instance_id"], ["instance.id"], name=op.f("fk_presence_instance_id_instance")),
        sa.PrimaryKeyConstraint("instance_id", "account_id", name=op.f("pk_presence")),
    )
    op.create_table(
        "search_document",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("instance_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_document")),
        sa.UniqueConstraint("kind", "item", name=op.f("uq_search_document_kind_item")),
    )
    op.create_index(op.f("ix_search_document_instance_id"), "search_document", ["instance_id"], unique=False)


def _sqlite() -> None:
    """FTS5 over the documents, which stay where they are; capitals and accents make no difference."""
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5(body, content='search_document', content_rowid='id', "
        "tokenize='unicode61 remove_diacritics 2', prefix='2 3')"
    )
    op.execute("INSERT INTO search_index(search_index) VALUES ('rebuild')")
    gone = "INSERT INTO search_index(search_index, rowid, body) VALUES ('delete', old.id, old.body);"
    come = "INSERT INTO search_index(rowid, body) VALUES (new.id, new.body);"
    op.execute(f"CREATE TRIGGER search_document_come AFTER INSERT ON search_document BEGIN {come} END")
    op.execute(f"CREATE TRIGGER search_document_gone AFTER DELETE ON search_document BEGIN {gone} END")
    op.execute(f"CREATE TRIGGER search_document_change AFTER UPDATE OF body ON search_document BEGIN {gone} {come} END")
    for table, key, body, columns in SOURCES:
        new = body.format("new")
        insert = f"INSERT INTO search_document (instance_id, kind, item, body) VALUES (new.instance_id, '{table}', new.{key}, {new});"  # noqa: S608
        changed = f"UPDATE search_document SET body = {new} WHERE kind = '{table}' AND item = new.{key} AND body <> {new};"  # noqa: S608
        removed = f"DELETE FROM search_document WHERE kind = '{table}' AND item = old.{key};"  # noqa: S608
        op.execute(f'CREATE TRIGGER search_{table}_come AFTER INSERT ON "{table}" BEGIN {insert} END')
        op.execute(f'CREATE TRIGGER search_{table}_change AFTER UPDATE OF {columns} ON "{table}" BEGIN {changed} END')
        op.execute(f'CREATE TRIGGER search_{table}_gone AFTER DELETE ON "{table}" BEGIN {removed} END')


def _postgres() -> None:
    """A GIN index over the words of the documents; what is no letter or digit parts words."""
    op.execute(
        "CREATE INDEX search_index ON search_document USING gin (to_tsvector('simple', regexp_replace(body, '[^[:alnum:]]+', ' ', 'g')))"
    )
    for table, key, body, columns in SOURCES:
        new = body.format("new")
        op.execute(
            f"""CREATE FUNCTION search_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF TG_OP = 'DELETE' THEN
              DELETE FROM search_document WHERE kind = '{table}' AND item = old.{key};
            ELSIF TG_OP = 'INSERT' THEN
              INSERT INTO search_document (instance_id, kind, item, body) VALUES (new.instance_id, '{table}', new.{key}, {new});
            ELSE
              UPDATE search_document SET body = {new} WHERE kind = '{table}' AND item = new.{key} AND body <> {new};
            END IF; RETURN NULL; END $$"""  # noqa: S608
        )
        what = f"INSERT OR DELETE OR UPDATE OF {columns}"
        op.execute(f'CREATE TRIGGER search_{table} AFTER {what} ON "{table}" FOR EACH ROW EXECUTE FUNCTION search_{table}()')


def downgrade() -> None:
    """Drop them."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, _, _, _ in SOURCES:
        if sqlite:
            for when in ("come", "change", "gone"):
                op.execute(f"DROP TRIGGER search_{table}_{when}")
        else:
            op.execute(f'DROP TRIGGER search_{table} ON "{table}"')
            op.execute(f"DROP FUNCTION search_{table}()")
    if sqlite:
        op.execute("DROP TABLE search_index")
    for table in ("search_document", "presence", "complaint_relation", "comment_mention", "comment"):
        op.drop_table(table)
    for name in ("email", "complainant_name"):
        op.drop_index(f"ix_complaint_{name}", table_name="complaint")
    op.drop_column("complaint", "told")

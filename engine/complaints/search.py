"""Full-text search over complaints, messages and comments: FTS5 on SQLite, a GIN index of words on PostgreSQL.

Triggers keep the documents (see migration 0013), so that whoever writes a message need not think of it, and an erasure reaches them.
"""

from __future__ import annotations

import re
import sqlite3

from sqlalchemy import Connection, Integer, Select, bindparam, column, select, text

from amends.engine.store import tables as t

MOST_WORDS = 12
_WORD = re.compile(r"[^\W_]+")
_SQLITE = text("SELECT rowid AS id FROM search_index WHERE search_index MATCH :words")
_POSTGRES = text(
    "SELECT id FROM search_document WHERE "
    "to_tsvector('simple', regexp_replace(body, '[^[:alnum:]]+', ' ', 'g')) @@ to_tsquery('simple', :words)"
)
SECURE_DELETE = (3, 42)
"""The SQLite whose FTS5 forgets words at once; before, they stay in the index until its parts are merged."""


def words_of(typed: str) -> list[str]:
    """The words of a search as people type it; punctuation parts them, and only so many count."""
    return [word for word in _WORD.findall(typed)][:MOST_WORDS]


def matching(connection: Connection, words: list[str], *, any: bool = False) -> Select[tuple[str]]:
    """A query for the instances one of whose texts has words that begin like these: all of them in one text, or `any`."""
    if connection.dialect.name == "sqlite":
        asked = (" OR " if any else " AND ").join(f'"{word}"*' for word in words)
        found = _SQLITE
    else:
        asked = (" | " if any else " & ").join(f"{word.lower()}:*" for word in words)
        found = _POSTGRES
    d = t.search_document.c
    ids = found.bindparams(bindparam("words", asked)).columns(column("id", Integer)).subquery()
    return select(d.instance_id).where(d.id.in_(select(ids.c.id)))


def forget(connection: Connection) -> None:
    """Merge the parts of the index, so that it keeps no word of what was erased."""
    if connection.dialect.name == "sqlite" and sqlite3.sqlite_version_info < SECURE_DELETE:
        connection.execute(text("INSERT INTO search_index(search_index) VALUES ('optimize')"))

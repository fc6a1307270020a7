"""What the full-text search misses: complaints of before there was one, and texts without their document; found and put right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text, update

from amends.engine.api import Engine
from amends.engine.complaints.projection import told_text
from amends.engine.history import events
from amends.engine.store import tables as t

PORTION = 200
"""Complaints or texts in one transaction: others wait no longer for it."""
_TEXTS = {
    "complaint": (
        "instance_id",
        "reference || ' ' || subject || ' ' || complainant_name || ' ' || email || ' ' || product || ' ' || category || ' ' || told",
    ),
    "message": ("id", "subject || ' ' || body"),
    "comment": ("id", "body"),
}
"""What a document of each table is: as the triggers of migration 0013 write it."""


@dataclass(frozen=True, slots=True)
class Missing:
    """How many complaints are not found by what was filed, and how many texts by nothing at all."""

    untold: int
    texts: int

    def __bool__(self) -> bool:
        return bool(self.untold or self.texts)


def missing(connection: Connection) -> Missing:
    """What is not in the index. A complaint that was erased is not missed: it has nothing that could be found."""
    c = t.complaint.c
    untold = connection.execute(select(func.count()).select_from(t.complaint).where(c.told == "", c.subject != "")).scalar_one()
    texts = 0
    for table, (key, _) in _TEXTS.items():
        lacks = f'SELECT count(*) FROM "{table}" a WHERE NOT EXISTS ({_document(table, key)})'  # noqa: S608 - names of ours
        texts += connection.execute(text(lacks)).scalar_one()
    return Missing(untold, texts)


def fill(engine: Engine, stopping: Callable[[], bool] = lambda: False) -> Iterator[int]:
    """Put what is missing into the index, some in each transaction; how many texts so far, after each.

    Nothing remembers how far it is but what it has done: stopped or killed, it goes on where it was when it is called again. What was
    filed is read from the history, as an instance that has ended has no variables any more.
    """
    done, after = 0, ""
    while not stopping():
        with engine.database.transaction() as connection:
            c = t.complaint.c
            asked = select(c.instance_id, c.subject).where(c.told == "", c.subject != "", c.instance_id > after)
            found = connection.execute(asked.order_by(c.instance_id).limit(PORTION)).all()
            for row in found:
                _tell(connection, row.instance_id, row.subject)
        if not found:
            break
        done, after = done + len(found), found[-1].instance_id
        yield done
    for table in _TEXTS:
        while not stopping():
            with engine.database.transaction() as connection:
                many = _add(connection, table)
            if not many:
                break
            done += many
            yield done


def _tell(connection: Connection, instance_id: str, subject: str) -> None:
    """Take what was filed over from the beginning of a complaint's history, and the triggers take it into the index.

    Where the history has no words of it, its subject is all that was told.
    """
    begun = next((one for one in events(connection, instance_id) if one.kind == "started"), None)
    values = begun.data.get("values") if begun is not None else None
    told = (told_text(values) if isinstance(values, dict) else "") or subject
    # Asked once more here: what was erased or changed since it was read stays as it is.
    c = t.complaint.c
    connection.execute(update(t.complaint).where(c.instance_id == instance_id, c.told == "", c.subject != "").values(told=told))


def _add(connection: Connection, table: str) -> int:
    key, words = _TEXTS[table]
    # On PostgreSQL whoever erases one of them waits, and then finds its document; SQLite has one writer.
    held = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    missing = f'SELECT * FROM "{table}" a WHERE NOT EXISTS ({_document(table, key)}) LIMIT {PORTION}{held}'  # noqa: S608
    insert = "INSERT INTO search_document (instance_id, kind, item, body)"
    return connection.execute(text(f"{insert} SELECT instance_id, '{table}', {key}, {words} FROM ({missing}) a")).rowcount  # noqa: S608


def _document(table: str, key: str) -> str:
    return f"SELECT 1 FROM search_document d WHERE d.kind = '{table}' AND d.item = a.{key}"  # noqa: S608

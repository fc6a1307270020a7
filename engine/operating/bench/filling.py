"""Fill a database: instances that were really started, copied with ids and hash chains of their own, so that the history verifies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import Connection, Table, text

from amends.engine.api import Engine
from amends.engine.history import GENESIS
from amends.engine.history.chain import VALUE_ID_BYTES, link
from amends.engine.store import tables as t
from amends.engine.store.ids import new_id
from amends.engine.store.packing import pack, unpack

AT_ONCE = 5_000
"""Instances a transaction writes."""
_OWN = {t.instance: "id", t.user_task: "instance_id", t.job: "instance_id", t.value: "chain", t.history: "chain", t.unsealed: "chain"}
_ORDER = (t.instance, t.user_task, t.user_task_group, t.job, t.value, t.history, t.unsealed)
Row = dict[str, Any]
Rows = dict[Table, list[Row]]


def fill(engine: Engine, templates: Sequence[str], many: int) -> None:
    """Add `many` copies of these instances, each in turn."""
    with engine.database.reading() as connection:
        rows = [_rows(connection, instance_id) for instance_id in templates]
    copies = (_copy(*one) for one in cycle(zip(templates, rows, strict=True)))
    for done in range(0, many, AT_ONCE):
        portion = list(islice(copies, min(AT_ONCE, many - done)))
        with engine.database.transaction() as connection:
            for table in _ORDER:
                _write(connection, table, (row for copied in portion for row in copied[table]))
    if not engine.database.sqlite:
        with engine.database.reading() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")  # as autovacuum does


def _rows(connection: Connection, instance_id: str) -> Rows:
    """Everything that belongs to an instance, as the database has it."""
    found: Rows = {}
    for table, column in _OWN.items():
        rows = connection.execute(text(f"SELECT * FROM {table.name} WHERE {column} = :id"), {"id": instance_id})  # noqa: S608 - our own names
        found[table] = [dict(row._mapping) for row in rows]
    groups = connection.execute(text("SELECT * FROM user_task_group WHERE task_id LIKE :id"), {"id": f"{instance_id}.%"})
    found[t.user_task_group] = [dict(row._mapping) for row in groups]
    found[t.history].sort(key=lambda row: row["seq"])
    return found


def _copy(old: str, rows: Rows) -> Rows:
    """The same for a new instance; its history is chained anew."""
    new = new_id()
    values = {row["id"]: token_urlsafe(VALUE_ID_BYTES) for row in rows[t.value]}
    copied: Rows = {
        table: [{name: value.replace(old, new) if type(value) is str else value for name, value in row.items()} for row in rows[table]]
        for table in _ORDER
    }
    for row in copied[t.value]:
        row["id"] = values[row["id"]]
    head = GENESIS
    for row in copied[t.history]:
        body = unpack(bytes(row["body"])).replace(old.encode(), new.encode())
        for before, after in values.items():
            body = body.replace(before.encode(), after.encode())
        head = link(head, body)
        row.update(body=pack(body), hash=head)
        del row["id"]
    copied[t.unsealed] = [{"chain": new, "seq": row["seq"]} for row in copied[t.history]]
    copied[t.instance][0]["head"] = head
    return copied


def _write(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows, None)
    if first is None:
        return
    names = list(first)
    raw: Any = connection.connection.dbapi_connection
    every = ([row[name] for name in names] for row in _with(first, rows))
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        raw.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", every)  # noqa: S608 - our own names
        return
    with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for values in every:
            copy.write_row(values)


def _with(first: dict[str, Any], rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rest

"""Any tampering with what is sealed is found, not only what somebody has thought of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from driving import HEAD
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from tampering import LINE, World, wait

from amends.engine import Engine, history
from amends.engine.store import tables as t

TABLES = (t.history, t.value, t.seal, t.instance)
KEYS = {"history": ("id",), "value": ("id",), "seal": ("number",), "instance": ("id",)}
COLUMNS = {  # everything verify answers for; `history.id` is only an order of writing, and says nothing
    "history": ("chain", "seq", "body", "hash"),
    "value": ("id", "chain", "salt", "body"),
    "seal": ("number", "sealed_at", "body", "hash"),
    "instance": ("id", "seq", "head"),
}


def snapshot(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All rows, by table; of the history, those that are sealed."""
    found = {}
    for table in TABLES:
        names = (*KEYS[table.name], *(name for name in COLUMNS[table.name] if name not in KEYS[table.name]))
        rows = connection.execute(select(*(table.c[name] for name in names)).order_by(table.c[KEYS[table.name][0]])).all()
        found[table.name] = [dict(item._mapping) for item in rows]
    found["unsealed"] = [dict(item._mapping) for item in connection.execute(select(t.unsealed).order_by(t.unsealed.c.chain))]
    return found


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The small history on SQLite, made once: each example's changes are undone."""
    folder = tmp_path_factory.mktemp("history")
    (folder / "line.bpmn").write_text(HEAD.format(LINE), encoding="utf-8")
    engine = Engine(f"sqlite:///{folder / 'amends.db'}")
    yield World(engine, folder / "line.bpmn")
    engine.close()


def changed(column: str, value: Any, data: st.DataObject) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bytes) and value:
        place = data.draw(st.integers(0, len(value) - 1), "place")
        return value[:place] + bytes([value[place] ^ data.draw(st.integers(1, 255), "bits")]) + value[place + 1 :]
    if isinstance(value, bytes):
        return b"x"
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    if isinstance(value, int):
        return value + data.draw(st.sampled_from((-1, 1, 100)), "by")
    if value is None:
        return b"x" if column == "body" else 1
    return value.replace(year=value.year - 1)


def protected(world: World, connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """The rows that a seal protects."""
    rows = snapshot(connection)
    rows["history"] = [item for item in rows["history"] if item["chain"] != world.fresh]
    rows["value"] = [item for item in rows["value"] if item["chain"] != world.fresh]
    rows["instance"] = [item for item in rows["instance"] if item["id"] != world.fresh]
    return rows


def tamper(connection: Connection, world: World, data: st.DataObject) -> None:
    """One random edit, removal, swap or copy of protected rows."""
    rows = protected(world, connection)
    name = data.draw(st.sampled_from([table.name for table in TABLES if rows[table.name]]), "table")
    table = t.metadata.tables[name]
    key = table.c[KEYS[name][0]]
    picked = data.draw(st.sampled_from(rows[name]), "row")
    how = data.draw(st.sampled_from(["edit", "remove", "swap", "copy", *(["list"] if name == "history" else [])]), "how")
    if how == "list":
        wait(connection, picked["chain"], picked["seq"])
        return
    if how == "remove":
        connection.execute(delete(table).where(key == picked[key.name]))
        return
    column = data.draw(st.sampled_from([item for item in COLUMNS[name] if how == "edit" or item != key.name]), "column")
    if how == "edit":
        connection.execute(update(table).where(key == picked[key.name]).values({column: changed(column, picked[column], data)}))
    elif how == "swap":
        other = data.draw(st.sampled_from(rows[name]), "other")
        if name == "history" and column in ("chain", "seq"):  # one at a time, or the unique constraint would refuse it
            connection.execute(update(table).where(key == picked[key.name]).values(chain="-"))
        connection.execute(update(table).where(key == other[key.name]).values({column: picked[column]}))
        connection.execute(update(table).where(key == picked[key.name]).values({**picked, column: other[column]}))
    elif name == "history":
        more = {"seq": picked["seq"] + data.draw(st.integers(50, 60), "further"), "id": None}
        connection.execute(insert(table), {**picked, **more})
    elif name == "value":
        connection.execute(insert(table), {**picked, "id": "copy" + picked["id"][4:]})
    elif name == "seal":
        connection.execute(insert(table), {**picked, "number": picked["number"] + 10})


@given(data=st.data())
def test_any_tampering_with_what_is_sealed_is_found(still: World, data: st.DataObject) -> None:
    """One to three random edits, removals, swaps and copies of rows, values, seals and instances' heads, and sealed rows said to wait:
    found, unless they undid each other; and without them there is no false alarm."""
    with still.tampering() as connection:
        assert history.verify(connection).faults == []
        before = snapshot(connection)
        for _ in range(data.draw(st.integers(1, 3), "times")):
            try:
                with connection.begin_nested():
                    tamper(connection, still, data)
            except (IntegrityError, OverflowError):
                continue  # the database itself refuses two rows with one key
        if snapshot(connection) != before:
            assert history.verify(connection).faults != []

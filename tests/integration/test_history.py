"""The history cannot be changed unseen: what verify finds, and what it says is not protected yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from driving import element, flows, process, user
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, insert, select, update

from amends.engine import Conflict, Engine, history
from amends.engine.history import Entry
from amends.engine.history.chain import GENESIS, link
from amends.engine.history.encoding import canonical, plain
from amends.engine.store import tables as t

LINE = process(element("startEvent", "s") + user("a") + user("b") + element("endEvent", "e") + flows("s>a", "a>b", "b>e"))
H, V, S, I = t.history.c, t.value.c, t.seal.c, t.instance.c  # noqa: E741


class World:
    """A small real history: two seals, four instances (one of them erased), the installation's chain, and a tail not sealed yet."""

    def __init__(self, engine: Engine, diagram: Path) -> None:
        self.engine = engine
        engine.deploy(diagram)
        self.ended, self.erased = self._worked(), self._worked()
        engine.erase(self.erased, reason="asked for", actor="jo")
        self.running = engine.start("p", {"x": 5}, actor="jo")
        engine.seal()
        engine.complete(engine.user_tasks(self.running)[0].id, {"y": 6}, actor="jo")
        self.late = self._worked()
        for number in range(3):
            engine.record("setting", "jo", [Entry("setting", f"n{number}", 0, {}, {"value": number})])
        engine.seal()
        self.fresh = engine.start("p", {"x": 7}, actor="jo")

    def _worked(self) -> str:
        instance_id = self.engine.start("p", {"name": "Jo Example"}, actor="jo")
        for number in range(2):
            self.engine.complete(self.engine.user_tasks(instance_id)[0].id, {"answer": number}, actor="jo")
        return instance_id

    @contextmanager
    def tampering(self) -> Iterator[Connection]:
        """A transaction as somebody with all rights on the database has it; undone at the end."""
        with self.engine.database.sql.connect() as connection:
            off = "PRAGMA defer_foreign_keys=ON" if self.engine.database.sqlite else "SET LOCAL session_replication_role = replica"
            connection.exec_driver_sql(off)
            yield connection
            connection.rollback()


@pytest.fixture
def world(engine: Engine, bpmn: Callable[..., Path]) -> World:
    """The small history, on each database."""
    return World(engine, bpmn(LINE))


def row(connection: Connection, chain: str, seq: int) -> Any:
    return connection.execute(select(t.history).where(H.chain == chain, H.seq == seq)).one()


def change_row(connection: Connection, chain: str, seq: int, **values: Any) -> None:
    assert connection.execute(update(t.history).where(H.chain == chain, H.seq == seq).values(**values)).rowcount == 1


def remove(connection: Connection, table: Any, *where: Any) -> None:
    assert connection.execute(delete(table).where(*where)).rowcount > 0


def value_ids(connection: Connection, chain: str) -> list[str]:
    return list(connection.execute(select(V.id).where(V.chain == chain).order_by(V.id)).scalars())


def change_value(connection: Connection, value_id: str, **values: Any) -> None:
    assert connection.execute(update(t.value).where(V.id == value_id).values(**values)).rowcount == 1


def forge(connection: Connection, chain: str, seq: int, previous: str, **more: Any) -> str:
    """A new row that fits the row before it."""
    body = canonical({"c": "complete", "a": "mallory", "r": "2026-03-02T09:00:00+00:00", "n": f"{chain}/{seq}", "e": []})
    hashed = link(previous, body)
    connection.execute(insert(t.history), {"chain": chain, "seq": seq, "body": body, "hash": hashed, **more})
    return hashed


def rewrite(connection: Connection, chain: str, actor: str = "mallory") -> None:
    """Change a chain's first row and compute all hashes of the chain anew, and the instance's head with them."""
    previous = GENESIS
    for item in connection.execute(select(t.history).where(H.chain == chain).order_by(H.seq)).all():
        body = canonical({**plain(item.body), "a": actor})
        previous = link(previous, body)
        change_row(connection, chain, item.seq, body=body, hash=previous)
    connection.execute(update(t.instance).where(I.id == chain).values(head=previous))


def reseal(connection: Connection) -> None:
    """Compute all seals anew, over the rows as they are now."""
    previous = GENESIS
    for item in connection.execute(select(t.seal).order_by(S.number)).all():
        body = plain(item.body)
        body["heads"] = [[chain, seq, row(connection, chain, seq).hash] for chain, seq, _ in body["heads"]]
        kept = canonical(body)
        previous = link(previous, kept)
        connection.execute(update(t.seal).where(S.number == item.number).values(body=kept, hash=previous))


def forge_seal(connection: Connection, heads: list[list[Any]], rows: int) -> None:
    """One more seal, whose hash fits."""
    last = connection.execute(select(t.seal).order_by(S.number.desc())).first()
    assert last is not None
    body = canonical({"number": last.number + 1, "at": last.sealed_at.isoformat(), "rows": rows, "heads": heads})
    more = {"number": last.number + 1, "sealed_at": last.sealed_at, "body": body, "hash": link(last.hash, body)}
    connection.execute(insert(t.seal), more)


def swap_rows(connection: Connection, one: tuple[str, int], other: tuple[str, int]) -> None:
    first, second = row(connection, *one), row(connection, *other)
    change_row(connection, *one, body=second.body, hash=second.hash)
    change_row(connection, *other, body=first.body, hash=first.hash)


def swap_values(connection: Connection, chain: str) -> None:
    one, other = value_ids(connection, chain)[:2]
    kept = {item.id: item for item in connection.execute(select(t.value).where(V.id.in_((one, other))))}
    change_value(connection, one, salt=kept[other].salt, body=kept[other].body)
    change_value(connection, other, salt=kept[one].salt, body=kept[one].body)


def insert_between(connection: Connection, chain: str) -> None:
    """A row slipped in after the first: the others move on by one."""
    for item in connection.execute(select(H.seq).where(H.chain == chain, H.seq > 1).order_by(H.seq.desc())).all():
        connection.execute(update(t.history).where(H.chain == chain, H.seq == item.seq).values(seq=item.seq + 1))
    forge(connection, chain, 2, row(connection, chain, 1).hash, sealed_by=1)


ATTACKS: dict[str, tuple[Callable[[Connection, World], object], str]] = {
    "edit a row": (lambda c, w: change_row(c, w.ended, 2, body=row(c, w.ended, 2).body.replace(b"jo", b"me")), "does not fit"),
    "edit a row's hash": (lambda c, w: change_row(c, w.ended, 2, hash="f" * 64), "does not fit"),
    "edit a value": (lambda c, w: change_value(c, value_ids(c, w.ended)[0], body=b'[{"name":"X"}]'), "not what was recorded"),
    "remove a row": (lambda c, w: remove(c, t.history, H.chain == w.ended, H.seq == 2), "should be here"),
    "remove a value": (lambda c, w: remove(c, t.value, V.id == value_ids(c, w.ended)[0]), "no erasure names it"),
    "empty a value": (lambda c, w: change_value(c, value_ids(c, w.ended)[0], body=None), "no erasure names it"),
    "cut a tail off": (lambda c, w: remove(c, t.history, H.chain == w.ended, H.seq > 1), "gone"),
    "cut a tail off and mend the instance": (
        lambda c, w: (
            remove(c, t.history, H.chain == w.ended, H.seq == 3),
            c.execute(update(t.instance).where(I.id == w.ended).values(seq=2, head=row(c, w.ended, 2).hash)),
        ),
        "The seals name row 3",
    ),
    "cut the installation's chain": (lambda c, w: remove(c, t.history, H.chain == "installation", H.seq > 2), "The seals name row"),
    "remove the installation's chain": (lambda c, w: remove(c, t.history, H.chain == "installation"), "its rows are gone"),
    "remove a complaint's rows": (lambda c, w: remove(c, t.history, H.chain == w.ended), "its rows are gone"),
    "remove a complaint altogether": (
        lambda c, w: [
            remove(c, table, where)
            for table, where in ((t.history, H.chain == w.ended), (t.value, V.chain == w.ended), (t.instance, I.id == w.ended))
        ],
        "its rows are gone",
    ),
    "remove an instance's row": (lambda c, w: remove(c, t.instance, I.id == w.ended), "its instance is gone"),
    "swap two rows of a chain": (lambda c, w: swap_rows(c, (w.ended, 2), (w.ended, 3)), "was written as"),
    "swap rows of two chains": (lambda c, w: swap_rows(c, (w.ended, 3), (w.late, 3)), "was written as"),
    "swap two values": (lambda c, w: swap_values(c, w.ended), "not what was recorded"),
    "slip a row in": (lambda c, w: insert_between(c, w.ended), "does not fit"),
    "append a row that claims a seal": (
        lambda c, w: forge(c, w.fresh, 2, row(c, w.fresh, 1).hash, sealed_by=2),
        "claims seal 2, which does not cover it",
    ),
    "append a row to an instance": (lambda c, w: forge(c, w.ended, 4, row(c, w.ended, 3).hash), "not the last row"),
    "add a chain": (lambda c, w: forge(c, "f" * 32, 1, GENESIS), "its instance is gone"),
    "add a value": (
        lambda c, w: c.execute(insert(t.value), {"id": "v", "chain": w.ended, "salt": b"", "body": b"[]"}),
        "belongs to no row",
    ),
    "add a value to nothing": (
        lambda c, w: c.execute(insert(t.value), {"id": "v", "chain": "nowhere", "salt": b"", "body": b"[]"}),
        "belongs to no row",
    ),
    "say that a row is not sealed": (lambda c, w: change_row(c, w.ended, 2, sealed_by=None), "does not say that it is sealed"),
    "say that another seal covers a row": (lambda c, w: change_row(c, w.ended, 3, sealed_by=2), "it is seal 1 that covers it"),
    "remove a seal": (lambda c, w: remove(c, t.seal, S.number == 1), "A seal is missing"),
    "remove the last seal": (lambda c, w: remove(c, t.seal, S.number == 2), "which does not cover it"),
    "edit a seal": (lambda c, w: c.execute(update(t.seal).where(S.number == 1).values(body=b"{}")), "cannot be read"),
    "edit a seal's time": (
        lambda c, w: c.execute(update(t.seal).where(S.number == 1).values(sealed_at=w.engine.now().replace(year=2020))),
        "not what was sealed",
    ),
    "forge a seal for rows that are not there": (lambda c, w: forge_seal(c, [["f" * 32, 1, "f" * 64]], 1), "its rows are gone"),
    "forge a seal over a row as it is not": (lambda c, w: forge_seal(c, [[w.fresh, 1, "f" * 64]], 1), "not the one that was sealed"),
    "forge a seal over rows that are sealed": (
        lambda c, w: forge_seal(c, [[w.ended, 2, row(c, w.ended, 2).hash]], 0),
        "an earlier seal covers",
    ),
    "forge a seal of nothing": (lambda c, w: forge_seal(c, [], 3), "The seal covered 3 rows; there are 0 now"),
    "compute a chain's hashes anew": (lambda c, w: rewrite(c, w.ended), "not the one that was sealed"),
    "compute the installation's hashes anew": (lambda c, w: rewrite(c, "installation"), "not the one that was sealed"),
    "put an erased value back": (lambda c, w: change_value(c, value_ids(c, w.erased)[0], body=b"[{}]"), "was erased, and is there again"),
    "remove what is left of an erased value": (lambda c, w: remove(c, t.value, V.id == value_ids(c, w.erased)[0]), "nothing is left of it"),
    "let one complaint's erasure name another's values": (
        lambda c, w: (
            change_value(c, value_ids(c, w.ended)[0], body=None),
            c.execute(update(t.instance).where(I.id == w.erased).values(seq=5, head=_forged_erasure(c, w.erased, value_ids(c, w.ended)))),
        ),
        "no erasure names it",
    ),
}


def _forged_erasure(connection: Connection, chain: str, ids: list[str]) -> str:
    previous = row(connection, chain, 4).hash
    event = ["erased", "p", 0, {"value_ids": ids}]
    body = canonical({"c": "erase", "a": "mallory", "r": "2026-03-02T09:00:00+00:00", "n": f"{chain}/5", "e": [event]})
    hashed = link(previous, body)
    connection.execute(insert(t.history), {"chain": chain, "seq": 5, "body": body, "hash": hashed})
    return hashed


def test_each_attack_is_found_and_said(world: World) -> None:
    """Edits, removals, swaps and insertions, of rows, values, seals and instances; each undone, the history verifies again."""
    for name, (attack, said) in ATTACKS.items():
        with world.tampering() as connection:
            attack(connection, world)
            faults = history.verify(connection).faults
            assert any(said in fault.message for fault in faults), (name, faults)
        assert world.engine.verify().faults == [], name


def test_an_untouched_history_verifies_and_says_what_is_not_sealed(world: World) -> None:
    """Counts of rows, chains and seals; the rows after the last seal are named as not protected yet; erased values are counted."""
    report = world.engine.verify()
    assert report.faults == []
    assert (report.rows, report.chains, report.seals) == (report.sealed + report.unsealed, 6, 2)
    assert (report.unsealed, report.erased) == (1, 3)
    assert report.sealed_at == world.engine.now() and len(report.head) == 64
    world.engine.seal()
    assert world.engine.verify().unsealed == 0
    assert world.engine.seal() is None


def test_who_computes_the_seals_anew_too_is_found_by_a_seal_kept_elsewhere(world: World) -> None:
    """Inside the database everything fits again; the hash that was written down does not. An older seal's hash is as good."""
    first = world.engine.database
    with first.reading() as connection:
        kept = list(connection.execute(select(S.hash).order_by(S.number)).scalars())
    for head in kept:
        assert world.engine.verify(head).faults == [] and world.engine.verify(f" {head.upper()}\n").faults == []
    with world.tampering() as connection:
        rewrite(connection, world.ended)
        reseal(connection)
        assert history.verify(connection).faults == []
        for head in kept:
            (fault,) = history.verify(connection, head).faults
            assert fault.chain == "seals" and head in fault.message


def test_a_history_cut_back_to_an_earlier_seal_is_found_by_the_last_seal_kept_elsewhere(world: World) -> None:
    """Everything after the first seal is taken away, down to the column that says so: only the hash that was kept shows it."""
    head = world.engine.verify().head
    with world.tampering() as connection:
        gone = (world.late, world.fresh)
        remove(connection, t.history, H.sealed_by.is_distinct_from(1))
        remove(connection, t.value, V.chain.in_(gone))
        remove(connection, t.instance, I.id.in_(gone))
        named = {plain(body)["v"][0] for body in connection.execute(select(H.body)).scalars() if "v" in plain(body)}
        remove(connection, t.value, V.id.not_in(named))
        left = connection.execute(select(func.max(H.seq)).where(H.chain == world.running)).scalar()
        connection.execute(update(t.instance).where(I.id == world.running).values(seq=left, head=row(connection, world.running, left).hash))
        remove(connection, t.seal, S.number == 2)
        assert history.verify(connection).faults == []
        assert [fault.chain for fault in history.verify(connection, head).faults] == ["seals"]


def test_what_is_not_sealed_is_protected_by_the_next_seal(world: World) -> None:
    """Before it, who mends the instance's row can cut the tail unseen; after it, that is found."""

    def cut(connection: Connection) -> None:
        remove(connection, t.history, H.chain == world.fresh)
        remove(connection, t.value, V.chain == world.fresh)
        remove(connection, t.instance, I.id == world.fresh)

    with world.tampering() as connection:
        cut(connection)
        assert history.verify(connection).faults == []
    world.engine.seal()
    with world.tampering() as connection:
        cut(connection)
        assert [fault.chain for fault in history.verify(connection).faults] == [world.fresh, "seals"]


def test_after_an_erasure_the_values_are_gone_and_the_chain_verifies(world: World) -> None:
    """Before and after the next seal. Not even their salts are left, so nobody can try what they may have been."""
    events = world.engine.history(world.erased)
    assert {"values": None} in [item.data for item in events] and "Jo Example" not in repr(events)
    assert sum(item.kind == "erased" for item in events) == 1
    with world.engine.database.reading() as connection:
        kept = connection.execute(select(V.salt, V.body).where(V.chain == world.erased)).all()
    assert {(bytes(item.salt), item.body) for item in kept} == {(b"", None)} and len(kept) == 3
    with pytest.raises(Conflict):
        world.engine.erase(world.running, reason="too early", actor="jo")
    world.engine.erase(world.late, reason="asked for", actor="jo")
    assert world.engine.verify().faults == []
    world.engine.seal()
    assert world.engine.verify().faults == []


# -- any tampering ------------------------------------------------------------------------------------------------------

TABLES = (t.history, t.value, t.seal, t.instance)
KEYS = {"history": ("id",), "value": ("id",), "seal": ("number",), "instance": ("id",)}
COLUMNS = {  # everything verify answers for; `history.id` is only an order of writing, and says nothing
    "history": ("chain", "seq", "body", "hash", "sealed_by"),
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
    return found


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The small history on SQLite, made once: each example's changes are undone."""
    from driving import HEAD

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
    rows["history"] = [item for item in rows["history"] if item["sealed_by"] is not None]
    rows["value"] = [item for item in rows["value"] if item["chain"] != world.fresh]
    rows["instance"] = [item for item in rows["instance"] if item["id"] != world.fresh]
    return rows


def tamper(connection: Connection, world: World, data: st.DataObject) -> None:
    """One random edit, removal, swap or copy of protected rows."""
    rows = protected(world, connection)
    name = data.draw(st.sampled_from([name for name in rows if rows[name]]), "table")
    table = t.metadata.tables[name]
    key = table.c[KEYS[name][0]]
    picked = data.draw(st.sampled_from(rows[name]), "row")
    how = data.draw(st.sampled_from(["edit", "remove", "swap", "copy"]), "how")
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
    """One to three random edits, removals, swaps and copies of rows, values, seals and instances' heads: found, unless they undid
    each other; and without them there is no false alarm."""
    from sqlalchemy.exc import IntegrityError

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

"""A small real history, and somebody with all rights on its database who tampers with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from driving import element, flows, process, user
from sqlalchemy import Connection, delete, insert, select, update

from amends.engine import Engine
from amends.engine.history import Entry
from amends.engine.history.chain import GENESIS, link
from amends.engine.history.encoding import canonical, plain
from amends.engine.store import tables as t

LINE = process(element("startEvent", "s") + user("a") + user("b") + element("endEvent", "e") + flows("s>a", "a>b", "b>e"))
H, V, S, I, U = t.history.c, t.value.c, t.seal.c, t.instance.c, t.unsealed.c  # noqa: E741


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


def row(connection: Connection, chain: str, seq: int) -> Any:
    return connection.execute(select(t.history).where(H.chain == chain, H.seq == seq)).one()


def change_row(connection: Connection, chain: str, seq: int, **values: Any) -> None:
    assert connection.execute(update(t.history).where(H.chain == chain, H.seq == seq).values(**values)).rowcount == 1


def remove(connection: Connection, table: Any, *where: Any) -> None:
    assert connection.execute(delete(table).where(*where)).rowcount > 0


def wait(connection: Connection, chain: str, seq: int) -> None:
    """Put a row on the list of what waits for a seal."""
    connection.execute(insert(t.unsealed), {"chain": chain, "seq": seq})


def value_ids(connection: Connection, chain: str) -> list[str]:
    return list(connection.execute(select(V.id).where(V.chain == chain).order_by(V.id)).scalars())


def change_value(connection: Connection, value_id: str, **values: Any) -> None:
    assert connection.execute(update(t.value).where(V.id == value_id).values(**values)).rowcount == 1


def forge(connection: Connection, chain: str, seq: int, previous: str) -> str:
    """A new row that fits the row before it."""
    body = canonical({"c": "complete", "a": "mallory", "r": "2026-03-02T09:00:00+00:00", "n": f"{chain}/{seq}", "e": []})
    hashed = link(previous, body)
    connection.execute(insert(t.history), {"chain": chain, "seq": seq, "body": body, "hash": hashed})
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
    forge(connection, chain, 2, row(connection, chain, 1).hash)


def forge_erasure(connection: Connection, chain: str, ids: list[str]) -> str:
    previous = row(connection, chain, 4).hash
    event = ["erased", "p", 0, {"value_ids": ids}]
    body = canonical({"c": "erase", "a": "mallory", "r": "2026-03-02T09:00:00+00:00", "n": f"{chain}/5", "e": [event]})
    hashed = link(previous, body)
    connection.execute(insert(t.history), {"chain": chain, "seq": 5, "body": body, "hash": hashed})
    return hashed

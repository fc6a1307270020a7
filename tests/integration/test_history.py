"""The history cannot be changed unseen: what verify finds, and what it says is not protected yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, event, func, insert, select, update
from tampering import (
    LINE,
    H,
    I,
    S,
    U,
    V,
    World,
    change_row,
    change_value,
    forge,
    forge_erasure,
    forge_seal,
    insert_between,
    remove,
    reseal,
    rewrite,
    row,
    swap_rows,
    swap_values,
    value_ids,
    wait,
)  # fmt: skip

from amends.engine import Conflict, Engine, history
from amends.engine.history.chain import GENESIS
from amends.engine.history.encoding import plain
from amends.engine.operating.figures import figures
from amends.engine.store import tables as t


@pytest.fixture
def world(engine: Engine, bpmn: Callable[..., Path]) -> World:
    """The small history, on each database."""
    return World(engine, bpmn(LINE))


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
    "append a row as if it were sealed": (lambda c, w: forge(c, w.fresh, 2, row(c, w.fresh, 1).hash), "neither sealed nor waiting"),
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
    "say that a row is not sealed": (lambda c, w: wait(c, w.ended, 2), "seal 1 covers it"),
    "say that a row is sealed": (lambda c, w: remove(c, t.unsealed, U.chain == w.fresh), "neither sealed nor waiting"),
    "say that a row waits that is not there": (lambda c, w: wait(c, w.ended, 9), "Row 9 waits for a seal, and is gone"),
    "say that a chain waits that is not there": (lambda c, w: wait(c, "f" * 32, 1), "Row 1 waits for a seal, and is gone"),
    "remove a row before it is sealed": (lambda c, w: remove(c, t.history, H.chain == w.fresh), "waits for a seal, and is gone"),
    "remove a seal": (lambda c, w: remove(c, t.seal, S.number == 1), "A seal is missing"),
    "remove the last seal": (lambda c, w: remove(c, t.seal, S.number == 2), "neither sealed nor waiting"),
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
            c.execute(update(t.instance).where(I.id == w.erased).values(seq=5, head=forge_erasure(c, w.erased, value_ids(c, w.ended)))),
        ),
        "no erasure names it",
    ),
}


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
    """Everything after the first seal is taken away, down to the list of what waits: only the hash that was kept shows it."""
    head = world.engine.verify().head
    with world.tampering() as connection:
        gone = (world.late, world.fresh)
        heads = plain(connection.execute(select(S.body).where(S.number == 1)).scalar_one())["heads"]
        sealed = {chain: seq for chain, seq, _ in heads}
        for chain, seq in connection.execute(select(H.chain, H.seq)).all():
            if seq > sealed.get(chain, 0):
                remove(connection, t.history, H.chain == chain, H.seq == seq)
        remove(connection, t.unsealed)
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
    """Before it, who mends the instance's row and the list of what waits can cut the tail unseen; after it, that is found."""

    def cut(connection: Connection) -> None:
        remove(connection, t.history, H.chain == world.fresh)
        connection.execute(delete(t.unsealed).where(U.chain == world.fresh))
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


def test_bytes_that_are_no_text_are_a_fault_and_no_error(world: World) -> None:
    """What was packed and is spoilt, even put there as text that is none."""
    with world.engine.database.transaction() as connection:
        spoilt = "CAST(x'01fffe' AS TEXT)" if connection.dialect.name == "sqlite" else r"'\x01fffe'::bytea"
        connection.exec_driver_sql(f"UPDATE history SET body = {spoilt} WHERE chain = '{world.ended}' AND seq = 2")
    faults = [(fault.chain, fault.seq) for fault in world.engine.verify().faults]
    assert (world.ended, 2) in faults


def test_sealing_does_not_read_the_whole_history(world: World) -> None:
    """On SQLite, whose planner may begin with either table: from the list of what waits, a row of the history each."""
    if not world.engine.database.sqlite:
        pytest.skip("PostgreSQL knows how long tables are")
    ran: list[str] = []
    fixed = event.listens_for(world.engine.database.sql, "before_cursor_execute")
    fixed(lambda connection, cursor, statement, *rest: ran.append(statement))
    world.engine.seal()
    with world.engine.database.reading() as connection:
        figures(connection, world.engine.now())
    asked = [statement for statement in ran if "FROM unsealed" in statement]
    assert len(asked) >= 3
    with world.engine.database.sql.connect() as connection:
        for statement in asked:
            marks = ("x",) * statement.count("?")
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", marks).all()
            assert not any("SCAN history" in str(step) for step in plan), (statement, plan)

"""Seal the heads of all chains, and verify that nothing sealed was edited, removed, swapped or slipped in.

A chain shows an edit inside it, but not that its tail, or all of it, is gone. A seal therefore names the head of every chain that
grew since the one before, and seals form a chain of their own. What came after the last seal is not protected yet, and
`verify` says how much that is. To protect the seals themselves, keep the last one's hash somewhere else (`Report.head`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from amends.engine.history.chain import GENESIS, digest, link
from amends.engine.history.encoding import canonical, plain
from amends.engine.store import tables as t


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was recorded: in which chain, at which row (0: the chain as a whole)."""

    chain: str
    seq: int
    message: str


@dataclass(slots=True)
class Report:
    """What `verify` found. `head` is the hash of the last seal: keep it elsewhere and compare."""

    rows: int = 0
    chains: int = 0
    seals: int = 0
    sealed: int = 0
    unsealed: int = 0
    erased: int = 0
    head: str = GENESIS
    sealed_at: datetime | None = None
    faults: list[Fault] = field(default_factory=list)


def seal(connection: Connection, now: datetime) -> int | None:
    """Seal what has been written since the last seal; its number, or None where there was nothing to seal."""
    last = connection.execute(select(t.seal.c.number, t.seal.c.hash).order_by(t.seal.c.number.desc()).limit(1)).first()
    number, previous = (1, GENESIS) if last is None else (last.number + 1, last.hash)
    taken = connection.execute(update(t.history).where(t.history.c.sealed_by.is_(None)).values(sealed_by=number)).rowcount
    if not taken:
        return None
    newest = (
        select(t.history.c.chain, func.max(t.history.c.seq).label("seq")).where(t.history.c.sealed_by == number).group_by(t.history.c.chain)
    )
    tops = newest.subquery()
    heads = connection.execute(
        select(t.history.c.chain, t.history.c.seq, t.history.c.hash)
        .join(tops, (tops.c.chain == t.history.c.chain) & (tops.c.seq == t.history.c.seq))
        .order_by(t.history.c.chain)
    ).all()
    body = canonical({"number": number, "at": now.isoformat(), "rows": taken, "heads": [list(head) for head in heads]})
    connection.execute(insert(t.seal), {"number": number, "sealed_at": now, "body": body, "hash": link(previous, body)})
    return number


def verify(connection: Connection) -> Report:
    """Read everything once and compare it with its hashes and seals."""
    report = Report()
    heads = _verify_seals(connection, report)
    erased = _erased_values(connection)
    _verify_rows(connection, report, heads, erased)
    for chain, (seq, _) in heads.items():
        report.faults.append(Fault(chain, seq, "The seals name this chain, but its rows are gone."))
    _verify_instances(connection, report)
    return report


def _verify_seals(connection: Connection, report: Report) -> dict[str, tuple[int, dict[int, str]]]:
    """The heads the seals name: chain → the highest sealed seq, and each named seq's hash."""
    heads: dict[str, tuple[int, dict[int, str]]] = {}
    previous = GENESIS
    for row in connection.execute(select(t.seal).order_by(t.seal.c.number)):
        report.seals += 1
        if row.number != report.seals:
            report.faults.append(Fault("seals", report.seals, "A seal is missing."))
            report.seals = row.number
        if link(previous, row.body) != row.hash:
            report.faults.append(Fault("seals", row.number, "The seal's hash does not fit the seal before it and its own content."))
        body = plain(row.body)
        if body["number"] != row.number or datetime.fromisoformat(body["at"]) != row.sealed_at:
            report.faults.append(Fault("seals", row.number, "The seal's number or time is not what was sealed."))
        previous, report.sealed_at = row.hash, row.sealed_at
        for chain, seq, hashed in body["heads"]:
            known = heads.setdefault(chain, (0, {}))
            known[1][seq] = hashed
            heads[chain] = (max(known[0], seq), known[1])
    report.head = previous
    return heads


def _erased_values(connection: Connection) -> set[str]:
    """The ids of all values that an erasure in the history names."""
    erased: set[str] = set()
    for (body,) in connection.execute(select(t.history.c.body)):
        if b'"erased"' in body:
            for kind, _, _, *rest in plain(body)["e"]:
                if kind == "erased" and rest:
                    erased.update(rest[0].get("value_ids", []))
    return erased


def _chains(connection: Connection) -> Iterator[tuple[str, list[Any]]]:
    columns = (t.history.c.chain, t.history.c.seq, t.history.c.body, t.history.c.hash, t.history.c.sealed_by)
    chain, rows = None, list[Any]()
    query = select(*columns).order_by(t.history.c.chain, t.history.c.seq).execution_options(yield_per=2_000)
    for row in connection.execute(query):
        if row.chain != chain:
            if chain is not None:
                yield chain, rows
            chain, rows = row.chain, []
        rows.append(row)
    if chain is not None:
        yield chain, rows


def _verify_rows(connection: Connection, report: Report, heads: dict[str, tuple[int, dict[int, str]]], erased: set[str]) -> None:
    for chain, rows in _chains(connection):
        report.chains += 1
        report.rows += len(rows)
        top, named = heads.pop(chain, (0, {}))
        values = {row.id: row for row in connection.execute(select(t.value).where(t.value.c.chain == chain))}
        previous = GENESIS
        for expected, row in enumerate(rows, 1):
            previous = _verify_row(report, chain, row, expected, previous, named, values, erased)
            if row.seq <= top:
                report.sealed += 1
                if row.sealed_by is None:
                    report.faults.append(Fault(chain, row.seq, "The row lies below a sealed head, but was not there when it was sealed."))
            else:
                report.unsealed += 1
                if row.sealed_by is not None:
                    report.faults.append(Fault(chain, row.seq, f"The row claims seal {row.sealed_by}, which does not name it."))
        if rows[-1].seq < top:
            report.faults.append(Fault(chain, rows[-1].seq + 1, f"The seals name row {top}; the rows from here on are gone."))
        for left in values.values():
            report.faults.append(Fault(chain, 0, f"The value {left.id} belongs to no row."))


def _verify_row(
    report: Report, chain: str, row: Any, expected: int, previous: str, named: dict[int, str], values: dict[str, Any], erased: set[str]
) -> str:
    if row.seq != expected:
        report.faults.append(Fault(chain, expected, f"Row {expected} is missing; the next one is {row.seq}."))
    if link(previous, row.body) != row.hash:
        report.faults.append(Fault(chain, row.seq, "The row's hash does not fit the row before it and its own content."))
    if named.get(row.seq, row.hash) != row.hash:
        report.faults.append(Fault(chain, row.seq, "The row's hash is not the one that was sealed."))
    try:
        body = plain(row.body)
        place, reference = body["n"], body.get("v")
    except (ValueError, KeyError, TypeError):
        report.faults.append(Fault(chain, row.seq, "The row cannot be read."))
        return str(row.hash)
    if place != f"{chain}/{row.seq}":
        report.faults.append(Fault(chain, row.seq, f"The row was written as {place}."))
    if reference is not None:
        _verify_value(report, chain, row.seq, reference, values, erased)
    return str(row.hash)


def _verify_value(report: Report, chain: str, seq: int, reference: list[str], values: dict[str, Any], erased: set[str]) -> None:
    value_id, expected = reference
    value = values.pop(value_id, None)
    if value is None or value.body is None:
        if value_id in erased:
            report.erased += 1
        else:
            report.faults.append(Fault(chain, seq, f"The value {value_id} is gone, and no erasure names it."))
    elif digest(value.salt, value.body) != expected:
        report.faults.append(Fault(chain, seq, f"The value {value_id} is not what was recorded."))


def _verify_instances(connection: Connection, report: Report) -> None:
    """Every instance's head must be its chain's last row: a chain cut back to its last seal shows at once."""
    last = select(t.history.c.chain, func.max(t.history.c.seq).label("seq")).group_by(t.history.c.chain).subquery()
    rows = connection.execute(
        select(t.instance.c.id, t.instance.c.seq, t.instance.c.head, last.c.seq.label("last"), t.history.c.hash)
        .outerjoin(last, last.c.chain == t.instance.c.id)
        .outerjoin(t.history, (t.history.c.chain == last.c.chain) & (t.history.c.seq == last.c.seq))
    )
    for row in rows:
        if row.last is None or row.last != row.seq or row.hash != row.head:
            report.faults.append(Fault(row.id, row.seq, "The instance's last row is not the last row of its history."))

"""Seal the heads of all chains, so that what is taken away from the end of one shows.

A chain shows an edit inside it, but not that its tail, or all of it, is gone. A seal therefore names the head of every chain that
grew since the one before, and seals form a chain of their own. What came after the last seal is not protected yet; `verify` says how
much that is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select

from amends.engine.history.chain import GENESIS, link
from amends.engine.history.encoding import canonical
from amends.engine.store import tables as t

SEALING_LOCK = 7264302
"""PostgreSQL's advisory lock for sealing; SQLite lets one transaction write at a time anyway."""
_U, _H = t.unsealed.c, t.history.c
_ROW = (_H.chain == _U.chain, _H.seq == _U.seq)


def seal(connection: Connection, now: datetime) -> int | None:
    """Seal what has been written since the last seal; its number, or None where there was nothing to seal.

    Rows are taken by one statement, so by one view of the database: whoever sees a row of a chain in it sees all rows before
    it, because each was committed before the next could be written. No head is sealed above a row that is not.
    """
    if connection.dialect.name == "postgresql":
        # Two processes may seal at once: the second waits here, and then sees the first one's seal.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SEALING_LOCK})")
    last = connection.execute(select(t.seal.c.number, t.seal.c.hash).order_by(t.seal.c.number.desc()).limit(1)).first()
    number, previous = (1, GENESIS) if last is None else (last.number + 1, last.hash)
    taken, heads = 0, dict[str, tuple[int, str]]()
    for chain, seq, hashed in _take(connection):
        taken += 1
        if chain not in heads or heads[chain][0] < seq:
            heads[chain] = (seq, hashed)
    if not taken:
        return None
    named = [[chain, *head] for chain, head in sorted(heads.items())]
    body = canonical({"number": number, "at": now.isoformat(), "rows": taken, "heads": named})
    connection.execute(insert(t.seal), {"number": number, "sealed_at": now, "body": body, "hash": link(previous, body)})
    return number


def _take(connection: Connection) -> list[Any]:
    """Chain, number and hash of the rows that wait, which are off the list then; one that is gone stays on it, for `verify` to say so."""
    if connection.dialect.name == "postgresql":
        return list(connection.execute(delete(t.unsealed).where(*_ROW).returning(_U.chain, _U.seq, _H.hash)))
    # SQLite cannot give back what another table has, but nobody writes between two statements of this transaction. It is asked from
    # the list, which is short: joined, it may begin with the history, which is long.
    kept = select(_H.hash).where(*_ROW).correlate(t.unsealed).scalar_subquery()
    rows = [row for row in connection.execute(select(_U.chain, _U.seq, kept)) if row[2] is not None]
    connection.execute(delete(t.unsealed).where(exists().where(*_ROW)))
    return rows

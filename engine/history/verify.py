"""Verify that nothing in the history was edited, removed, swapped or slipped in.

Everything is read once, in one view of the database, and compared with its hashes, its seals and the instances it belongs to.
Who can write to the database can also compute new hashes and new seals: keep the last seal's hash somewhere else (`Report.head`)
and give it back later. docs/history.md says what is found and what is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, exists, select, type_coerce

from amends.engine.history.chain import GENESIS, INSTALLATION, READS, digest, link
from amends.engine.history.encoding import plain
from amends.engine.store import tables as t

_READS = READS.partition("{")[0]
CHAINS_AT_ONCE = 200
"""How many chains are read together: a query each for their values and instances."""


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


@dataclass(frozen=True, slots=True)
class Mark:
    """What a seal says of a chain: up to row `seq`, whose hash is `hash`."""

    seq: int
    hash: str
    seal: int


def verify(connection: Connection, head: str | None = None) -> Report:
    """Read everything once and compare it with its hashes and seals.

    `head` is the hash of a seal that was written down elsewhere: it is a fault if no seal has it.
    """
    if connection.dialect.name == "postgresql" and not connection.in_transaction():
        # One view for all statements, or what is written meanwhile would look like a fault.
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
    return _Verification(connection).run(head)


class _Verification:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.report = Report()
        self.marks: dict[str, list[Mark]] = {}  # chain → what the seals say of it, oldest first
        self.counted: dict[int, int] = {}  # seal → how many rows it says it covers
        self.covered: dict[int, int] = {}  # seal → how many there are
        self.hashes: set[str] = {GENESIS}

    def fault(self, chain: str, seq: int, message: str) -> None:
        self.report.faults.append(Fault(chain, seq, message))

    def run(self, head: str | None) -> Report:
        self.seals()
        if head is not None and head.strip().lower() not in self.hashes:
            told = "The seals were replaced, or cut back to an earlier one, since it was written down."
            self.fault("seals", 0, f"No seal has the hash {head.strip()}. {told}")
        for chains in _portions(self.chains()):
            self.portion(dict(chains))
        for chain, marks in self.marks.items():
            self.fault(chain, marks[-1].seq, "The seals name this chain, but its rows are gone.")
        for number, rows in self.counted.items():
            if self.covered.get(number, 0) != rows:
                self.fault("seals", number, f"The seal covered {rows} rows; there are {self.covered.get(number, 0)} now.")
        self.left_over()
        return self.report

    # -- seals
    def seals(self) -> None:
        s = t.seal.c
        previous, report = GENESIS, self.report
        at = type_coerce(s.sealed_at, BigInteger).label("at")  # as it stands there: it may be nonsense
        for row in self.connection.execute(select(s.number, at, s.body, s.hash).order_by(s.number)):
            report.seals += 1
            if row.number != report.seals:
                self.fault("seals", report.seals, "A seal is missing.")
                report.seals = row.number
            if link(previous, _bytes(row.body)) != row.hash:
                self.fault("seals", row.number, "The seal's hash does not fit the seal before it and its own content.")
            previous = str(row.hash)
            self.hashes.add(previous)
            try:
                self.seal(row, plain(_bytes(row.body)))
            except (ValueError, KeyError, TypeError, AttributeError):
                self.fault("seals", row.number, "The seal cannot be read.")
        report.head = previous

    def seal(self, row: Any, body: dict[str, Any]) -> None:
        at = datetime.fromisoformat(body["at"])
        if body["number"] != row.number or t.Instant().process_bind_param(at, self.connection.dialect) != row.at:
            self.fault("seals", row.number, "The seal's number or time is not what was sealed.")
        self.report.sealed_at = at
        self.counted[row.number] = body["rows"]
        for chain, seq, hashed in body["heads"]:
            marks = self.marks.setdefault(chain, [])
            if marks and marks[-1].seq >= seq:
                self.fault("seals", row.number, f"The seal names row {seq} of {chain}, which an earlier seal covers.")
                continue
            marks.append(Mark(seq, hashed, row.number))

    # -- chains
    def chains(self) -> Iterator[tuple[str, list[Any]]]:
        h = t.history.c
        chain, rows = None, list[Any]()
        query = select(h.chain, h.seq, h.body, h.hash).order_by(h.chain, h.seq).execution_options(yield_per=2_000)
        for row in self.connection.execute(query):
            if row.chain != chain:
                if chain is not None:
                    yield chain, rows
                chain, rows = row.chain, []
            rows.append(row)
        if chain is not None:
            yield chain, rows

    def portion(self, chains: dict[str, list[Any]]) -> None:
        v, i, u = t.value.c, t.instance.c, t.unsealed.c
        values: dict[str, dict[str, Any]] = {}
        for row in self.connection.execute(select(v.id, v.chain, v.salt, v.body).where(v.chain.in_(chains))):
            values.setdefault(row.chain, {})[row.id] = row
        heads = {row.id: row for row in self.connection.execute(select(i.id, i.seq, i.head).where(i.id.in_(chains)))}
        waiting: dict[str, set[int]] = {}
        for of, seq in self.connection.execute(select(u.chain, u.seq).where(u.chain.in_(chains))):
            waiting.setdefault(of, set()).add(seq)
        for chain, rows in chains.items():
            self.chain(chain, rows, values.get(chain, {}), waiting.get(chain, set()))
            if chain == INSTALLATION or chain.startswith(_READS):
                continue
            head = heads.get(chain)
            if head is None:
                self.fault(chain, 0, "The chain's rows are there, but its instance is gone.")
            elif (head.seq, head.head) != (rows[-1].seq, rows[-1].hash):
                self.fault(chain, head.seq, "The instance's last row is not the last row of its history.")

    def chain(self, chain: str, rows: list[Any], values: dict[str, Any], waiting: set[int]) -> None:
        report, marks = self.report, iter(self.marks.pop(chain, ()))
        report.chains += 1
        report.rows += len(rows)
        erased = _erased(rows)
        mark, previous = next(marks, None), GENESIS
        for expected, row in enumerate(rows, 1):
            while mark is not None and mark.seq < row.seq:
                mark = next(marks, None)
            if row.seq != expected:
                self.fault(chain, expected, f"Row {expected} should be here; row {row.seq} is.")
            if link(previous, _bytes(row.body)) != row.hash:
                self.fault(chain, row.seq, "The row's hash does not fit the row before it and its own content.")
            self.sealed(chain, row.seq, row.hash, mark, waiting)
            self.content(chain, row, values, erased)
            previous = str(row.hash)
        last = mark if mark is not None and mark.seq > rows[-1].seq else None
        for last in marks:  # noqa: B007 - the last one is wanted
            pass
        if last is not None and last.seq > rows[-1].seq:
            self.fault(chain, rows[-1].seq + 1, f"The seals name row {last.seq}; the rows from here on are gone.")
        for seq in sorted(waiting):
            self.fault(chain, seq, f"Row {seq} waits for a seal, and is gone.")
        for left in values:
            self.fault(chain, 0, f"The value {left} belongs to no row.")

    def sealed(self, chain: str, seq: int, hashed: str, mark: Mark | None, waiting: set[int]) -> None:
        """Hold a row against the seal that covers it, or against the list of what waits for one; what is left on it has no row."""
        listed = seq in waiting
        waiting.discard(seq)
        if mark is None:
            self.report.unsealed += 1
            if not listed:
                told = "The seal that covered it is gone, or the row was added by other means."
                self.fault(chain, seq, f"The row is neither sealed nor waiting for a seal. {told}")
            return
        self.report.sealed += 1
        self.covered[mark.seal] = self.covered.get(mark.seal, 0) + 1
        if listed:
            self.fault(chain, seq, f"The row is said to wait for a seal, but seal {mark.seal} covers it.")
        if mark.seq == seq and mark.hash != hashed:
            self.fault(chain, seq, "The row's hash is not the one that was sealed.")

    def content(self, chain: str, row: Any, values: dict[str, Any], erased: set[str]) -> None:
        try:
            body = plain(_bytes(row.body))
            place, (value_id, expected) = body["n"], body.get("v") or ("", "")
        except (ValueError, KeyError, TypeError, AttributeError):
            self.fault(chain, row.seq, "The row cannot be read.")
            return
        if place != f"{chain}/{row.seq}":
            self.fault(chain, row.seq, f"The row was written as {place}.")
        if not value_id:
            return
        value = values.pop(value_id, None)
        if value_id in erased:
            self.report.erased += 1
            if value is None:
                self.fault(chain, row.seq, f"The value {value_id} was erased, and nothing is left of it; its empty row should be.")
            elif value.body is not None or value.salt:
                self.fault(chain, row.seq, f"The value {value_id} was erased, and is there again.")
        elif value is None or value.body is None:
            self.fault(chain, row.seq, f"The value {value_id} is gone, and no erasure names it.")
        elif digest(_bytes(value.salt), _bytes(value.body)) != expected:
            self.fault(chain, row.seq, f"The value {value_id} is not what was recorded.")

    def left_over(self) -> None:
        """What belongs to a chain that has no rows at all."""
        h, v, i, u = t.history.c, t.value.c, t.instance.c, t.unsealed.c
        for chain, seq in self.connection.execute(select(u.chain, u.seq).where(~exists().where(h.chain == u.chain)).order_by(*u)):
            self.fault(chain, seq, f"Row {seq} waits for a seal, and is gone.")
        orphans = select(v.id, v.chain).where(~exists().where(h.chain == v.chain)).order_by(v.id)
        for row in self.connection.execute(orphans):
            self.fault(row.chain, 0, f"The value {row.id} belongs to no row.")
        empty = select(i.id, i.seq).where(~exists().where(h.chain == i.id)).order_by(i.id)
        for row in self.connection.execute(empty):
            self.fault(row.id, row.seq, "The instance's last row is not the last row of its history: it has none.")


def _erased(rows: list[Any]) -> set[str]:
    """The ids of all values that erasures in this chain name."""
    found: set[str] = set()
    for row in rows:
        body = _bytes(row.body)
        if b'"erased"' not in body:
            continue
        try:
            for kind, _, _, *rest in plain(body)["e"]:
                if kind == "erased" and rest:
                    found.update(rest[0].get("value_ids", []))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # `content` says that this row cannot be read
    return found


def _portions(chains: Iterator[tuple[str, list[Any]]]) -> Iterator[list[tuple[str, list[Any]]]]:
    portion: list[tuple[str, list[Any]]] = []
    for item in chains:
        portion.append(item)
        if len(portion) == CHAINS_AT_ONCE:
            yield portion
            portion = []
    if portion:
        yield portion


def _bytes(body: Any) -> bytes:
    """Bytes, whatever somebody has put there: SQLite takes anything in any column."""
    return bytes(body) if isinstance(body, bytes | bytearray | memoryview) else str(body).encode()

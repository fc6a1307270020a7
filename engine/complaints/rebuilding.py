"""Rebuild rows of the register from what instances and their history still hold, where something has emptied them.

A row is kept in step by every command; this is for rows that an earlier version of amends has left wrong. It may be stopped at any time and
begun again: each complaint is a transaction of its own, and one that is right already costs a look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select, update

from amends.engine import history
from amends.engine.complaints.projection import columns
from amends.engine.history import Entry
from amends.engine.instances import queries
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.complaints.register import Register

PORTION = 500
"""So many complaints are read at once."""
C = t.complaint.c
COLUMNS = (C.subject, C.complainant_name, C.email, C.product, C.category, C.priority, C.severity, C.outcome)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A complaint that was looked at, and the names of the columns that were (or would be) written."""

    reference: str
    written: tuple[str, ...]


class Rebuilding:
    """Looks at the rows of a register, in the order in which their instances began."""

    def __init__(self, register: Register) -> None:
        self.engine = register.engine
        self.register = register

    def count(self, after: str | None = None) -> int:
        """How many complaints there are to look at. Raises `NotFound` for a reference that there is not."""
        return sum(1 for _ in self._rows(self._begin(after)))

    def run(self, *, actor: str, after: str | None = None, dry: bool = False) -> Iterator[Rebuilt]:
        """Rebuild every row, or those after a reference; with `dry` nothing is written. Raises `NotFound`.

        While a complaint is open its row becomes what its process says. Of one that has ended only what is empty is filled, as far as
        the history still tells it: nothing that somebody can read now is lost, and what was erased stays so. That it was done, and for
        how many, is in the installation's history, also where it was stopped.
        """
        looked = written = 0
        try:
            for instance_id, reference in self._rows(self._begin(after)):
                names = self._one(instance_id, dry)
                looked, written = looked + 1, written + bool(names)
                yield Rebuilt(reference, names)
        finally:
            if written and not dry:
                self.engine.record("rebuild", actor, [Entry("register rebuilt", "", 0, {"looked at": looked, "written": written})])

    def _begin(self, after: str | None) -> str:
        return "" if after is None else self.register.get(after).instance_id

    def _rows(self, after: str) -> Iterator[tuple[str, str]]:
        query = select(C.instance_id, C.reference).order_by(C.instance_id).limit(PORTION)
        while True:
            with self.engine.database.reading() as connection:
                rows = connection.execute(query.where(C.instance_id > after)).all()
            yield from ((row.instance_id, row.reference) for row in rows)
            if len(rows) < PORTION:
                return
            after = rows[-1].instance_id

    def _one(self, instance_id: str, dry: bool) -> tuple[str, ...]:
        if dry:
            with self.engine.database.reading() as connection:
                return tuple(self._wrong(connection, instance_id))
        with self.engine.database.transaction() as connection:
            # No command changes it meanwhile: a command takes the same row first.
            connection.execute(select(t.instance.c.version).where(t.instance.c.id == instance_id).with_for_update(key_share=True))
            wrong = self._wrong(connection, instance_id)
            if wrong:
                connection.execute(update(t.complaint).where(C.instance_id == instance_id).values(**wrong))
        return tuple(wrong)

    def _wrong(self, connection: Connection, instance_id: str) -> dict[str, str]:
        """The columns that are to be written, with what they are to hold."""
        row: Any = connection.execute(select(*COLUMNS).where(C.instance_id == instance_id)).one()
        now = {name: value or "" for name, value in row._mapping.items()}
        ended = connection.execute(select(t.instance.c.ended_at).where(t.instance.c.id == instance_id)).scalar() is not None
        if ended and all(now.values()):
            return {}
        told = columns(queries.instance(connection, self.engine.versions, instance_id).variables)
        if not ended:
            return {name: value for name, value in told.items() if value != now[name]}
        missing = {name: value for name, value in told.items() if value and not now[name]}
        if missing and any(event.kind == "erased" for event in history.events(connection, instance_id)):
            return {}
        return missing

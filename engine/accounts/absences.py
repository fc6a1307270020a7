"""Who is away, who does their work meanwhile, and how much is a full desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, insert, select, update
from uuid_utils import uuid7

from amends.engine.errors import Invalid, NotFound
from amends.engine.store import Database
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed

if TYPE_CHECKING:
    from amends.engine.accounts.accounts import Accounts

CAPACITY: Final = 20
"""How many open tasks are a full desk, where nothing else is said of somebody."""
_A, _NOW = t.account_absence.c, bindparam("now", type_=t.account_absence.c.ends_at.type)
_COVERED = Fixed(select(_A.account_id).where(_A.cover_id == bindparam("id"), _A.begins_at <= _NOW, _A.ends_at > _NOW))


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody (an actor) is away from one instant to another; `cover` does their work meanwhile, or nobody does (None)."""

    id: str
    actor: str
    cover: str | None
    begins_at: datetime
    ends_at: datetime


class Absences:
    """The absences and capacities of all accounts. `record` writes into the history."""

    def __init__(self, accounts: Accounts, database: Database, now: Callable[[], datetime], record: Callable[..., None]) -> None:
        self._accounts, self._database, self._now, self._record = accounts, database, now, record

    def add(self, id: str, begins_at: datetime, ends_at: datetime, cover: str | None, *, actor: str) -> Absence:
        """Note that an account is away. Raises `Invalid` for an end before the beginning or a cover that cannot be one."""
        if ends_at <= begins_at:
            raise Invalid("An absence ends after it begins.", {"ends": ["Enter a day that is not before the first one"]})
        if cover == id:
            raise Invalid("Nobody covers for themselves.", {"cover": ["Choose somebody else"]})
        if cover is not None and not self._accounts.get(cover).active:
            raise Invalid("Who covers has to be active.", {"cover": ["Choose somebody who can sign in"]})
        self._accounts.get(id)
        row = {"id": uuid7().hex, "account_id": id, "cover_id": cover, "begins_at": begins_at, "ends_at": ends_at}
        with self._database.transaction() as connection:
            connection.execute(insert(t.account_absence), row)
            self._record(actor, id, "away", begins=begins_at.isoformat(), ends=ends_at.isoformat(), cover=cover)
        return Absence(str(row["id"]), f"account:{id}", None if cover is None else f"account:{cover}", begins_at, ends_at)

    def remove(self, id: str, absence_id: str, *, actor: str) -> None:
        """Take an absence back, or end it: they are here. Raises `NotFound`."""
        a = t.account_absence.c
        with self._database.transaction() as connection:
            if not connection.execute(delete(t.account_absence).where(a.id == absence_id, a.account_id == id)).rowcount:
                raise NotFound("This absence is over or was taken back already; nothing was changed.")
            self._record(actor, id, "here again")

    def coming(self, id: str | None = None) -> list[Absence]:
        """Absences that are not over, of an account or of all, the next first."""
        a = t.account_absence.c
        query = select(a.id, a.account_id, a.cover_id, a.begins_at, a.ends_at).where(a.ends_at > self._now())
        if id is not None:
            query = query.where(a.account_id == id)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(a.begins_at, a.id)).all()
        return [Absence(row.id, f"account:{row.account_id}", row.cover_id and f"account:{row.cover_id}", *row[3:]) for row in rows]

    def covered_by(self, id: str) -> set[str]:
        """The actors whose work an account does now, because they are away."""

        def ask() -> frozenset[str]:
            with self._database.reading() as connection:
                return frozenset(f"account:{row.account_id}" for row in _COVERED.all(connection, {"id": id, "now": self._now()}))

        return set(self._database.remembered(("covered", id), ask))

    def set_capacity(self, id: str, capacity: int | None, *, actor: str) -> None:
        """How many open tasks are a full desk for somebody; None: as for everybody. Raises `Invalid`."""
        if capacity is not None and not 0 <= capacity <= 1_000:
            raise Invalid("A capacity is a number of tasks from 0 to 1,000.", {"capacity": ["Enter a number from 0 to 1,000"]})
        self._accounts.get(id)
        with self._database.transaction() as connection:
            connection.execute(update(t.account).where(t.account.c.id == id).values(capacity=capacity))
            self._record(actor, id, "capacity", capacity=capacity)

    def capacities(self) -> dict[str, int]:
        """Actor → how many open tasks are a full desk."""
        a = t.account.c
        with self._database.reading() as connection:
            rows = connection.execute(select(a.id, a.capacity).where(a.active.is_(True)))
            return {f"account:{row.id}": CAPACITY if row.capacity is None else row.capacity for row in rows}

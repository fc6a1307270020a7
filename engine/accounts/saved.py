"""Lists of the inbox that people keep: what tasks have to be like, in which order, and whether others see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, or_, select
from uuid_utils import uuid7

from amends.engine.errors import Forbidden, Invalid, NotFound
from amends.engine.instances.filters import ORDERS, URGENCY, Filter
from amends.engine.store import Database
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed

LISTS: Final = ("mine", "teams", "all")
MOST: Final = 30
"""How many somebody may keep: they all stand beside the inbox."""
NAME_LENGTH: Final = 60
_S = t.saved_filter.c
_KEPT = Fixed(select(t.saved_filter).where(or_(_S.account_id == bindparam("id"), _S.shared.is_(True))).order_by(_S.name, _S.id))


@dataclass(frozen=True, slots=True)
class Saved:
    """A kept list: one of the three (`list`), narrowed by a filter; `mine` says whether whoever asks made it."""

    id: str
    name: str
    list: str
    filter: Filter
    order: str
    shared: bool
    mine: bool


class SavedFilters:
    """The kept lists of all accounts. `record` writes into the history."""

    def __init__(self, database: Database, now: Callable[[], datetime], record: Callable[..., None]) -> None:
        self._database, self._now, self._record = database, now, record

    def keep(self, account_id: str, name: str, list: str, filter: Filter, order: str = URGENCY, *, shared: bool = False) -> Saved:
        """Keep a list. Raises `Invalid` for a name that is empty, too long, or one too many."""
        name = " ".join(name.split())
        if not name or len(name) > NAME_LENGTH:
            raise Invalid("A list needs a name.", {"name": [f"Enter a name of at most {NAME_LENGTH} characters"]})
        if list not in LISTS or order not in ORDERS:
            raise Invalid("There is no such list or order; choose one of those on the page.")
        s = t.saved_filter.c
        body = json.dumps({"list": list, "order": order, "filter": filter.to_plain()}, sort_keys=True)
        row = {"id": uuid7().hex, "account_id": account_id, "name": name, "body": body, "shared": shared, "made_at": self._now()}
        with self._database.transaction() as connection:
            query = select(func.count()).select_from(t.saved_filter).where(s.account_id == account_id)
            if connection.execute(query).scalar_one() >= MOST:
                raise Invalid(f"You keep {MOST} lists already.", {"name": ["Remove one first"]})
            connection.execute(insert(t.saved_filter), row)
            self._record(f"account:{account_id}", account_id, "list kept", {"name": name}, shared=shared)
        return Saved(str(row["id"]), name, list, filter, order, shared, True)

    def of(self, account_id: str) -> tuple[Saved, ...]:
        """What somebody keeps, and what others share, by name."""
        with self._database.reading() as connection:
            rows = _KEPT.all(connection, {"id": account_id})
        found = []
        for row in rows:
            body = json.loads(row.body)
            kept = Filter.from_plain(body["filter"])
            found.append(Saved(row.id, row.name, body["list"], kept, body["order"], bool(row.shared), row.account_id == account_id))
        return tuple(found)

    def remove(self, account_id: str, id: str) -> None:
        """Keep a list no longer. Raises `NotFound`, and `Forbidden` for somebody else's."""
        found = next((one for one in self.of(account_id) if one.id == id), None)
        if found is None:
            raise NotFound("This list was removed already; nothing was changed.")
        if not found.mine:
            raise Forbidden("This list is somebody else's. Whoever made it can remove it.")
        with self._database.transaction() as connection:
            connection.execute(delete(t.saved_filter).where(t.saved_filter.c.id == id))
            self._record(f"account:{account_id}", account_id, "list removed")

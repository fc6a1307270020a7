"""How long what has ended is kept: personal data as long as its process's setting says, messages until they expire.

The state of an instance goes with its end. Its history's structure stays for good, because a removed chain is what `verify` finds; what
the history holds of people is values apart, and those are erased. It is done some at a time, by whoever runs jobs, and can be repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, delete, exists, select, text
from sqlalchemy.exc import SQLAlchemyError

from amends.engine import history
from amends.engine.api import Engine
from amends.engine.errors import AmendsError
from amends.engine.execution.timers import Span, span
from amends.engine.interventions import ENDED
from amends.engine.store import tables as t

SETTING = "keep_personal_data"
"""The setting that says how long, for all processes of a package; with an underscore and a process's id behind it, for that one."""
FOR_EVER = ("", "for ever")
SYSTEM = "system"
PORTION = 50
"""How many instances are erased in one go: then others have their turn."""
EVERY_SECONDS = 3600.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long a process's personal data is kept after an instance's end: as the setting says it, and since when it has to be gone.

    `until` None: for ever. `problem` says what is wrong with the setting; then it is kept.
    """

    process_id: str
    said: str
    until: datetime | None = None
    problem: str = ""


class Keeper:
    """Erases what is due, and forgets messages that nobody came for."""

    def __init__(self, engine: Engine, chores: Sequence[Callable[[], object]] = ()) -> None:
        """`chores` are what else is let go of, called once an hour."""
        self.engine, self.chores = engine, chores
        self._done: dict[str, datetime] = {}
        self._again = 0.0

    def tidy(self) -> None:
        """Seal; once an hour, and at once again while there is more, also let go of what is not to be kept."""
        self.engine.seal()
        if time.monotonic() >= self._again:
            self.forget_messages()
            for chore in self.chores:
                chore()
            if self.erase_due(PORTION) < PORTION:
                self._again = time.monotonic() + EVERY_SECONDS

    # -- personal data
    def periods(self) -> list[Keeping]:
        """Every process that is deployed, and how long its personal data is kept, as its latest version and the installation say."""
        p = t.process_definition.c
        with self.engine.database.reading() as connection:
            ids = connection.execute(select(p.process_id).where(p.executable.is_(True)).distinct().order_by(p.process_id)).scalars().all()
        return [self._period(process_id) for process_id in ids]

    def _period(self, process_id: str) -> Keeping:
        settings: Mapping[str, Any] = self.engine.versions.latest(process_id).settings
        said = str(settings.get(f"{SETTING}_{process_id}", settings.get(SETTING, ""))).strip()
        if said.lower() in FOR_EVER:
            return Keeping(process_id, FOR_EVER[1])
        try:
            kept = span(said, f"setting {SETTING}")
            return Keeping(process_id, said, Span(-kept.months, -kept.rest).after(self.engine.now()))
        except AmendsError as error:
            return Keeping(process_id, said, problem=f"{error} Personal data of {process_id} is kept until it is put right.")

    def due(self, keeping: Keeping, limit: int) -> list[str]:
        """Instances whose personal data is to go, those that ended first first."""
        if keeping.until is None:
            return []
        i, v = t.instance.c, t.value.c
        holds = exists().where(v.chain == i.id, v.body.is_not(None))
        where = [i.process_id == keeping.process_id, i.state.in_(ENDED), i.ended_at <= keeping.until]
        if keeping.process_id in self._done:
            where.append(i.ended_at > self._done[keeping.process_id])
        with self.engine.database.reading() as connection:
            return list(connection.execute(select(i.id).where(*where, holds).order_by(i.ended_at, i.id).limit(limit)).scalars())

    def erase_due(self, most: int) -> int:
        """Erase what is due, at most so many instances; how many. Each is an erasure of its own, in its history with the reason."""
        erased = 0
        for keeping in self.periods():
            if keeping.problem:
                log.error("retention setting cannot be read", process=keeping.process_id)
            found = self.due(keeping, most - erased)
            for instance_id in found:
                try:
                    self.engine.erase(instance_id, reason=f"kept for {keeping.said} after its end, as the settings say", actor=SYSTEM)
                except AmendsError as error:
                    log.warning("instance could not be erased", instance=instance_id, error=type(error).__name__)
                    continue
                erased += 1
            if keeping.until is not None and not found:
                # Nothing that ended before is left: the next look begins there.
                self._done[keeping.process_id] = keeping.until
            if erased >= most:
                break
        return erased

    # -- messages
    def forget_messages(self) -> int:
        """Remove messages that were kept for somebody who did not come in time; how many. Their names are in the installation's history."""
        b = t.buffered_message.c
        now = self.engine.now()
        with self.engine.database.reading() as connection:
            if connection.execute(select(b.id).where(b.expires_at < now).limit(1)).first() is None:
                return 0
        with self.engine.database.transaction() as connection:
            gone = connection.execute(delete(t.buffered_message).where(b.expires_at < now).returning(b.name)).scalars().all()
            counted = {name: list(gone).count(name) for name in sorted(set(gone))}
            entries = [history.Entry("expired", name, 0, {"messages": many}) for name, many in counted.items()]
            if entries:
                self.engine.record("expire", SYSTEM, entries)
        return len(gone)


def sizes(connection: Connection) -> dict[str, int]:
    """How many bytes each table takes with its indexes, the largest first; `total` is all of the database."""
    if connection.dialect.name == "postgresql":
        total = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        query = "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        found = {str(name): int(size) for name, size in connection.execute(text(query))}
    else:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one() * connection.execute(text("PRAGMA page_size")).scalar_one()
        total, found = pages, _sqlite_sizes(connection)
    ours = {name: size for name, size in found.items() if name in t.metadata.tables}
    return {"total": int(total), **dict(sorted(ours.items(), key=lambda item: (-item[1], item[0])))}


def _sqlite_sizes(connection: Connection) -> dict[str, int]:
    """By SQLite's own statistics, where it was built with them; otherwise nothing."""
    query = "SELECT m.tbl_name, SUM(s.pgsize) FROM dbstat AS s JOIN sqlite_master AS m ON m.name = s.name"
    query += " WHERE s.aggregate GROUP BY m.tbl_name"
    try:
        return {str(name): int(size) for name, size in connection.execute(text(query))}
    except SQLAlchemyError:
        return {}

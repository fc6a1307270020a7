"""Whether this process should be given work: the database answers, its schema is ours, and what is due is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import text

from amends.engine.api import Engine
from amends.engine.store import Database
from amends.engine.store.migrate import HEAD
from amends.engine.store.outages import OUTAGES


class Runner(Protocol):
    """The embedded runner, as far as one asks after it."""

    @property
    def started(self) -> bool: ...

    @property
    def alive(self) -> bool: ...

    @property
    def age(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Readiness:
    """`ready`, and what was found.

    `database` and `schema` are "ok" or say why not; `runner` is running, elsewhere or stopped; `round_age` is in seconds.
    """

    ready: bool
    database: str
    schema: str
    runner: str
    round_age: float | None

    def to_plain(self) -> dict[str, Any]:
        """For the answer."""
        checks = {"database": self.database, "schema": self.schema, "runner": self.runner, "last_round_seconds_ago": self.round_age}
        return {"status": "ready" if self.ready else "not ready", **checks}


def readiness(engine: Engine, runner: Runner) -> Readiness:
    """Look. A runner that was started and has died makes it not ready; one that is busy for long does not."""
    database, revision = reach(engine.database)
    schema = "ok" if revision == HEAD else "unknown" if database != "ok" else f"is {revision or 'none'}, this amends needs {HEAD}"
    state = "elsewhere" if not runner.started else "running" if runner.alive else "stopped"
    age = None if runner.age is None else round(runner.age, 1)
    return Readiness(database == "ok" and schema == "ok" and state != "stopped", database, schema, state, age)


def reach(database: Database) -> tuple[str, str]:
    """ "ok" or why the database cannot be reached, and the revision of its schema (empty: it has none)."""
    try:
        with database.sql.connect() as connection:
            if not database.sql.dialect.has_table(connection, "alembic_version"):
                return "ok", ""
            row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
            return "ok", "" if row is None else str(row[0])
    except OUTAGES as error:
        return f"cannot be reached ({type(error).__name__})", ""

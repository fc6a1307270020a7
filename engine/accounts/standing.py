"""What somebody belongs to and was trained for: teams and competences, as rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select

from amends.engine.store import Database
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed

_C = t.account_competence.c
_COMPETENCES = Fixed(
    select(_C.competence, _C.training, _C.noted_at, _C.valid_until).where(_C.account_id == bindparam("id")).order_by(_C.competence)
)
_TEAMS = Fixed(select(t.account_team.c.team).where(t.account_team.c.account_id == bindparam("id")))


@dataclass(frozen=True, slots=True)
class Competence:
    """Something somebody was trained for (ISO 10002, 4.14). `training` says in words what it rests on; `valid_until` None: for good."""

    competence: str
    training: str
    noted_at: datetime
    valid_until: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.valid_until is None or now < self.valid_until


def teams(database: Database, id: str) -> set[str]:
    """The teams of an account."""

    def ask() -> frozenset[str]:
        with database.reading() as connection:
            return frozenset(row.team for row in _TEAMS.all(connection, {"id": id}))

    return set(database.remembered(("teams", id), ask))


def put_teams(connection: Connection, id: str, wanted: Iterable[str]) -> None:
    """Let an account be in exactly these teams."""
    connection.execute(delete(t.account_team).where(t.account_team.c.account_id == id))
    rows = [{"account_id": id, "team": team} for team in sorted(wanted)]
    if rows:
        connection.execute(insert(t.account_team), rows)


def competences(database: Database, id: str) -> list[Competence]:
    """The competences of an account, by name."""
    with database.reading() as connection:
        return [Competence(*row) for row in _COMPETENCES.all(connection, {"id": id})]


def put_competence(connection: Connection, id: str, held: Competence) -> None:
    """Note a competence, in place of what was noted of it before."""
    drop_competence(connection, id, held.competence)
    connection.execute(insert(t.account_competence), {"account_id": id, **asdict(held)})


def drop_competence(connection: Connection, id: str, competence: str) -> bool:
    """Take a competence back; whether it was there."""
    c = t.account_competence.c
    return connection.execute(delete(t.account_competence).where(c.account_id == id, c.competence == competence)).rowcount == 1

"""What stands between the people who work here and a complaint (ISO 10002, 4.7 and 4.10): noted, and kept up in every command.

Somebody who is complained about, or has a conflict of interest, may have nothing to do with a complaint; its work is taken from
them in the same transaction. A complaint may be one team's, and be marked as confidential; people can be admitted by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from amends.engine.complaints.records import Complaint
from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.execution import Note
from amends.engine.instances.commands import Work
from amends.engine.instances.independence import take_away
from amends.engine.store import tables as t

if TYPE_CHECKING:
    from amends.engine.api import Engine

INVOLVED: Final = "involved_staff"
"""The variable by which a form says which accounts a complaint is about."""
ACCOUNT: Final = "account:"
AGAINST: Final = ("involved", "conflict")
PARTS: Final = (*AGAINST, "admitted")


@dataclass(frozen=True, slots=True)
class PersonNoted:
    """Somebody's part in a complaint: involved (it is about them), conflict (of interest), or admitted to it."""

    actor: str
    part: str
    noted_at: datetime
    noted_by: str


class People:
    """Notes people's parts in complaints; asks the engine's policy first."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.commands.guards.append(self.guard)

    def of(self, complaint: Complaint) -> list[PersonNoted]:
        """Everybody whose part was noted, oldest first."""
        p = t.complaint_person.c
        query = select(p.account_id, p.part, p.noted_at, p.noted_by).where(p.instance_id == complaint.instance_id)
        with self.engine.database.reading() as connection:
            rows = connection.execute(query.order_by(p.noted_at, p.account_id, p.part)).all()
        return [PersonNoted(f"{ACCOUNT}{row.account_id}", *row[1:]) for row in rows]

    def declare(self, complaint: Complaint, *, actor: str, reason: str = "") -> None:
        """Somebody says of themselves that they have a conflict of interest: from now on they have nothing to do with it."""
        self.engine.authorise(actor, "declare", instance_id=complaint.instance_id, account_id=actor.removeprefix(ACCOUNT))
        self._note(complaint, actor, "conflict", actor, reason)

    def note(self, complaint: Complaint, person: str, part: str, *, actor: str, reason: str = "") -> None:
        """Note a part of `person` (an actor). Raises `Invalid` for what is no part, `NotFound` for no account."""
        self.engine.authorise(actor, "restrict", instance_id=complaint.instance_id)
        if part not in PARTS:
            raise Invalid(f"{part!r} is no part of a person in a complaint; choose one of {', '.join(PARTS)}.")
        self._note(complaint, person, part, actor, reason)

    def _note(self, complaint: Complaint, person: str, part: str, actor: str, reason: str) -> None:
        with self.engine.commands.on(complaint.instance_id, "person", actor, ended_too=True) as work:
            if not _accounts(work.connection, [person]):
                raise NotFound(f"There is no account {person!r}.")
            _put(work.connection, complaint.instance_id, [person], part, actor, self.engine.now())
            values = {"reason": reason.strip()} if reason.strip() else None
            work.execution.notes.append(Note("person noted", "", 0, {"person": person, "part": part}, values))

    def withdraw(self, complaint: Complaint, person: str, part: str, *, actor: str, reason: str = "") -> None:
        """Take a note back. Raises `NotFound` where there is none."""
        self.engine.authorise(actor, "restrict", instance_id=complaint.instance_id)
        p, id = t.complaint_person.c, person.removeprefix(ACCOUNT)
        with self.engine.commands.on(complaint.instance_id, "person", actor, ended_too=True) as work:
            where = (p.instance_id == complaint.instance_id, p.account_id == id, p.part == part)
            if not work.connection.execute(delete(t.complaint_person).where(*where)).rowcount:
                raise NotFound("That is not noted any more; nothing was changed.")
            values = {"reason": reason.strip()} if reason.strip() else None
            work.execution.notes.append(Note("person withdrawn", "", 0, {"person": person, "part": part}, values))

    def mark(self, complaint: Complaint, *, confidential: bool, actor: str) -> None:
        """Mark a complaint as confidential, or take the mark off. A process reads it as the variable `confidential`."""
        self._change(complaint, actor, "confidential", confidential)

    def give_to_team(self, complaint: Complaint, team: str, *, actor: str) -> None:
        """Make a complaint a team's, or with the empty text everybody's. A process reads it as the variable `team`.

        Raises `Conflict` for a team nobody is in, unless it is that team's already: nobody could see it any more.
        """
        name = " ".join(team.split())[:80]
        with self.engine.database.reading() as connection:
            known = connection.execute(select(t.account_team.c.team).where(t.account_team.c.team == name).limit(1)).first()
        if name and known is None and name != complaint.team:
            raise Conflict(f"Nobody is in a team {name!r}. An administrator can put people into it; nothing was changed.")
        self._change(complaint, actor, "team", name)

    def _change(self, complaint: Complaint, actor: str, name: str, value: Any) -> None:
        self.engine.authorise(actor, "restrict", instance_id=complaint.instance_id)
        with self.engine.commands.on(complaint.instance_id, name, actor, ended_too=True) as work:
            where = t.complaint.c.instance_id == complaint.instance_id
            work.connection.execute(update(t.complaint).where(where).values({name: value}))
            if work.state not in ("completed", "terminated"):
                work.execution.assign(name, value)
            work.execution.notes.append(Note(name, "", 0, {"to": value}))

    def guard(self, work: Work, actor: str) -> None:
        """Note whom a form says a complaint is about, and take tasks from who may have nothing to do with it."""
        named = [one for note in work.execution.notes if note.values for one in _named(note.values.get(INVOLVED))]
        if named:
            _put(work.connection, work.id, _accounts(work.connection, named), "involved", actor, self.engine.now())
        held = [token for token in work.execution.all_tokens() if _holder(token)]
        if not held:
            return
        p, ids = t.complaint_person.c, {_holder(token) for token in held}
        query = select(p.account_id).where(p.instance_id == work.id, p.part.in_(AGAINST), p.account_id.in_(ids))
        kept_away = set(work.connection.execute(query).scalars())
        for token in held:
            if _holder(token) in kept_away:
                take_away(work.execution, token, "conflict of interest")


def _holder(token: Any) -> str:
    """The account that has a user task; empty for anything else."""
    wait = token.wait or {}
    holder = str(wait.get("assignee") or "") if wait.get("kind") == "user" else ""
    return holder.removeprefix(ACCOUNT) if holder.startswith(ACCOUNT) else ""


def _named(value: Any) -> list[str]:
    """The actors a form's field names: a list from a picker; free text of older forms names nobody."""
    return [one for one in value if isinstance(one, str) and one.startswith(ACCOUNT)] if isinstance(value, list) else []


def _accounts(connection: Connection, actors: Iterable[str]) -> list[str]:
    """Those of these actors that are accounts."""
    ids = [actor.removeprefix(ACCOUNT) for actor in actors if actor.startswith(ACCOUNT)]
    found = connection.execute(select(t.account.c.id).where(t.account.c.id.in_(ids)).order_by(t.account.c.id)).scalars()
    return [f"{ACCOUNT}{id}" for id in found]


def _put(connection: Connection, instance_id: str, actors: Iterable[str], part: str, by: str, at: datetime) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    rows = [
        {"instance_id": instance_id, "account_id": one.removeprefix(ACCOUNT), "part": part, "noted_at": at, "noted_by": by}
        for one in dict.fromkeys(actors)
    ]
    if rows:
        connection.execute(dialect.insert(t.complaint_person).on_conflict_do_nothing(), rows)

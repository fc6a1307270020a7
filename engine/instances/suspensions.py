"""What rests as a whole: a process (all of it, or one version), or one operation while its server is down.

A process that rests takes what is filed all the same: a new instance comes as far as its first waits and rests there, so that
nothing is lost and nothing leaves. Jobs of an operation that rests wait, whatever instance they are of, and count no attempt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, or_, select, update
from uuid_utils import uuid7

from amends.engine.errors import Conflict
from amends.engine.store import tables as t

PROCESS, OPERATION = "process", "operation"
_S = t.suspension.c


@dataclass(frozen=True, slots=True)
class Suspension:
    """What rests: `kind` process or operation, its `name`, of a process the version (empty: all); by whom, why and since when."""

    kind: str
    name: str
    deployment_id: str
    id: str
    actor: str
    reason: str
    since: datetime


def every(connection: Connection) -> list[Suspension]:
    """All that rest, the longest first."""
    columns = (_S.kind, _S.name, _S.deployment_id, _S.id, _S.actor, _S.reason, _S.since)
    return [Suspension(*row) for row in connection.execute(select(*columns).order_by(_S.since, _S.id))]


def begin(connection: Connection, kind: str, name: str, deployment_id: str, *, actor: str, reason: str, now: datetime) -> Suspension:
    """Let something rest; `Conflict` says who has done it before."""
    alike = (one for one in every(connection) if (one.kind, one.name) == (kind, name) and one.deployment_id in ("", deployment_id))
    found = next(alike, None)
    if found is not None:
        raise Conflict(f"The {kind} {name!r} is suspended already. Nothing was changed.", found.actor, found.since)
    begun = Suspension(kind, name, deployment_id, uuid7().hex, actor, reason, now)
    connection.execute(insert(t.suspension), {name: getattr(begun, name) for name in Suspension.__slots__})
    return begun


def end(connection: Connection, kind: str, name: str, deployment_id: str) -> Suspension:
    """Let it go on; `Conflict` where it does not rest."""
    mine = (_S.kind == kind, _S.name == name, _S.deployment_id == deployment_id)
    found = next((one for one in every(connection) if (one.kind, one.name, one.deployment_id) == (kind, name, deployment_id)), None)
    if found is None or connection.execute(delete(t.suspension).where(*mine)).rowcount == 0:
        raise Conflict(f"The {kind} {name!r} is not suspended. Nothing was changed.")
    return found


def hold_jobs(connection: Connection, type_name: str) -> int:
    """Take the jobs of an operation out of the runners' sight; how many."""
    j = t.job.c
    mine = (j.kind == "service", j.type == type_name, j.state == "due", j.held.is_(False))
    return connection.execute(update(t.job).where(*mine).values(held=True)).rowcount


def release_jobs(connection: Connection, type_name: str) -> int:
    """Put them back, but for those whose instance rests as well; how many."""
    j, i = t.job.c, t.instance.c
    rests = exists().where(i.id == j.instance_id, or_(i.held.is_(True), i.state == "suspended"))
    mine = (j.kind == "service", j.type == type_name, j.held.is_(True), ~rests)
    return connection.execute(update(t.job).where(*mine).values(held=False)).rowcount


def operation_rests(type_name: str) -> ColumnElement[bool]:
    """Whether an operation rests, as a condition of a statement."""
    return exists().where(_S.kind == OPERATION, _S.name == type_name)


def rest_with_operation(connection: Connection, job_id: str, type_name: str) -> bool:
    """Keep a job of an operation that rests out of sight; whether it does.

    Who lets the operation go on waits for this, or this for them: no job is held after it has been let go.
    """
    mine = select(_S.id).where(_S.kind == OPERATION, _S.name == type_name).with_for_update(read=True)
    if connection.execute(mine).first() is None:
        return False
    connection.execute(update(t.job).where(t.job.c.id == job_id, t.job.c.state == "due").values(held=True, lease_until=None))
    return True

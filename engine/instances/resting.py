"""Let instances rest and go on: one, or all of a process, some at a time by a job that anybody can finish."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, or_, select, update
from uuid_utils import uuid7

from amends.engine.errors import Conflict, Invalid, NotFound
from amends.engine.execution.values import decode, encode
from amends.engine.instances.commands import Commands
from amends.engine.instances.schedules import FOREVER
from amends.engine.instances.suspensions import Suspension
from amends.engine.store import tables as t

RESTING = "resting"
"""The kind of job that lets the instances of a process rest or go on."""
LOOK_AGAIN = timedelta(minutes=1)
"""After which a process that rests, or goes on, is looked over once more; no start takes as long as that."""
LET_GO = "-"
"""Before the suspension that an instance no longer rests by."""
PORTION = 100
"""How many instances one run of such a job takes: then others have their turn."""


def suspend(commands: Commands, instance_id: str, *, reason: str, actor: str, by: str | None = None) -> None:
    """Let an instance rest; `by` is the suspension of its process that it rests by. `Conflict` if it rests or has ended."""
    said(reason)
    with commands.on(instance_id, "suspend", actor) as work:
        work.state = "suspended"
        work.connection.execute(update(t.job).where(t.job.c.instance_id == instance_id).values(held=True))
        _rests_by(work.connection, instance_id, by)
        work.execution.note("suspended", work.process_id, None, {"reason": reason})


def resume(commands: Commands, instance_id: str, *, reason: str, actor: str) -> None:
    """Let a suspended instance go on: what fell due meanwhile runs now, messages that were kept for it reach it."""
    said(reason)
    i = t.instance.c
    with commands.on(instance_id, "resume", actor, suspended_too=True) as work:
        if work.state != "suspended":
            raise Conflict(f"The instance {instance_id} is not suspended; nothing was changed.")
        by = work.connection.execute(select(i.rests_by).where(i.id == instance_id)).scalar()
        work.state, work.listens_again = "active", True
        work.connection.execute(update(t.job).where(t.job.c.instance_id == instance_id).values(held=work.held))
        # A process that rests is looked over once more: what somebody let go on by itself is not laid to rest again.
        _rests_by(work.connection, instance_id, f"{LET_GO}{by}" if by else None)
        work.execution.note("resumed", work.process_id, None, {"reason": reason})
        commands.database.after_commit(commands.wake)


def said(reason: str) -> None:
    """Refuse an intervention without a reason."""
    if not reason.strip():
        raise Invalid("Say why: auditors read the reason.", {"reason": ["Say why; auditors read this"]})


def _rests_by(connection: Connection, instance_id: str, by: str | None) -> None:
    connection.execute(update(t.instance).where(t.instance.c.id == instance_id).values(rests_by=by))


# -- all of a process
def plan(connection: Connection, do: str, suspension: Suspension, *, actor: str, reason: str, now: Any) -> str:
    """Write the job that lets all instances of a process rest (`do` suspend) or go on (resume); its id."""
    body = {
        "do": do, "id": suspension.id, "process": suspension.name, "deployment": suspension.deployment_id, "actor": actor,
        "reason": reason, "after": "",
    }  # fmt: skip
    job_id = uuid7().hex
    row = {"id": job_id, "token": 0, "element_id": suspension.name, "kind": RESTING, "type": suspension.name, "body": encode(body)}
    connection.execute(insert(t.job), {**row, "due_at": now, "state": "due", "held": False, "attempts": 0, "retries": FOREVER})
    return job_id


def carry_on(commands: Commands, job_id: str) -> int | None:
    """Take the next instances of such a job, each in a transaction of its own; how many there were, None once it is over.

    Whoever was killed in the middle of it has lost nothing: what rests already is passed over.
    """
    with commands.database.reading() as connection:
        body = connection.execute(select(t.job.c.body).where(t.job.c.id == job_id)).scalar()
        if body is None:
            return None
        task = decode(bytes(body))
        ids = _next(connection, task)
    for instance_id in ids:
        try:
            if task["do"] == "suspend":
                suspend(commands, instance_id, reason=task["reason"], actor=task["actor"], by=task["id"])
            else:
                resume(commands, instance_id, reason=task["reason"], actor=task["actor"])
        except (Conflict, NotFound):
            continue  # it ended, or somebody was faster: then it is as it is to be
    with commands.database.transaction() as connection:
        if ids:
            connection.execute(update(t.job).where(t.job.c.id == job_id).values(body=encode({**task, "after": ids[-1]})))
        elif "again" not in task and not commands.database.sqlite:
            # A start, or a portion of the other kind, that had looked before this began and is committed after it would be missed.
            later = {"body": encode({**task, "after": "", "again": True}), "due_at": commands.now() + LOOK_AGAIN}
            connection.execute(update(t.job).where(t.job.c.id == job_id).values(**later))
        else:
            connection.execute(delete(t.job).where(t.job.c.id == job_id))
    return len(ids) or None


def _next(connection: Connection, task: dict[str, Any]) -> list[str]:
    i = t.instance.c
    query = select(i.id).where(i.process_id == task["process"], i.id > task["after"])
    if task["do"] == "resume":
        query = query.where(i.state == "suspended", i.rests_by == task["id"])
    else:
        # Once the process goes on, nothing more of it is to rest.
        query = query.where(or_(i.rests_by.is_(None), i.rests_by != f"{LET_GO}{task['id']}"))
        query = query.where(i.state.in_(("active", "incident")), exists().where(t.suspension.c.id == task["id"]))
        query = query.where(i.deployment_id == task["deployment"]) if task["deployment"] else query
    return list(connection.execute(query.order_by(i.id).limit(PORTION)).scalars())

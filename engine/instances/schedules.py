"""Timer start events: jobs without an instance, each of which starts one (BPMN 2.0, 10.5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, update
from uuid_utils import uuid7

from amends.engine.definitions.problems import ERROR, Problem
from amends.engine.errors import CheckFailed
from amends.engine.execution import Execution, Fault
from amends.engine.execution.timers import next_occurrence
from amends.engine.execution.values import decode, encode
from amends.engine.instances.versions import Version
from amends.engine.store import tables as t

START = "start"
FOREVER = 2**31 - 1
"""A start that fails is tried again, at longer and longer intervals, until it succeeds: nobody else would start it."""


def schedule(connection: Connection, version: Version, now: datetime) -> int:
    """Write a job for each timer start event of a version that has just been deployed; how many.

    Durations and cycles count from now. A date that has passed starts nothing: an earlier version has done that, or nobody meant it.
    Raises `CheckFailed` with every time that cannot be worked out.
    """
    problems: list[Problem] = []
    jobs = []
    for diagram in version.package.diagrams:
        for process in (process for process in diagram.processes if process.executable):
            spec = version.spec(process.id)
            for start in (spec.task_specs[element.id] for element in process.start_events):
                for trigger in start.timers:
                    execution = Execution(spec, version.script_engine, version.id)
                    try:
                        wait = trigger.wait(execution.place(start))
                    except Fault as fault:
                        told = "It is worked out when the package is deployed, without variables; write a time, or FEEL that needs none."
                        problems.append(Problem(diagram.file, start.name, start.model.line, "timer-literal", ERROR, str(fault), told))
                        continue
                    jobs += _job(version, process.id, start.name, wait, now)
    if problems:
        raise CheckFailed(problems)
    if jobs:
        connection.execute(insert(t.job), jobs)
    return len(jobs)


def _job(version: Version, process_id: str, element_id: str, wait: dict[str, Any] | None, now: datetime) -> list[dict[str, Any]]:
    if wait is not None and wait["due"] is not None and wait["due"] < now:
        # Occurrences of before this version are not its own.
        wait, _ = next_occurrence(wait, now)
    if wait is None or wait["due"] is None:
        return []
    return [
        {
            "id": uuid7().hex, "instance_id": None, "token": 0, "element_id": element_id, "kind": START, "type": process_id,
            "body": encode({"deployment": version.id, "wait": wait}), "due_at": wait["due"], "state": "due", "held": False,
            "attempts": 0, "retries": FOREVER,
        }
    ]  # fmt: skip


def take(connection: Connection, job_id: str, due_at: datetime, body: bytes, now: datetime) -> tuple[str, Mapping[str, Any]] | None:
    """Move a start's job on to its next occurrence, or take it away after its last.

    Which version it starts and what its history is to say; None if the job is somebody else's by now, or a newer version's.
    The row is changed, not made anew: a deployment that waits for it must find it, to take it away.
    """
    plan = decode(body)
    again, missed = next_occurrence(plan["wait"], now)
    mine = (t.job.c.id == job_id, t.job.c.due_at == due_at)
    if again is None:
        done = connection.execute(delete(t.job).where(*mine))
    else:
        fresh = {"due_at": again["due"], "body": encode({**plan, "wait": again}), "state": "due", "attempts": 0, "error": None}
        done = connection.execute(update(t.job).where(*mine).values(lease_until=None, **fresh))
    if done.rowcount == 0:
        return None
    return plan["deployment"], {"due": due_at.isoformat(), **({"missed": missed} if missed else {})}

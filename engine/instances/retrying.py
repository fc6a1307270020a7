"""Try again all that is held up at one element, some at a time, by a job that anybody can finish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from uuid_utils import uuid7

from amends.engine.errors import AmendsError, Unavailable
from amends.engine.execution.values import decode, encode
from amends.engine.instances.schedules import FOREVER
from amends.engine.store import Database
from amends.engine.store import tables as t

RETRYING = "retrying"
"""The kind of job that tries incidents again."""
PORTION = 100
"""How many incidents one run of such a job takes: then others have their turn."""
TAKEN_OVER = timedelta(minutes=1)
log = structlog.get_logger()
_I, _N = t.incident.c, t.instance.c
Retry = Callable[[str, Mapping[str, Any]], None]
"""Tries one incident again, as the job says: `actor`, `reason` and `variables`."""


@dataclass(frozen=True, slots=True)
class Retried:
    """`many` are held up alike; of the first portion `tried` were tried again, `refused` say why others were not. A job does the rest."""

    many: int
    tried: int
    refused: tuple[str, ...]


def plan(
    connection: Connection, process_id: str, element_id: str, *, actor: str, reason: str, variables: Mapping[str, Any], now: datetime
) -> tuple[str, int]:  # fmt: skip
    """Write the job that tries again what is held up at an element of a process now; its id, and how many there are."""
    job_id = uuid7().hex
    # What fails again gets a later id: it is not this job's.
    body = {
        "process": process_id, "element": element_id, "actor": actor, "reason": reason, "variables": dict(variables), "after": "",
        "until": uuid7().hex,
    }  # fmt: skip
    row = {"id": job_id, "token": 0, "element_id": element_id, "kind": RETRYING, "type": process_id, "body": encode(body)}
    # Who asks tries the first portion; a runner takes over at once when that is done, or in a minute if it never is.
    connection.execute(insert(t.job), {**row, "due_at": now + TAKEN_OVER, "state": "due", "held": False, "attempts": 0, "retries": FOREVER})
    joined = t.incident.join(t.instance, _N.id == _I.instance_id)
    return job_id, int(connection.execute(select(func.count()).select_from(joined).where(*_left(body))).scalar_one())


def carry_on(database: Database, retry: Retry, job_id: str, now: datetime) -> Retried | None:
    """Take the next incidents of such a job, each in a transaction of its own; None once it is over.

    One that cannot be tried, because its instance rests or went on meanwhile, does not keep the others waiting. Whoever was killed in
    the middle of it has lost nothing: what was tried is resolved, and passed over.
    """
    with database.reading() as connection:
        body = connection.execute(select(t.job.c.body).where(t.job.c.id == job_id)).scalar()
        if body is None:
            return None
        task = decode(bytes(body))
        joined = t.incident.join(t.instance, _N.id == _I.instance_id)
        query = select(_I.id).select_from(joined).where(*_left(task)).order_by(_I.id).limit(PORTION)
        ids = list(connection.execute(query).scalars())
    refused: list[str] = []
    for incident_id in ids:
        try:
            retry(incident_id, task)
        except Unavailable:
            raise
        except AmendsError as error:
            refused.append(str(error))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # Whatever is wrong with this one, those behind it are tried.
            log.error("retry failed", incident=incident_id, error=type(error).__name__)
            refused.append(f"{type(error).__name__}: {error}")
    with database.transaction() as connection:
        if len(ids) == PORTION:
            connection.execute(update(t.job).where(t.job.c.id == job_id).values(body=encode({**task, "after": ids[-1]}), due_at=now))
        else:
            connection.execute(delete(t.job).where(t.job.c.id == job_id))
    return Retried(len(ids), len(ids) - len(refused), tuple(refused))


def _left(task: Mapping[str, Any]) -> tuple[ColumnElement[bool], ...]:
    """The open incidents that a job has not come to."""
    here = (_N.process_id == task["process"], _I.element_id == task["element"])
    return (*here, _I.resolved_at.is_(None), _I.id > task["after"], _I.id <= task["until"])

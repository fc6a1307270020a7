"""What one asks a running installation, in numbers: each is one look at an index, none is personal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, select

from amends.engine.history.encoding import plain
from amends.engine.store import tables as t

LATE = timedelta(minutes=1)
"""A job that is due for longer than this is late."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers of one moment. `instances` are counted by package, version number and state; ages are in seconds, 0 for nothing."""

    jobs_due: int
    jobs_late: int
    jobs_failed: int
    jobs_stuck: int
    oldest_due_age: float
    incidents: int
    clocks_breached: int
    unsealed_age: float
    instances: Mapping[tuple[str, int, str], int]


def figures(connection: Connection, now: datetime) -> Figures:
    """The figures at `now`."""
    j, c, i, d = t.job.c, t.clock.c, t.instance.c, t.deployment.c
    due = (j.state == "due", j.held.is_(False), j.due_at <= now)
    oldest = connection.execute(select(func.min(j.due_at)).where(*due)).scalar_one()
    by_version = (
        select(d.package, d.number, i.state, func.count().label("many"))
        .join(t.deployment, d.id == i.deployment_id)
        .group_by(d.package, d.number, i.state)
    )
    return Figures(
        jobs_due=_count(connection, *due),
        jobs_late=_count(connection, *due, j.due_at <= now - LATE),
        jobs_failed=_count(connection, j.state == "failed"),
        jobs_stuck=_count(connection, j.state == "running", j.lease_until < now - LATE),
        oldest_due_age=0.0 if oldest is None else max(0.0, (now - oldest).total_seconds()),
        incidents=_count(connection, t.incident.c.resolved_at.is_(None)),
        clocks_breached=_count(connection, c.ended_at.is_(None), c.due_at < now),
        unsealed_age=_unsealed_age(connection, now),
        instances={(row.package, row.number, row.state): row.many for row in connection.execute(by_version)},
    )


def _count(connection: Connection, *where: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).where(*where)).scalar_one())


def _unsealed_age(connection: Connection, now: datetime) -> float:
    h, u = t.history.c, t.unsealed.c
    # From the list, which is short, to the history, which is long.
    mine = select(h.id).where(h.chain == u.chain, h.seq == u.seq).correlate(t.unsealed).scalar_subquery()
    body = connection.execute(select(h.body).where(h.id == select(func.min(mine)).select_from(t.unsealed).scalar_subquery())).scalar()
    if body is None:
        return 0.0
    try:
        return max(0.0, (now - datetime.fromisoformat(plain(bytes(body))["r"])).total_seconds())
    except (ValueError, KeyError, TypeError):
        return 0.0  # the row cannot be read: that is for verify to say

"""Instances as a list, for those who operate them: ids and states, nothing of what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from amends.engine.store import tables as t


@dataclass(frozen=True, slots=True)
class Listed:
    """An instance in a list; `reference` is empty for one that is no complaint."""

    id: str
    process_id: str
    deployment_id: str
    business_key: str | None
    state: str
    started_at: datetime
    ended_at: datetime | None
    reference: str


def instances(
    connection: Connection, *, process_id: str | None, deployment_id: str | None, state: str | None, limit: int, after: str | None
) -> list[Listed]:  # fmt: skip
    """The newest first: ids grow with time. `after` is the id of the last one of the page before."""
    i, c = t.instance.c, t.complaint.c
    columns = (i.id, i.process_id, i.deployment_id, i.business_key, i.state, i.started_at, i.ended_at, c.reference)
    query = select(*columns).select_from(t.instance.outerjoin(t.complaint, c.instance_id == i.id))
    for column, wanted in ((i.process_id, process_id), (i.deployment_id, deployment_id), (i.state, state)):
        if wanted:
            query = query.where(column == wanted)
    if after:
        query = query.where(i.id < after)
    rows = connection.execute(query.order_by(i.id.desc()).limit(limit))
    return [Listed(*row[:-1], row.reference or "") for row in rows]

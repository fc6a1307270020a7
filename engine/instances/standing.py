"""Where the running instances of a package's versions stand, to be held against a new version."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, func, literal_column, select, union_all

from amends.engine.definitions.differences import Standing
from amends.engine.instances.versions import Versions
from amends.engine.store import tables as t

RUNNING = ("active", "incident", "suspended")


def standing(connection: Connection, versions: Versions, package: str) -> list[Standing]:
    """How many running instances stand at each element, for every version of a package that has some, oldest first."""
    d, i = t.deployment.c, t.instance.c
    running = i.state.in_(RUNNING)
    open_task, waits = t.user_task.c.state == "open", t.job.c.kind.in_(("timer", "service"))
    places = union_all(
        *(
            select(table.c.instance_id, table.c.element_id).where(*where)
            for table, where in (
                (t.user_task, (open_task,)), (t.job, (waits,)), (t.subscription, ()), (t.incident, (t.incident.c.resolved_at.is_(None),)),
            )
        )
    ).subquery()  # fmt: skip
    query = (
        select(d.id, d.number, places.c.element_id, func.count(places.c.instance_id.distinct()))
        .join(t.instance, i.deployment_id == d.id)
        .join(places, places.c.instance_id == i.id)
        .where(d.package == package, running)
        .group_by(d.id, d.number, places.c.element_id)
        .order_by(d.number, literal_column("3"))
    )
    found: dict[tuple[str, int], Counter[str]] = {}
    for deployment_id, number, element_id, count in connection.execute(query):
        found.setdefault((deployment_id, number), Counter())[element_id] += count
    return [Standing(number, versions.get(deployment_id).package, at) for (deployment_id, number), at in found.items()]

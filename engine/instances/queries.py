"""Read instances and tasks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, bindparam, exists, func, or_, select

from amends.engine import history
from amends.engine.calendars import Clock
from amends.engine.errors import NotFound
from amends.engine.execution import Execution, load
from amends.engine.execution.values import decode
from amends.engine.instances import filters, inbox
from amends.engine.instances.filters import URGENCY
from amends.engine.instances.versions import Versions
from amends.engine.instances.views import IncidentView, InstanceView, ServiceTask, UserTask, Waiting
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed


def user_tasks(
    connection: Connection,
    *,
    instance_id: str | None = None,
    assignee: str | None = None,
    groups: Sequence[str] | None = None,
    state: str | None = "open",
    unassigned: bool = False,
    limit: int = 50,
    after: str | None = None,
    where: Sequence[ColumnElement[bool]] = (),
    order: str = URGENCY,
) -> list[UserTask]:
    """Tasks by what hurts first: due instant (those without one last), then priority, then age; `where` says who asks (see `Access`).

    With `assignee` and `groups` both given, tasks of either. `after` is the id of the last task of the page before; `where` are
    further conditions on tasks.
    """
    if order != URGENCY:
        whose = filters.whose(assignee, groups, unassigned)
        return _tasks(connection.execute(filters.ordered(connection, order, [*whose, *where], limit, after)).all())
    if state == "open" and instance_id is None:
        last = None if after is None else _AT.first(connection, {"task": after})
        walks = inbox.legs(assignee, groups, unassigned)
        return _tasks(inbox.page(connection, walks, limit, None if last is None else tuple(last), where))
    query = _PAGES(state is not None, instance_id is not None, assignee is not None, groups is not None, unassigned)
    given = {"state": state, "instance": instance_id, "assignee": assignee, "groups": None if groups is None else list(groups)}
    values = {"most": limit, **{name: value for name, value in given.items() if value is not None}}
    if groups is None and after is None and not where:
        return _tasks(_FIRST_PAGES(state is not None, instance_id is not None, assignee is not None, unassigned).all(connection, values))
    return _tasks(connection.execute(_page(connection, query.where(*where), after), values).all())


def _pages(state: bool, instance: bool, assignee: bool, groups: bool, unassigned: bool) -> Select[Any]:
    u, g = t.user_task.c, t.user_task_group.c
    query = select(t.user_task, inbox.GROUPS).limit(bindparam("most", type_=Integer))
    if state:
        query = query.where(u.state == bindparam("state"))
    if instance:
        query = query.where(u.instance_id == bindparam("instance"))
    if unassigned:
        query = query.where(u.assignee.is_(None))
    whose = []
    if assignee:
        whose.append(u.assignee == bindparam("assignee"))
    if groups:
        in_group = exists().where(and_(g.task_id == u.id, g.group_id.in_(bindparam("groups", expanding=True))))
        whose.append(and_(u.assignee.is_(None), in_group) if assignee else in_group)
    if whose:
        query = query.where(or_(*whose))
    return query.order_by(u.due_at.is_(None), u.due_at, u.priority.desc(), u.id)


_PAGES = lru_cache(maxsize=None)(_pages)
"""Statements for the tasks of an instance or of another state, by what is asked for, built once each."""


@cache
def _FIRST_PAGES(state: bool, instance: bool, assignee: bool, unassigned: bool) -> Fixed:  # noqa: N802
    return Fixed(_PAGES(state, instance, assignee, False, unassigned))


def _page(connection: Connection, query: Select[Any], after: str | None) -> Select[Any]:
    if after is None:
        return query
    u = t.user_task.c
    last = connection.execute(select(u.due_at, u.priority, u.id).where(u.id == after)).first()
    if last is None:
        return query
    dated = u.due_at.is_(None)
    later = dated if last.due_at is None else and_(u.due_at.is_not(None), u.due_at == last.due_at)
    same = and_(later, or_(u.priority < last.priority, and_(u.priority == last.priority, u.id > last.id)))
    return query.where(same if last.due_at is None else or_(same, dated, u.due_at > last.due_at))


def _tasks(rows: Sequence[Any]) -> list[UserTask]:
    return [
        UserTask(
            id=row.id, instance_id=row.instance_id, element_id=row.element_id, name=row.name, assignee=row.assignee,
            groups=tuple(sorted(json.loads(row.groups))) if row.groups else (), form=row.form, due_at=row.due_at,
            follow_up_at=row.follow_up_at, priority=row.priority,
            created_at=row.created_at, state=row.state, process_id=row.process_id,
            completed_by=row.ended_by if row.state == "completed" else None,
            completed_at=row.ended_at if row.state == "completed" else None, competence=row.competence, owner=row.owner,
        )
        for row in rows
    ]  # fmt: skip


_AT = Fixed(select(t.user_task.c.due_order, t.user_task.c.rank, t.user_task.c.id).where(t.user_task.c.id == bindparam("task")))
_ONE = Fixed(select(t.user_task, inbox.GROUPS).where(t.user_task.c.id == bindparam("task")))


def count_user_tasks(
    connection: Connection, *, assignee: str | None, groups: Sequence[str] | None, unassigned: bool, most: int,
    where: Sequence[ColumnElement[bool]] = (),
) -> int:  # fmt: skip
    """How many open tasks `user_tasks` would give in all, up to one more than `most`."""
    return inbox.count(connection, inbox.legs(assignee, groups, unassigned), most, where)


def user_task(connection: Connection, task_id: str) -> UserTask:
    """One task, open or not; raises `NotFound`."""
    found = _tasks(_ONE.all(connection, {"task": task_id}))
    if not found:
        raise NotFound(f"There is no task {task_id}.")
    return found[0]


def service_tasks(connection: Connection, *, instance_id: str | None, type_name: str | None, limit: int) -> list[ServiceTask]:
    """Open service tasks that no operation claims, oldest first."""
    j = t.job.c
    query = select(j.id, j.instance_id, j.element_id, j.type, j.due_at).where(j.kind == "service", j.state == "open")
    if instance_id is not None:
        query = query.where(j.instance_id == instance_id)
    if type_name is not None:
        query = query.where(j.type == type_name)
    rows = connection.execute(query.order_by(j.due_at, j.id).limit(limit))
    return [ServiceTask(row.id, row.instance_id, row.element_id, row.type, row.due_at) for row in rows]


_I, _C = t.incident.c, t.clock.c
_INSTANCE = Fixed(select(t.instance).where(t.instance.c.id == bindparam("id")))
_INCIDENTS = Fixed(select(t.incident).where(_I.instance_id == bindparam("id"), _I.resolved_at.is_(None)).order_by(_I.id))
_CLOCKS = Fixed(select(_C.body).where(_C.instance_id == bindparam("id")).order_by(_C.name))


def execution_of(connection: Connection, versions: Versions, instance_id: str) -> tuple[Any, Execution | None]:
    """An instance's row and, while it runs, its execution."""
    row = _INSTANCE.first(connection, {"id": instance_id})
    if row is None:
        raise NotFound(f"There is no instance {instance_id}.")
    version = versions.get(row.deployment_id)
    if row.body is None:
        return row, None
    return row, load(bytes(row.body), version.spec(row.process_id), version.script_engine, version.id)


def instance(connection: Connection, versions: Versions, instance_id: str) -> InstanceView:
    """An instance as it stands; what ended shows the variables its history still holds."""
    row, execution = execution_of(connection, versions, instance_id)
    if execution is not None:
        variables = dict(execution.data)
        active = tuple(dict.fromkeys(token.task_spec.name for token in execution.all_tokens() if not token.passive))
    else:
        variables, active = variables_told(history.events(connection, instance_id)), ()
    incidents = tuple(
        IncidentView(found.id, instance_id, found.element_id, found.message, found.attempts, found.created_at)
        for found in _INCIDENTS.all(connection, {"id": instance_id})
    )
    bodies = _CLOCKS.all(connection, {"id": instance_id})
    clocks = {clock.name: clock for clock in (Clock.from_plain(decode(bytes(body.body))) for body in bodies)}
    return InstanceView(
        row.id,
        row.process_id,
        row.deployment_id,
        row.business_key,
        row.state,
        variables,
        active,
        incidents,
        row.started_at,
        row.ended_at,
        clocks,
        row.seq,
    )


def variables_told(events: Iterable[history.Event]) -> dict[str, Any]:
    """The variables of a process that has ended, as far as its history tells and still holds them."""
    variables: dict[str, Any] = {}
    for event in events:
        values = event.data.get("values")
        if event.kind in ("started", "completed", "message", "variables", "left") and isinstance(values, dict):
            variables.update(values)
    return variables


@dataclass(frozen=True, slots=True)
class HeldUp:
    """An open incident of any instance; `reference` is empty for an instance that is no complaint."""

    id: str
    instance_id: str
    process_id: str
    deployment_id: str
    reference: str
    element_id: str
    message: str
    attempts: int
    created_at: datetime


def incidents(connection: Connection, *, limit: int, after: str | None) -> list[HeldUp]:
    """All open incidents, the oldest first; `after` is the id of the last one of the page before, open still or not."""
    i, n, c = t.incident.c, t.instance.c, t.complaint.c
    told = (i.id, i.instance_id, n.process_id, n.deployment_id, c.reference, i.element_id, i.message, i.attempts, i.created_at)
    joined = t.incident.join(t.instance, n.id == i.instance_id).outerjoin(t.complaint, c.instance_id == i.instance_id)
    query = select(*told).select_from(joined).where(i.resolved_at.is_(None))
    if after is not None:
        last = connection.execute(select(i.created_at).where(i.id == after)).scalar()
        if last is not None:
            query = query.where(or_(i.created_at > last, and_(i.created_at == last, i.id > after)))
    rows = connection.execute(query.order_by(i.created_at, i.id).limit(limit))
    return [HeldUp(*row[:4], row.reference or "", *row[5:]) for row in rows]


def waiting(connection: Connection, instance_id: str) -> list[Waiting]:
    """The messages, signals and timers an instance waits for."""
    s, j = t.subscription.c, t.job.c
    found = [
        Waiting(row.kind, row.element_id, row.name, row.key)
        for row in connection.execute(select(t.subscription).where(s.instance_id == instance_id).order_by(s.token))
    ]
    timers = connection.execute(select(j.element_id, j.due_at).where(j.instance_id == instance_id, j.kind == "timer").order_by(j.due_at))
    return found + [Waiting("timer", row.element_id, due_at=row.due_at) for row in timers]


def counts(connection: Connection, deployment_id: str) -> dict[str, int]:
    """How many instances a version has, by state."""
    i = t.instance.c
    rows = connection.execute(select(i.state, func.count().label("many")).where(i.deployment_id == deployment_id).group_by(i.state))
    return {row.state: row.many for row in rows}

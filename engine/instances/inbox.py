"""Inboxes: the open tasks of somebody, of their groups, or all, by what hurts first; a page at a time, whatever there is.

Each list is one or several walks along an index that is in the inbox's order: all open tasks, those of a person, those offered to a
group. A page begins where the one before ended (by its last task, not by counting), so the thousandth costs what the first does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, String, bindparam, func, literal_column, select, union
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed

FREE, TAKEN = "free", "taken"
"""`user_task_group.offered` of an open task: whether somebody has it."""
MOST_COUNTED = 1_000
"""Counting stops one above: whoever reads a number that high only wants to know that it is high."""


class json_list(GenericFunction[Any]):  # noqa: N801 - a function of the database
    """All values of a column as a JSON array."""

    inherit_cache = True
    type = String()


@compiles(json_list, "sqlite")
def _of_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **options)})"


@compiles(json_list, "postgresql")
def _of_postgres(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_agg({compiler.process(element.clauses, **options)})::text"


_U, _G = t.user_task, t.user_task_group
_H = t.user_task_group.alias("held")
GROUPS = select(json_list(_H.c.group_id)).where(_H.c.task_id == _U.c.id).scalar_subquery().label("groups")
"""A task's groups, as a JSON array."""
_OPEN = _U.c.state == literal_column("'open'")  # as the partial indexes say it
_MOST = bindparam("most", type_=Integer)
_Key = tuple[Any, int, str]
Leg = tuple[str, Mapping[str, Any]]
"""One walk: along which index, and with which values."""


def legs(assignee: str | None, groups: Sequence[str] | None, unassigned: bool) -> list[Leg]:
    """The walks that make a list. With a person and groups: what they have, and what their groups are offered and nobody has."""
    if assignee is None and groups is None:
        return [("unassigned" if unassigned else "all", {})]
    found: list[Leg] = [] if assignee is None else [("mine", {"assignee": assignee})]
    offers = (FREE,) if unassigned or assignee is not None else (FREE, TAKEN)
    found += [("group", {"group": group, "offered": offered}) for group in dict.fromkeys(groups or ()) for offered in offers]
    return found


def _walk(kind: str, mark: str = "") -> tuple[Select[Any], tuple[Any, Any, Any]]:
    """The tasks of a walk, and what it is in the order of. `mark` tells its parameters from another's."""
    if kind == "group":
        g = _G.c
        # As an expression, so that PostgreSQL does not walk all tasks beside the group's because both are in order of their ids.
        found = select(_U, GROUPS).join_from(_G, _U, _U.c.id == g.task_id.concat(""))
        found = found.where(g.group_id == bindparam(f"group{mark}"), g.offered == bindparam(f"offered{mark}"))
        return found, (g.due_order, g.rank, g.task_id)
    found = select(_U, GROUPS).where(_OPEN)
    if kind == "mine":
        found = found.where(_U.c.assignee == bindparam(f"assignee{mark}"))
    elif kind == "unassigned":
        found = found.where(_U.c.assignee.is_(None))
    return found, (_U.c.due_order, _U.c.rank, _U.c.id)


def _offers(mark: str) -> Select[Any]:
    """What a group is offered, without its tasks: to be counted."""
    return select(_G.c.task_id).where(_G.c.group_id == bindparam(f"group{mark}"), _G.c.offered == bindparam(f"offered{mark}"))


@lru_cache(maxsize=64)
def _section(kind: str, section: int | None) -> Select[Any]:
    """A walk from the beginning, or the part of it behind a task: of the same due time and priority, of the same due time, later."""
    found, (due, rank, task) = _walk(kind)
    if section == 0:
        found = found.where(due == bindparam("due"), rank == bindparam("rank"), task > bindparam("task")).order_by(task)
    elif section == 1:
        found = found.where(due == bindparam("due"), rank > bindparam("rank")).order_by(rank, task)
    elif section == 2:
        found = found.where(due > bindparam("due")).order_by(due, rank, task)
    else:
        found = found.order_by(due, rank, task)
    return found.limit(_MOST)


@lru_cache(maxsize=64)
def _fixed(kind: str, section: int | None) -> Fixed:
    return Fixed(_section(kind, section))


def page(
    connection: Connection, walks: Sequence[Leg], limit: int, after: _Key | None, where: Sequence[ColumnElement[bool]] = ()
) -> list[Any]:
    """The first `limit` rows of tasks behind `after` (due order, rank and id of a task). `where` are further conditions on tasks."""
    found: dict[str, Any] = {}
    for kind, given in walks:
        rows: list[Any] = []
        for section in (None,) if after is None else (0, 1, 2):
            if len(rows) >= limit:
                break
            values = {**given, "most": limit - len(rows)}
            if after is not None:
                values |= dict(zip(("due", "rank", "task"), after, strict=True))
            rows += _ask(connection, kind, section, values, where)
        found.update((row.id, row) for row in rows)
    return sorted(found.values(), key=lambda row: (row.due_order, row.rank, row.id))[:limit]


def _ask(
    connection: Connection, kind: str, section: int | None, values: Mapping[str, Any], where: Sequence[ColumnElement[bool]]
) -> Sequence[Any]:
    if not where:
        return _fixed(kind, section).all(connection, values)
    return connection.execute(_section(kind, section).where(*where), values).all()


def count(connection: Connection, walks: Sequence[Leg], most: int = MOST_COUNTED, where: Sequence[ColumnElement[bool]] = ()) -> int:
    """How many tasks a list has; where there are more than `most`, one more than that."""
    if not walks:
        return 0
    values: dict[str, Any] = {"most": most + 1}
    parts = []
    for number, (kind, given) in enumerate(walks):
        found, order = _walk(kind, f"_{number}")
        if kind == "group" and not where:
            found = _offers(f"_{number}")
        values |= {f"{name}_{number}": value for name, value in given.items()}
        parts.append(found.where(*where).with_only_columns(order[2].label("id"), maintain_column_froms=True).limit(_MOST))
    # A walk that is cut off has more than `most` tasks already, so what the others lack does not matter.
    every: Any = parts[0] if len(parts) == 1 else union(*(select(part.subquery().c.id) for part in parts))
    counted = connection.execute(select(func.count()).select_from(every.subquery()), values).scalar()
    return min(int(counted or 0), most + 1)

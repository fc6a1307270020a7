"""Inboxes: pages and counts of the tasks of a person, of groups, and of all are what a sort of everything would give."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from driving import MONDAY, element, flows, process, user
from sqlalchemy import Connection

from amends.engine import Engine
from amends.engine.instances import queries
from amends.engine.store import tables as t

START = element("startEvent", "s")
EXT = (
    '<zeebe:assignmentDefinition assignee="=who" candidateGroups="=groups"/><zeebe:taskSchedule dueDate="=due"/>'
    '<zeebe:priorityDefinition priority="=prio"/>'
)
LISTS: list[dict[str, Any]] = [
    {}, {"unassigned": True}, {"assignee": "jo"}, {"assignee": "nobody"}, {"groups": ["g1"]}, {"groups": ["g1", "g2"]},
    {"groups": ["g1", "g2"], "unassigned": True}, {"assignee": "jo", "groups": ["g2", "g3"]}, {"groups": []},
]  # fmt: skip


@pytest.fixture
def grown(engine: Engine, bpmn: Callable[..., Path]) -> Engine:
    """Sixty tasks with few different due times, priorities, people and groups, so that much is alike; some changed, some ended."""
    engine.deploy(bpmn(process(START + user("a", ext=EXT) + flows("s>a"))))
    random = Random(5)
    with engine.batch():
        for _ in range(60):
            due = random.choice([None, *(MONDAY + timedelta(hours=hours) for hours in range(3))])
            groups = random.sample(["g1", "g2", "g3"], random.randrange(3))
            who = random.choice([None, "jo", "kim"])
            engine.start("p", {"due": due, "prio": random.choice([20, 50, 80]), "who": who, "groups": groups}, actor="x")
        tasks = engine.user_tasks(limit=100)
        for task in tasks[::5]:
            engine.assign(task.id, None if task.assignee else "jo", actor="x")
        for task in tasks[::7]:
            engine.complete(task.id, {}, actor="x")
    return engine


def meant(task: Any, assignee: str | None = None, groups: list[str] | None = None, unassigned: bool = False) -> bool:
    """Whether a task is in a list, as the interface says it."""
    offered = groups is not None and bool(set(groups) & set(task.groups)) and not ((assignee or unassigned) and task.assignee)
    if assignee is None and groups is None:
        return not (unassigned and task.assignee)
    return offered or (assignee is not None and task.assignee == assignee)


def told(task: Any) -> tuple[Any, ...]:
    """What a list is sorted by."""
    return task.due_at is None, task.due_at or MONDAY, -task.priority, task.id


@pytest.mark.parametrize("which", LISTS, ids=str)
@pytest.mark.parametrize("conditions", [False, True], ids=["all", "some"])
def test_a_list_is_what_a_sort_of_everything_gives(grown: Engine, which: dict[str, Any], conditions: bool) -> None:
    """Page after page without a gap or a double, with further conditions or none, and counted up to the limit."""
    everything = grown.user_tasks(state=None, limit=100)
    where = [t.user_task.c.priority != 50] if conditions else []
    wanted = [
        task.id for task in sorted(everything, key=told)
        if task.state == "open" and meant(task, **which) and not (conditions and task.priority == 50)
    ]  # fmt: skip

    def page(connection: Connection, after: str | None) -> list[str]:
        return [task.id for task in queries.user_tasks(connection, limit=4, after=after, where=where, **which)]

    seen: list[str] = []
    with grown.database.reading() as connection:
        while found := page(connection, seen[-1] if seen else None):
            seen += found
        given = {"assignee": None, "groups": None, "unassigned": False, **which}
        counts = [queries.count_user_tasks(connection, most=most, where=where, **given) for most in (3, 1_000)]
    assert seen == wanted and counts == [min(len(wanted), 4), len(wanted)]


@pytest.mark.parametrize("which", [which for which in LISTS if which != {"groups": []}], ids=str)
def test_a_list_is_walked_along_an_index(grown: Engine, which: dict[str, Any]) -> None:
    """On SQLite, whose plans can be read: nothing is scanned and nothing sorted, for a first page, a later one, and a count."""
    if not grown.database.sqlite:
        pytest.skip("plans of PostgreSQL depend on how much there is; tests/bench/engine_scale.py measures it")
    said: list[str] = []
    with grown.database.reading() as connection:
        raw: Any = connection.connection.dbapi_connection
        first = grown.user_tasks(limit=1, **which)
        raw.set_trace_callback(said.append)
        queries.user_tasks(connection, limit=4, **which)
        queries.user_tasks(connection, limit=4, after=first[0].id if first else None, **which)
        queries.count_user_tasks(connection, **{"assignee": None, "groups": None, "unassigned": False, "most": 10, **which})
        raw.set_trace_callback(None)
        selects = [one for one in said if one.startswith("SELECT")]
        plans = [(one, row[3]) for one in selects for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}")]
    assert len(selects) >= 3
    bad = [(one, step) for one, step in plans if "SCAN user_task" in step and "USING" not in step or "ORDER BY" in step]
    assert bad == []


def test_what_is_changed_changes_its_place(engine: Engine, bpmn: Callable[..., Path]) -> None:
    """Taken, given back, and done: the row of each group follows the task."""
    ext = '<zeebe:assignmentDefinition candidateGroups="=[&quot;g1&quot;, &quot;g2&quot;]"/>'
    engine.deploy(bpmn(process(START + user("a", ext=ext) + flows("s>a"))))
    task = engine.user_tasks(engine.start("p", {}, actor="x"))[0]

    def offered() -> list[str | None]:
        g = t.user_task_group.c
        with engine.database.reading() as connection:
            return [row.offered for row in connection.execute(t.user_task_group.select().order_by(g.group_id))]

    seen = [offered()]
    for command in (engine.claim, engine.unclaim, lambda task_id, actor: engine.complete(task_id, {}, actor=actor)):
        command(task.id, actor="jo")
        seen.append(offered())
    assert seen == [["free", "free"], ["taken", "taken"], ["free", "free"], [None, None]]

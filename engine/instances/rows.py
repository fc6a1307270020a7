"""What an execution waits for, as rows: compared before and after a command, so that no row can be forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, null, update
from uuid_utils import uuid7

from amends.engine.execution import Execution
from amends.engine.execution.values import encode
from amends.engine.instances.inbox import FREE, TAKEN
from amends.engine.store import tables as t
from amends.engine.store.fixed import Fixed, Together, inserting

Waits = dict[int, tuple[Any, dict[str, Any], str | None]]
"""Token number → token, what it waits for (never changed in place), why it cannot go on."""

WAITING: Final = "waiting"
"""The state of a service task's job whose operation waits for what a person does outside: nothing runs it until that is said."""


def waits(execution: Execution) -> Waits:
    """Everything an execution waits for now."""
    found: Waits = {}
    for token in execution.all_tokens():
        wait = token.internal_data.get("wait")
        incident = token.internal_data.get("incident")
        if wait is not None or incident is not None:
            found[token.id] = (token, wait or {}, incident)
    return found


def _order(wait: dict[str, Any]) -> dict[str, Any]:
    """Where inboxes have a task."""
    return {"due_order": wait["due"] or t.NEVER_DUE, "rank": -wait["priority"]}


def _offered(wait: dict[str, Any]) -> str:
    return FREE if wait["assignee"] is None else TAKEN


class Rows:
    """Writes the difference of what an instance waited for before a command and waits for after it."""

    def __init__(
        self,
        writes: Together,
        instance_id: str,
        process_id: str,
        *,
        actor: str,
        now: datetime,
        held: bool,
        claims: Callable[[str], bool],
    ) -> None:
        self.writes, self.connection, self.instance_id, self.process_id = writes, writes.connection, instance_id, process_id
        self.actor, self.now, self.held, self.claims = actor, now, held, claims
        self.new_jobs = False
        self._gone_ids: set[str] = set()
        self.new_messages: list[tuple[str, str, int]] = []

    def write(self, before: Waits, after: Waits, completed: set[int]) -> None:
        """Insert, change and delete rows; `completed` are the numbers of tokens that were completed, not cancelled."""
        gone: dict[str, list[tuple[int, bool, dict[str, Any]]]] = {}
        for number, (token, wait, incident) in before.items():
            now_wait = after[number][1] if number in after else {}
            if wait and wait.get("kind") != now_wait.get("kind"):
                done = number in completed or bool(token.internal_data.get("done"))
                gone.setdefault(wait["kind"], []).append((number, done, wait))
            if incident is not None and (number not in after or after[number][2] is None):
                self._resolved(number)
        self._gone(gone)
        fresh: dict[str, list[Any]] = {}
        for number, (token, wait, incident) in after.items():
            _, old_wait, old_incident = before.get(number, (None, {}, None))
            if wait and wait.get("kind") != old_wait.get("kind"):
                fresh.setdefault(wait["kind"], []).append((number, token, wait))
            elif wait and wait is not old_wait and wait != old_wait:
                self._changed(number, token, wait, old_wait)
            if incident is not None and incident != old_incident:
                self._incident(number, token, incident)
        self._insert(fresh)

    def _id(self, number: int) -> str:
        return f"{self.instance_id}.{number}"

    # -- new
    def _insert(self, fresh: dict[str, list[Any]]) -> None:
        if tasks := fresh.get("user"):
            self.writes.add(_NEW_TASK, *(self._task(*item) for item in tasks))
            groups = [
                {"task_id": self._id(number), "group_id": group, "offered": _offered(wait), **_order(wait)}
                for number, _, wait in tasks
                for group in dict.fromkeys(wait["groups"])
            ]
            if groups:
                self.writes.add(_NEW_GROUP, *groups)
            for number, _, wait in tasks:
                self._bar(number, wait.get("barred", ()))
        jobs = [self._timer(*item) for item in fresh.get("timer", []) if item[2]["due"] is not None]
        jobs += [self._service(*item) for item in fresh.get("service", [])]
        if jobs:
            self.new_jobs = True
            self._replaced(jobs)
            self.writes.add(_NEW_JOB, *jobs)
        listening = [self._subscription(*item) for kind in ("message", "signal") for item in fresh.get(kind, [])]
        if listening:
            self._replaced(listening)
            self.writes.add(_NEW_SUBSCRIPTION, *listening)

    def _replaced(self, rows: list[dict[str, Any]]) -> None:
        """A token that waits for another thing now has a row of the same id: the one before has to be gone."""
        if not self._gone_ids.isdisjoint(row["id"] for row in rows):
            self.writes.flush()

    def _task(self, number: int, token: Any, wait: dict[str, Any]) -> dict[str, Any]:
        element = token.task_spec.model
        return {
            "id": self._id(number), "instance_id": self.instance_id, "token": number, "process_id": token.task_spec._wf_spec.name,
            "element_id": element.id, "name": element.name or element.id, "assignee": wait["assignee"], "form": element.ext.form_id,
            "due_at": wait["due"], "follow_up_at": wait["follow_up"], "priority": wait["priority"], "created_at": self.now, "state": "open",
            "competence": str(element.ext.properties.get("competence", "")).strip(),
            **_order(wait),
        }  # fmt: skip

    def _bar(self, number: int, actors: Iterable[str]) -> None:
        """Write who may not have a task: inboxes ask for it in their statement."""
        self.writes.add(_NEW_BARRED, *({"task_id": self._id(number), "actor": actor} for actor in actors))

    def _timer(self, number: int, token: Any, wait: dict[str, Any]) -> dict[str, Any]:
        return self._job(number, token, "timer", None, wait["due"], "due", 3)

    def _service(self, number: int, token: Any, wait: dict[str, Any]) -> dict[str, Any]:
        state = "due" if self.claims(wait["type"]) else "open"
        return self._job(number, token, "service", wait["type"], self.now, state, wait["retries"])

    def _job(self, number: int, token: Any, kind: str, type_name: str | None, due: datetime, state: str, retries: int) -> dict[str, Any]:
        return {
            "id": self._id(number), "instance_id": self.instance_id, "token": number, "element_id": token.task_spec.name, "kind": kind,
            "type": type_name, "due_at": due, "state": state, "held": self.held, "attempts": 0, "retries": retries,
        }  # fmt: skip

    def _subscription(self, number: int, token: Any, wait: dict[str, Any]) -> dict[str, Any]:
        if wait["kind"] == "message":
            self.new_messages.append((wait["name"], wait["key"], number))
        return {
            "id": self._id(number), "instance_id": self.instance_id, "token": number, "element_id": token.task_spec.name,
            "kind": wait["kind"], "name": wait["name"], "key": wait.get("key", ""),
        }  # fmt: skip

    # -- changed
    def _changed(self, number: int, token: Any, wait: dict[str, Any], old: dict[str, Any]) -> None:
        if wait["kind"] == "timer":
            self.writes.add(_DELETE_JOB, {"job": self._id(number)})
            if wait["due"] is not None:
                self.new_jobs = True
                self.writes.flush()  # of the same id
                self.writes.add(_NEW_JOB, self._timer(number, token, wait))
        elif wait["kind"] == "user":
            columns = {"assignee": "assignee", "due_at": "due", "follow_up_at": "follow_up", "priority": "priority", "owner": "owner"}
            values = {column: wait.get(key) for column, key in columns.items() if wait.get(key) != old.get(key)}
            self._bar(number, [actor for actor in wait.get("barred", ()) if actor not in old.get("barred", ())])
            if values:
                order = _order(wait) if not values.keys().isdisjoint(("due_at", "priority")) else {}
                self.connection.execute(update(t.user_task).where(t.user_task.c.id == self._id(number)).values(**values, **order))
                if wait["groups"]:
                    g = t.user_task_group
                    offers = {**_order(wait), "offered": _offered(wait)}
                    self.connection.execute(update(g).where(g.c.task_id == self._id(number)).values(**offers))

    # -- gone
    def _gone(self, gone: dict[str, list[tuple[int, bool, dict[str, Any]]]]) -> None:
        for kind, numbers in gone.items():
            if kind == "user":
                ended = {"ended_at": self.now, "ended_by": self.actor}
                rows = [{"task": self._id(number), "state": "completed" if done else "cancelled", **ended} for number, done, _ in numbers]
                self.writes.add(_END_TASK, *rows)
                self.writes.add(_END_OFFERS, *({"task": self._id(number)} for number, _, wait in numbers if wait["groups"]))
            elif kind in ("timer", "service"):
                self._gone_ids.update(self._id(number) for number, _, _ in numbers)
                self.writes.add(_DELETE_JOB, *({"job": self._id(number)} for number, _, _ in numbers))
            elif kind in ("message", "signal"):
                self._gone_ids.update(self._id(number) for number, _, _ in numbers)
                self.writes.add(_DELETE_SUBSCRIPTION, *({"subscription": self._id(number)} for number, _, _ in numbers))

    # -- incidents
    def _incident(self, number: int, token: Any, message: str) -> None:
        row = {"id": uuid7().hex, "instance_id": self.instance_id, "token": number}
        attempts = int(token.internal_data.get("attempts", 1))
        details = {"element_id": token.task_spec.name, "message": message, "attempts": attempts, "created_at": self.now}
        self._resolved(number)
        self.connection.execute(insert(t.incident), {**row, **details})

    def _resolved(self, number: int) -> None:
        i = t.incident.c
        where = (i.instance_id == self.instance_id, i.token == number, i.resolved_at.is_(None))
        self.connection.execute(update(t.incident).where(*where).values(resolved_at=self.now))


_NEW_TASK = inserting(
    t.user_task, "id", "instance_id", "token", "process_id", "element_id", "name", "assignee", "form", "due_at", "follow_up_at",
    "priority", "created_at", "state", "competence", "due_order", "rank",
)  # fmt: skip
_NEW_GROUP = inserting(t.user_task_group, "task_id", "group_id", "offered", "due_order", "rank")
_NEW_BARRED = inserting(t.user_task_barred, "task_id", "actor")
_END_OFFERS = Fixed(update(t.user_task_group).where(t.user_task_group.c.task_id == bindparam("task")).values(offered=null()))
_NEW_JOB = inserting(
    t.job, "id", "instance_id", "token", "element_id", "kind", "type", "due_at", "state", "held", "attempts", "retries"
)  # fmt: skip
_NEW_SUBSCRIPTION = inserting(t.subscription, "id", "instance_id", "token", "element_id", "kind", "name", "key")
_END_TASK = Fixed(
    update(t.user_task)
    .where(t.user_task.c.id == bindparam("task"))
    .values(state=bindparam("state"), ended_at=bindparam("ended_at"), ended_by=bindparam("ended_by"))
)
_DELETE_JOB = Fixed(delete(t.job).where(t.job.c.id == bindparam("job")))
_DELETE_SUBSCRIPTION = Fixed(delete(t.subscription).where(t.subscription.c.id == bindparam("subscription")))
_NEW_CLOCK = inserting(t.clock, "instance_id", "name", "body", "due_at", "ended_at", "late")
_CHANGE_CLOCK = Fixed(
    update(t.clock)
    .where(t.clock.c.instance_id == bindparam("instance"), t.clock.c.name == bindparam("clock"))
    .values({name: bindparam(f"new_{name}") for name in ("body", "due_at", "ended_at", "late")})
)


def clock_rows(connection: Connection, instance_id: str, execution: Execution, names: set[str]) -> None:
    """Write the clocks that changed, for pages and inboxes to read."""
    calendars = execution.script_engine.outside.calendars
    for name in sorted(names):
        clock = execution.clocks[name]
        due = clock.due(calendars)
        ended = clock.met_at or clock.stopped_at
        late = clock.met_at is not None and due is not None and clock.met_at > due
        values = {"body": encode(clock.to_plain()), "due_at": due, "ended_at": ended, "late": late}
        changed = {"instance": instance_id, "clock": name, **{f"new_{key}": value for key, value in values.items()}}
        if _CHANGE_CLOCK.run(connection, changed) == 0:
            _NEW_CLOCK.run(connection, {"instance_id": instance_id, "name": name, **values})

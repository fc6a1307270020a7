"""What an execution waits for, as rows: compared before and after a command, so that no row can be forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update
from uuid_utils import uuid7

from amends.engine.execution import Execution
from amends.engine.execution.values import encode
from amends.engine.store import tables as t

Waits = dict[int, tuple[Any, dict[str, Any], str | None]]
"""Token number → token, what it waits for (never changed in place), why it cannot go on."""


def waits(execution: Execution) -> Waits:
    """Everything an execution waits for now."""
    found: Waits = {}
    for token in execution.all_tokens():
        wait = token.internal_data.get("wait")
        incident = token.internal_data.get("incident")
        if wait is not None or incident is not None:
            found[token.id] = (token, wait or {}, incident)
    return found


class Rows:
    """Writes the difference of what an instance waited for before a command and waits for after it."""

    def __init__(
        self,
        connection: Connection,
        instance_id: str,
        process_id: str,
        *,
        actor: str,
        now: datetime,
        held: bool,
        claims: Callable[[str], bool],
    ) -> None:
        self.connection, self.instance_id, self.process_id = connection, instance_id, process_id
        self.actor, self.now, self.held, self.claims = actor, now, held, claims
        self.new_jobs = False
        self.new_messages: list[tuple[str, str, int]] = []

    def write(self, before: Waits, after: Waits, completed: set[int]) -> None:
        """Insert, change and delete rows; `completed` are the numbers of tokens that were completed, not cancelled."""
        gone: dict[str, list[tuple[int, bool]]] = {}
        for number, (token, wait, incident) in before.items():
            now_wait = after[number][1] if number in after else {}
            if wait and wait.get("kind") != now_wait.get("kind"):
                done = number in completed or bool(token.internal_data.get("done"))
                gone.setdefault(wait["kind"], []).append((number, done))
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
            self.connection.execute(insert(t.user_task), [self._task(*item) for item in tasks])
            groups = [
                {"task_id": self._id(number), "group_id": group} for number, _, wait in tasks for group in dict.fromkeys(wait["groups"])
            ]
            if groups:
                self.connection.execute(insert(t.user_task_group), groups)
            for number, _, wait in tasks:
                self._bar(number, wait.get("barred", ()))
        jobs = [self._timer(*item) for item in fresh.get("timer", []) if item[2]["due"] is not None]
        jobs += [self._service(*item) for item in fresh.get("service", [])]
        if jobs:
            self.new_jobs = True
            self.connection.execute(insert(t.job), jobs)
        listening = [self._subscription(*item) for kind in ("message", "signal") for item in fresh.get(kind, [])]
        if listening:
            self.connection.execute(insert(t.subscription), listening)

    def _task(self, number: int, token: Any, wait: dict[str, Any]) -> dict[str, Any]:
        element = token.task_spec.model
        return {
            "id": self._id(number), "instance_id": self.instance_id, "token": number, "process_id": token.task_spec._wf_spec.name,
            "element_id": element.id, "name": element.name or element.id, "assignee": wait["assignee"], "form": element.ext.form_id,
            "due_at": wait["due"], "follow_up_at": wait["follow_up"], "priority": wait["priority"], "created_at": self.now, "state": "open",
            "competence": str(element.ext.properties.get("competence", "")).strip(),
        }  # fmt: skip

    def _bar(self, number: int, actors: Iterable[str]) -> None:
        """Write who may not have a task: inboxes ask for it in their statement."""
        rows = [{"task_id": self._id(number), "actor": actor} for actor in actors]
        if rows:
            self.connection.execute(insert(t.user_task_barred), rows)

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
            self.connection.execute(delete(t.job).where(t.job.c.id == self._id(number)))
            if wait["due"] is not None:
                self.new_jobs = True
                self.connection.execute(insert(t.job), self._timer(number, token, wait))
        elif wait["kind"] == "user":
            columns = {"assignee": "assignee", "due_at": "due", "follow_up_at": "follow_up", "priority": "priority"}
            values = {column: wait[key] for column, key in columns.items() if wait[key] != old[key]}
            self._bar(number, [actor for actor in wait.get("barred", ()) if actor not in old.get("barred", ())])
            if values:
                self.connection.execute(update(t.user_task).where(t.user_task.c.id == self._id(number)).values(**values))

    # -- gone
    def _gone(self, gone: dict[str, list[tuple[int, bool]]]) -> None:
        for kind, numbers in gone.items():
            if kind == "user":
                ended = {"ended_at": self.now, "ended_by": self.actor}
                rows = [{"task": self._id(number), "state": "completed" if done else "cancelled", **ended} for number, done in numbers]
                self.connection.execute(_END_TASK, rows)
            elif kind in ("timer", "service"):
                self.connection.execute(_DELETE_JOB, [{"job": self._id(number)} for number, _ in numbers])
            elif kind in ("message", "signal"):
                self.connection.execute(_DELETE_SUBSCRIPTION, [{"subscription": self._id(number)} for number, _ in numbers])

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


_END_TASK = (
    update(t.user_task)
    .where(t.user_task.c.id == bindparam("task"))
    .values(state=bindparam("state"), ended_at=bindparam("ended_at"), ended_by=bindparam("ended_by"))
)
_DELETE_JOB = delete(t.job).where(t.job.c.id == bindparam("job"))
_DELETE_SUBSCRIPTION = delete(t.subscription).where(t.subscription.c.id == bindparam("subscription"))
_CHANGE_CLOCK = (
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
        if connection.execute(_CHANGE_CLOCK, changed).rowcount == 0:
            connection.execute(insert(t.clock), {"instance_id": instance_id, "name": name, **values})

"""The inbox: what is mine, my teams', all; what hurts first on top; choose several and take or give them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request

from amends.engine.errors import AmendsError, NotFound
from amends.webui import actors
from amends.webui.pages import page, say, see
from amends.webui.people import name_of
from amends.webui.state import application
from amends.webui.words import count

blueprint = Blueprint("inbox", __name__)
SHOWN = 50
"""Rows on a page; sorted by the engine, the most urgent first."""
COUNTED = 1_000
"""How far the counts on the left go; beyond, they say so."""


@dataclass(frozen=True)
class Row:
    """One task in the inbox with the complaint it is about."""

    task: Any
    complaint: Any | None
    who: str
    mine: bool


@dataclass(frozen=True)
class Listed:
    """One of the lists on the left."""

    id: str
    title: str
    count: str


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(work=True)


@blueprint.get("/inbox")
def tasks() -> Response:
    """A list of tasks."""
    chosen = request.args.get("list", "mine")
    engine = application().engine
    titles = {"mine": "Mine", "teams": "My teams'", "all": "All"}
    counts = {name: engine.count_user_tasks(most=COUNTED, **_list(name)) for name in titles}
    chosen = chosen if chosen in titles else "mine"
    if chosen == "mine" and not counts["mine"] and "list" not in request.args:
        chosen = "teams"
    lists = [Listed(name, titles[name], _counted(counts[name])) for name in titles]
    found = engine.user_tasks(limit=SHOWN + 1, after=request.args.get("after"), **_list(chosen))
    rows = [_row(task) for task in sorted(found, key=urgency)[:SHOWN]]
    application().engine.record_reads([row.task.instance_id for row in rows if row.complaint], "inbox", actor=actors.actor())
    more = rows[-1].task.id if len(found) > SHOWN else ""
    return page("inbox/tasks.html", lists=lists, chosen=chosen, title=titles[chosen], rows=rows, more=more)


@blueprint.post("/inbox")
def act() -> Response:
    """Take or give back the chosen tasks; says of each that failed why."""
    engine, actor = application().engine, actors.actor()
    command = engine.claim if request.form.get("do") == "claim" else engine.unclaim
    done, failed = 0, []
    for task_id in request.form.getlist("task"):
        try:
            command(task_id, actor=actor)
            done += 1
        except AmendsError as error:
            failed.append(str(error))
    if done:
        say(f"{count(done, 'task is', 'tasks are')} {'yours' if command == engine.claim else 'given back'}.")
    for text in failed:
        say(text)
    if not done and not failed:
        say("Nothing was chosen. Tick the tasks first.")
    return see("amends.inbox.tasks", list=request.form.get("list", "mine"))


def next_task(after: str | None = None) -> Any | None:
    """The task somebody should do next: one of theirs, else one of their teams'."""
    for name in ("mine", "teams"):
        for task in sorted(application().engine.user_tasks(limit=2, **_list(name)), key=urgency):
            if task.id != after:
                return task
    return None


def urgency(task: Any) -> tuple[datetime, int]:
    """What hurts first: by deadline, then by priority; what has no deadline comes last."""
    return task.due_at or datetime(9999, 1, 1, tzinfo=UTC), -(task.priority if task.priority is not None else 50)


def _list(name: str) -> dict[str, Any]:
    """Which tasks a list is of."""
    me = actors.actor()
    if name == "mine":
        return {"assignee": me, "actor": me}
    if name == "teams":
        return {"groups": actors.work_roles(actors.account()), "unassigned": True, "actor": me, "offered": True}
    return {"actor": me}


def _counted(number: int) -> str:
    return f"{COUNTED:,}+" if number > COUNTED else str(number)


def _row(task: Any) -> Row:
    try:
        complaint = application().register.get(instance_id=task.instance_id)
    except NotFound:
        complaint = None  # a task of a process that is no complaint
    return Row(task, complaint, name_of(task.assignee) if task.assignee else "", task.assignee == actors.actor())

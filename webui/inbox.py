"""The inbox: what is mine, my teams', all, and lists that are kept; what hurts first on top; choose several and act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request

from amends.engine.errors import AmendsError, Invalid
from amends.engine.instances.filters import ORDERS, URGENCY, Filter
from amends.webui import actors, asked, bulk, packages, workload
from amends.webui.pages import page, say, see
from amends.webui.people import everybody, name_of
from amends.webui.state import application, now
from amends.webui.words import count

blueprint = Blueprint("inbox", __name__)
SHOWN = 50
"""Rows on a page; sorted by the engine, the most urgent first."""
COUNTED = 1_000
"""How far the counts on the left go; beyond, they say so."""
SAVED_COUNTED = 100
LISTS_COUNTED = 20
TITLES = {"mine": "Mine", "teams": "My teams'", "all": "All"}
COVER = "cover:"


@dataclass(frozen=True)
class Row:
    """One task in the inbox with the complaint it is about."""

    task: Any
    complaint: Any | None
    who: str
    mine: bool
    new: str = ""
    """What is new to whoever looks, in words."""


@dataclass(frozen=True)
class Listed:
    """One of the lists on the left."""

    id: str
    title: str
    count: str


@dataclass(frozen=True)
class Seen:
    """The list that is shown: one of those on the left, narrowed and in an order; `saved` is the kept one it came from."""

    id: str
    filter: Filter
    order: str
    saved: Any | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What makes it, in an address."""
        return {"list": self.id, **self.filter.to_plain(), **({"order": self.order} if self.order != URGENCY else {})}


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(work=True)


@blueprint.get("/inbox")
def tasks() -> Response:
    """A list of tasks."""
    return _tasks({})


@blueprint.post("/inbox/lists")
def keep() -> Response:
    """Keep the list that is shown under a name, alone or for everybody."""
    seen = _seen(request.form, ())
    if request.form.get("list") not in TITLES:
        return _tasks({"name": "Only Mine, My teams' and All can be kept, narrowed as you like: choose one of them first"}, 422)
    try:
        shared = request.form.get("shared") == "yes"
        kept = application().accounts.saved.keep(
            actors.signed_in().id, request.form.get("name", ""), seen.id, seen.filter, seen.order, shared=shared
        )
    except Invalid as error:
        if not error.fields:
            raise
        return _tasks(error.by_field(), 422)
    say(f"The list “{kept.name}” is kept{' for everybody' if shared else ''}.")
    return see("amends.inbox.tasks", saved=kept.id)


@blueprint.post("/inbox/lists/remove")
def remove() -> Response:
    """Keep a list no longer."""
    application().accounts.saved.remove(actors.signed_in().id, request.form.get("saved", ""))
    say("The list is removed.")
    return see("amends.inbox.tasks")


@blueprint.post("/inbox")
def act() -> Response:
    """Take or give back the chosen tasks at once; show what else would happen first. Says of each that failed why."""
    wanted, chosen = asked.command("claim", "unclaim", bulk.FILLED, *bulk.COMMANDS), request.form.getlist("task")
    if not chosen:
        return _again({"choose": "Tick the tasks first: none was chosen"})
    if wanted in (bulk.FILLED, *bulk.COMMANDS):
        return _several(wanted, chosen)
    engine, actor = application().engine, actors.actor()
    command = engine.claim if wanted == "claim" else engine.unclaim
    done, failed = 0, []
    for task_id in chosen:
        try:
            command(task_id, actor=actor)
            done += 1
        except AmendsError as error:
            failed.append(str(error))
    if done:
        say(f"{count(done, 'task is', 'tasks are')} {'yours' if command == engine.claim else 'given back'}.")
    for text in failed:
        say(text)
    return see("amends.inbox.tasks", list=request.form.get("list", "mine"))


def _several(wanted: str, chosen: list[str]) -> Response:
    """What would happen to several tasks; where it is not clear what is meant, the list again with what was typed and chosen."""
    try:
        return bulk.answer(wanted, chosen)
    except Invalid as error:
        if not error.fields:
            raise
        return _again(error.by_field())


def _again(errors: dict[str, str]) -> Response:
    """The list that tasks were chosen from, with what was wrong and what was typed."""
    return workload.shown(errors, 422) if request.form.get("list") == "workload" else _tasks(errors, 422)


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


def _tasks(errors: dict[str, str], status: int = 200) -> Response:
    engine, accounts, me = application().engine, application().accounts, actors.signed_in()
    given = request.form if "name" in errors else request.args
    saved = accounts.saved.of(me.id)
    covered = {f"{COVER}{one.removeprefix('account:')}": one for one in sorted(accounts.absences.covered_by(me.id))}
    titles = TITLES | {name: f"For {name_of(one)}" for name, one in covered.items()}
    counts = {name: engine.count_user_tasks(most=COUNTED, **_list(name)) for name in titles}
    seen = _seen(given, saved, "teams" if not counts["mine"] else "mine", [*titles])
    lists = [Listed(name, titles[name], _counted(counts[name])) for name in titles]
    narrowed = {**_list(seen.id), "only": seen.filter, "order": seen.order}
    found = engine.user_tasks(limit=SHOWN + 1, after=given.get("after"), **narrowed)
    found = sorted(found, key=urgency) if seen.order == URGENCY else found
    rows = _rows(found[:SHOWN])
    engine.record_reads([row.task.instance_id for row in rows if row.complaint], "inbox", actor=actors.actor())
    many = engine.count_user_tasks(most=COUNTED, **{**_list(seen.id), "only": seen.filter}) if seen.filter != Filter() else counts[seen.id]
    package = packages.complaint_package()
    return page(
        "inbox/tasks.html", status, lists=lists, seen=seen, title=seen.saved.name if seen.saved else titles[seen.id], rows=rows,
        more=rows[-1].task.id if len(found) > SHOWN else "", saved=_kept(saved),
        many=_counted(many), errors=errors, orders=ORDERS,
        roles={role: words for role, words in packages.role_titles().items() if role not in actors.APART},
        elements=_elements(package), stages=package.manifest.stages if package is not None else {},
        team_options={name: name for name in accounts.team_names()},
        called=len(application().register.talk.unseen(me.id)),
        people=everybody(), leads=actors.may("lead"), now=now(), typed=given.get("name", "") if errors else "",
        after=given.get("after"),
        asked=request.form if errors else {}, chosen=request.form.getlist("task") if errors else [],
    )  # fmt: skip


def _seen(given: Any, saved: Any, default: str = "mine", known: Any = tuple(TITLES)) -> Seen:
    """The list an address or a form asks for."""
    kept = next((one for one in saved if one.id == given.get("saved")), None)
    if kept is not None:
        return Seen(kept.list, kept.filter, kept.order, kept)
    order = given.get("order", "")
    chosen = given.get("list", "")
    return Seen(chosen if chosen in known else default, Filter.from_plain(given), order if order in ORDERS else URGENCY)


def _elements(package: Any | None) -> dict[str, str]:
    """Every user task of the package, by id."""
    every = (one for diagram in package.diagrams for one in diagram.all_elements()) if package is not None else ()
    return dict(sorted(((one.id, one.name or one.id) for one in every if one.type == "userTask"), key=lambda one: one[1]))


def _list(name: str) -> dict[str, Any]:
    """Which tasks a list is of."""
    me = actors.actor()
    if name == "mine":
        return {"assignee": me, "actor": me}
    if name == "teams":
        account = actors.account()
        names = sorted(account.by_name) if account is not None else []
        return {"groups": [*actors.work_roles(account), *names], "unassigned": True, "actor": me, "offered": True}
    if name.startswith(COVER):
        return {"assignee": f"account:{name.removeprefix(COVER)}", "actor": me}
    return {"actor": me}


def _kept(saved: Sequence[Any]) -> list[tuple[Any, str]]:
    """The lists that are kept, each with how many tasks are in it: one's own before those of others, and not for a great many."""
    counted = {one.id for one in sorted(saved, key=lambda one: not one.mine)[:LISTS_COUNTED]}
    return [(one, _saved_count(one) if one.id in counted else "") for one in saved]


def _saved_count(saved: Any) -> str:
    """How many tasks are in a list that is kept; counted less far, as there may be many such lists."""
    many = application().engine.count_user_tasks(most=SAVED_COUNTED, **{**_list(saved.list), "only": saved.filter})
    return _counted(many, SAVED_COUNTED)


def _counted(number: int, most: int = COUNTED) -> str:
    return f"{most:,}+" if number > most else str(number)


def _rows(tasks: Sequence[Any]) -> list[Row]:
    """Tasks with their complaints; a task of a process that is no complaint has none."""
    ids, me, register = [task.instance_id for task in tasks], actors.actor(), application().register
    complaints, news = register.of_instances(ids), register.presence.news(actors.signed_in().id, ids)
    return [
        Row(
            task, complaints.get(task.instance_id), name_of(task.assignee) if task.assignee else "", task.assignee == me,
            _new(news.get(task.instance_id), mine=task.assignee == me),
        )
        for task in tasks
    ]  # fmt: skip


def _new(news: Any | None, *, mine: bool) -> str:
    """What came since somebody last looked; of what they never looked at, only that theirs is new to them."""
    if news is None:
        return "New" if mine else ""
    said = [count(many, f"new {what}") for many, what in ((news.messages, "message"), (news.comments, "comment")) if many]
    return ", ".join(said)

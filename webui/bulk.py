"""Act on several tasks: first what would happen to each, and why not to some; then, when somebody says so, all that can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from flask import Response, request

from amends.engine.errors import AmendsError, Invalid, NotFound
from amends.webui import actors, times, words, zone
from amends.webui.pages import page, say, see
from amends.webui.people import ACTOR, chosen, everybody, name_of
from amends.webui.state import application

COMMANDS = ("assign", "delegate", "priority", "follow_up")
FILLED = "filled"
"""Somebody has pressed Enter in one of the fields: what is meant is the one that is filled in."""
MOST = 200
"""Tasks at once; a page has fewer."""


@dataclass(frozen=True)
class Plan:
    """What is to happen to every chosen task: in words, how to ask whether it may, and how to do it."""

    what: str
    value: str
    refusal: Callable[[str], str]
    do: Callable[[str], None]


@dataclass(frozen=True)
class Chosen:
    """One chosen task: with whom it is, what it is about, and why it would be left alone (empty: it would not)."""

    task: Any
    about: str
    holder: str
    refusal: str


def answer(wanted: str, tasks: list[str]) -> Response:
    """The preview, or, when it was agreed to, the list again with what was done. Raises `Invalid` by field for what cannot be meant."""
    if len(tasks) > MOST:
        raise Invalid(f"These are too many at once. Choose at most {MOST}.")
    if wanted == FILLED:
        wanted = _filled()
    plan = _plan(wanted)
    if request.form.get("sure") != "yes":
        found = [_chosen(task_id, plan) for task_id in dict.fromkeys(tasks)]
        shown = [one for one in found if one is not None]
        application().engine.record_reads([one.task.instance_id for one in shown], "several tasks", actor=actors.actor())
        return page(
            "inbox/preview.html", plan=plan, do=wanted, ready=[one for one in shown if not one.refusal],
            left=[one for one in shown if one.refusal], hidden=len(found) - len(shown), back=request.form.get("list", "mine"),
        )  # fmt: skip
    done, failed = 0, []
    for task_id in dict.fromkeys(tasks):
        try:
            plan.do(task_id)
            done += 1
        except AmendsError as error:
            failed.append(str(error))
    if done:
        say(f"{words.count(done, 'task is', 'tasks are')} changed: {plan.what}.")
    for text in failed:
        say(text)
    return _back()


def _filled() -> str:
    """The command whose field is filled in; raises `Invalid` by field where that is none or several."""
    found = [name for name in ("assign", "priority", "follow_up") if request.form.get(name, "").strip()]
    if not found:
        raise Invalid("It was not said what is to be done.", {"choose": ["Press the button of what is to be done with the chosen tasks"]})
    if len(found) > 1:
        raise Invalid("Several are filled in.", {name: ["Press the button beside it: more than this is filled in"] for name in found})
    return found[0]


def _back() -> Response:
    listed = request.form.get("list", "mine")
    return see("amends.workload.show") if listed == "workload" else see("amends.inbox.tasks", list=listed)


def _plan(wanted: str) -> Plan:
    engine, me, value = application().engine, actors.actor(), request.form.get(wanted, "") or request.form.get("value", "")
    if wanted in ("assign", "delegate"):
        value = value if value.startswith(ACTOR) else chosen("assign", everybody(), "Choose who shall do it", previewed=True)
        command = engine.assign if wanted == "assign" else engine.delegate
        told = f"given to {name_of(value)}" + (", to be returned" if wanted == "delegate" else "")
        return Plan(told, value, lambda task: engine.refusal(task, wanted, actor=me, to=value), lambda task: command(task, value, actor=me))
    change: dict[str, Any]
    if wanted == "priority":
        if not (value.isascii() and value.isdigit() and int(value) <= 100):
            raise Invalid("No priority was chosen.", {"priority": ["Choose a priority"]})
        change, told = {"priority": int(value)}, f"priority {words.priority(int(value))[0].lower()}"
    else:
        change, told = _follow_up(value)
    return Plan(told, value, lambda task: engine.refusal(task, "arrange", actor=me), lambda task: engine.arrange(task, actor=me, **change))


def _follow_up(value: str) -> tuple[dict[str, Any], str]:
    """A follow-up date as a date input gives it: the morning of that day; none takes it off."""
    if not value:
        return {"follow_up_at": None}, "no follow-up date"
    try:
        at = datetime.combine(datetime.fromisoformat(value).date(), time(6), zone.current())
    except ValueError as error:
        raise Invalid("This is no date.", {"follow_up": ["Enter a date, or leave it out to take the follow-up date off"]}) from error
    return {"follow_up_at": at}, f"follow-up on {times.long_date(at)}"


def _chosen(task_id: str, plan: Plan) -> Chosen | None:
    """A chosen task as the preview shows it; None for one that whoever asks may not see."""
    try:
        task = application().engine.user_task(task_id)
    except NotFound:
        return None
    if not actors.may("read", instance_id=task.instance_id):
        return None
    try:
        complaint = application().register.get(instance_id=task.instance_id)
        about = f"{complaint.reference} · {complaint.subject}"
    except NotFound:
        about = ""
    return Chosen(task, about, name_of(task.assignee) if task.assignee else "nobody yet", plan.refusal(task_id))

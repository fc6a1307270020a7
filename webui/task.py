"""One task: the question on top, its form, and beside it what one needs to answer it; afterwards what happened, and what is next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from flask import Blueprint, Response, make_response, request

from amends.engine.errors import Conflict, Invalid, NotFound
from amends.forms.form import Form
from amends.webui import actors, asked, filling, people, story, times, zone
from amends.webui.casework import DoneTask, about, done_tasks
from amends.webui.errors import typed
from amends.webui.inbox import next_task
from amends.webui.pages import page, say, see
from amends.webui.people import name_of
from amends.webui.state import application, now, web

blueprint = Blueprint("task", __name__)
LAST_MESSAGES = 3
OPEN = "open"
MOST_URGENT = 100


class Work:
    """A task at hand: its package, element, form, and the draft of the person who has it open."""

    def __init__(self, task_id: str) -> None:
        """Find the task; raises NotFound, and Forbidden for a complaint that the person signed in may not see."""
        engine = application().engine
        self.task = engine.user_task(task_id)
        actors.demand("read", instance_id=self.task.instance_id)
        self.view = engine.instance(self.task.instance_id)
        self.package = engine.package(self.view.deployment_id)
        self.element = story.element_of(self.package, self.task.element_id)
        self.form: Form | None = filling.form_of(self.package, self.task.form) if self.task.form else None
        # What the process knows where the task stands: what the form may show and start from.
        self.context: dict[str, Any] = {"settings": dict(self.package.manifest.settings), **engine.task_variables(task_id)}
        if self.form is not None:
            self.context |= engine.offers(self.package.form(self.task.form) or b"")
        self.roles = [role for role in actors.account().roles]  # type: ignore[union-attr]
        self.key = f"task:{actors.actor()}:{task_id}"
        self.draft: dict[str, Any] = web().drafts.read(self.key) or {}

    @property
    def mine(self) -> bool:
        """Whether the person signed in has it."""
        return bool(self.task.assignee == actors.actor())


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(work=True)


@blueprint.get("/tasks/<task_id>")
def show(task_id: str) -> Response:
    """The task, or what became of it."""
    work, engine, presence = Work(task_id), application().engine, application().register.presence
    looking: Sequence[str] = ()
    is_open = work.task.state == OPEN
    # Its page has the last messages; not for who is barred from it, and comments it has for nobody.
    barred = is_open and bool(_apart(work)) and _is_barred(_barred(work, list(engine.history(work.view.id))))
    me, instance_id, new = actors.signed_in().id, work.task.instance_id, 0
    with engine.batch(beside=True):
        if is_open:
            news = presence.news(me, [instance_id]).get(instance_id)
            new = news.messages if news is not None else 0
            looking = presence.look(instance_id, me, messages=None if barred else engine.now())
        engine.record_read(instance_id, f"task {work.task.element_id}", actor=actors.actor())
    if not is_open:
        return _closed(work)
    return _show(work, work.draft.get("data", {}), looking=looking, new=new)


@blueprint.post("/tasks/<task_id>")
def complete(task_id: str) -> Response:
    """Complete it, or keep a draft; what is wrong is shown beside its field and nothing typed is lost."""
    work = Work(task_id)
    if work.form is not None:
        looking = filling.looking()
        submission = filling.read_post(work.form, work.key, work.draft, None, work.context, files=not looking)
        web().drafts.write(work.key, work.draft, staff=True)
        data = work.draft["data"]
        if request.form.get("go") == "draft":
            say("Your draft is saved. Nobody else sees it.")
            return see("amends.task.show", task_id=task_id)
        revealed = bool(work.form.unseen(submission, data, context=work.context, roles=work.roles))
        if looking:
            wrong = filling.still_wrong(work.form, data, context=work.context, roles=work.roles)
            return _show(work, data, wrong, revealed=revealed)
        if submission.action is not None or revealed:
            return _show(work, data, revealed=revealed)
        typed(filling.summary(work.form.render(data, context=work.context, roles=work.roles)))
        try:
            clean = work.form.validate(data, context=work.context, roles=work.roles)
        except Invalid as error:
            return _show(work, data, error.fields, 422)
    else:
        clean = {}
    try:
        application().engine.complete(task_id, _with_files(work, clean), actor=actors.actor())
    except Invalid as error:
        return _show(work, work.draft.get("data", {}), error.fields, 422)
    web().drafts.forget(work.key)
    return see("amends.task.done", task_id=task_id, since=work.view.seq)


@blueprint.post("/tasks/<task_id>/draft")
def keep(task_id: str) -> Response:
    """Keep what is typed while it is typed; answers with a line that says so, for the page's live region."""
    work = Work(task_id)
    if work.task.state != OPEN:
        who = f" by {name_of(work.task.completed_by)}" if work.task.completed_by else ""
        return make_response(f"This task is no longer open: it was ended{who}. What you typed is still on this page; copy what you need.")
    if work.form is not None:
        filling.read_post(work.form, work.key, work.draft, None, work.context, files=False)
        web().drafts.write(work.key, work.draft, staff=True)
    return make_response(f"Your draft was saved at {times.clock_time(now())}.")


@blueprint.get("/tasks/<task_id>/done")
def done(task_id: str) -> Response:
    """What happened, and what to do next."""
    work = Work(task_id)
    if work.task.state == OPEN:
        return see("amends.task.show", task_id=task_id)
    since = request.args.get("since", type=int) or 0
    told = about(work.view)
    happened = story.timeline(work.package, [event for event in told.events if event.seq > since], told.sight)
    return page("task/done.html", work=work, about=told, happened=happened[::-1], following=next_task(task_id))


@blueprint.post("/tasks/<task_id>/claim")
def claim(task_id: str) -> Response:
    """Take it."""
    application().engine.claim(task_id, actor=actors.actor())
    say("The task is yours.")
    return see("amends.task.show", task_id=task_id)


@blueprint.post("/tasks/<task_id>/release")
def release(task_id: str) -> Response:
    """Give it back to the team."""
    application().engine.unclaim(task_id, actor=actors.actor())
    say("The task is given back to the team.")
    return see("amends.task.show", task_id=task_id)


@blueprint.post("/tasks/<task_id>/assign")
def assign(task_id: str) -> Response:
    """Give it to somebody, for good or to be returned."""
    engine, work, returned = application().engine, Work(task_id), asked.command("", "delegate") == "delegate"
    try:
        to = people.chosen("assignee", _candidates(work.task), "Choose who shall do it")
    except Invalid as error:
        return _show(work, work.draft.get("data", {}), status=422, problems=error.by_field())
    (engine.delegate if returned else engine.assign)(task_id, to, actor=actors.actor())
    say(f"The task is given to {name_of(to)}{', to be returned' if returned else ''}.")
    return see("amends.task.show", task_id=task_id)


@blueprint.post("/tasks/<task_id>/arrange")
def arrange(task_id: str) -> Response:
    """Set its priority, and when somebody wants to come back to it."""
    typed, priority, at, wrong = request.form.get("follow_up", ""), request.form.get("priority", ""), None, {}
    if not (priority.isascii() and priority.isdigit() and int(priority) <= MOST_URGENT):
        wrong["task-priority"] = "Choose a priority"
    try:
        at = datetime.combine(datetime.fromisoformat(typed).date(), time(6), zone.current()) if typed else None
    except ValueError:
        wrong["task-follow-up"] = "Enter a date, or leave it out"
    if wrong:
        work = Work(task_id)
        return _show(work, work.draft.get("data", {}), status=422, problems=wrong)
    application().engine.arrange(task_id, actor=actors.actor(), follow_up_at=at, priority=int(priority))
    say("The task is arranged.")
    return see("amends.task.show", task_id=task_id)


def _show(
    work: Work, data: dict[str, Any], errors: Any = None, status: int = 200, revealed: bool = False, problems: dict[str, str] | None = None,
    looking: Sequence[str] = (), new: int = 0,
) -> Response:  # fmt: skip
    if work.task.state != OPEN:
        _too_late(work)
    told = about(work.view)
    barred = _barred(work, told.events)
    if _is_barred(barred):
        return page(
            "task/barred.html", 422 if problems else 200, work=work, about=told, barred=barred, candidates=_candidates(work.task),
            problems=problems or {}, asked=request.form, **_allowed(work.task),
        )  # fmt: skip
    model = work.form.render(data, context=work.context, errors=errors, roles=work.roles, native_dates=True) if work.form else None
    return page(
        "task/show.html", status, work=work, model=model, about=told, saved=bool(work.draft), revealed=revealed,
        follows=story.what_follows(work.package, work.element) if work.element is not None else [],
        candidates=_candidates(work.task), barred=barred, holder=name_of(work.task.assignee), looking=looking,
        last=_last(told.thread, new), problems=problems or {}, asked=request.form if problems else {}, **_allowed(work.task),
    )  # fmt: skip


def _last(thread: Sequence[Any], new: int) -> int:
    """How many of the last messages are shown: all that are new, since the page makes them seen, and some in any case."""
    came = [place for place, message in enumerate(thread) if message.direction == "in"]
    return max(LAST_MESSAGES, len(thread) - came[-new] if 0 < new <= len(came) else 0)


def _allowed(task: Any) -> dict[str, bool]:
    """What the person signed in may do with a task; the engine asks the policy the same again when it is done."""
    at = {"task_id": task.id, "instance_id": task.instance_id, "element_id": task.element_id}
    at |= {"groups": task.groups, "assignee": task.assignee, "competence": task.competence, "owner": task.owner}
    return {f"may_{action}": actors.may(action, **at) for action in ("complete", "claim", "assign", "arrange")}


def _closed(work: Work) -> Response:
    task = work.task
    return page("task/closed.html", work=work, about=about(work.view), who=name_of(task.completed_by), at=task.completed_at)


def _too_late(work: Work) -> None:
    raise Conflict(f"“{work.task.name}” is no longer open.", by=work.task.completed_by, at=work.task.completed_at)


def _candidates(task: Any) -> list[Any]:
    """Active accounts the task could be given to."""
    everyone = application().accounts.list()
    return list(application().engine.access.receivers(everyone, task.instance_id, task.groups or (), task.competence))


def _apart(work: Work) -> set[str]:
    """The elements that whoever does this task must not have done."""
    apart = str(work.element.ext.properties.get("not_done_by", "")) if work.element is not None else ""
    return {one.strip() for one in apart.split(",") if one.strip()}


def _barred(work: Work, events: list[Any]) -> list[DoneTask]:
    """Who may not do this task, with what they did that it has to be independent of (ISO 10002, 4.7)."""
    others = _apart(work)
    return [done for done in done_tasks(work.package, events) if done.element_id in others] if others else []


def _is_barred(barred: list[DoneTask]) -> bool:
    return any(one.actor == actors.actor() for one in barred)


def _with_files(work: Work, clean: dict[str, Any]) -> dict[str, Any]:
    """The data with its files kept at the complaint, where everybody who works on it finds them."""
    if not work.draft.get("files"):
        return clean
    try:
        complaint = application().register.get(instance_id=work.task.instance_id)
    except NotFound:
        return clean
    return filling.send_files(work.key, work.draft, clean, actors.actor(), complaint)[0]

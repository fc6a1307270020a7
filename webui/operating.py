"""For operators: what runs on which version, what rests, and interfering with an instance, seen before it is done."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from amends.engine.errors import AmendsError, Conflict, Invalid
from amends.webui import actors, asked, sight, story
from amends.webui.pages import page, say, see
from amends.webui.people import name_of
from amends.webui.state import application

blueprint = Blueprint("operating", __name__)
SHOWN = 50
STATES = ("active", "incident", "suspended", "completed", "terminated")
RUNNING = STATES[:3]
SAID = {
    "modify": "The instance is changed.", "restart": "The instance runs again.", "cancel": "The instance is cancelled.",
    "suspend": "The instance rests.", "resume": "The instance goes on.", "skip": "The step is skipped.",
    "retry": "The step is being tried again. If it fails again, it is held up again.",
}  # fmt: skip


@dataclass(frozen=True)
class Version:
    """A version of a package with how many instances are in which state, and its processes."""

    deployment: Any
    counts: dict[str, int]
    processes: list[tuple[str, str]]


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(actors.OWNER, actors.ADMIN)


@blueprint.get("/operating")
def overview() -> Response:
    """Which instances run on what, and what rests."""
    return _overview()


def _overview(errors: dict[str, str] | None = None, status: int = 200) -> Response:
    engine = application().engine
    versions: list[Version] = []
    for deployment in engine.deployments():
        counts = engine.counts(deployment.id)
        if counts or not versions or versions[-1].deployment.package != deployment.package:
            named = [(one.id, one.name or one.id) for one in engine.package(deployment.id).processes.values() if one.executable]
            versions.append(Version(deployment, counts, sorted(named, key=lambda one: one[1])))
    rests = [(one, name_of(one.actor)) for one in engine.suspensions()]
    processes = sorted({process for version in versions for process in version.processes})
    operations = sorted((kind, operation.title) for kind, operation in engine.registry.operations.items())
    return page(
        "operating/overview.html", status, versions=versions, states=STATES, rests=rests, processes=processes, operations=operations,
        errors=errors or {}, typed=request.form,
    )  # fmt: skip


@blueprint.post("/operating/rest")
def rest() -> Response:
    """Let a process or an operation rest, or go on."""
    actors.demand("operate")
    kind, _, name = request.form.get("what", "").partition(":")
    do = asked.command("suspend", "resume")
    if kind not in ("process", "operation"):
        return _overview({"what": "Choose what is to rest"}, 422)
    why = {"reason": request.form.get("reason", ""), "actor": actors.actor()}
    engine = application().engine
    try:
        if kind == "operation":
            getattr(engine, f"{do}_operation")(name, **why)
        else:
            getattr(engine, f"{do}_process")(name, request.form.get("deployment") or None, **why)
    except Invalid as error:
        return _overview(error.by_field("what"), 422)
    say("It rests. What is filed meanwhile is taken." if do == "suspend" else "It goes on.")
    return see("amends.operating.overview")


@blueprint.get("/operating/instances")
def instances() -> Response:
    """Instances by version and state, the newest first; nothing of what they hold."""
    actors.demand("operate")
    engine = application().engine
    asked = {name: request.args.get(name) or None for name in ("process_id", "deployment_id", "state")}
    found = engine.instances(**asked, limit=SHOWN, after=request.args.get("after") or None)
    more = found[-1].id if len(found) == SHOWN else None
    allowed = [one for one in found if actors.may("operate", instance_id=one.id)]
    return page("operating/instances.html", found=allowed, asked=asked, states=STATES, more=more)


@blueprint.get("/operating/instances/<instance_id>")
def instance(instance_id: str) -> Response:
    """Where an instance stands, and what can be done to it."""
    return _instance(instance_id)


def _instance(instance_id: str, effect: Any = None, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    actors.demand("operate", instance_id=instance_id)
    engine = application().engine
    view = engine.instance(instance_id)
    if view.incidents or effect is not None:
        # What an error says may name somebody.
        engine.record_read(instance_id, "operating", actor=actors.actor())
    package = engine.package(view.deployment_id)
    names = {element.id: element.name or element.id for process in package.processes.values() for element in process.all_elements()}
    process = package.processes.get(view.process_id)
    own = [] if process is None else [(one.id, names[one.id]) for one in process.all_elements()]
    deployment = next(one for one in engine.deployments() if one.id == view.deployment_id)
    return page(
        "operating/instance.html", status, view=view, deployment=deployment, names=names, running=view.state in RUNNING,
        elements=sorted(own, key=lambda one: one[1].lower()), waits=engine.waiting(instance_id), effect=effect, errors=errors or {},
        given=request.form, chosen=request.form.getlist("cancel"), process=story.element_name(package, view.process_id),
        key=secrets.token_urlsafe(12), inputs={one.id: _inputs(one.id, package, instance_id) for one in view.incidents},
    )  # fmt: skip


def _inputs(incident_id: str, package: Any, instance_id: str) -> list[tuple[str, str]]:
    """What a step that is held up was given, as far as this reader may see it: who may not read the trace may not read this."""
    if not actors.may("audit", instance_id=instance_id):
        return []
    shown = sight.own(package, instance_id).cover(application().engine.incident_inputs(incident_id))
    texts = {name: found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, default=str) for name, found in shown.items()}
    return list(texts.items())


@blueprint.post("/operating/instances/<instance_id>")
def change(instance_id: str) -> Response:
    """Show what an intervention would change, or do it."""
    actors.demand("operate", instance_id=instance_id)
    # What is held up has three buttons for one form: `go` says both.
    go = request.form.get("go", "")
    command = {"look": "skip"}.get(go, go) or request.form.get("command", "")
    do = "" if go else asked.command("look", "do")
    rehearsed = "look" in (go, do)
    try:
        effect = _intervene(instance_id, command, rehearsed)
    except Conflict:
        raise
    except AmendsError as error:
        errors = error.by_field("modify") if isinstance(error, Invalid) else {"modify": str(error)}
        return _instance(instance_id, None, errors, 422)
    if rehearsed:
        return _instance(instance_id, effect)
    say(SAID[command])
    return see("amends.operating.instance", instance_id=instance_id)


def _intervene(instance_id: str, command: str, rehearsed: bool) -> Any:
    engine, form = application().engine, request.form
    # A form that is sent twice does it once: its key came with the page.
    why: dict[str, Any] = {"reason": form.get("reason", ""), "actor": actors.actor(), "key": form.get("key") or None}
    if command in ("suspend", "resume"):
        return getattr(engine, command)(instance_id, **why)
    where = {name: [one for one in form.getlist(name) if one] for name in ("before", "after")}
    if command == "retry":
        return engine.retry_incident(form.get("incident", ""), variables=_variables(), **why)
    why["dry_run"] = rehearsed
    if command == "cancel":
        return engine.cancel(instance_id, **why)
    if command == "skip":
        return engine.skip_incident(form.get("incident", ""), _variables(), **why)
    if command == "restart":
        return engine.restart(instance_id, **where, variables=_variables(), **why)
    if command == "modify":
        return engine.modify(instance_id, **where, cancel=form.getlist("cancel"), variables=_variables(), **why)
    raise Invalid("Choose what is to be done.")


def _variables() -> dict[str, Any]:
    """Variables as lines of NAME = VALUE; a value is JSON, or else text."""
    found: dict[str, Any] = {}
    for line in request.form.get("variables", "").splitlines():
        name, equals, text = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not equals or not name:
            raise Invalid(f"{line!r} is not NAME = VALUE.", {"variables": [f"Write {line!r} as NAME = VALUE"]})
        try:
            found[name] = json.loads(text)
        except json.JSONDecodeError:
            found[name] = text
    return found

"""For operators: moving running instances to another version of their process, from the plan to the progress of the batch."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, request

from amends.engine.errors import Invalid
from amends.engine.operating import Migrations
from amends.webui import actors, asked
from amends.webui.operating import RUNNING
from amends.webui.pages import page, say, see
from amends.webui.people import name_of
from amends.webui.state import application

blueprint = Blueprint("migrating", __name__)
TRIED = 200
"""How many instances a trial run on a page looks at; the command line looks at all."""
SHOWN = 50
SECONDS = 5.0
"""How long a request moves instances; then the page says how far it is, and a button goes on."""
MAP = "map."


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(actors.OWNER, actors.ADMIN)


@blueprint.get("/operating/migrate")
def choose() -> Response:
    """From which version of a process to which, and what was moved before."""
    actors.demand("operate")
    engine = application().engine
    versions = engine.deployments()
    names = {
        (process_id, one.id): f"{process_id}: {one.title} {one.version} (number {one.number})"
        for one in versions for process_id in one.processes
    }  # fmt: skip
    running = {one.id: sum(many for state, many in engine.counts(one.id).items() if state in RUNNING) for one in versions}
    sources = [(f"{process_id} {place}", told, running[place]) for (process_id, place), told in names.items() if running[place]]
    asked = request.args.get("from", "").split()
    source = (asked[0], asked[1]) if len(asked) == 2 else None
    others = [item for item in names.items() if source and item[0][0] == source[0] and item[0][1] != source[1]]
    targets = [(place, told) for (_, place), told in others]
    batches = [(one, name_of(one.actor)) for one in Migrations(engine).batches(20)]
    return page("operating/migrate.html", sources=sources, source=source, targets=targets, batches=batches)


@blueprint.route("/operating/migrate/plan", methods=["GET", "POST"])
def plan() -> Response:
    """The plan: what goes where; a trial run; and its beginning."""
    actors.demand("operate")
    engine, sent = application().engine, request.values
    migrations = Migrations(engine)
    which = (sent.get("process_id", ""), sent.get("from", ""), sent.get("to", ""))
    mapping = {name.removeprefix(MAP): value for name, value in request.form.items() if name.startswith(MAP) and value}
    made = migrations.plan(*which, mapping)
    errors: dict[str, str] = {}
    outcomes: list[Any] | None = None
    if request.method == "POST" and asked.command("look", "begin") == "begin":
        try:
            batch = migrations.begin(made, actor=actors.actor(), reason=request.form.get("reason", ""))
        except Invalid as error:
            errors = error.by_field()
        else:
            _run(migrations, batch)
            return see("amends.migrating.batch", batch=batch)
    elif request.method == "POST":
        outcomes = list(migrations.preview(made, TRIED))
    target = engine.package(which[2]).processes[which[0]]
    options = sorted(((one.id, one.name or one.id) for one in target.all_elements()), key=lambda one: one[1].lower())
    stopped = [one for one in outcomes or () if one.stops]
    return page(
        "operating/plan.html", 422 if errors else 200, plan=made, options=options, outcomes=outcomes, stopped=stopped[:SHOWN],
        errors=errors, reason=request.form.get("reason", ""), most=TRIED, many=len(stopped),
    )  # fmt: skip


@blueprint.get("/operating/migrations/<batch>")
def batch(batch: str) -> Response:
    """How far a batch is, and what stopped whom."""
    actors.demand("operate")
    progress = Migrations(application().engine).progress(batch)
    return page("operating/batch.html", progress=progress, by=name_of(progress.actor), whole=sum(progress.counts.values()))


@blueprint.post("/operating/migrations/<batch>")
def go_on(batch: str) -> Response:
    """Go on with a batch; with `again`, those that something stopped have another turn."""
    actors.demand("operate")
    migrations = Migrations(application().engine)
    migrations.progress(batch)
    _run(migrations, batch, again=asked.command("on", "again") == "again")
    return see("amends.migrating.batch", batch=batch)


def _run(migrations: Migrations, batch: str, again: bool = False) -> None:
    """Move as many as a request has time for."""
    until = time.monotonic() + SECONDS
    progress = migrations.run(batch, again=again, stopping=lambda: time.monotonic() > until)
    say("Every instance had its turn." if progress.done else "There is more to do: go on below, or by amends migrate --resume.")

"""For process owners and administrators: everything that is held up, in one list, and trying it again (one, or all like it)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from amends.engine.errors import AmendsError, NotFound
from amends.webui import actors, asked, story, words
from amends.webui.pages import page, say, see
from amends.webui.state import application

blueprint = Blueprint("incidents", __name__)
SHOWN = 50
MOST = 1000
"""How many are looked at, and tried again, at once."""


@dataclass(frozen=True)
class Shown:
    """An incident with what people call its element and process, and how many are held up at the same element."""

    incident: Any
    element: str
    process: str
    alike: int


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(actors.OWNER, actors.ADMIN)


@blueprint.get("/studio/incidents")
def show() -> Response:
    """All that is held up, the longest first."""
    engine = application().engine
    found = engine.incidents(SHOWN, request.args.get("after") or None)
    everything = engine.incidents(MOST)
    alike: dict[tuple[str, str], int] = {}
    for one in everything:
        alike[_kind(one)] = alike.get(_kind(one), 0) + 1
    allowed = [one for one in found if actors.may("operate", instance_id=one.instance_id)]
    engine.record_reads([one.instance_id for one in allowed], "held up", actor=actors.actor())
    rows = [Shown(one, *_names(one), alike.get(_kind(one), 1)) for one in allowed]
    more = found[-1].id if len(found) == SHOWN else None
    return page("incidents/list.html", rows=rows, more=more, many=len(everything), most=MOST, reads=actors.may("read"))


@blueprint.post("/studio/incidents/retry")
def retry() -> Response:
    """Try one again, or all that are held up at the same element of the same process."""
    actors.demand("operate")
    engine, wanted = application().engine, request.form.get("incident", "")
    everything = engine.incidents(MOST)
    chosen = next((one for one in everything if one.id == wanted), None)
    if chosen is None:
        raise NotFound("This is not held up any more: somebody has tried it again, or it went on. Nothing was changed.")
    if asked.command("one", "alike") == "alike":
        retried = engine.retry_alike(chosen.id, actor=actors.actor())
        refused: Sequence[str] = retried.refused
        tried = retried.many - len(refused)
    else:
        refused, tried = _retried(chosen.id)
    if tried:
        say(f"{words.count(tried, 'step')} {'is' if tried == 1 else 'are'} being tried again. What fails again comes back here.")
    if refused:
        say(f"{words.count(len(refused), 'step')} could not be tried again: {refused[0]}")
    return see("amends.incidents.show")


def _retried(incident_id: str) -> tuple[list[str], int]:
    """Why one was not tried again, and how many were."""
    try:
        application().engine.retry_incident(incident_id, actor=actors.actor())
    except AmendsError as error:
        return [str(error)], 0
    return [], 1


def _kind(incident: Any) -> tuple[str, str]:
    return incident.process_id, incident.element_id


def _names(incident: Any) -> tuple[str, str]:
    """What people call the element and the process, in the version it runs on."""
    package = application().engine.package(incident.deployment_id)
    process = package.processes.get(incident.process_id)
    return story.element_name(package, incident.element_id), (process.name if process is not None else "") or incident.process_id

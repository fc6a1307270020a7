"""For the auditor: clauses with the records behind them, the full trace of a complaint, and the proof that nothing was changed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, request

from amends.webui import actors, packages, story
from amends.webui.pages import page
from amends.webui.people import name_of
from amends.webui.state import application, now

blueprint = Blueprint("audit", __name__)
RECENT = 200
"""Complaints whose events the clause list counts; more would make the page slow. The page says so."""


@dataclass
class Clause:
    """A clause of ISO 10002 with the elements that carry it out, and how often they did."""

    number: str
    elements: list[str] = field(default_factory=list)
    events: int = 0


@dataclass(frozen=True)
class Line:
    """One event of a trace, in full."""

    seq: int
    at: Any
    recorded_at: Any
    who: str
    kind: str
    element: str
    data: str
    hash: str


@blueprint.before_request
def _gate() -> Any:
    return actors.gate(actors.AUDITOR)


@blueprint.get("/audit")
def clauses() -> Response:
    """The clause list: which elements of the deployed process serve a clause, and how often they ran lately."""
    actors.demand("audit")
    package = packages.complaint_package()
    complaints = application().register.search(limit=RECENT)
    ran: Counter[str] = Counter()
    for one in complaints:
        ran.update(event.element_id for event in application().engine.history(one.instance_id) if event.kind == "completed")
    return page("audit/clauses.html", clauses=_clauses(package, ran), looked_at=len(complaints), package=package)


@blueprint.post("/audit/find")
def find() -> Response:
    """Find a complaint to trace."""
    actors.demand("audit")
    text = request.form.get("text", "").strip()
    return page("audit/found.html", text=text, complaints=application().register.search(text=text or None, limit=50))


@blueprint.get("/audit/complaints/<reference>")
def trace(reference: str) -> Response:
    """Every event of a complaint: what, when, who, which values, and its hash."""
    actors.demand("audit")
    complaint = application().register.get(reference=reference)
    engine = application().engine
    view = engine.instance(complaint.instance_id)
    package = engine.package(view.deployment_id)
    events = list(engine.history(complaint.instance_id))
    lines = [_line(package, event) for event in events]
    unsealed = sum(1 for event in events if event.sealed_by is None)
    proof = _proof(complaint.instance_id)
    return page("audit/trace.html", complaint=complaint, view=view, package=package, lines=lines, proof=proof, unsealed=unsealed)


@blueprint.get("/audit/verify")
def verify() -> Response:
    """Check the chains of all records now, and say what is not sealed yet."""
    actors.demand("audit")
    return page("audit/verify.html", report=application().engine.verify(), at=now())


def _clauses(package: Any, ran: Mapping[str, int]) -> list[Clause]:
    found: dict[str, Clause] = {}
    for diagram in package.diagrams if package is not None else ():
        for element in diagram.all_elements():
            for number in filter(None, (one.strip() for one in str(element.ext.properties.get("clause", "")).split(","))):
                clause = found.setdefault(number, Clause(number))
                clause.elements.append(element.name or element.id)
                clause.events += ran.get(element.id, 0)
    return sorted(found.values(), key=lambda one: [int(part) if part.isdigit() else 0 for part in one.number.split(".")])


def _line(package: Any, event: Any) -> Line:
    element = story.element_name(package, event.element_id) if event.element_id else ""
    named = f"{element} ({event.element_id})" if element and element != event.element_id else element
    data = json.dumps(event.data, ensure_ascii=False, indent=1, default=str, sort_keys=True) if event.data else ""
    return Line(
        event.seq, event.occurred_at, event.recorded_at, f"{name_of(event.actor)} ({event.actor})", event.kind, named, data, event.hash
    )


def _proof(instance_id: str) -> Any:
    """What verification says of this complaint alone."""
    report = application().engine.verify()
    return {"faults": [fault for fault in report.faults if fault.chain == instance_id], "unsealed": report.unsealed}

"""For the auditor: clauses with the records behind them, the full trace of a complaint, and the proof that nothing was changed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from amends.webui import actors, packages, sight, story, times
from amends.webui.pages import page
from amends.webui.people import name_of
from amends.webui.state import application, now, web

blueprint = Blueprint("audit", __name__)
HASH_LENGTH = 64
ERASED = "erased, as the record says"
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
    actor: str
    kind: str
    element: str
    keys: str
    data: str
    hash: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verified:
    """A report of a verification, and when it was made."""

    report: Any
    at: datetime


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
    found = application().register.search(text=text or None, limit=50, actor=actors.actor())
    application().engine.record_reads([one.instance_id for one in found], "complaints", actor=actors.actor())
    return page("audit/found.html", text=text, complaints=found)


@blueprint.get("/audit/complaints/<reference>")
def trace(reference: str) -> Response:
    """Every event of a complaint: what, when, who, which values, and its hash."""
    complaint = application().register.get(reference=reference)
    actors.demand("audit", instance_id=complaint.instance_id)
    engine = application().engine
    view = engine.instance(complaint.instance_id)
    package = engine.package(view.deployment_id)
    events = list(engine.history(complaint.instance_id))
    seen = sight.own(package, complaint.instance_id)
    lines = [_line(package, event, seen) for event in events]
    unsealed = sum(1 for event in events if not event.sealed)
    application().engine.record_read(complaint.instance_id, "trace", actor=actors.actor())
    verified, faults = _proof(complaint.instance_id)
    return page(
        "audit/trace.html", complaint=complaint, view=view, package=package, lines=lines, unsealed=unsealed,
        verified=verified, faults=faults, sight=seen,
    )  # fmt: skip


@blueprint.get("/audit/verify")
def verify() -> Response:
    """Check the chains of all records now, and say what is not sealed yet."""
    actors.demand("audit")
    return page("audit/verify.html", verified=_verify(), head="", errors={})


@blueprint.post("/audit/verify")
def compare() -> Response:
    """Check them against a seal that was written down elsewhere: who replaced all records could not know it."""
    actors.demand("audit")
    head = "".join(request.form.get("head", "").split()).lower()
    if len(head) != HASH_LENGTH or set(head) - set("0123456789abcdef"):
        told = f"Type the seal as it was shown: {HASH_LENGTH} digits and letters from a to f"
        return page("audit/verify.html", 422, verified=_verify(), head=head, errors={"head": told})
    return page("audit/verify.html", verified=_verify(head), head=head, errors={})


def _verify(head: str | None = None) -> Verified:
    made = Verified(application().engine.verify(head), now())
    if head is None:
        web().verified = made
    return made


def _clauses(package: Any, ran: Mapping[str, int]) -> list[Clause]:
    found: dict[str, Clause] = {}
    for diagram in package.diagrams if package is not None else ():
        for element in diagram.all_elements():
            for number in filter(None, (one.strip() for one in str(element.ext.properties.get("clause", "")).split(","))):
                clause = found.setdefault(number, Clause(number))
                if (named := element.name or element.id) not in clause.elements:
                    clause.elements.append(named)
                clause.events += ran.get(element.id, 0)
    return sorted(found.values(), key=lambda one: [int(part) if part.isdigit() else 0 for part in one.number.split(".")])


def _line(package: Any, event: Any, seen: sight.Sight) -> Line:
    element = story.element_name(package, event.element_id) if event.element_id else ""
    named = f"{element} ({event.element_id})" if element and element != event.element_id else element
    shown = {name: found for name, found in event.data.items() if name != "values"}
    if "values" in event.data:
        values = event.data["values"]
        shown |= dict(values) if isinstance(values, Mapping) else {"values": ERASED if values is None else values}
    shown = seen.cover(shown)
    rules = tuple(_rule(rule) for rule in shown.pop("matched", None) or () if isinstance(rule, Mapping))
    data = json.dumps(shown, ensure_ascii=False, indent=1, default=str, sort_keys=True) if shown else ""
    keys = ", ".join(shown)
    who = name_of(event.actor)
    return Line(event.seq, event.occurred_at, event.recorded_at, who, event.actor, event.kind, named, keys, data, event.hash, rules)


def _rule(rule: Mapping[str, Any]) -> str:
    """A matched rule of a table: which one, what it was given, what it gave, and the owner's annotation."""
    given = ", ".join(f"{name} {times.value(found)}" for name, found in (rule.get("inputs") or {}).items())
    gave = ", ".join(f"{name} {times.value(found)}" for name, found in (rule.get("outputs") or {}).items())
    note = f" ({rule['annotation']})" if rule.get("annotation") else ""
    return f"{rule.get('decision')}, rule {rule.get('index')}: {given} → {gave}{note}"


def _proof(instance_id: str) -> tuple[Verified, list[Any]]:
    """The last verification of all records (the first one is made now), and what it found about this complaint.

    All records are read for that, so that a page of its own does it again.
    """
    verified: Verified = web().verified or _verify()
    return verified, [fault for fault in verified.report.faults if fault.chain == instance_id]

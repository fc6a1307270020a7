"""What elements refer to by id: forms, decisions, processes, roles, stages, milestones and one another."""

from __future__ import annotations

from collections.abc import Mapping

from amends.engine.decisions import DecisionInfo
from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, called, the
from amends.engine.definitions.known import Names
from amends.engine.definitions.manifest import MILESTONES
from amends.engine.definitions.model import Element, Process, is_feel
from amends.engine.definitions.package import Package
from amends.engine.definitions.sites import local_names

BUILT_IN_ROLES = frozenset({"admin", "process-owner", "auditor"})
"""Roles every installation has."""


def check_references(
    found: Findings,
    package: Package,
    process: Process,
    decisions: Mapping[str, DecisionInfo],
    known: Names | None,
    expressions: Expressions,
) -> None:
    """Every reference of a process's elements; what a package refers to and does not have is an error."""
    ids = {element.id for element in process.all_elements()}
    ids |= {element.id for each in package.processes.values() for element in each.all_elements()}
    doers = {element.id for each in (process, *package.processes.values()) for element in each.all_elements() if element.type == "userTask"}
    for element in process.all_elements():
        _form(found, package, element)
        _called(found, package, element, expressions)
        _decision(found, package, element, decisions, known, expressions)
        if element.type == "userTask":
            _assigned(found, package, element, expressions)
        _properties(found, package, element, ids, doers)
        if element.type == "adHocSubProcess":
            _chosen(found, element, expressions)


def _form(found: Findings, package: Package, element: Element) -> None:
    form_id = element.ext.form_id
    if element.type != "userTask":
        return  # said as an extension that is not read there
    if form_id and form_id not in package.forms:
        message = f"{called(element)} shows the form {form_id!r}, which is not there."
        found.absent(element, "missing-form", message, f"Add a .form file with the id {form_id!r}{_have(package.forms)}.")
    elif element.ext.external_reference and not form_id:
        message = f"{called(element)} shows the form {element.ext.external_reference!r} of another application, which nobody shows here."
        found.warn(element, "missing-form", message, "Refer to a .form file by its id.")
    elif element.ext.form_key and not form_id:
        message = f"{called(element)} shows a form by key, {element.ext.form_key!r}, which only its own modeler can read."
        found.warn(element, "missing-form", message, "Refer to a .form file by its id.")


def _have(names: Mapping[str, object]) -> str:
    return f", or choose one of {', '.join(sorted(names))}" if names else ""


def _called(found: Findings, package: Package, element: Element, expressions: Expressions) -> None:
    if element.type != "callActivity":
        return
    process_id = expressions.text(element.ext.called_process or element.called_element or "")
    if not process_id or process_id in package.processes:
        return
    if package.process(process_id) is not None:
        message = f"{called(element)} calls the process {process_id!r}, which is not executable."
        found.add(element, "missing-process", message, "Make it executable in its properties.")
    else:
        message = f"{called(element)} calls the process {process_id!r}, which is not there."
        elsewhere = element.ext.bindings.get("process") in ("latest", "versionTag")  # it may be in another package
        note = found.warn if elsewhere else found.absent
        note(element, "missing-process", message, f"Add a .bpmn file with that process{_have(package.processes)}.")


def _decision(
    found: Findings, package: Package, element: Element, decisions: Mapping[str, DecisionInfo], known: Names | None,
    expressions: Expressions,
) -> None:  # fmt: skip
    decision_id = expressions.text(element.ext.called_decision or "")
    if not decision_id or element.type != "businessRuleTask":
        return
    if decision_id not in package.decisions:
        message = f"{called(element)} calls the decision {decision_id!r}, which is not there."
        note = found.warn if element.ext.bindings.get("decision") in ("latest", "versionTag") else found.absent
        note(element, "missing-decision", message, f"Add a .dmn file with that decision{_have(package.decisions)}.")
        return
    info = decisions.get(decision_id)
    if info is None or known is None or known.open:
        return
    for needed in info.inputs:
        name = needed.name
        if name.isidentifier() and name not in known.names and name not in local_names(element):
            message = f"The decision {decision_id!r} that {the(element)} calls reads {name!r}, which nothing sets."
            found.warn(element, "unknown-name", message, "Correct its name, or set it by a form, a mapping or a result.")


def _assigned(found: Findings, package: Package, element: Element, expressions: Expressions) -> None:
    """Candidate groups and the lanes that stand for them are roles of the package."""
    ext, roles = element.ext, package.manifest.roles
    if package.single or not roles:
        return
    allowed = set(roles) | BUILT_IN_ROLES
    if ext.candidate_groups:
        for group in _groups(ext.candidate_groups, expressions):
            if group not in allowed:
                message = f"{called(element)} is offered to the role {group!r}, which the package does not have."
                found.add(element, "unknown-role", message, f"The roles are {', '.join(roles)}; add it to [roles] in package.toml.")
    elif element.lane is not None and not ext.assignee and not ext.candidate_users:
        if element.lane not in allowed and element.lane not in roles.values():
            message = f"{called(element)} lies in the lane {element.lane!r}, which is no role of the package."
            found.add(element, "unknown-role", message, f"Name the lane like one of {', '.join(roles)}, or assign the task.")
    elif not ext.assignee and not ext.candidate_users:
        message = f"{called(element)} is offered to nobody: it has no assignment and lies in no lane."
        found.warn(element, "no-assignment", message, f"Give it candidate groups, such as {next(iter(roles))}.")


def _groups(text: str, expressions: Expressions) -> list[str]:
    """The groups a text names for certain: a comma list, or a constant expression."""
    if not is_feel(text):
        return [part.strip() for part in text.split(",") if part.strip()]
    certain, value = expressions.constant(text)
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()] if certain else []
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)] if certain else []


def _chosen(found: Findings, element: Element, expressions: Expressions) -> None:
    """An ad-hoc subprocess whose list is known runs what is inside of it and begins by itself."""
    certain, value = expressions.constant(element.ext.active_elements or "")
    if not certain or element.scope is None:
        return
    known = [inside.id for inside in element.scope.implicit_starts]
    for wrong in [item for item in value if item not in known] if isinstance(value, list) else [value]:
        message = f"{called(element)} is to run {wrong!r}, which is none of its elements that no flow leads to."
        found.add(element, "missing-element", message, f"Write a list of ids: {', '.join(known) or 'there is none'}.")


def _properties(found: Findings, package: Package, element: Element, ids: set[str], doers: set[str]) -> None:
    """Our properties: `stage`, `milestone` and `not_done_by`."""
    properties = element.ext.properties
    stage = properties.get("stage")
    if stage is not None and not package.single and stage not in package.manifest.stages:
        message = f"{called(element)} begins the stage {stage!r}, which the package does not have."
        known = ", ".join(package.manifest.stages) or "none yet"
        found.add(element, "unknown-stage", message, f"The stages are {known}; add it to [stages] in package.toml.")
    milestone = properties.get("milestone")
    if milestone is not None and milestone not in MILESTONES:
        message = f"{called(element)} is the milestone {milestone!r}, which does not exist."
        found.add(element, "unknown-milestone", message, f"The milestones are {', '.join(MILESTONES)}.")
    for other in (properties.get("not_done_by") or "").split(","):
        if other.strip() and other.strip() not in ids:
            message = f"{called(element)} is kept from who did {other.strip()!r}, which is no element here."
            found.absent(element, "missing-element", message, "Write the ids of user tasks, separated by commas.")
        elif other.strip() and other.strip() not in doers:
            message = f"{called(element)} is kept from who did {other.strip()!r}, which is no user task: nobody does it."
            found.warn(element, "missing-element", message, "Write the ids of user tasks, separated by commas.")


def awaited(processes: Mapping[str, Process]) -> set[str]:
    """The names of the messages that something in these processes waits for or begins with, as written; some may be FEEL."""
    catching = ("startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask")
    events = (
        part
        for process in processes.values()
        for element in process.all_elements()
        if element.type in catching
        for part in element.events
    )
    return {event.ref_name for event in events if event.kind == "message" and event.ref_name}

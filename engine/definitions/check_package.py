"""What a package holds besides diagrams: its manifest, forms, decision tables, calendars and letters."""

from __future__ import annotations

import re

from amends.engine.calendars import calendar_problems
from amends.engine.decisions import DecisionError, DecisionInfo, check_model, load, resolve_among
from amends.engine.definitions.check_references import BUILT_IN_ROLES, awaited
from amends.engine.definitions.expressions import FUNCTIONS, Expressions
from amends.engine.definitions.findings import Findings, called
from amends.engine.definitions.known import Forms
from amends.engine.definitions.letters import check_letter
from amends.engine.definitions.manifest import FILE
from amends.engine.definitions.model import Process
from amends.engine.definitions.package import Package
from amends.engine.definitions.problems import Problem


def check_files(found: Findings, package: Package, forms: Forms | None, expressions: Expressions, names: frozenset[str] | None) -> None:
    """The files of a package that are no diagrams; `names` are those a letter can read, None where they cannot be known."""
    for path, body in package.files.items():
        found.file = path
        if path.endswith(".form"):
            _form(found, path, body, forms, path in package.forms.values())
        elif path.endswith(".dmn"):
            _decisions(found, package, path, body)
    for path in package.letters.values():
        found.file = path
        check_letter(found, package.files[path], expressions, names)


def _form(found: Findings, path: str, body: bytes, forms: Forms | None, has_id: bool) -> None:
    if not has_id:
        found.add(None, "form-id", "The form has no id, or another file has it.", "Give it an id in the form editor.", line=1)
    text = body.decode("utf-8", "replace")
    for item in forms.check(body, path) if forms is not None else ():
        line = _line_of(text, item.component_id) if item.component_id else 1
        found.problems.append(Problem(path, item.component_id, line, item.code, item.severity, item.message, item.help))


def _line_of(text: str, component_id: str) -> int | None:
    match = re.search(r'"id"\s*:\s*"' + re.escape(component_id) + '"', text)
    return text.count("\n", 0, match.start()) + 1 if match else None


def _decisions(found: Findings, package: Package, path: str, body: bytes) -> None:
    problems = check_model(body, file=path, resolve=resolve_among(package.files), functions=FUNCTIONS)
    for item in problems:
        place = item.line or (None if item.element_id else 1)
        found.problems.append(Problem(path, item.element_id, place, item.code, item.severity, item.message, item.help))


def read_decisions(package: Package) -> dict[str, DecisionInfo]:
    """What the decisions of a package need and give, by id; models that cannot be read are left out."""
    found: dict[str, DecisionInfo] = {}
    for path in sorted(set(package.decisions.values())):
        try:
            model = load(package.files[path], resolve=resolve_among(package.files))
        except DecisionError:
            continue  # said by the check of the file
        found.update((info.id, info) for info in model.decisions)
    return found


def check_manifest(found: Findings, package: Package, forms: Forms | None) -> None:
    """What the manifest refers to is there, and its calendars can be used."""
    if package.single or FILE not in package.files:
        return
    found.file = FILE
    manifest = package.manifest
    place = manifest.line
    complaints = manifest.complaints
    if complaints.process and complaints.process not in package.processes:
        message = f"Complaints are to run the process {complaints.process!r}, which is not there or not executable."
        help = f"The executable processes are {', '.join(package.processes) or 'none'}."
        found.add(None, "missing-process", message, help, line=place("process", "complaints"))
    if complaints.form and complaints.form not in package.forms:
        message = f"Complaints are to be filed by the form {complaints.form!r}, which is not there."
        help = f"The forms are {', '.join(sorted(package.forms)) or 'none'}."
        found.add(None, "missing-form", message, help, line=place("form", "complaints"))
    heard = awaited(package.processes)
    for name, offer in manifest.messages.items():
        line = place("", f'messages."{name}"') or place("", f"messages.{name}")
        if offer.form and offer.form not in package.forms:
            message = f"The message {name!r} is to be sent by the form {offer.form!r}, which is not there."
            found.add(None, "missing-form", message, f"The forms are {', '.join(sorted(package.forms)) or 'none'}.", line=line)
        if name not in heard and not offer.once_closed:
            message = f"The message {name!r} is offered, but no process waits for it."
            found.warn(None, "unknown-message", message, f"Processes wait for {', '.join(sorted(heard)) or 'none'}.", line=line)
        if offer.offered_to != "complainant" and offer.offered_to not in manifest.roles:
            message = f"The message {name!r} is offered to {offer.offered_to!r}, which is no role."
            found.add(None, "unknown-role", message, "Write complainant, or a role of [roles].", line=line)
    for role in BUILT_IN_ROLES & set(manifest.roles):
        message = f"The role {role!r} is one every installation has, for its administration."
        found.add(None, "manifest-name", message, "Choose another id.", line=place(role, "roles"))
    for name, calendar in manifest.calendars.items():
        for text in calendar_problems(calendar, name):
            found.add(None, "calendar", f"The calendar {name!r}: {text}", "Correct it.", line=place("", f"calendars.{name}"))


def check_message_starts(found: Findings, package: Package) -> None:
    """A message begins one process: with two, nobody could say which."""
    begun: dict[str, Process] = {}
    for process in package.processes.values():
        for element, event in process.started_by:
            name = event.ref_name if event.kind == "message" else None
            if not name:
                continue
            first = begun.setdefault(name, process)
            if first is not process:
                diagram = package.diagram_of(process.id)
                found.file = diagram.file if diagram is not None else found.file
                message = f"{called(element)} begins {process.id!r} with the message {name!r}, which begins {first.id!r}, too."
                found.add(element, "message-start-twice", message, "Give one of the two another message.")

"""Whether what an element says about versions can be found: the binding of forms, decisions and called processes."""

from __future__ import annotations

import json

from amends.engine.definitions.findings import Findings, called
from amends.engine.definitions.model import Element, Process, is_feel
from amends.engine.definitions.package import Package, version_tag_of

BINDINGS = ("latest", "deployment", "versionTag")


def check_bindings(found: Findings, package: Package, process: Process) -> None:
    """The bindings of a process's elements."""
    for element in process.all_elements():
        for what, kind in element.ext.bindings.items():
            _binding(found, package, element, what, kind, element.ext.version_tags.get(what))


def _binding(found: Findings, package: Package, element: Element, what: str, kind: str, tag: str | None) -> None:
    if kind not in BINDINGS:
        message = f"{called(element)} binds its {what} to {kind!r}, which is none."
        found.add(element, "binding", message, f"Choose one of {', '.join(BINDINGS)}.")
    elif kind == "versionTag" and not tag:
        message = f"{called(element)} is bound to a version tag of its {what}, but names none."
        found.add(element, "binding", message, "Fill in the version tag, or choose another binding.")
    elif kind == "latest" and what == "form":
        message = f"{called(element)} is bound to the latest form, but a running instance keeps the form of its own version."
        found.warn(element, "binding", message, "Choose the binding to the deployment; migrate instances that are to have a new form.")
    elif kind == "versionTag":
        _tagged(found, package, element, what, str(tag))


def _tagged(found: Findings, package: Package, element: Element, what: str, tag: str) -> None:
    """What a tag binds a form to has to be in the package; a process or decision may be in an earlier version."""
    ext = element.ext
    name = {"form": ext.form_id, "decision": ext.called_decision, "process": ext.called_process or element.called_element}.get(what)
    if not name or is_feel(name):
        return
    here = _tag_of(package, what, name)
    if here == tag or here is None:
        return
    message = f"{called(element)} is bound to the version tag {tag!r} of the {what} {name!r}; the one of this package has {here or 'none'}."
    if what == "form":
        found.add(
            element, "binding", message, "A running instance keeps its own version's form: give it this tag, or bind to the deployment."
        )
    else:
        found.warn(element, "binding", message, "An earlier version with this tag has to be deployed already.")


def _tag_of(package: Package, what: str, name: str) -> str | None:
    """The version tag of what is in the package, empty where it has none; None for what is not there."""
    if what == "process":
        process = package.processes.get(name)
        return None if process is None else process.version_tag or ""
    if what == "decision":
        body = package.decision(name)
        return None if body is None else version_tag_of(body, name) or ""
    body = package.form(name)
    try:
        form = None if body is None else json.loads(body)
    except (ValueError, RecursionError):
        return None  # said by the check of forms
    return str(form.get("versionTag") or "") if isinstance(form, dict) else None

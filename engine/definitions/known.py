"""Which variables a process can have: set by forms, mappings, results, loops, messages, callers and called processes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from amends.engine.definitions.manifest import Manifest
from amends.engine.definitions.model import Element, Process, is_feel
from amends.engine.definitions.package import Package
from amends.engine.definitions.sites import local_names
from amends.engine.feel import RESERVED

GIVEN = RESERVED | {"reference", "received_at", "channel"}
"""What every expression of an instance can read."""
FILED = "complaint"
"""The variable that holds what the filing form gave."""
_BEGINS = frozenset({"startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask"})


class Forms(Protocol):
    """What the checks need of forms."""

    def check(self, body: bytes, file: str) -> list[Any]: ...

    def fields(self, body: bytes) -> list[Any]: ...


@dataclass(slots=True)
class Names:
    """The names a process can have; `open` says that things outside this package can set any name."""

    names: set[str] = field(default_factory=set)
    open: bool = False

    def add(self, other: Names) -> bool:
        """Take over another's; True where that changed anything."""
        before = len(self.names), self.open
        self.names |= other.names
        self.open = self.open or other.open
        return before != (len(self.names), self.open)


def known_names(package: Package, forms: Forms | None, operations: Mapping[str, Any] | None) -> dict[str, Names]:
    """The names of each executable process, by its id."""
    processes = package.processes
    own = {name: _own(package, process, forms, operations) for name, process in processes.items()}
    calls = [call for process in processes.values() for call in _calls(process)]
    changed = True
    while changed:
        changed = False
        for caller, element, inner in calls:
            called_process = own.get(element.ext.called_process or element.called_element or "")
            if called_process is None:
                changed |= own[caller].add(Names(open=element.ext.propagate_all_child))
                continue
            given = Names(inner | {entry.target.split(".")[0] for entry in element.ext.inputs})
            changed |= called_process.add(given)
            if element.ext.propagate_all_parent:
                changed |= called_process.add(own[caller])
            if element.ext.propagate_all_child and not element.ext.outputs:
                changed |= own[caller].add(called_process)
    return own


def letter_names(package: Package, known: Mapping[str, Names], operations: Mapping[str, Any] | None) -> frozenset[str] | None:
    """The names a letter can read: those of any process, local ones, and what operations are given; None where others may set some."""
    if package.single or not known or operations is None or any(names.open for names in known.values()):
        return None
    found = set(GIVEN).union(*(names.names for names in known.values()))
    for process in package.processes.values():
        for element in process.all_elements():
            found |= local_names(element)
    for operation in operations.values():
        found.update(operation.Inputs().fields)
    return frozenset(found)


def _calls(process: Process) -> Iterator[tuple[str, Element, set[str]]]:
    """The call activities of a process, with the local names around them."""
    pending: list[tuple[Any, set[str]]] = [(process, set())]
    while pending:
        scope, outer = pending.pop()
        for element in scope.elements.values():
            inner = outer | local_names(element)
            if element.scope is not None:
                pending.append((element.scope, inner))
            if element.type == "callActivity":
                yield process.id, element, inner


def _own(package: Package, process: Process, forms: Forms | None, operations: Mapping[str, Any] | None) -> Names:
    """What the elements of a process set themselves."""
    known = Names(set(GIVEN))
    if package.manifest.complaints.process == process.id:
        known.names.add(FILED)
    if process.ext.execution_listeners:
        _add_operation(known, process.itself, operations)
    for element in process.all_elements():
        ext = element.ext
        known.names.update(entry.target.split(".")[0] for entry in ext.outputs)
        for name in (ext.result_variable, element.loop and element.loop.output_collection):
            if name:
                known.names.add(name)
        if ext.form_id and element.type in ("userTask", "startEvent"):
            _add_form(known, package, ext.form_id, forms)
        _add_operation(known, element, operations)
        _add_event(known, package, element, forms)
    return known


def _add_form(known: Names, package: Package, form_id: str, forms: Forms | None) -> None:
    keys = form_keys(package, form_id, forms)
    if keys is None:
        known.open = True
    else:
        known.names.update(key.split(".")[0] for key in keys)


def form_keys(package: Package, form_id: str, forms: Forms | None) -> list[str] | None:
    """The dotted keys of a form's fields; None for a form that is not there or cannot be read."""
    body = package.form(form_id)
    if body is None:
        return None
    if forms is not None:
        try:
            return [str(item.key) for item in forms.fields(body)]
        except Exception:  # a form that cannot be read is said by the check of forms; whatever that raises, names are unknown
            return None
    try:
        return list(_keys(json.loads(body)))
    except (ValueError, RecursionError):
        return None


def _keys(part: Any, prefix: str = "") -> Iterator[str]:
    """The keys of form-js components, for when no forms are given."""
    if not isinstance(part, dict):
        return
    path = part.get("path") or ""
    if path:
        prefix = f"{prefix}{path}."
        yield prefix[:-1]
    if isinstance(part.get("key"), str):
        yield prefix + part["key"]
    for child in part.get("components") or ():
        yield from _keys(child, prefix)


def _add_operation(known: Names, element: Element, operations: Mapping[str, Any] | None) -> None:
    """What an operation gives: the names it declares; anything, for one that others complete."""
    types = {element.ext.task_type, None if element.event is None else element.event.ext.task_type} - {None}
    types |= {listener.type for listener in (*element.ext.execution_listeners, *element.ext.task_listeners) if listener.type}
    for type_name in types:
        operation = None if operations is None else operations.get(str(type_name))
        if operation is not None:
            known.names.update(getattr(operation, "outputs", ()) or ())
        elif not element.ext.outputs:
            known.open = True


def _add_event(known: Names, package: Package, element: Element, forms: Forms | None) -> None:
    """What a message brings: the fields of its form; anything, for one without, and for signals."""
    event = element.event
    if event is None or element.type not in _BEGINS or element.ext.outputs:
        return
    if event.kind == "signal":
        known.open = True
    elif event.kind == "message":
        _add_message(known, package.manifest, package, event.ref_name or "", forms)


def _add_message(known: Names, manifest: Manifest, package: Package, name: str, forms: Forms | None) -> None:
    offer = manifest.messages.get(name)
    if offer is None or is_feel(name):
        known.open = True
    elif offer.form:
        _add_form(known, package, offer.form, forms)

"""Every place in a process where an expression stands, found in one walk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from amends.engine.definitions.findings import flow_called, the
from amends.engine.definitions.model import Element, Flow, Process, Scope, is_feel

OPTIONAL, REQUIRED, WARNED = "optional", "required", "warned"


@dataclass(frozen=True, slots=True)
class Site:
    """A text that is or may be FEEL: whose it is, what it is, as written, and where.

    `feel` says what a text without `=` is: a plain value (optional), a mistake (required), or probably one (warned).
    `locals` are the names only this place can read: local variables of the element and of the subprocesses around it.
    """

    owner: Element | Flow
    what: str
    text: str
    line: int
    feel: str
    locals: frozenset[str]
    condition: bool = False


def sites(process: Process) -> Iterator[Site]:
    """All of them, in document order."""
    yield from _listeners(process.itself, frozenset())
    yield from _scope(process, frozenset())


def _scope(scope: Scope, outer: frozenset[str]) -> Iterator[Site]:
    for flow in scope.flows.values():
        if flow.condition is not None and scope.reads(flow):
            what = f"The condition of the {flow_called(flow, scope)[4:]}"
            yield Site(flow, what, flow.condition, flow.line, REQUIRED, outer, condition=True)
    for element in scope.elements.values():
        inner = outer | local_names(element)
        if element.attached_to is not None and element.attached_to in scope.elements:
            inner |= local_names(scope.elements[element.attached_to])
        yield from _element(element, inner)
        if element.scope is not None:
            yield from _scope(element.scope, inner)


def local_names(element: Element) -> frozenset[str]:
    """The variables that exist only inside an element: its input mappings' and its loop's."""
    names = {assignment.target.split(".")[0] for assignment in element.ext.inputs}
    if element.loop is not None:
        names.add("loopCounter")
        if element.loop.kind != "standard":
            names.update(("numberOfInstances", "numberOfActiveInstances", "numberOfCompletedInstances", "numberOfTerminatedInstances"))
        if element.loop.input_element:
            names.add(element.loop.input_element)
    return frozenset(names)


def _element(element: Element, names: frozenset[str]) -> Iterator[Site]:
    ext = element.ext
    of = the(element)
    for kind, assignments in (("input", ext.inputs), ("output", ext.outputs)):
        for entry in assignments:
            if entry.source:
                yield Site(element, f"The {kind} {entry.target!r} of {of}", entry.source, entry.line, OPTIONAL, names)
    texts = (
        ("assignee", ext.assignee, OPTIONAL),
        ("candidate groups", ext.candidate_groups, OPTIONAL),
        ("candidate users", ext.candidate_users, OPTIONAL),
        ("due date", ext.due_date, OPTIONAL),
        ("follow-up date", ext.follow_up_date, OPTIONAL),
        ("priority", ext.priority, OPTIONAL),
        ("task type", ext.task_type, OPTIONAL),
        ("number of retries", ext.retries, OPTIONAL),
        ("decision", ext.called_decision, OPTIONAL),
        ("called process", ext.called_process, OPTIONAL),
        ("script", ext.script, WARNED),
        ("list of active elements", ext.active_elements, REQUIRED),
    )
    for what, text, feel in texts:
        if text:
            yield Site(element, f"The {what} of {of}", text, element.line, feel, names)
    yield from _listeners(element, names)
    if element.completion_condition:
        what = f"The completion condition of {of}"
        yield Site(element, what, element.completion_condition, element.line, REQUIRED, names, condition=True)
    yield from _loop(element, of, names)
    yield from _event(element, of, names)


def _listeners(element: Element, names: frozenset[str]) -> Iterator[Site]:
    for listener in (*element.ext.execution_listeners, *element.ext.task_listeners):
        for what, text in (("type", listener.type), ("number of retries", listener.retries)):
            if text:
                said = f"The {what} of the {listener.event} listener of {the(element)}"
                yield Site(element, said, text, listener.line, OPTIONAL, names)


def _loop(element: Element, of: str, names: frozenset[str]) -> Iterator[Site]:
    loop = element.loop
    if loop is None:
        return
    texts = (
        ("input collection", loop.input_collection, REQUIRED),
        ("output element", loop.output_element, WARNED),
        ("completion condition", loop.completion_condition, REQUIRED),
        ("number of instances", loop.cardinality, OPTIONAL),
        ("loop condition", loop.condition, REQUIRED),
    )
    for what, text, feel in texts:
        if text:
            yield Site(element, f"The {what} of {of}", text, loop.line, feel, names)


def _event(element: Element, of: str, names: frozenset[str]) -> Iterator[Site]:
    for event in element.events:
        if event.condition:
            line = event.line or element.line
            yield Site(element, f"The condition of {of}", event.condition, line, REQUIRED, names, condition=True)
        texts = (
            ("correlation key", event.correlation_key, WARNED),
            ("name", event.ref_name, OPTIONAL),
            ("code", event.code, OPTIONAL),
            ("time", event.text, OPTIONAL),
            ("task type", event.ext.task_type, OPTIONAL),
        )
        for what, text, feel in texts:
            if text and (feel != OPTIONAL or is_feel(text)):
                yield Site(element, f"The {what} of {of}", text, event.line or element.line, feel, names)

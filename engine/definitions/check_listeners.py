"""Execution and task listeners: those that run as jobs before or after an element, and those that are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from amends.engine.definitions.check_values import plain_fault
from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, called
from amends.engine.definitions.listeners import END, START, never_heard
from amends.engine.definitions.model import Element, Listener, Process, Scope, is_feel

_EXECUTION = (START, END)
_TASK = {"creating": "creating", "create": "creating", "completing": "completing", "complete": "completing"}
_REFUSED = {
    "assigning": "a person who takes a task has it at once, and nothing may come between",
    "updating": "due dates and priorities follow their expressions at once, and nothing may come between",
    "canceling": "what cancels a task, such as a deadline, must not wait for a job",
}
_OLDER = {"assignment": "assigning", "update": "updating", "cancel": "canceling"}


def check_listeners(found: Findings, process: Process, operations: Mapping[str, Any] | None, expressions: Expressions) -> None:
    """The listeners of a process and of all its elements."""
    for element, scope in [(process.itself, process), *_all(process)]:
        for listener in element.ext.execution_listeners:
            _execution(found, element, scope, listener)
            _operation(found, element, listener, operations, expressions)
        for listener in element.ext.task_listeners:
            _task(found, element, listener)
            _operation(found, element, listener, operations, expressions)


def _all(scope: Scope) -> Iterator[tuple[Element, Scope]]:
    for element in scope.elements.values():
        yield element, scope
        if element.scope is not None:
            yield from _all(element.scope)


def _execution(found: Findings, element: Element, scope: Scope, listener: Listener) -> None:
    if listener.event not in _EXECUTION:
        message = f"{called(element)} has an execution listener at {listener.event or 'nothing'!r}, which never happens."
        found.add(element, "listener", message, "Choose start or end.", line=listener.line)
        return
    why = never_heard(element, scope, listener.event)
    if why is not None:
        message = f"{called(element)} has an execution listener at {listener.event!r}, which is not executed: {why}."
        found.add(element, "refused", message, "Put it on the element before or behind it, or draw a service task.", line=listener.line)


def _task(found: Findings, element: Element, listener: Listener) -> None:
    event = _OLDER.get(listener.event, listener.event)
    if element.type != "userTask":
        found.add(element, "listener", f"{called(element)} has a task listener, but is no user task.", "Delete it.", line=listener.line)
    elif event in _REFUSED:
        message = f"{called(element)} has a task listener at {listener.event!r}, which is not executed: {_REFUSED[event]}."
        found.add(element, "refused", message, "Listen to creating or completing, or draw a service task.", line=listener.line)
    elif event not in _TASK:
        message = f"{called(element)} has a task listener at {listener.event or 'nothing'!r}, which never happens."
        found.add(element, "listener", message, "Choose creating or completing.", line=listener.line)


def _operation(
    found: Findings, element: Element, listener: Listener, operations: Mapping[str, Any] | None, expressions: Expressions
) -> None:
    kind = expressions.text(listener.type)
    if not listener.type:
        message = f"A {listener.event} listener of {called(element)[4:]} names no operation: it has no type."
        found.add(element, "no-task-type", message, "Fill in the type of its job.", line=listener.line)
    elif listener.retries and not is_feel(listener.retries) and (fault := plain_fault("number", listener.retries)):
        message = f"The number of retries of a {listener.event} listener of {called(element)[4:]} {fault}."
        found.add(element, "value", message, "Write a whole number, such as 3.", line=listener.line)
    elif operations is not None and kind is not None and kind not in operations:
        message = f"{called(element)} has a listener {kind!r}, which is no operation that is built in or that a plugin brings."
        help = f"It waits for somebody outside to complete it. Known are {', '.join(sorted(operations)) or 'none'}."
        found.warn(element, "unknown-operation", message, help, line=listener.line)

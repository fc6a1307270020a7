"""Execution and task listeners: those that run as jobs before or after an activity, and those that are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amends.engine.definitions.findings import Findings, called
from amends.engine.definitions.model import Element, Listener, Process, is_feel

_EXECUTION = ("start", "end")
_TASK = {"creating": "creating", "create": "creating", "completing": "completing", "complete": "completing"}
_REFUSED = {
    "assigning": "a person who takes a task has it at once, and nothing may come between",
    "updating": "due dates and priorities follow their expressions at once, and nothing may come between",
    "canceling": "what cancels a task, such as a deadline, must not wait for a job",
}
_OLDER = {"assignment": "assigning", "update": "updating", "cancel": "canceling"}


def check_listeners(found: Findings, process: Process, operations: Mapping[str, Any] | None) -> None:
    """The listeners of a process and of all its elements."""
    if process.ext.execution_listeners:
        message = f"The process {process.name or process.id!r} has execution listeners, which are not executed."
        help = "Put them on its first and last activity."
        found.add(process, "refused", message, help, line=process.ext.execution_listeners[0].line)
    for element in process.all_elements():
        for listener in element.ext.execution_listeners:
            _execution(found, element, listener)
            _operation(found, element, listener, operations)
        for listener in element.ext.task_listeners:
            _task(found, element, listener)
            _operation(found, element, listener, operations)


def _execution(found: Findings, element: Element, listener: Listener) -> None:
    if not element.is_activity:
        message = f"{called(element)} has an execution listener, which is not executed: only activities have a time before and after them."
        found.add(element, "refused", message, "Put it on the activity beside it, or draw a service task.", line=listener.line)
    elif listener.event not in _EXECUTION:
        message = f"{called(element)} has an execution listener at {listener.event or 'nothing'!r}, which never happens."
        found.add(element, "listener", message, "Choose start or end.", line=listener.line)


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


def _operation(found: Findings, element: Element, listener: Listener, operations: Mapping[str, Any] | None) -> None:
    if not listener.type:
        message = f"A {listener.event} listener of {called(element)[4:]} names no operation: it has no type."
        found.add(element, "no-task-type", message, "Fill in the type of its job.", line=listener.line)
    elif listener.retries and not is_feel(listener.retries) and not listener.retries.isdecimal():
        message = f"A {listener.event} listener of {called(element)[4:]} has {listener.retries!r} retries."
        found.add(element, "value", message, "Write a whole number, such as 3.", line=listener.line)
    elif operations is not None and not is_feel(listener.type) and listener.type not in operations:
        message = f"{called(element)} has a listener {listener.type!r}, which is no operation that is built in or that a plugin brings."
        help = f"It waits for somebody outside to complete it. Known are {', '.join(sorted(operations)) or 'none'}."
        found.warn(element, "unknown-operation", message, help, line=listener.line)

"""Execution and task listeners: jobs that run before an element or process begins and after it is done, one after the other.

Each has a token of its own, beside its activity's: it is retried, becomes an incident and is cancelled by itself. Names and order are
Camunda 8's: `start` before `creating` (of a user task) before the activity; `completing` before `end` after it, before its outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from SpiffWorkflow.util.task import TaskState

from amends.engine.definitions import model
from amends.engine.execution.tasks import ServiceTask
from amends.engine.execution.token import Token
from amends.engine.execution.values import keepable

BEFORE, AFTER = "before", "after"
_OPENS = {"opens"}


class ListenerTask(ServiceTask):
    """One listener of an element; its job is given the element's headers and local variables."""

    def __init__(self, spec: Any, element: model.Element, listener: model.Listener, when: str) -> None:
        number = sum(name.startswith(f"{element.id}:{listener.event}") for name in spec.task_specs) + 1
        ext = model.Zeebe(task_type=listener.type, retries=listener.retries, headers={**element.ext.headers, **listener.headers})
        own = replace(
            element, id=f"{element.id}:{listener.event}-{number}", type="serviceTask", ext=ext, loop=None, scope=None, event=None,
            incoming=(), outgoing=(), name=f"{element.name or element.id} ({listener.event})",
        )  # fmt: skip
        super().__init__(spec, own)
        self.when = when
        self.given = tuple(dict.fromkeys(entry.target.partition(".")[0] for entry in element.ext.inputs))

    def enter(self, token: Token) -> bool:
        token.data.update(_host(token).data)
        return True

    def refresh(self, token: Token) -> None:
        host = _host(token)
        if self.when == BEFORE:
            host.task_spec.take_inputs(host)
        token.data.update(host.data)

    def operation_inputs(self, token: Token) -> dict[str, Any]:
        return {**self.headers, **{name: token.data.get(name) for name in self.given}}

    def take_result(self, token: Token, variables: dict[str, Any]) -> None:
        """What a listener gives is local to its activity before it begins; afterwards it is as if the activity gave it."""
        host = _host(token)
        if self.when == BEFORE:
            host.data.update(variables)
        else:
            told = host.internal_data.get("told")
            host.task_spec.take_result(host, variables)
            host.internal_data["told"] = {**(told or {}), **variables}
        token.internal_data["told"] = variables

    def _on_complete(self, my_task: Token) -> None:
        host = _host(my_task)
        self.note_completed(my_task)
        my_task.workflow.remove(my_task)
        listeners = host.task_spec.listeners[self.when]
        _next(host, self.when, listeners, listeners.index(self) + 1)


def _host(token: Token) -> Token:
    host: Token = token.workflow.tasks[token.internal_data["listens"]]
    return host


class ProcessListener(ListenerTask):
    """One listener of a process: it runs before anything in it, or after everything; what it gives are variables of the process."""

    def enter(self, token: Token) -> bool:
        return True

    def refresh(self, token: Token) -> None:
        return

    def take_result(self, token: Token, variables: dict[str, Any]) -> None:
        for name, value in variables.items():
            keepable(value, name)
            token.workflow.assign(name, value)
            token.workflow.top_workflow.mapped.add(name)
        token.internal_data["told"] = variables

    def _on_complete(self, my_task: Token) -> None:
        scope, listeners = my_task.workflow, my_task.workflow.spec.listeners[self.when]
        self.note_completed(my_task)
        scope.remove(my_task)
        following = listeners.index(self) + 1
        if following < len(listeners):
            scope.place(listeners[following]).internal_data.update(
                {key: my_task.internal_data[key] for key in _OPENS & my_task.internal_data.keys()}
            )
        elif self.when == BEFORE:
            scope.top_workflow.opened(scope, my_task.internal_data["opens"])
        else:
            scope.top_workflow.finished(scope)


def make_listeners(spec: Any, element: model.Element, kind: type[ListenerTask] = ListenerTask) -> dict[str, Sequence[ListenerTask]]:
    """The listeners of an element, in the order they run: before it and after it."""
    ext = element.ext
    wanted = {
        BEFORE: [item for item in ext.execution_listeners if item.event == "start"] + _of_task(ext, "creat"),
        AFTER: _of_task(ext, "complet") + [item for item in ext.execution_listeners if item.event == "end"],
    }
    return {when: tuple(kind(spec, element, item, when) for item in items) for when, items in wanted.items()}


def _of_task(ext: model.Zeebe, event: str) -> list[model.Listener]:
    """By the stem of their event: `creating` and `completing`, which 8.6 wrote as `create` and `complete`."""
    return [item for item in ext.task_listeners if item.event.startswith(event)]


def held(token: Token, when: str, listeners: Sequence[ListenerTask]) -> bool:
    """Whether listeners have to be done first; those that have not begun begin."""
    if not listeners or token.internal_data.get("heard") == when:
        return False
    if token.internal_data.get("hears") != when:
        token.internal_data["hears"] = when
        _next(token, when, listeners, 0)
    return True


def _next(host: Token, when: str, listeners: Sequence[ListenerTask], index: int) -> None:
    scope = host.workflow
    if index < len(listeners):
        token = Token(scope, listeners[index], scope.task_tree, TaskState.FUTURE)
        token.internal_data["listens"] = host.id
        scope.top_workflow.agenda.append(token)
    else:
        host.internal_data["heard"] = host.internal_data.pop("hears", when)
        if host.state == TaskState.STARTED and host.task_spec.listens_when_run:
            host._set_state(TaskState.READY)
        scope.top_workflow.agenda.append(host)

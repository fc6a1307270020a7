"""Events that throw: error, escalation, terminate, link, signal, message, compensation and cancel (BPMN 2.0, 10.5.4 and 10.5.6)."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from amends.engine.definitions import model
from amends.engine.execution import compensation
from amends.engine.execution.elements import Element
from amends.engine.execution.faults import Fault
from amends.engine.execution.script_engine import text
from amends.engine.execution.tasks import ServiceTask
from amends.engine.execution.token import Token


class ErrorEnd(Element):
    """Throws an error; one that nobody catches is an incident here."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.code = text(element.event.code if element.event else None, "error code")

    def _run_hook(self, my_task: Token) -> bool | None:
        top = my_task.workflow.top_workflow
        code = "" if self.code is None else str(self.code.needed(my_task))
        thrown = len(top.notes)
        top.note("thrown", self.name, my_task, code=code)
        if not top.throw_error(my_task, code, self.bpmn_name or self.name, dict(my_task.data)):
            del top.notes[thrown]
            raise Fault(f"Nothing catches the error {code!r}; add an error boundary event around {self.name}.")
        return None


class EscalationThrow(Element):
    """Throws an escalation and goes on, unless what catches it interrupts."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.code = text(element.event.code if element.event else None, "escalation code")

    def _run_hook(self, my_task: Token) -> bool | None:
        code = "" if self.code is None else str(self.code.needed(my_task))
        top = my_task.workflow.top_workflow
        top.note("thrown", self.name, my_task, code=code)
        top.throw_escalation(my_task, code, dict(my_task.data))
        return True if my_task.workflow.tasks.get(my_task.id) is my_task else None


class TerminateEnd(Element):
    """Ends everything in its scope at once."""

    def choose(self, token: Token) -> list[Any]:
        token.workflow.clear(keep=token)
        return []


class LinkThrow(Element):
    """Goes on at the link catch event of the same name."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.link = element.event.link_name if element.event else None

    def leave(self, token: Token, ways: list[Any]) -> None:
        token.workflow.place(token.workflow.spec.links[self.link])

    def choose(self, token: Token) -> list[Any]:
        if self.link not in token.workflow.spec.links:
            raise Fault(f"{self.name} throws the link {self.link!r}, which nothing in its scope catches.")
        return []


class SignalThrow(Element):
    """Tells every instance that waits for this signal by now, this one too, once this step is on disk."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.signal = text(element.event.ref_name if element.event else None, "signal name")

    def _run_hook(self, my_task: Token) -> bool:
        if self.signal is None:
            raise Fault(f"{self.name} throws a signal that has no name.")
        top = my_task.workflow.top_workflow
        # What this instance begins to wait for after the throw must not catch it: a signal is not kept.
        told = {"name": str(self.signal.needed(my_task)), "before": top.last_id}
        top.note("broadcast", self.name, my_task, dict(my_task.data) or None, **told)
        return True


class MessageThrow(ServiceTask):
    """A message throw or end event or a send task: an operation sends it."""


class CompensationThrow(Element):
    """Undoes what ended in its scope, or one activity, and goes on when that is done (or at once, if it does not wait for it)."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.activity = element.event.activity if element.event else None
        self.stays = element.event.waits if element.event else True

    def _run_hook(self, my_task: Token) -> bool | None:
        scope = my_task.workflow
        scope.top_workflow.note("thrown", self.name, my_task, activity=self.activity)
        lists = [compensation.take(each, self.activity) for each in compensation.thrown_in(my_task)]
        if not any(lists):
            return True
        by = my_task
        if not self.stays:
            by = Token(scope, self, scope.task_tree, TaskState.STARTED)
            by.internal_data["undoes"] = 0
        compensation.throw(by, lists)
        return None if by is my_task else True

    def all_undone(self, token: Token) -> None:
        if "undoes" in token.internal_data:
            token.workflow.remove(token)
            token.workflow.settle()
            return
        token.internal_data["done"] = True
        token.workflow.top_workflow.agenda.append(token)


class CancelEnd(Element):
    """Ends a transaction: what runs in it is cancelled, what ended in it is undone, and it is left by its cancel boundary event."""

    def _run_hook(self, my_task: Token) -> bool | None:
        scope = my_task.workflow
        self._boundary(my_task)
        scope.top_workflow.note("thrown", self.name, my_task)
        scope.clear(keep=my_task)
        my_task.internal_data["undo"] = compensation.take(scope, None)
        scope.top_workflow.agenda.append(my_task)
        return None

    def _boundary(self, token: Token) -> Token:
        scope = token.workflow
        waiting: list[Token] = [] if scope.parent_task_id is None else list(scope.parent_workflow.tokens())
        for other in waiting:
            if other.passive and other.task_spec.catches_kind == "cancel" and other.internal_data.get("host") == scope.parent_task_id:
                return other
        raise Fault(f"{self.name} cancels a transaction that has no cancel boundary event to leave by; add one.")

    def all_undone(self, token: Token) -> None:
        boundary = self._boundary(token)
        boundary.task_spec.fire(boundary, {}, {})

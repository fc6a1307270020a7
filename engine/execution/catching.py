"""Events: catching, throwing, boundary, and event subprocesses (BPMN 2.0, 10.5 and 13.5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from amends.engine.definitions import model
from amends.engine.execution import timers
from amends.engine.execution.elements import Activity, Element, PassThrough, ServiceTask
from amends.engine.execution.faults import Fault
from amends.engine.execution.script_engine import Text, text
from amends.engine.execution.token import TRIGGER, Token


class Trigger:
    """What a catching event waits for: a message, a signal or a timer; errors and escalations are found where they are thrown."""

    def __init__(self, event: model.EventDefinition, element_id: str) -> None:
        self.kind = event.kind
        self.element_id = element_id
        self.name = text(event.ref_name, f"{event.kind} name")
        self.key = text(event.correlation_key, "correlation key")
        self.timer_kind = event.timer_kind
        self.timer = text(event.text, "timer")
        self.reads_clocks = self.timer is not None and self.timer.reads_clocks

    def wait(self, token: Token) -> dict[str, Any]:
        """What to wait for, worked out now."""
        if self.kind == "timer":
            return self._timer(token)
        if self.kind in ("message", "signal"):
            if self.name is None:
                raise Fault(f"{self.element_id} waits for a {self.kind} that has no name.")
            key = "" if self.key is None else plain_key(self.key.needed(token), self.key)
            return {"kind": self.kind, "name": str(self.name.needed(token)), "key": key}
        return {"kind": self.kind}

    def _timer(self, token: Token) -> dict[str, Any]:
        if self.timer is None:
            raise Fault(f"The timer {self.element_id} has no time; give it a date, a duration or a cycle.")
        value = self.timer.value(token) if self.reads_clocks else self.timer.needed(token)
        now = token.workflow.script_engine.outside.now()
        if value is None:
            if any(view["paused"] for view in token.workflow.top_workflow.clock_view().values()):
                return {"kind": "timer", "due": None}
            why = "; ".join(token.workflow.top_workflow.warnings) or "the expression gives null"
            raise Fault(f"The timer `{self.timer.raw}` has no value: {why}.")
        if self.timer_kind == "date":
            return {"kind": "timer", "due": timers.instant(value, "timer")}
        if self.timer_kind == "cycle":
            cycle = timers.cycle(value, now, "timer")
            return {"kind": "timer", "due": cycle.first, "left": cycle.times, "every": str(cycle.every)}
        return {"kind": "timer", "due": timers.span(value, "timer").after(now)}


def plain_key(value: Any, what: Text) -> str:
    """A correlation key is a text or a whole number, and compared as text."""
    if isinstance(value, str):
        return value
    try:
        if value == int(value) and not isinstance(value, bool):
            return str(int(value))
    except (TypeError, ValueError):
        pass
    raise Fault(f"The correlation key `{what.raw}` is {value!r}; it must be a text or a whole number.")


def next_occurrence(wait: dict[str, Any], now: datetime) -> tuple[dict[str, Any] | None, int]:
    """A cycle after it fired: how it waits on (None: it is over) and how many occurrences were missed.

    However many were missed, the timer has fired once; they count against its number of times all the same.
    """
    if "every" not in wait:
        return None, 0
    every = timers.span(wait["every"], "timer")
    left = None if wait["left"] is None else wait["left"] - 1
    due = every.after(wait["due"])
    missed = 0
    if not every.months and due <= now and every.rest.total_seconds() > 0:
        missed = (now - due) // every.rest + 1
        if left is not None:
            missed = min(missed, left)
        due += missed * every.rest
    while every.months and due <= now and (left is None or missed < left):
        missed, due = missed + 1, every.after(due)
    left = None if left is None else left - missed
    return (None if left is not None and left <= 0 else {**wait, "due": due, "left": left}), missed


class Catching(Element):
    """Shared by all that wait for a trigger."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        if element.event is None:
            raise Fault(f"{element.id} catches no event.")
        self.trigger = Trigger(element.event, element.id)
        self.follows_clocks = self.trigger.reads_clocks

    def refresh(self, token: Token) -> None:
        token.internal_data["wait"] = self.trigger.wait(token)

    def note_fired(self, token: Token, data: dict[str, Any], variables: dict[str, Any]) -> None:
        """Write down what was caught."""
        token.workflow.top_workflow.note(self.trigger.kind, self.name, token, variables or None, **data)


class CatchEvent(Catching):
    """An intermediate catch event, alone or behind an event-based gateway."""

    def _update_hook(self, my_task: Token) -> bool:
        if my_task.state == TaskState.WAITING:
            return False
        my_task.internal_data["wait"] = self.trigger.wait(my_task)
        my_task._set_state(TaskState.WAITING)
        my_task.workflow.top_workflow.note("entered", self.name, my_task)
        return False

    def fire(self, token: Token, variables: dict[str, Any], data: dict[str, Any]) -> None:
        token.internal_data.pop("wait", None)
        token.internal_data.pop("incident", None)
        self.note_fired(token, data, variables)
        group = token.internal_data.pop("group", None)
        if group is not None:
            for other in token.workflow.tokens():
                if other.internal_data.get("group") == group:
                    token.workflow.cancel_token(other)
            token.workflow.top_workflow.note("taken", token.internal_data.pop("flow"))
        self.take_result(token, variables)
        token.internal_data.pop("told", None)
        token._ready()


class ReceiveTask(Activity):
    """A task that waits for a message."""

    waits = True

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        if element.event is None:
            raise Fault(f"{element.id} receives no message.")
        self.trigger = Trigger(element.event, element.id)

    def enter(self, token: Token) -> bool:
        token.internal_data["wait"] = self.trigger.wait(token)
        token._set_state(TaskState.WAITING)
        return False

    def fire(self, token: Token, variables: dict[str, Any], data: dict[str, Any]) -> None:
        token.workflow.top_workflow.note(self.trigger.kind, self.name, token, variables or None, **data)
        group = token.internal_data.pop("group", None)
        if group is not None:
            for other in token.workflow.tokens():
                if other.internal_data.get("group") == group:
                    token.workflow.cancel_token(other)
            token.workflow.top_workflow.note("taken", token.internal_data.pop("flow"))
        token.workflow.top_workflow.complete(token, variables)


class StartEvent(PassThrough):
    """A start event that has happened: of what started it, the process has the variables."""


class BoundaryEvent(Catching):
    """Waits beside its activity. Interrupting: the activity is cancelled. Otherwise a token leaves here and the activity goes on."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        if element.event is not None and element.event.kind in ("error", "escalation"):
            self.catches_kind = element.event.kind
            self.catches_code = element.event.code
        self.interrupting = element.interrupting

    def _update_hook(self, my_task: Token) -> bool:
        if not my_task.passive:
            return bool(my_task.state == TaskState.FUTURE)
        my_task.internal_data["wait"] = self.trigger.wait(my_task)
        my_task._set_state(TaskState.WAITING)
        return False

    def fire(self, token: Token, variables: dict[str, Any], data: dict[str, Any]) -> None:
        scope, top = token.workflow, token.workflow.top_workflow
        host = scope.tasks[token.internal_data["host"]]
        wait = token.wait
        again, missed = (None, 0) if wait is None else next_occurrence(wait, scope.script_engine.outside.now())
        if missed:
            data = {**data, "missed": missed}
        self.note_fired(token, data, variables)
        if self.interrupting:
            scope.cancel_token(host)
        elif again is not None:
            token.internal_data["wait"] = again
        elif self.trigger.kind == "timer":
            scope.remove(token)
        leaving = scope.place(self)
        self.take_result(leaving, variables)
        leaving.internal_data.pop("told", None)
        top.warnings = []


class EventSubProcess(Activity):
    """A subprocess its start event begins: waits as long as its scope is open, interrupting it or running beside it."""

    waits = True
    inner: Any = None

    def __init__(self, spec: Any, element: model.Element, start: model.Element) -> None:
        super().__init__(spec, element)
        if start.event is None:
            raise Fault(f"The event subprocess {element.id} has no start event that something triggers.")
        self.start_id = start.id
        self.interrupting = start.interrupting
        self.trigger = Trigger(start.event, start.id)
        self.follows_clocks = self.trigger.reads_clocks
        if start.event.kind in ("error", "escalation"):
            self.catches_kind, self.catches_code = start.event.kind, start.event.code

    def _update_hook(self, my_task: Token) -> bool:
        if my_task.passive:
            my_task.internal_data["wait"] = self.trigger.wait(my_task)
            my_task._set_state(TaskState.WAITING)
            return False
        return super()._update_hook(my_task)

    def refresh(self, token: Token) -> None:
        token.internal_data["wait"] = self.trigger.wait(token)

    def fire(self, token: Token, variables: dict[str, Any], data: dict[str, Any]) -> None:
        scope, top = token.workflow, token.workflow.top_workflow
        wait = token.wait
        again, missed = (None, 0) if wait is None else next_occurrence(wait, scope.script_engine.outside.now())
        top.note(self.trigger.kind, self.start_id, token, variables or None, **({**data, "missed": missed} if missed else data))
        if self.interrupting:
            scope.clear()
        elif again is not None:
            token.internal_data["wait"] = again
        elif self.trigger.kind == "timer":
            scope.remove(token)
        for name, value in variables.items():
            scope.assign(name, value)
        scope.place(self)

    def enter(self, token: Token) -> bool:
        token._set_state(TaskState.STARTED)
        token.workflow.top_workflow.enter_scope(token, self.inner, False, dict(token.data), None)
        return False


class ErrorEnd(Element):
    """Throws an error; one that nobody catches is an incident here."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.code = text(element.event.code if element.event else None, "error code")

    def _run_hook(self, my_task: Token) -> bool | None:
        code = "" if self.code is None else str(self.code.needed(my_task))
        my_task.workflow.top_workflow.note("thrown", self.name, my_task, code=code)
        variables = dict(my_task.data)
        if not my_task.workflow.top_workflow.throw_error(my_task, code, self.bpmn_name or self.name, variables):
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


class SignalThrow(Element):
    """Tells every instance that waits for this signal, this one too, once this step is on disk."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.signal = text(element.event.ref_name if element.event else None, "signal name")

    def _run_hook(self, my_task: Token) -> bool:
        if self.signal is None:
            raise Fault(f"{self.name} throws a signal that has no name.")
        my_task.workflow.top_workflow.note(
            "broadcast", self.name, my_task, dict(my_task.data) or None, name=str(self.signal.needed(my_task))
        )
        return True


class MessageThrow(ServiceTask):
    """A message throw or end event or a send task: an operation sends it."""


__all__ = [
    "TRIGGER", "BoundaryEvent", "CatchEvent", "ErrorEnd", "EscalationThrow", "EventSubProcess", "LinkThrow", "MessageThrow", "ReceiveTask",
    "SignalThrow", "StartEvent", "TerminateEnd", "next_occurrence",
]  # fmt: skip

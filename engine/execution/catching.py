"""Events that wait: intermediate, boundary, receive tasks and event subprocesses (BPMN 2.0, 10.5 and 13.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState

from amends.engine.definitions import model
from amends.engine.execution import compensation, timers
from amends.engine.execution.elements import Activity, Element, PassThrough
from amends.engine.execution.faults import Fault
from amends.engine.execution.script_engine import Text, text
from amends.engine.execution.timers import next_occurrence
from amends.engine.execution.token import Token

LONGEST_NAME = 200
"""The most characters of a message's or signal's name."""
LONGEST_KEY = 400
"""The most characters of a correlation key."""


OVERDUE_BUDGET = 1_000
"""How often on end a timer that is due as soon as it waits may lead to another one, or to itself, before that is an incident."""


class Trigger:
    """What a catching event waits for: a message, a signal, a timer or a condition.

    Errors, escalations and the cancelling of a transaction are found where they are thrown.
    """

    def __init__(self, event: model.EventDefinition, element_id: str) -> None:
        self.kind = event.kind
        self.element_id = element_id
        self.name = text(event.ref_name, f"{event.kind} name")
        self.key = text(event.correlation_key, "correlation key")
        self.timer_kind = event.timer_kind
        self.timer = text(event.text, "timer")
        self.reads_clocks = self.timer is not None and self.timer.reads_clocks
        self.condition = None if event.condition is None else Text(event.condition, "condition", always_feel=True)
        self.names, self.events = model.listed(event.ext.filter_names), model.listed(event.ext.filter_events)

    def wait(self, token: Token) -> dict[str, Any]:
        """What to wait for, worked out now."""
        if self.kind == "timer":
            return self._timer(token, token.workflow.script_engine.outside.now())
        if self.kind in ("message", "signal"):
            if self.name is None:
                raise Fault(f"{self.element_id} waits for a {self.kind} that has no name.")
            key = "" if self.key is None else plain_key(self.key.needed(token), self.key)
            name = str(self.name.needed(token))
            if len(name) > LONGEST_NAME:
                told = f"has {len(name):,} characters; {LONGEST_NAME} are the most"
                raise Fault(f"The name of the {self.kind} that {self.element_id} waits for {told}.")
            return {"kind": self.kind, "name": name, "key": key}
        if self.kind == "conditional":
            if self.condition is None:
                raise Fault(f"{self.element_id} waits for a condition, but has none.")
            # What is true already happens at once: it is asked for the first time when this step is over.
            token.workflow.top_workflow.unasked.append(token)
            return {"kind": self.kind, "holds": False, **({"unasked": True} if self.names or self.events else {})}
        return {"kind": self.kind}

    def again(self, token: Token) -> dict[str, Any]:
        """What to wait for after a clock has changed: a timer that reads clocks follows them, anything else stays as it is.

        A duration still counts from when the token came, and a cycle that runs goes on as it began.
        """
        wait = token.internal_data["wait"]
        if self.condition is not None:
            token.workflow.top_workflow.variables_changed = True
        if not self.reads_clocks or (self.timer_kind == "cycle" and wait["due"] is not None):
            return dict(wait)
        return self._timer(token, wait["since"])

    def concerned(self, changes: Mapping[str, set[str]]) -> bool:
        """Whether what has changed since the last time is what the condition listens to (`zeebe:conditionalFilter`)."""
        if not self.names and not self.events:
            return True
        return any(not self.events or kinds & self.events for name, kinds in changes.items() if not self.names or name in self.names)

    def holds(self, token: Token) -> bool:
        """Whether the condition is true now. What it needs may not be there yet: null is not true."""
        value = None if self.condition is None else self.condition.value(token)
        if value is None or value is True or value is False:
            return bool(value)
        raise Fault(f"The condition `{self.condition.raw if self.condition else ''}` gives {value!r}, which is neither true nor false.")

    def _timer(self, token: Token, since: datetime) -> dict[str, Any]:
        """When a timer is due. One that reads clocks and gives null waits: its clock is paused, has ended or begins later."""
        if self.timer is None:
            raise Fault(f"The timer {self.element_id} has no time; give it a date, a duration or a cycle.")
        value = self.timer.value(token) if self.reads_clocks else self.timer.needed(token)
        kept = {"since": since} if self.reads_clocks else {}
        if value is None:
            return {"kind": "timer", "due": None, **kept}
        if self.timer_kind == "date":
            wait: dict[str, Any] = {"kind": "timer", "due": timers.instant(value, "timer"), **kept}
        elif self.timer_kind == "cycle":
            wait = {**(timers.cycle(value, since, "timer").wait() or {}), **kept}
        else:
            wait = {"kind": "timer", "due": timers.span(value, "timer").after(since), **kept}
        return wait | self._overdue(token, wait)

    def _overdue(self, token: Token, wait: dict[str, Any]) -> dict[str, int]:
        """How often on end timers have led to a timer that was due as soon as it waited; a `Fault` where they would go on for ever."""
        if not wait or wait["due"] > token.workflow.script_engine.outside.now():
            return {}
        times = token.workflow.top_workflow.overdue + 1
        if times > OVERDUE_BUDGET:
            told = f"The timer {self.element_id} leads back to itself and was due at once {OVERDUE_BUDGET:,} times on end"
            raise Fault(f"{told}; give it a time to come.")
        return {"overdue": times}


def plain_key(value: Any, what: Text) -> str:
    """A correlation key as it is compared; a `Fault` for what can be none."""
    try:
        return as_key(value)
    except ValueError as error:
        raise Fault(f"The correlation key `{what.raw}` {error}") from error


def as_key(value: Any) -> str:
    """A correlation key is a text or a whole number, and compared as text. Raises ValueError, which says what is wrong with it."""
    if isinstance(value, str):
        if len(value) > LONGEST_KEY:
            raise ValueError(f"has {len(value):,} characters; {LONGEST_KEY} are the most.")
        return value
    try:
        whole = None if isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        whole = None
    if whole is None or whole != value:
        raise ValueError(f"is {value!r}; it must be a text or a whole number.")
    return as_key(str(whole))


def caught_by(kind: str | None) -> bool:
    """Whether what throws it finds what catches it, within the instance."""
    return kind in ("error", "escalation", "cancel")


_SEVERAL = frozenset({"message", "timer", "signal", "conditional"})


def triggers_of(element: model.Element) -> list[Trigger]:
    """What an event waits for: one trigger, or several of which the first to happen counts (10.5.2)."""
    event = element.event
    if event is None:
        raise Fault(f"{element.id} catches no event.")
    if event.parallel or any(part.kind not in _SEVERAL for part in event.parts):
        raise Fault(f"{element.id} has triggers that must all happen, or others than messages, timers, signals and conditions.")
    return [Trigger(part, element.id) for part in event.each]


class Waiting(Element):
    """What waits for a trigger. Of several triggers each has a token of its own, which says which (`part`)."""

    triggers: list[Trigger]

    def listen(self, start: model.Element) -> None:
        """Take the triggers of the event that is waited for."""
        self.triggers = triggers_of(start)
        self.parts = len(self.triggers)
        self.follows_clocks = any(trigger.reads_clocks for trigger in self.triggers)
        self.conditional = any(trigger.kind == "conditional" for trigger in self.triggers)
        if start.event is not None and start.event.kind in ("error", "escalation", "cancel"):
            self.catches_kind, self.catches_code = start.event.kind, start.event.code

    def trigger(self, token: Token) -> Trigger:
        """What this token waits for."""
        part: int = token.internal_data.get("part", 0)
        return self.triggers[part]

    def refresh(self, token: Token) -> None:
        token.internal_data["wait"] = self.trigger(token).again(token)


class Catching(Waiting):
    """An event in the flow or on an activity."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.listen(element)


def note_fired(trigger: Trigger, element_id: str, token: Token, data: dict[str, Any], variables: dict[str, Any]) -> None:
    """Write down what was caught. An error's message may be about somebody, so it is kept with the values."""
    told = {key: value for key, value in data.items() if key != "message"}
    values = {"message": data["message"], **variables} if data.get("message") else variables
    token.workflow.top_workflow.note(trigger.kind, element_id, token, values or None, **told)


def fired(token: Token, data: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What a token waits for after it has fired (None: nothing any more), and what to say, with the occurrences missed."""
    wait = token.wait
    if wait is None or wait["kind"] != "timer":
        return wait, data
    again, missed = next_occurrence(wait, token.workflow.script_engine.outside.now())
    if again is not None and "since" in wait:
        again["since"] = wait["since"]
    return again, {**data, "missed": missed} if missed else data


class CatchEvent(Catching):
    """An intermediate catch event, alone or behind an event-based gateway."""

    def _update_hook(self, my_task: Token) -> bool:
        if my_task.state == TaskState.WAITING:
            return False
        if "heard" not in my_task.internal_data:
            self.take_inputs(my_task)
        if self._held(my_task, "before"):
            return False
        wait = self.trigger(my_task).wait(my_task)
        if self.parts > 1:
            self._spread(my_task)
        my_task.internal_data["wait"] = wait
        my_task._set_state(TaskState.WAITING)
        if my_task.internal_data.get("part", 0) == 0:
            my_task.workflow.top_workflow.note("entered", self.name, my_task)
        return False

    def _spread(self, token: Token) -> None:
        """Let a token of its own wait for each further trigger: the first to happen ends the others, as behind a gateway."""
        scope, known = token.workflow, token.internal_data
        if "part" in known:
            return
        known.update(part=0, group=known.get("group", token.id))
        for part in range(1, self.parts):
            other = Token(scope, self, scope.task_tree, TaskState.FUTURE)
            other.internal_data = {**known, "part": part}
            scope.top_workflow.agenda.append(other)

    def fire(self, token: Token, variables: dict[str, Any], data: dict[str, Any]) -> None:
        trigger = self.trigger(token)
        token.internal_data.pop("wait", None)
        token.internal_data.pop("incident", None)
        note_fired(trigger, self.name, token, data, variables)
        token.workflow.cancel_group(token)
        token.internal_data.pop("part", None)
        self.take_result(token, variables)
        token.internal_data.pop("told", None)
        token._ready()


class ReceiveTask(Activity):
    """A task that waits for a message. One that begins an instance has its message when it is entered."""

    waits = True

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        if element.event is None:
            raise Fault(f"{element.id} receives no message.")
        self.trigger = Trigger(element.event, element.id)

    def enter(self, token: Token) -> bool:
        if token.internal_data.pop("begun", False):
            note_fired(self.trigger, self.name, token, {}, {})
            return True
        token.internal_data["wait"] = self.trigger.wait(token)
        token._set_state(TaskState.WAITING)
        return False

    def fire(self, token: Token, variables: dict[str, Any], data: dict[str, Any]) -> None:
        note_fired(self.trigger, self.name, token, data, variables)
        # Of several behind an event-based gateway, the whole is what the gateway leads to.
        token.workflow.cancel_group(token.workflow.tasks.get(token.internal_data.get("body", -1), token))
        token.workflow.top_workflow.complete(token, variables)


class StartEvent(PassThrough):
    """A start event that has happened: of what started it, the process has the variables. `timers` are those that start it."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        parts = element.events if element.scope_id == spec.name else ()
        self.timers = [Trigger(part, element.id) for part in parts if part.kind == "timer"]


class BoundaryEvent(Catching):
    """Waits beside its activity. Interrupting: the activity is cancelled. Otherwise a token leaves here and the activity goes on."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.interrupting = element.interrupting

    def _update_hook(self, my_task: Token) -> bool:
        if not my_task.passive:
            self.take_inputs(my_task)
            return bool(my_task.state == TaskState.FUTURE)
        my_task.internal_data["wait"] = self.trigger(my_task).wait(my_task)
        my_task._set_state(TaskState.WAITING)
        return False

    def fire(self, token: Token, variables: dict[str, Any], data: dict[str, Any]) -> None:
        scope = token.workflow
        again, data = fired(token, data)
        note_fired(self.trigger(token), self.name, token, data, variables)
        if self.interrupting:
            scope.cancel_token(scope.tasks[token.internal_data["host"]])
        elif again is not None:
            token.internal_data["wait"] = again
        elif self.trigger(token).kind == "timer":
            scope.remove(token)
        leaving = scope.place(self)
        self.take_result(leaving, variables)
        leaving.internal_data.pop("told", None)


class EventSubProcess(Activity, Waiting):
    """A subprocess its start event begins: waits as long as its scope is open, interrupting it or running beside it."""

    waits = True
    begun_by_event = True
    can_be_undone = True
    inner: Any = None

    def __init__(self, spec: Any, element: model.Element, start: model.Element) -> None:
        super().__init__(spec, element)
        if start.event is None:
            raise Fault(f"The event subprocess {element.id} has no start event that something triggers.")
        self.start_id, self.start_kind = start.id, start.kind
        self.interrupting = start.interrupting
        self.listen(start)

    def _update_hook(self, my_task: Token) -> bool:
        if my_task.passive:
            my_task.internal_data["wait"] = self.trigger(my_task).wait(my_task)
            my_task._set_state(TaskState.WAITING)
            return False
        return super()._update_hook(my_task)

    def fire(self, token: Token, variables: dict[str, Any], data: dict[str, Any]) -> None:
        scope = token.workflow
        again, data = fired(token, data)
        note_fired(self.trigger(token), self.start_id, token, data, variables)
        if self.interrupting:
            scope.clear()
        elif again is not None:
            token.internal_data["wait"] = again
        elif self.trigger(token).kind == "timer":
            scope.remove(token)
        for name, value in variables.items():
            scope.assign(name, value)
        scope.place(self)

    def enter(self, token: Token) -> bool:
        token.workflow.top_workflow.enter_scope(token, self.inner, False, dict(token.data), None)
        token._set_state(TaskState.STARTED)
        return False

    def scope_done(self, token: Token, scope: Any) -> None:
        compensation.remember_inside(token, scope)

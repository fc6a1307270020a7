"""The base of every BPMN element, as a SpiffWorkflow task spec, and the activities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.util.task import TaskState

from amends.engine.definitions import model
from amends.engine.execution.faults import Fault
from amends.engine.execution.script_engine import Text, text
from amends.engine.execution.token import BOUNDARY, Token


@dataclass(frozen=True, slots=True)
class Way:
    """A sequence flow out of an element, ready to be tested."""

    id: str
    target: str
    condition: Text | None
    default: bool


class Element(BpmnTaskSpec):
    """One element. SpiffWorkflow's hooks, in the order they run: `_update_hook` when a token comes (True: it can run at once),
    `_run_hook` when it is ready (True: done; None: somebody else completes it), `_on_complete` when it is done.

    Nothing is predicted: a token tree holds what is, not what may be.
    """

    remembers_flow = False
    joins_late = False
    catches_kind: str | None = None
    catches_code: str | None = None
    follows_clocks = False

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element.id, lane=element.lane, documentation=element.documentation, description=element.type,
                         inputs=[], outputs=[], data={}, defines={}, pre_assign=[], post_assign=[])  # fmt: skip
        self.model = element
        self.bpmn_id = element.id
        self.bpmn_name = element.name
        self.ways: list[Way] = []
        self.incoming: tuple[str, ...] = element.incoming
        self.boundaries: list[Any] = []
        self.result_outputs = [(item.target, Text(item.source, f"output mapping of {item.target}")) for item in element.ext.outputs]
        self.local_inputs = [(item.target, Text(item.source, f"input mapping of {item.target}")) for item in element.ext.inputs]

    # -- SpiffWorkflow's hooks, without prediction, events and logging
    def _predict(self, my_task: Token, seen: Any = None, looked_ahead: int = 0, mask: int = 0) -> None:
        return

    def _update(self, my_task: Token) -> None:
        if self._update_hook(my_task):
            my_task._ready()

    def _update_hook(self, my_task: Token) -> bool:
        self.take_inputs(my_task)
        return True

    def _on_ready(self, my_task: Token) -> None:
        if not self.manual:
            my_task.workflow.top_workflow.agenda.append(my_task)

    def _run(self, my_task: Token) -> bool | None:
        return self._run_hook(my_task)

    def _run_hook(self, my_task: Token) -> bool | None:
        return True

    def _on_complete(self, my_task: Token) -> None:
        scope = my_task.workflow
        self.give_outputs(my_task)
        ways = self.choose(my_task)
        my_task.internal_data.pop("incident", None)
        scope.top_workflow.note("completed", self.name, my_task, my_task.internal_data.pop("told", None))
        scope.discard_boundaries(my_task)
        scope.remove(my_task)
        self.leave(my_task, ways)
        scope.settle()

    # -- ways out
    def choose(self, token: Token) -> list[Way]:
        """The flows to take: all without a condition, those whose condition is true, else the default (BPMN 2.0, 13.3.1)."""
        taken = [way for way in self.ways if not way.default and (way.condition is None or is_true(way.condition, token))]
        if any(way.condition is not None for way in taken) or not any(way.default for way in self.ways):
            if self.ways and not taken:
                raise Fault(f"No condition of a flow out of {self.name} is true and there is no default flow; add one.")
            return taken
        return taken + [way for way in self.ways if way.default]

    def leave(self, token: Token, ways: list[Way]) -> None:
        """Put a token on each flow taken."""
        for way in ways:
            token.workflow.arrive(way)

    # -- variables
    def take_inputs(self, token: Token) -> None:
        """Evaluate the input mappings, in order, into local variables."""
        for target, source in self.local_inputs:
            put(token.data, target, source.value(token))

    def give_outputs(self, token: Token) -> None:
        """Evaluate the output mappings, in order, into the scope."""
        for target, source in self.result_outputs:
            value = source.value(token)
            name, _, rest = target.partition(".")
            if rest:
                whole = token.workflow.context(token).get(name)
                box = dict(whole) if isinstance(whole, dict) else {}
                put(box, rest, value)
                value = box
            token.data.pop(name, None)
            token.workflow.assign(name, value)

    def take_result(self, token: Token, variables: dict[str, Any]) -> None:
        """What the outside gave: local where output mappings pick from it, otherwise variables."""
        token.internal_data["told"] = variables
        if self.result_outputs:
            token.data.update(variables)
            return
        for name, value in variables.items():
            token.workflow.assign(name, value, self.local_owner(token, name))

    def local_owner(self, token: Token, name: str) -> Token | None:
        """The token whose local variable this is: a multi-instance element keeps what it collects to itself."""
        return token if name in token.data and name not in dict(self.local_inputs) else None

    def fire(self, token: Token, variables: dict[str, Any], data: dict[str, Any]) -> None:
        """What this element waited for has happened."""
        raise Fault(f"{self.name} waits for no event.")

    def refresh(self, token: Token) -> None:
        """A clock has changed: look again at what depends on it."""


def is_true(condition: Text, token: Token) -> bool:
    """Whether a condition holds; null or another type is a fault that says why."""
    value = condition.needed(token)
    if value is True or value is False:
        return bool(value)
    raise Fault(f"The {condition.what} `{condition.raw}` gives {value!r}, which is neither true nor false.")


def put(box: dict[str, Any], path: str, value: Any) -> None:
    """Set a value at a dotted path, making contexts on the way."""
    *way, last = path.split(".")
    for name in way:
        inner = box.get(name)
        box[name] = dict(inner) if isinstance(inner, dict) else {}
        box = box[name]
    box[last] = value


class PassThrough(Element):
    """A none event, a manual or an undefined task: the token goes on at once."""


class Activity(Element):
    """A task, subprocess or call activity: may carry boundary events and run several times."""

    waits = False

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.loop = None
        if element.loop is not None:
            from amends.engine.execution.loops import make_loop

            self.loop = make_loop(element.loop)

    def _update_hook(self, my_task: Token) -> bool:
        top = my_task.workflow.top_workflow
        single = "body" in my_task.internal_data
        if not single:
            self.attach(my_task)
        if self.loop is not None and not single:
            top.note("entered", self.name, my_task)
            my_task._set_state(TaskState.STARTED)
            self.loop.begin(my_task)
            return False
        self.take_inputs(my_task)
        if self.waits:
            top.note("entered", self.name, my_task)
        return self.enter(my_task)

    def enter(self, token: Token) -> bool:
        """Begin; True if the element can run at once."""
        return True

    def attach(self, token: Token) -> None:
        """Let the boundary events wait."""
        scope = token.workflow
        for spec in self.boundaries:
            boundary = Token(scope, spec, scope.task_tree, TaskState.FUTURE)
            boundary.internal_data.update(passive=BOUNDARY, host=token.id)
            scope.top_workflow.agenda.append(boundary)

    def _on_complete(self, my_task: Token) -> None:
        body = my_task.workflow.tasks.get(my_task.internal_data.get("body", -1))
        if body is None or self.loop is None:
            super()._on_complete(my_task)
            return
        self.give_outputs(my_task)
        scope = my_task.workflow
        self.loop.collect(my_task, body)
        scope.top_workflow.note("completed", self.name, my_task, my_task.internal_data.pop("told", None))
        scope.remove(my_task)
        self.loop.next(body)

    def give_outputs(self, token: Token) -> None:
        if self.loop is not None and "body" not in token.internal_data:
            return
        super().give_outputs(token)

    def scope_done(self, token: Token, scope: Any) -> None:
        """The scope below this activity is finished."""

    def local_owner(self, token: Token, name: str) -> Token | None:
        return token if self.loop is not None and name in token.data else None


class UserTask(Activity):
    """Waits for a person. Assignment, dates and priority are worked out on entry; dates that read clocks follow them."""

    waits = True

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.manual = True
        ext = element.ext
        self.assignee = text(ext.assignee, "assignee")
        self.groups = text(ext.candidate_groups, "candidate groups")
        self.users = text(ext.candidate_users, "candidate users")
        self.due = text(ext.due_date, "due date")
        self.follow_up = text(ext.follow_up_date, "follow-up date")
        self.priority = text(ext.priority, "priority")
        self.follows_clocks = any(item is not None and item.reads_clocks for item in (self.due, self.follow_up))

    def enter(self, token: Token) -> bool:
        priority = None if self.priority is None else self.priority.value(token)
        groups = names(self.groups, token)
        token.internal_data["wait"] = {
            "kind": "user",
            "assignee": one(self.assignee, token),
            "groups": groups or ([] if self.lane is None or self.groups is not None else [self.lane]),
            "users": names(self.users, token),
            "due": moment(self.due, token),
            "follow_up": moment(self.follow_up, token),
            "priority": 50 if priority is None else max(0, min(100, int(priority))),
        }
        return True

    def refresh(self, token: Token) -> None:
        wait = dict(token.internal_data["wait"])
        wait["due"], wait["follow_up"] = moment(self.due, token), moment(self.follow_up, token)
        token.internal_data["wait"] = wait


def names(what: Text | None, token: Token) -> list[str]:
    """A list of names from a FEEL list or a comma list."""
    value = None if what is None else what.value(token)
    if value is None:
        return []
    items = value if isinstance(value, list) else str(value).split(",")
    return [str(item).strip() for item in items if str(item).strip()]


def one(what: Text | None, token: Token) -> str | None:
    """A name, or None."""
    value = None if what is None else what.value(token)
    return None if value is None or not str(value).strip() else str(value).strip()


def moment(what: Text | None, token: Token) -> Any:
    """An instant, or None: a paused clock has no due instant."""
    from amends.engine.execution.timers import instant

    value = None if what is None else what.value(token)
    return None if value is None or what is None else instant(value, what.what)


class ServiceTask(Activity):
    """Names an operation. One that stays inside runs in this step; any other waits for its job."""

    waits = True

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        event_ext = element.event.ext if element.event is not None else element.ext
        ext = element.ext if element.ext.task_type else event_ext
        self.operation = text(ext.task_type, "task type")
        self.retries = text(ext.retries, "number of retries")
        self.headers = dict(ext.headers)

    def _run_hook(self, my_task: Token) -> bool | None:
        if self.operation is None:
            raise Fault(f"{self.name} names no operation; choose one in the modeler.")
        kind = str(self.operation.needed(my_task))
        operations = my_task.workflow.script_engine.outside.operations
        if operations is not None and operations.inside(kind):
            result = operations.run(my_task, kind, self.operation_inputs(my_task))
            self.take_result(my_task, dict(result or {}))
            return True
        retries = None if self.retries is None else self.retries.value(my_task)
        my_task.internal_data["wait"] = {"kind": "service", "type": kind, "retries": 3 if retries is None else max(1, int(retries))}
        return None

    def operation_inputs(self, token: Token) -> dict[str, Any]:
        """What the operation is given: the headers, overlaid by the input mappings."""
        return {**self.headers, **{name.partition(".")[0]: token.data.get(name.partition(".")[0]) for name, _ in self.local_inputs}}


class ScriptTask(Activity):
    """A FEEL expression whose value becomes a variable."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.script = text(element.ext.script or element.script, "script")
        self.result_variable = element.ext.result_variable

    def _run_hook(self, my_task: Token) -> bool:
        if self.script is not None:
            value = self.script.value(my_task)
            if self.result_variable:
                self.take_result(my_task, {self.result_variable: value})
        return True


class BusinessRuleTask(ServiceTask):
    """A decision, whose value becomes a variable and whose reasons go into the history; or an operation."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.decision = text(element.ext.called_decision, "decision")
        self.result_variable = element.ext.result_variable
        self.waits = self.decision is None

    def _run_hook(self, my_task: Token) -> bool | None:
        if self.decision is None:
            return super()._run_hook(my_task)
        scope = my_task.workflow
        decision_id = str(self.decision.needed(my_task))
        decided = scope.script_engine.outside.decide(decision_id, scope.context(my_task))
        scope.top_workflow.note("decision", self.name, my_task, decided.why, decision=decision_id)
        if self.result_variable:
            self.take_result(my_task, {self.result_variable: decided.value})
        return True


class SubProcess(Activity):
    """An embedded subprocess: its own scope inside this one."""

    waits = True
    inner: Any = None

    def enter(self, token: Token) -> bool:
        token._set_state(TaskState.STARTED)
        token.workflow.top_workflow.enter_scope(token, self.inner, False, dict(token.data), None)
        return False

    def scope_done(self, token: Token, scope: Any) -> None:
        token.data.update(scope.data)


class CallActivity(Activity):
    """Calls a process: its own variables, of which those it wrote come back."""

    waits = True

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.called = text(element.ext.called_process or element.called_element, "called process")
        self.gives_all = element.ext.propagate_all_parent
        self.takes_all = element.ext.propagate_all_child

    def enter(self, token: Token) -> bool:
        if self.called is None:
            raise Fault(f"{self.name} names no process to call.")
        scope = token.workflow
        process_id = str(self.called.needed(token))
        origin = scope
        while not origin.is_process:
            origin = origin.parent_workflow
        spec, deployment = scope.script_engine.outside.process(process_id, origin.deployment)
        variables = scope.context(token) if self.gives_all else dict(token.data)
        for name in ("clocks", *scope.script_engine.outside.constants):
            variables.pop(name, None)
        token._set_state(TaskState.STARTED)
        token.internal_data["process"] = process_id
        scope.top_workflow.enter_scope(token, spec, True, variables, deployment)
        return False

    def scope_done(self, token: Token, scope: Any) -> None:
        if self.result_outputs:
            token.data.update(scope.data)
        elif self.takes_all:
            for name in sorted(scope.written):
                token.workflow.assign(name, scope.data[name], self.local_owner(token, name))

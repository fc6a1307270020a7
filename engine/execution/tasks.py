"""The activities: tasks, subprocesses and call activities (BPMN 2.0, 10.3)."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.util.task import TaskState

from amends.engine.definitions import model
from amends.engine.definitions.model import MOST_TIMES
from amends.engine.execution import compensation, timers
from amends.engine.execution.bindings import binding
from amends.engine.execution.elements import Activity, whole_number
from amends.engine.execution.faults import Fault
from amends.engine.execution.script_engine import Text, text
from amends.engine.execution.token import Token


class UserTask(Activity):
    """Waits for a person. Assignment, dates and priority are worked out on entry; dates that read clocks follow them.

    Candidate users are among its groups, as `@name`: a group of one.
    """

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
        users = names(self.users, token)
        groups = names(self.groups, token) + [f"@{user.casefold()}" for user in users]
        token.internal_data["wait"] = {
            "kind": "user",
            "assignee": one(self.assignee, token),
            "groups": groups or ([] if self.lane is None or self.groups is not None else [self.lane]),
            "users": users,
            "due": moment(self.due, token),
            "follow_up": moment(self.follow_up, token),
            "priority": 50 if self.priority is None else max(0, min(100, whole_number(self.priority, token))),
        }
        return True

    def refresh(self, token: Token) -> None:
        dates = {"due": self.due, "follow_up": self.follow_up}
        changed = {name: moment(date, token) for name, date in dates.items() if date is not None and date.reads_clocks}
        token.internal_data["wait"] = {**token.internal_data["wait"], **changed}


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
    value = None if what is None else what.value(token)
    return None if value is None or what is None else timers.instant(value, what.what)


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
        retries = 3 if self.retries is None else max(1, min(MOST_TIMES, whole_number(self.retries, my_task)))
        my_task.internal_data["wait"] = {"kind": "service", "type": kind, "retries": retries}
        return None

    def refresh(self, token: Token) -> None:
        """Somebody retries: take the inputs again, for it may be them that were put right."""
        self.take_inputs(token)

    def operation_inputs(self, token: Token) -> dict[str, Any]:
        """What the operation is given: the headers, overlaid by the input mappings."""
        return {**self.headers, **{name.partition(".")[0]: token.data.get(name.partition(".")[0]) for name, _ in self.local_inputs}}


class ScriptTask(ServiceTask):
    """A FEEL expression whose value becomes a variable; or an operation, which runs a script in another language."""

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.script = None if element.ext.task_type else text(element.ext.script or element.script, "script")
        self.result_variable = element.ext.result_variable
        self.waits = self.operation is not None

    def _run_hook(self, my_task: Token) -> bool | None:
        if self.operation is not None:
            return super()._run_hook(my_task)
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
        self.binding = binding(element.ext, "decision")
        self.result_variable = element.ext.result_variable
        self.waits = self.decision is None

    def _run_hook(self, my_task: Token) -> bool | None:
        if self.decision is None:
            return super()._run_hook(my_task)
        scope = my_task.workflow
        decision_id = str(self.decision.needed(my_task))
        outside, context = scope.script_engine.outside, scope.context(my_task)
        if self.binding is None:
            decided = outside.decide(decision_id, context)
        else:
            decided = outside.bound_decision(decision_id, context, scope.process_scope().deployment, self.binding)
        scope.top_workflow.note("decision", self.name, my_task, decided.why, decision=decision_id)
        if self.result_variable:
            self.take_result(my_task, {self.result_variable: decided.value})
        return True


class SubProcess(Activity):
    """An embedded subprocess: its own scope inside this one."""

    can_be_undone = True
    waits = True
    inner: Any = None

    def enter(self, token: Token) -> bool:
        if not self.inner.task_specs:
            return True  # it is empty: a collapsed one that nobody has drawn yet
        token.workflow.top_workflow.enter_scope(token, self.inner, False, dict(token.data), None)
        token._set_state(TaskState.STARTED)
        return False

    def scope_done(self, token: Token, scope: Any) -> None:
        compensation.remember_inside(token, scope)
        token.data.update(scope.data)


class AdHocSubProcess(SubProcess):
    """A subprocess whose elements are chosen when it is entered; each goes on along its flows (BPMN 2.0, 10.3.5).

    It ends with the last of them, or when its completion condition is true after one of them: what still runs is cancelled then.
    """

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.active = text(element.ext.active_elements, "active elements")

    def enter(self, token: Token) -> bool:
        if self.active is None:
            raise Fault(f"{self.name} does not say which of its elements run; give it a list of their ids.")
        chosen = self.active.needed(token)
        known = {spec.name: spec for spec in self.inner.entries}
        wrong = [item for item in chosen if item not in known] if isinstance(chosen, list) else [chosen]
        if wrong:
            raise Fault(f"{self.name} is to run {wrong[0]!r}, which is none of its elements that no flow leads to: {', '.join(known)}.")
        if not chosen:
            return True
        begins = [known[name] for name in dict.fromkeys(chosen)]
        token.workflow.top_workflow.enter_scope(token, self.inner, False, dict(token.data), None, begins)
        token._set_state(TaskState.STARTED)
        return False


class CallActivity(Activity):
    """Calls a process: its own variables, of which those it wrote come back."""

    waits = True

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.called = text(element.ext.called_process or element.called_element, "called process")
        self.binding = binding(element.ext, "process")
        self.gives_all = element.ext.propagate_all_parent
        self.takes_all = element.ext.propagate_all_child

    def enter(self, token: Token) -> bool:
        if self.called is None:
            raise Fault(f"{self.name} names no process to call.")
        scope = token.workflow
        outside, process_id, own = scope.script_engine.outside, str(self.called.needed(token)), scope.process_scope().deployment
        found = outside.process(process_id, own) if self.binding is None else outside.bound_process(process_id, own, self.binding)
        spec, deployment = found
        variables = scope.variables(token) if self.gives_all else dict(token.data)
        scope.top_workflow.enter_scope(token, spec, True, variables, deployment)
        token._set_state(TaskState.STARTED)
        return False

    def scope_done(self, token: Token, scope: Any) -> None:
        if self.result_outputs:
            token.data.update(scope.data)
        elif self.takes_all:
            for name in sorted(scope.written):
                token.workflow.assign(name, scope.data[name], self.local_owner(token, name))
                token.workflow.top_workflow.mapped.add(name)

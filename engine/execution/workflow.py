"""A running process instance on SpiffWorkflow's `BpmnWorkflow`, with variables in scopes and no database."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from amends.engine.errors import AmendsError
from amends.engine.execution import compensation
from amends.engine.execution.faults import BpmnError, Fault
from amends.engine.execution.scope import ScopeMixin
from amends.engine.execution.script_engine import FeelScriptEngine
from amends.engine.execution.token import TRIGGER, Token

STEP_BUDGET = 20_000
"""Steps one command may take before the element that goes on becomes an incident."""
EVALUATION_BUDGET = 5_000_000
"""Steps of FEEL one command may take in all its expressions; each has a budget of its own besides."""
INSTANCE_BUDGET = 20_000
"""Instances of multi-instance activities one command may begin side by side, however they are nested."""
DEPTH_BUDGET = 40
"""How deep processes may call processes."""


@dataclass(slots=True)
class Note:
    """Something that happened at an element. `values` may be personal, `data` never is."""

    kind: str
    element_id: str
    token: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] | None = None
    element: Any = None


class Scope(ScopeMixin, BpmnSubWorkflow):
    """A called process (`is_process`) or a subprocess of an execution."""

    def __init__(
        self, spec: Any, owner: Token, is_process: bool, deployment: str | None = None, script_engine: FeelScriptEngine | None = None
    ) -> None:
        self.is_process = is_process
        self.is_handler = owner.task_spec.begun_by_event
        self.deployment = deployment
        self._parent = owner.workflow
        self._engine = script_engine or owner.workflow.script_engine
        super().__init__(spec, owner.id, owner.workflow.top_workflow, deserializing=True)
        self.top_workflow.listens |= spec.conditional
        self._plant()

    @property
    def parent_workflow(self) -> Any:
        """The scope around this one."""
        return self._parent

    @property
    def script_engine(self) -> Any:
        """A called process evaluates with what its own version has: settings, decisions, calendars."""
        return self._engine

    def _calculate_depth(self) -> int:
        depth: int = getattr(self._parent, "depth", 0) + 1
        return depth


class Execution(ScopeMixin, BpmnWorkflow):
    """One process instance: tokens, variables, clocks; what happened since `notes` was last emptied.

    Times are aware UTC. Nothing runs by itself: `begin`, `complete`, `fire`, `throw_error` and `retry` put tokens in motion,
    `do_engine_steps` moves them until everything waits.
    """

    is_process = True
    is_handler = False

    def __init__(self, spec: Any, script_engine: FeelScriptEngine, deployment: str | None = None) -> None:
        self._numbers = 0
        self.deployment = deployment
        self.agenda: deque[Token] = deque()
        self.notes: list[Note] = []
        self.warnings: list[str] = []
        self.clocks: dict[str, Any] = {}
        self.clocks_changed = False
        self.variables_changed = False
        self.unasked: list[Token] = []
        """What has begun to wait for a condition that nobody has looked at yet."""
        self.changes: dict[str, set[str]] = {}
        """What happened to variables, by name, since conditions were looked at: create, update."""
        self.listens: bool = spec.conditional
        self.evaluation_left = EVALUATION_BUDGET
        self.overdue = 0
        """How many timers that were due at once have led to what this command does, one by the other."""
        self._instances_left = INSTANCE_BUDGET
        self._clock_view: dict[str, Any] | None = None
        self.ended: str | None = None
        self.done_by: dict[str, list[str]] = {}
        self.mapped: set[str] = set()
        super().__init__(spec, script_engine=script_engine, deserializing=True)
        self._plant()

    # -- what the parts use
    def next_id(self) -> int:
        """A number no token of this instance has had."""
        self._numbers += 1
        return self._numbers

    def count_on_from(self, last: int) -> None:
        """Numbers up to `last` were given to tokens that are gone."""
        self._numbers = max(self._numbers, last)

    @property
    def last_id(self) -> int:
        """The highest number a token of this instance has had."""
        return self._numbers

    def begin_instances(self, many: int, element_id: str) -> None:
        """Take so many instances from what this command may begin; a `Fault` where that is too many."""
        if many > self._instances_left:
            raise Fault(f"{element_id} and what is around it would run more than {INSTANCE_BUDGET} times at once; let it run over fewer.")
        self._instances_left -= many

    def note(self, kind: str, element_id: str, token: Token | None = None, values: dict[str, Any] | None = None, **data: Any) -> None:
        """Remember what happened, for the history."""
        element = None if token is None else getattr(token.task_spec, "model", None)
        self.notes.append(Note(kind, element_id, 0 if token is None else token.id, data, values, element))

    def scopes(self) -> Iterator[Any]:
        """This execution and every scope in it."""
        yield self
        yield from list(self.subprocesses.values())

    def let_go(self) -> None:
        """Nobody uses it any more: without this what it holds stays in memory until Python looks for circles, which is seldom."""
        for scope in list(self.scopes()):
            vars(scope).clear()

    def all_tokens(self) -> Iterator[Token]:
        """Every token of every scope."""
        for scope in self.scopes():
            yield from scope.tokens()

    def token(self, number: int) -> Token | None:
        """The token of this number, or None if it is gone."""
        for scope in self.scopes():
            if number in scope.tasks:
                found: Token = scope.tasks[number]
                return found
        return None

    def clock_view(self) -> dict[str, Any]:
        """The clocks as expressions read them: start, due (null while paused), met_at, paused, late."""
        if self._clock_view is None:
            calendars = self.script_engine.outside.calendars
            self._clock_view = {
                name: {
                    "start": clock.start,
                    "due": clock.due(calendars),
                    "met_at": clock.met_at,
                    "paused": clock.met_at is None
                    and clock.stopped_at is None
                    and bool(clock.pauses)
                    and clock.pauses[-1].resumed_at is None,
                    "warnings": clock.warning_instants(calendars),
                }
                for name, clock in self.clocks.items()
            }
        return self._clock_view

    def set_clock(self, clock: Any, what: str) -> None:
        """Put a clock; timers and due dates that read it follow."""
        self.clocks[clock.name] = clock
        self._clock_view = None
        self.clocks_changed = self.variables_changed = True
        due = clock.due(self.script_engine.outside.calendars)
        self.note("clock", clock.name, None, what=what, due=None if due is None else due.isoformat())

    # -- commands
    def begin(self, variables: Mapping[str, Any], element_id: str | None = None) -> None:
        """Start: at the none start event (or where there is none at what has no incoming flow), or at a given start event."""
        self.data.update(variables)
        self.open(self, element_id)

    def open(self, scope: Any, element_id: str | None = None, begins: list[Any] | None = None) -> None:
        """Let a scope begin where it does, or at these elements; its event subprocesses wait. Listeners of a process come first."""
        if scope.is_process and scope.spec.listeners and scope.spec.listeners["before"]:
            self._starts(scope.spec, element_id)
            scope.place(scope.spec.listeners["before"][0]).internal_data["opens"] = element_id
            return
        self.opened(scope, element_id, begins)

    def opened(self, scope: Any, element_id: str | None = None, begins: list[Any] | None = None) -> None:
        """Put the first tokens of a scope."""
        starts = begins or self._starts(scope.spec, element_id)
        for trigger in scope.spec.triggers:
            scope.lie_in_wait(trigger, passive=TRIGGER)
        for spec in starts:
            token = scope.place(spec)
            if element_id is not None and spec.model.instantiates:
                token.internal_data["begun"] = True

    def _starts(self, spec: Any, element_id: str | None) -> list[Any]:
        starts = list(spec.entries) if element_id is None else [spec.task_specs[element_id]] if element_id in spec.task_specs else []
        if not starts:
            raise Fault(f"The process {spec.name} has nothing that can start it.")
        return starts

    def complete(self, token: Token, variables: Mapping[str, Any], by: str | None = None) -> None:
        """The outside has done what an element waited for; its variables go where its mappings say. `by` is who did it."""
        token.task_spec.take_result(token, dict(variables))
        token.internal_data.pop("wait", None)
        token.internal_data.pop("incident", None)
        token.internal_data["done"] = True
        if by is not None:
            token.internal_data["by"] = by
        self.agenda.append(token)

    def fire(self, token: Token, variables: Mapping[str, Any], **data: Any) -> None:
        """What an event waited for has happened."""
        if token.wait is not None and token.wait["kind"] == "timer":
            self.overdue = token.wait.get("overdue", 0)
        token.task_spec.fire(token, dict(variables), data)

    def retry(self, token: Token) -> None:
        """Try an element with an incident again, where it stopped; one that waits goes on waiting."""
        token.internal_data.pop("incident", None)
        token.internal_data.pop("unread", None)
        if token.wait is not None:
            self._refresh(token)
        else:
            self.agenda.append(token)

    def _refresh(self, token: Token) -> None:
        try:
            token.task_spec.refresh(token)
        except Fault as fault:
            self.incident(token, str(fault))
            token.internal_data["unread"] = True
            return
        if token.internal_data.pop("unread", False):
            token.internal_data.pop("incident", None)
            self.note("resolved", token.task_spec.name, token)

    def cancel_all(self, reason: str) -> None:
        """End the instance, whatever it is doing."""
        self._leave()
        self.clear()
        self.subprocesses.clear()
        self.agenda.clear()
        self.ended = "terminated"
        self.note("ended", self.spec.name, None, {"reason": reason}, state="terminated")

    def throw_error(self, token: Token, code: str, message: str, variables: Mapping[str, Any] | None = None) -> bool:
        """Throw a BPMN error at an element; False if nothing catches it (and nothing has changed)."""
        return self._throw(token, "error", code, {**(variables or {})}, message)

    def throw_escalation(self, token: Token, code: str, variables: Mapping[str, Any] | None = None) -> bool:
        """Throw an escalation; False if nothing catches it, which is no fault."""
        return self._throw(token, "escalation", code, {**(variables or {})}, "")

    def _throw(self, token: Token, kind: str, code: str, variables: dict[str, Any], message: str) -> bool:
        at: Token | None = token
        came_from: Any = None
        while at is not None:
            scope = at.workflow
            hosts = {at.id, at.internal_data.get("body", at.id), at.internal_data.get("listens", at.id)}
            waiting = [t for t in scope.tokens() if t.passive and t.task_spec.catches_kind == kind]
            for catchers in (
                [t for t in waiting if t.internal_data.get("host") in hosts],
                # What an event subprocess throws is not for itself.
                [t for t in waiting if t.internal_data["passive"] == TRIGGER and t.task_spec is not came_from],
            ):
                exact = [t for t in catchers if t.task_spec.catches_code == code]
                chosen = (exact or [t for t in catchers if t.task_spec.catches_code is None])[:1]
                for catcher in chosen:
                    catcher.task_spec.fire(catcher, variables, {"code": code, "message": message})
                    return True
            at = None if scope.parent_task_id is None else scope.parent_workflow.tasks.get(scope.parent_task_id)
            came_from = None if at is None else at.task_spec
        return False

    # -- moving
    def do_engine_steps(self, will_complete_task: Any = None, did_complete_task: Any = None) -> None:
        """Move every token until all wait. An element that faults keeps an incident; the others go on."""
        budget, self._instances_left, self.evaluation_left = STEP_BUDGET, INSTANCE_BUDGET, EVALUATION_BUDGET
        while True:
            while True:
                # What is done leaves first: no condition takes back what somebody has completed.
                if self.listens and not (self.agenda and self.agenda[0].internal_data.get("done")):
                    if self.variables_changed:
                        self._conditions()
                        continue
                    if self.unasked:
                        self._first_looks()
                        continue
                if not self.agenda:
                    break
                token = self.agenda.popleft()
                if token.workflow.tasks.get(token.id) is not token or self._is_gone(token.workflow):
                    continue
                budget -= 1
                if budget < 0:
                    self.incident(token, f"The process took {STEP_BUDGET} steps without waiting; give its loop something to wait for.")
                    continue
                self._step(token)
            if not (self._joins() or self._follow_clocks()):
                self.evaluation_left, self.overdue = EVALUATION_BUDGET, 0
                return

    def _is_gone(self, scope: Any) -> bool:
        return scope is not self and self.subprocesses.get(scope.parent_task_id) is not scope

    def _step(self, token: Token) -> None:
        try:
            if token.internal_data.get("done") and token.state != TaskState.COMPLETED:
                token.complete()
            elif token.state == TaskState.FUTURE or token.state == TaskState.WAITING:
                token.task_spec._update(token)
            elif token.state == TaskState.READY:
                token.run()
            elif token.state == TaskState.COMPLETED:
                token.task_spec._on_complete(token)
            elif "undo" in token.internal_data:
                compensation.go_on(token)
        except BpmnError as error:
            if not self.throw_error(token, error.code, str(error), error.variables):
                self.incident(token, f"Nothing catches the error {error.code!r} ({error}); add an error boundary event for it.")
        except AmendsError as fault:
            # A fault, or what a decision, a calendar or an operation refuses: the element stops, the instance does not.
            self.incident(token, str(fault))

    def incident(self, token: Token, message: str) -> None:
        """This element cannot go on until somebody has looked."""
        token.internal_data["incident"] = message
        self.note("incident", token.task_spec.name, token, {"message": message})

    def _conditions(self) -> None:
        """A variable or clock has changed: let the events happen whose condition has become true (BPMN 2.0, 10.5.5)."""
        self.variables_changed, changes, self.changes = False, self.changes, {}
        self.unasked.clear()
        for scope in list(self.scopes()):
            for token in scope.tokens() if scope.spec.conditional and not self._is_gone(scope) else ():
                if token.wait is not None and token.wait["kind"] == "conditional" and scope.tasks.get(token.id) is token:
                    self._ask(token, changes)

    def _first_looks(self) -> None:
        """Nothing has changed but that somebody waits: only the new ones are looked at, however many wait already."""
        waiting, self.unasked = self.unasked, []
        for token in waiting:
            scope = token.workflow
            if token.wait is not None and token.wait["kind"] == "conditional" and scope.tasks.get(token.id) is token:
                if not self._is_gone(scope):
                    self._ask(token, {})

    def _ask(self, token: Token, changes: Mapping[str, set[str]]) -> None:
        internal = token.internal_data
        if internal["wait"].get("unasked"):
            internal["wait"] = {"kind": "conditional", "holds": False}
        elif not token.task_spec.trigger(token).concerned(changes):
            return
        try:
            holds = token.task_spec.trigger(token).holds(token)
        except AmendsError as fault:
            if token.incident != str(fault):
                self.incident(token, str(fault))
                internal["unread"] = True
            return
        if internal.pop("unread", False):
            internal.pop("incident", None)
            self.note("resolved", token.task_spec.name, token)
        before = internal["wait"]["holds"]
        if holds != before:
            internal["wait"] = {**internal["wait"], "holds": holds}
        if holds and not before:
            self.fire(token, {})

    def _joins(self) -> bool:
        """Nothing moves by itself any more: let inclusive gateways join, and find joins that nothing can come to."""
        moved = False
        for scope in list(self.scopes()):
            waiting = [token for token in scope.tokens() if token.state == TaskState.WAITING and token.task_spec.remembers_flow]
            joined = False
            for token in waiting:
                if token.task_spec.joins_late and token.id in scope.tasks:
                    joined = token.task_spec.try_join(token) or joined
            if waiting and not joined and len(waiting) == sum(not token.passive for token in scope.tokens()):
                joined = self._nothing_comes(waiting)
            moved = moved or joined
        return moved

    def _nothing_comes(self, waiting: list[Token]) -> bool:
        """Only joins are left in a scope. Inclusive ones that wait for each other go on, the oldest first; the others never can."""
        for token in waiting:
            if token.task_spec.joins_late:
                token.task_spec.join(token)
                return True
        if not any(token.incident for token in waiting):
            here = [token for token in waiting if token.task_spec is waiting[0].task_spec]
            missing = [flow for flow in here[0].task_spec.incoming if all(token.internal_data["flow"] != flow for token in here)]
            told = f"{here[0].task_spec.name} waits for a token by {', '.join(missing)}, and nothing is left that could bring one."
            self.incident(here[0], f"{told} Let every branch come to it, or use an inclusive gateway.")
        return False

    def _follow_clocks(self) -> bool:
        if not self.clocks_changed:
            return False
        self.clocks_changed = False
        for token in list(self.all_tokens()):
            if token.task_spec.follows_clocks and token.wait is not None:
                self._refresh(token)
        return bool(self.agenda)

    def enter_scope(
        self, token: Token, spec: Any, is_process: bool, variables: dict[str, Any], deployment: str | None, begins: list[Any] | None = None
    ) -> Any:
        """Begin a subprocess or a called process below an activity."""
        if getattr(token.workflow, "depth", 0) >= DEPTH_BUDGET:
            raise Fault(f"Processes call each other {DEPTH_BUDGET} deep; one of them calls itself without an end.")
        self._starts(spec, None)
        inner = Scope(spec, token, is_process, deployment, spec.script_engine if is_process else None)
        inner.data.update(variables)
        self.subprocesses[token.id] = inner
        self.open(inner, None, begins)
        return inner

    def reopen(self, owner: Token, spec: Any, variables: dict[str, Any]) -> Any:
        """The scope of a subprocess that is finished, with the variables it had, to undo in it what was done."""
        scope = Scope(spec, owner, False)
        scope.data.update(variables)
        self.subprocesses[owner.id] = scope
        return scope

    def finished(self, scope: Any) -> None:
        """No token is left in a scope: the instance ends, or the activity around the scope does."""
        if scope is self:
            self._leave()
            self.ended = "completed"
            self.completed = True
            self.note("ended", self.spec.name, None, state="completed")
            return
        owner = scope.parent_workflow.tasks[scope.parent_task_id]
        if "undo" in owner.internal_data:
            self.agenda.append(owner)
            return
        owner.task_spec.scope_done(owner, scope)
        del self.subprocesses[owner.id]
        owner.internal_data["done"] = True
        self.agenda.append(owner)

    def _leave(self) -> None:
        """Tell the variables that nobody was told of when they were written: a state that has ended is not kept."""
        left = {name: self.data[name] for name in sorted(self.mapped) if name in self.data}
        if left:
            self.note("left", self.spec.name, None, left)

"""The base of every BPMN element, as a SpiffWorkflow task spec, and of the activities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.util.task import TaskState

from amends.engine.definitions import model
from amends.engine.errors import AmendsError
from amends.engine.execution import compensation
from amends.engine.execution.faults import Fault
from amends.engine.execution.script_engine import Text
from amends.engine.execution.token import BOUNDARY, Token
from amends.engine.execution.values import keepable


@dataclass(frozen=True, slots=True)
class Way:
    """A sequence flow out of an element, ready to be tested."""

    id: str
    target: str
    condition: Text | None
    default: bool


Mappings = list[tuple[str, Text]]


class Element(BpmnTaskSpec):
    """One element. SpiffWorkflow's hooks, in the order they run: `_update_hook` when a token comes (True: it can run at once),
    `_run_hook` when it is ready (True: done; None: somebody else completes it), `_on_complete` when it is done.

    Nothing is predicted: a token tree holds what is, not what may be. Each hook may fault and be tried again: what it has done
    by then must not be done twice.
    """

    remembers_flow = False
    joins_late = False
    catches_kind: str | None = None
    catches_code: str | None = None
    follows_clocks = False
    conditional = False
    begun_by_event = False
    parts = 1
    listens_when_run = True
    """Whether its listeners run before it is run and before it is left; an activity waits for them by itself."""
    can_be_undone = False
    undone_by: Any = None
    undone_at: str | None = None
    """What undoes this activity: the activity that its compensation boundary event leads to, and that event's id."""

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
        self.listeners: dict[str, Any] = {}
        if element.ext.execution_listeners or element.ext.task_listeners:
            from amends.engine.execution.listeners import make_listeners

            self.listeners = make_listeners(spec, element)

    # -- SpiffWorkflow's hooks, without prediction, events and logging
    def _predict(self, my_task: Token, seen: Any = None, looked_ahead: int = 0, mask: int = 0) -> None:
        return

    def _update(self, my_task: Token) -> None:
        local = my_task.data
        my_task.data = dict(local)
        try:
            ready = self._update_hook(my_task)
        except AmendsError:
            my_task.data = local
            raise
        if ready:
            my_task._ready()

    def _update_hook(self, my_task: Token) -> bool:
        self.take_inputs(my_task)
        return True

    def _on_ready(self, my_task: Token) -> None:
        if not self.manual:
            my_task.workflow.top_workflow.agenda.append(my_task)

    def _run(self, my_task: Token) -> bool | None:
        if self.listens_when_run and self._held(my_task, "before"):
            return None
        return self._run_hook(my_task)

    def _held(self, token: Token, when: str) -> bool:
        """Whether listeners have to be done before this element begins, or leaves."""
        if not self.listeners:
            return False
        from amends.engine.execution.listeners import held

        return held(token, when, self.listeners[when])

    def _run_hook(self, my_task: Token) -> bool | None:
        return True

    def _on_complete(self, my_task: Token) -> None:
        scope = my_task.workflow
        if self.listens_when_run and self._held(my_task, "after"):
            return
        self.give_outputs(my_task)
        ways = self.choose(my_task)
        enough = scope.spec.enough is not None and is_true(scope.spec.enough, my_task)
        self.note_completed(my_task)
        if self.can_be_undone:
            compensation.remember(scope, my_task)
        scope.discard_boundaries(my_task)
        scope.remove(my_task)
        if enough:
            scope.clear()
        else:
            self.leave(my_task, ways)
        scope.settle()

    def note_completed(self, token: Token) -> None:
        """Write down that this element is done, and what the outside told it."""
        token.internal_data.pop("incident", None)
        by = token.internal_data.pop("by", None)
        told = token.internal_data.pop("told", None)
        token.workflow.top_workflow.note("completed", self.name, token, told, **({} if by is None else {"by": by}))

    # -- ways out
    def choose(self, token: Token) -> list[Way]:
        """The flows to take: those without a condition and those whose condition is true; if there is none, the default."""
        taken = [way for way in self.ways if not way.default and (way.condition is None or is_true(way.condition, token))]
        taken = taken or [way for way in self.ways if way.default]
        if self.ways and not taken:
            raise Fault(f"No condition of a flow out of {self.name} is true and there is no default flow; add one.")
        return taken

    def leave(self, token: Token, ways: list[Way]) -> None:
        """Put a token on each flow taken."""
        for way in ways:
            token.workflow.arrive(way)

    # -- variables
    def take_inputs(self, token: Token) -> None:
        """Evaluate the input mappings into local variables."""
        if self.local_inputs:
            token.data.update(mapped(token, self.local_inputs, token.data.get))

    def give_outputs(self, token: Token) -> None:
        """Evaluate the output mappings into the scope, once: what comes after may fault and be tried again."""
        if not self.result_outputs or "given" in token.internal_data:
            return
        for name, value in mapped(token, self.result_outputs, token.workflow.context().get).items():
            owner = self.local_owner(token, name)
            if owner is None:
                token.data.pop(name, None)
            token.workflow.assign(name, value, owner)
            token.workflow.top_workflow.mapped.add(name)
        token.internal_data["given"] = True

    def take_result(self, token: Token, variables: dict[str, Any]) -> None:
        """What the outside gave: local where output mappings pick from it, otherwise variables."""
        for name, value in variables.items():
            keepable(value, name)
        token.internal_data["told"] = variables
        if self.result_outputs:
            token.data.update(variables)
            return
        for name, value in variables.items():
            token.workflow.assign(name, value, self.local_owner(token, name))

    def local_owner(self, token: Token, name: str) -> Token | None:
        """The token whose local variable this is; None where it is the scope's."""
        return None

    def all_undone(self, token: Token) -> None:
        """What this element had to undo is undone."""

    def fire(self, token: Token, variables: dict[str, Any], data: dict[str, Any]) -> None:
        """What this element waited for has happened."""
        raise Fault(f"{self.name} waits for no event.")

    def refresh(self, token: Token) -> None:
        """A clock has changed, or somebody retries: look again at what a waiting token has worked out."""


def mapped(token: Token, mappings: Mappings, existing: Callable[[str], Any]) -> dict[str, Any]:
    """What mappings make, by variable: each sees what those before it made, and a dotted target is merged into what exists.

    All of them or none: one that faults leaves nothing behind.
    """
    local, made = token.data, dict[str, Any]()
    token.data = dict(local)
    try:
        for target, source in mappings:
            name, _, rest = target.partition(".")
            value = keepable(source.value(token), target)
            if rest:
                whole = made[name] if name in made else existing(name)
                box = dict(whole) if isinstance(whole, dict) else {}
                put(box, rest, value)
                value = box
            made[name] = token.data[name] = value
    finally:
        token.data = local
    return made


def put(box: dict[str, Any], path: str, value: Any) -> None:
    """Set a value at a dotted path, making contexts on the way; contexts that exist are copied, never changed."""
    *way, last = path.split(".")
    for name in way:
        inner = box.get(name)
        box[name] = dict(inner) if isinstance(inner, dict) else {}
        box = box[name]
    box[last] = value


def is_true(condition: Text, token: Token) -> bool:
    """Whether a condition holds; null or another type is a fault that says why."""
    value = condition.needed(token)
    if value is True or value is False:
        return bool(value)
    raise Fault(f"The {condition.what} `{condition.raw}` gives {value!r}, which is neither true nor false.")


def whole_number(what: Text, token: Token) -> int:
    """A whole number; anything else is a fault."""
    value = what.needed(token)
    try:
        # By way of Decimal, as Python reads no text of thousands of digits.
        whole = None if isinstance(value, bool) else int(Decimal(value) if isinstance(value, str) and value.isdecimal() else value)
    except (TypeError, ValueError, ArithmeticError):
        whole = None
    if whole is None or (whole != value and not isinstance(value, str)):
        wanted = "number" if whole is None else "whole number"
        raise Fault(f"The {what.what} `{what.raw}` gives {value!r}, which is no {wanted}.")
    return whole


class PassThrough(Element):
    """A none event, a manual or an undefined task: the token goes on at once."""


class Activity(Element):
    """A task, subprocess or call activity: may carry boundary events and run several times."""

    waits = False
    listens_when_run = False

    def __init__(self, spec: Any, element: model.Element) -> None:
        super().__init__(spec, element)
        self.loop: Any = None
        if element.loop is not None:
            from amends.engine.execution.loops import make_loop

            self.loop = make_loop(element.loop)

    def _update_hook(self, my_task: Token) -> bool:
        top = my_task.workflow.top_workflow
        single = "body" in my_task.internal_data
        if self.loop is not None and not single:
            self.attach(my_task)
            self.loop.begin(my_task)
            my_task._set_state(TaskState.STARTED)
            top.note("entered", self.name, my_task)
            return False
        if "heard" not in my_task.internal_data:
            self.take_inputs(my_task)
        if self._held(my_task, "before"):
            return False
        if not single:
            self.attach(my_task)
        ready = self.enter(my_task)
        if self.waits:
            top.note("entered", self.name, my_task)
        return ready

    def enter(self, token: Token) -> bool:
        """Begin; True if the element can run at once."""
        return True

    def attach(self, token: Token) -> None:
        """Let the boundary events wait, once however often the activity has to be entered."""
        if not self.boundaries or "attached" in token.internal_data:
            return
        token.internal_data["attached"] = True
        scope = token.workflow
        for spec in self.boundaries:
            scope.lie_in_wait(spec, passive=BOUNDARY, host=token.id)

    def _on_complete(self, my_task: Token) -> None:
        scope = my_task.workflow
        body = scope.tasks.get(my_task.internal_data.get("body", -1))
        if (body is not None or self.loop is None) and self._held(my_task, "after"):
            return
        if body is None or self.loop is None:
            if "group" in my_task.internal_data:
                # Over nothing, it is done without having received anything; its alternatives are not chosen all the same.
                scope.cancel_group(my_task)
            super()._on_complete(my_task)
            return
        self.give_outputs(my_task)
        self.loop.collect(my_task, body)
        compensation.hand_up(my_task, body)
        self.note_completed(my_task)
        scope.remove(my_task)
        self.loop.next(body)

    def give_outputs(self, token: Token) -> None:
        if self.loop is None or "body" in token.internal_data:
            super().give_outputs(token)

    def scope_done(self, token: Token, scope: Any) -> None:
        """The scope below this activity is finished."""

    def local_owner(self, token: Token, name: str) -> Token | None:
        """One of several instances keeps what is its own to itself, so that the others do not overwrite it."""
        return token if self.loop is not None and name in token.data else None

"""From a diagram's model to SpiffWorkflow specs: one per process, one per subprocess inside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from amends.engine.definitions import model
from amends.engine.definitions.listeners import never_heard
from amends.engine.definitions.placed import Placed, hindrances, same_ways
from amends.engine.definitions.unplayed import not_played
from amends.engine.execution import catching, elements, gateways, tasks, throwing
from amends.engine.execution.faults import Fault
from amends.engine.execution.listeners import ProcessListener, make_listeners
from amends.engine.execution.script_engine import FeelScriptEngine, Text


class ProcessSpec(BpmnProcessSpec):
    """A process or subprocess as specs.

    `entries` are where it begins, `triggers` its event subprocesses, `links` the link catch events by name, `undone_by` its
    compensation event subprocess, `enough` what ends an ad-hoc subprocess early; `conditional` says whether anything in it waits for a
    condition. `script_engine` is that of the version it is from, for processes that call it from another one; None: the caller's.
    """

    script_engine: FeelScriptEngine | None = None

    def __init__(self, name: str, scope: model.Scope) -> None:
        super().__init__(name)
        # SpiffWorkflow's own Start and End are no elements; a diagram may call its elements so.
        self.task_specs.clear()
        self.scope = scope
        self.entries: list[Any] = []
        self.triggers: list[Any] = []
        self.links: dict[str | None, Any] = {}
        self.inner: dict[str, ProcessSpec] = {}
        self.conditional = False
        self.enough: Text | None = None
        self.undone_by: Any = None
        self.listeners: dict[str, Any] = {}
        self.flows_reached = lru_cache(maxsize=None)(self._flows_reached)
        self.hindrances = lru_cache(maxsize=1024)(self._hindrances)

    def _hindrances(self, before: model.Scope, mapping: tuple[tuple[str, str], ...], here: tuple[Placed, ...]) -> list[tuple[str, str]]:
        """Why tokens that stood so in a scope of another version, and would stand so in this one, cannot go on."""
        renamed = dict(mapping)
        there = [Placed(tuple(renamed.get(name, name) for name in token.at), token.flow, token.gone_on) for token in here]
        return [] if same_ways(before, self.scope, renamed, here) else hindrances(self.scope, there)

    def _flows_reached(self, start: str, without: str, by_events: bool = True) -> frozenset[str]:
        """The flows that a token at an element may come to, not beyond `without`: also by boundary events, or along flows alone."""
        reached: set[str] = set()
        seen, to_do = {start}, [start]
        while to_do:
            element = self.scope.elements.get(to_do.pop())
            if element is None:
                continue
            following = [(flow.id, flow.target) for flow in self.scope.outgoing(element.id)]
            following += [("", boundary.id) for boundary in self.scope.boundaries(element.id)] if by_events else []
            if element.event is not None and element.event.kind == "link" and element.type == "intermediateThrowEvent":
                following += [("", spec.name) for name, spec in self.links.items() if name == element.event.link_name]
            for flow, target in following:
                if flow:
                    reached.add(flow)
                if target not in seen and target != without:
                    seen.add(target)
                    to_do.append(target)
        return frozenset(reached)


_TASKS: dict[str, Callable[[Any, model.Element], Any]] = {
    "task": elements.Activity,
    "manualTask": elements.Activity,
    "userTask": tasks.UserTask,
    "serviceTask": tasks.ServiceTask,
    "sendTask": throwing.MessageThrow,
    "scriptTask": tasks.ScriptTask,
    "businessRuleTask": tasks.BusinessRuleTask,
    "receiveTask": catching.ReceiveTask,
    "callActivity": tasks.CallActivity,
    "exclusiveGateway": gateways.ExclusiveGateway,
    "parallelGateway": gateways.ParallelGateway,
    "inclusiveGateway": gateways.InclusiveGateway,
    "eventBasedGateway": gateways.EventBasedGateway,
    "startEvent": catching.StartEvent,
    "boundaryEvent": catching.BoundaryEvent,
}
_THROWS: dict[str, Callable[[Any, model.Element], Any]] = {
    "none": elements.PassThrough,
    "error": throwing.ErrorEnd,
    "escalation": throwing.EscalationThrow,
    "terminate": throwing.TerminateEnd,
    "link": throwing.LinkThrow,
    "signal": throwing.SignalThrow,
    "compensation": throwing.CompensationThrow,
    "cancel": throwing.CancelEnd,
    "message": throwing.MessageThrow,
}


_STARTS = frozenset({"message", "signal", "timer"})


def compile_process(process: model.Scope, deployed: bool = False) -> ProcessSpec:
    """Compile a process; a `Fault` names the element that cannot run (what `check` would have refused).

    One that is `deployed` was let through, perhaps by an earlier version that did not look at all of it: it goes on as it began.
    """
    spec = ProcessSpec(process.id, process)
    for element in process.elements.values():
        if element.is_event_subprocess:
            made = _event_subprocess(spec, element)
            if made.start_kind == "compensation":
                spec.undone_by = made
            else:
                spec.triggers.append(made)
        else:
            made = _make(spec, element, deployed)
        spec.conditional |= made.conditional
        if element.scope is not None:
            made.inner = spec.inner[element.id] = compile_process(element.scope, deployed=deployed)
            if element.type == "adHocSubProcess" and element.completion_condition:
                made.inner.enough = Text(element.completion_condition, "completion condition", always_feel=True)
            if element.is_event_subprocess:
                made.inner.entries = [made.inner.task_specs[made.start_id]]
            spec.conditional |= made.inner.conditional
    _connect(spec, process)
    if isinstance(process, model.Process):
        if process.ext.execution_listeners:
            spec.listeners = make_listeners(spec, process.itself, ProcessListener)
        for start in process.event_starts:
            if start.event is None or any(part.kind not in _STARTS for part in start.events) or start.event.parallel:
                raise Fault(f"The process {process.id} begins with a {start.kind} start event ({start.id}), which nothing triggers.")
        if process.event_subprocesses and spec.undone_by is not None:
            raise Fault(f"{spec.undone_by.name} undoes the process {process.id}, which nothing can ask for; put it into a subprocess.")
    if not spec.entries:
        spec.entries = [spec.task_specs[item.id] for item in (process.none_starts or _implicit(process, deployed))]
    return spec


def _implicit(process: model.Scope, deployed: bool) -> list[model.Element]:
    """What begins without a start event. Earlier versions knew the word `true` alone, and `instantiate="1"` began like any element."""
    if process.start_events:
        return []
    begin = {element.id for element in process.implicit_starts}
    for element in process.elements.values() if deployed else ():
        if element.instantiates and element.attributes["instantiate"] != "true" and not element.incoming and not element.for_compensation:
            begin.add(element.id)
    return [element for element in process.elements.values() if element.id in begin]


def _event_subprocess(spec: ProcessSpec, element: model.Element) -> Any:
    starts = element.scope.event_starts if element.scope is not None else []
    if len(starts) != 1:
        raise Fault(f"The event subprocess {element.id} needs exactly one start event that something triggers.")
    return catching.EventSubProcess(spec, element, starts[0])


def _make(spec: ProcessSpec, element: model.Element, deployed: bool) -> Any:
    kind = element.kind
    for listener in element.ext.execution_listeners:
        why = never_heard(element, spec.scope, listener.event)
        if why is not None:
            raise Fault(f"{element.id} has an execution listener at {listener.event!r}: {why}.")
    unplayed = None if deployed else not_played(element)
    if unplayed is not None:
        raise Fault(f"{element.id} is not executed: {unplayed[0]}. {unplayed[1]}")
    if element.type == "adHocSubProcess":
        return tasks.AdHocSubProcess(spec, element)
    if element.type in ("subProcess", "transaction"):
        return tasks.SubProcess(spec, element)
    if element.type in ("intermediateThrowEvent", "endEvent"):
        maker = _THROWS.get(kind)
    elif element.type == "intermediateCatchEvent":
        maker = elements.PassThrough if kind in ("none", "link") else catching.CatchEvent
        if kind not in ("none", "link", "message", "timer", "signal", "conditional", "multiple"):
            maker = None
    else:
        maker = _TASKS.get(element.type)
    if maker is None:
        raise Fault(f"{element.id} is a {kind} {element.type}, which is not executed.")
    made = maker(spec, element)
    if kind == "link" and element.type == "intermediateCatchEvent" and element.event is not None:
        spec.links[element.event.link_name] = made
    return made


def _connect(spec: ProcessSpec, process: model.Scope) -> None:
    for element in process.elements.values():
        made = spec.task_specs[element.id]
        for flow in process.outgoing(element.id):
            if flow.target not in spec.task_specs:
                raise Fault(f"The flow {flow.id} leads to {flow.target!r}, which is not there.")
            condition = None
            if flow.condition is not None and process.reads(flow):
                condition = Text(flow.condition, f"condition of flow {flow.id}", always_feel=True)
            made.ways.append(elements.Way(flow.id, flow.target, condition, flow.id == element.default))
            made.connect(spec.task_specs[flow.target])
        made.boundaries = [spec.task_specs[boundary.id] for boundary in process.boundaries(element.id) if boundary.kind != "compensation"]
        for boundary in process.boundaries(element.id):
            if boundary.kind == "compensation":
                made.can_be_undone = True
                made.undone_by, made.undone_at = spec.task_specs[_handler(process, boundary)], boundary.id


def _handler(process: model.Scope, boundary: model.Element) -> str:
    """The activity that a compensation boundary event leads to by its association."""
    handlers = process.compensated_by(boundary.id)
    if len(handlers) != 1:
        raise Fault(f"{boundary.id} needs exactly one activity for compensation that an association leads to.")
    return handlers[0].id

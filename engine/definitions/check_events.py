"""What events refer to: messages with names and keys, signals, errors, escalations, and timers (BPMN 2.0, 10.5.5)."""

from __future__ import annotations

from amends.engine.definitions.findings import Findings, called, the
from amends.engine.definitions.model import Declared, Diagram, Element, EventDefinition, Process, Scope, expression, is_feel, listed
from amends.engine.definitions.timers import EXAMPLES, literal_fault
from amends.engine.feel import FeelError, parse

CHANGES = frozenset({"create", "update"})
"""What can happen to a variable that a conditional event listens to."""
_BY_ONE = frozenset({"message", "error", "escalation"})
"""What only one event catches; signals, times and conditions happen for all that wait."""
_CATCHING = frozenset({"startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask"})


def check_events(found: Findings, diagram: Diagram, process: Process) -> None:
    """The event definitions of a process."""
    starts: dict[str, Element] = {}
    for scope in process.scopes():
        _caught_twice(found, scope)
    for element in process.all_elements():
        event = element.event
        if event is None:
            continue
        top = element.scope_id == process.id and (element.type == "startEvent" or element.instantiates)
        _twice_in_one(found, element, event, top)
        for part in event.each:
            _definition(found, diagram, element, part, top)
            if top and part.kind in ("message", "signal") and part.ref_name and is_feel(part.ref_name):
                told = f"begins with a {part.kind} whose name is computed, {part.ref_name}, before there are variables"
                message = f"{called(element)} {told}."
                found.add(element, f"{part.kind}-name", message, f"Write the name of the {part.kind} as it is.")
            if top and part.kind == "message" and part.ref_name:
                first = starts.setdefault(part.ref_name, element)
                if first is not element:
                    message = f"{called(element)} begins with the message {part.ref_name!r}, as {first.id!r} does."
                    found.add(element, "message-start-twice", message, "Use one start event for a message, and a gateway behind it.")


def _caught_twice(found: Findings, scope: Scope) -> None:
    """Of two events side by side that catch the same, only one ever happens (10.5.6: the nearest that catches)."""
    # A receive task waits for its message beside what is on its border.
    groups: list[list[Element]] = [[scope.elements[name], *scope.boundaries(name)] for name in scope.attached if name in scope.elements]
    groups.append([start for sub in scope.event_subprocesses if sub.scope is not None for start in sub.scope.event_starts])
    for element in scope.elements.values():
        if element.type == "eventBasedGateway":
            groups.append([scope.elements[flow.target] for flow in scope.outgoing(element.id) if flow.target in scope.elements])
    for group in groups:
        caught: dict[tuple[str, ...], Element] = {}
        for element in group:
            for part in element.events if element.type in _CATCHING else ():
                what = _caught(part) if part.kind in _BY_ONE else None
                first = caught.setdefault(what, element) if what is not None else element
                if first is not element:
                    told = f"{called(element)} catches what {first.name or first.id!r} beside it catches, too"
                    message = f"{told}: only one of them would ever happen."
                    found.add(element, "caught-twice", message, "Leave one of them, or let them catch different things.")


def _twice_in_one(found: Findings, element: Element, event: EventDefinition, top: bool) -> None:
    """Of several definitions of one event each lets it happen: two that are alike would by one signal begin two instances."""
    caught = set[tuple[str, ...]]()
    for part in event.parts if element.type in _CATCHING else ():
        what = _caught(part, top)
        if what in caught:
            message = f"{called(element)} catches the same {part.kind} by two of its definitions: {what[1]}."
            found.add(element, "caught-twice", message, "Leave one of them, or let them catch different things.", line=part.line)
        if what is not None:
            caught.add(what)


def _caught(event: EventDefinition, top: bool = False) -> tuple[str, ...] | None:
    """What an event catches, so that two that catch the same are the same; None where it says nothing, or of its kind there is none.

    `top`: it begins an instance, for which a message needs no key.
    """
    match event.kind:
        case "message":
            what: tuple[str | None, ...] = (event.ref_name, "" if top else event.correlation_key)
        case "signal":
            what = (event.ref_name,)
        case "timer":
            what = (event.text, event.timer_kind)
        case "conditional":
            what = (event.condition, event.ext.filter_names, event.ext.filter_events)
        case "error" | "escalation":
            what = (event.code or "every code",)
        case _:
            return None
    return (event.kind, *(each or "" for each in what)) if what[0] else None


def _definition(found: Findings, diagram: Diagram, element: Element, event: EventDefinition, top: bool) -> None:
    match event.kind:
        case "message":
            _message(found, diagram, element, event, top)
        case "signal":
            _named(found, element, event, "signal", diagram.signals.get(event.ref or ""))
        case "error":
            _coded(found, element, event, "error", diagram.errors.get(event.ref or ""))
        case "escalation":
            _coded(found, element, event, "escalation", diagram.escalations.get(event.ref or ""))
        case "timer":
            _timer(found, element, event, top)
        case "conditional":
            if not event.condition:
                message = f"{called(element)} has no condition."
                found.add(element, "condition-missing", message, 'Fill in a FEEL expression such as "=amount > 100".', line=event.line)
            for word in sorted(listed(event.ext.filter_events) - CHANGES):
                message = f"{called(element)} looks at its condition when a variable is to {word!r}, which variables do not."
                found.add(element, "value", message, "Write create, update, or both.", line=event.line)


def _message(found: Findings, diagram: Diagram, element: Element, event: EventDefinition, top: bool) -> None:
    catching = element.type in _CATCHING
    if not catching and (event.ext.task_type or element.ext.task_type):
        return  # an operation sends it
    if not _named(found, element, event, "message", diagram.messages.get(event.ref or "")):
        return
    if catching and not top and not event.correlation_key:
        help = 'Fill in the subscription correlation key, for example "=reference".'
        message = f"{called(element)} waits for a message that says nothing about whose it is: it has no correlation key."
        found.add(element, "correlation-key", message, help)


def _named(found: Findings, element: Element, event: EventDefinition, kind: str, declared: Declared | None) -> bool:
    """Whether an event refers to a message or signal that has a name."""
    if event.ref is None:
        found.add(element, f"{kind}-name", f"{called(element)} names no {kind}.", f"Choose or create its {kind}.")
    elif declared is None:
        message = f"{called(element)} refers to the {kind} {event.ref!r}, which the file does not declare."
        found.add(element, "missing-reference", message, f"Choose or create its {kind}.")
    elif not declared.name:
        message = f"{called(element)} refers to the {kind} {declared.id!r}, which has no name."
        found.add(element, f"{kind}-name", message, f"Give the {kind} a name.")
    else:
        return True
    return False


def _coded(found: Findings, element: Element, event: EventDefinition, kind: str, declared: Declared | None) -> None:
    """Errors and escalations are thrown and caught by code; what catches without one catches all."""
    if event.ref is None:
        if element.type not in _CATCHING:
            help = f"Choose or create its {kind}, with a code."
            found.add(element, f"{kind}-code", f"{called(element)} throws no {kind} in particular.", help)
    elif declared is None:
        message = f"{called(element)} refers to the {kind} {event.ref!r}, which the file does not declare."
        found.add(element, "missing-reference", message, f"Choose or create its {kind}.")
    elif declared.code and is_feel(declared.code) and element.type in _CATCHING:
        message = f"{called(element)} catches by a code that is computed, {declared.code}: nothing would ever be the same as that."
        help = f"Write the code as it is thrown, or let the event refer to no {kind}, so that it catches all."
        found.add(element, f"{kind}-code", message, help)
    elif not declared.code and element.type in _CATCHING:
        message = (
            f"{called(element)} refers to the {kind} {declared.name or declared.id!r}, which has no code, and so catches every {kind}."
        )
        found.warn(element, f"{kind}-code", message, f"Give the {kind} a code, or let the event refer to no {kind}.")
    elif not declared.code:
        message = f"{called(element)} refers to the {kind} {declared.name or declared.id!r}, which has no code."
        found.add(element, f"{kind}-code", message, f"Give the {kind} a code.")


def _worked_out_early(found: Findings, element: Element, event: EventDefinition) -> None:
    """The time of a timer start event is worked out when the package is deployed: no instance has set a variable by then."""
    try:
        names = sorted(parse(expression(event.text or "")).names - {"settings"})
    except FeelError:
        return  # said as an expression that cannot be read
    if names:
        message = f"The time of {the(element)} reads {names[0]!r}, but it is worked out when the package is deployed, without variables."
        found.add(element, "timer-literal", message, "Write a time, or FEEL that reads settings alone.", line=event.line)


def _timer(found: Findings, element: Element, event: EventDefinition, top: bool) -> None:
    kind = event.timer_kind
    if kind is None or not event.text:
        examples = "; ".join(EXAMPLES.values())
        found.add(element, "timer-missing", f"{called(element)} has no time.", f"Write {examples}; or FEEL after =.", line=event.line)
        return
    if kind == "cycle" and (element.type == "intermediateCatchEvent" or (element.interrupting and not top)):
        message = f"{called(element)} repeats, but goes on after the first time."
        found.warn(element, "timer-kind", message, "Use a duration, or a boundary event that does not interrupt.", line=event.line)
    if top and is_feel(event.text):
        _worked_out_early(found, element, event)
    if not is_feel(event.text):
        fault = literal_fault(kind, event.text)
        if fault:
            found.add(element, "timer-literal", f"The time of {the(element)} {fault}.", f"Write {EXAMPLES[kind]}.", line=event.line)

"""Whether flows lead from somewhere to somewhere, and every element is reached (BPMN 2.0, 8.4.13 and 10.3 to 10.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from amends.engine.definitions.findings import Findings, called, flow_called
from amends.engine.definitions.model import Diagram, Element, Flow, Process, Scope


def check_flows(found: Findings, diagram: Diagram, process: Process) -> None:
    """Everything about the flows of a process and its subprocesses."""
    homes = {element.id: element.scope_id for each in diagram.processes for element in each.all_elements()}
    flows = {flow.id: flow for each in diagram.processes for flow in each.all_flows()}
    others = {flow.id for flow in diagram.message_flows}
    for element in process.none_starts[1:]:
        first = process.none_starts[0]
        message = f"{called(element)} is a second start event that nothing triggers, beside {first.name or first.id!r}."
        found.add(element, "several-starts", message, "Leave one of them, with a gateway behind it, or give it a trigger.")
    if not process.elements:
        found.add(process, "no-start", "The process is empty.", "Draw a start event, what follows it, and an end event.")
    chosen = {element.id for element in process.all_elements() if element.type == "adHocSubProcess"}
    for scope in process.scopes():
        for flow in scope.flows.values():
            _ends(found, scope, flow, homes)
        for element in scope.elements.values():
            _declared_flows(found, element, flows, others)
            _direction(found, scope, element)
            if element.scope is not None and element.type != "adHocSubProcess":
                _starts(found, element, element.scope)
        if scope.elements:
            _reachability(found, scope, scope.id in chosen)


def _ends(found: Findings, scope: Scope, flow: Flow, homes: Mapping[str, str]) -> None:
    """Both ends of a flow have to be elements of the scope it is drawn in."""
    for end, element_id, verb in (("sourceRef", flow.source, "begins"), ("targetRef", flow.target, "leads")):
        if element_id in scope.elements:
            continue
        name = flow_called(flow, scope)
        if not element_id:
            found.add(flow, "dangling-flow", f"{name} {verb} nowhere: it has no {end}.", "Connect it to an element, or delete it.")
        elif element_id in homes:
            message = f"{name} crosses the border of a subprocess or pool: its {end} {element_id!r} lies in {homes[element_id]!r}."
            found.add(flow, "flow-crosses", message, "Let it end at the border, or move the element.")
        else:
            message = f"{name} {verb} nowhere: there is no element {element_id!r}."
            found.add(flow, "dangling-flow", message, "Connect it to an element, or delete it.")


def _declared_flows(found: Findings, element: Element, flows: Mapping[str, Flow], others: Set[str]) -> None:
    """What an element says of its flows has to be what the flows say."""
    for tag, declared, real in (
        ("incoming", element.declared_incoming, element.incoming),
        ("outgoing", element.declared_outgoing, element.outgoing),
    ):
        for flow_id in declared:
            if flow_id in others:
                message = f"{called(element)} names the {tag} flow {flow_id!r}, which is a message flow."
                found.warn(element, "dangling-reference", message, "Open and save the file in a modeler, which puts it right.")
            elif flow_id not in flows:
                message = f"{called(element)} names the {tag} flow {flow_id!r}, which is not there."
                found.add(element, "dangling-reference", message, "Draw the flow again, or save the file anew in a modeler.")
            elif flow_id not in real:
                message = f"{called(element)} names the {tag} flow {flow_id!r}, which connects other elements."
                found.warn(element, "dangling-reference", message, "Open and save the file in a modeler, which puts it right.")


def _direction(found: Findings, scope: Scope, element: Element) -> None:
    """Where flows may begin and end, and where a path may stop."""
    if element.incoming:
        reason = _no_flow_in(element)
        if reason:
            found.add(element, "flow-into-start", f"{called(element)} has a flow leading to it, but {reason}.", "Lead the flow elsewhere.")
    if element.type == "endEvent" and element.outgoing:
        found.add(element, "flow-from-end", f"{called(element)} has a flow leaving it.", "Use an intermediate event, or delete the flow.")
    if element.outgoing or element.type == "endEvent" or element.is_event_subprocess or element.for_compensation:
        return
    if element.kind in ("link", "compensation") and element.type in ("intermediateThrowEvent", "boundaryEvent"):
        return
    message = f"{called(element)} leads nowhere: no flow leaves it."
    help = "Draw a flow to what comes next, or to an end event."
    if element.is_gateway or element.type in ("startEvent", "boundaryEvent"):
        found.add(element, "dead-end", message, help)
    else:
        found.warn(element, "dead-end", message + " Its path ends here.", help)


def _no_flow_in(element: Element) -> str:
    if element.type == "startEvent":
        return "a start event is where a path begins"
    if element.type == "boundaryEvent":
        return "a boundary event is triggered, not reached"
    if element.is_event_subprocess:
        return "an event subprocess is begun by its start event"
    if element.type == "intermediateCatchEvent" and element.kind == "link":
        return "a link catch event is reached from its link throw events"
    return ""


def _starts(found: Findings, element: Element, inner: Scope) -> None:
    """A subprocess begins at one none start event, an event subprocess at one that something triggers (10.3.5, 13.5.4)."""
    starts = inner.start_events
    if element.is_event_subprocess:
        if len(starts) != 1 or starts[0].kind == "none":
            message = f"{called(element)} is an event subprocess and needs exactly one start event, with a trigger."
            help = "Give it one start event with a message, timer, signal, error or escalation."
            found.add(element, "event-subprocess-start", message, help)
    elif len(starts) > 1:
        found.add(element, "several-starts", f"{called(element)} has {len(starts)} start events.", "Leave one; split behind it.")
    elif not inner.elements:
        found.warn(element, "no-start", f"{called(element)} is empty and ends at once.", "Draw what it does, or make it a task.")


def _reachability(found: Findings, scope: Scope, chosen: bool) -> None:
    """What no path from a start leads to never runs. In an ad-hoc subprocess each element may be a start."""
    starts = scope.start_events
    begin = scope.begins
    if not begin:
        if any(not element.is_event_subprocess for element in scope.elements.values()):
            where = next(iter(scope.elements.values()))
            message = f"Nothing begins {scope.id!r}: it has no start event, and flows lead to all its elements."
            found.add(where, "no-start", message, "Add a start event and a flow from it.")
        return
    if not starts and not begin[0].instantiates and not chosen:
        first = begin[0]
        message = f'{scope.id!r} has no start event; it begins at "{first.name or first.id}", to which no flow leads.'
        found.warn(first, "no-start", message, "Draw a start event, so that everyone sees where it begins.")
    reached = set(reach(scope, [element.id for element in begin]))
    for element in scope.elements.values():
        if element.id in reached or element.is_event_subprocess or element.for_compensation:
            continue
        if element.type == "boundaryEvent" and element.attached_to not in scope.elements:
            continue  # said as a boundary event on nothing
        message = f"{called(element)} is never reached: no path from a start event leads to it."
        found.add(element, "unreachable", message, "Connect it, or delete it.")


def links_caught(scope: Scope) -> dict[str, list[str]]:
    """The link events of a scope that catch, by the name of the link."""
    links: dict[str, list[str]] = {}
    for element in scope.elements.values():
        if element.type == "intermediateCatchEvent" and element.event is not None and element.event.kind == "link":
            links.setdefault(element.event.link_name or "", []).append(element.id)
    return links


def reach(scope: Scope, begin: list[str]) -> Iterator[str]:
    """The elements that tokens can come to from these, over flows, boundary events and links."""
    links = links_caught(scope)
    seen = set(begin)
    pending = list(begin)
    while pending:
        element = scope.elements[pending.pop()]
        yield element.id
        following = [flow.target for flow in scope.outgoing(element.id)] + list(scope.attached.get(element.id, ()))
        if element.type == "intermediateThrowEvent" and element.event is not None and element.event.kind == "link":
            following += links.get(element.event.link_name or "", [])
        for target in following:
            if target not in seen and target in scope.elements:
                seen.add(target)
                pending.append(target)

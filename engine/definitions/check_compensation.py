"""Whether what is undone and what undoes it are connected, and transactions can be left (BPMN 2.0, 10.3.5, 10.7 and 13.5.5)."""

from __future__ import annotations

from amends.engine.definitions.findings import Findings, called
from amends.engine.definitions.model import Element, EventDefinition, Process, Scope


def check_compensation(found: Findings, process: Process) -> None:
    """Everything about compensation and transactions in a process."""
    _scope(found, process, None, None, (process,))


def _scope(found: Findings, scope: Scope, owner: Element | None, outer: Scope | None, around: tuple[Scope, ...]) -> None:
    """`owner` is the subprocess that `scope` is inside of, `outer` the scope it stands in; `around` are those a throw can be about."""
    handlers = {handler.id for element in scope.elements.values() for handler in scope.compensated_by(element.id)}
    for element in scope.elements.values():
        event = element.event
        if element.for_compensation:
            _handler(found, element, element.id in handlers)
        if event is not None and event.kind == "compensation":
            _compensation(found, scope, element, event, owner, around)
        if event is not None and event.kind == "cancel":
            _cancel(found, scope, element, owner, outer)
        if element.type == "transaction" and element.loop is not None:
            message = f"{called(element)} is a transaction and runs several times, which is not executed: cancelling one leaves the others."
            found.add(element, "refused", message, "Put the transaction into a subprocess that runs several times.")
        if element.scope is not None:
            # What is thrown in an event subprocess is about the scope around it.
            _scope(found, element.scope, element, scope, (element.scope, *(around if element.is_event_subprocess else ())))


def _handler(found: Findings, element: Element, associated: bool) -> None:
    if element.incoming or element.outgoing:
        message = f"{called(element)} is for compensation, but flows lead to it or away from it."
        found.add(element, "compensation-flow", message, "Connect it by an association with a compensation boundary event only.")
    elif not associated:
        message = f"{called(element)} is for compensation, but undoes nothing: no compensation boundary event leads to it."
        found.add(element, "compensation-handler", message, "Draw an association from a compensation boundary event to it.")


def _compensation(
    found: Findings, scope: Scope, element: Element, event: EventDefinition, owner: Element | None, around: tuple[Scope, ...]
) -> None:
    if element.type == "boundaryEvent":
        if element.outgoing:
            message = f"{called(element)} has a flow leaving it, but what it leads to is only run to undo."
            found.add(element, "compensation-flow", message, "Use an association to an activity for compensation.")
        elif len(scope.compensated_by(element.id)) != 1:
            message = f"{called(element)} needs exactly one activity for compensation, which undoes what it is attached to."
            help = "Draw an association from it to an activity that is marked as for compensation."
            found.add(element, "compensation-handler", message, help)
    elif element.type == "startEvent":
        if owner is None or not owner.is_event_subprocess or len(around) < 2:
            return  # said as misplaced
        inside = around[1]
        if not inside.parent_id or len(around) > 2:
            message = f"{called(element)} is not executed: it undoes what is around it, which nothing can ask for."
            found.add(element, "refused", message, "Put it into the subprocess that it undoes.")
    elif event.activity is not None and not any(event.activity in each.elements for each in around):
        message = f"{called(element)} undoes {event.activity!r}, which is not in its scope."
        found.add(element, "compensation-activity", message, "Choose an activity beside it, or none to undo all that ended beside it.")


def _cancel(found: Findings, scope: Scope, element: Element, owner: Element | None, outer: Scope | None) -> None:
    if element.type == "boundaryEvent":
        host = scope.elements.get(element.attached_to or "")
        if host is not None and host.type != "transaction":
            message = f"{called(element)} is attached to what is no transaction, so nothing cancels it."
            found.add(element, "event-misplaced", message, "Use an error boundary event, or make it a transaction.")
    elif owner is None or outer is None or owner.type != "transaction":
        message = f"{called(element)} cancels a transaction, but is in none."
        found.add(element, "event-misplaced", message, "Use an error end event, or put it into a transaction.")
    elif not any(boundary.kind == "cancel" for boundary in outer.boundaries(owner.id)):
        message = f"{called(element)} cancels the transaction {owner.id!r}, which has no cancel boundary event to leave by."
        found.add(element, "no-cancel-boundary", message, "Attach a cancel boundary event to the transaction.")

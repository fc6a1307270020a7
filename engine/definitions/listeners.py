"""Where execution listeners never run: one definition, for what checks diagrams and for what runs them."""

from __future__ import annotations

from amends.engine.definitions.model import Element, Scope

START, END = "start", "end"
_AT_ONCE = frozenset({"error", "terminate", "cancel"})


def never_heard(element: Element, scope: Scope, event: str) -> str | None:
    """Why a listener of this element at `event` would never run; None where it does."""
    if element.type == "boundaryEvent" and element.kind == "compensation":
        return "a compensation boundary event is no place that a token comes to"
    if event == START:
        if element.type == "startEvent":
            return "what triggers a start event has happened before anything could run"
        if element.type == "boundaryEvent":
            return "a boundary event waits from when its activity begins"
        if _behind_event_gateway(element, scope):
            return "the event-based gateway before it waits for all of its events at once"
    if event == END and element.type == "endEvent" and element.kind in _AT_ONCE:
        return "it ends what is around it at once"
    return None


def _behind_event_gateway(element: Element, scope: Scope) -> bool:
    sources = (scope.elements.get(scope.flows[flow].source) for flow in element.incoming if flow in scope.flows)
    return any(source is not None and source.type == "eventBasedGateway" for source in sources)

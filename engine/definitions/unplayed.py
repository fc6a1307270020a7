"""Attributes of BPMN 2.0 that change what an element does and are not executed: one list, for what checks and for what runs."""

from __future__ import annotations

from decimal import Decimal

from amends.engine.definitions.model import Element
from amends.engine.definitions.timers import shortened

JOB_TYPES = frozenset({"serviceTask", "sendTask", "scriptTask", "businessRuleTask", "adHocSubProcess"})
"""Elements that an operation may do, besides message throw and end events."""


def not_played(element: Element) -> tuple[str, str] | None:
    """Why an element is not executed as its attributes say, and what to draw instead; None where it is.

    BPMN 2.0: quantities of tokens in 10.3, events that instances throw in 10.3.8, elements in turn in 10.3.5, event-based gateways
    in 10.6.6.
    """
    for name, does in (("startQuantity", "waits for"), ("completionQuantity", "gives")):
        value = element.attributes.get(name, "1").strip()
        if value.isdecimal() and Decimal(value) != 1:  # anything else breaks the schema, and is said as that
            return f"it {does} {shortened(value)} tokens at once ({name})", "Draw a gateway, or let it run several times."
    if element.loop is not None and element.loop.behavior != "All":
        reason = f"its instances throw an event when one of them is done (behavior {element.loop.behavior!r})"
        return reason, "Draw the event inside of what runs several times, and set behavior to All."
    if element.type == "adHocSubProcess" and element.attributes.get("ordering", "Parallel") != "Parallel":
        return "its elements would have to run in turn (ordering Sequential)", "Connect them by flows."
    if element.type == "eventBasedGateway" and element.attributes.get("eventGatewayType", "Exclusive") != "Exclusive":
        return "all of its events would have to happen (eventGatewayType Parallel)", "Draw a parallel gateway, and the events behind it."
    return None


def done_by_nobody(element: Element) -> bool:
    """Whether an element has a task type at a place where no operation does anything."""
    throws = element.type in ("intermediateThrowEvent", "endEvent") and element.kind == "message"
    return bool(element.ext.task_type) and element.type not in JOB_TYPES and not throws

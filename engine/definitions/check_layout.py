"""Whether everything that runs is drawn (BPMN DI): what is not cannot be seen by those who follow it."""

from __future__ import annotations

from amends.engine.definitions.findings import Findings, called, flow_called
from amends.engine.definitions.model import Diagram, Process

_HELP = "Open the file in a modeler and place it."


def check_layout(found: Findings, diagram: Diagram, process: Process) -> None:
    """Warn of elements without a shape and flows without an edge; once, if nothing is drawn at all."""
    elements = list(process.all_elements())
    if elements and not any(element.id in diagram.shapes for element in elements):
        message = f"The process {process.name or process.id!r} is not drawn: the file has no layout for it."
        found.warn(process, "no-layout", message, "Open the file in a modeler and lay it out.")
        return
    for element in elements:
        if element.id not in diagram.shapes:
            found.warn(element, "no-layout", f"{called(element)} is not drawn.", _HELP)
    for scope in process.scopes():
        for flow in scope.flows.values():
            if flow.id not in diagram.edges:
                found.warn(flow, "no-layout", f"{flow_called(flow, scope)} is not drawn.", _HELP)

"""Diagrams as other editors write them, in small: their elements, and what drives them once they are converted."""

from __future__ import annotations

from typing import Any

from driving import Driver

from amends.engine.conversion import Converted
from amends.engine.definitions import check, read_diagram
from amends.engine.execution import compile_process


def ext(*inside: str) -> str:
    return f"<extensionElements>{''.join(inside)}</extensionElements>"


def process(inside: str, *way: str, process_id: str = "p") -> str:
    flows = "".join(
        f'<sequenceFlow id="{process_id}_{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in zip(way, way[1:], strict=False)
    )
    return f'<process id="{process_id}" isExecutable="true">{inside}{flows}</process>'


def driver(found: Converted, process_id: str = "p", **outside: Any) -> Driver:
    """Drives a converted diagram, which reads and checks without an error."""
    diagram = read_diagram(found.body, "a.bpmn")
    assert not diagram.problems
    assert [problem for problem in check({"a.bpmn": found.body}) if problem.severity == "error"] == []
    return Driver.of({process.id: compile_process(process) for process in diagram.processes}, process_id, **outside)


def left(found: Converted) -> set[tuple[str, str]]:
    """What was not carried over: element and word."""
    return {(item.element_id, item.what) for item in found.left}

"""Small diagrams for tests: the inside of a process as short XML, everything around it made here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from amends.engine.definitions import Problem, check
from amends.engine.definitions.problems import CODES

NAMESPACES = (
    'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
)
_ID = re.compile(r'<(\w+)[^>]*?\sid="([^"]+)"')
_DRAWN = re.compile(r"task|.*Task|.*Event|.*Gateway|subProcess|transaction|adHocSubProcess|callActivity")


def draw(content: str, top: str = "", process: str = "p", executable: bool = True, layout: bool = True) -> bytes:
    """A BPMN file of one process with this content, and `top` beside it; every element and flow has its place on the canvas."""
    shapes = []
    points = 2 * '<di:waypoint x="0" y="0"/>'
    for tag, element_id in _ID.findall(content) if layout else ():
        if tag == "sequenceFlow":
            shapes.append(f'<bpmndi:BPMNEdge bpmnElement="{element_id}">{points}</bpmndi:BPMNEdge>')
        elif _DRAWN.fullmatch(tag):
            bounds = '<dc:Bounds x="0" y="0" width="10" height="10"/>'
            shapes.append(f'<bpmndi:BPMNShape bpmnElement="{element_id}">{bounds}</bpmndi:BPMNShape>')
    plane = f'<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="{process}">{"".join(shapes)}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
    flag = str(executable).lower()
    whole = f'<process id="{process}" isExecutable="{flag}">{content}</process>'
    text = f'<definitions targetNamespace="t" {NAMESPACES}>{top}{whole}{plane}</definitions>'
    return text.encode()


def flow(source: str, target: str, condition: str | None = None, flow_id: str | None = None) -> str:
    """A sequence flow, by default with the id `source-target`."""
    inner = "" if condition is None else f"<conditionExpression>{condition}</conditionExpression>"
    return f'<sequenceFlow id="{flow_id or f"{source}-{target}"}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'


def path(*elements: str) -> str:
    """Flows from each to the next."""
    return "".join(flow(a, b) for a, b in zip(elements, elements[1:], strict=False))


def around(element: str, element_id: str = "t") -> str:
    """A process that starts, does this one element, and ends."""
    return f'<startEvent id="s"/>{element}<endEvent id="e"/>{path("s", element_id, "e")}'


def extended(extensions: str) -> str:
    """Extension elements."""
    return f"<extensionElements>{extensions}</extensionElements>"


Found = Callable[..., list[Problem]]


@pytest.fixture
def found() -> Found:
    """Check a single drawing or the files of a package; every code must be one that is listed."""

    def run(source: bytes | Mapping[str, bytes], forms: Any = None, operations: Any = None) -> list[Problem]:
        problems = check({"a.bpmn": source} if isinstance(source, bytes) else source, forms, operations)
        strangers = {(problem.code, problem.file) for problem in problems if problem.code not in CODES}
        assert all(file.endswith((".dmn", ".form")) for _, file in strangers), strangers
        assert all(problem.element_id or problem.line is not None for problem in problems if problem.file != "package.toml")
        return problems

    return run


class Build:
    """The functions above, for tests: with importlib mode a test module cannot import its neighbour."""

    draw = staticmethod(draw)
    flow = staticmethod(flow)
    path = staticmethod(path)
    around = staticmethod(around)
    extended = staticmethod(extended)


@pytest.fixture
def build() -> type[Build]:
    """What draws small diagrams."""
    return Build

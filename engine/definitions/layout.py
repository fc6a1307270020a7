"""Where a diagram draws its elements: BPMN DI."""

from __future__ import annotations

from lxml import etree

from amends.engine.definitions import xml
from amends.engine.definitions.model import Bounds

_SHAPE = f"{{{xml.BPMN_DI}}}BPMNShape"
_EDGE = f"{{{xml.BPMN_DI}}}BPMNEdge"
_BOUNDS = f"{{{xml.DC}}}Bounds"
_WAYPOINT = f"{{{xml.DI}}}waypoint"


def read_layout(root: etree._Element) -> tuple[dict[str, Bounds | None], dict[str, tuple[tuple[float, float], ...]]]:
    """The bounds of shapes and the points of edges by the id of what they show."""
    shapes: dict[str, Bounds | None] = {}
    edges: dict[str, tuple[tuple[float, float], ...]] = {}
    for drawing in root.iter(_SHAPE, _EDGE):
        shown = xml.reference(drawing, drawing.get("bpmnElement"))
        if shown is None:
            continue
        if drawing.tag == _SHAPE:
            shapes[shown] = _bounds(drawing.find(_BOUNDS))
        else:
            edges[shown] = tuple((_number(point, "x"), _number(point, "y")) for point in drawing.iter(_WAYPOINT))
    return shapes, edges


def _bounds(element: etree._Element | None) -> Bounds | None:
    if element is None:
        return None
    return Bounds(_number(element, "x"), _number(element, "y"), _number(element, "width"), _number(element, "height"))


def _number(element: etree._Element, name: str) -> float:
    try:
        return float(element.get(name) or 0)
    except ValueError:
        return 0.0

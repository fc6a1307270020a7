"""What a drawn diagram shows: boxes, lines and labels, and where they are in each other's way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from lxml import etree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DD = "{http://www.omg.org/spec/DD/20100524/DI}"

Point = tuple[float, float]
Segment = tuple[Point, Point]


@dataclass(frozen=True)
class Box:
    id: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: Box) -> bool:
        return self.left <= other.left and other.right <= self.right and self.top <= other.top and other.bottom <= self.bottom

    def is_on_border(self, point: Point) -> bool:
        x, y = point
        inside = self.left <= x <= self.right and self.top <= y <= self.bottom
        return inside and (x in (self.left, self.right) or y in (self.top, self.bottom))

    def is_crossed_by(self, segment: Segment) -> bool:
        (x1, y1), (x2, y2) = segment
        reach = Box("", min(x1, x2), min(y1, y2), max(x1, x2) or 0, max(y1, y2))
        return (
            self.left < reach.right
            and reach.left < self.right
            and self.top < reach.bottom
            and reach.top < self.bottom
            or (x1 == x2 and self.left < x1 < self.right and reach.top < self.bottom and self.top < reach.bottom)
            or (y1 == y2 and self.top < y1 < self.bottom and reach.left < self.right and self.left < reach.right)
        )


@dataclass(frozen=True)
class Line:
    id: str
    source: str
    target: str
    points: tuple[Point, ...]

    def segments(self) -> Iterator[Segment]:
        return zip(self.points, self.points[1:], strict=False)


@dataclass(frozen=True)
class Drawing:
    """One file as drawn. `parents` says which subprocess an element is in, `hosts` on which activity a boundary event sits."""

    drawn: frozenset[str]
    elements: frozenset[str]
    boxes: dict[str, Box]
    lines: dict[str, Line]
    labels: tuple[Box, ...]
    subprocesses: frozenset[str]
    hosts: dict[str, str]


def read(path: Path) -> Drawing:
    """Read where a .bpmn file draws what."""
    root = etree.fromstring(path.read_bytes())
    flows = {flow.get("id"): flow for flow in root.iter(BPMN + "sequenceFlow")}
    kinds = {"startEvent", "endEvent", "intermediateCatchEvent", "boundaryEvent", "callActivity", "subProcess", "userTask", "serviceTask"}
    kinds |= {"businessRuleTask", "exclusiveGateway", "inclusiveGateway", "eventBasedGateway", "sequenceFlow"}
    elements = {element.get("id") for kind in kinds for element in root.iter(BPMN + kind)}
    boxes, lines, labels = {}, {}, []
    for shape in root.iter(DI + "BPMNShape"):
        boxes[shape.get("bpmnElement")] = _box(shape, shape.get("bpmnElement"))
    for edge in root.iter(DI + "BPMNEdge"):
        flow = flows[edge.get("bpmnElement")]
        points = tuple((float(point.get("x")), float(point.get("y"))) for point in edge.iter(DD + "waypoint"))
        lines[flow.get("id")] = Line(flow.get("id"), flow.get("sourceRef"), flow.get("targetRef"), points)
    for label in root.iter(DI + "BPMNLabel"):
        labels.append(_box(label, f"label of {label.getparent().get('bpmnElement')}"))
    hosts = {event.get("id"): event.get("attachedToRef") for event in root.iter(BPMN + "boundaryEvent")}
    subprocesses = {element.get("id") for element in root.iter(BPMN + "subProcess")}
    return Drawing(frozenset(boxes) | frozenset(lines), frozenset(elements), boxes, lines, tuple(labels), frozenset(subprocesses), hosts)


def _box(shape: etree._Element, name: str) -> Box:
    bounds = shape.find(DC + "Bounds")
    x, y, width, height = (float(bounds.get(key)) for key in ("x", "y", "width", "height"))
    return Box(name, x, y, x + width, y + height)


def crossing(one: Segment, other: Segment) -> bool:
    """Whether two upright or level segments cross or run on each other."""
    (ax, ay), (bx, by) = sorted(one)
    (cx, cy), (dx, dy) = sorted(other)
    low, high = sorted((ay, by))
    bottom, top = sorted((cy, dy))
    if ax == bx and cx == dx:
        return ax == cx and low < top and bottom < high
    if ay == by and cy == dy:
        return ay == cy and ax < dx and cx < bx
    return ax <= dx and cx <= bx and low <= top and bottom <= high


def faults(drawing: Drawing) -> list[str]:
    """Everything that is in the way of reading a diagram."""
    return [*_undrawn(drawing), *_boxes(drawing), *_lines(drawing), *_labels(drawing), *_direction(drawing)]


def _undrawn(drawing: Drawing) -> Iterator[str]:
    for missing in sorted(drawing.elements - drawing.drawn):
        yield f"{missing} is not drawn"


def _boxes(drawing: Drawing) -> Iterator[str]:
    for one, other in combinations(drawing.boxes.values(), 2):
        attached = drawing.hosts.get(one.id) == other.id or drawing.hosts.get(other.id) == one.id
        inside = one.id in drawing.subprocesses and one.holds(other) or other.id in drawing.subprocesses and other.holds(one)
        if one.overlaps(other) and not attached and not inside:
            yield f"{one.id} lies on {other.id}"


def _lines(drawing: Drawing) -> Iterator[str]:
    for line in drawing.lines.values():
        if not drawing.boxes[line.source].is_on_border(line.points[0]) or not drawing.boxes[line.target].is_on_border(line.points[-1]):
            yield f"{line.id} does not begin and end at its elements"
        for (x1, y1), (x2, y2) in line.segments():
            if x1 != x2 and y1 != y2:
                yield f"{line.id} is slanted"
        for box in drawing.boxes.values():
            ends = (line.source, line.target)
            if box.id in ends or box.id in drawing.subprocesses or drawing.hosts.get(line.source) == box.id:
                continue
            if any(box.is_crossed_by(segment) for segment in line.segments()):
                yield f"{line.id} runs through {box.id}"
    for one, other in combinations(drawing.lines.values(), 2):
        if any(crossing(mine, theirs) for mine in one.segments() for theirs in other.segments()):
            yield f"{one.id} crosses {other.id}"


def _labels(drawing: Drawing) -> Iterator[str]:
    for label in drawing.labels:
        for box in drawing.boxes.values():
            if box.id not in drawing.subprocesses and label.overlaps(box):
                yield f"the {label.id} lies on {box.id}"
        for line in drawing.lines.values():
            if any(label.is_crossed_by(segment) for segment in line.segments()):
                yield f"{line.id} runs through the {label.id}"
    for one, other in combinations(drawing.labels, 2):
        if one.overlaps(other):
            yield f"the {one.id} lies on the {other.id}"


def _direction(drawing: Drawing) -> Iterator[str]:
    """From left to right; back only where a loop closes."""
    after: dict[str, set[str]] = {}
    for line in drawing.lines.values():
        after.setdefault(line.source, set()).add(line.target)
    for line in drawing.lines.values():
        back = drawing.boxes[line.target].left < drawing.boxes[line.source].left and line.points[-1][0] < line.points[0][0]
        if back and line.source not in _reached(line.target, after):
            yield f"{line.id} runs back and closes no loop"


def _reached(start: str, after: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo.extend(after.get(here, ()))
    return seen

"""A diagram as SVG, with what the scenarios have run and what they have not: told by colour, by pattern and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from textwrap import wrap

from amends.engine.definitions import xml
from amends.engine.definitions.model import EVENT_TYPES, SUBPROCESS_TYPES, Bounds, Diagram, Element, Flow
from amends.engine.scenarios.symbols import EVENT_MARKS, GATEWAY_MARKS, TASK_WORDS

MARGIN, KEY_HEIGHT = 30.0, 70.0
_STYLE = """
text{font:12px sans-serif;fill:#172022;text-anchor:middle}.small{font-size:10px;fill:#47545c}.head{font-size:16px;font-weight:700}
.left{text-anchor:start}.box,.mark,.line{fill:none;stroke:#172022;stroke-width:1.5}.pool .box{stroke:#8a979e}
.run .box{fill:#dcefe0;stroke:#1c6b34}.run .line,.run .mark{stroke:#1c6b34}.run .line{stroke-width:2}
.missed .box{fill:url(#hatched);stroke:#96201a;stroke-width:2.5;stroke-dasharray:7 4}
.missed .line{stroke:#96201a;stroke-width:2.5;stroke-dasharray:7 4}.missed .mark{stroke:#96201a}
.frame .box{fill-opacity:.35}.thick .box{stroke-width:3.5}.thrown path.mark{fill:#172022}.plain .box{fill:#fff}
"""
_PATTERN = (
    '<pattern id="hatched" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#fdf1ef"/><path d="M0,0V8" stroke="#e3a59e" stroke-width="3"/></pattern>'
)
_ARROWS = "".join(
    f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" '
    f'orient="auto"><path d="M0,0L10,5L0,10z" fill="{colour}"/></marker>'
    for name, colour in (("arrow-run", "#1c6b34"), ("arrow-missed", "#96201a"))
)


def draw(diagram: Diagram, runs: Mapping[str, int], body: bytes = b"") -> str:
    """The diagram as it is laid out in its file; `runs` says how often each element and flow was run, by id.

    `body` is the file: names are written where its labels are. What has no place in the layout is not drawn, but is named in
    the description if it was never run.
    """
    return "\n".join(_Picture(diagram, runs, labels(body)).lines()) + "\n"


def labels(body: bytes) -> dict[str, Bounds]:
    """Where a file writes the names of its elements and flows, by id; empty for what cannot be read."""
    try:
        root = xml.parse(body)
    except xml.Unreadable:
        return {}
    found = {}
    for bounds in root.iter(f"{{{xml.DC}}}Bounds"):
        label = bounds.getparent()
        drawn = None if label is None or xml.local(label) != "BPMNLabel" else label.getparent()
        if drawn is not None:
            try:
                found[str(drawn.get("bpmnElement"))] = Bounds(*(float(bounds.get(key, "")) for key in ("x", "y", "width", "height")))
            except ValueError:
                continue
    return found


class _Picture:
    def __init__(self, diagram: Diagram, runs: Mapping[str, int], labels: Mapping[str, Bounds]) -> None:
        self.diagram, self.runs, self.labels = diagram, runs, labels
        self.elements = {element.id: element for element in diagram.all_elements()}
        self.flows = {flow.id: flow for process in diagram.processes for flow in process.all_flows()}
        self.pools = {pool.id: pool.name for pool in diagram.participants}
        self.pools |= {lane.id: lane.name for process in diagram.processes for lane in process.lanes}

    def lines(self) -> Iterator[str]:
        left, top, width, height = self._frame()
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" role="img" aria-labelledby="title what">'
        )
        names = ", ".join(process.name or process.id for process in self.diagram.processes)
        yield f'<title id="title">{escape(names)}: what the scenarios run</title>'
        yield f'<desc id="what">{escape(self._told())}</desc>'
        yield f"<style>{_STYLE}</style><defs>{_PATTERN}{_ARROWS}</defs>"
        yield f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="#fff"/>'
        yield from self._key(left + MARGIN, top + MARGIN, names)
        for id, bounds in self.diagram.shapes.items():
            if bounds is not None and id in self.pools:
                x, y = bounds.x + 14, bounds.y + bounds.height / 2
                turned = f'<g transform="rotate(-90 {x:g} {y:g})">{_text([self.pools[id]], x, y, "small")}</g>'
                yield f'<g class="pool">{_rectangle(bounds, 0)}{turned}</g>'
        yield from self._shapes(frames=True)
        for flow in self.flows.values():
            yield from self._flow(flow)
        yield from self._shapes(frames=False)
        yield "</svg>"

    def _frame(self) -> tuple[float, float, float, float]:
        xs, ys = [0.0, 420.0], [0.0]
        drawn = [(bounds, 40.0) for bounds in self.diagram.shapes.values() if bounds is not None]
        for bounds, label in drawn:
            xs += [bounds.x, bounds.x + bounds.width]
            ys += [bounds.y, bounds.y + bounds.height + label]
        for points in self.diagram.edges.values():
            xs += [x for x, _ in points]
            ys += [y for _, y in points]
        if drawn:
            xs, ys = xs[2:] or xs, ys[1:]
        left, top = min(xs) - MARGIN, min(ys) - MARGIN - KEY_HEIGHT
        return left, top, max(max(xs) - left + MARGIN, 480.0), max(ys) - top + MARGIN

    def _counts(self) -> tuple[int, int, list[str]]:
        parts: list[Element | Flow] = [*self.elements.values(), *self.flows.values()]
        missed = [part for part in parts if not self.runs.get(part.id)]
        return len(parts) - len(missed), len(parts), [f"{part.name} ({part.id})" if part.name else part.id for part in missed]

    def _told(self) -> str:
        run, total, missed = self._counts()
        return f"{run} of {total} elements and flows were run. " + (f"Never run: {', '.join(missed)}." if missed else "All were run.")

    def _key(self, x: float, y: float, names: str) -> Iterator[str]:
        run, total, _ = self._counts()
        yield _text([f"{names}: {run} of {total} elements and flows run"], x, y, "head left")
        for number, (mark, words) in enumerate((("run", "run"), ("missed", "never run: hatched, with a broken line"))):
            at = Bounds(x + number * 90, y + 14, 26, 16)
            yield f'<g class="{mark}">{_rectangle(at, 3)}{_text([words], at.x + 34, at.y + 12, "left")}</g>'

    def _class(self, id: str) -> str:
        return "run" if self.runs.get(id) else "missed"

    def _title(self, part: Element | Flow) -> str:
        times = self.runs.get(part.id, 0)
        often = "never run" if not times else "run once" if times == 1 else f"run {times} times"
        return f"<title>{escape(part.name or part.id)} ({escape(part.id)}): {often}</title>"

    def _shapes(self, frames: bool) -> Iterator[str]:
        """The elements; those that hold others first, so that they lie beneath them, and boundary events last."""
        chosen = [element for element in self.elements.values() if (element.scope is not None) == frames]
        for element in sorted(chosen, key=lambda element: element.type == "boundaryEvent"):
            bounds = self.diagram.shapes.get(element.id)
            if bounds is not None:
                classes, shape = _shape(element, bounds, self.labels.get(element.id))
                yield f'<g class="{self._class(element.id)} {classes}">{self._title(element)}{shape}</g>'

    def _flow(self, flow: Flow) -> Iterator[str]:
        points = self.diagram.edges.get(flow.id)
        if not points:
            return
        mark = self._class(flow.id)
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        label = _label(flow.name, self.labels.get(flow.id)) if flow.name else ""
        if flow.name and not label:
            (x1, y1), (x2, y2) = points[0], points[1] if len(points) > 1 else points[0]
            middle = ((x1 + x2) / 2, (y1 + y2) / 2 - 6) if y1 == y2 else (x1 + 4, y1 + (24 if y2 > y1 else -14))
            label = _text([flow.name], *middle, "small" if y1 == y2 else "small left")
        yield f'<g class="{mark}">{self._title(flow)}<polyline class="line" points="{path}" marker-end="url(#arrow-{mark})"/>{label}</g>'


def _rectangle(at: Bounds, corner: float, more: str = "") -> str:
    return f'<rect class="box" x="{at.x:g}" y="{at.y:g}" width="{at.width:g}" height="{at.height:g}" rx="{corner:g}"{more}/>'


def _text(lines: list[str], x: float, y: float, classes: str = "") -> str:
    told = "".join(f'<tspan x="{x:g}" dy="{0 if number == 0 else 14}">{escape(line)}</tspan>' for number, line in enumerate(lines))
    return f'<text class="{classes}" x="{x:g}" y="{y:g}">{told}</text>' if lines else ""


def _label(name: str, at: Bounds | None) -> str:
    """A name in the place its file gives it."""
    return "" if at is None else _text(wrap(name, max(int(at.width / 5.2), 8)), at.x + at.width / 2, at.y + 10, "small")


def _shape(element: Element, at: Bounds, label: Bounds | None) -> tuple[str, str]:
    if element.type in EVENT_TYPES:
        return _event(element, at, label)
    return _gateway(element, at, label) if element.is_gateway else _task(element, at)


def _event(element: Element, at: Bounds, label: Bounds | None) -> tuple[str, str]:
    x, y, radius = at.x + at.width / 2, at.y + at.height / 2, min(at.width, at.height) / 2
    broken = "" if element.interrupting else ' stroke-dasharray="4 3"'
    shape = f'<circle class="box" cx="{x:g}" cy="{y:g}" r="{radius:g}"{broken}/>'
    if element.type in ("boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"):
        shape += f'<circle class="mark" cx="{x:g}" cy="{y:g}" r="{max(radius - 3, 1):g}"{broken}/>'
    if mark := EVENT_MARKS.get(element.kind):
        shape += f'<path class="mark" transform="translate({x:g} {y:g})" d="{mark}"/>'
    thrown = element.type in ("endEvent", "intermediateThrowEvent")
    classes = " ".join([*(["thick"] if element.type == "endEvent" else []), *(["thrown"] if thrown else [])])
    return classes, shape + (_label(element.name, label) or _text(wrap(element.name, 18)[:3], x, at.y + at.height + 14, "small"))


def _gateway(element: Element, at: Bounds, label: Bounds | None) -> tuple[str, str]:
    x, y = at.x + at.width / 2, at.y + at.height / 2
    corners = f"{x:g},{at.y:g} {at.x + at.width:g},{y:g} {x:g},{at.y + at.height:g} {at.x:g},{y:g}"
    mark = f'<path class="mark" transform="translate({x:g} {y:g})" d="{GATEWAY_MARKS.get(element.type, "")}"/>'
    lines = wrap(element.name, 20)[:2]
    name = _label(element.name, label) or _text(lines, x, at.y - 6 - 14 * (len(lines) - 1), "small")
    return "", f'<polygon class="box" points="{corners}"/>{mark}{name}'


def _task(element: Element, at: Bounds) -> tuple[str, str]:
    if element.type in SUBPROCESS_TYPES:
        broken = ' stroke-dasharray="3 3"' if element.triggered_by_event else ""
        return "frame", _rectangle(at, 10, broken) + _text([element.name or element.id], at.x + at.width / 2, at.y + 18)
    lines = wrap(element.name or element.id, max(int(at.width / 6.6), 6))[:4]
    word = TASK_WORDS.get(element.type, "")
    middle = at.y + at.height / 2 + 4 - 7 * (len(lines) - 1) + (5 if word else 0)
    label = _text(lines, at.x + at.width / 2, middle) + (_text([word], at.x + 8, at.y + 14, "small left") if word else "")
    return "thick" if element.type == "callActivity" else "", _rectangle(at, 10) + label

"""Diagrams with what was run: by colour, by pattern and in words, whatever the file holds."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

import amends
from amends.engine.definitions import read_diagram, read_package
from amends.engine.scenarios import coverage_of, draw

SHIPPED = Path(amends.__file__ or "").parent / "processes" / "iso10002"
SVG = "{http://www.w3.org/2000/svg}"
BODY = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI"
 xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:dd="http://www.omg.org/spec/DD/20100524/DI" id="d" targetNamespace="t">
<process id="p" name="A &amp; B" isExecutable="true"><startEvent id="s"/><task id="a" name="&lt;b&gt;Do&lt;/b&gt; it"/><task id="undrawn"/>
<sequenceFlow id="f" name="go" sourceRef="s" targetRef="a"/></process>
<di:BPMNDiagram id="x"><di:BPMNPlane id="y" bpmnElement="p">
<di:BPMNShape id="s_di" bpmnElement="s"><dc:Bounds x="0" y="20" width="36" height="36"/></di:BPMNShape>
<di:BPMNShape id="a_di" bpmnElement="a"><dc:Bounds x="100" y="0" width="100" height="80"/></di:BPMNShape>
<di:BPMNEdge id="f_di" bpmnElement="f"><dd:waypoint x="36" y="38"/><dd:waypoint x="100" y="38"/>
<di:BPMNLabel><dc:Bounds x="400" y="300" width="50" height="14"/></di:BPMNLabel></di:BPMNEdge>
</di:BPMNPlane></di:BPMNDiagram></definitions>"""


def drawn(runs: dict[str, int], body: bytes = BODY) -> etree._Element:
    return etree.fromstring(draw(read_diagram(body, "x.bpmn"), runs, body).encode())


def groups(root: etree._Element) -> dict[str, str]:
    """What is said of each part, and how it looks."""
    found = {}
    for group in root.iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        if title is not None:
            found[str(title.text)] = group.get("class", "").split()[0]
    return found


def test_every_drawn_part_says_how_often_it_was_run() -> None:
    """In its title, which a screen reader reads and a mouse shows; and by its class, which carries colour and pattern."""
    assert groups(drawn({"s": 2, "f": 1})) == {
        "s (s): run 2 times": "run",
        "go (f): run once": "run",
        "<b>Do</b> it (a): never run": "missed",
    }


def test_the_picture_has_a_title_and_a_description() -> None:
    """They are what the picture is for whoever cannot see it, and name what was never run, drawn or not."""
    root = drawn({"s": 2, "f": 1})
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title what"
    assert root.findtext(f"{SVG}title") == "A & B: what the scenarios run"
    assert root.findtext(f"{SVG}desc") == "2 of 4 elements and flows were run. Never run: <b>Do</b> it (a), undrawn."


def test_names_stand_where_the_file_has_them() -> None:
    """A flow's name is written at its label, not on its line."""
    [place] = [text for text in drawn({}).iter(f"{SVG}text") if "".join(text.itertext()) == "go"]
    assert (place.get("x"), place.get("y")) == ("425", "310")


def test_what_was_missed_can_be_told_without_colour() -> None:
    """A broken line, and hatching: colour alone would be nothing to many readers (WCAG 1.4.1)."""
    style = drawn({}).findtext(f"{SVG}style") or ""
    assert "stroke-dasharray" in style[style.index(".missed .box") :]
    assert "url(#hatched)" in style[style.index(".missed .box") :]


def test_a_diagram_without_layout_is_an_empty_picture() -> None:
    """No crash: what is there is said in words."""
    body = BODY[: BODY.index(b"<di:BPMNDiagram")] + b"</definitions>"
    root = drawn({}, body)
    assert groups(root) == {}
    assert "Never run" in (root.findtext(f"{SVG}desc") or "")


def test_every_shipped_diagram_is_drawn_whole() -> None:
    """Every element and flow of the package that ships has its place in a picture, inside the picture's frame."""
    package = read_package(SHIPPED)
    for process in coverage_of(package, {}).processes:
        root = drawn({}, package.files[process.file])
        assert len(groups(root)) == len(process.parts)
        left, top, width, height = (float(part) for part in str(root.get("viewBox")).split())
        for box in root.iter(f"{SVG}rect"):
            if box.get("class") == "box":
                assert left <= float(box.get("x", "")) and float(box.get("x", "")) + float(box.get("width", "")) <= left + width
                assert top <= float(box.get("y", "")) and float(box.get("y", "")) + float(box.get("height", "")) <= top + height


def test_diagrams_of_other_modelers_are_drawn(shared: Path) -> None:
    """Pools, lanes, elements that are not executed, layouts with gaps: every one gives a picture that can be read."""
    files = sorted((shared / "interchange").rglob("*.bpmn"))
    assert files
    for path in files:
        body = path.read_bytes()
        root = drawn({}, body)
        diagram = read_diagram(body, path.name)
        placed = [element for element in diagram.all_elements() if diagram.shapes.get(element.id)]
        assert len(groups(root)) >= len({(element.name or element.id, element.id) for element in placed}), path.name


def test_coverage_counts_elements_and_flows_apart() -> None:
    """And is never rounded up to a hundred."""
    package = read_package({"x.bpmn": BODY})
    [process] = coverage_of(package, {"s": 1, "a": 3}).processes
    assert (process.count(flows=False), process.count(flows=True)) == ((2, 3), (0, 1))
    assert [part.id for part in process.missed] == ["undrawn", "f"]
    assert coverage_of(package, {"s": 1, "a": 3}).percent == 50.0

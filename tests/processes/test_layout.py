"""Every diagram that ships can be read: everything is drawn, from left to right, nothing in the way of anything else."""

from __future__ import annotations

from pathlib import Path

import process_drawing as drawing
import pytest

import amends

PACKAGE = Path(amends.__file__ or "").parent / "processes" / "iso10002"
DIAGRAMS = sorted(PACKAGE.rglob("*.bpmn")) + sorted((Path(__file__).parent / "variants").rglob("*.bpmn"))


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_diagram_is_drawn_cleanly(path: Path) -> None:
    """Each element and flow is drawn, no line crosses another or a box, no label lies on anything, and it reads left to right."""
    assert drawing.faults(drawing.read(path)) == []


def test_a_bad_drawing_is_found(tmp_path: Path) -> None:
    """A box moved onto another is told, with the lines that now run wrong."""
    source = (PACKAGE / "response.bpmn").read_text()
    moved = source.replace('<dc:Bounds x="370" y="250" width="100" height="80" />', '<dc:Bounds x="380" y="130" width="100" height="80" />')
    assert moved != source
    path = tmp_path / "response.bpmn"
    path.write_text(moved)
    found = drawing.faults(drawing.read(path))
    assert "decide lies on decide_independently" in found
    assert any("does not begin and end at its elements" in fault for fault in found)

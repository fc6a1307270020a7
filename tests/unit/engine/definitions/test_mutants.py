"""Diagrams broken at random: whatever a file says, the check comes to an end and names an element or a line."""

from __future__ import annotations

import copy
import random
import time
from pathlib import Path

import pytest
from lxml import etree

from amends.engine.definitions import check

REPOSITORY = Path(__file__).resolve().parents[4]
TEXTS = ("", "x", "=1 +", "=true", "R/P1D", "0", "-1", "ü", "a b", "{}", "=" + "(" * 60, "=a.b.c", "99999999999", "2026-99-99", "P")
ENDS = ("sourceRef", "targetRef", "attachedToRef", "default", "id", "messageRef")
MUTANTS = 150


def mutate(root: etree._Element, chance: random.Random) -> None:
    """Take away, double, rename, or misdirect a few things."""
    everything = [element for element in root.iter() if isinstance(element.tag, str)]
    for element in everything:
        if element.get("isExecutable") == "false" and chance.random() < 0.7:
            element.set("isExecutable", "true")
    for _ in range(chance.randint(1, 6)):
        element, other = chance.choice(everything), chance.choice(everything)
        parent, names = element.getparent(), sorted(map(str, element.attrib))
        match chance.randint(0, 6):
            case 0 if parent is not None:
                parent.remove(element)
            case 1 if names:
                del element.attrib[chance.choice(names)]
            case 2 if names:
                element.set(chance.choice(names), chance.choice(TEXTS))
            case 3:
                element.append(copy.deepcopy(other))
            case 4:
                element.text = chance.choice(TEXTS)
            case 5:
                element.tag = other.tag
            case _:
                element.set(chance.choice(ENDS), other.get("id") or "")


@pytest.mark.parametrize("seed", range(4))
def test_a_broken_diagram_is_told_where_it_is_broken(seed: int, shared: Path) -> None:
    """No exception, no finding without a place, and no file that takes long."""
    chance = random.Random(seed)  # noqa: S311 - to repeat what was found
    files = [*sorted((shared / "interchange").glob("*.bpmn")), *sorted((REPOSITORY / "processes").rglob("*.bpmn"))]
    roots = [etree.parse(path).getroot() for path in files]
    for _ in range(MUTANTS):
        root = copy.deepcopy(chance.choice(roots))
        mutate(root, chance)
        begin = time.process_time()
        problems = check({"a.bpmn": etree.tostring(root)})
        assert time.process_time() - begin < 5
        assert [problem for problem in problems if not problem.element_id and problem.line is None] == []

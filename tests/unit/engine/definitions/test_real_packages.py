"""The package we ship has no problem; foreign diagrams never break the check, and every problem says where."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import amends
from amends.engine.definitions import check, read_package
from amends.engine.services import operations
from amends.forms.provider import Forms

SHIPPED = Path(amends.__file__).parent / "processes" / "iso10002"
FOREIGN = Path(__file__).resolve().parents[5] / "shared" / "interchange"


def foreign() -> list[Path]:
    """The interchange diagrams, where they are."""
    return sorted(FOREIGN.glob("*.bpmn"))


needs_foreign = pytest.mark.skipif(not foreign(), reason=f"the interchange diagrams are not in {FOREIGN}")


def test_the_shipped_package_has_no_problem() -> None:
    """`check` says nothing about processes/iso10002."""
    assert [str(problem) for problem in check(SHIPPED, Forms(), operations())] == []


BROKEN = {
    "a form that is missing": ("assessment.bpmn", 'formId="assessment"', 'formId="asessment"', "missing-form", "assess"),
    "a condition that does not parse": ("investigation.bpmn", "conditionExpression", None, "feel-syntax", ""),
    "a decision that is not there": ("assessment.bpmn", 'decisionId="', 'decisionId="no_', "missing-decision", ""),
    "an operation with a missing field": (
        "closing.bpmn", '<zeebe:header key="letter"', '<zeebe:header key="leter"', "operation-input-missing", "",
    ),
    "a timer that is no duration": ("package.toml", 'answer_period = "P28D"', 'answer_period = "28 days"', "timer-literal", ""),
    "a flow that leads nowhere": ("response.bpmn", 'targetRef="', 'targetRef="no_', "dangling-flow", ""),
    "a role nobody has": ("assessment.bpmn", 'candidateGroups="handler"', 'candidateGroups="handlers"', "unknown-role", ""),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "code", "element"), BROKEN.values(), ids=BROKEN)
def test_breaking_one_thing_of_it_is_refused(file: str, old: str, new: str | None, code: str, element: str) -> None:
    """Breaking any one thing in it is an error with file and element."""
    files = dict(read_package(SHIPPED).files)
    text = files[file].decode()
    assert old in text
    if new is None:
        place = text.index(">", text.index(f"<bpmn:{old}")) + 1
        files[file] = (text[:place] + "=1 = = " + text[place:].lstrip("=")).encode()
    else:
        files[file] = text.replace(old, new, 1).encode()
    errors = [problem for problem in check(files, Forms(), operations()) if problem.severity == "error"]
    assert code in {problem.code for problem in errors}
    assert all(problem.element_id and problem.file.endswith(".bpmn") for problem in errors)
    assert not element or element in {problem.element_id for problem in errors}


REFERENCES = (
    r'formId="([^"]+)"', r'decisionId="([^"]+)"', r'processId="([^"]+)"', r'candidateGroups="([^"=]+)"', r'targetRef="([^"]+)"',
    r'sourceRef="([^"]+)"', r'key="letter" value="([^"]+)"', r'attachedToRef="([^"]+)"', r'messageRef="([^"]+)"', r'default="([^"]+)"',
    r'name="stage" value="([^"]+)"', r'name="milestone" value="([^"]+)"', r'name="not_done_by" value="([^"]+)"',
    r'key="name" value="([^"]+)"', r"<bpmn:outgoing>([^<]+)<", r"<bpmn:incoming>([^<]+)<", r'source="(=[^"]+)"',
    r"conditionExpression[^>]*>(=[^<]+)<", r"<bpmn:time[A-Z]\w+[^>]*>([^<\s][^<]*)<", r'dueDate="(=[^"]+)"', r'priority="(=[^"]+)"',
    r'correlationKey="(=[^"]+)"', r'inputCollection="(=[^"]+)"',
)  # fmt: skip


@pytest.mark.parametrize("pattern", REFERENCES)
def test_breaking_any_reference_or_expression_of_it_is_refused(pattern: str) -> None:
    """In every diagram of the package, breaking the last reference or expression of each kind is an error in that file."""
    whole = read_package(SHIPPED).files
    places = {path: list(re.finditer(pattern, body.decode())) for path, body in whole.items() if path.endswith(".bpmn")}
    assert any(places.values())
    for path, matches in places.items():
        for match in matches[-1:]:
            broken = match[1] + (" +" if match[1].startswith("=") else "_zz")
            body = match.string[: match.start(1)] + broken + match.string[match.end(1) :]
            problems = check({**whole, path: body.encode()}, Forms(), operations())
            errors = [problem for problem in problems if problem.severity == "error" and problem.file == path]
            assert errors, (path, match[0])
            assert all(problem.element_id for problem in errors)


@needs_foreign
@pytest.mark.parametrize("path", foreign(), ids=lambda path: path.name)
def test_foreign_diagrams_are_checked(path: Path) -> None:
    """No crash, and every problem names an element or a line; what has no executable process is no error, only information."""
    problems = check(path)
    assert all(problem.element_id or problem.line for problem in problems)
    if not any(process.executable for diagram in read_package(path).diagrams for process in diagram.processes):
        assert {problem.severity for problem in problems} <= {"warning", "info"}


@needs_foreign
def test_damaged_diagrams_never_raise() -> None:
    """Whatever is removed from, changed in or copied within a diagram, checking it gives problems that say where."""
    chance = random.Random(10002)
    bodies = [path.read_bytes() for path in (*foreign(), *SHIPPED.glob("*.bpmn"))]
    for _ in range(150):
        body = _damaged(chance, chance.choice(bodies))
        problems = check({"damaged.bpmn": body})
        assert all(problem.element_id or problem.line for problem in problems)


def _damaged(chance: random.Random, body: bytes) -> bytes:
    root: Any = etree.fromstring(body)
    elements = list(root.iter(etree.Element))
    for _ in range(chance.randint(1, 6)):
        element, what = chance.choice(elements), chance.random()
        if what < 0.3 and element.getparent() is not None:
            element.getparent().remove(element)
        elif what < 0.6 and element.attrib:
            name = chance.choice(sorted(element.attrib))
            element.set(name, chance.choice(["", "=", "=1+", "{", "a b", chance.choice(elements).get("id") or "x"]))
        elif what < 0.8:
            element.text = chance.choice(["", "=", "=a+", "P", "${x}"])
        else:
            chance.choice(elements).append(etree.fromstring(etree.tostring(element)))
    damaged = etree.tostring(root)
    return damaged[: chance.randint(0, len(damaged))] if chance.random() < 0.1 else damaged

"""Flows lead from somewhere to somewhere, elements are reached, and each stands where BPMN has it."""

from __future__ import annotations

from typing import Any

import pytest

WHOLE = '<startEvent id="s"/><task id="t"/><endEvent id="e"/><sequenceFlow id="a" sourceRef="s" targetRef="t"/>'
CASES: dict[str, tuple[str, str, str, str]] = {
    "a flow to what is not there": (
        WHOLE + '<sequenceFlow id="b" sourceRef="t" targetRef="gone"/>',
        "dangling-flow", "b", "error",
    ),
    "a flow without a target": (WHOLE + '<sequenceFlow id="b" sourceRef="t"/>', "dangling-flow", "b", "error"),
    "a flow from what is not there": (
        WHOLE + '<sequenceFlow id="b" sourceRef="gone" targetRef="e"/>', "dangling-flow", "b", "error",
    ),
    "a flow into a subprocess": (
        WHOLE + '<subProcess id="u"><task id="in"/></subProcess><sequenceFlow id="b" sourceRef="t" targetRef="in"/>',
        "flow-crosses", "b", "error",
    ),
    "an incoming flow that is not there": (
        WHOLE.replace('<endEvent id="e"/>', '<endEvent id="e"><incoming>gone</incoming></endEvent>')
        + '<sequenceFlow id="b" sourceRef="t" targetRef="e"/>',
        "dangling-reference", "e", "error",
    ),
    "an outgoing flow of others": (
        WHOLE.replace('<task id="t"/>', '<task id="t"><outgoing>a</outgoing></task>')
        + '<sequenceFlow id="b" sourceRef="t" targetRef="e"/>',
        "dangling-reference", "t", "warning",
    ),
    "an element no flow leads to": (
        WHOLE + '<task id="lost"/><sequenceFlow id="b" sourceRef="t" targetRef="e"/><sequenceFlow id="c" sourceRef="lost" targetRef="e"/>',
        "unreachable", "lost", "error",
    ),
    "a gateway nothing leaves": (WHOLE.replace("<task", "<exclusiveGateway"), "dead-end", "t", "error"),
    "a task nothing leaves": (WHOLE, "dead-end", "t", "warning"),
    "a flow into a start event": (WHOLE + '<sequenceFlow id="b" sourceRef="t" targetRef="s"/>', "flow-into-start", "s", "error"),
    "a flow out of an end event": (
        WHOLE + '<sequenceFlow id="b" sourceRef="t" targetRef="e"/><sequenceFlow id="c" sourceRef="e" targetRef="t"/>',
        "flow-from-end", "e", "error",
    ),
    "nothing in it": ("", "no-start", "p", "error"),
    "a circle without a start": (
        '<task id="t"/><task id="u"/><sequenceFlow id="a" sourceRef="t" targetRef="u"/><sequenceFlow id="b" sourceRef="u" targetRef="t"/>',
        "no-start", "t", "error",
    ),
    "an implicit start": (
        '<task id="t"/><endEvent id="e"/><sequenceFlow id="a" sourceRef="t" targetRef="e"/>', "no-start", "t", "warning",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "code", "element", "severity"), CASES.values(), ids=CASES)
def test_each_fault_of_a_flow_is_found(found: Any, build: Any, content: str, code: str, element: str, severity: str) -> None:
    """Each is named by its code, at its element, with its line."""
    hits = [problem for problem in found(build.draw(content)) if problem.code == code]
    assert [(problem.element_id, problem.severity, problem.file, problem.line) for problem in hits] == [(element, severity, "a.bpmn", 1)]


def test_a_whole_process_has_no_problem(found: Any, build: Any) -> None:
    """What is right is not spoken of."""
    assert found(build.draw(WHOLE + '<sequenceFlow id="b" sourceRef="t" targetRef="e"/>')) == []


def test_all_problems_come_at_once(found: Any, build: Any) -> None:
    """One check says everything, in order of the lines."""
    content = '\n<startEvent id="s"/>\n<task id="t"/>\n<complexGateway id="c"/>\n<sequenceFlow id="a" sourceRef="s" targetRef="gone"/>'
    problems = found(build.draw(content, layout=False))
    assert [(problem.line, problem.element_id, problem.code) for problem in problems] == [
        (1, "p", "no-layout"),
        (3, "t", "unreachable"),
        (3, "t", "dead-end"),
        (4, "c", "dead-end"),
        (4, "c", "refused"),
        (4, "c", "unreachable"),
        (5, "a", "dangling-flow"),
    ]


def test_links_and_boundary_events_lead_on(found: Any, build: Any) -> None:
    """What is reached over a link or a boundary event is reached."""
    link = '<linkEventDefinition name="on"/>'
    content = (
        '<startEvent id="s"/><userTask id="t"/><endEvent id="e"/><endEvent id="f"/>'
        f'<intermediateThrowEvent id="out">{link}</intermediateThrowEvent><intermediateCatchEvent id="in">{link}</intermediateCatchEvent>'
        '<boundaryEvent id="b" attachedToRef="t"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>'
        "</boundaryEvent>"
        + build.path("s", "t", "out") + build.path("in", "e") + build.path("b", "f")
    )  # fmt: skip
    assert found(build.draw(content)) == []


def test_subprocesses(found: Any, build: Any) -> None:
    """A subprocess begins at one start event, an event subprocess at one with a trigger."""
    two = '<subProcess id="t"><startEvent id="i"/><startEvent id="j"/><task id="k"/>' + build.path("i", "k") + build.path("j", "k")
    problems = found(build.draw(build.around(two + "</subProcess>")))
    assert [(p.code, p.element_id) for p in problems if p.severity == "error"] == [("several-starts", "t")]
    event = '<subProcess id="v" triggeredByEvent="true"><startEvent id="i"/><endEvent id="j"/>' + build.path("i", "j") + "</subProcess>"
    problems = found(build.draw(build.around('<task id="t"/>') + event))
    assert [(p.code, p.element_id) for p in problems] == [("event-subprocess-start", "v")]


def test_what_is_not_drawn_is_a_warning(found: Any, build: Any) -> None:
    """Missing layout is a warning: once for all of it, or for each part."""
    whole = build.draw(build.around('<task id="t"/>'), layout=False)
    assert [(p.code, p.severity, p.element_id) for p in found(whole)] == [("no-layout", "warning", "p")]
    part = build.draw(build.around('<task id="t"/>')).replace(b'bpmnElement="t"', b'bpmnElement="x"').replace(b'bpmnElement="s-t"', b"")
    assert [(p.code, p.element_id) for p in found(part)] == [("no-layout", "s-t"), ("no-layout", "t")]


def test_documentation_is_not_held_to_run(found: Any, build: Any) -> None:
    """A process with isExecutable=false is documentation: a warning that nothing can start, and what is missing as information."""
    content = build.around('<serviceTask id="t"/>')
    problems = found(build.draw(content, executable=False))
    assert [(p.code, p.severity, p.element_id) for p in problems] == [("not-executable", "warning", "p"), ("no-task-type", "info", "t")]


def test_documentation_beside_an_executable_process_is_left_alone(found: Any, build: Any) -> None:
    """In a file that can run, other pools are pictures."""
    body = build.draw(build.around('<task id="t"/>'))
    body = body.replace(b"<bpmndi:BPMNDiagram>", b'<process id="other"><serviceTask id="o"/></process><bpmndi:BPMNDiagram>')
    assert found(body) == []

"""A whole package: clean, nothing is said; with any one thing broken, it is said where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from amends.forms.provider import Forms

MANIFEST = """[package]
name = "small"
version = "1"
[complaints]
process = "p"
form = "filing"
[roles]
handler = "Handler"
[messages."more"]
title = "Send more"
form = "filing"
[stages]
assess = "Being assessed"
[settings]
limit = "P14D"
[calendars.default]
timezone = "Europe/London"
hours = { mon = [["09:00", "17:00"]] }
[clocks.first]
title = "First"
"""
DMN = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<decision id="triage" name="triage">
<decisionTable hitPolicy="FIRST"><input id="i" label="note">
<inputExpression id="ie" typeRef="string"><text>note</text></inputExpression></input>
<output id="o" name="priority" typeRef="string"/><rule id="r"><inputEntry id="re"><text>-</text></inputEntry>
<outputEntry id="ro"><text>"high"</text></outputEntry></rule></decisionTable></decision></definitions>"""
FORM = {"id": "filing", "type": "default", "components": [{"type": "textfield", "id": "n", "key": "note", "label": "Note"}]}
TASK = (
    '<userTask id="t"><extensionElements><zeebe:formDefinition formId="filing"/><zeebe:assignmentDefinition candidateGroups="handler"/>'
    '<zeebe:taskSchedule dueDate="=clocks.first.due"/><zeebe:properties><zeebe:property name="stage" value="assess"/>'
    '<zeebe:property name="milestone" value="assessed"/><zeebe:property name="not_done_by" value="t"/>'
    "</zeebe:properties></extensionElements></userTask>"
)
RULE = (
    '<businessRuleTask id="r"><extensionElements><zeebe:calledDecision decisionId="triage" resultVariable="priority"/>'
    "</extensionElements></businessRuleTask>"
)
WAIT = (
    '<receiveTask id="w" messageRef="m"/><boundaryEvent id="b" attachedToRef="w"><timerEventDefinition>'
    "<timeDuration>=settings.limit</timeDuration></timerEventDefinition></boundaryEvent>"
)
TOP = '<message id="m" name="more"><extensionElements><zeebe:subscription correlationKey="=reference"/></extensionElements></message>'
CALL = '<callActivity id="c"><extensionElements><zeebe:calledElement processId="q"/></extensionElements></callActivity>'


@pytest.fixture
def package(build: Any) -> dict[str, bytes]:
    """A small package with one of everything."""
    content = (
        f'<startEvent id="s"/>{TASK}{RULE}{WAIT}{CALL}<endEvent id="e"/><endEvent id="f"/>'
        + build.path("s", "t", "r", "w", "c", "e") + build.path("b", "f")
    )  # fmt: skip
    called = build.around('<exclusiveGateway id="x" default="x-e"/>', "x") + '<endEvent id="f"/>'
    called += build.flow("x", "f", "=priority = complaint.note")
    return {
        "package.toml": MANIFEST.encode(),
        "p.bpmn": build.draw(content, TOP),
        "q.bpmn": build.draw(called, process="q"),
        "triage.dmn": DMN.encode(),
        "filing.form": json.dumps(FORM).encode(),
        "letters/hello.md": b"---\nsubject: Hello {{ reference }}\n---\nDear {{ complaint.note }},\n",
    }


def test_a_whole_package_has_no_problem(found: Any, package: dict[str, bytes]) -> None:
    """One of everything, all right: nothing is said."""
    assert found(package, Forms(), {}) == []


BROKEN: dict[str, tuple[str, str, str, str, str, str]] = {
    "stage": ("p.bpmn", 'value="assess"', 'value="asess"', "unknown-stage", "t", "error"),
    "milestone": ("p.bpmn", 'value="assessed"', 'value="done"', "unknown-milestone", "t", "error"),
    "not done by": ("p.bpmn", 'name="not_done_by" value="t"', 'name="not_done_by" value="t, z"', "missing-element", "t", "error"),
    "role": ("p.bpmn", 'candidateGroups="handler"', 'candidateGroups="handler, boss"', "unknown-role", "t", "error"),
    "role in FEEL": ("p.bpmn", 'candidateGroups="handler"', "candidateGroups='=[\"boss\"]'", "unknown-role", "t", "error"),
    "nobody": ("p.bpmn", 'candidateGroups="handler"', "", "no-assignment", "t", "warning"),
    "form": ("p.bpmn", 'formId="filing"', 'formId="fling"', "missing-form", "t", "error"),
    "decision": ("p.bpmn", 'decisionId="triage"', 'decisionId="trial"', "missing-decision", "r", "error"),
    "result variable": ("p.bpmn", 'resultVariable="priority"', "", "no-result-variable", "r", "error"),
    "called process": ("p.bpmn", 'processId="q"', 'processId="z"', "missing-process", "c", "error"),
    "called process not executable": ("q.bpmn", 'isExecutable="true"', 'isExecutable="false"', "missing-process", "c", "error"),
    "condition": ("q.bpmn", "=priority = complaint.note", "=priority = = 1", "feel-syntax", "x-f", "error"),
    "name": ("q.bpmn", "=priority =", "=priorty =", "unknown-name", "x-f", "warning"),
    "field of the filing form": ("q.bpmn", "complaint.note", "complaint.noet", "unknown-name", "x-f", "warning"),
    "setting": ("p.bpmn", "settings.limit", "settings.limits", "unknown-name", "b", "warning"),
    "clock": ("p.bpmn", "clocks.first", "clocks.frist", "unknown-name", "t", "warning"),
    "setting that is no duration": ("package.toml", 'limit = "P14D"', 'limit = "14 days"', "timer-literal", "b", "error"),
    "correlation key": ("p.bpmn", "=reference", "", "correlation-key", "w", "error"),
    "flow": ("p.bpmn", 'targetRef="e"', 'targetRef="z"', "dangling-flow", "c-e", "error"),
    "complaint process": ("package.toml", 'process = "p"', 'process = "z"', "missing-process", "", "error"),
    "filing form": ("package.toml", 'form = "filing"\n[roles]', 'form = "fling"\n[roles]', "missing-form", "", "error"),
    "message form": ("package.toml", 'form = "filing"\n[stages]', 'form = "fling"\n[stages]', "missing-form", "", "error"),
    "message nobody awaits": ("package.toml", 'messages."more"', 'messages."moor"', "unknown-message", "", "warning"),
    "message offered to nobody": ("package.toml", 'title = "Send more"', 'offered_to = "boss"', "unknown-role", "", "error"),
    "calendar": ("package.toml", "Europe/London", "Europe/Camelot", "calendar", "", "error"),
    "built-in role": ("package.toml", 'handler = "Handler"', 'handler = "Handler"\nadmin = "Me"', "manifest-name", "", "error"),
    "table": ("triage.dmn", '<text>"high"</text>', "<text>1 +</text>", "DMN101", "ro", "error"),
    "decision input": ("triage.dmn", "<text>note</text>", "<text>remark</text>", "unknown-name", "r", "warning"),
    "form without id": ("filing.form", '"id": "filing", ', "", "form-id", "", "error"),
    "form file": ("filing.form", '{"id"', '{{"id"', "form-id", "", "error"),
    "letter subject": ("letters/hello.md", "subject:", "topic:", "letter-subject", "", "error"),
    "letter placeholder": ("letters/hello.md", "{{ complaint.note }}", "{{ complaint. }}", "feel-syntax", "", "error"),
    "letter subject placeholder": ("letters/hello.md", "{{ reference }}", "{{ = }}", "feel-syntax", "", "error"),
    "letter name": ("letters/hello.md", "{{ complaint.note }}", "{{ complant.note }}", "unknown-name", "", "warning"),
    "open placeholder": ("letters/hello.md", "note }}", "note", "letter", "", "error"),
}


@pytest.mark.parametrize(("file", "old", "new", "code", "element", "severity"), BROKEN.values(), ids=BROKEN)
def test_breaking_one_thing_is_said(
    found: Any, package: dict[str, bytes], file: str, old: str, new: str, code: str, element: str, severity: str
) -> None:
    """Whatever one thing is broken, it is said with its file and element."""
    body = package[file].decode()
    assert old in body
    package[file] = body.replace(old, new, 1).encode()
    hits = [problem for problem in found(package, Forms(), {}) if problem.code == code]
    assert [(problem.element_id, problem.severity) for problem in hits][:1] == [(element, severity)]
    assert all(problem.line is not None or problem.element_id for problem in hits)


@pytest.mark.parametrize(
    ("file", "code", "element"),
    [("filing.form", "missing-form", "t"), ("triage.dmn", "missing-decision", "r"), ("q.bpmn", "missing-process", "c")],
)
def test_removing_a_file_is_said(found: Any, package: dict[str, bytes], file: str, code: str, element: str) -> None:
    """What a package refers to and does not have is an error at the element; in a single file it is a warning."""
    del package[file]
    assert (code, element, "error") in {(p.code, p.element_id, p.severity) for p in found(package, Forms(), {})}
    single = {(p.code, p.element_id, p.severity) for p in found({"p.bpmn": package["p.bpmn"]})}
    assert (code, element, "warning") in single
    assert not any(severity == "error" for _, _, severity in single)


def test_a_folder_without_a_manifest(found: Any, package: dict[str, bytes]) -> None:
    """A folder is a package only with its manifest."""
    del package["package.toml"]
    assert "manifest-missing" in {p.code for p in found(package)}


def test_two_processes_begun_by_one_message(found: Any, package: dict[str, bytes], build: Any) -> None:
    """A message begins one process of a package."""
    start = '<startEvent id="s"><messageEventDefinition messageRef="n"/></startEvent><endEvent id="e"/>' + build.flow("s", "e")
    for name in ("y", "z"):
        package[f"{name}.bpmn"] = build.draw(start, '<message id="n" name="new"/>', process=name)
    hits = [(p.code, p.file, p.element_id) for p in found(package, Forms(), {})]
    assert hits == [("message-start-twice", "z.bpmn", "s")]


def test_lanes_stand_for_roles(found: Any, package: dict[str, bytes]) -> None:
    """A lane gives its role to tasks without an assignment, by id or title; another name is an error."""
    for name, codes in (("handler", []), ("Handler", []), ("Boss", ["unknown-role"])):
        lane = f'<laneSet><lane id="l" name="{name}"><flowNodeRef>t</flowNodeRef></lane></laneSet><startEvent id="s"'
        body = package["p.bpmn"].decode().replace('<startEvent id="s"', lane, 1).replace('candidateGroups="handler"', "")
        assert [p.code for p in found({**package, "p.bpmn": body.encode()}, Forms(), {})] == codes

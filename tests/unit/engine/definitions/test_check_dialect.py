"""Listeners and bindings: what runs is let through, what would be ignored is refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

USER = '<userTask id="t"><extensionElements><zeebe:userTask/>{}</extensionElements></userTask>'


def listener(kind: str, event: str, type: str = "log", rest: str = "") -> str:
    return f'<zeebe:{kind}Listeners><zeebe:{kind}Listener eventType="{event}" type="{type}" {rest}/></zeebe:{kind}Listeners>'


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (listener("execution", "start"), ""),
        (listener("execution", "end", "=kind", 'retries="=n"'), ""),
        (listener("task", "creating"), ""),
        (listener("task", "complete"), ""),
        (listener("execution", "middle"), "listener"),
        (listener("execution", ""), "listener"),
        (listener("execution", "start", ""), "no-task-type"),
        (listener("execution", "start", "log", 'retries="many"'), "value"),
        (listener("execution", "start", "=1 +"), "feel-syntax"),
        (listener("task", "assigning"), "refused"),
        (listener("task", "update"), "refused"),
        (listener("task", "canceling"), "refused"),
        (listener("task", "sleeping"), "listener"),
    ],
)
def test_listeners_of_a_user_task(found: Any, build: Any, inside: str, code: str) -> None:
    """Creating and completing run as jobs; nothing could be kept waiting for the others."""
    problems = found(build.draw(build.around(USER.format(inside))))
    assert [(problem.code, problem.element_id) for problem in problems] == ([(code, "t")] if code else [])


@pytest.mark.parametrize(
    ("element", "code"),
    [
        ('<exclusiveGateway id="t">{}</exclusiveGateway>', ""),
        ('<intermediateThrowEvent id="t">{}</intermediateThrowEvent>', ""),
        ('<task id="t">{}</task>', ""),
        ('<task id="t"/><boundaryEvent id="b" attachedToRef="t">{}<timerEventDefinition><timeDuration>P1D</timeDuration>'
         '</timerEventDefinition></boundaryEvent><sequenceFlow id="b-e" sourceRef="b" targetRef="e"/>', "refused"),
    ],
)  # fmt: skip
def test_execution_listeners_are_of_what_a_token_comes_to(found: Any, build: Any, element: str, code: str) -> None:
    """A boundary event waits from when its activity begins, so nothing can run before it."""
    drawn = build.around(element.format(build.extended(listener("execution", "start"))))
    assert [problem.code for problem in found(build.draw(drawn))] == ([code] if code else [])


@pytest.mark.parametrize(
    ("event", "type", "code"), [("start", "log", ""), ("end", "log", ""), ("middle", "log", "listener"), ("start", "", "no-task-type")]
)
def test_execution_listeners_of_a_process(found: Any, build: Any, event: str, type: str, code: str) -> None:
    """They are checked like any other, and what they give may have any name."""
    drawn = build.extended(listener("execution", event, type)) + build.around('<userTask id="t"/>')
    assert [(one.code, one.element_id) for one in found(build.draw(drawn))] == ([(code, "p")] if code else [])
    said = found(build.draw(build.extended(listener("execution", "start", "=1 +")) + build.around('<task id="t"/>')))
    assert [(one.code, one.element_id) for one in said] == [("feel-syntax", "p")]


def test_a_task_listener_of_another_element(found: Any, build: Any) -> None:
    """Only people's tasks have them."""
    drawn = build.around(f'<task id="t">{build.extended(listener("task", "creating"))}</task>')
    assert [problem.code for problem in found(build.draw(drawn))] == ["listener"]


def test_a_listener_nobody_runs_is_said(found: Any, build: Any) -> None:
    """Like a service task's type."""
    problems = found(build.draw(build.around(USER.format(listener("execution", "start")))), operations={})
    assert [(problem.code, problem.severity) for problem in problems] == [("unknown-operation", "warning")]


def calls(binding: str) -> str:
    return f'<callActivity id="t"><extensionElements><zeebe:calledElement processId="q" {binding}/></extensionElements></callActivity>'


@pytest.mark.parametrize(
    ("binding", "expected"),
    [
        ('bindingType="latest"', [("missing-process", "warning")]),
        ('bindingType="versionTag" versionTag="v1"', [("missing-process", "warning")]),
        ('bindingType="deployment"', [("missing-process", "error")]),
        ('bindingType="versionTag"', [("binding", "error"), ("missing-process", "warning")]),
        ('bindingType="newest"', [("binding", "error"), ("missing-process", "error")]),
    ],
)
def test_bindings_of_a_called_process(found: Any, build: Any, binding: str, expected: list[tuple[str, str]]) -> None:
    """What is bound to another version may be deployed already; what is bound to the deployment has to be in the package."""
    files = {"package.toml": b'[package]\nname = "x"\nversion = "1"\n', "a.bpmn": build.draw(build.around(calls(binding)))}
    assert [(problem.code, problem.severity) for problem in found(files)] == expected


@pytest.mark.parametrize(
    ("binding", "tag", "expected"),
    [
        ('bindingType="deployment"', None, []),
        ('bindingType="latest"', None, [("binding", "warning")]),
        ('bindingType="versionTag" versionTag="v1"', "v1", []),
        ('bindingType="versionTag" versionTag="v1"', "v2", [("binding", "error")]),
        ('bindingType="versionTag" versionTag="v1"', None, [("binding", "error")]),
    ],
)
def test_bindings_of_a_form(found: Any, build: Any, binding: str, tag: str | None, expected: list[tuple[str, str]]) -> None:
    """An instance keeps its own version's form, so a tag has to be that form's."""
    form = {"type": "default", "id": "f", "components": [], **({} if tag is None else {"versionTag": tag})}
    files = {
        "package.toml": b'[package]\nname = "x"\nversion = "1"\n',
        "a.bpmn": build.draw(build.around(USER.format(f'<zeebe:formDefinition formId="f" {binding}/>'))),
        "f.form": json.dumps(form).encode(),
    }
    assert [(problem.code, problem.severity) for problem in found(files) if problem.element_id == "t"] == expected


def test_an_extension_of_the_dialect_that_is_not_read_is_said(found: Any, build: Any) -> None:
    """It does not happen in silence that something does not happen; what other vendors add is theirs."""
    drawn = build.around(USER.format('<zeebe:linkedResources/><other xmlns="urn:x"/>'))
    assert [(problem.code, problem.element_id) for problem in found(build.draw(drawn))] == [("unknown-extension", "t")]


SERVICE = '<serviceTask id="t"><extensionElements><zeebe:taskDefinition type="x"/>{}</extensionElements></serviceTask>'
NOT_CARRIED = {
    "linked resources": (SERVICE.format("<zeebe:linkedResources/>"), "unknown-extension", "warning"),
    "agent definition": (SERVICE.format('<zeebe:agentDefinition agentType="aiAgentTask"/>'), "unknown-extension", "warning"),
    "job priority": (SERVICE.format('<zeebe:jobPriorityDefinition priority="5"/>'), "unknown-extension", "warning"),
    "business id of a called process": (
        '<callActivity id="t"><extensionElements><zeebe:calledElement processId="p" businessId="=x"/></extensionElements></callActivity>',
        "unknown-extension", "warning",
    ),
    "ad-hoc subprocess that a job worker leads": (
        '<adHocSubProcess id="t"><extensionElements><zeebe:taskDefinition type="agent"/></extensionElements>'
        '<task id="a"/></adHocSubProcess>',
        "refused", "error",
    ),
    "output collection of an ad-hoc subprocess": (
        '<adHocSubProcess id="t"><extensionElements><zeebe:adHoc activeElementsCollection="=[&quot;a&quot;]" outputCollection="all" '
        'outputElement="=r"/></extensionElements><task id="a"/></adHocSubProcess>',
        "refused", "error",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_CARRIED)
def test_what_of_the_dialect_is_not_carried_is_said_and_documented(found: Any, build: Any, name: str, repository: Path) -> None:
    """A warning where the element does all the same what it is for, an error where it could not; docs/bpmn.md has a row for each."""
    drawn, code, severity = NOT_CARRIED[name]
    said = [(problem.code, problem.severity) for problem in found(build.draw(build.around(drawn))) if problem.element_id == "t"]
    assert (code, severity) in said
    rows = (repository / "docs" / "bpmn.md").read_text().partition("## Of Camunda 8 not carried")[2]
    assert any(row.startswith(f"| {name} | {'warned' if severity == 'warning' else 'refused'}") for row in rows.splitlines())


def test_a_process_may_hold_several_forms_but_no_extension_twice(found: Any, build: Any) -> None:
    """Modelers keep the forms of tasks at the process; what is there twice and means one thing is refused, as at an element."""
    forms = '<zeebe:userTaskForm id="a">{}</zeebe:userTaskForm><zeebe:userTaskForm id="b">{}</zeebe:userTaskForm>'
    tags = '<zeebe:versionTag value="1"/><zeebe:versionTag value="2"/>'
    for inside, codes in ((forms, {"unknown-extension"}), (tags, {"repeated-extension"})):
        content = f"<extensionElements>{inside}</extensionElements>" + build.around('<task id="t"/>')
        assert {problem.code for problem in found(build.draw(content))} == codes


@pytest.mark.parametrize(
    ("kind", "extension"),
    [("scriptTask", '<zeebe:script expression="=1" resultVariable="r"/>'),
     ("businessRuleTask", '<zeebe:calledDecision decisionId="d" resultVariable="r"/>')],
)  # fmt: skip
def test_a_task_is_done_in_one_way(found: Any, build: Any, kind: str, extension: str) -> None:
    """By an operation, or by its expression or decision: with both, nobody could say which."""
    job = '<zeebe:taskDefinition type="x"/>'
    for inside, codes in ((extension + job, ["repeated-extension"]), (job, [])):
        drawn = build.around(f'<{kind} id="t"><extensionElements>{inside}</extensionElements></{kind}>')
        assert [one.code for one in found(build.draw(drawn)) if one.element_id == "t" and one.severity == "error"] == codes


def test_one_extension_twice_is_refused(found: Any, build: Any) -> None:
    """Which of them is meant, nobody could say."""
    drawn = build.around(USER.format('<zeebe:userTask/><zeebe:priorityDefinition priority="1"/><zeebe:priorityDefinition priority="2"/>'))
    problems = found(build.draw(drawn))
    assert [(problem.code, problem.element_id) for problem in problems] == [("repeated-extension", "t")] * 2


CONDITION = "<conditionExpression>=true</conditionExpression>"
TWICE = {
    "a date beside a duration": '<intermediateCatchEvent id="t"><timerEventDefinition><timeDate>2030-01-01T00:00:00Z</timeDate>'
    "<timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>",
    "two durations": '<intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>PT2H</timeDuration>'
    "<timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>",
    "two conditions of an event": '<intermediateCatchEvent id="t"><conditionalEventDefinition><condition>=true</condition>'
    "<condition>=false</condition></conditionalEventDefinition></intermediateCatchEvent>",
    "two conditions of a flow": f'<task id="t"/><sequenceFlow id="t" sourceRef="t" targetRef="e">{CONDITION}{CONDITION}</sequenceFlow>',
    "a loop of both kinds": '<task id="t"><standardLoopCharacteristics/><multiInstanceLoopCharacteristics><loopCardinality>=2'
    "</loopCardinality></multiInstanceLoopCharacteristics></task>",
    "two numbers of instances": '<task id="t"><multiInstanceLoopCharacteristics><loopCardinality>=2</loopCardinality>'
    "<loopCardinality>=3</loopCardinality></multiInstanceLoopCharacteristics></task>",
    "two sets of extensions": '<task id="t"><extensionElements><zeebe:ioMapping/></extensionElements><extensionElements><zeebe:properties/>'
    "</extensionElements></task>",
}


@pytest.mark.parametrize("name", TWICE)
def test_an_element_has_one_of_what_it_can_have_one_of(found: Any, build: Any, name: str) -> None:
    """A second time, condition, loop or set of extensions is an error: one of them would win, and the diagram does not show which."""
    drawn = TWICE[name].replace('sequenceFlow id="t"', 'sequenceFlow id="two"')
    [problem] = [one for one in found(build.draw(build.around(drawn))) if one.code == "repeated-element"]
    assert (problem.severity, problem.element_id) == ("error", "two" if "two" in drawn else "t")


TASK_TYPE = '<zeebe:taskDefinition type="x"/>'
WAITING = (
    '<intermediateCatchEvent id="t"><timerEventDefinition>{}<timeDuration>P1D</timeDuration></timerEventDefinition>'
    "</intermediateCatchEvent>"
)
PLACES = {
    "a form of a job": ('<serviceTask id="t">{}</serviceTask>', '<zeebe:taskDefinition type="x"/><zeebe:formDefinition formId="f"/>'),
    "who does what nobody does": ('<manualTask id="t">{}</manualTask>', '<zeebe:assignmentDefinition assignee="ann"/>'),
    "a deadline of a gateway": ('<exclusiveGateway id="t">{}</exclusiveGateway>', '<zeebe:taskSchedule dueDate="2030-01-01T00:00:00Z"/>'),
    "a script of a task": ('<task id="t">{}</task>', '<zeebe:script expression="=1" resultVariable="r"/>'),
    "a loop beside the loop": ('<task id="t">{}</task>', '<zeebe:loopCharacteristics inputCollection="=[1]"/>'),
    "a key beside the message": ('<task id="t">{}</task>', '<zeebe:subscription correlationKey="=k"/>'),
    "a called process of a task": ('<task id="t">{}</task>', '<zeebe:calledElement processId="q"/>'),
    "a version of a task": ('<task id="t">{}</task>', '<zeebe:versionTag value="1"/>'),
    "a job of a timer": (
        WAITING,
        '<zeebe:taskDefinition type="x"/>',
    ),
    "something unknown of a timer": (
        WAITING,
        "<zeebe:newer/>",
    ),
    "a flag that is none": (
        '<callActivity id="t">{}</callActivity>',
        '<zeebe:calledElement processId="p" propagateAllChildVariables="no"/>',
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_an_extension_at_a_place_where_it_is_not_read_is_said(found: Any, build: Any, name: str) -> None:
    """What it says would not happen, and nobody would see that it does not."""
    element, extension = PLACES[name]
    problems = found(build.draw(build.around(element.format(build.extended(extension)))))
    assert ("unknown-extension", "warning", "t") in [(one.code, one.severity, one.element_id) for one in problems]
    properties = build.extended('<zeebe:properties><zeebe:property name="a" value="1"/></zeebe:properties>')
    clean = found(build.draw(build.around(element.format(properties))))
    assert "unknown-extension" not in [one.code for one in clean]


def test_of_two_of_one_name_the_last_counts_and_that_is_said(found: Any, build: Any) -> None:
    """Headers and properties are lists in the modeler, and names of what is read."""
    header = '<zeebe:taskHeaders><zeebe:header key="a" value="1"/><zeebe:header key="a" value="2"/></zeebe:taskHeaders>'
    name = '<zeebe:properties><zeebe:property name="stage" value="1"/><zeebe:property name="stage" value="2"/></zeebe:properties>'
    drawn = build.around(f'<serviceTask id="t">{build.extended(TASK_TYPE + header + name)}</serviceTask>')
    told = [(one.severity, one.message.partition(" has the ")[2]) for one in found(build.draw(drawn)) if one.code == "repeated-extension"]
    counts = "more than once: the last one counts."
    assert told == [("warning", f"header 'a' {counts}"), ("warning", f"property 'stage' {counts}")]


def test_who_does_a_task_is_said_in_one_way(found: Any, build: Any) -> None:
    """BPMN's own performers are not read, another process called by an attribute is not meant, and a script of BPMN does not run."""
    owner = '<userTask id="t"><potentialOwner><resourceRef>r</resourceRef></potentialOwner></userTask>'
    called = build.extended('<zeebe:calledElement processId="p"/>')
    call = f'<callActivity id="t" calledElement="q">{called}</callActivity>'
    feel = build.extended('<zeebe:script expression="=1" resultVariable="r"/>')
    script = f'<scriptTask id="t">{feel}<script>x</script></scriptTask>'
    for element, code, severity in (
        (owner, "no-assignment", "warning"), (call, "repeated-extension", "error"), (script, "no-script", "warning"),
    ):  # fmt: skip
        said = [(one.code, one.severity) for one in found(build.draw(build.around(element))) if one.code != "schema"]
        assert (code, severity) in said

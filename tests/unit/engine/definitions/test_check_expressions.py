"""Every expression is FEEL, every plain value what it has to be, every name one that something sets."""

from __future__ import annotations

import json
from typing import Any

import pytest

USER = '<userTask id="t"><extensionElements>{}</extensionElements>{}</userTask>'
SERVICE = '<serviceTask id="t"><extensionElements><zeebe:taskDefinition type="x"/>{}</extensionElements>{}</serviceTask>'
SCRIPT = '<scriptTask id="t"><extensionElements><zeebe:script {}/></extensionElements></scriptTask>'
MULTI = "<multiInstanceLoopCharacteristics>{}</multiInstanceLoopCharacteristics>"
LOOP = MULTI.format("<extensionElements><zeebe:loopCharacteristics {}/></extensionElements>")
CATCH = '<intermediateCatchEvent id="t"><timerEventDefinition><{0}>{1}</{0}></timerEventDefinition></intermediateCatchEvent>'

BROKEN = {
    "input": SERVICE.format('<zeebe:ioMapping><zeebe:input source="=1+" target="x"/></zeebe:ioMapping>', ""),
    "output": SERVICE.format('<zeebe:ioMapping><zeebe:output source="=1+" target="x"/></zeebe:ioMapping>', ""),
    "assignee": USER.format('<zeebe:assignmentDefinition assignee="=1+"/>', ""),
    "candidate groups": USER.format('<zeebe:assignmentDefinition candidateGroups="=1+"/>', ""),
    "candidate users": USER.format('<zeebe:assignmentDefinition candidateUsers="=1+"/>', ""),
    "due date": USER.format('<zeebe:taskSchedule dueDate="=1+"/>', ""),
    "follow-up date": USER.format('<zeebe:taskSchedule followUpDate="=1+"/>', ""),
    "priority": USER.format('<zeebe:priorityDefinition priority="=1+"/>', ""),
    "task type": '<serviceTask id="t"><extensionElements><zeebe:taskDefinition type="=1+"/></extensionElements></serviceTask>',
    "retries": '<serviceTask id="t"><extensionElements><zeebe:taskDefinition type="x" retries="=1+"/></extensionElements></serviceTask>',
    "script": SCRIPT.format('expression="=1+" resultVariable="r"'),
    "decision": (
        '<businessRuleTask id="t"><extensionElements><zeebe:calledDecision decisionId="=1+" resultVariable="r"/></extensionElements>'
        "</businessRuleTask>"
    ),
    "called process": '<callActivity id="t"><extensionElements><zeebe:calledElement processId="=1+"/></extensionElements></callActivity>',
    "input collection": USER.format("", LOOP.format('inputCollection="=1+"')),
    "output element": USER.format("", LOOP.format('inputCollection="=[]" outputCollection="o" outputElement="=1+"')),
    "completion condition": USER.format(
        "",
        LOOP.format('inputCollection="=[]"').replace(
            "</multiInstance", "<completionCondition>=1+</completionCondition></multiInstance"
        ),
    ),
    "loop condition": USER.format("", "<standardLoopCharacteristics><loopCondition>=1+</loopCondition></standardLoopCharacteristics>"),
    "time": CATCH.format("timeDuration", "=1+"),
    "correlation key": '<receiveTask id="t" messageRef="m"/>',
}  # fmt: skip
KEYED = '<message id="m" name="M"><extensionElements><zeebe:subscription correlationKey="=1+"/></extensionElements></message>'


@pytest.mark.parametrize(("what", "element"), BROKEN.items(), ids=BROKEN)
def test_wherever_feel_stands_it_is_parsed(found: Any, build: Any, what: str, element: str) -> None:
    """A place whose expression does not parse is an error there, and the message says which place."""
    problems = found(build.draw(build.around(element), KEYED))
    hits = [problem for problem in problems if problem.code == "feel-syntax"]
    assert [(problem.element_id, problem.severity) for problem in hits] == [("t", "error")]
    assert what.split()[-1] in hits[0].message
    assert "1+" in hits[0].message


def test_conditions_are_feel_with_or_without_the_sign(found: Any, build: Any) -> None:
    """A condition is FEEL either way; the problem names its flow."""
    syntax, never = ["feel-syntax"], ["never-true"]
    cases = {"=1 = 1": [], "1 = 1": [], "=1 ==": syntax, "${x}": syntax, "=1 = 2": never, "=1": never}
    for condition, codes in cases.items():
        content = build.around('<exclusiveGateway id="t" default="t-e"/>') + '<endEvent id="f"/>' + build.flow("t", "f", condition)
        said = [(p.code, p.element_id) for p in found(build.draw(content)) if p.element_id != "t-e"]
        assert said == [(code, "t-f") for code in codes]


@pytest.mark.parametrize("name", ["count", "sum", "date", "now"])
def test_a_variable_may_be_called_like_a_function(found: Any, build: Any, name: str) -> None:
    """Read as a value it is the variable: nothing is said of a condition that depends on it, or of a process that it names."""
    content = build.around('<exclusiveGateway id="t" default="t-e"/>') + '<endEvent id="f"/>' + build.flow("t", "f", f"={name} > 5")
    assert found(build.draw(content)) == []
    called = f'<callActivity id="t"><extensionElements><zeebe:calledElement processId="={name}"/></extensionElements></callActivity>'
    assert found(build.draw(build.around(called))) == []


def test_functions_of_calendars_are_known(found: Any, build: Any) -> None:
    """Names of several words parse: the functions on calendars, and FEEL's own."""
    task = USER.format('<zeebe:taskSchedule dueDate="=add working days(today(), 5)" followUpDate="=now()"/>', "")
    assert found(build.draw(build.around(task))) == []


@pytest.mark.parametrize(
    ("kind", "text", "right"),
    [
        ("timeDuration", "P10D", True), ("timeDuration", "PT8H", True), ("timeDuration", "P1Y2M", True), ("timeDuration", "P2W", True),
        ("timeDuration", "10 days", False), ("timeDuration", "P", False), ("timeDuration", "PT", False), ("timeDuration", "P1H", False),
        ("timeDuration", "2026-01-01", False), ("timeDuration", "R3/P1D", False),
        ("timeDate", "2026-01-01T00:00:00Z", True), ("timeDate", "2026-01-01", True), ("timeDate", "2026-01-01T10:00:00+02:00", True),
        ("timeDate", "2026-02-30T00:00:00Z", False), ("timeDate", "P1D", False), ("timeDate", "tomorrow", False),
        ("timeCycle", "R/P7D", True), ("timeCycle", "R3/PT10H", True), ("timeCycle", "R/2026-01-01T00:00:00Z/P1D", True),
        ("timeCycle", "R3", False), ("timeCycle", "R/", False), ("timeCycle", "0 0 9 * * *", True),
            ("timeCycle", "@daily", True), ("timeCycle", "0 0 25 * * *", False),
        ("timeCycle", "R/PT0S", False), ("timeCycle", "weekly", False),
    ],
)  # fmt: skip
def test_timer_literals(found: Any, build: Any, kind: str, text: str, right: bool) -> None:
    """A timer's literal is a duration, a date or a cycle of ISO 8601, or cron."""
    hits = [p for p in found(build.draw(build.around(CATCH.format(kind, text)))) if p.code == "timer-literal"]
    assert [p.element_id for p in hits] == ([] if right else ["t"])
    assert all(text in p.message for p in hits)


VALUES = {
    USER.format('<zeebe:priorityDefinition priority="101"/>', ""): "value",
    USER.format('<zeebe:priorityDefinition priority="high"/>', ""): "value",
    USER.format('<zeebe:taskSchedule dueDate="soon"/>', ""): "value",
    '<serviceTask id="t"><extensionElements><zeebe:taskDefinition type="x" retries="many"/></extensionElements></serviceTask>': "value",
    USER.format("", LOOP.format('inputCollection="items"')): "not-feel",
    USER.format("", MULTI.format("<loopCardinality>some</loopCardinality>")): "value",
    SERVICE.format('<zeebe:ioMapping><zeebe:input source="=1" target=""/></zeebe:ioMapping>', ""): "mapping",
    SERVICE.format('<zeebe:ioMapping><zeebe:output source="" target="x"/></zeebe:ioMapping>', ""): "mapping",
    SERVICE.format('<zeebe:ioMapping><zeebe:input source="=1" target="two words"/></zeebe:ioMapping>', ""): "mapping",
    USER.format("", LOOP.format('inputCollection="=[1]" outputCollection="o"')): "loop-output",
}


@pytest.mark.parametrize(("element", "code"), VALUES.items())
def test_plain_values_and_mappings(found: Any, build: Any, element: str, code: str) -> None:
    """Numbers, instants and names of variables are what they have to be."""
    assert [(p.code, p.element_id, p.severity) for p in found(build.draw(build.around(element)))] == [(code, "t", "error")]


def test_names_nobody_sets_are_warnings(found: Any, build: Any) -> None:
    """A name that no form, mapping, result, loop or decision sets is a warning, once an element, with the nearest name."""
    script = SCRIPT.format('expression="=1" resultVariable="amount"')
    task = USER.replace('id="t"', 'id="u"').format('<zeebe:assignmentDefinition assignee="=if amuont &gt; 1 then amuont else amount"/>', "")
    content = f'<startEvent id="s"/>{script}{task}<endEvent id="e"/>{build.path("s", "t", "u", "e")}'
    problems = found(build.draw(content))
    assert [(p.code, p.severity, p.element_id) for p in problems] == [("unknown-name", "warning", "u")]
    assert "'amuont'" in problems[0].message
    assert "'amount'" in problems[0].help


def test_names_that_something_sets_are_known(found: Any, build: Any) -> None:
    """Local names are known where they exist, and only there."""
    loop = LOOP.format('inputCollection="=[1, 2]" inputElement="one" outputCollection="many" outputElement="=one + loopCounter"')
    reads = "<zeebe:assignmentDefinition assignee='=string(one + loopCounter)'/>"
    inside = build.around(USER.format(reads, loop))
    assert found(build.draw(inside)) == []
    outside = inside.replace("t-e", "t-u").replace('targetRef="e"', 'targetRef="u"')
    reads = '<zeebe:assignmentDefinition assignee="=string([one, many])"/>'
    outside += USER.replace('id="t"', 'id="u"').format(reads, "") + build.flow("u", "e")
    assert ["'one'" in p.message for p in found(build.draw(outside)) if p.code == "unknown-name"] == [True]


def test_reserved_names_filters_and_bindings_are_no_reads(found: Any, build: Any) -> None:
    """Clocks, settings and the complaint's own are always there; what an expression binds itself is not read from outside."""
    text = "=[clocks, settings, reference, received_at, channel, [{a: 1}][a = 1], for i in [1] return i, {b: 1, c: b}, (function(d) d)(1)]"
    task = USER.format(f"<zeebe:assignmentDefinition assignee='{text}'/>", "")
    assert found(build.draw(build.around(task))) == []


def test_form_fields_are_known(found: Any, build: Any) -> None:
    """The fields of a task's form are variables, with forms given or without."""
    form = json.dumps({"id": "f", "type": "default", "components": [{"type": "textfield", "key": "note", "id": "n", "label": "Note"}]})
    task = USER.format('<zeebe:formDefinition formId="f"/>', "")
    content = build.around(task).replace("t-e", "t-u").replace('targetRef="e"', 'targetRef="u"')
    content += USER.replace('id="t"', 'id="u"').format('<zeebe:assignmentDefinition assignee="=note + nope"/>', "") + build.flow("u", "e")
    package = {
        "package.toml": b'[package]\nname = "a"\nversion = "1"\n[roles]\nx = "X"',
        "a.bpmn": build.draw(content.replace('assignee="=note', 'candidateGroups="x" assignee="=note')),
        "f.form": form.encode(),
    }
    from amends.forms.provider import Forms

    for forms in (None, Forms()):
        names = [p.message for p in found(package, forms) if p.code == "unknown-name"]
        assert len(names) == 1 and "'nope'" in names[0]


HUGE = "9" * 5_000
"""A number with more digits than Python reads at once."""


def test_a_number_of_any_length_is_a_number_that_is_wrong(found: Any, build: Any) -> None:
    """Plain or in an expression, wherever a number has a bound; the message does not repeat all of it."""
    drawings = {
        USER.format('<zeebe:priorityDefinition priority="{}"/>', ""): "value",
        USER.format("", MULTI.format("<loopCardinality>{}</loopCardinality>")): "value",
        '<task id="t" startQuantity="{}"/>': "refused",
        CATCH.format("timeCycle", "{} * * * * *"): "timer-literal",
        CATCH.format("timeCycle", "0 0/{} * L-{} * *"): "timer-literal",
        CATCH.format("timeDuration", "P{}D"): "timer-literal",
    }
    for drawn, code in drawings.items():
        for text in (HUGE, f"={HUGE}", f"=-{HUGE}", "=10 ** 6000") if code == "value" else (HUGE,):
            said = [p for p in found(build.draw(build.around(drawn.replace("{}", text)))) if p.severity == "error"]
            assert [(p.code, p.element_id) for p in said] == [(code, "t")], (drawn, text[:20], said)
            assert len(said[0].message) < 400
    assignment = USER.format('<zeebe:assignmentDefinition assignee="=10 ** 6000"/>', "")
    assert [p for p in found(build.draw(build.around(assignment))) if p.code == "value"] == []


def test_a_name_of_any_length_makes_no_endless_message(found: Any, build: Any) -> None:
    """The beginning of it is told."""
    drawn = build.around('<task id="t"/>').replace('id="s"', f'id="s" name="{"n" * 70_000}"') + build.flow("t", "x" * 70_000, flow_id="f")
    said = found(build.draw(drawn))
    assert "dangling-flow" in {one.code for one in said} and max(len(one.message) for one in said) <= 1_000


UNBOUNDED = {
    "retries": '<serviceTask id="t"><extensionElements><zeebe:taskDefinition type="x" retries="{}"/></extensionElements></serviceTask>',
    "retries of a listener": '<serviceTask id="t"><extensionElements><zeebe:taskDefinition type="x"/><zeebe:executionListeners>'
    '<zeebe:executionListener eventType="start" type="x" retries="{}"/></zeebe:executionListeners></extensionElements></serviceTask>',
    "passes": '<userTask id="t"><standardLoopCharacteristics loopMaximum="{}"><loopCondition>=n</loopCondition>'
    "</standardLoopCharacteristics></userTask>",
}


@pytest.mark.parametrize("what", UNBOUNDED)
def test_retries_and_passes_may_be_any_whole_number(found: Any, build: Any, what: str) -> None:
    """The largest number of a modeler says “as often as need be”; one below none, or a part of one, is wrong."""
    for text, right in (("1000001", True), ("2147483647", True), (HUGE, True), ("-1", False), ("1.5", False), ("many", False)):
        for said in (text,) if what == "retries of a listener" or text == "many" else (text, f"={text}"):
            problems = [p for p in found(build.draw(build.around(UNBOUNDED[what].format(said)))) if p.code == "value"]
            assert [(p.element_id, p.severity) for p in problems] == ([] if right else [("t", "error")]), said[:20]
            assert all(len(p.message) < 400 for p in problems)


CONSTANTS = [
    ('<zeebe:priorityDefinition priority="{}"/>', ["50", "=50", '="50"', "=n"], ["=101", '="x"', "=null", "=1.5"]),
    ('<zeebe:taskSchedule dueDate="{}"/>',
     ['=date("2030-01-01")', '="2030-01-01T00:00:00Z"', "=null", "=n"], ["=5", '="x"', '=duration("P1D")']),
    ('<zeebe:assignmentDefinition assignee="{}"/>', ['="ann"', "=null", "=n"], ['=["ann"]', "=true"]),
    ('<zeebe:assignmentDefinition candidateGroups="{}"/>', ['=["a", "b"]', '="a, b"', "=n"], ["=true", "=[[1]]"]),
]  # fmt: skip


@pytest.mark.parametrize(("extension", "right", "wrong"), CONSTANTS)
def test_an_expression_that_is_always_wrong_is_an_error(found: Any, build: Any, extension: str, right: list[str], wrong: list[str]) -> None:
    """What never changes is decided before it runs; of what reads variables nothing is said."""
    for text in (*right, *wrong):
        drawn = f'<userTask id="t">{build.extended(extension.format(text.replace(chr(34), "&quot;")))}</userTask>'
        said = [one.severity for one in found(build.draw(build.around(drawn))) if one.code == "value"]
        assert said == (["error"] if text in wrong else []), text


def test_a_timer_that_is_always_wrong_is_an_error(found: Any, build: Any) -> None:
    """A constant is that time, and one of another kind is none; a clock or a variable may be anything."""
    cycles = ['="R/P1D"', '=duration("P1D")']
    right = {"timeDuration": ['=duration("P1D")', '="P1D"', "=n"], "timeDate": ['=date("2030-01-01")'], "timeCycle": cycles}
    wrong = {"timeDuration": ['="abc"', "=5", "=null"], "timeDate": ['=duration("P1D")', '="P1D"'], "timeCycle": ["=5", '="R/P"']}
    for cases, expected in ((right, []), (wrong, ["error"])):
        for kind, text in [(kind, text) for kind, texts in cases.items() for text in texts]:
            timer = f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"
            drawn = f'<task id="a"/><boundaryEvent id="t" attachedToRef="a" cancelActivity="false">{timer}'
            drawn += f"</boundaryEvent>{build.path('s', 'a', 'e')}{build.path('t', 'e')}"
            problems = found(build.draw(f'<startEvent id="s"/>{drawn}<endEvent id="e"/>'))
            assert [one.severity for one in problems if one.code == "timer-literal"] == expected, text

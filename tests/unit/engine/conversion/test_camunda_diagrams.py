"""Camunda 7's forms, decisions, calls, events and jobs: converted, they do what Camunda 7 does with them, or are listed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from driving import MONDAY
from foreign import driver, ext, left, process

from amends.engine.conversion import Converted, convert
from amends.engine.definitions import check, xml
from amends.engine.execution import Decided

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:modeler="http://camunda.org/schema/modeler/1.0" modeler:executionPlatform="Camunda Platform" id="d" targetNamespace="t">'
)


def around(activity: str, more: str = "") -> str:
    """A process of one activity and a task behind it, so that variables can be looked at."""
    return process(f'<startEvent id="s"/>{activity}<userTask id="look"/><endEvent id="e"/>{more}', "s", "x", "look", "e")


def made(*inside: str) -> Converted:
    return convert(f"{HEAD}{''.join(inside)}</definitions>".encode())


def zeebe(found: Converted, local: str) -> dict[str, str]:
    """The attributes of the first extension of this name."""
    one = xml.parse(found.body).find(f".//{{{xml.ZEEBE}}}{local}")
    assert one is not None, local
    return {str(key): str(value) for key, value in one.attrib.items()}


# -- forms


@pytest.mark.parametrize(
    ("said", "became", "listed"),
    [
        ('camunda:formRef="f1" camunda:formRefBinding="latest"', {"formId": "f1"}, set()),
        ('camunda:formRef="f1" camunda:formRefBinding="deployment"', {"formId": "f1", "bindingType": "deployment"}, set()),
        ('camunda:formRef="f1" camunda:formRefBinding="version" camunda:formRefVersion="3"', {"formId": "f1"}, {("x", "formRefBinding")}),
        ('camunda:formRef="${which}"', {"formId": "=which"}, set()),
        ('camunda:formKey="camunda-forms:deployment:forms/review.form"', {"formId": "review"}, set()),
    ],
)
def test_a_form_is_named_with_its_binding(said: str, became: Mapping[str, str], listed: set[tuple[str, str]]) -> None:
    """Latest is the usual; the deployment's own stays; a version by number is listed."""
    found = made(around(f'<userTask id="x" {said}/>'))
    assert (zeebe(found, "formDefinition"), left(found)) == (became, listed)


@pytest.mark.parametrize(("default", "became"), [("-12", -12), ("twelve", None), ("9" * 5_000, None)])
def test_a_first_value_that_is_no_whole_number_is_listed(default: str, became: int | None) -> None:
    """Of a field for whole numbers; also one with more digits than can be read, or a bound of that kind."""
    bound = f'<camunda:validation><camunda:constraint name="max" config="{default}"/></camunda:validation>'
    field = f'<camunda:formField id="n" label="N" type="long" defaultValue="{default}">{bound}</camunda:formField>'
    found = made(around(f'<userTask id="x">{ext(f"<camunda:formData>{field}</camunda:formData>")}</userTask>'))
    (body,) = [body for name, body in found.files.items() if name.endswith(".form")]
    (made_field,) = json.loads(body)["components"]
    assert made_field.get("defaultValue") == became
    lost = [each.said for each in found.left if each.what == "form field n" and "first value" in each.reason]
    assert lost == ([] if became else [default])
    assert ("validate" in made_field) == (became is not None)


def test_what_stands_in_a_second_set_of_extensions_is_converted() -> None:
    """Some tools write a set of their own beside, before or behind; all of it is in one afterwards, and nothing is listed as lost."""
    field = '<camunda:inputOutput><camunda:inputParameter name="n">${m}</camunda:inputParameter></camunda:inputOutput>'
    look = '<v:look xmlns:v="urn:v"/>'
    for first, second in ((look, field), (field, look), ('<v:more xmlns:v="urn:v"/>' + field, look)):
        found = made(around(f'<userTask id="x">{ext(first)}<!-- a note -->{ext(second)}</userTask>'))
        assert left(found) == set()
        task = next(each for each in xml.parse(found.body).iter(f"{{{xml.BPMN}}}userTask") if each.get("id") == "x")
        [holder] = xml.bpmn(task, "extensionElements")
        assert holder.find("{urn:v}look") is not None and zeebe(found, "input") == {"source": "=m", "target": "n"}


def test_what_our_dialect_says_twice_stays_apart() -> None:
    """Which of two sets is meant is for `check` to ask; what is converted goes into the one that is read."""
    ours = '<zeebe:{} xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"/>'.format
    value = '<camunda:properties><camunda:property name="n" value="1"/></camunda:properties>'
    found = made(around(f'<userTask id="x">{ext(value)}{ext(ours("userTask"))}{ext(ours("taskHeaders") + value)}</userTask>'))
    task = next(each for each in xml.parse(found.body).iter(f"{{{xml.BPMN}}}userTask") if each.get("id") == "x")
    said = [[xml.local(child) for child in holder] for holder in xml.bpmn(task, "extensionElements")]
    assert [sorted(names) for names in said] == [["properties", "userTask"], ["taskHeaders"]]
    assert left(found) == set()


def test_a_page_of_another_application_is_no_form() -> None:
    """Embedded and external forms are listed, and no form is named."""
    for key in ("embedded:app:forms/x.html", "https://example.org/form"):
        found = made(around(f'<userTask id="x" camunda:formKey="{key}"/>'))
        assert left(found) == {("x", "formKey")} and b"formDefinition" not in found.body


# -- decisions

RULE = '<businessRuleTask id="x" camunda:decisionRef="fee" {}/>'


@pytest.mark.parametrize(
    ("shape", "value", "listed"),
    [
        ('camunda:mapDecisionResult="singleEntry"', 12, set()),
        ('camunda:mapDecisionResult="collectEntries"', [1, 2], set()),
        ('camunda:mapDecisionResult="singleResult"', {"fee": 12}, {("x", "mapDecisionResult")}),
        ("", {"fee": 12}, {("x", "mapDecisionResult")}),
    ],
)
def test_the_result_of_a_decision_is_carried_where_its_shape_is_the_same(shape: str, value: Any, listed: set[tuple[str, str]]) -> None:
    """One value, or a list of them, is the same in both; contexts and lists of contexts are listed, but decided all the same."""
    found = made(around(RULE.format(f'camunda:resultVariable="r" {shape}')))
    assert left(found) == listed
    d = driver(found, decide=lambda decision, context: Decided(value, {})).start()
    assert d.variables["r"] == value


def test_a_decision_without_a_result_variable_gets_one() -> None:
    """Camunda 7 calls it decisionResult inside of the task; here it has a name that is told."""
    found = made(around(RULE.format('camunda:mapDecisionResult="singleEntry"')))
    assert left(found) == {("x", "resultVariable")}
    assert zeebe(found, "calledDecision")["resultVariable"] == "x_result"


BINDINGS = [
    ('camunda:{0}Binding="latest"', {}, False),
    ('camunda:{0}Binding="deployment"', {"bindingType": "deployment"}, False),
    ('camunda:{0}Binding="versionTag" camunda:{0}VersionTag="2.1"', {"bindingType": "versionTag", "versionTag": "2.1"}, False),
    ('camunda:{0}Binding="versionTag" camunda:{0}VersionTag="${{tag}}"', {}, True),
    ('camunda:{0}Binding="version" camunda:{0}Version="3"', {}, True),
]


@pytest.mark.parametrize(("said", "bound", "listed"), BINDINGS)
def test_decisions_and_called_processes_keep_their_binding(said: str, bound: Mapping[str, str], listed: bool) -> None:
    """The deployment's own, the latest and a version tag; a number, or a tag that is computed, is listed."""
    shape = 'camunda:resultVariable="r" camunda:mapDecisionResult="singleEntry" '
    for task, attribute, local in (
        (RULE.format(shape + said.format("decisionRef")), "decisionRefBinding", "calledDecision"),
        (f'<callActivity id="x" calledElement="q" {said.format("calledElement")}/>', "calledElementBinding", "calledElement"),
    ):
        found = made(around(task))
        kept = {key: value for key, value in zeebe(found, local).items() if key in ("bindingType", "versionTag")}
        assert (kept, left(found)) == (bound, {("x", attribute)} if listed else set())


# -- calls

CALLED = process(
    '<startEvent id="s2"/><scriptTask id="t" scriptFormat="juel" camunda:resultVariable="b"><script>${a + 1}</script></scriptTask>'
    '<endEvent id="e2"/>',
    "s2", "t", "e2", process_id="q",
)  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "start", "end", "listed"),
    [
        ('<camunda:in variables="all"/><camunda:out variables="all"/>', {"a": 1}, {"a": 1, "b": 2}, set()),
        ('<camunda:in source="n" target="a"/><camunda:out source="b" target="m"/>', {"n": 5}, {"n": 5, "m": 6}, set()),
        (
            '<camunda:in sourceExpression="${n * 2}" target="a"/><camunda:out sourceExpression="${b * 2}" target="m"/>',
            {"n": 2}, {"n": 2, "m": 10}, set(),
        ),
        ('<camunda:in variables="all"/>', {"a": 1}, {"a": 1}, set()),
        ('<camunda:in variables="all"/><camunda:out source="b" target="b" local="true"/>', {"a": 1}, {"a": 1}, {("x", "out")}),
        ('<camunda:in variables="all"/><camunda:in source="a" target="a" local="true"/>', {"a": 1}, {"a": 1}, {("x", "in")}),
        ('<camunda:in variables="all"/><camunda:in businessKey="${k}"/>', {"a": 1}, {"a": 1}, {("x", "businessKey")}),
    ],
)  # fmt: skip
def test_variables_go_into_a_call_and_come_back(
    entries: str, start: Mapping[str, Any], end: Mapping[str, Any], listed: set[tuple[str, str]]
) -> None:
    """All, or those that are named; what is about the activity's own variables alone is listed."""
    found = made(around(f'<callActivity id="x" calledElement="q">{ext(entries)}</callActivity>'), CALLED)
    assert left(found) == listed
    assert dict(driver(found).start(**start).variables) == end


def test_all_local_variables_are_what_a_call_maps() -> None:
    """`local` with all variables gives the called process the input parameters alone."""
    entries = '<camunda:inputOutput><camunda:inputParameter name="a">${n + 1}</camunda:inputParameter></camunda:inputOutput>'
    entries += '<camunda:in variables="all" local="true"/><camunda:out variables="all"/>'
    found = made(around(f'<callActivity id="x" calledElement="q">{ext(entries)}</callActivity>'), CALLED)
    assert left(found) == set()
    assert driver(found).start(n=1, secret=1).variables["b"] == 3
    assert zeebe(found, "calledElement")["propagateAllParentVariables"] == "false"


# -- events


def test_a_conditional_event_waits_for_its_condition() -> None:
    """In JUEL, true at once or later; which variable it watches follows from it, and a filter of changes is listed."""
    event = (
        '<intermediateCatchEvent id="x"><conditionalEventDefinition{}><condition>${{amount &gt; 5}}</condition>'
        "</conditionalEventDefinition></intermediateCatchEvent>"
    )
    found = made(around(event.format("")))
    assert left(found) == set()
    d = driver(found).start(amount=1)
    assert d.tasks == []
    d.execution.assign("amount", 6)
    assert d.run().tasks == ["look"]
    found = made(around(event.format(' camunda:variableName="amount" camunda:variableEvents="create"')))
    assert left(found) == {("x", "variableName"), ("x", "variableEvents")}


@pytest.mark.parametrize(("code", "thrown"), [("E1", "E1"), ("${codes.bad}", "E2")])
def test_errors_have_codes_that_may_be_expressions(code: str, thrown: str) -> None:
    """Thrown with the code that the expression gives, and caught by it."""
    inner = '<startEvent id="s1"/><endEvent id="e1"><errorEventDefinition errorRef="g"/></endEvent>'
    inner += '<sequenceFlow id="i" sourceRef="s1" targetRef="e1"/>'
    border = '<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition errorRef="h" camunda:errorCodeVariable="c"/></boundaryEvent>'
    border += '<userTask id="after"/><sequenceFlow id="f" sourceRef="b" targetRef="after"/>'
    errors = f'<error id="g" name="bad" errorCode="{code}"/><error id="h" name="caught" errorCode="{thrown}"/>'
    found = made(errors, around(f'<subProcess id="x">{inner}</subProcess>{border}'))
    assert left(found) == {("b", "errorCodeVariable")}
    assert driver(found).start(codes={"bad": "E2"}).tasks == ["after"]


WAITING = {
    "intermediateCatchEvent": '<intermediateCatchEvent id="x"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>',
    "receiveTask": '<receiveTask id="x" messageRef="m"/>',
    "boundaryEvent": '<userTask id="x"/><boundaryEvent id="b" attachedToRef="x"><messageEventDefinition messageRef="m"/></boundaryEvent>'
    '<endEvent id="e3"/><sequenceFlow id="f" sourceRef="b" targetRef="e3"/>',
    "event subprocess": '<userTask id="x"/><subProcess id="es" triggeredByEvent="true"><startEvent id="b"><messageEventDefinition '
    'messageRef="m"/></startEvent><endEvent id="e3"/><sequenceFlow id="f" sourceRef="b" targetRef="e3"/></subProcess>',
}


@pytest.mark.parametrize("kind", WAITING)
def test_whose_a_message_is_has_to_be_said(kind: str) -> None:
    """Camunda 7 has it in the program that sends: listed at what waits, and refused by `check` until it is said."""
    found = made('<message id="m" name="paid-${year}"/>', around(WAITING[kind]))
    waits = "x" if kind in ("intermediateCatchEvent", "receiveTask") else "b"
    assert left(found) == {(waits, "message correlation")}
    assert {problem.element_id for problem in check({"a.bpmn": found.body}) if problem.code == "correlation-key"} == {waits}
    assert b'name="=&quot;paid-&quot; + string(year)"' in found.body


def test_a_message_that_begins_an_instance_needs_no_key() -> None:
    """It is nobody's yet."""
    start = '<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent><userTask id="x"/><endEvent id="e"/>'
    found = made('<message id="m" name="new"/>', process(start, "s", "x", "e"))
    assert left(found) == set()
    assert [problem for problem in check({"a.bpmn": found.body}) if problem.severity == "error"] == []


@pytest.mark.parametrize(
    ("kind", "said", "due"),
    [
        ("timeDuration", "PT1H", timedelta(hours=1)),
        ("timeDuration", "${patience}", timedelta(days=2)),
        ("timeDate", "2026-03-05T09:00:00Z", timedelta(days=3)),
        ("timeDate", "${dateTime().plusHours(5).toDate()}", timedelta(hours=5)),
    ],
)
def test_timers_fall_due_when_they_did(kind: str, said: str, due: timedelta) -> None:
    """A date, a length, or an expression of one."""
    event = f'<intermediateCatchEvent id="x"><timerEventDefinition><{kind}>{said}</{kind}></timerEventDefinition></intermediateCatchEvent>'
    found = made(around(event))
    assert left(found) == set()
    d = driver(found).start(patience="P2D")
    assert d.waiting("timer")[0].wait["due"] == MONDAY + due


# -- jobs


@pytest.mark.parametrize(
    ("said", "kind", "listed"),
    [
        ('camunda:type="external" camunda:topic="charge"', "charge", set()),
        ('camunda:type="external" camunda:topic="${region}-charge"', "eu-charge", set()),
        ('camunda:class="com.acme.ChargeCardDelegate"', "charge-card", {("x", "class")}),
        ('camunda:delegateExpression="${chargeCard}"', "charge-card", {("x", "delegateExpression")}),
        ('camunda:expression="${bean.charge(execution)}" camunda:resultVariable="r"', "bean", {("x", "expression")}),
        ('camunda:type="mail"', "mail", {("x", "type")}),
    ],
)
def test_what_carries_a_task_out_is_a_job_type(said: str, kind: str, listed: set[tuple[str, str]]) -> None:
    """A topic is one; Java gets a proposed one and is listed. Send tasks and message events that throw do the same."""
    found = made(around(f'<serviceTask id="x" {said}/>'))
    assert left(found) == listed
    assert driver(found).start(region="eu").waiting("service")[0].wait["type"] == kind
    event = f'<intermediateThrowEvent id="x"><messageEventDefinition {said}/></intermediateThrowEvent>'
    assert driver(made(around(event))).start(region="eu").waiting("service")[0].wait["type"] == kind
    assert driver(made(around(f'<sendTask id="x" {said}/>'))).start(region="eu").waiting("service")[0].wait["type"] == kind


def test_an_external_task_without_a_topic_is_listed_and_refused() -> None:
    """Nobody could fetch it."""
    found = made(around('<serviceTask id="x" camunda:type="external"/>'))
    assert left(found) == {("x", "type")}
    assert "x" in {problem.element_id for problem in check({"a.bpmn": found.body}) if problem.severity == "error"}


@pytest.mark.parametrize(("said", "retries"), [("R5/PT10M", 5), ("R1/P1D", 1), ("PT5M,PT10M", None), ("R0/PT1M", None)])
def test_retries_are_a_number(said: str, retries: int | None) -> None:
    """How often a job is tried; lists of waits are listed."""
    retry = ext(f"<camunda:failedJobRetryTimeCycle>{said}</camunda:failedJobRetryTimeCycle>")
    found = made(around(f'<serviceTask id="x" camunda:type="external" camunda:topic="t">{retry}</serviceTask>'))
    assert left(found) == (set() if retries else {("x", "failedJobRetryTimeCycle")})
    assert driver(found).start().waiting("service")[0].wait["retries"] == (retries or 3)


# -- variables of an activity


def test_input_parameters_are_local_and_output_parameters_leave() -> None:
    """In order, each seeing those before it; lists, maps and scripts too; what is not put out stays in the activity."""
    mapped = (
        '<camunda:inputOutput><camunda:inputParameter name="a">${n + 1}</camunda:inputParameter>'
        '<camunda:inputParameter name="b"><camunda:script scriptFormat="juel">${a * 2}</camunda:script></camunda:inputParameter>'
        '<camunda:inputParameter name="c"><camunda:map><camunda:entry key="n">${n}</camunda:entry><camunda:entry key="xs"><camunda:list>'
        "<camunda:value>one</camunda:value><camunda:value>${a}</camunda:value></camunda:list></camunda:entry></camunda:map>"
        '</camunda:inputParameter><camunda:inputParameter name="empty"/>'
        '<camunda:outputParameter name="done">${answer + b}</camunda:outputParameter></camunda:inputOutput>'
    )
    found = made(around(f'<userTask id="x">{ext(mapped)}</userTask>'))
    assert left(found) == set()
    d = driver(found).start(n=1)
    assert d.waiting("user")[0].data == {"a": 2, "b": 4, "c": {"n": 1, "xs": ["one", 2]}, "empty": None}
    d.complete("x", answer=10, other=1)
    assert dict(d.variables) == {"n": 1, "done": 14}


@pytest.mark.parametrize("inside", [
    '<camunda:script scriptFormat="groovy">1</camunda:script>', '<camunda:script scriptFormat="juel" resource="a.juel"/>',
    "${bean.call()}", '<camunda:map><camunda:entry key="n">1</camunda:entry><camunda:entry key="m">${n}</camunda:entry></camunda:map>',
])  # fmt: skip
def test_a_parameter_that_has_no_feel_is_listed_and_not_given(inside: str) -> None:
    """Code, scripts elsewhere, and a map whose entry would see the one before it."""
    mapped = f'<camunda:inputOutput><camunda:inputParameter name="a">{inside}</camunda:inputParameter></camunda:inputOutput>'
    found = made(around(f'<userTask id="x">{ext(mapped)}</userTask>'))
    assert left(found) == {("x", "parameter a")}
    assert driver(found).start().waiting("user")[0].data == {}


def test_listeners_are_listed_wherever_they_are() -> None:
    """Of processes, flows, events, gateways, tasks and subprocesses: none goes silently."""
    listener = ext('<camunda:executionListener class="com.acme.Watch" event="start"/>')
    flow = f'<sequenceFlow id="p_s_g" sourceRef="s" targetRef="g">{listener}</sequenceFlow>'
    flow += '<sequenceFlow id="p_g_x" sourceRef="g" targetRef="x"/><sequenceFlow id="p_x_e" sourceRef="x" targetRef="e"/>'
    body = f'<startEvent id="s">{listener}</startEvent><exclusiveGateway id="g">{listener}</exclusiveGateway>'
    body += f'<task id="x">{listener}</task><endEvent id="e">{listener}</endEvent>'
    found = made(f'<process id="p" isExecutable="true">{listener}{body}{flow}</process>')
    assert left(found) == {(one, "executionListener") for one in ("p", "s", "g", "x", "e", "p_s_g")}
    assert driver(found).start().state == "completed"


def test_a_comparison_with_null_takes_the_other_branch() -> None:
    """JUEL reads null as 0 in arithmetic, FEEL's `if` takes a null for no: what the page on conversion says about it."""
    task = '<scriptTask id="x" scriptFormat="juel" camunda:resultVariable="r"><script>${n + 1 &lt; 3 ? 1 : 2}</script></scriptTask>'
    found = made(around(task))
    assert [driver(found).start(n=value).variables["r"] for value in (1, 5, None)] == [1, 2, 2]

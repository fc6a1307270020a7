"""Every element is one that is executed, or is refused with a reason, and has what its type needs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from amends.engine.definitions import read_diagram
from amends.engine.execution import Fault, compile_process

TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
CONDITION = "<conditionalEventDefinition><condition>=x</condition></conditionalEventDefinition>"
INSIDE = '<startEvent id="i"/><endEvent id="j"/><sequenceFlow id="k" sourceRef="i" targetRef="j"/>'
MESSAGE = '<message id="m" name="Hello"/><message id="nameless"/>'

ELEMENTS: dict[str, tuple[str, str]] = {
    '<complexGateway id="t"/>': ("refused", "t"),
    '<adHocSubProcess id="t"><task id="u"/></adHocSubProcess>': ("refused", "t"),
    f'<transaction id="t"><standardLoopCharacteristics/>{INSIDE}</transaction>': ("refused", "t"),
    '<task id="t" isForCompensation="true"/>': ("compensation-flow", "t"),
    '<receiveTask id="t" messageRef="m" instantiate="true"/>': ("event-misplaced", "t"),
    '<eventBasedGateway id="t" instantiate="true"/>': ("refused", "t"),
    '<intermediateThrowEvent id="t"><compensateEventDefinition activityRef="gone"/></intermediateThrowEvent>': (
        "compensation-activity",
        "t",
    ),
    f'<intermediateCatchEvent id="t">{CONDITION.replace("=x", "")}</intermediateCatchEvent>': ("condition-missing", "t"),
    f'<intermediateCatchEvent id="t">{CONDITION.replace("=x", "=x >")}</intermediateCatchEvent>': ("feel-syntax", "t"),
    '<intermediateCatchEvent id="t"><signalEventDefinition/><errorEventDefinition/></intermediateCatchEvent>': ("refused", "t"),
    f'<intermediateCatchEvent id="t" parallelMultiple="true"><signalEventDefinition/>{TIMER}</intermediateCatchEvent>': ("refused", "t"),
    '<intermediateThrowEvent id="t"><signalEventDefinition/><signalEventDefinition/></intermediateThrowEvent>': ("refused", "t"),
    '<intermediateCatchEvent id="t"><errorEventDefinition/></intermediateCatchEvent>': ("event-misplaced", "t"),
    '<intermediateThrowEvent id="t"><terminateEventDefinition/></intermediateThrowEvent>': ("event-misplaced", "t"),
    '<serviceTask id="t"/>': ("no-task-type", "t"),
    '<sendTask id="t"/>': ("no-task-type", "t"),
    '<businessRuleTask id="t"/>': ("no-decision", "t"),
    '<scriptTask id="t"><script>print(1)</script></scriptTask>': ("no-script", "t"),
    '<callActivity id="t"/>': ("no-called-process", "t"),
    '<receiveTask id="t"/>': ("message-name", "t"),
    '<receiveTask id="t" messageRef="gone"/>': ("missing-reference", "t"),
    '<receiveTask id="t" messageRef="nameless"/>': ("message-name", "t"),
    '<receiveTask id="t" messageRef="m"/>': ("correlation-key", "t"),
    '<intermediateThrowEvent id="t"><signalEventDefinition/></intermediateThrowEvent>': ("signal-name", "t"),
    '<intermediateThrowEvent id="t"><escalationEventDefinition/></intermediateThrowEvent>': ("escalation-code", "t"),
    '<intermediateCatchEvent id="t"><timerEventDefinition/></intermediateCatchEvent>': ("timer-missing", "t"),
    '<intermediateThrowEvent id="t"><linkEventDefinition name="x"/></intermediateThrowEvent>': ("link", "t"),
    '<task id="t"><multiInstanceLoopCharacteristics/></task>': ("loop-collection", "t"),
    '<exclusiveGateway id="t" default="s-t"/>': ("default-flow", "t"),
}


@pytest.mark.parametrize(("element", "problem"), ELEMENTS.items())
def test_each_fault_of_an_element_is_found(found: Any, build: Any, element: str, problem: tuple[str, str]) -> None:
    """An element that is not executed or lacks something is an error at that element."""
    problems = found(build.draw(build.around(element), MESSAGE))
    assert problem in {(p.code, p.element_id) for p in problems if p.severity == "error"}
    assert all(p.element_id and p.message.endswith(".") and p.help for p in problems)


RIGHT = {
    "task": '<task id="t"/>',
    "manual task": '<manualTask id="t"/>',
    "user task": '<userTask id="t"/>',
    "service task": '<serviceTask id="t"><extensionElements><zeebe:taskDefinition type="x"/></extensionElements></serviceTask>',
    "script task": (
        '<scriptTask id="t"><extensionElements><zeebe:script expression="=1+1" resultVariable="r"/></extensionElements></scriptTask>'
    ),
    "send task with a message": '<sendTask id="t" messageRef="m"/>',
    "throwing a message": '<intermediateThrowEvent id="t"><messageEventDefinition messageRef="m"/></intermediateThrowEvent>',
    "timer": f'<intermediateCatchEvent id="t">{TIMER}</intermediateCatchEvent>',
    "parallel gateway": '<parallelGateway id="t"/>',
    "inclusive gateway": '<inclusiveGateway id="t"/>',
    "subprocess": f'<subProcess id="t">{INSIDE}</subProcess>',
    "standard loop": '<userTask id="t"><standardLoopCharacteristics loopMaximum="3"/></userTask>',
}


@pytest.mark.parametrize("element", RIGHT.values(), ids=RIGHT)
def test_what_is_executed_is_not_refused(found: Any, build: Any, element: str) -> None:
    """What is executed has no problem."""
    assert found(build.draw(build.around(element), MESSAGE)) == []


ENDS = {
    "<errorEventDefinition/>": "error-code",
    '<errorEventDefinition errorRef="gone"/>': "missing-reference",
    '<errorEventDefinition errorRef="codeless"/>': "error-code",
    "<cancelEventDefinition/>": "event-misplaced",
    "<timerEventDefinition/>": "event-misplaced",
}


@pytest.mark.parametrize(("definition", "code"), ENDS.items())
def test_end_events(found: Any, build: Any, definition: str, code: str) -> None:
    """An end event throws something that has a code, and nothing that BPMN does not let it throw."""
    content = f'<startEvent id="s"/><endEvent id="e">{definition}</endEvent>{build.flow("s", "e")}'
    assert (code, "e") in {(p.code, p.element_id) for p in found(build.draw(content, '<error id="codeless" name="x"/>'))}


def test_an_error_without_a_code_that_is_caught_is_a_warning(found: Any, build: Any) -> None:
    """It catches every error, as Camunda 8 has it; whoever forgot the code is told."""
    border = '<task id="t"/><boundaryEvent id="b" attachedToRef="t"><errorEventDefinition errorRef="codeless"/></boundaryEvent>'
    drawn = build.draw(build.around(border) + build.flow("b", "e"), '<error id="codeless" name="x"/>')
    assert [(one.code, one.severity, one.element_id) for one in found(drawn)] == [("error-code", "warning", "b")]


STARTS = {
    "<errorEventDefinition/>": "event-misplaced",
    "<messageEventDefinition/>": "message-name",
    "<timerEventDefinition/>": "timer-missing",
    CONDITION.replace("=x", "=true"): "refused",
}


@pytest.mark.parametrize(("definition", "code"), STARTS.items())
def test_start_events(found: Any, build: Any, definition: str, code: str) -> None:
    """A process begins by hand, message, signal or time; by a condition it does not, and that is said."""
    content = f'<startEvent id="s">{definition}</startEvent><endEvent id="e"/>{build.flow("s", "e")}'
    assert [(p.code, p.element_id) for p in found(build.draw(content))] == [(code, "s")]


def test_the_time_of_a_start_event_reads_no_variables(found: Any, build: Any) -> None:
    """It is worked out when the package is deployed; settings are there then, and functions."""
    draw = '<startEvent id="s"><timerEventDefinition><timeDate>={}</timeDate></timerEventDefinition></startEvent><endEvent id="e"/>'
    for text, codes in (("now() + @&quot;P1D&quot;", set()), ("begin + @&quot;P1D&quot;", {("timer-literal", "s")})):
        problems = found(build.draw(draw.format(text) + build.flow("s", "e")))
        assert {(p.code, p.element_id) for p in problems if p.severity == "error"} == codes


def test_a_message_start_needs_no_key_but_only_one_start(found: Any, build: Any) -> None:
    """Two starts with one message are an error; one needs no correlation key."""
    start = '<startEvent id="{0}"><messageEventDefinition messageRef="m"/></startEvent>'
    end = '<endEvent id="e"/>'
    assert found(build.draw(start.format("s") + end + build.flow("s", "e"), MESSAGE)) == []
    both = start.format("s") + start.format("r") + end + build.flow("s", "e") + build.flow("r", "e")
    assert [(p.code, p.element_id) for p in found(build.draw(both, MESSAGE))] == [("message-start-twice", "r")]


BOUNDARIES = {
    f'<boundaryEvent id="b">{TIMER}</boundaryEvent>': "boundary-unattached",
    f'<boundaryEvent id="b" attachedToRef="gone">{TIMER}</boundaryEvent>': "boundary-unattached",
    f'<boundaryEvent id="b" attachedToRef="s">{TIMER}</boundaryEvent>': "boundary-unattached",
    '<boundaryEvent id="b" attachedToRef="t" cancelActivity="false"><errorEventDefinition/></boundaryEvent>': "event-misplaced",
    '<boundaryEvent id="b" attachedToRef="t"><cancelEventDefinition/></boundaryEvent>': "event-misplaced",
    '<boundaryEvent id="b" attachedToRef="t"><compensateEventDefinition/></boundaryEvent>': "compensation-flow",
    '<boundaryEvent id="b" attachedToRef="t"><timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition></boundaryEvent>': (
        "timer-kind"
    ),
}


@pytest.mark.parametrize(("event", "code"), BOUNDARIES.items())
def test_boundary_events(found: Any, build: Any, event: str, code: str) -> None:
    """A boundary event is on an activity, and an error always interrupts."""
    problems = found(build.draw(build.around('<userTask id="t"/>') + event + '<endEvent id="f"/>' + build.flow("b", "f")))
    assert (code, "b") in {(p.code, p.element_id) for p in problems}


def test_choices_need_conditions(found: Any, build: Any) -> None:
    """Of several flows of an exclusive or inclusive gateway, each has a condition or is the default."""
    for kind in ("exclusiveGateway", "inclusiveGateway"):
        content = build.around(f'<{kind} id="t"/>') + '<endEvent id="f"/>' + build.flow("t", "f", "=true")
        assert [(p.code, p.element_id) for p in found(build.draw(content))] == [("unconditional-flow", "t-e")]
        said = found(build.draw(content.replace(f"<{kind} ", f'<{kind} default="t-e" ')))
        assert [(p.code, p.element_id) for p in said] == ([("never-true", "t-e")] if kind == "exclusiveGateway" else [])


def test_conditions_that_nobody_reads(found: Any, build: Any) -> None:
    """The condition of a default flow, or of one that leaves a parallel gateway, is a warning."""
    content = build.around('<parallelGateway id="t"/>') + '<endEvent id="f"/>' + build.flow("t", "f", "=true")
    assert [(p.code, p.severity) for p in found(build.draw(content))] == [("condition-ignored", "warning")]


def test_event_based_gateways_lead_to_what_waits(found: Any, build: Any) -> None:
    """Behind an event-based gateway there are catch events and receive tasks, each reached from it alone."""
    catch = f'<intermediateCatchEvent id="{{0}}">{TIMER}</intermediateCatchEvent><endEvent id="end-{{0}}"/>'
    flows = build.path("s", "g") + build.path("g", "a", "end-a") + build.path("g", "b", "end-b")
    base = '<startEvent id="s"/><eventBasedGateway id="g"/>' + flows
    assert found(build.draw(base + catch.format("a") + catch.format("b"))) == []
    wrong = base + catch.format("a") + '<userTask id="b"/><endEvent id="end-b"/>'
    assert [(p.code, p.element_id) for p in found(build.draw(wrong))] == [("event-gateway", "g")]


HANDLER = (
    '<boundaryEvent id="b" attachedToRef="t"><compensateEventDefinition/></boundaryEvent><task id="h" isForCompensation="true"/>'
    '<association id="as" sourceRef="b" targetRef="h"/>'
)
CANCELS = '<startEvent id="i"/><endEvent id="c"><cancelEventDefinition/></endEvent><sequenceFlow id="k" sourceRef="i" targetRef="c"/>'
LEFT = '<boundaryEvent id="b" attachedToRef="t"><cancelEventDefinition/></boundaryEvent><endEvent id="f"/>'
UNDOES = (
    '<subProcess id="h" triggeredByEvent="true"><startEvent id="hs"><compensateEventDefinition/></startEvent><endEvent id="he"/>'
    '<sequenceFlow id="hf" sourceRef="hs" targetRef="he"/></subProcess>'
)


def test_what_undoes_is_connected_with_what_it_undoes(found: Any, build: Any) -> None:
    """A handler by an association from its boundary event; a transaction left by its cancel boundary event (10.7)."""

    def errors(content: str) -> list[tuple[str, str]]:
        return [(p.code, p.element_id) for p in found(build.draw(content)) if p.severity == "error"]

    around = build.around('<task id="t"/>')
    assert found(build.draw(around + HANDLER)) == []
    apart = HANDLER.replace('targetRef="h"', 'targetRef="t"')
    assert errors(around + apart) == [("compensation-handler", "b"), ("compensation-handler", "h")]
    left = LEFT + build.flow("b", "f")
    assert found(build.draw(build.around(f'<transaction id="t">{CANCELS}</transaction>') + left)) == []
    assert errors(build.around(f'<transaction id="t">{CANCELS}</transaction>')) == [("no-cancel-boundary", "c")]
    assert errors(build.around(f'<subProcess id="t">{CANCELS}</subProcess>')) == [("event-misplaced", "c")]
    assert found(build.draw(build.around(f'<subProcess id="t">{INSIDE}{UNDOES}</subProcess>'))) == []
    assert errors(around + UNDOES) == [("refused", "hs")]


@pytest.mark.parametrize(
    "drawn",
    [
        '<userTask id="t" startQuantity="2"/>',
        '<userTask id="t" completionQuantity="3"/>',
        '<userTask id="t"><multiInstanceLoopCharacteristics behavior="None"><extensionElements><zeebe:loopCharacteristics '
        'inputCollection="=[1]"/></extensionElements></multiInstanceLoopCharacteristics></userTask>',
        '<adHocSubProcess id="t" ordering="Sequential"><extensionElements><zeebe:adHoc activeElementsCollection="=[&quot;a&quot;]"/>'
        '</extensionElements><task id="a"/></adHocSubProcess>',
    ],
)
def test_what_an_attribute_changes_and_nobody_does_is_refused(found: Any, build: Any, drawn: str) -> None:
    """Tokens that are counted, events that instances throw, elements in turn: by whoever checks, and by what compiles without a check."""
    body = build.draw(build.around(drawn))
    assert [(one.code, one.severity) for one in found(body) if one.element_id == "t"] == [("refused", "error")]
    with pytest.raises(Fault, match="t "):
        compile_process(read_diagram(body, "a.bpmn").processes[0])
    for usual in ('startQuantity="1"', 'completionQuantity="1"', 'behavior="All"', 'ordering="Parallel"'):
        name = usual.partition("=")[0]
        same = build.draw(build.around(re.sub(f'{name}="[^"]*"', usual, drawn)))
        if same != body:
            assert [one for one in found(same) if one.element_id == "t" and one.severity == "error"] == []


def test_a_task_type_is_read_where_something_is_done(found: Any, build: Any) -> None:
    """At a manual task, a user task, a subprocess or an event that throws nothing, nobody would do it: that is said."""
    job = '<extensionElements><zeebe:taskDefinition type="x"/></extensionElements>'
    for drawn in (
        f'<manualTask id="t">{job}</manualTask>', f'<task id="t">{job}</task>', f'<userTask id="t">{job}</userTask>',
        f'<intermediateThrowEvent id="t">{job}</intermediateThrowEvent>', f'<callActivity id="t" calledElement="p">{job}</callActivity>',
    ):  # fmt: skip
        said = [(one.code, one.severity) for one in found(build.draw(build.around(drawn))) if one.element_id == "t"]
        assert ("unknown-extension", "warning") in said, drawn


def test_a_condition_in_another_language_is_refused(found: Any, build: Any) -> None:
    """What says that it is no FEEL is not read as FEEL; the mark of an expression, or the name of the language, says that it is."""
    for language, text, codes in (
        ("http://groovy.codehaus.org/", "x == 1", ["not-feel"]), ("groovy", "=x = 1", []), ("feel", "x = 1", []),
        ("https://www.omg.org/spec/DMN/20230324/FEEL/", "x = 1", []),
    ):  # fmt: skip
        content = build.around('<exclusiveGateway id="t" default="t-e"/>') + '<endEvent id="f"/>' + build.flow("t", "f", text)
        content = content.replace("<conditionExpression", f'<conditionExpression language="{language}"')
        assert [one.code for one in found(build.draw(content)) if one.severity == "error"] == codes, (language, text)


@pytest.mark.parametrize("kind", ["error", "escalation"])
def test_a_code_is_computed_where_it_is_thrown_only(found: Any, build: Any, kind: str) -> None:
    """What catches is looked up by its code as it is written; a code that is computed would catch nothing, in silence."""
    declared = f'<{kind} id="k" name="k" {kind}Code="=code"/>'
    event = f'<{kind}EventDefinition {kind}Ref="k"/>'
    inside = f'<startEvent id="i"/><endEvent id="j">{event}</endEvent>{build.path("i", "j")}'
    for border, codes in ((event, [f"{kind}-code"]), (f"<{kind}EventDefinition/>", [])):
        drawn = build.around(f'<subProcess id="t">{inside}</subProcess>') + '<endEvent id="f"/>' + build.path("b", "f")
        drawn += f'<boundaryEvent id="b" attachedToRef="t">{border}</boundaryEvent>'
        assert [one.code for one in found(build.draw(drawn, declared)) if one.severity == "error"] == codes


def sub(name: str, start: str) -> str:
    inside = f'<startEvent id="s{name}">{start}</startEvent><endEvent id="e{name}"/>'
    return (
        f'<subProcess id="{name}" triggeredByEvent="true">{inside}'
        f'<sequenceFlow id="f{name}" sourceRef="s{name}" targetRef="e{name}"/></subProcess>'
    )


CATCHES = {
    "one message": ('<messageEventDefinition messageRef="m"/>',) * 2,
    "one message, by another of its name": ('<messageEventDefinition messageRef="m"/>', '<messageEventDefinition messageRef="same"/>'),
    "one error": ('<errorEventDefinition errorRef="r"/>',) * 2,
    "all errors": ("<errorEventDefinition/>",) * 2,
    "one escalation": ('<escalationEventDefinition escalationRef="l"/>',) * 2,
}
BESIDE = {
    "one message by two keys": ('<messageEventDefinition messageRef="m"/>', '<messageEventDefinition messageRef="other"/>'),
    "an error and all errors": ('<errorEventDefinition errorRef="r"/>', "<errorEventDefinition/>"),
    "one signal": ('<signalEventDefinition signalRef="bell"/>',) * 2,
    "one time": ("<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>",) * 2,
}
KEY = '<extensionElements><zeebe:subscription correlationKey="{}"/></extensionElements>'
TOP = (
    f'<message id="m" name="hello">{KEY.format("=a")}</message><message id="same" name="hello">{KEY.format("=a")}</message>'
    f'<message id="other" name="hello">{KEY.format("=b")}</message><error id="r" errorCode="E"/><escalation id="l" escalationCode="L"/>'
    '<signal id="bell" name="bell"/>'
)


@pytest.mark.parametrize("name", [*CATCHES, *BESIDE])
def test_two_events_side_by_side_catch_different_things(found: Any, build: Any, name: str) -> None:
    """On one border, as event subprocesses of one scope, or behind one gateway, one of two that catch the same never happens."""
    first, second = CATCHES.get(name) or BESIDE[name]
    border = '<boundaryEvent id="{}" attachedToRef="t">{}</boundaryEvent>'
    borders = border.format("x", first) + border.format("y", second)
    host = build.around('<subProcess id="t"><startEvent id="i"/></subProcess>')
    drawings = [host + borders + build.flow("x", "e") + build.flow("y", "e"), host + sub("x", first) + sub("y", second)]
    if "message" in name or "signal" in name or "time" in name:
        catches = borders.replace("boundaryEvent", "intermediateCatchEvent").replace(' attachedToRef="t"', "")
        gateway = f'<startEvent id="s"/><eventBasedGateway id="g"/>{catches}<endEvent id="e"/>'
        drawings.append(gateway + build.path("s", "g", "x", "e") + build.path("g", "y", "e"))
    for drawing in drawings:
        said = [(p.element_id[-1], p.severity) for p in found(build.draw(drawing, TOP)) if p.code == "caught-twice"]
        assert said == ([("y", "error")] if name in CATCHES else [])


def test_a_receive_task_and_its_border_wait_for_different_messages(found: Any, build: Any) -> None:
    """Or for one by different keys; which of them has it could not be seen in the diagram."""
    key = '<extensionElements><zeebe:subscription correlationKey="={}"/></extensionElements>'
    top = "".join(f'<message id="{name}" name="{name[0]}">{key.format(name[1:])}</message>' for name in ("ax", "ay", "bx"))
    for other, codes in (("ax", ["caught-twice"]), ("ay", []), ("bx", [])):
        event = f'<boundaryEvent id="x" attachedToRef="t"><messageEventDefinition messageRef="{other}"/></boundaryEvent>'
        drawn = build.around('<receiveTask id="t" messageRef="ax"/>') + event + build.flow("x", "e")
        assert [(p.code, p.element_id) for p in found(build.draw(drawn, top)) if p.code == "caught-twice"] == [(c, "x") for c in codes]


def test_one_event_catches_nothing_twice(found: Any, build: Any) -> None:
    """Two definitions of one event that are alike are refused: by one signal, a start event would begin two instances."""
    bell = '<signalEventDefinition signalRef="bell"/>'
    different = ("one message by two keys", "an error and all errors")
    alike = [pair for name, pair in {**CATCHES, **BESIDE}.items() if name not in different]
    apart = [*(BESIDE[name] for name in different), (bell, TIMER), (TIMER, TIMER.replace("P1D", "P2D"))]
    border = '<boundaryEvent id="x" attachedToRef="t">{}</boundaryEvent>' + build.flow("x", "e")
    host = build.around('<subProcess id="t"><startEvent id="i"/></subProcess>')
    start = '<startEvent id="x">{}</startEvent><endEvent id="e"/>' + build.flow("x", "e")
    catch = build.around('<intermediateCatchEvent id="t">{}</intermediateCatchEvent>').replace('"t"', '"x"')
    for pair in [*alike, *apart]:
        caught_by = [host + border] if "rror" in pair[0] or "escalation" in pair[0] else [host + border, start, catch]
        for drawing in [one.replace("{}", "".join(pair)) for one in caught_by]:
            said = [(p.element_id, p.severity) for p in found(build.draw(drawing, TOP)) if p.code == "caught-twice"]
            keyless = drawing.startswith('<startEvent id="x"') and "other" in pair[1]  # nobody asks for the key at a start
            expected = pair in alike or keyless
            assert said == ([("x", "error")] if expected else []), (drawing, pair)


def test_a_standard_loop_ends(found: Any, build: Any) -> None:
    """By a condition that may fail, a maximum, or an event that interrupts it; otherwise it is an error, or a warning where it waits."""
    condition = "<loopCondition>=true</loopCondition>"
    cases = [
        ("task", "<standardLoopCharacteristics/>", "error"), ("userTask", "<standardLoopCharacteristics/>", "warning"),
        ("task", f"<standardLoopCharacteristics>{condition}</standardLoopCharacteristics>", "error"),
        ("task", '<standardLoopCharacteristics loopMaximum="3"/>', None),
        ("task", "<standardLoopCharacteristics><loopCondition>=n</loopCondition></standardLoopCharacteristics>", None),
    ]  # fmt: skip
    for kind, loop, severity in cases:
        said = [p.severity for p in found(build.draw(build.around(f'<{kind} id="t">{loop}</{kind}>'))) if p.code == "endless-loop"]
        assert said == ([severity] if severity else []), loop


def test_what_only_refers_for_the_eye_refers_to_what_is_there(found: Any, build: Any) -> None:
    """Associations, message flows, data objects and lanes; a task lies in one lane of those side by side."""
    lanes = '<laneSet id="z"><lane id="l" name="a"><flowNodeRef>t</flowNodeRef>{}</lane><lane id="k" name="b">{}</lane></laneSet>'
    task = build.around('<task id="t"/>')
    cases = [
        ('<association id="as" sourceRef="t" targetRef="gone"/>', ("as", "dangling-reference", "warning")),
        ('<dataObjectReference id="do" dataObjectRef="gone"/>', ("do", "dangling-reference", "warning")),
        (lanes.format("<flowNodeRef>gone</flowNodeRef>", ""), ("l", "dangling-reference", "warning")),
        (lanes.format("", "<flowNodeRef>t</flowNodeRef>"), ("t", "repeated-element", "error")),
    ]
    for drawn, expected in cases:
        said = [(p.element_id, p.code, p.severity) for p in found(build.draw(task + drawn)) if p.code != "schema"]
        assert said == [expected]
    nested = '<childLaneSet id="c"><lane id="d" name="c"><flowNodeRef>t</flowNodeRef></lane></childLaneSet>'
    assert "repeated-element" not in {p.code for p in found(build.draw(task + lanes.format(nested, "")))}
    flow = '<messageFlow id="mf" sourceRef="t" targetRef="gone"/>'
    pools = f'<collaboration id="o"><participant id="pa" processRef="p"/>{flow}</collaboration>'
    assert ("mf", "dangling-reference") in [(p.element_id, p.code) for p in found(build.draw(task, pools))]


def test_an_ad_hoc_subprocess_runs_what_is_inside_of_it(found: Any, build: Any) -> None:
    """Where its list is known, each of it is an element of it that no flow leads to."""
    for listed, wrong in (('["x"]', []), ("n", []), ('["gone"]', ["'gone'"]), ('["x", "y"]', ["'y'"]), ('"x"', ["'x'"])):
        chosen = build.extended(f'<zeebe:adHoc activeElementsCollection="={listed.replace(chr(34), "&quot;")}"/>')
        inside = f'<task id="x"/><task id="y"/>{build.flow("x", "y")}'
        problems = found(build.draw(build.around(f'<adHocSubProcess id="t">{chosen}{inside}</adHocSubProcess>')))
        said = [one.message.partition("is to run ")[2].partition(",")[0] for one in problems if one.code == "missing-element"]
        assert said == wrong


@pytest.mark.parametrize("name", ["clocks", "settings", "if", "null"])
def test_what_is_set_can_be_read(found: Any, build: Any, name: str) -> None:
    """Reserved names and words of FEEL are read as something else, whoever sets a variable of that name."""
    mapped = f'<zeebe:input source="=1" target="{name}.part"/><zeebe:output source="=1" target="{name}"/>'
    mapping = f"<zeebe:ioMapping>{mapped}</zeebe:ioMapping>"
    result = build.extended(f"<zeebe:script expression='=1' resultVariable='{name}'/>")
    script = f'<scriptTask id="t">{result}</scriptTask>'
    for element in (f'<task id="t">{build.extended(mapping)}</task>', script):
        assert [(one.code, one.severity) for one in found(build.draw(build.around(element)))] == [("mapping", "warning")]

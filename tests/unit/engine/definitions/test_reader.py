"""Reading BPMN: everything that can be read is in the model, everything that cannot is a problem, and nothing raises."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import pytest

from amends.engine.definitions import Diagram, read_diagram
from amends.engine.definitions.model import Assignment, expression, is_feel
from amends.engine.definitions.xml import MAX_BYTES


def codes(diagram: Diagram) -> list[str]:
    return [problem.code for problem in diagram.problems]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('<?xml version="1.0" encoding="UTF-16"?>'.encode("utf-16") + b"", id="UTF-16 with a mark"),
        pytest.param(b'<?xml version="1.0" encoding="ISO-8859-1"?>', id="Latin 1"),
        pytest.param(codecs.BOM_UTF8 + b'<?xml version="1.0" encoding="UTF-8"?>', id="UTF-8 with a mark"),
        pytest.param(b'<?xml version="1.0" encoding="UTF-16"?>', id="says UTF-16 and is UTF-8"),
        pytest.param(b'\n  <?xml version="1.0" encoding="UTF-8"?>', id="blanks before the declaration"),
        pytest.param(b'<?xml version="1.0" encoding="UTF-8"?>', id="says UTF-8 and is Windows-1252"),
    ],
)
def test_encodings(body: bytes, build: type, request: pytest.FixtureRequest) -> None:
    """Encodings other than UTF-8, byte-order marks and wrong labels are read."""
    text = build.draw(build.around('<task id="t" name="prüfen"/>')).decode()
    name = request.node.callspec.id
    encoding = {"UTF-16 with a mark": "utf-16-le", "Latin 1": "latin-1", "says UTF-8 and is Windows-1252": "cp1252"}.get(name, "utf-8")
    diagram = read_diagram(body + text.encode(encoding), "a.bpmn")
    assert codes(diagram) == []
    assert diagram.processes[0].elements["t"].name == "prüfen"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "xml"),
        (b"   ", "xml"),
        (b"<definitions>", "xml"),
        (b"\xff\xfe\x00\xd8", "xml"),
        (b"{}", "xml"),
        (b"<definitions/>", "not-bpmn"),
        (b'<html xmlns="http://www.w3.org/1999/xhtml"/>', "not-bpmn"),
        (b'<?xml version="1.0" encoding="klingon"?><definitions>', "xml"),
        (b'<!DOCTYPE d [<!ENTITY x "y">]><d>&x;</d>', "doctype"),
        (b'<!DOCTYPE d SYSTEM "http://example.org/d.dtd"><d/>', "doctype"),
        (b" " * (MAX_BYTES + 1), "too-large"),
    ],
)
def test_what_is_no_diagram_is_one_problem(body: bytes, code: str) -> None:
    """XML entities, external references and files over a set size are refused, and so is what is no BPMN; nothing raises."""
    diagram = read_diagram(body, "bad.bpmn")
    assert codes(diagram) == [code]
    assert diagram.problems[0].file == "bad.bpmn"
    assert diagram.problems[0].line is not None
    assert diagram.processes == []


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    """A file cannot pull in another file of the machine."""
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    body = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}">]><definitions><process name="&x;">&x;</process></definitions>'
    assert "hunter2" not in repr(read_diagram(body.encode(), "a.bpmn").problems)


def test_a_namespace_may_have_a_name_that_is_no_address(build: type) -> None:
    """Modelers make them of the names of models; the file is well-formed all the same, and what is not well-formed is still said."""
    named = build.draw("<task id='t'/>").decode().replace("<definitions ", '<definitions xmlns:own="http://A.3.0/Initial Import/P" ', 1)
    assert read_diagram(named.encode(), "a.bpmn").processes[0].elements.keys() == {"t"}
    assert [problem.code for problem in read_diagram(named.replace("</definitions>", "").encode(), "a.bpmn").problems] == ["xml"]


def test_ids_missing_and_taken(build: type) -> None:
    """An element without an id, or with one that is taken, is a problem, and still there under another id."""
    diagram = read_diagram(build.draw('<task id="t"/>\n<task id="t"/>\n<task/>'), "a.bpmn")
    assert sorted(codes(diagram)) == ["duplicate-id", "missing-id"]
    assert len(diagram.processes[0].elements) == 3
    assert {problem.line for problem in diagram.problems} == {2, 3}


def test_flows_keep_the_order_of_the_file(build: type) -> None:
    """Outgoing flows come in document order, whatever the element itself lists."""
    gateway = '<exclusiveGateway id="x"><outgoing>x-b</outgoing><outgoing>x-a</outgoing></exclusiveGateway>'
    content = f'{gateway}<task id="a"/><task id="b"/>{build.flow("x", "a")}{build.flow("x", "b")}'
    process = read_diagram(build.draw(content), "a.bpmn").processes[0]
    assert process.elements["x"].outgoing == ("x-a", "x-b")
    assert process.elements["x"].declared_outgoing == ("x-b", "x-a")
    assert [flow.target for flow in process.outgoing("x")] == ["a", "b"]
    assert [flow.source for flow in process.incoming("b")] == ["x"]


def test_zeebe_extensions(build: type) -> None:
    """All of the dialect that bears on execution is in the model; what is unknown is kept as data."""
    extensions = """<zeebe:userTask/><zeebe:assignmentDefinition assignee="=a" candidateGroups="g, h" candidateUsers="u"/>
        <zeebe:taskSchedule dueDate="=d" followUpDate="=f"/><zeebe:priorityDefinition priority="7"/>
        <zeebe:formDefinition formId="form" bindingType="versionTag" versionTag="v1"/>
        <zeebe:taskDefinition type="send" retries="5"/><zeebe:taskHeaders><zeebe:header key="k" value="v"/></zeebe:taskHeaders>
        <zeebe:ioMapping><zeebe:input source="=x" target="y"/><zeebe:output source="=p" target="q"/></zeebe:ioMapping>
        <zeebe:calledDecision decisionId="dec" resultVariable="r"/>
        <zeebe:calledElement processId="sub" propagateAllChildVariables="false"/>
        <zeebe:properties><zeebe:property name="stage" value="assess"/></zeebe:properties>
        <zeebe:executionListeners><zeebe:executionListener eventType="start" type="log" retries="2"/></zeebe:executionListeners>
        <other:thing xmlns:other="urn:other" a="1">text<other:part/></other:thing>"""
    content = f'<userTask id="t" zeebe:modelerTemplate="tpl">{build.extended(extensions)}</userTask>'
    ext = read_diagram(build.draw(content), "a.bpmn").processes[0].elements["t"].ext
    assert (ext.user_task, ext.assignee, ext.candidate_groups, ext.candidate_users) == (True, "=a", "g, h", "u")
    assert (ext.due_date, ext.follow_up_date, ext.priority, ext.form_id) == ("=d", "=f", "7", "form")
    assert (ext.task_type, ext.retries, dict(ext.headers)) == ("send", "5", {"k": "v"})
    assert ext.inputs == (Assignment("=x", "y", 5),)
    assert ext.outputs == (Assignment("=p", "q", 5),)
    assert (ext.called_decision, ext.result_variable, ext.called_process) == ("dec", "r", "sub")
    assert (ext.propagate_all_child, ext.propagate_all_parent) == (False, True)
    assert (dict(ext.bindings), dict(ext.version_tags)) == ({"form": "versionTag"}, {"form": "v1"})
    assert (dict(ext.properties), ext.template) == ({"stage": "assess"}, "tpl")
    assert [(entry.event, entry.type, entry.retries) for entry in ext.execution_listeners] == [("start", "log", "2")]
    assert [(entry.name, entry.text, len(entry.children)) for entry in ext.other] == [("{urn:other}thing", "text", 1)]


def test_events_know_what_they_refer_to(build: type) -> None:
    """Names, codes and keys are looked up; references may carry a prefix that the file declares."""
    subscription = build.extended('<zeebe:subscription correlationKey="=key"/>')
    top = (
        f'<message id="m" name="Hello">{subscription}</message>'
        '<signal id="g" name="Bell"/><error id="r" name="Broken" errorCode="E1"/><escalation id="l" escalationCode="L1"/>'
        '<timerEventDefinition id="shared"><timeDuration>P1D</timeDuration></timerEventDefinition>'
    )
    content = """<receiveTask id="receive" messageRef="m"/>
        <intermediateCatchEvent id="signal"><signalEventDefinition signalRef="t:g" xmlns:t="urn:t"/></intermediateCatchEvent>
        <endEvent id="error"><errorEventDefinition errorRef="r"/></endEvent>
        <boundaryEvent id="escalation" attachedToRef="receive" cancelActivity="false">
        <escalationEventDefinition escalationRef="l"/></boundaryEvent>
        <intermediateCatchEvent id="timer"><eventDefinitionRef>shared</eventDefinitionRef></intermediateCatchEvent>
        <intermediateThrowEvent id="link"><linkEventDefinition name="there"/></intermediateThrowEvent>
        <startEvent id="none"/>
        <startEvent id="both" parallelMultiple="true"><signalEventDefinition signalRef="g"/><timerEventDefinition/></startEvent>"""
    diagram = read_diagram(build.draw(content, top), "a.bpmn")
    process = diagram.processes[0]
    events = {element.id: element.event for element in process.elements.values()}
    assert (events["receive"].ref_name, events["receive"].correlation_key) == ("Hello", "=key")
    assert (events["signal"].kind, events["signal"].ref_name) == ("signal", "Bell")
    assert (events["error"].kind, events["error"].code) == ("error", "E1")
    assert (events["escalation"].code, process.elements["escalation"].interrupting) == ("L1", False)
    assert (events["timer"].timer_kind, events["timer"].text) == ("duration", "P1D")
    assert events["link"].link_name == "there"
    assert events["none"].kind == "none"
    assert (events["both"].kind, events["both"].parallel, [part.kind for part in events["both"].parts]) == (
        "multiple",
        True,
        ["signal", "timer"],
    )
    assert [event.id for event in process.none_starts] == ["none"]
    assert [event.id for event in process.event_starts] == ["both"]
    assert [event.id for event in process.boundaries("receive")] == ["escalation"]


def test_scopes_nest(build: type) -> None:
    """A subprocess holds its own elements and flows; all of them can be walked from the process."""
    inner = f'<startEvent id="i"/><endEvent id="o"/>{build.flow("i", "o")}'
    start = '<startEvent id="es" isInterrupting="false"><timerEventDefinition/></startEvent>'
    event = f'<subProcess id="ev" triggeredByEvent="true">{start}</subProcess>'
    content = f'<subProcess id="sub">{inner}{event}</subProcess><task id="lonely"/>'
    process = read_diagram(build.draw(content), "a.bpmn").processes[0]
    sub = process.elements["sub"]
    assert sub.scope is not None
    assert (sub.scope.id, sub.scope.parent_id) == ("sub", "p")
    assert [element.id for element in sub.scope.event_subprocesses] == ["ev"]
    assert {element.id for element in process.all_elements()} == {"sub", "i", "o", "ev", "es", "lonely"}
    assert [flow.id for flow in process.all_flows()] == ["i-o"]
    assert [element.id for element in process.implicit_starts] == ["sub", "lonely"]
    assert sub.scope.event_subprocesses[0].scope.start_events[0].interrupting is False


def test_loops(build: type) -> None:
    """Multi-instance and standard loops say how often and over what."""
    characteristics = '<zeebe:loopCharacteristics inputCollection="=xs" inputElement="x" outputCollection="ys" outputElement="=y"/>'
    content = f"""<task id="m"><multiInstanceLoopCharacteristics isSequential="true">{build.extended(characteristics)}
        <completionCondition>=done</completionCondition></multiInstanceLoopCharacteristics></task>
        <task id="s"><standardLoopCharacteristics testBefore="true" loopMaximum="3"><loopCondition>=more</loopCondition>
        </standardLoopCharacteristics></task><task id="n"><multiInstanceLoopCharacteristics><loopCardinality>4</loopCardinality>
        </multiInstanceLoopCharacteristics></task>"""
    elements = read_diagram(build.draw(content), "a.bpmn").processes[0].elements
    m, s, n = (elements[name].loop for name in "msn")
    assert m and s and n
    assert (m.kind, m.input_collection, m.input_element, m.output_collection, m.output_element) == ("sequential", "=xs", "x", "ys", "=y")
    assert m.completion_condition == "=done"
    assert (s.kind, s.condition, s.maximum, s.test_before) == ("standard", "=more", "3", True)
    assert (n.kind, n.cardinality) == ("parallel", "4")


def test_lanes_reach_into_subprocesses(build: type) -> None:
    """An element has its innermost lane; inside a subprocess that lists none, the subprocess's."""
    lanes = (
        '<laneSet><lane id="l1" name="Outer"><flowNodeRef>sub</flowNodeRef><flowNodeRef>t</flowNodeRef><childLaneSet>'
        '<lane id="l2" name="Inner"><flowNodeRef>t</flowNodeRef></lane></childLaneSet></lane></laneSet>'
    )
    content = f'{lanes}<task id="t"/><subProcess id="sub"><task id="u"/></subProcess>'
    process = read_diagram(build.draw(content), "a.bpmn").processes[0]
    assert {element.id: element.lane for element in process.all_elements()} == {"t": "Inner", "sub": "Outer", "u": "Outer"}
    assert [(lane.name, lane.depth) for lane in process.lanes] == [("Outer", 0), ("Inner", 1)]


def test_documentation_is_kept(build: type) -> None:
    """What is drawn and not executed stays as documentation: pools, data objects, annotations, associations."""
    top = '<collaboration id="c"><participant id="pool" name="Us" processRef="p"/></collaboration>'
    content = """<documentation>Why</documentation><task id="t"><documentation>How</documentation></task>
        <dataObjectReference id="d" name="File"/><textAnnotation id="a"><text>Note</text></textAnnotation>
        <association id="as" sourceRef="t" targetRef="a"/>"""
    diagram = read_diagram(build.draw(content, top), "a.bpmn")
    process = diagram.processes[0]
    assert (process.documentation, process.elements["t"].documentation) == ("Why", "How")
    assert [(part.type, part.name, part.text) for part in process.artifacts] == [
        ("dataObjectReference", "File", ""),
        ("textAnnotation", "", "Note"),
        ("association", "", ""),
    ]
    assert [(pool.name, pool.process_id) for pool in diagram.participants] == [("Us", "p")]
    assert set(diagram.shapes) == {"t"}


def test_what_is_feel() -> None:
    """A text that begins with = is FEEL; conditions lose their = where it is there."""
    assert is_feel(" = x") and not is_feel("x") and not is_feel(None)
    assert (expression("= x > 1"), expression("x > 1")) == ("x > 1", "x > 1")


def test_what_breaks_the_schema_is_said_once(found: Any, build: Any) -> None:
    """By line and element, as a warning, unless something better is said of that line; information for a picture."""
    whole = build.around('<task id="t"/>')
    assert found(build.draw(whole)) == []
    for broken, what in (
        (whole.replace('<task id="t"/>', '<task id="t" colour="red"/>'), "colour"),
        (whole.replace('<task id="t"/>', '<task id="t"/><usertask id="u"/>'), "usertask"),
        (whole.replace('<task id="t"/>', '<task id="t" startQuantity="many"/>'), "many"),
    ):
        (problem,) = found(build.draw(broken))
        assert (problem.code, problem.severity, problem.line) == ("schema", "warning", 1) and what in problem.message
        assert "{http" not in problem.message
        assert ("schema", "info") in [(each.code, each.severity) for each in found(build.draw(broken, executable=False))]

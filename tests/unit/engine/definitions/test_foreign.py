"""What other modelers write is read as they meant it, or refused; what another engine would do is said to be unread."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from amends.engine.definitions import read_diagram
from amends.engine.execution import compile_process

CAMUNDA = 'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
ACTIVITI = 'xmlns:activiti="http://activiti.org/bpmn"'


def codes(problems: Any) -> list[tuple[str, str, str]]:
    return [(problem.element_id, problem.code, problem.severity) for problem in problems if problem.code != "schema"]


def test_a_condition_that_a_tool_wrote_for_none_is_none(found: Any, build: Any) -> None:
    """`_undefined` is no variable: at a choice a condition is missing, elsewhere the flow is simply taken."""
    split = '<startEvent id="s"/><exclusiveGateway id="x"/><endEvent id="a"/><endEvent id="b"/>'
    two = build.flow("x", "a", "=amount > 1") + build.flow("x", "b", "_undefined")
    assert ("x-b", "unconditional-flow", "error") in codes(found(build.draw(split + build.flow("s", "x") + two)))
    one = f'<startEvent id="s"/><task id="t"/><endEvent id="e"/>{build.flow("s", "t", "_undefined")}{build.flow("t", "e", "_undefined")}'
    assert found(build.draw(one)) == []
    assert [flow.condition for flow in read_diagram(build.draw(one), "x").processes[0].flows.values()] == [None, None]


def test_what_documents_a_condition_is_no_part_of_it(build: Any) -> None:
    """Documentation and extensions within an expression are not read as FEEL."""
    inside = "<documentation>Why</documentation><extensionElements><z xmlns='v'>z</z></extensionElements>=amount &gt; 1"
    split = f'<startEvent id="s"/><endEvent id="e"/>{build.flow("s", "e", inside)}'
    assert [flow.condition for flow in read_diagram(build.draw(split), "x").processes[0].flows.values()] == ["=amount > 1"]


@pytest.mark.parametrize("kind", ["exclusiveGateway", "parallelGateway", "task"])
def test_a_condition_that_decides_nothing_need_not_be_feel(found: Any, build: Any, kind: str) -> None:
    """Some tools write one at the default flow too: it is not read, so that its language keeps nothing from running."""
    chooses = kind != "parallelGateway"
    default = 'default="x-b"' if chooses else ""
    ways = build.flow("x", "a", "=amount > 1" if chooses else None) + build.flow("x", "b", "bpmn:getDataObject('approved')")
    ends = '<endEvent id="a"/><endEvent id="b"/>'
    body = build.draw(f'<startEvent id="s"/><{kind} id="x" {default}/>{ends}{build.flow("s", "x")}{ways}')
    assert ("x-b", "condition-ignored", "warning") in codes(found(body))
    assert {severity for where, _, severity in codes(found(body)) if where == "x-b"} == {"warning"}
    compile_process(read_diagram(body, "x").processes[0])


def test_who_writes_juel_is_told_of_the_translation(found: Any, build: Any) -> None:
    """`${…}` is no slip of the hand."""
    split = f'<startEvent id="s"/><task id="t"/><endEvent id="e"/>{build.flow("s", "t", "${approved}")}{build.flow("t", "e")}'
    [problem] = [one for one in found(build.draw(split)) if one.code == "feel-syntax"]
    assert "amends convert" in problem.help


EVENTS = {
    "refers to nothing": ("<eventDefinitionRef>gone</eventDefinitionRef>", "", ["event-unknown"]),
    "refers to no event definition": ("<eventDefinitionRef>m</eventDefinitionRef>", '<message id="m" name="m"/>', ["event-unknown"]),
    "a vendor's": ('<v:loudEventDefinition xmlns:v="urn:vendor"/>', "", ["event-unknown"]),
    "one that is there": (
        "<eventDefinitionRef>d</eventDefinitionRef>", '<signal id="g" name="g"/><signalEventDefinition id="d" signalRef="g"/>', [],
    ),
    "one inside of it, and named": (
        '<messageEventDefinition id="d" messageRef="m"/><eventDefinitionRef>d</eventDefinitionRef>', '<message id="m" name="m"/>', [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_whose_trigger_is_not_known_is_no_event_without_one(found: Any, build: Any, name: str) -> None:
    """A process would begin without being triggered; so it is refused."""
    definition, top, expected = EVENTS[name]
    started = f'<startEvent id="t">{definition}</startEvent><endEvent id="e"/>{build.flow("t", "e")}'
    problems = found(build.draw(started, top))
    assert [code for _, code, severity in codes(problems) if severity == "error"] == expected


def test_a_pool_that_is_not_executed_may_have_any_event(found: Any, build: Any) -> None:
    """Beside a process that runs, it is documentation; what its events are is information."""
    for trigger in ('<v:fooEventDefinition xmlns:v="urn:v"/>', "<eventDefinitionRef>gone</eventDefinitionRef>"):
        pool = f'<process id="q"><startEvent id="qs">{trigger}</startEvent><endEvent id="qe"/>{build.flow("qs", "qe")}</process>'
        problems = found(build.draw(build.around('<task id="t"/>'), pool))
        assert [severity for where, code, severity in codes(problems) if code == "event-unknown"] == ["info"]
        assert [severity for _, _, severity in codes(problems) if severity == "error"] == []


def test_what_undoes_may_be_joined_in_the_collaboration(found: Any, build: Any) -> None:
    """An association between two elements counts wherever it stands in the file."""
    boundary = '<boundaryEvent id="b" attachedToRef="t"><compensateEventDefinition/></boundaryEvent><task id="u" isForCompensation="true"/>'
    joined = '<association id="n" sourceRef="b" targetRef="u"/>'
    pools = '<collaboration id="c"><participant id="pa" processRef="p"/>{}</collaboration>'
    for inside, top in ((joined, ""), ("", pools.format(joined))):
        assert [code for _, code, _ in codes(found(build.draw(build.around(f'<task id="t"/>{boundary}{inside}'), top)))] == []
    apart = found(build.draw(build.around(f'<task id="t"/>{boundary}'), pools.format("")))
    assert "compensation-handler" in {code for _, code, _ in codes(apart)}


def test_what_undoes_may_be_joined_twice_and_its_own_process_says_how(found: Any, build: Any) -> None:
    """The same association a second time means nothing more; where a process joins them itself, nothing elsewhere adds to it."""
    boundary = '<boundaryEvent id="b" attachedToRef="t"><compensateEventDefinition/></boundaryEvent><task id="u" isForCompensation="true"/>'
    join = '<association id="n{}" sourceRef="{}" targetRef="{}"/>'.format
    pools = '<collaboration id="c"><participant id="pa" processRef="p"/>{}</collaboration>'.format
    for inside, top in (
        (join(1, "b", "u"), pools(join(2, "b", "u"))),
        ("", pools(join(1, "b", "u") + join(2, "u", "b"))),
        (join(1, "b", "u") + join(2, "b", "u"), ""),
    ):
        body = build.draw(build.around(f'<task id="t"/>{boundary}{inside}'), top)
        assert codes(found(body)) == []
        compile_process(read_diagram(body, "x").processes[0], deployed=True)
    other = '<task id="w" isForCompensation="true"/>'
    inside = f'<task id="t"/>{boundary}{other}{join(1, "b", "u")}'
    body = build.draw(build.around(inside), pools(join(2, "b", "w")))
    process = read_diagram(body, "x").processes[0]
    assert [element.id for element in process.compensated_by("b")] == ["u"]
    compile_process(process, deployed=True)


def test_reading_takes_as_long_as_the_file_is(build: Any) -> None:
    """Associations are looked up, not walked through for every subprocess: twice as many of both take twice the calls."""

    def calls(number: int) -> int:
        subs = "".join(f'<subProcess id="u{n}"/>' for n in range(number))
        notes = "".join(f'<association id="n{n}" sourceRef="s" targetRef="e"/>' for n in range(2 * number))
        body = build.draw(f'<startEvent id="s"/><endEvent id="e"/>{build.path("s", "e")}{subs}{notes}', layout=False)
        seen = 0

        def count(_frame: Any, what: str, _arg: Any) -> None:
            nonlocal seen
            seen += what == "call"

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            read_diagram(body, "x")
        finally:
            sys.setprofile(before)
        return seen

    assert calls(400) < 2.5 * calls(200)


def test_a_second_set_of_extensions_may_be_a_tools_own(found: Any, build: Any) -> None:
    """What the dialect says stands in one of the two, whichever; nothing of it is lost."""
    ours = '<extensionElements><zeebe:taskDefinition type="x"/></extensionElements>'
    own = '<extensionElements><v:look xmlns:v="urn:v"/></extensionElements>'
    for inside in (ours + own, own + ours):
        body = build.draw(build.around(f'<serviceTask id="t">{inside}</serviceTask>'))
        assert codes(found(body)) == []
        assert read_diagram(body, "x").processes[0].elements["t"].ext.task_type == "x"


def test_what_the_dialect_says_in_a_second_set_is_refused_and_not_read(found: Any, build: Any) -> None:
    """The first set counts, as it did for what was deployed; of the second what other tools say is kept."""
    first = '<extensionElements><zeebe:taskDefinition type="a"/></extensionElements>'
    inputs = '<zeebe:ioMapping><zeebe:input source="=1" target="x"/></zeebe:ioMapping>'
    second = f'<extensionElements><zeebe:taskDefinition type="bb"/>{inputs}<v:look xmlns:v="urn:v"/></extensionElements>'
    body = build.draw(build.around(f'<serviceTask id="t">{first}{second}</serviceTask>'))
    assert ("t", "repeated-element", "error") in codes(found(body))
    ext = read_diagram(body, "x").processes[0].elements["t"].ext
    assert (ext.task_type, ext.inputs, [other.name for other in ext.other]) == ("a", (), ["{urn:v}look"])
    key, other = (f'<zeebe:subscription correlationKey="={name}"/>' for name in ("one", "two"))
    message = f'<message id="m" name="m">{build.extended("<zeebe:properties/>" + key)}{build.extended(other)}</message>'
    assert read_diagram(build.draw(build.around('<task id="t"/>'), message), "x").messages["m"].correlation_key == "=one"


def test_a_message_flow_among_the_flows_of_an_element_is_no_error(found: Any, build: Any) -> None:
    """It is there, and drawn; only the place is wrong."""
    pools = (
        '<collaboration id="c"><participant id="pa" processRef="p"/><participant id="pb"/>'
        '<messageFlow id="mf" sourceRef="pb" targetRef="t"/></collaboration>'
    )
    problems = found(build.draw(build.around('<task id="t"><incoming>mf</incoming></task>'), pools))
    assert codes(problems) == [("t", "dangling-reference", "warning")]
    assert "message flow" in problems[0].message


def test_yes_may_be_a_one(build: Any) -> None:
    """XML knows two words for yes and no: a receive task that begins an instance does so by either."""
    for said in ("true", "1", " true "):
        task = build.draw(f'<receiveTask id="t" instantiate="{said}"/><endEvent id="e"/>{build.flow("t", "e")}')
        assert read_diagram(task, "x").processes[0].elements["t"].instantiates


@pytest.mark.parametrize(("said", "begins"), [("1", ["t"]), (" true ", ["t"]), ("true", []), ("false", ["t"]), ("0", ["t"])])
def test_what_was_deployed_begins_where_it_began(build: Any, said: str, begins: list[str]) -> None:
    """Before `1` was read, such a task began like any element that no flow leads to, in a subprocess too: that goes on."""
    inside = f'<receiveTask id="t" instantiate="{said}"/><endEvent id="e"/>{build.flow("t", "e")}'
    process = read_diagram(build.draw(inside), "x").processes[0]
    assert [spec.name for spec in compile_process(process, deployed=True).entries] == begins
    within = f'<subProcess id="u">{inside.replace(chr(34) + "e", chr(34) + "ue")}</subProcess>'
    process = read_diagram(build.draw(build.around(within, "u")), "x").processes[0]
    assert [spec.name for spec in compile_process(process, deployed=True).inner["u"].entries] == begins
    new = read_diagram(build.draw(inside), "x").processes[0]
    assert [spec.name for spec in compile_process(new).entries] == ([] if said.strip() in ("1", "true") else ["t"])


FOREIGN = {
    "an assignee of Camunda 7": (f'<userTask id="t" {CAMUNDA} camunda:assignee="demo"/>', "camunda:assignee", "amends convert"),
    "a listener of Camunda 7": (
        f'<task id="t"><extensionElements><camunda:executionListener {CAMUNDA} class="x" event="start"/></extensionElements></task>',
        "camunda:executionListener", "amends convert",
    ),
    "a form of Activiti": (f'<userTask id="t" {ACTIVITI} activiti:formKey="f"/>', "activiti:formKey", "anew in the modeler"),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_what_another_engine_would_do_is_said_to_be_unread(found: Any, build: Any, name: str) -> None:
    """It runs, but not as it says: a warning at the element, with the way to translate it."""
    drawn, said, help = FOREIGN[name]
    problems = [problem for problem in found(build.draw(build.around(drawn))) if problem.code == "unknown-extension"]
    assert [(problem.element_id, problem.severity) for problem in problems] == [("t", "warning")]
    assert said in problems[0].message and help in problems[0].help


def test_what_changes_nothing_of_another_engine_is_not_mentioned(found: Any, build: Any) -> None:
    """Settings of its job executor, and what modelers write for themselves."""
    idle = f'<userTask id="t" {ACTIVITI} {CAMUNDA} activiti:exclusive="true" camunda:asyncBefore="true" xmlns:v="urn:v" v:colour="red"/>'
    assert codes(found(build.draw(build.around(idle)))) == []


def test_a_file_without_a_process_says_so(found: Any) -> None:
    """Nothing could be made executable in it."""
    empty = b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"/>'
    problems = found(empty)
    assert codes(problems) == [("", "not-executable", "warning")] and problems[0].line == 1
    assert "has no process" in problems[0].message and "executable" not in problems[0].help


def test_in_a_file_of_one_line_each_violation_names_its_own_element(found: Any, build: Any) -> None:
    """Some tools write no line breaks."""
    body = build.draw(build.around('<task id="t" nonsense="1"/>').replace('<endEvent id="e"/>', '<endEvent id="e" nonsense="1"/>'))
    assert {problem.element_id for problem in found(body) if problem.code == "schema"} == {"t", "e"}


def test_a_fault_that_is_everywhere_hides_no_other(found: Any, build: Any) -> None:
    """Of one kind the first few are told: here thirty elements of a tool of its own, and one attribute that is not known."""
    tasks = "".join(f'<task id="t{n}"><shape xmlns="" x="{n}"/></task>' for n in range(30))
    ways = build.path("s", *(f"t{n}" for n in range(30)), "e")
    body = build.draw(f'<startEvent id="s"/>{tasks}<endEvent id="e" nonsense="1"/>{ways}')
    said = [problem.element_id for problem in found(body) if problem.code == "schema"]
    assert set(said) == {"t0", "t1", "t2", "e"}


def test_two_sets_of_lanes_give_a_task_two_groups(found: Any, build: Any) -> None:
    """By place and by office, say: nobody could tell who is to do it."""
    lanes = "".join(f'<laneSet id="{n}"><lane id="l{n}" name="{n}"><flowNodeRef>t</flowNodeRef></lane></laneSet>' for n in ("north", "it"))
    assert ("t", "repeated-element", "error") in codes(found(build.draw(lanes + build.around('<task id="t"/>'))))

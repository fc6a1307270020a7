"""Shapes that the test diagrams of Camunda 8 have and ours had not: lived to their end, or refused where they are wrong.

Each is drawn anew, with nothing in it but what makes it special.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driving import HEAD, element, flows, message_definition, process, timer, user
from living import live, world_of

from amends.engine import Engine
from amends.engine.definitions import check

START, END = element("startEvent", "s"), element("endEvent", "e")
UNDO = "<bpmn:compensateEventDefinition/>"
THREE = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics "
    'inputCollection="=for i in 1..3 return i"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>'
)


CHOSEN = '<zeebe:adHoc activeElementsCollection="=[&quot;H&quot;]"/>'


def job(name: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    return element("serviceTask", name, inside, f'<zeebe:taskDefinition type="{name}"/>{ext}', **attributes)


def undone(name: str, handler: str) -> str:
    """A compensation boundary event, and its way to a handler."""
    event = element("boundaryEvent", f"b_{name}", UNDO, attachedToRef=name)
    return f'{event}<bpmn:association id="a_{name}" sourceRef="b_{name}" targetRef="{handler}"/>'


def listeners(*events: str) -> str:
    inside = "".join(f'<zeebe:executionListener eventType="{event}" type="{event}-job" retries="2"/>' for event in events)
    return f"<zeebe:executionListeners>{inside}</zeebe:executionListeners>"


LIVES = {
    "an ad-hoc subprocess as the handler of a compensation": (
        process(
            START + job("A") + undone("A", "ah") + element("intermediateThrowEvent", "t", UNDO) + END + flows("s>A", "A>t", "t>e")
            + element("adHocSubProcess", "ah", job("H"), CHOSEN, isForCompensation="true")
        ),
        ["job A", "job H"],
    ),
    "an activity that ran three times is undone once": (
        process(
            START + job("A", THREE) + undone("A", "H") + job("H", isForCompensation="true") + element("intermediateThrowEvent", "t", UNDO)
            + END + flows("s>A", "A>t", "t>e")
        ),
        ["job A", "job A", "job A", "job H"],
    ),
    "what was cut off is not undone, what had ended before it is": (
        process(
            START + job("A") + undone("A", "uA") + job("uA", isForCompensation="true")
            + element(
                "subProcess", "sub",
                element("startEvent", "is") + job("B") + undone("B", "uB") + job("uB", isForCompensation="true") + user("D")
                + flows("is>B", "B>D"),
            )
            + element("boundaryEvent", "late", timer("timeDuration", "PT1S"), attachedToRef="sub")
            + element("intermediateThrowEvent", "t", UNDO) + END + element("endEvent", "e2")
            + flows("s>A", "A>sub", "sub>e", "late>t", "t>e2")
        ),
        ["job A", "timer late", "job uA"],
    ),
    "a process with listeners and nothing else": (
        process(f"<bpmn:extensionElements>{listeners('start', 'end')}</bpmn:extensionElements>" + START + END + flows("s>e")),
        ["job p:start-1", "job p:end-1"],
    ),
    "listeners between an output mapping before and output mappings behind": (
        process(
            element("startEvent", "s", ext='<zeebe:ioMapping><zeebe:output source="=&quot;a&quot;" target="first"/></zeebe:ioMapping>')
            + job("x", ext=listeners("start", "end") + '<zeebe:ioMapping><zeebe:input source="=&quot;b&quot;" target="second"/>'
                  '<zeebe:output source="=first + second" target="both"/></zeebe:ioMapping>')
            + END + flows("s>x", "x>e")
        ),
        ["job x:start-1", "job x", "job x:end-1"],
    ),
    "a cycle beside a subprocess that a deadline ends": (
        process(
            START
            + element(
                "subProcess", "sub",
                element("startEvent", "is") + user("a") + flows("is>a") + element(
                    "subProcess", "es",
                    element("startEvent", "again", timer("timeCycle", "R2/PT2S"), isInterrupting="false") + element("task", "x")
                    + flows("again>x"), triggeredByEvent="true",
                ),
            )
            + element("boundaryEvent", "late", timer("timeDuration", "PT6S"), attachedToRef="sub") + END + flows("s>sub", "sub>e", "late>e")
        ),
        ["task a"],
    ),
    "a condition nobody has fulfilled yet": (
        process(
            START + element(
                "intermediateCatchEvent", "c",
                "<bpmn:conditionalEventDefinition><bpmn:condition>=lit</bpmn:condition></bpmn:conditionalEventDefinition>",
            ) + END + flows("s>c", "c>e")
        ),
        ["condition c"],
    ),
    "three messages in any order": (
        "".join(message_definition(f"m{n}", f"=&quot;k{n}&quot;") for n in "123")
        + process(
            START + element("parallelGateway", "f") + element("parallelGateway", "j") + END
            + "".join(element("receiveTask", f"r{n}", messageRef=f"m_m{n}") for n in "123")
            + flows("s>f", "f>r1", "f>r2", "f>r3", "r1>j", "r2>j", "r3>j", "j>e")
        ),
        None,
    ),
    "an ad-hoc subprocess for each of a list": (
        process(START + element("adHocSubProcess", "ah", THREE.replace(
            'inputCollection', 'inputElement="i" outputCollection="all" outputElement="=i" inputCollection') + user("H"), CHOSEN)
            + END + flows("s>ah", "ah>e")),
        ["task H", "task H", "task H"],
    ),
    "three flows from one gateway to another": (
        process(
            START + element("parallelGateway", "f") + element("exclusiveGateway", "g")
            + element("subProcess", "sub", element("startEvent", "is") + user("a") + flows("is>a")) + END + flows("s>f", "g>sub", "sub>e")
            + "".join(f'<bpmn:sequenceFlow id="w{n}" sourceRef="f" targetRef="g"/>' for n in "123")
        ),
        ["task a", "task a", "task a"],
    ),
    "a choice by a variable that is called like a function": (
        process(
            element("startEvent", "s", ext='<zeebe:ioMapping><zeebe:output source="=6" target="count"/></zeebe:ioMapping>')
            + element("exclusiveGateway", "g", default="g_e") + user("a") + END + flows("s>g", "g>a: count > 5", "g>e", "a>e")
        ),
        ["task a"],
    ),
    "an empty subprocess": (process(START + element("subProcess", "sub") + END + flows("s>sub", "sub>e")), []),
}  # fmt: skip

LINK = '<bpmn:linkEventDefinition name="L"/>'
REFUSED = {
    "a link with two targets": (
        START + element("intermediateThrowEvent", "t", LINK) + element("intermediateCatchEvent", "c1", LINK)
        + element("intermediateCatchEvent", "c2", LINK) + END + element("endEvent", "e2") + flows("s>t", "c1>e", "c2>e2"),
        ("c2", "link"),
    ),
    "a link into a subprocess": (
        START + element("intermediateThrowEvent", "t", LINK) + flows("s>t")
        + element("subProcess", "sub", element("startEvent", "is") + element("intermediateCatchEvent", "c", LINK)
                  + element("endEvent", "ie") + element("endEvent", "ie2") + flows("is>ie", "c>ie2")),
        ("t", "link"),
    ),
    "a default flow that comes in": (
        START + element("exclusiveGateway", "g", default="s_g") + END + flows("s>g", "g>e: foo"), ("g", "default-flow"),
    ),
    "mappings of the time before FEEL": (
        START + job("x", ext='<zeebe:ioMapping><zeebe:input source="$.a" target="$.b"/></zeebe:ioMapping>') + END + flows("s>x", "x>e"),
        ("x", "mapping"),
    ),
    "a handler that goes on": (
        START + user("A") + undone("A", "H") + job("H", isForCompensation="true") + element("endEvent", "e", UNDO)
        + element("endEvent", "e2") + flows("s>A", "A>e", "H>e2"),
        ("H", "compensation-flow"),
    ),
    "a compensation without a handler": (
        START + user("A") + element("boundaryEvent", "b", UNDO, attachedToRef="A") + END + flows("s>A", "A>e"),
        ("b", "compensation-handler"),
    ),
    "a user task that is one twice": (
        START + element("userTask", "u", ext="<zeebe:userTask/><zeebe:userTask/>") + END + flows("s>u", "u>e"), ("u", "repeated-extension"),
    ),
    "a subprocess that two timers begin": (
        START + element("subProcess", "sub", "".join(
            element("startEvent", f"is{n}", timer("timeCycle", "R3/PT10H")) + element("endEvent", f"ie{n}") + flows(f"is{n}>ie{n}")
            for n in "12"
        )) + END + flows("s>sub", "sub>e"),
        ("is1", "event-misplaced"),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Any]]:
    """One engine for all of them, with a clock that is moved."""
    with world_of(tmp_path_factory.mktemp("shapes")) as found:
        yield found


@pytest.mark.parametrize("name", LIVES)
def test_a_shape_is_lived_to_its_end(world: tuple[Engine, Any], tmp_path: Path, name: str) -> None:
    """What is open is completed, time passes, and it ends, by way of what the shape is about."""
    engine, clock = world
    body, moves = LIVES[name]
    file = tmp_path / "shape.bpmn"
    file.write_text(HEAD.format(body))
    engine.deploy(file)
    instance_id = engine.start("p", {}, actor="test")
    life = live(engine, clock, instance_id, {"lit": True})
    assert life.state == "completed", life.moves
    if moves is not None:
        assert life.moves == moves


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_shape_is_refused_where_it_is_wrong(name: str) -> None:
    """At the element, with a code."""
    body, (element_id, code) = REFUSED[name]
    problems = check({"a.bpmn": HEAD.format(process(body)).encode()})
    assert (element_id, code) in {(one.element_id, one.code) for one in problems if one.severity == "error"}

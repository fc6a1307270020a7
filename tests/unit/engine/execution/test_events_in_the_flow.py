"""Events in the flow: what catches and what throws, at every level. Saved and restored after every step."""

from __future__ import annotations

import pytest
from driving import Driver, Mirrored, element, flows, message_definition, process, timer, user

DECLARED = (
    message_definition("hello") + message_definition("other")
    + '<bpmn:signal id="sg" name="alarm"/><bpmn:error id="er" name="bad" errorCode="E"/>'
    '<bpmn:escalation id="es" name="up" escalationCode="U"/>'
)  # fmt: skip
MESSAGE = '<bpmn:messageEventDefinition messageRef="m_hello"/>'
CATCHES = {
    "message": MESSAGE,
    "signal": '<bpmn:signalEventDefinition signalRef="sg"/>',
    "date": timer("timeDate", "2026-03-03T09:00:00Z"),
    "duration": timer("timeDuration", "P1D"),
    "date in FEEL": timer("timeDate", '=date and time("2026-03-03T09:00:00Z")'),
    "duration in FEEL": timer("timeDuration", "=duration(span)"),
    "conditional": "<bpmn:conditionalEventDefinition><bpmn:condition>=hot</bpmn:condition></bpmn:conditionalEventDefinition>",
    "multiple": MESSAGE + timer("timeDuration", "P1D"),
}
LEVELS = ("process", "subprocess", "called process", "several instances", "event subprocess")
MANY = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
    '<zeebe:loopCharacteristics inputCollection="=[1]"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>'
)


def at(level: str, body: str) -> str:
    """A scope that begins at `is`, at a level; what comes after it is task `after` (but at the top)."""
    start, after = element("startEvent", "s"), user("after") + flows("x>after")
    if level == "process":
        return DECLARED + process(body)
    if level == "called process":
        call = element("callActivity", "x", ext='<zeebe:calledElement processId="q"/>')
        return DECLARED + process(start + call + after + flows("s>x")) + process(body, "q")
    if level == "event subprocess":
        begins = body.replace(element("startEvent", "is"), element("startEvent", "is", MESSAGE.replace("hello", "other")), 1)
        return DECLARED + process(start + user("w") + flows("s>w") + element("subProcess", "x", begins, triggeredByEvent="true"))
    many = MANY if level == "several instances" else ""
    return DECLARED + process(start + element("subProcess", "x", body + many) + after + flows("s>x"))


def driver(level: str, body: str) -> Driver:
    d = Driver(at(level, body)).start(reference="r", hot=False, span="P1D")
    return d.message("other") if level == "event subprocess" else d


def trigger_it(d: Driver, kind: str) -> None:
    if kind == "message" or kind == "multiple":
        d.message("c")
    elif kind == "signal":
        d.signal("alarm")
    elif kind == "conditional":
        assert isinstance(d.execution, Mirrored) and d.execution.twin is not None
        for execution in (d.execution, d.execution.twin):
            scope = next(token.workflow for token in execution.all_tokens() if token.task_spec.name == "c")
            scope.assign("hot", True)
        d.run()
    else:
        d.wait(days=1)


def end_it(d: Driver, level: str) -> None:
    """What comes after the scope, to the end of the process."""
    if level in ("subprocess", "called process", "several instances"):
        assert d.tasks == ["after"]
        d.complete("after")
    assert (d.state, d.incidents, list(d.execution.all_tokens())) == ("completed", [], [])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", CATCHES)
def test_a_catch_event_waits_and_goes_on(level: str, kind: str) -> None:
    """It waits until its trigger happens, then the token goes on."""
    body = element("startEvent", "is") + element("intermediateCatchEvent", "c", CATCHES[kind]) + user("b") + flows("is>c", "c>b")
    d = driver(level, body)
    assert d.tasks == []
    trigger_it(d, kind)
    assert d.tasks == ["b"]
    d.complete("b")
    end_it(d, level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", CATCHES)
def test_of_an_event_based_gateway_the_first_wins(level: str, kind: str) -> None:
    """Whatever the other one waits for, it waits no longer."""
    other = element("receiveTask", "r", messageRef="m_other")
    body = element("startEvent", "is") + element("eventBasedGateway", "g") + element("intermediateCatchEvent", "c", CATCHES[kind]) + other
    body += user("b") + user("d") + flows("is>g", "g>c", "g>r", "c>b", "r>d")
    first, second = driver(level, body), driver(level, body)
    trigger_it(first, kind)
    second.message("r")
    for d, task in ((first, "b"), (second, "d")):
        assert d.tasks == [task] and {token.task_spec.name for token in d.waiting()} & {"c", "r"} == set()
        d.complete(task)
        end_it(d, level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", CATCHES)
def test_a_catch_event_is_gone_when_its_instance_is_cancelled(level: str, kind: str) -> None:
    """Nothing waits any more."""
    body = element("startEvent", "is") + element("intermediateCatchEvent", "c", CATCHES[kind]) + flows("is>c")
    d = driver(level, body)
    d.execution.cancel_all("enough")
    assert d.run().state == "terminated" and list(d.execution.all_tokens()) == []


UNDO = "<bpmn:compensateEventDefinition/>"
DONE = user("a") + element("boundaryEvent", "cb", UNDO, attachedToRef="a") + element(
    "userTask", "undo", ext="<zeebe:userTask/>", isForCompensation="true"
) + '<bpmn:association id="as" sourceRef="cb" targetRef="undo"/>'  # fmt: skip
JOB = '<zeebe:taskDefinition type="tell"/>'
THROWS = {
    "none": "",
    "message": MESSAGE,
    "signal": '<bpmn:signalEventDefinition signalRef="sg"/>',
    "escalation": '<bpmn:escalationEventDefinition escalationRef="es"/>',
    "compensation": UNDO,
    "link": '<bpmn:linkEventDefinition name="L"/>',
}
ENDS = {**{kind: THROWS[kind] for kind in THROWS if kind != "link"}, "terminate": "<bpmn:terminateEventDefinition/>"}


def does(d: Driver, kind: str) -> None:
    """What the thrown event lets somebody do, before the token goes on."""
    if kind == "message":
        d.serve("tell")
    elif kind == "compensation":
        d.complete("undo")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", THROWS)
def test_a_throw_event_does_what_it_is_for_and_goes_on(level: str, kind: str) -> None:
    """A message is a job, what ended is undone, a link leads on; a signal and an escalation wait for nobody."""
    throw = element("intermediateThrowEvent", "t", THROWS[kind], JOB if kind == "message" else "")
    body = element("startEvent", "is") + DONE + throw + user("b") + flows("is>a", "a>t")
    body += element("intermediateCatchEvent", "l", THROWS[kind]) + flows("l>b") if kind == "link" else flows("t>b")
    d = driver(level, body).complete("a")
    does(d, kind)
    assert d.tasks == ["b"] and "t" in d.ran()
    d.complete("b")
    end_it(d, level)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", ENDS)
def test_an_end_event_does_what_it_is_for_and_ends_its_scope(level: str, kind: str) -> None:
    """With what else is in it, if it terminates; otherwise the scope ends with its last token."""
    body = element("startEvent", "is") + DONE + element("endEvent", "t", ENDS[kind], JOB if kind == "message" else "") + user("b")
    d = driver(level, body + flows("is>a", "is>b", "a>t")).complete("a")
    does(d, kind)
    if kind != "terminate":
        assert d.tasks == ["b"]
        d.complete("b")
    end_it(d, level)


@pytest.mark.parametrize("level", ["subprocess", "called process", "several instances"])
@pytest.mark.parametrize("kind", ["error", "escalation", "cancel"])
def test_what_is_thrown_out_of_a_scope_leaves_by_its_border(level: str, kind: str) -> None:
    """Everything else in the scope ends with it; at the top of a process an error is an incident."""
    definition = {**THROWS, "error": '<bpmn:errorEventDefinition errorRef="er"/>', "cancel": "<bpmn:cancelEventDefinition/>"}[kind]
    if kind == "cancel" and level != "subprocess":
        return  # only a transaction is cancelled, and one that runs several times is refused
    body = element("startEvent", "is") + DONE + element("endEvent", "t", definition) + user("b") + flows("is>a", "is>b", "a>t")
    drawn = at(level, body).replace("subProcess", "transaction") if kind == "cancel" else at(level, body)
    border = element("boundaryEvent", "out", definition, attachedToRef="x") + user("left") + flows("out>left")
    d = Driver(drawn.replace(user("after"), user("after") + border, 1)).start(reference="r").complete("a")
    if kind == "cancel":
        assert d.tasks == ["undo"]
        d.complete("undo")
    assert d.tasks == ["left"]
    assert d.complete("left").state == "completed" and list(d.execution.all_tokens()) == []

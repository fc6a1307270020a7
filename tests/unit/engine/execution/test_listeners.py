"""Execution listeners of processes, events and gateways: jobs before an element begins and after it is done, saved and restored at each."""

from __future__ import annotations

import pytest
from driving import HEAD, Driver, element, flows, message_definition, process, timer, user

from amends.engine.definitions import read_diagram
from amends.engine.execution import Fault, compile_process

START, END = element("startEvent", "s"), element("endEvent", "e")


def heard(*events: str, kind: str = "log") -> str:
    inside = "".join(f'<zeebe:executionListener eventType="{event}" type="{kind}"/>' for event in events)
    return f"<zeebe:executionListeners>{inside}</zeebe:executionListeners>"


def whole(body: str, *events: str, process_id: str = "p", more: str = "") -> str:
    return process(f"<bpmn:extensionElements>{heard(*events)}{more}</bpmn:extensionElements>{body}", process_id)


def jobs(d: Driver) -> list[str]:
    return [token.task_spec.name for token in d.waiting("service")]


def served(d: Driver, **result: object) -> Driver:
    """Whatever job is open is done."""
    d.execution.complete(d.waiting("service")[0], result)
    return d.run()


# -- of a process


def test_a_process_begins_after_its_start_listeners_and_ends_after_its_end_listeners() -> None:
    """One after the other; what they give are variables of the process, and they are given its task headers."""
    headers = '<zeebe:taskHeaders><zeebe:header key="what" value="x"/></zeebe:taskHeaders>'
    d = Driver(whole(START + user("a") + END + flows("s>a", "a>e"), "start", "start", "end", more=headers)).start(subject="kettle")
    assert (jobs(d), d.tasks) == (["p:start-1"], [])
    token = d.waiting("service")[0]
    assert token.task_spec.operation_inputs(token) == {"what": "x"}
    assert jobs(served(d, found=1)) == ["p:start-2"]
    assert served(d).tasks == ["a"]
    assert d.variables["found"] == 1
    assert jobs(d.complete("a")) == ["p:end-1"]
    assert (d.state, served(d, last=True).state) == ("active", "completed")
    assert d.variables["last"] is True
    assert d.ran() == ["p:start-1", "p:start-2", "s", "a", "e", "p:end-1"]


def test_a_called_process_has_its_own_listeners() -> None:
    """Its caller waits for them; what the last one gives comes back."""
    called = whole(element("startEvent", "qs") + user("b") + flows("qs>b"), "start", "end", process_id="q")
    call = element("callActivity", "c", ext='<zeebe:calledElement processId="q"/>')
    d = Driver(process(START + call + user("z") + flows("s>c", "c>z")) + called).start()
    assert jobs(d) == ["q:start-1"]
    assert jobs(served(d).complete("b")) == ["q:end-1"]
    assert served(d, told=1).tasks == ["z"]
    assert d.variables["told"] == 1


def test_what_begins_an_instance_is_kept_while_its_start_listeners_run() -> None:
    """A message start event begins where it was triggered, and its event subprocesses wait only then."""
    starts = START + element("startEvent", "m", '<bpmn:messageEventDefinition messageRef="m_go"/>')
    inner = element("startEvent", "es", '<bpmn:messageEventDefinition messageRef="m_stop"/>') + user("x") + flows("es>x")
    handler = element("subProcess", "sub", inner, triggeredByEvent="true")
    body = whole(starts + user("a") + user("b") + handler + flows("s>a", "m>b"), "start")
    d = Driver(message_definition("go") + message_definition("stop") + body)
    d.execution.begin({"reference": "R"}, element_id="m")
    assert d.run().waiting("message") == []
    assert served(d).tasks == ["b"]
    assert d.message("stop").tasks == ["x"]


def test_end_listeners_run_after_a_terminate_event_and_not_when_an_instance_is_cancelled() -> None:
    """The process is done then, and its event subprocesses wait no longer; who cancels it waits for nobody."""
    stop = element("endEvent", "e", "<bpmn:terminateEventDefinition/>")
    body = whole(START + user("a") + user("b") + stop + flows("s>a", "s>b", "a>e"), "end")
    d = Driver(body).start().complete("a")
    assert (d.tasks, jobs(d)) == ([], ["p:end-1"])
    assert served(d).state == "completed"
    cancelled = Driver(body).start()
    cancelled.execution.cancel_all("no")
    assert (cancelled.run().state, "p:end-1" in cancelled.ran()) == ("terminated", False)


# -- of events and gateways


@pytest.mark.parametrize(
    ("one", "events", "order"),
    [
        (element("startEvent", "t", ext=heard("end")), ["end"], ["t:end-1", "t"]),
        (element("intermediateThrowEvent", "t", ext=heard("start", "end")), ["start", "end"], ["t:start-1", "t:end-1", "t"]),
        (element("endEvent", "t", ext=heard("end", "start")), ["start", "end"], ["t:start-1", "t:end-1", "t"]),
        (element("exclusiveGateway", "t", ext=heard("start", "end")), ["start", "end"], ["t:start-1", "t:end-1", "t"]),
        (element("parallelGateway", "t", ext=heard("start")), ["start"], ["t:start-1", "t"]),
        (element("inclusiveGateway", "t", ext=heard("start")), ["start"], ["t:start-1", "t"]),
    ],
)
def test_what_takes_no_time_waits_for_its_listeners(one: str, events: list[str], order: list[str]) -> None:
    """Before it and after it, whatever it is; then the next element."""
    first = "startEvent" in one
    last = "endEvent" in one
    body = (one if first else START + one) + ("" if last else user("z")) + flows(*([] if first else ["s>t"]), *([] if last else ["t>z"]))
    d = Driver(process(body)).start()
    for event in events:
        assert jobs(d) == [f"t:{event}-1"]
        served(d)
    assert (d.tasks, d.state) == (([], "completed") if last else (["z"], "active"))
    assert [name for name in d.ran() if name != "s"] == order


def test_a_catch_event_waits_after_its_start_listeners_and_is_left_after_its_end_listeners() -> None:
    """What the message brought is kept until then; its input mappings are made once."""
    mapping = '<zeebe:ioMapping><zeebe:input source="=n + 1" target="n"/></zeebe:ioMapping>'
    catch = element("intermediateCatchEvent", "c", '<bpmn:messageEventDefinition messageRef="m_go"/>', mapping + heard("start", "end"))
    d = Driver(message_definition("go", "=n") + process(START + catch + user("z") + flows("s>c", "c>z"))).start(n=1)
    assert (jobs(d), d.waiting("message")) == (["c:start-1"], [])
    assert [token.wait["key"] for token in served(d).waiting("message")] == ["2"]
    assert jobs(d.message("go", said="hi")) == ["c:end-1"]
    assert served(d).tasks == ["z"]
    assert d.variables["said"] == "hi"


@pytest.mark.parametrize("interrupting", [True, False])
def test_a_boundary_event_has_end_listeners(interrupting: bool) -> None:
    """They run when it has happened; its activity is gone by then, or goes on."""
    late = element(
        "boundaryEvent", "late", timer("timeDuration", "PT1H"), heard("end"), attachedToRef="a", cancelActivity=str(interrupting).lower()
    )
    d = Driver(process(START + user("a") + late + user("z") + flows("s>a", "late>z"))).start().wait(hours=1)
    assert (jobs(d), d.tasks) == (["late:end-1"], [] if interrupting else ["a"])
    assert "z" in served(d).tasks


def test_listeners_of_an_exclusive_gateway_decide_before_it_does() -> None:
    """What an end listener gives is there for its conditions."""
    body = START + element("exclusiveGateway", "g", ext=heard("end"), default="g_b") + user("a") + user("b")
    d = Driver(process(body + flows("s>g", "g>a: grade > 3", "g>b"))).start()
    assert served(d, grade=5).tasks == ["a"]


def test_a_parallel_join_has_its_listeners_once() -> None:
    """When all its tokens are there."""
    body = START + element("parallelGateway", "j", ext=heard("start")) + user("a") + user("b") + user("z")
    d = Driver(process(body + flows("s>a", "s>b", "a>j", "b>j", "j>z"))).start().complete("a")
    assert jobs(d) == []
    assert jobs(d.complete("b")) == ["j:start-1"]
    assert served(d).tasks == ["z"]


def test_a_throw_event_throws_between_its_listeners() -> None:
    """A compensation throw undoes after the one before, and is left after the one behind."""
    undo = '<bpmn:boundaryEvent id="b" attachedToRef="a"><bpmn:compensateEventDefinition/></bpmn:boundaryEvent>'
    undo += element("userTask", "h", ext="<zeebe:userTask/>", isForCompensation="true")
    undo += '<bpmn:association id="as" sourceRef="b" targetRef="h"/>'
    throw = element("intermediateThrowEvent", "t", "<bpmn:compensateEventDefinition/>", heard("start", "end"))
    d = Driver(process(START + user("a") + undo + throw + END + flows("s>a", "a>t", "t>e"))).start().complete("a")
    assert (jobs(d), d.tasks) == (["t:start-1"], [])
    assert served(d).tasks == ["h"]
    assert jobs(d.complete("h")) == ["t:end-1"]
    assert served(d).state == "completed"


def test_what_ends_a_subprocess_ends_the_listeners_in_it() -> None:
    """A boundary event that interrupts takes the job of an event's listener with it."""
    inner = element("startEvent", "is", ext=heard("end")) + user("i") + flows("is>i")
    late = element("boundaryEvent", "late", timer("timeDuration", "PT1H"), attachedToRef="sub")
    d = Driver(process(START + element("subProcess", "sub", inner) + late + user("z") + flows("s>sub", "late>z"))).start()
    assert jobs(d) == ["is:end-1"]
    assert (jobs(d.wait(hours=1)), d.tasks) == ([], ["z"])


NEVER = [
    element("startEvent", "t", ext=heard("start")),
    START + element("endEvent", "t", '<bpmn:terminateEventDefinition id="x"/>', heard("end")) + flows("s>t"),
    START + element("endEvent", "t", '<bpmn:errorEventDefinition id="x" errorRef="er"/>', heard("end")) + flows("s>t"),
    START + user("a") + element("boundaryEvent", "t", timer("timeDuration", "PT1H"), heard("start"), attachedToRef="a") + flows("s>a"),
    START
    + element("eventBasedGateway", "g")
    + element("intermediateCatchEvent", "t", timer("timeDuration", "PT1H"), heard("start"))
    + flows("s>g", "g>t"),
]


@pytest.mark.parametrize("body", NEVER)
def test_a_listener_that_would_never_run_is_refused(body: str) -> None:
    """By what compiles a process, too, should nobody have checked it."""
    (found,) = read_diagram(HEAD.format('<bpmn:error id="er" name="e" errorCode="E"/>' + process(body)).encode(), "a.bpmn").processes
    with pytest.raises(Fault, match="t has an execution listener"):
        compile_process(found)

"""Compensation and transactions: what ended is undone, the last first (BPMN 2.0, 10.7 and 13.5.5). Saved and restored after every step."""

from __future__ import annotations

from typing import Any

import pytest
from driving import Driver, element, flows, process, timer, user

from amends.engine.execution import Decided, Fault

START, END = element("startEvent", "s"), element("endEvent", "e")
ERROR = '<bpmn:error id="er" name="bad" errorCode="E"/>'
COMPENSATE = "<bpmn:compensateEventDefinition/>"


def undoable(name: str, inside: str = "") -> str:
    """A user task with a compensation boundary event and a user task that undoes it, `undo_name`."""
    return (
        user(name, inside)
        + element("boundaryEvent", f"b_{name}", COMPENSATE, attachedToRef=name)
        + undo(name)
        + f'<bpmn:association id="as_{name}" associationDirection="One" sourceRef="b_{name}" targetRef="undo_{name}"/>'
    )


def undo(name: str) -> str:
    return element("userTask", f"undo_{name}", ext="<zeebe:userTask/>", isForCompensation="true")


def throw(name: str = "t", activity: str = "", **more: str) -> str:
    ref = f' activityRef="{activity}"' if activity else ""
    given = "".join(f' {key}="{value}"' for key, value in more.items())
    return element("intermediateThrowEvent", name, f"<bpmn:compensateEventDefinition{ref}{given}/>")


def subprocess(name: str, inside: str, tag: str = "subProcess", more: str = "") -> str:
    return element(tag, name, element("startEvent", f"i_{name}") + inside + more)


def test_what_ended_is_undone_one_after_the_other_the_last_first() -> None:
    """A throw undoes what ended in its scope, in reverse order, and goes on when it is undone; what was not done is not undone."""
    body = START + undoable("a") + undoable("b") + undoable("c") + throw() + user("z")
    body += element("exclusiveGateway", "g", default="g_t") + flows("s>a", "a>b", "b>g", "g>c: false", "g>t", "c>t", "t>z")
    d = Driver(process(body)).start().complete("a").complete("b")
    assert d.tasks == ["undo_b"] and d.ran("compensation") == ["b_b"]
    assert d.complete("undo_b").tasks == ["undo_a"]
    assert d.complete("undo_a").tasks == ["z"]
    assert d.complete("z").state == "completed"
    assert d.ran("compensation") == ["b_b", "b_a"]


def test_nothing_to_undo_is_no_fault() -> None:
    """The throw goes on at once."""
    assert Driver(process(START + throw() + user("z") + flows("s>t", "t>z"))).start().tasks == ["z"]


def test_only_the_activity_it_names_is_undone_and_each_only_once() -> None:
    """activityRef; a second throw finds what is left."""
    body = START + undoable("a") + undoable("b") + throw("t", "a") + throw("u") + user("z")
    d = Driver(process(body + flows("s>a", "a>b", "b>t", "t>u", "u>z"))).start().complete("a").complete("b")
    assert d.tasks == ["undo_a"]
    assert d.complete("undo_a").tasks == ["undo_b"]
    assert d.complete("undo_b").tasks == ["z"]


def test_an_activity_of_a_loop_is_undone_as_often_as_it_ended() -> None:
    """Each pass is one thing that was done."""
    body = START + element("exclusiveGateway", "m") + undoable("a") + element("exclusiveGateway", "x", default="x_t") + throw()
    d = Driver(process(body + END + flows("s>m", "m>a", "a>x", "x>m: again", "x>t", "t>e"))).start()
    d.complete("a", again=True).complete("a", again=False)
    assert d.complete("undo_a").tasks == ["undo_a"]
    assert d.complete("undo_a").state == "completed"


def test_a_compensation_end_event_undoes_before_the_process_ends() -> None:
    """The instance is active until it is undone."""
    body = START + undoable("a") + element("endEvent", "e", COMPENSATE) + flows("s>a", "a>e")
    d = Driver(process(body)).start().complete("a")
    assert d.tasks == ["undo_a"] and d.state == "active"
    assert d.complete("undo_a").state == "completed"


def test_a_throw_that_does_not_wait_goes_on_while_it_is_undone() -> None:
    """waitForCompletion="false"; the process ends when all of it is done."""
    body = START + undoable("a") + undoable("b") + throw(waitForCompletion="false") + user("z") + flows("s>a", "a>b", "b>t", "t>z")
    d = Driver(process(body)).start().complete("a").complete("b")
    assert d.tasks == ["z", "undo_b"]
    assert d.complete("z").tasks == ["undo_b"] and d.state == "active"
    assert d.complete("undo_b").complete("undo_a").state == "completed"


def test_a_finished_subprocess_is_undone_by_what_ended_inside_it_with_its_variables() -> None:
    """The default compensation of a subprocess: what ended in it, the last first, seeing the variables it had."""
    inner = undoable("a") + undoable("b") + flows("i_sub>a", "a>b")
    mapping = '<zeebe:ioMapping><zeebe:input source="=7" target="local"/></zeebe:ioMapping>'
    body = START + undoable("before") + element("subProcess", "sub", element("startEvent", "i_sub") + inner, mapping)
    body += undoable("after") + throw() + user("z") + flows("s>before", "before>sub", "sub>after", "after>t", "t>z")
    d = Driver(process(body)).start().complete("before").complete("a").complete("b", local=8).complete("after")
    assert d.tasks == ["undo_after"]
    assert d.complete("undo_after").tasks == ["undo_b"]
    inside = next(token for token in d.execution.all_tokens() if token.task_spec.name == "undo_b")
    assert inside.workflow.variables(inside)["local"] == 8 and "local" not in d.variables
    assert d.complete("undo_b").tasks == ["undo_a"]
    assert d.complete("undo_a").tasks == ["undo_before"]
    assert d.complete("undo_before").tasks == ["z"]
    assert d.complete("z").state == "completed"


def test_a_subprocess_with_a_handler_of_its_own_is_undone_by_that_alone() -> None:
    """13.5.5: the default compensation is for what has no handler."""
    boundary = element("boundaryEvent", "b_sub", COMPENSATE, attachedToRef="sub") + undo("sub")
    boundary += '<bpmn:association id="as" sourceRef="b_sub" targetRef="undo_sub"/>'
    body = START + subprocess("sub", undoable("a") + flows("i_sub>a")) + boundary + throw() + END + flows("s>sub", "sub>t", "t>e")
    d = Driver(process(body)).start().complete("a")
    assert d.tasks == ["undo_sub"]
    assert d.complete("undo_sub").state == "completed"


def test_a_throw_in_a_subprocess_is_about_that_subprocess_only() -> None:
    """What ended outside is not undone, and what still runs is not either."""
    inner = undoable("b") + throw() + user("y") + flows("i_sub>b", "b>t", "t>y")
    body = START + undoable("a") + subprocess("sub", inner) + END + flows("s>a", "a>sub", "sub>e")
    d = Driver(process(body)).start().complete("a").complete("b")
    assert d.tasks == ["undo_b"]
    assert d.complete("undo_b").tasks == ["y"]
    assert d.complete("y").state == "completed"


def test_a_throw_in_an_event_subprocess_is_about_the_scope_around_it() -> None:
    """The usual way to undo after an error: an error event subprocess that compensates."""
    handler = element("startEvent", "hs", '<bpmn:errorEventDefinition errorRef="er"/>') + throw() + user("y") + flows("hs>t", "t>y")
    body = START + undoable("a") + element("endEvent", "bad", '<bpmn:errorEventDefinition errorRef="er"/>')
    body += element("subProcess", "h", handler, triggeredByEvent="true") + flows("s>a", "a>bad")
    d = Driver(ERROR + process(body)).start().complete("a")
    assert d.tasks == ["undo_a"]
    assert d.complete("undo_a").tasks == ["y"]
    assert d.complete("y").state == "completed"


def beside(inside: str, interrupting: bool = False) -> str:
    """An event subprocess that begins after a day."""
    start = element("startEvent", "hs", timer("timeDuration", "P1D"), isInterrupting=str(interrupting).lower())
    return element("subProcess", "h", start + inside, triggeredByEvent="true")


@pytest.mark.parametrize(
    ("activity", "undone"), [("", ["undo_b", "undo_x", "undo_a"]), ("b", ["undo_b"]), ("a", ["undo_a"]), ("x", ["undo_x"])]
)
@pytest.mark.parametrize("waits", ["true", "false"])
def test_a_throw_in_an_event_subprocess_undoes_what_ended_there_and_then_around_it(activity: str, undone: list[str], waits: str) -> None:
    """All of it, the inner first, or the one that it names, wherever that is."""
    inside = undoable("b") + undoable("x") + throw("t", activity, waitForCompletion=waits) + user("y") + flows("hs>x", "x>b", "b>t", "t>y")
    d = Driver(process(START + undoable("a") + user("k") + beside(inside) + flows("s>a", "a>k"))).start().complete("a").wait(days=1)
    d.complete("x").complete("b")
    for name in undone:
        assert sorted(d.tasks) == sorted(["k", name] + (["y"] if waits == "false" else []))
        d.complete(name)
    assert sorted(d.tasks) == ["k", "y"]
    assert d.complete("y").complete("k").state == "completed"


@pytest.mark.parametrize("interrupting", [False, True])
def test_what_ended_in_a_finished_event_subprocess_is_undone_with_its_scope(interrupting: bool) -> None:
    """As of a subprocess, with the variables it had, and also when that scope itself has ended; each run is undone once."""
    inside = element("subProcess", "u", element("startEvent", "us") + user("k") + undoable("a") + flows("us>a", "a>k"))
    ended = undoable("b", "") + flows("hs>b")
    body = START + inside.replace("</bpmn:subProcess>", beside(ended, interrupting) + "</bpmn:subProcess>") + throw() + user("z")
    d = Driver(process(body + flows("s>u", "u>t", "t>z"))).start().complete("a").wait(days=1).complete("b")
    if not interrupting:
        d.complete("k")
    assert d.tasks == ["undo_b"]
    assert d.complete("undo_b").tasks == ["undo_a"]
    assert d.complete("undo_a").tasks == ["z"]
    assert d.complete("z").state == "completed"


def test_every_run_of_an_event_subprocess_is_undone_the_last_first() -> None:
    """One that does not interrupt may have run several times; what still runs is not undone."""
    start = element("startEvent", "hs", timer("timeCycle", "R3/P1D"), isInterrupting="false")
    again = element("subProcess", "h", start + undoable("b") + flows("hs>b"), triggeredByEvent="true")
    d = Driver(process(START + user("k") + throw() + user("z") + again + flows("s>k", "k>t", "t>z"))).start().wait(days=3)
    d.complete("b").complete("b").complete("k")
    assert d.tasks == ["b", "undo_b"]
    assert d.complete("undo_b").tasks == ["b", "undo_b"]
    assert d.complete("undo_b").tasks == ["b", "z"]
    d.complete("z").complete("b")
    assert d.state == "completed"


def test_undoing_in_an_event_subprocess_can_be_cancelled() -> None:
    """With all that is still to be undone."""
    inside = undoable("b") + throw() + user("y") + flows("hs>b", "b>t", "t>y")
    d = Driver(process(START + undoable("a") + user("k") + beside(inside) + flows("s>a", "a>k"))).start().complete("a").wait(days=1)
    assert sorted(d.complete("b").tasks) == ["k", "undo_b"]
    d.execution.cancel_all("enough")
    assert d.run().state == "terminated" and d.tasks == []


def test_a_compensation_event_subprocess_undoes_iti_subprocess() -> None:
    """It runs instead of what would undo each activity, and may call for that itself."""
    start = element("startEvent", "hs", COMPENSATE)
    handler = start + user("first") + throw("all") + user("last") + flows("hs>first", "first>all", "all>last")
    inner = undoable("a") + flows("i_sub>a") + element("subProcess", "h", handler, triggeredByEvent="true")
    body = START + subprocess("sub", inner) + throw() + user("z") + flows("s>sub", "sub>t", "t>z")
    d = Driver(process(body)).start().complete("a")
    assert d.tasks == ["first"]
    assert d.complete("first").tasks == ["undo_a"]
    assert d.complete("undo_a").tasks == ["last"]
    assert d.complete("last").tasks == ["z"]
    assert d.complete("z").state == "completed"


MANY = (
    '<bpmn:multiInstanceLoopCharacteristics isSequential="{}"><bpmn:extensionElements><zeebe:loopCharacteristics '
    'inputCollection="=[1,2]" inputElement="i"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>'
)


def test_an_activity_that_runs_several_times_is_undone_once_by_its_handler() -> None:
    """The boundary event belongs to the whole; the handler may run several times itself."""
    body = START + undoable("a", MANY.format("false")) + throw() + END + flows("s>a", "a>t", "t>e")
    d = Driver(process(body)).start().complete("a").complete("a")
    assert d.tasks == ["undo_a"]
    assert d.complete("undo_a").state == "completed"


def test_each_run_of_a_subprocess_is_undone_with_its_own_variables() -> None:
    """The last run first, each with the element it ran for."""
    for sequential in ("true", "false"):
        body = START + subprocess("sub", undoable("a") + flows("i_sub>a"), more=MANY.format(sequential)) + throw() + END
        d = Driver(process(body + flows("s>sub", "sub>t", "t>e"))).start().complete("a").complete("a")
        seen = []
        while d.tasks:
            (token,) = d.waiting("user")
            seen.append(token.workflow.variables(token)["i"])
            d.complete("undo_a")
        assert [int(value) for value in seen] == [2, 1] and d.state == "completed"


def test_undoing_can_be_cancelled_and_goes_on_when_a_handler_is() -> None:
    """Cancelling the instance ends everything; a boundary event that interrupts a handler lets what comes next be undone."""
    late = element("boundaryEvent", "late", timer("timeDuration", "PT1H"), attachedToRef="undo_b") + user("late_task")
    body = START + undoable("a") + undoable("b") + late + throw() + END + flows("s>a", "a>b", "b>t", "t>e", "late>late_task")
    d = Driver(process(body)).start().complete("a").complete("b").wait(hours=2)
    assert d.tasks == ["undo_a", "late_task"]
    assert d.complete("undo_a").complete("late_task").state == "completed"
    d = Driver(process(body)).start().complete("a").complete("b")
    d.execution.cancel_all("enough")
    assert d.run().state == "terminated" and list(d.execution.all_tokens()) == []


def test_an_interrupted_scope_stops_undoing() -> None:
    """An interrupting boundary event on the subprocess ends the throw and its handlers alike."""
    inner = undoable("a") + throw() + flows("i_sub>a", "a>t")
    body = START + subprocess("sub", inner) + element("boundaryEvent", "out", timer("timeDuration", "P1D"), attachedToRef="sub") + user("z")
    d = Driver(process(body + flows("s>sub", "out>z"))).start().complete("a")
    assert d.tasks == ["undo_a"]
    assert d.wait(days=2).tasks == ["z"]
    assert d.complete("z").state == "completed"


def transaction(inside: str, boundary: str = "") -> str:
    body = START + undoable("before") + subprocess("tx", inside, "transaction") + boundary
    body += element("boundaryEvent", "cancelled", "<bpmn:cancelEventDefinition/>", attachedToRef="tx")
    return body + user("sorry") + user("z") + flows("s>before", "before>tx", "cancelled>sorry", "tx>z")


def test_a_cancelled_transaction_undoes_what_ended_in_it_and_leaves_by_its_boundary() -> None:
    """What still runs in it is cancelled, what ended is undone, then the cancel boundary event is taken (10.3.5)."""
    inner = element("parallelGateway", "f") + undoable("a") + undoable("b") + user("slow")
    inner += element("exclusiveGateway", "x", default="x_no")
    inner += element("endEvent", "no", "<bpmn:cancelEventDefinition/>") + element("endEvent", "yes")
    inner += flows("i_tx>f", "f>a", "f>slow", "a>b", "b>x", "x>no", "x>yes: fine")
    d = Driver(process(transaction(inner))).start().complete("before").complete("a")
    assert d.tasks == ["slow", "b"]
    assert d.complete("b", fine=False).tasks == ["undo_b"]
    assert d.complete("undo_b").tasks == ["undo_a"]
    assert d.complete("undo_a").tasks == ["sorry"]
    assert d.complete("sorry").state == "completed" and "tx" in d.ran("cancelled")
    d = Driver(process(transaction(inner))).start().complete("before").complete("a").complete("b", fine=True).complete("slow")
    assert d.tasks == ["z"]


def test_an_incident_while_undoing_is_retried_where_it_stopped() -> None:
    """What undoes fails like any other element; the rest is undone after it."""
    ready = []

    def decide(name: str, context: Any) -> Decided:
        if not ready:
            raise Fault("The rate is not known.")
        return Decided(1, {})

    ext = '<zeebe:calledDecision decisionId="rate" resultVariable="v"/>'
    broken = element("businessRuleTask", "undo_b", ext=ext, isForCompensation="true")
    body = START + undoable("a") + undoable("b").replace(undo("b"), broken) + throw() + user("z") + flows("s>a", "a>b", "b>t", "t>z")
    d = Driver(process(body), decide=decide).start().complete("a").complete("b")
    assert d.incidents == ["The rate is not known."] and d.tasks == []
    ready.append(True)
    d.execution.retry(next(token for token in d.execution.all_tokens() if token.incident))
    assert d.run().tasks == ["undo_a"] and d.state == "active"
    assert d.complete("undo_a").tasks == ["z"]


def test_what_ended_in_a_subprocess_that_still_runs_is_not_undone() -> None:
    """Not by a throw outside of it, also where several instances ended inside; as Camunda 8 has it."""
    several = element("subProcess", "sub2", element("startEvent", "i2") + undoable("a") + flows("i2>a") + MANY.format("false"))
    outer = subprocess("sub", several + user("b") + flows("i_sub>sub2", "sub2>b"))
    body = START + element("parallelGateway", "f") + outer + user("c") + throw() + user("z") + flows("s>f", "f>sub", "f>c", "c>t", "t>z")
    d = Driver(process(body)).start().complete("a").complete("a")
    assert d.tasks == ["c", "b"]
    assert d.complete("c").tasks == ["b", "z"]
    assert d.complete("b").complete("z").state == "completed"


def test_a_throw_in_each_of_several_instances_is_about_that_instance() -> None:
    """Each waits for its own handler and then goes on, in whatever order they are done."""
    inner = undoable("a") + throw() + user("after") + flows("i_sub>a", "a>t", "t>after")
    d = Driver(process(START + subprocess("sub", inner, more=MANY.format("false")) + flows("s>sub"))).start().complete("a").complete("a")
    assert d.tasks == ["undo_a", "undo_a"]
    second = d.waiting("user")[1]
    assert int(second.workflow.variables(second)["i"]) == 2
    d.execution.complete(second, {})
    assert d.run().tasks == ["undo_a", "after"]
    after = d.find("after", "user")
    assert int(after.workflow.variables(after)["i"]) == 2
    assert d.complete("undo_a").complete("after").complete("after").state == "completed"


def test_a_handler_has_mappings_and_writes_variables_where_they_are() -> None:
    """Its inputs are its own, its results go to the subprocess's variable or the process's; its outputs as for any task."""
    mapping = '<zeebe:ioMapping><zeebe:input source="=x + 1" target="y"/></zeebe:ioMapping>'
    local = '<zeebe:ioMapping><zeebe:input source="=0" target="local"/></zeebe:ioMapping>'
    handler = element("userTask", "undo_a", ext="<zeebe:userTask/>" + mapping, isForCompensation="true")
    inner = element("startEvent", "i") + undoable("a").replace(undo("a"), handler) + element("endEvent", "ie", COMPENSATE)
    body = START + element("subProcess", "sub", inner + flows("i>a", "a>ie"), local) + user("z") + flows("s>sub", "sub>z")
    d = Driver(process(body)).start(x=1).complete("a")
    (token,) = d.waiting("user")
    assert (token.task_spec.name, int(token.data["y"]), int(token.workflow.data["local"])) == ("undo_a", 2, 0)
    d.execution.complete(token, {"local": 1, "everywhere": 2})
    assert d.run().tasks == ["z"] and dict(d.variables) == {"x": 1, "everywhere": 2}

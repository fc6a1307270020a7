"""Variables, scopes and events across them: what Camunda 8 and BPMN 2.0 say where several things meet."""

from __future__ import annotations

from typing import Any

import pytest
from driving import Driver, element, flows, message_definition, process, timer, user

from amends.engine.execution import Decided, FeelScriptEngine

START, END = element("startEvent", "s"), element("endEvent", "e")
ERROR = '<bpmn:error id="er" name="bad" errorCode="E1"/>'
UP = '<bpmn:escalation id="es" name="up" escalationCode="UP"/>'
SIGNAL = '<bpmn:signal id="sg" name="alarm"/>'


def many(inside: str = "", sequential: bool = False, **attributes: str) -> str:
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"><bpmn:extensionElements>'
        f"<zeebe:loopCharacteristics{given}/></bpmn:extensionElements>{inside}</bpmn:multiInstanceLoopCharacteristics>"
    )


def io(inputs: dict[str, str] | None = None, outputs: dict[str, str] | None = None) -> str:
    made = "".join(f'<zeebe:input source="={source}" target="{target}"/>' for target, source in (inputs or {}).items())
    made += "".join(f'<zeebe:output source="={source}" target="{target}"/>' for target, source in (outputs or {}).items())
    return f"<zeebe:ioMapping>{made}</zeebe:ioMapping>"


def throw(kind: str, name: str, ref: str, tag: str = "intermediateThrowEvent") -> str:
    return element(tag, name, f'<bpmn:{kind}EventDefinition {kind}Ref="{ref}"/>')


def sub(name: str, inside: str, **attributes: str) -> str:
    return element("subProcess", name, inside, **attributes)


# -- mappings
def test_mappings_see_what_those_before_them_made_and_merge_into_what_exists() -> None:
    """A dotted target changes one entry of a context, and keeps the others."""
    ext = io({"x": "1", "y": "x + 1", "box.left": "y", "box.right": "x"}, {"result.note": "said", "result.twice": "result.note + said"})
    d = Driver(process(START + user("a", ext=ext) + flows("s>a"))).start(result={"kept": True})
    assert d.waiting("user")[0].data == {"x": 1, "y": 2, "box": {"left": 2, "right": 1}}
    d.complete("a", said="hi")
    assert dict(d.variables) == {"result": {"kept": True, "note": "hi", "twice": "hihi"}}


def test_what_is_reserved_cannot_be_overwritten() -> None:
    """Somebody who completes a task with `settings` or `clocks` does not change what conditions read."""
    body = START + user("a") + element("exclusiveGateway", "g", default="g_c") + user("b") + user("c")
    body += flows("s>a", "a>g", "g>b: settings.strict and clocks.x = null", "g>c")
    d = Driver(process(body), constants={"settings": {"strict": True}}).start()
    assert d.complete("a", settings={"strict": False}, clocks={"x": 1}).tasks == ["b"]


def test_a_boundary_event_sees_what_its_activity_has_been_given() -> None:
    """Its timer is worked out in the activity's scope; what leaves it is not."""
    late = element("boundaryEvent", "late", timer("timeDuration", "=patience"), attachedToRef="a")
    d = Driver(process(START + user("a", ext=io({"patience": "duration(&quot;P2D&quot;)"})) + late + user("x") + flows("s>a", "late>x")))
    assert d.start().state == "active" and d.wait(days=2).tasks == ["x"] and dict(d.variables) == {}


def test_a_default_flow_out_of_a_task_is_for_when_no_other_is_taken() -> None:
    """An unconditional flow is taken, so the default is not (BPMN 2.0, 8.3.13)."""
    body = START + element("userTask", "a", ext="<zeebe:userTask/>", default="a_c") + user("b") + user("c") + flows("s>a", "a>b", "a>c")
    assert Driver(process(body)).start().complete("a").tasks == ["b"]


# -- multi-instance
def test_instances_side_by_side_keep_their_output_element_apart() -> None:
    """Also where a variable of that name is known outside, and where the answer is given deep in a subprocess."""
    loop = many(inputCollection="=[1,2]", inputElement="i", outputCollection="out", outputElement="=answer")
    inner = element("startEvent", "is") + user("ask") + user("check") + flows("is>ask", "ask>check")
    d = Driver(process(START + sub("m", loop + inner) + user("z") + flows("s>m", "m>z"))).start(answer="old")
    first, second = d.waiting("user")
    d.execution.complete(first, {"answer": "one"})
    d.run()
    d.execution.complete(d.execution.token(second.id), {"answer": "two"})
    d.run()
    d.complete("check").complete("check")
    assert d.tasks == ["z"] and d.variables["out"] == ["one", "two"] and d.variables["answer"] == "old"


def test_a_boundary_event_on_a_multi_instance_activity_is_one_and_ends_all_instances() -> None:
    """It belongs to the whole, not to each of them."""
    late = element("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="a")
    loop = many(inputCollection="=[1,2,3]", inputElement="i", outputCollection="out", outputElement="=i")
    d = Driver(process(START + user("a", loop) + late + user("x") + user("z") + flows("s>a", "late>x", "a>z"))).start()
    assert len(d.waiting("timer")) == 1
    d.complete("a")
    assert len(d.waiting("timer")) == 1 and d.wait(days=1).tasks == ["x"] and "out" not in d.variables
    assert d.complete("x").state == "completed"


def test_an_escalation_from_inside_one_instance_reaches_the_boundary_event_of_all() -> None:
    """Not interrupting, the instances go on; interrupting, all end."""
    inner = element("startEvent", "is") + throw("escalation", "tell", "es") + user("a") + flows("is>tell", "tell>a")
    loop = many(inputCollection="=[1,2]", inputElement="i")
    for interrupting, after in (("false", ["a", "a", "boss", "boss"]), ("true", ["boss"])):
        catch = element(
            "boundaryEvent", "up", '<bpmn:escalationEventDefinition escalationRef="es"/>', attachedToRef="m", cancelActivity=interrupting
        )
        d = Driver(UP + process(START + sub("m", loop + inner) + catch + user("boss") + flows("s>m", "up>boss"))).start()
        assert sorted(d.tasks) == after


def test_an_error_from_one_instance_ends_all_of_them() -> None:
    """An error in a call activity that runs several times goes to the boundary event on it."""
    call = element("callActivity", "call", many(inputCollection="=[1,2]", inputElement="i"), ext='<zeebe:calledElement processId="q"/>')
    caught = element("boundaryEvent", "caught", '<bpmn:errorEventDefinition errorRef="er"/>', attachedToRef="call")
    body = ERROR + process(START + call + caught + user("x") + flows("s>call", "caught>x"))
    d = Driver(body + process(element("startEvent", "qs") + user("a") + flows("qs>a"), "q")).start()
    assert d.tasks == ["a", "a"] and d.error("a", "E1") and d.tasks == ["x"]


def test_an_interrupting_event_subprocess_ends_a_running_multi_instance() -> None:
    """With everything inside, at any depth."""
    on = element("startEvent", "w", '<bpmn:messageEventDefinition messageRef="m_stop"/>')
    handler = sub("h", on + user("after") + flows("w>after"), triggeredByEvent="true")
    inner = element("startEvent", "is") + user("a") + flows("is>a")
    loop = many(inputCollection="=[1,2,3]", inputElement="i")
    d = Driver(message_definition("stop") + process(START + sub("m", loop + inner) + handler + flows("s>m"))).start(reference="r")
    assert d.tasks == ["a", "a", "a"] and d.message("stop").tasks == ["after"] and d.complete("after").state == "completed"


# -- event subprocesses
def test_event_subprocesses_wait_in_called_processes_and_in_subprocesses_too() -> None:
    """An interrupting one ends its own scope, and what called it goes on as if it had ended by itself."""
    on = element("startEvent", "w", timer("timeDuration", "P1D"))
    handler = sub("h", on + user("late") + flows("w>late"), triggeredByEvent="true")
    inside = element("startEvent", "is") + user("a") + handler + flows("is>a")
    call = element("callActivity", "call", ext='<zeebe:calledElement processId="q"/>')
    for body in (
        process(START + sub("m", inside) + user("z") + flows("s>m", "m>z")),
        process(START + call + user("z") + flows("s>call", "call>z")) + process(inside, "q"),
    ):
        d = Driver(body).start().wait(days=1)
        assert d.tasks == ["late"] and d.complete("late").tasks == ["z"]
        d = Driver(body).start().complete("a")
        assert d.tasks == ["z"] and d.waiting("timer") == []


def test_an_event_subprocess_does_not_catch_what_it_throws_itself() -> None:
    """An escalation in it goes outwards; caught by itself it would begin without end."""
    on = element("startEvent", "w", '<bpmn:escalationEventDefinition escalationRef="es"/>', isInterrupting="false")
    handler = sub("h", on + throw("escalation", "again", "es") + user("b") + flows("w>again", "again>b"), triggeredByEvent="true")
    inside = element("startEvent", "is") + throw("escalation", "tell", "es") + user("a") + handler + flows("is>tell", "tell>a")
    definition = '<bpmn:escalationEventDefinition escalationRef="es"/>'
    catch = element("boundaryEvent", "up", definition, attachedToRef="m", cancelActivity="false")
    d = Driver(UP + process(START + sub("m", inside) + catch + user("boss") + flows("s>m", "up>boss"))).start()
    assert sorted(d.tasks) == ["a", "b", "boss"]


def test_an_error_event_subprocess_catches_what_its_scope_throws() -> None:
    """And is interrupting: everything else of the scope ends."""
    on = element("startEvent", "w", '<bpmn:errorEventDefinition errorRef="er"/>')
    handler = sub("h", on + user("repair") + flows("w>repair"), triggeredByEvent="true")
    boom = throw("error", "boom", "er", "endEvent")
    d = Driver(ERROR + process(START + user("a") + user("b") + boom + handler + flows("s>a", "s>b", "b>boom"))).start().complete("b")
    assert d.tasks == ["repair"] and d.complete("repair").state == "completed"


def test_what_an_error_says_is_kept_with_the_values() -> None:
    """It may be about somebody, and what may be about somebody can be erased."""
    caught = element("boundaryEvent", "caught", '<bpmn:errorEventDefinition errorRef="er"/>', attachedToRef="a")
    d = Driver(ERROR + process(START + user("a") + caught + user("x") + flows("s>a", "caught>x")), save=False).start()
    d.execution.throw_error(d.find("a", "user"), "E1", "Jo's account is closed", {"account": 7})
    d.execution.do_engine_steps()
    note = next(note for note in d.execution.notes if note.kind == "error")
    assert note.data == {"code": "E1"} and note.values == {"message": "Jo's account is closed", "account": 7}
    assert dict(d.variables) == {"account": 7}


# -- ends
def test_terminate_ends_its_own_scope_only() -> None:
    """In a subprocess or a called process, what is around goes on."""
    stop = element("endEvent", "stop", "<bpmn:terminateEventDefinition/>")
    inside = element("startEvent", "is") + user("a") + user("b") + stop + flows("is>a", "is>b", "b>stop")
    call = element("callActivity", "call", ext='<zeebe:calledElement processId="q"/>')
    for body in (
        process(START + sub("m", inside) + user("z") + flows("s>m", "m>z")),
        process(START + call + user("z") + flows("s>call", "call>z")) + process(inside, "q"),
    ):
        d = Driver(body).start().complete("b")
        assert d.tasks == ["z"] and d.state == "active"


def test_links_join_several_throws_with_their_flows() -> None:
    """Two throw events lead to one catch event; a link that nothing catches is an incident."""
    throws = "".join(element("intermediateThrowEvent", name, '<bpmn:linkEventDefinition name="L"/>') for name in ("l1", "l2"))
    catch = element("intermediateCatchEvent", "lc", '<bpmn:linkEventDefinition name="L"/>')
    body = START + element("exclusiveGateway", "g", default="g_l2") + throws + catch + user("a")
    body += flows("s>g", "g>l1: first", "g>l2", "lc>a")
    for first in (True, False):
        assert Driver(process(body)).start(first=first).tasks == ["a"]
    lost = element("intermediateThrowEvent", "l", '<bpmn:linkEventDefinition name="nowhere"/>')
    d = Driver(process(START + lost + flows("s>l"))).start()
    assert d.state == "incident" and "nowhere" in d.incidents[0]


# -- gateways
def test_a_second_token_at_a_parallel_join_waits_for_a_second_partner() -> None:
    """It is neither lost nor taken for one of another flow (BPMN 2.0, 13.4.1)."""
    body = START + user("a") + user("b") + user("c") + element("exclusiveGateway", "m") + element("parallelGateway", "j") + user("z")
    body += flows("s>a", "s>b", "s>c", "a>m", "b>m", "m>j", "c>j", "j>z")
    d = Driver(process(body)).start().complete("a").complete("b")
    assert d.tasks == ["c"] and d.complete("c").tasks == ["z"]
    assert [token.task_spec.name for token in d.execution.all_tokens()] == ["j", "z"]


def test_an_inclusive_join_waits_for_a_token_in_a_subprocess_and_for_a_boundary_event() -> None:
    """What can still come round is waited for, be it inside a subprocess or through a boundary event; then no longer."""
    inner = element("startEvent", "is") + user("deep") + flows("is>deep")
    late = element("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="m")
    body = START + element("inclusiveGateway", "f") + user("a") + sub("m", inner) + late + user("x") + element("inclusiveGateway", "j")
    body += user("z") + flows("s>f", "f>a: true", "f>m: true", "a>j", "m>j", "late>x", "x>j", "j>z")
    assert Driver(process(body)).start().complete("a").complete("deep").tasks == ["z"]
    d = Driver(process(body)).start().complete("a").wait(days=1)
    assert d.tasks == ["x"] and d.complete("x").tasks == ["z"]


def test_an_inclusive_join_waits_for_an_activity_whose_reminder_is_done() -> None:
    """A boundary event's token at the join does not stand for its activity, which has a way of its own; one that repeats comes after it."""
    body = START + element("inclusiveGateway", "f") + user("x") + user("y") + user("n") + element("inclusiveGateway", "j") + user("z")
    body += flows("s>f", "f>x: true", "f>y: true", "x>j", "y>j", "late>n", "n>j", "j>z")
    for kind, text, times in (("timeDuration", "P1D", 1), ("timeCycle", "R2/P1D", 2)):
        late = element("boundaryEvent", "late", timer(kind, text), attachedToRef="x", cancelActivity="false")
        d = Driver(process(body + late)).start().wait(days=3)
        assert sorted(d.tasks) == ["n"] * times + ["x", "y"]
        for name in ["n"] * times + ["y"]:
            d.complete(name)
        assert d.tasks == ["x"]
        assert d.complete("x").tasks == ["z"] * times


def test_an_inclusive_join_in_a_loop_joins_every_pass() -> None:
    """A token that has gone round once more is waited for by its own pass."""
    body = START + element("exclusiveGateway", "m") + element("inclusiveGateway", "f") + user("a") + user("b")
    body += element("inclusiveGateway", "j") + element("exclusiveGateway", "x", default="x_m") + END
    body += flows("s>m", "m>f", "f>a: true", "f>b: both", "a>j", "b>j", "j>x", "x>m", "x>e: done")
    d = Driver(process(body)).start(both=True, done=False)
    for both in (False, True, False):
        d.complete("a")
        if "b" in d.tasks:
            d.complete("b", both=both)
        else:
            d.execution.assign("both", both)
        assert "a" in d.tasks
    d.execution.assign("done", True)
    while d.tasks:
        d.complete(d.tasks[0])
    assert d.state == "completed"


def test_a_receive_task_behind_an_event_based_gateway_is_one_of_its_alternatives() -> None:
    """Whichever comes first, the others are gone and its flow was taken."""
    receive = element("receiveTask", "r", messageRef="m_hello")
    catch = element("intermediateCatchEvent", "ct", timer("timeDuration", "P1D"))
    body = START + element("eventBasedGateway", "g") + receive + catch + user("a") + user("b") + flows("s>g", "g>r", "g>ct", "r>a", "ct>b")
    d = Driver(message_definition("hello") + process(body)).start(reference="r")
    assert d.message("hello", said="hi").tasks == ["a"] and d.waiting() == d.waiting("user") and d.variables["said"] == "hi"
    assert ("taken", "g_r") in d.path and ("taken", "g_ct") not in d.path
    d = Driver(message_definition("hello") + process(body)).start(reference="r").wait(days=1)
    assert d.tasks == ["b"] and d.waiting("message") == []


# -- timers
def test_a_monthly_cycle_keeps_its_day() -> None:
    """A short month moves one occurrence, not those after it."""
    cycle = element("boundaryEvent", "c", timer("timeCycle", "R4/2026-03-31T08:00:00Z/P1M"), attachedToRef="a", cancelActivity="false")
    d = Driver(process(START + user("a") + cycle + user("n") + flows("s>a", "c>n"))).start()
    due = []
    while timers := d.waiting("timer"):
        due.append(timers[0].wait["due"])
        d.wait(seconds=(due[-1] - d.time).total_seconds())
    assert [f"{at:%m-%d}" for at in due] == ["03-31", "04-30", "05-31", "06-30"]


def test_a_cycle_ends_where_it_says() -> None:
    """`R/P1D/end` fires daily up to its end; `R2/start/end` repeats the time between the two."""
    for text, times in (("R/P1D/2026-03-05T12:00:00Z", 3), ("R2/2026-03-03T09:00:00Z/2026-03-04T09:00:00Z", 2), ("R1/PT1H", 1)):
        cycle = element("boundaryEvent", "c", timer("timeCycle", text), attachedToRef="a", cancelActivity="false")
        d = Driver(process(START + user("a") + cycle + user("n") + flows("s>a", "c>n"))).start().wait(days=40)
        assert d.tasks.count("n") == times and d.waiting("timer") == []


def test_a_cycle_of_centuries_and_a_cycle_without_length() -> None:
    """The first is counted exactly, the second is an incident, however it is written."""
    cycle = element("boundaryEvent", "c", timer("timeCycle", "R/P40000D"), attachedToRef="a", cancelActivity="false")
    d = Driver(process(START + user("a") + cycle + user("n") + flows("s>a", "c>n"))).start().wait(days=80_000)
    assert d.tasks.count("n") == 2
    for text in ("PT0S", "R/PT0S", "R3/-P1D", "=duration(&quot;PT0S&quot;)", "R/P1D/2020-01-01"):
        cycle = element("boundaryEvent", "c", timer("timeCycle", text), attachedToRef="a", cancelActivity="false")
        assert Driver(process(START + user("a") + cycle + user("n") + flows("s>a", "c>n"))).start().state == "incident"


def test_a_timer_of_the_past_is_due_at_once() -> None:
    """A negative duration or a date gone by."""
    for kind, text in (("timeDuration", "-P1D"), ("timeDate", "2020-01-01")):
        d = Driver(process(START + element("intermediateCatchEvent", "t", timer(kind, text)) + user("a") + flows("s>t", "t>a"))).start()
        assert d.wait(seconds=0).tasks == ["a"]


def test_an_instance_does_not_hear_the_signal_it_threw_before_it_listened() -> None:
    """A signal is not kept: the note says which tokens were there when it was thrown."""
    body = START + throw("signal", "t", "sg") + element("intermediateCatchEvent", "c", '<bpmn:signalEventDefinition signalRef="sg"/>')
    d = Driver(SIGNAL + process(body + flows("s>t", "t>c")), save=False)
    d.execution.begin({})
    d.execution.do_engine_steps()
    told = next(note for note in d.execution.notes if note.kind == "broadcast")
    assert d.waiting("signal")[0].id > told.data["before"]


def test_a_called_process_decides_by_its_own_version() -> None:
    """Its settings and tables are those it was deployed with, not its caller's."""
    call = element("callActivity", "call", ext='<zeebe:calledElement processId="q"/>')
    rule = element("businessRuleTask", "r", ext='<zeebe:calledDecision decisionId="x" resultVariable="v"/>')
    body = process(START + call + flows("s>call"))
    d = Driver(body + process(element("startEvent", "qs") + rule + user("a") + flows("qs>r", "r>a"), "q"))
    seen: list[Any] = []

    def decide(name: str, context: Any) -> Decided:
        seen.append(context["settings"])
        return Decided(1, {})

    d.specs["q"].script_engine = FeelScriptEngine(decide=decide, constants={"settings": "its own"}, process=d.process)
    assert d.start().tasks == ["a"] and set(seen) == {"its own"}


BOTH = '<zeebe:ioMapping><zeebe:input source="=n + 1" target="a"/><zeebe:output source="=a + 1" target="b"/></zeebe:ioMapping>'
NEXT = element("startEvent", "s")
MAPPED = {
    "start event": element("startEvent", "s", ext=BOTH) + user("z") + flows("s>z"),
    **{
        kind: NEXT + element(kind, "x", ext=BOTH) + user("z") + flows("s>x", "x>z")
        for kind in ("task", "manualTask", "intermediateThrowEvent", "exclusiveGateway", "parallelGateway", "inclusiveGateway")
    },
    "parallel join": NEXT + element("parallelGateway", "f") + element("parallelGateway", "x", ext=BOTH) + element("task", "t") + user("z")
    + flows("s>f", "f>t", "f>x", "t>x", "x>z"),
    "inclusive join": NEXT + element("parallelGateway", "f") + element("inclusiveGateway", "x", ext=BOTH) + element("task", "t") + user("z")
    + flows("s>f", "f>t", "f>x", "t>x", "x>z"),
    "catch event": NEXT + element("intermediateCatchEvent", "x", timer("timeDuration", "PT0S"), BOTH) + user("z") + flows("s>x", "x>z"),
    "boundary event": NEXT + user("h") + element("boundaryEvent", "x", timer("timeDuration", "PT0S"), BOTH, attachedToRef="h") + user("z")
    + flows("s>h", "x>z"),
    "end event": NEXT + element("endEvent", "x", ext=BOTH) + user("z") + flows("s>x", "s>z"),
    "subprocess": NEXT + element("subProcess", "x", element("startEvent", "is") + element("task", "t") + flows("is>t"), BOTH) + user("z")
    + flows("s>x", "x>z"),
    "script task": NEXT + element("scriptTask", "x", ext='<zeebe:script expression="=a" resultVariable="c"/>' + BOTH) + user("z")
    + flows("s>x", "x>z"),
}  # fmt: skip


@pytest.mark.parametrize("where", MAPPED)
def test_mappings_are_made_at_every_element(where: str) -> None:
    """What comes in is local to the element, and what goes out is made of it."""
    d = Driver(process(MAPPED[where])).start(n=1).wait(seconds=1)
    assert (d.tasks, d.incidents, dict(d.variables)) == (["z"], [], {"n": 1, "b": 3})


@pytest.mark.parametrize("where", ["parallel join", "inclusive join", "boundary event", "exclusiveGateway"])
def test_a_mapping_that_fails_is_an_incident_that_can_be_retried(where: str) -> None:
    """Also where a token only passes: with the variable set it goes on."""
    d = Driver(process(MAPPED[where].replace("=n + 1", "=if n = null then [1..2] else n + 1")), save=False).start(n=None).wait(seconds=1)
    (stuck,) = [token for token in d.execution.all_tokens() if token.incident]
    assert (d.tasks, stuck.task_spec.name) == ([], "x")
    d.execution.assign("n", 1)
    d.execution.retry(stuck)
    assert (d.run().tasks, d.incidents, d.variables["b"]) == (["z"], [], 3)

"""What BPMN's elements do: start, wait, save and restore (after every step, by the driver), finish, cancel."""

from __future__ import annotations

from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

from driving import MONDAY, Driver, element, flows, message_definition, process, timer, user
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.calendars import Calendar, Clock
from amends.engine.execution import Decided, dump
from amends.engine.execution.values import decode, encode

START, END = element("startEvent", "s"), element("endEvent", "e")


def test_a_token_goes_from_task_to_task_and_the_process_ends() -> None:
    """A sequence of user tasks is worked one after the other; what is completed with becomes variables."""
    d = Driver(process(START + user("a") + user("b") + END + flows("s>a", "a>b", "b>e"))).start(x=1)
    assert d.tasks == ["a"]
    assert d.complete("a", y=2).tasks == ["b"]
    assert d.complete("b").state == "completed"
    assert dict(d.variables) == {"x": 1, "y": 2}


def test_a_path_without_an_end_event_completes_the_process() -> None:
    """BPMN 2.0, 13.5.6: a token that has nowhere to go is consumed."""
    assert Driver(process(START + user("a") + flows("s>a"))).start().complete("a").state == "completed"


def test_a_process_without_a_start_event_begins_at_what_has_no_incoming_flow() -> None:
    """BPMN 2.0, 13.2.1: implicit start."""
    assert Driver(process(user("a") + user("b") + END + flows("a>e"))).start().tasks == ["a", "b"]


def test_elements_may_have_the_names_spiffworkflow_gives_its_own() -> None:
    """`Start`, `End` and the like are ids as any other."""
    body = element("startEvent", "Start") + user("Root") + element("endEvent", "End") + flows("Start>Root", "Root>End")
    assert Driver(process(body)).start().complete("Root").state == "completed"


def test_undefined_and_manual_tasks_pass_through() -> None:
    """As the modeler's simulator does."""
    body = START + element("task", "t") + element("manualTask", "m") + user("a") + flows("s>t", "t>m", "m>a")
    assert Driver(process(body)).start().tasks == ["a"]


def test_several_flows_out_of_a_task_are_taken_together() -> None:
    """Implicit split; a condition on a flow out of a task counts, and the default is for when none holds."""
    body = START + user("a") + user("b") + user("c") + user("d") + flows("s>a", "a>b", "a>c: big", "a>d: not(big)")
    assert Driver(process(body)).start().complete("a", big=True).tasks == ["b", "c"]
    body = (
        START + element("userTask", "a", ext="<zeebe:userTask/>", default="a_c") + user("b") + user("c") + flows("s>a", "a>b: big", "a>c")
    )
    assert Driver(process(body)).start().complete("a", big=False).tasks == ["c"]
    assert Driver(process(body)).start().complete("a", big=True).tasks == ["b"]


def test_an_exclusive_gateway_takes_the_first_true_condition_else_the_default() -> None:
    """BPMN 2.0, 13.4.2."""
    body = START + element("exclusiveGateway", "g", default="g_c") + user("a") + user("b") + user("c")
    body += flows("s>g", "g>a: n > 10", "g>b: n > 5", "g>c")
    assert Driver(process(body)).start(n=20).tasks == ["a"]
    assert Driver(process(body)).start(n=7).tasks == ["b"]
    assert Driver(process(body)).start(n=1).tasks == ["c"]


def test_a_condition_without_a_value_is_an_incident_that_says_why_and_can_be_retried() -> None:
    """Null is neither true nor false: the element waits for somebody to look, and nothing is lost."""
    d = Driver(process(START + element("exclusiveGateway", "g") + user("a") + flows("s>g", "g>a: nobody_sets_this > 1"))).start()
    assert d.state == "incident" and "nobody_sets_this" in d.incidents[0]
    d.execution.assign("nobody_sets_this", 2)
    d.execution.retry(next(token for token in d.execution.all_tokens() if token.incident))
    assert d.run().tasks == ["a"] and d.state == "active"


def test_a_parallel_gateway_joins_one_token_of_each_flow() -> None:
    """BPMN 2.0, 13.4.1; branches that change different variables never lose one another's change."""
    body = START + element("parallelGateway", "f") + user("a") + user("b") + element("parallelGateway", "j") + user("c")
    body += flows("s>f", "f>a", "f>b", "a>j", "b>j", "j>c")
    d = Driver(process(body)).start()
    assert d.tasks == ["a", "b"]
    assert d.complete("a", from_a=1).tasks == ["b"]
    assert d.complete("b", from_b=2).tasks == ["c"]
    assert dict(d.variables) == {"from_a": 1, "from_b": 2}


def test_a_parallel_join_in_a_loop_joins_every_time() -> None:
    """The tokens of one pass are joined with each other, not with those of the pass before."""
    body = (
        START + element("exclusiveGateway", "m") + element("parallelGateway", "f") + user("a") + user("b") + element("parallelGateway", "j")
    )
    body += element("exclusiveGateway", "x", default="x_m") + END
    body += flows("s>m", "m>f", "f>a", "f>b", "a>j", "b>j", "j>x", "x>m", "x>e: done")
    d = Driver(process(body)).start(done=False)
    for _ in range(3):
        d.complete("b").complete("a")
        assert d.tasks == ["a", "b"]
    assert d.complete("a", done=True).complete("b").state == "completed"


def test_an_inclusive_gateway_waits_for_what_can_still_come_and_for_nothing_else() -> None:
    """BPMN 2.0, 13.4.3."""
    body = (
        START
        + element("inclusiveGateway", "f", default="f_c")
        + user("a")
        + user("b")
        + user("c")
        + element("inclusiveGateway", "j")
        + user("z")
    )
    body += flows("s>f", "f>a: x", "f>b: y", "f>c", "a>j", "b>j", "c>j", "j>z")
    d = Driver(process(body)).start(x=True, y=True)
    assert d.tasks == ["a", "b"]
    assert d.complete("a").tasks == ["b"]
    assert d.complete("b").tasks == ["z"]
    assert Driver(process(body)).start(x=True, y=False).complete("a").tasks == ["z"]
    assert Driver(process(body)).start(x=False, y=False).tasks == ["c"]


def test_an_inclusive_join_sees_a_long_way_round() -> None:
    """A branch that is still two tasks away is waited for."""
    body = START + element("inclusiveGateway", "f") + user("a") + user("b") + user("b2") + element("inclusiveGateway", "j") + user("z")
    body += flows("s>f", "f>a: true", "f>b: true", "a>j", "b>b2", "b2>j", "j>z")
    d = Driver(process(body)).start().complete("a").complete("b")
    assert d.tasks == ["b2"]
    assert d.complete("b2").tasks == ["z"]


def test_after_an_event_based_gateway_the_first_event_wins_and_the_others_are_gone() -> None:
    """Also after a restore: a late message finds nobody (the driver restores after each step)."""
    catch_message = element("intermediateCatchEvent", "cm", '<bpmn:messageEventDefinition messageRef="m_hello"/>')
    catch_timer = element("intermediateCatchEvent", "ct", timer("timeDuration", "P1D"))
    body = START + element("eventBasedGateway", "g") + catch_message + catch_timer + user("a") + user("b")
    body = message_definition("hello") + process(body + flows("s>g", "g>cm", "g>ct", "cm>a", "ct>b"))
    d = Driver(body).start(reference="r")
    assert [token.wait["kind"] for token in d.waiting()] == ["message", "timer"]
    assert d.message("hello", said="hi").tasks == ["a"] and d.waiting("timer") == [] and d.variables["said"] == "hi"
    assert ("taken", "g_cm") in d.path and ("taken", "g_ct") not in d.path
    d = Driver(body).start(reference="r").wait(days=2)
    assert d.tasks == ["b"] and d.waiting("message") == []


def test_timers_fire_at_their_instant_by_the_engines_clock() -> None:
    """Duration, date and cycle; a cycle on a non-interrupting boundary fires as often as it says."""
    body = START + element("intermediateCatchEvent", "t", timer("timeDuration", "PT90M")) + user("a") + flows("s>t", "t>a")
    d = Driver(process(body)).start().wait(minutes=89)
    assert d.tasks == [] and d.wait(minutes=1).tasks == ["a"]
    body = START + element("intermediateCatchEvent", "t", timer("timeDate", "=date and time(&quot;2026-03-09T09:00:00Z&quot;)")) + user("a")
    assert Driver(process(body + flows("s>t", "t>a"))).start().wait(days=7).tasks == ["a"]
    cycle = element("boundaryEvent", "c", timer("timeCycle", "R3/P1D"), attachedToRef="a", cancelActivity="false")
    d = Driver(process(START + user("a") + cycle + user("n") + flows("s>a", "c>n"))).start().wait(days=10)
    assert d.tasks == ["a", "n", "n", "n"] and d.waiting("timer") == []


def test_a_cycle_that_missed_occurrences_fires_once_and_says_how_many() -> None:
    """After a standstill, nobody is told the same thing five times."""
    cycle = element("boundaryEvent", "c", timer("timeCycle", "R/P1D"), attachedToRef="a", cancelActivity="false")
    d = Driver(process(START + user("a") + cycle + user("n") + flows("s>a", "c>n"))).start()
    d.time += timedelta(days=5, hours=1)
    d.execution.fire(d.waiting("timer")[0], {})
    d.execution.do_engine_steps()
    told = next(note for note in d.execution.notes if note.kind == "timer")
    assert told.data == {"missed": 4}
    assert d.waiting("timer")[0].wait["due"] == MONDAY + timedelta(days=6)


def test_an_interrupting_boundary_event_cancels_its_activity() -> None:
    """And completing the activity takes the boundary event away."""
    boundary = element("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="a")
    body = process(START + user("a") + boundary + user("x") + user("n") + flows("s>a", "a>n", "late>x"))
    d = Driver(body).start().wait(days=1)
    assert d.tasks == ["x"] and "a" in d.ran("cancelled")
    d = Driver(body).start().complete("a")
    assert d.tasks == ["n"] and d.waiting("timer") == []


def test_an_error_goes_to_the_nearest_boundary_event_that_catches_it() -> None:
    """Exact codes before catch-alls, inner scopes before outer ones; uncaught it is the caller's to make an incident of."""
    error = '<bpmn:error id="er" name="bad" errorCode="E1"/>'
    inner = element("startEvent", "is") + user("a") + flows("is>a")
    boundary = element("boundaryEvent", "caught", '<bpmn:errorEventDefinition errorRef="er"/>', attachedToRef="sub")
    body = error + process(START + element("subProcess", "sub", inner) + boundary + user("x") + flows("s>sub", "caught>x"))
    d = Driver(body).start()
    assert d.error("a", "E1") and d.tasks == ["x"]
    d = Driver(body).start()
    assert not d.error("a", "E2") and d.tasks == ["a"]


def test_an_error_end_event_throws_and_one_nobody_catches_is_an_incident() -> None:
    """BPMN 2.0, 10.5.6."""
    error = '<bpmn:error id="er" name="bad" errorCode="E1"/>'
    thrown = element("endEvent", "boom", '<bpmn:errorEventDefinition errorRef="er"/>')
    d = Driver(error + process(START + thrown + flows("s>boom"))).start()
    assert d.state == "incident" and "E1" in d.incidents[0]


def test_an_escalation_lets_its_activity_go_on() -> None:
    """A non-interrupting boundary event runs beside it; one nobody catches is no fault."""
    escalation = '<bpmn:escalation id="es" name="up" escalationCode="UP"/>'
    throw = element("intermediateThrowEvent", "tell", '<bpmn:escalationEventDefinition escalationRef="es"/>')
    inner = element("startEvent", "is") + throw + user("a") + flows("is>tell", "tell>a")
    boundary = element(
        "boundaryEvent", "up", '<bpmn:escalationEventDefinition escalationRef="es"/>', attachedToRef="sub", cancelActivity="false"
    )
    body = START + element("subProcess", "sub", inner)
    d = Driver(escalation + process(body + boundary + user("boss") + flows("s>sub", "up>boss"))).start()
    assert d.tasks == ["a", "boss"] or d.tasks == ["boss", "a"]
    assert Driver(escalation + process(body + flows("s>sub"))).start().tasks == ["a"]


def test_an_interrupting_event_subprocess_ends_everything_else_in_its_scope() -> None:
    """A withdrawal, at any time, also while a called process works."""
    start = element("startEvent", "w", '<bpmn:messageEventDefinition messageRef="m_withdrawn"/>')
    event_sub = element("subProcess", "es", start + user("confirm") + flows("w>confirm"), triggeredByEvent="true")
    call = element("callActivity", "call", ext='<zeebe:calledElement processId="q"/>')
    body = message_definition("withdrawn") + process(START + call + event_sub + flows("s>call"))
    body += process(element("startEvent", "qs") + user("a") + flows("qs>a"), "q")
    d = Driver(body).start(reference="r")
    assert d.tasks == ["a"]
    d.message("withdrawn", reason="moved")
    assert d.tasks == ["confirm"] and d.variables["reason"] == "moved" and d.waiting("message") == []
    assert d.complete("confirm").state == "completed"
    assert Driver(body).start(reference="r").complete("a").state == "completed"


def test_a_non_interrupting_event_subprocess_runs_beside_its_scope_each_time() -> None:
    """A timer cycle starts one after the other; the scope ends only when all are done."""
    start = element("startEvent", "t", timer("timeCycle", "R2/P1D"), isInterrupting="false")
    event_sub = element("subProcess", "es", start + user("note") + flows("t>note"), triggeredByEvent="true")
    d = Driver(process(START + user("a") + event_sub + flows("s>a"))).start().wait(days=5)
    assert d.tasks == ["a", "note", "note"]
    d.complete("note").complete("a")
    assert d.state == "active" and d.complete("note").state == "completed"


def test_a_call_activity_gives_its_variables_and_takes_back_what_was_written() -> None:
    """What the called process only read does not overwrite what changed meanwhile in the caller."""
    call = element("callActivity", "call", ext='<zeebe:calledElement processId="q"/>')
    body = process(START + element("parallelGateway", "f") + call + user("b") + flows("s>f", "f>call", "f>b"))
    body += process(element("startEvent", "qs") + user("a") + flows("qs>a"), "q")
    d = Driver(body).start(shared=1, x=0)
    d.complete("b", shared=2).complete("a", x=5)
    assert d.state == "completed" and dict(d.variables) == {"shared": 2, "x": 5}


def test_input_and_output_mappings_make_and_merge_local_variables() -> None:
    """As Camunda 8 documents them: with an output mapping only what it names leaves the element."""
    mapping = (
        '<zeebe:ioMapping><zeebe:input source="=name + &quot;!&quot;" target="loud"/>'
        '<zeebe:output source="=answer" target="result.text"/></zeebe:ioMapping>'
    )
    d = Driver(process(START + user("a", ext=mapping) + flows("s>a"))).start(name="Jo")
    assert d.waiting("user")[0].data == {"loud": "Jo!"}
    d.complete("a", answer="yes", private="no")
    assert dict(d.variables) == {"name": "Jo", "result": {"text": "yes"}}


def test_multi_instance_runs_for_each_item_side_by_side_or_in_turn() -> None:
    """Outputs are collected in the order of the inputs; a completion condition ends the rest."""
    loop = (
        '<bpmn:multiInstanceLoopCharacteristics isSequential="{}"><bpmn:extensionElements><zeebe:loopCharacteristics '
        'inputCollection="=people" inputElement="person" outputCollection="answers" outputElement="=person + answer"/>'
        "</bpmn:extensionElements>{}</bpmn:multiInstanceLoopCharacteristics>"
    )
    d = Driver(process(START + user("a", loop.format("false", "")) + user("z") + flows("s>a", "a>z"))).start(people=["x", "y"])
    assert d.tasks == ["a", "a"]
    first, second = d.waiting("user")
    d.execution.complete(second, {"answer": "2"})
    d.run()
    d.complete("a", answer="1")
    assert d.tasks == ["z"] and d.variables["answers"] == ["x1", "y2"]
    d = Driver(process(START + user("a", loop.format("true", "")) + user("z") + flows("s>a", "a>z"))).start(people=["x", "y"])
    assert d.tasks == ["a"] and d.complete("a", answer="1").tasks == ["a"] and d.complete("a", answer="2").tasks == ["z"]
    nobody = Driver(process(START + user("a", loop.format("true", "")) + user("z") + flows("s>a", "a>z"))).start(people=[])
    assert nobody.tasks == ["z"]
    enough = "<bpmn:completionCondition>=numberOfCompletedInstances = 1</bpmn:completionCondition>"
    d = Driver(process(START + user("a", loop.format("false", enough)) + user("z") + flows("s>a", "a>z"))).start(people=["x", "y", "w"])
    assert d.complete("a", answer="1").tasks == ["z"]


def test_a_script_task_and_a_decision_set_their_result_variable() -> None:
    """FEEL's values are kept without loss."""
    script = element("scriptTask", "t", ext='<zeebe:script expression="=0.1 + amount" resultVariable="total"/>')
    rule = element("businessRuleTask", "r", ext='<zeebe:calledDecision decisionId="prio" resultVariable="priority"/>')
    decided = []

    def decide(name: str, context: Any) -> Decided:
        decided.append((name, context["total"]))
        return Decided("high", {"rule": 1})

    d = Driver(process(START + script + rule + user("a") + flows("s>t", "t>r", "r>a")), decide=decide).start(amount=Decimal("0.2"))
    assert d.variables["total"] == Decimal("0.3") and d.variables["priority"] == "high" and decided[:1] == [("prio", Decimal("0.3"))]


def test_a_service_task_waits_for_its_job() -> None:
    """Its inputs are the headers, overlaid by the input mappings."""
    ext = '<zeebe:taskDefinition type="send" retries="5"/><zeebe:taskHeaders><zeebe:header key="letter" value="ack"/></zeebe:taskHeaders>'
    ext += '<zeebe:ioMapping><zeebe:input source="=name" target="to"/></zeebe:ioMapping>'
    d = Driver(process(START + element("serviceTask", "t", ext=ext) + user("a") + flows("s>t", "t>a"))).start(name="Jo")
    token = d.find("send", "service")
    assert token.wait["retries"] == 5 and token.task_spec.operation_inputs(token) == {"letter": "ack", "to": "Jo"}
    assert d.serve("send", proof="250 OK").tasks == ["a"]


def test_a_link_and_a_terminate_event() -> None:
    """A token goes on at the link of the same name; terminating ends everything in the scope."""
    throw = element("intermediateThrowEvent", "lt", '<bpmn:linkEventDefinition name="L"/>')
    catch = element("intermediateCatchEvent", "lc", '<bpmn:linkEventDefinition name="L"/>')
    assert Driver(process(START + throw + catch + user("a") + flows("s>lt", "lc>a"))).start().tasks == ["a"]
    end = element("endEvent", "stop", "<bpmn:terminateEventDefinition/>")
    d = Driver(process(START + user("a") + user("b") + end + flows("s>a", "s>b", "b>stop"))).start().complete("b")
    assert d.state == "completed" and d.tasks == []


def test_a_loop_that_never_waits_and_a_process_that_calls_itself_become_incidents() -> None:
    """A budget of steps and of depth: nothing hangs (rule 8)."""
    body = START + element("exclusiveGateway", "m") + element("task", "t") + flows("s>m", "m>t", "t>m")
    d = Driver(process(body), save=False).start()
    assert d.state == "incident" and "without waiting" in d.incidents[0]
    call = element("callActivity", "call", ext='<zeebe:calledElement processId="p"/>')
    d = Driver(process(START + call + flows("s>call"))).start()
    assert d.state == "incident" and "calls itself" in d.incidents[0]


def test_a_multi_instance_over_too_many_is_an_incident() -> None:
    """A collection of a million is a mistake, not work."""
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=for i in 1..6000 return i" inputElement="i"/>'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    )
    d = Driver(process(START + user("a", loop) + flows("s>a"))).start()
    assert d.state == "incident" and "6000 times" in d.incidents[0]


def test_a_loop_keeps_no_trace_of_its_passes() -> None:
    """Finished elements are in the history: the state is as large after a thousand passes as after one."""
    body = START + element("exclusiveGateway", "m") + user("u") + element("exclusiveGateway", "x", default="x_m") + END
    d = Driver(process(body + flows("s>m", "m>u", "u>x", "x>m", "x>e: done"))).start(done=False)
    sizes = []
    for _ in range(1_000):
        d.complete("u")
        sizes.append(len(dump(d.execution)))
    assert sizes[-1] - sizes[0] < 16 and len(list(d.execution.all_tokens())) == 1


def test_a_due_date_that_reads_a_clock_follows_it_and_rests_while_it_is_paused() -> None:
    """Task due dates and timers read the same clock."""
    hours = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    calendars = {"default": Calendar.from_data({"name": "default", "timezone": "UTC", "hours": hours})}
    schedule = '<zeebe:taskSchedule dueDate="=clocks.answer.due"/>'
    late = element("boundaryEvent", "late", timer("timeDate", "=clocks.answer.due"), attachedToRef="a", cancelActivity="false")
    d = Driver(
        process(START + user("w") + user("a", ext=schedule) + late + user("n") + flows("s>w", "w>a", "late>n")), calendars=calendars
    ).start()
    d.execution.set_clock(Clock.begin("answer", d.time, "P10D"), "started")
    d.complete("w")
    due = MONDAY + timedelta(days=10)
    assert d.waiting("user")[0].wait["due"] == due and d.waiting("timer")[0].wait["due"] == due
    d.execution.set_clock(d.execution.clocks["answer"].paused(d.time, "asked"), "paused")
    d.run()
    assert d.waiting("user")[0].wait["due"] is None and d.waiting("timer")[0].wait["due"] is None
    d.time += timedelta(days=20)
    d.execution.set_clock(d.execution.clocks["answer"].resumed(d.time), "resumed")
    d.run()
    assert d.waiting("timer")[0].wait["due"] == due + timedelta(days=20)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates() | st.timedeltas() | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8) | st.sampled_from(["~n", "~d", "~o"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(values)
def test_variables_come_back_as_they_were(value: Any) -> None:
    """Encoding loses nothing, and nothing a person types can be taken for one of our marks."""
    assert decode(encode(value)) == value


def test_an_empty_subprocess_ends_at_once() -> None:
    """A collapsed one that nobody has drawn yet holds nobody up, also where it runs several times."""
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=[1, 2]"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>'
    )
    for inside in ("", loop):
        body = element("startEvent", "s") + element("subProcess", "sub", inside) + user("a") + flows("s>sub", "sub>a")
        assert Driver(process(body)).start().tasks == ["a"]


def test_an_error_without_a_code_is_every_error() -> None:
    """What catches it catches all, as where it refers to no error; one that names the code goes first."""
    errors = '<bpmn:error id="any" name="any"/><bpmn:error id="one" name="one" errorCode="E1"/>'
    borders = "".join(
        element("boundaryEvent", f"b_{name}", f'<bpmn:errorEventDefinition errorRef="{name}"/>', attachedToRef="a")
        for name in ("any", "one")
    )
    body = element("startEvent", "s") + user("a") + borders + user("x") + user("y") + flows("s>a", "b_any>x", "b_one>y")
    for code, task in (("E1", "y"), ("E2", "x")):
        d = Driver(errors + process(body)).start()
        assert d.error("a", code)
        assert d.tasks == [task]

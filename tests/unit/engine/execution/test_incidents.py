"""Incidents: whatever an element stops at, trying again does nothing twice, and nothing else of the instance is lost."""

from __future__ import annotations

from typing import Any

from driving import Driver, element, flows, process, timer, user

from amends.engine.calendars import Calendar, Clock
from amends.engine.execution import Decided
from amends.engine.execution.values import decode, encode
from amends.engine.feel import evaluate

START, END = element("startEvent", "s"), element("endEvent", "e")
HOURS = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
CALENDARS = {"default": Calendar.from_data({"name": "default", "timezone": "UTC", "hours": HOURS})}


def mapping(*, inputs: str = "", outputs: str = "") -> str:
    """`source>target` pairs, with blanks between them."""
    made = ""
    for kind, pairs in (("input", inputs), ("output", outputs)):
        for pair in pairs.split():
            source, _, target = pair.partition(">")
            made += f'<zeebe:{kind} source="={source}" target="{target}"/>'
    return f"<zeebe:ioMapping>{made}</zeebe:ioMapping>"


def retry(d: Driver, **variables: Any) -> Driver:
    """Set variables, and try every element that stopped again."""
    for name, value in variables.items():
        d.execution.assign(name, value)
    for token in [token for token in d.execution.all_tokens() if token.incident]:
        d.execution.retry(token)
    return d.run()


def test_output_mappings_are_done_once_though_leaving_is_tried_twice() -> None:
    """A condition that cannot be tested comes after the outputs: retrying it does not count twice."""
    body = START + user("a", ext=mapping(outputs="n+1>n")) + user("b") + flows("s>a", "a>b: go")
    d = Driver(process(body)).start(n=0).complete("a")
    assert d.state == "incident" and d.variables["n"] == 1
    assert retry(d, go=True).tasks == ["b"] and d.variables["n"] == 1


def test_output_mappings_are_all_or_none() -> None:
    """One that fails leaves the variables as they were, so that retrying begins with what was there."""
    d = Driver(process(START + user("a", ext=mapping(outputs="n+1>n n+wrong()>m")) + user("b") + flows("s>a", "a>b"))).start(n=0)
    d.complete("a")
    assert d.state == "active" and dict(d.variables) == {"n": 1, "m": None}
    function = START + user("a", ext=mapping(outputs="n+1>n function(x)x>f")) + user("b") + flows("s>a", "a>b")
    d = Driver(process(function)).start(n=0).complete("a")
    assert d.state == "incident" and "cannot be kept" in d.incidents[0] and dict(d.variables) == {"n": 0}


def test_a_value_that_cannot_be_kept_is_an_incident_where_it_is_made() -> None:
    """A range or a function is no variable; a time of day is."""
    script = element("scriptTask", "t", ext='<zeebe:script expression="=[1..3]" resultVariable="x"/>')
    d = Driver(process(START + script + user("a") + flows("s>t", "t>a"))).start()
    assert d.state == "incident" and "Range" in d.incidents[0]
    for text in ('time("10:00:00")', 'time("10:00:00+01:30")', 'time("23:59:59.5@Europe/Berlin")'):
        value = evaluate(text, {})
        back = decode(encode({"t": value}))["t"]
        assert back == value and (back.hour, back.nano, back.zone) == (value.hour, value.nano, value.zone)


def test_entering_again_takes_the_inputs_again_and_the_boundary_events_once() -> None:
    """A user task whose priority is no number stops; put right, it waits with one boundary event and fresh inputs."""
    ext = mapping(inputs="n+1>n") + '<zeebe:priorityDefinition priority="=urgency"/>'
    late = element("boundaryEvent", "late", timer("timeDuration", "P1D"), attachedToRef="a", cancelActivity="false")
    d = Driver(process(START + user("a", ext=ext) + late + user("x") + flows("s>a", "late>x"))).start(n=0, urgency="very")
    assert d.state == "incident" and "no number" in d.incidents[0]
    retry(d, urgency=90)
    assert d.tasks == ["a"] and len(d.waiting("timer")) == 1
    (token,) = d.waiting("user")
    assert token.data == {"n": 1} and token.wait["priority"] == 90


def test_an_error_nobody_catches_leaves_the_task_open_and_retrying_does_not_complete_it() -> None:
    """Trying again means that somebody can work the task, not that it is done."""
    d = Driver(process(START + user("a") + user("b") + flows("s>a", "a>b"))).start()
    token = d.waiting("user")[0]
    d.execution.incident(token, "Nothing catches it.")
    d.run()
    assert d.state == "incident"
    assert retry(d).tasks == ["a"] and d.state == "active" and d.complete("a").tasks == ["b"]


def test_an_error_that_is_thrown_and_not_caught_is_an_incident_and_an_escalation_nothing() -> None:
    """As `check` says of them: the one stops at the event that throws it, the other goes on as if nothing had been thrown."""
    for kind, state in (("error", "incident"), ("escalation", "completed")):
        top = f'<bpmn:{kind} id="k" name="late" {kind}Code="late"/>'
        end = element("endEvent", "x", f'<bpmn:{kind}EventDefinition {kind}Ref="k"/>')
        d = Driver(top + process(START + end + flows("s>x"))).start()
        assert d.state == state
        assert [text for text in d.incidents if "Nothing catches the error 'late'" in text] == d.incidents


def test_a_multi_instance_without_a_list_can_be_retried() -> None:
    """It begins when the list is there; before that nothing has begun."""
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=people" inputElement="person"/></bpmn:extensionElements>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    d = Driver(process(START + user("a", loop) + flows("s>a"))).start()
    assert d.state == "incident" and d.tasks == []
    assert retry(d, people=[1, 2]).tasks == ["a", "a"]
    assert d.complete("a").complete("a").state == "completed"


def test_a_completion_condition_that_fails_counts_its_instance_once() -> None:
    """Null is neither true nor false; retried, the same instance is done, and only it."""
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=[1,2,3]" inputElement="i" outputCollection="out" outputElement="=i * 10"/>'
        "</bpmn:extensionElements><bpmn:completionCondition>=numberOfCompletedInstances &gt;= enough</bpmn:completionCondition>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    d = Driver(process(START + user("a", loop) + user("z") + flows("s>a", "a>z"))).start().complete("a")
    assert d.state == "incident"
    retry(d, enough=2)
    assert d.state == "active" and d.tasks == ["a", "a"]
    assert d.complete("a").tasks == ["z"] and d.variables["out"] == [10, 20, None]


def test_a_standard_loop_whose_condition_fails_stops_at_its_pass_and_can_be_retried() -> None:
    """The pass is there until it is known whether another one follows."""
    loop = "<bpmn:standardLoopCharacteristics><bpmn:loopCondition>=again</bpmn:loopCondition></bpmn:standardLoopCharacteristics>"
    d = Driver(process(START + user("a", loop) + user("z") + flows("s>a", "a>z"))).start().complete("a")
    assert d.state == "incident"
    assert retry(d, again=True).tasks == ["a"] and d.complete("a", again=False).tasks == ["z"]


def test_a_subprocess_or_called_process_that_cannot_begin_can_be_retried() -> None:
    """The process that is called is found when its name is right."""
    call = element("callActivity", "call", ext='<zeebe:calledElement processId="=which"/>')
    body = process(START + call + user("z") + flows("s>call", "call>z"))
    body += process(element("startEvent", "qs") + user("a") + flows("qs>a"), "q")
    d = Driver(body).start(which="nowhere")
    assert d.state == "incident" and retry(d, which="q").tasks == ["a"] and d.complete("a").tasks == ["z"]


def test_a_decision_that_refuses_is_an_incident_and_the_other_branch_goes_on() -> None:
    """One element stops, not the instance."""
    from amends.engine.errors import AmendsError

    broken = True

    def decide(name: str, context: Any) -> Decided:
        if broken:
            raise AmendsError("The table is not readable.")
        return Decided(1, {})

    rule = element("businessRuleTask", "r", ext='<zeebe:calledDecision decisionId="x" resultVariable="v"/>')
    d = Driver(process(START + rule + user("a") + user("b") + flows("s>r", "s>b", "r>a")), decide=decide).start()
    assert d.tasks == ["b"] and d.incidents == ["The table is not readable."]
    broken = False
    assert retry(d).tasks == ["b", "a"]


def test_completing_one_task_leaves_the_incident_of_another_branch() -> None:
    """And an instance with an incident does not end."""
    body = START + user("a") + element("exclusiveGateway", "g") + user("b") + flows("s>a", "s>g", "g>b: go")
    d = Driver(process(body)).start()
    assert d.state == "incident" and d.complete("a").state == "incident" and d.execution.ended is None
    assert retry(d, go=True).tasks == ["b"] and d.complete("b").state == "completed"


def test_numbers_out_of_reach_are_incidents() -> None:
    """Neither a thousand thousand years nor a retry count in words stops more than its element."""
    for what in (
        element("intermediateCatchEvent", "x", timer("timeDuration", "P999999999Y")),
        element("intermediateCatchEvent", "x", timer("timeDuration", "P999999999W")),
        element("intermediateCatchEvent", "x", timer("timeDate", "0001-01-01T00:00:00+14:00")),
        element("serviceTask", "x", ext='<zeebe:taskDefinition type="t" retries="=&quot;many&quot;"/>'),
    ):
        d = Driver(process(START + what + user("b") + flows("s>x", "s>b"))).start()
        assert d.state == "incident" and d.tasks == ["b"]


def test_a_service_task_that_is_retried_takes_its_inputs_again() -> None:
    """It may be the inputs that were put right."""
    ext = '<zeebe:taskDefinition type="send"/>' + mapping(inputs="address>to")
    d = Driver(process(START + element("serviceTask", "t", ext=ext) + flows("s>t"))).start(address="wrong")
    token = d.find("send", "service")
    d.execution.incident(token, "No such address.")
    retry(d, address="right")
    token = d.find("send", "service")
    assert token.task_spec.operation_inputs(token) == {"to": "right"} and d.state == "active"


# -- clocks
def clocked(timer_text: str, kind: str = "timeDate") -> Driver:
    late = element("boundaryEvent", "late", timer(kind, timer_text), attachedToRef="a", cancelActivity="false")
    return Driver(process(START + user("a") + late + user("n") + flows("s>a", "late>n")), calendars=CALENDARS)


def test_a_timer_of_a_clock_that_has_not_started_waits_for_it() -> None:
    """No incident: it is due when its clock says so, whether that starts, is paused, is met or is started anew."""
    d = clocked("=clocks.answer.due").start()
    assert d.state == "active" and d.waiting("timer")[0].wait["due"] is None
    assert d.wait(days=30).tasks == ["a"]
    begun = Clock.begin("answer", d.time, "P10D")
    d.execution.set_clock(begun, "started")
    d.run()
    assert d.waiting("timer")[0].wait["due"] == begun.due(CALENDARS)
    d.execution.set_clock(begun.paused(d.time, None), "paused")
    d.run()
    assert d.waiting("timer")[0].wait["due"] is None
    d.execution.set_clock(d.execution.clocks["answer"].resumed(d.time), "resumed")
    d.run()
    assert d.wait(days=10).tasks == ["a", "n"] and d.waiting("timer") == []


def test_a_timer_that_does_not_read_clocks_and_gives_null_is_an_incident() -> None:
    """There is nothing that could ever make it due."""
    d = clocked("=nobody_sets_this").start()
    assert d.state == "incident" and "nobody_sets_this" in d.incidents[0]
    assert retry(d, nobody_sets_this="2026-03-05T09:00:00Z").state == "active" and d.wait(days=4).tasks == ["a", "n"]


def test_a_duration_that_reads_clocks_counts_from_when_it_began_and_a_change_of_another_clock_moves_nothing() -> None:
    """Otherwise every pause of some clock would put every such timer off."""
    d = clocked("=if clocks.answer.start = null then duration(&quot;P10D&quot;) else duration(&quot;P4D&quot;)", "timeDuration").start()
    first = d.waiting("timer")[0].wait["due"]
    d.wait(days=3)
    d.execution.set_clock(Clock.begin("other", d.time, "P1D"), "started")
    d.run()
    assert d.waiting("timer")[0].wait["due"] == first


def test_a_due_date_that_stops_making_sense_is_an_incident_until_the_clock_changes_again() -> None:
    """The task stays open, and what has put itself right needs nobody."""
    schedule = '<zeebe:taskSchedule dueDate="=if clocks.answer.start = null then null else if clocks.answer.paused then &quot;soon&quot; '
    schedule += 'else clocks.answer.due"/>'
    d = Driver(process(START + user("a", ext=schedule) + flows("s>a")), calendars=CALENDARS).start()
    clock = Clock.begin("answer", d.time, "P10D")
    d.execution.set_clock(clock, "started")
    d.run()
    d.execution.set_clock(clock.paused(d.time, None), "paused")
    d.run()
    assert d.state == "incident" and d.tasks == ["a"]
    d.execution.set_clock(d.execution.clocks["answer"].resumed(d.time), "resumed")
    assert d.run().state == "active" and d.waiting("user")[0].wait["due"] == clock.due(CALENDARS)
    assert "resolved" in [kind for kind, _ in d.path]


def test_a_join_to_which_nothing_can_come_any_more_is_an_incident() -> None:
    """An instance is never active with nothing active in it: what waits for a branch that ended elsewhere says so."""
    body = START + element("parallelGateway", "f") + user("a") + user("b") + element("exclusiveGateway", "x", default="x_j")
    body += element("endEvent", "e2") + element("parallelGateway", "j") + user("z")
    body += flows("s>f", "f>a", "f>b", "a>j", "b>x", "x>e2: stop", "x>j", "j>z")
    d = Driver(process(body)).start(stop=True).complete("a")
    assert d.state == "active"
    assert d.complete("b").incidents == [
        "j waits for a token by x_j, and nothing is left that could bring one. Let every branch come to it, or use an inclusive gateway."
    ]
    d.execution.retry(next(token for token in d.execution.all_tokens() if token.incident))
    assert d.run().state == "incident" and len(d.incidents) == 1
    assert Driver(process(body)).start(stop=False).complete("b").complete("a").tasks == ["z"]


def test_a_join_that_waits_while_something_else_goes_on_is_none() -> None:
    """Also where what goes on is in a subprocess beside it; inside a subprocess only what is inside can come."""
    inner = element("startEvent", "i") + element("parallelGateway", "f") + user("a") + element("parallelGateway", "j")
    inner += element("task", "t") + element("endEvent", "te") + flows("i>f", "f>a", "f>t", "t>te", "a>j", "j>te2")
    inner += element("endEvent", "te2") + element("task", "never") + flows("never>j")
    body = START + element("parallelGateway", "g") + element("subProcess", "sub", inner) + user("beside")
    body += flows("s>g", "g>sub", "g>beside")
    d = Driver(process(body)).start()
    assert (d.state, d.tasks) == ("active", ["beside", "a"])
    assert d.complete("a").state == "incident" and d.tasks == ["beside"]
    d.execution.cancel_all("enough")
    assert d.run().state == "terminated"


def test_inclusive_joins_that_wait_for_each_other_go_on() -> None:
    """Each could still get a token from the other, and from nowhere else (a vicious circle in BPMN 2.0, 13.4.3)."""
    body = START + element("parallelGateway", "f") + element("inclusiveGateway", "one") + element("inclusiveGateway", "two")
    body += element("inclusiveGateway", "x", default="x_a") + element("inclusiveGateway", "y", default="y_b") + user("a") + user("b")
    body += flows("s>f", "f>one", "f>two", "one>x", "two>y", "x>two: more", "x>a", "y>one: more", "y>b")
    d = Driver(process(body)).start(more=False)
    assert d.tasks == ["a", "b"]
    assert d.complete("a").complete("b").state == "completed"

"""Conditional events, events with several triggers, and what begins an instance. Saved and restored after every step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from driving import HEAD, MONDAY, Driver, element, flows, message_definition, process, timer, user

from amends.engine.calendars import Calendar, Clock
from amends.engine.definitions import check, read_diagram
from amends.engine.execution import Fault, compile_process

START, END = element("startEvent", "s"), element("endEvent", "e")
HELLO = message_definition("hello")
SIGNAL = '<bpmn:signal id="sg" name="alarm"/>'


def condition(text: str) -> str:
    return f"<bpmn:conditionalEventDefinition><bpmn:condition>={text}</bpmn:condition></bpmn:conditionalEventDefinition>"


def test_an_intermediate_conditional_event_waits_until_its_condition_is_true() -> None:
    """What it needs need not be there yet; any change of a variable is looked at, whoever makes it."""
    body = START + element("parallelGateway", "f") + user("a") + user("b")
    body += element("intermediateCatchEvent", "c", condition("amount &gt; 10"))
    d = Driver(process(body + flows("s>f", "f>c", "f>a", "c>b"))).start()
    assert d.tasks == ["a"] and d.state == "active"
    d.execution.assign("amount", 5)
    assert d.run().tasks == ["a"]
    assert d.complete("a", amount=11).tasks == ["b"]
    assert d.complete("b").state == "completed"
    assert Driver(process(body + flows("s>f", "f>c", "f>a", "c>b"))).start(amount=20).tasks == ["a", "b"]


def test_a_change_in_the_middle_of_a_step_is_not_missed() -> None:
    """A script makes it true and the next one false again, without anybody waiting in between."""
    on = element("scriptTask", "on", ext='<zeebe:script expression="=true" resultVariable="lit"/>')
    off = element("scriptTask", "off", ext='<zeebe:script expression="=false" resultVariable="lit"/>')
    body = START + element("parallelGateway", "f") + element("intermediateCatchEvent", "c", condition("lit")) + user("b") + user("go")
    body += on + off + flows("s>f", "f>c", "f>go", "go>on", "on>off", "c>b")
    assert Driver(process(body)).start(lit=False).complete("go").tasks == ["b"]


def boundary(interrupting: str, text: str = "late") -> str:
    event = element("boundaryEvent", "c", condition(text), attachedToRef="a", cancelActivity=interrupting)
    return process(START + user("a") + event + user("b") + END + flows("s>a", "a>e", "c>b"))


def test_a_conditional_boundary_event_interrupts_its_activity_or_not() -> None:
    """One that does not interrupt happens each time its condition becomes true, not while it stays true (BPMN 2.0, 10.5.5)."""
    d = Driver(boundary("true")).start()
    d.execution.assign("late", True)
    assert d.run().tasks == ["b"] and d.ran("cancelled") == ["a"]
    d = Driver(boundary("false")).start(late=False)
    for value, tasks in ((True, ["a", "b"]), (True, ["a", "b"]), (False, ["a", "b"]), (True, ["a", "b", "b"])):
        d.execution.assign("late", value)
        assert d.run().tasks == tasks
    assert d.complete("a").complete("b").complete("b").state == "completed"
    assert Driver(boundary("true")).start(late=True).tasks == ["b"]


def test_what_is_completed_is_not_taken_back_by_what_it_makes_true() -> None:
    """The task is left before its boundary event looks."""
    d = Driver(boundary("true")).start().complete("a", late=True)
    assert d.state == "completed" and d.ran("cancelled") == []


def test_a_boundary_condition_reads_its_activitys_own_variables() -> None:
    """As any boundary event does."""
    mapping = '<zeebe:ioMapping><zeebe:input source="=limit * 2" target="own"/></zeebe:ioMapping>'
    body = boundary("true", "amount &gt; own").replace("<zeebe:userTask/>", "<zeebe:userTask/>" + mapping, 1)
    d = Driver(body).start(limit=5, amount=9)
    assert d.tasks == ["a"]
    d.execution.assign("amount", 11)
    assert d.run().tasks == ["b"]


@pytest.mark.parametrize("level", ["process", "subprocess"])
def test_a_conditional_event_subprocess_at_every_level(level: str) -> None:
    """It waits while its scope is open, interrupting it or not, and is gone with it."""
    for interrupting, tasks in (("true", ["h"]), ("false", ["a", "h"])):
        begin = element("startEvent", "hs", condition("x = 1"), isInterrupting=interrupting) + user("h") + flows("hs>h")
        inner = element("startEvent", "i") + user("a") + flows("i>a") + element("subProcess", "es", begin, triggeredByEvent="true")
        body = inner if level == "process" else START + element("subProcess", "sub", inner) + user("z") + flows("s>sub", "sub>z")
        d = Driver(process(body)).start()
        assert d.tasks == ["a"]
        d.execution.assign("x", 1)
        assert d.run().tasks == tasks
        d = Driver(process(body)).start().complete("a")
        d.execution.assign("x", 1)
        assert d.run().tasks == ([] if level == "process" else ["z"])


def test_after_an_event_based_gateway_a_condition_is_one_of_the_ways() -> None:
    """The first to happen wins, also when the condition is true at once."""
    ways = element("intermediateCatchEvent", "c", condition("ready")) + element("intermediateCatchEvent", "t", timer("timeDuration", "P1D"))
    body = process(START + element("eventBasedGateway", "g") + ways + user("a") + user("b") + flows("s>g", "g>c", "g>t", "c>a", "t>b"))
    d = Driver(body).start()
    d.execution.assign("ready", True)
    assert d.run().tasks == ["a"] and d.waiting("timer") == []
    assert Driver(body).start(ready=True).tasks == ["a"]
    assert Driver(body).start(ready=False).wait(days=2).tasks == ["b"]


def test_a_condition_that_is_neither_true_nor_false_is_an_incident_until_it_can_be_read() -> None:
    """The element waits for somebody to look; it goes on by itself when the variable is put right."""
    d = Driver(boundary("true", "late")).start(late="perhaps")
    assert d.state == "incident" and "neither true nor false" in d.incidents[0] and d.tasks == ["a"]
    d.execution.assign("late", False)
    assert d.run().state == "active" and d.ran("resolved") == ["c"]
    d.execution.assign("late", True)
    assert d.run().tasks == ["b"]


def test_a_condition_on_a_clock_is_looked_at_when_the_clock_changes() -> None:
    """Clocks are read like variables."""
    day = {"name": "default", "timezone": "UTC", "hours": {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
    d = Driver(boundary("true", "clocks.reply.paused"), calendars={"default": Calendar.from_data(day)})
    clock = Clock(name="reply", start=MONDAY, length="P5D", calendar="default")
    d.execution.set_clock(clock, "started")
    assert d.start().tasks == ["a"]
    d.execution.set_clock(clock.paused(MONDAY + timedelta(hours=1), "waits"), "paused")
    assert d.run().tasks == ["b"]


def test_a_condition_that_makes_itself_true_again_for_ever_ends_in_an_incident() -> None:
    """No step hangs: the budget ends it."""
    event = element("boundaryEvent", "c", condition("modulo(n, 2) = 0"), attachedToRef="a", cancelActivity="false")
    more = element("scriptTask", "up", ext='<zeebe:script expression="=n + 1" resultVariable="n"/>')
    again = element("scriptTask", "up2", ext='<zeebe:script expression="=n + 1" resultVariable="n"/>')
    d = Driver(process(START + user("a") + event + more + again + flows("s>a", "c>up", "up>up2")), save=False).start(n=0)
    assert d.state == "incident" and "steps without waiting" in d.incidents[0]


SEVERAL = '<bpmn:messageEventDefinition messageRef="m_hello"/><bpmn:signalEventDefinition signalRef="sg"/>' + timer("timeDuration", "P1D")


def test_of_an_event_with_several_triggers_the_first_to_happen_counts() -> None:
    """An intermediate multiple event, alone and behind an event-based gateway; the other triggers are gone (BPMN 2.0, 10.5.2)."""
    catch = element("intermediateCatchEvent", "c", SEVERAL)
    body = HELLO + SIGNAL + process(START + catch + user("a") + flows("s>c", "c>a"))
    d = Driver(body).start(reference="r")
    assert [token.wait["kind"] for token in d.waiting()] == ["message", "signal", "timer"]
    assert d.message("hello").tasks == ["a"] and d.waiting("timer") == d.waiting("signal") == []
    assert d.ran("entered") == ["c", "a"] and d.ran("cancelled") == []
    assert Driver(body).start(reference="r").signal("alarm").tasks == ["a"]
    assert Driver(body).start(reference="r").wait(days=1).complete("a").state == "completed"
    other = element("intermediateCatchEvent", "o", timer("timeDuration", "PT1H"))
    ways = START + element("eventBasedGateway", "g") + catch + other + user("a") + user("b") + flows("s>g", "g>c", "g>o", "c>a", "o>b")
    d = Driver(HELLO + SIGNAL + process(ways)).start(reference="r").signal("alarm")
    assert d.tasks == ["a"] and len(d.waiting()) == 1 and ("taken", "g_c") in d.path
    d = Driver(HELLO + SIGNAL + process(ways)).start(reference="r").wait(hours=1)
    assert d.tasks == ["b"] and len(d.waiting()) == 1


def test_a_boundary_event_with_several_triggers() -> None:
    """Interrupting: the first ends the activity. Otherwise each trigger happens for itself."""
    for interrupting, tasks in (("true", ["b"]), ("false", ["a", "b", "b"])):
        event = element("boundaryEvent", "c", SEVERAL, attachedToRef="a", cancelActivity=interrupting)
        d = Driver(HELLO + SIGNAL + process(START + user("a") + event + user("b") + flows("s>a", "c>b"))).start(reference="r")
        d.signal("alarm")
        assert d.wait(days=2).tasks == tasks


def test_an_event_subprocess_with_several_triggers() -> None:
    """It waits for each of them."""
    begin = element("startEvent", "hs", SEVERAL, isInterrupting="false") + user("h") + flows("hs>h")
    body = START + user("a") + flows("s>a") + element("subProcess", "es", begin, triggeredByEvent="true")
    d = Driver(HELLO + SIGNAL + process(body)).start(reference="r").signal("alarm").wait(days=2).message("hello")
    assert d.tasks == ["a", "h", "h", "h"]


def test_triggers_that_must_all_happen_are_refused() -> None:
    """Parallel multiple events, and several throws in one event, are not run as something else."""
    for body in (
        element("intermediateCatchEvent", "c", SEVERAL, parallelMultiple="true"),
        element("intermediateThrowEvent", "c", '<bpmn:signalEventDefinition signalRef="sg"/><bpmn:escalationEventDefinition/>'),
    ):
        diagram = read_diagram(HEAD.format(HELLO + SIGNAL + process(START + body + END + flows("s>c", "c>e"))).encode(), "x.bpmn")
        with pytest.raises(Fault, match="^c "):
            compile_process(diagram.processes[0])


MANY = (
    '<bpmn:multiInstanceLoopCharacteristics isSequential="{}"><bpmn:extensionElements><zeebe:loopCharacteristics '
    'inputCollection="={}" inputElement="i"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>'
)


def test_a_receive_task_that_runs_several_times_behind_an_event_based_gateway_ends_its_alternatives() -> None:
    """The first message to any of its instances chooses the way; over nothing it chooses it at once."""
    for sequential in ("true", "false"):
        receive = element("receiveTask", "r", MANY.format(sequential, "list"), messageRef="m_hello")
        late = element("intermediateCatchEvent", "t", timer("timeDuration", "P1D"))
        ways = START + element("eventBasedGateway", "g") + receive + late + user("a") + user("b") + flows("s>g", "g>r", "g>t", "r>a", "t>b")
        d = Driver(HELLO + process(ways)).start(reference="r", list=[1, 2]).message("hello")
        assert d.waiting("timer") == [] and d.tasks == []
        assert d.message("hello").tasks == ["a"] and ("taken", "g_r") in d.path
        assert Driver(HELLO + process(ways)).start(reference="r", list=[1, 2]).wait(days=1).tasks == ["b"]
        d = Driver(HELLO + process(ways)).start(reference="r", list=[])
        assert d.tasks == ["a"] and d.waiting("timer") == []


def test_a_receive_task_that_begins_an_instance_has_its_message() -> None:
    """With instantiate its message starts the process; nothing else does (BPMN 2.0, 10.3.3.3)."""
    receive = element("receiveTask", "r", messageRef="m_hello", instantiate="true")
    d = Driver(HELLO + process(receive + user("a") + flows("r>a")))
    d.execution.begin({"reference": "r"}, "r")
    assert d.run().tasks == ["a"] and d.ran("message") == ["r"]
    with pytest.raises(Fault, match="nothing that can start it"):
        Driver(HELLO + process(receive + user("a") + flows("r>a"))).start()


def test_cron_cycles_fire_when_cron_says() -> None:
    """A non-interrupting boundary event at nine on weekdays; what was missed is counted and fires once."""
    event = element("boundaryEvent", "c", timer("timeCycle", "0 0 9 * * MON-FRI"), attachedToRef="a", cancelActivity="false")
    body = process(START + user("a") + event + user("n") + flows("s>a", "c>n"))
    d = Driver(body).start().wait(days=7)
    assert d.tasks == ["a"] + ["n"] * 5  # Tuesday to Friday, and Monday
    d = Driver(body).start()
    d.time += timedelta(days=3)
    (token,) = d.waiting("timer")
    d.execution.fire(token, {})
    assert [note.data for note in d.execution.notes if note.kind == "timer"] == [{"missed": 2}]
    assert d.run().waiting("timer")[0].wait["due"] == MONDAY + timedelta(days=4)


def filtered(text: str, **given: str) -> str:
    attributes = "".join(f' {name}="{value}"' for name, value in given.items())
    extension = f"<bpmn:extensionElements><zeebe:conditionalFilter{attributes}/></bpmn:extensionElements>"
    return condition(text).replace("<bpmn:condition>", f"{extension}<bpmn:condition>")


def test_a_condition_that_listens_to_some_variables_is_not_looked_at_for_others() -> None:
    """What it reads besides is read when one of its own changes; when it begins to wait it is looked at once, whatever it listens to."""
    body = START + user("a") + element("boundaryEvent", "c", filtered("x + y > 10", variableNames="x, z"), attachedToRef="a") + user("b")
    body = process(body + flows("s>a", "c>b"))
    d = Driver(body).start(x=1, y=1)
    d.execution.assign("y", 20)
    assert d.run().tasks == ["a"]
    d.execution.assign("x", 2)
    assert d.run().tasks == ["b"]
    assert Driver(body).start(x=1, y=20).tasks == ["b"]


@pytest.mark.parametrize(
    ("events", "first", "second"), [("create", ["b"], ["b"]), ("update", ["a"], ["b"]), ("create, update", ["b"], ["b"])]
)
def test_a_condition_that_listens_to_new_variables_or_to_changed_ones(events: str, first: list[str], second: list[str]) -> None:
    """Set for the first time, and set again."""
    event = element("boundaryEvent", "c", filtered("lit", variableEvents=events), attachedToRef="a")
    d = Driver(process(START + user("a") + event + user("b") + flows("s>a", "c>b"))).start()
    d.execution.assign("lit", True)
    assert d.run().tasks == first
    d.execution.assign("lit", True)
    assert d.run().tasks == second


def test_what_a_condition_cannot_listen_to_is_refused() -> None:
    """A variable is made or changed; nothing else happens to it."""
    body = START + element("intermediateCatchEvent", "c", filtered("lit", variableEvents="create, vanish")) + END + flows("s>c", "c>e")
    problems = check({"a.bpmn": HEAD.format(process(body)).encode()})
    assert [(one.code, one.element_id) for one in problems if one.severity == "error"] == [("value", "c")]

"""No hang: what would never end, or would fill the memory, becomes an incident within a second or so, and the instance lives."""

from __future__ import annotations

import time

import pytest
from driving import Driver, element, flows, process, timer, user

START = element("startEvent", "s")
LIST = "for i in 1..{} return i"


def many(collection: str, sequential: str = "false") -> str:
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}"><bpmn:extensionElements><zeebe:loopCharacteristics '
        f'inputCollection="={collection}"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>'
    )


CARDINALITY = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>1000000</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
)
LOOP = element("task", "x") + element("exclusiveGateway", "g", default="g_x") + flows("s>x", "x>g", "g>x", "g>a: stop = true")
SCRIPT = '<zeebe:script expression="=1" resultVariable="v"/>'
CALL = '<zeebe:calledElement processId="p"/>'
TRUE = "<bpmn:conditionalEventDefinition><bpmn:condition>=1 &lt; 2</bpmn:condition></bpmn:conditionalEventDefinition>"
INNER = element("startEvent", "is") + user("deep", many(LIST.format(4000))) + flows("is>deep")

ENDLESS = {
    "a loop that never waits": (LOOP, "steps without waiting"),
    "a standard loop without an end": (
        element("scriptTask", "x", "<bpmn:standardLoopCharacteristics/>", ext=SCRIPT) + flows("s>x", "x>a"), "steps without waiting",
    ),
    "several instances over a million": (user("x", many(LIST.format(1_000_000))) + flows("s>x", "x>a"), "1,000,000"),
    "several instances over a million, one after the other": (
        element("scriptTask", "x", many(LIST.format(1_000_000), "true"), ext=SCRIPT) + flows("s>x", "x>a"), "1,000,000",
    ),
    "a million instances by number": (user("x", CARDINALITY) + flows("s>x", "x>a"), "at most 5000"),
    "instances of instances": (
        element("subProcess", "x", INNER + many(LIST.format(4000))) + flows("s>x", "x>a"), "20000 times at once|took too long",
    ),
    "a loop of long evaluations": (
        element("scriptTask", "x", ext=SCRIPT.replace("=1", "=sum(for i in 1..20000 return i)")) + element("exclusiveGateway", "g")
        + flows("s>x", "x>g", "g>x: stop != true", "g>a: stop = true"), "took too long",
    ),
    "a condition that is true beside the task it leads to": (
        user("x") + element("boundaryEvent", "b", TRUE, attachedToRef="x", cancelActivity="false") + flows("s>x", "x>a", "b>x"),
        "steps without waiting",
    ),
    "a call activity that calls itself": (element("callActivity", "x", ext=CALL) + flows("s>x", "x>a"), "calls itself"),
    "a call activity that calls itself several times": (
        element("callActivity", "x", many(LIST.format(50)), ext=CALL) + flows("s>x", "x>a"), "steps without|at once|calls itself",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
def test_what_would_never_end_is_an_incident(name: str) -> None:
    """The other branch can still be worked, and the instance cancelled."""
    body, why = ENDLESS[name]
    split = START.replace('id="s"', 'id="begin"') + element("parallelGateway", "f") + element("task", "s") + user("beside")
    split += flows("begin>f", "f>beside", "f>s")
    began = time.process_time()
    d = Driver(process(split + body + user("a")), save=False).start()
    spent = time.process_time() - began
    assert d.state == "incident"
    assert any(part in incident for incident in d.incidents for part in why.split("|")), d.incidents[:3]
    assert spent < 10, f"{spent:.1f} s"
    assert "beside" in d.complete("beside").ran()
    d.execution.cancel_all("enough")
    assert d.run().state == "terminated" and list(d.execution.all_tokens()) == []


PAST = timer("timeDate", "2020-01-01T00:00:00Z")


def overdue(kind: str) -> str:
    """A loop in which a timer of the past is due at once, time and again."""
    catch = element("intermediateCatchEvent", "t", PAST)
    if kind == "a loop over a catch event":
        split = element("exclusiveGateway", "g", default="g_t")
        return START + catch + split + user("a") + flows("s>t", "t>g", "g>t", "g>a: stop = true")
    interrupting = "true" if kind == "a deadline that leads back to what it interrupts" else "false"
    border = element("boundaryEvent", "b", PAST, attachedToRef="x", cancelActivity=interrupting)
    if kind == "two that lead to each other":
        return START + user("x") + border + catch + user("a") + flows("s>x", "x>a", "b>t", "t>x")
    return START + user("x") + border + user("a") + flows("s>x", "x>a", "b>x")


@pytest.mark.parametrize(
    "kind",
    [
        "a reminder that leads back to what it reminds of", "a deadline that leads back to what it interrupts", "a loop over a catch event",
        "two that lead to each other",
    ],
)  # fmt: skip
def test_timers_that_are_due_at_once_on_end_become_an_incident(kind: str) -> None:
    """Each is a job of its own, before all others because it is overdue: without a bound there would be no end of them."""
    began = time.process_time()
    d = Driver(process(overdue(kind)), save=False).start()
    fired = 0
    while due := [token for token in d.waiting("timer") if token.wait["due"] <= d.time]:
        fired += 1
        assert fired <= 1_100, "nothing bounds them"
        d.execution.fire(due[0], {})
        d.run()
    assert any("due at once 1,000 times on end" in incident for incident in d.incidents), d.incidents[:3]
    assert time.process_time() - began < 20
    stuck = next(token for token in d.execution.all_tokens() if token.incident)
    d.execution.retry(stuck)
    assert d.run().state == "active" and d.waiting("timer")


def test_a_timer_of_the_future_begins_the_count_anew() -> None:
    """What waits in earnest may go on for ever, and so may what somebody works on."""
    catch = element("intermediateCatchEvent", "t", timer("timeDuration", "PT1S")) + element("intermediateCatchEvent", "u", PAST)
    d = Driver(process(START + catch + flows("s>t", "t>u", "u>t")), save=False).start()
    assert d.wait(seconds=1_500).state == "active" and len(d.ran()) > 2_500
    past = element("intermediateCatchEvent", "u", PAST)
    worked = Driver(process(START + past + user("x") + flows("s>u", "u>x", "x>u")), save=False).start()
    for _ in range(1_100):
        worked.wait().complete("x")
    assert worked.wait().tasks == ["x"]


def test_as_many_instances_as_are_allowed_run_at_once() -> None:
    """5,000 tasks side by side, and the whole ends with the last of them."""
    d = Driver(process(START + user("x", many("list")) + flows("s>x")), save=False).start(list=list(range(5000)))
    assert len(d.tasks) == 5000
    for token in d.waiting("user"):
        d.execution.complete(token, {})
    assert d.run().state == "completed"

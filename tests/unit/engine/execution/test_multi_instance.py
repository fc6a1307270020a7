"""Several instances: on every activity, side by side and in turn, whole and ended early. Saved and restored after every step."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from driving import Driver, element, flows, message_definition, process, timer, user

OWN = message_definition("own", "=string(i)")
INSIDE = element("startEvent", "is") + user("a") + element("endEvent", "ie") + flows("is>a", "a>ie")

CHOSEN = '<zeebe:adHoc activeElementsCollection="=[&quot;a&quot;]"/>'


def loop(sequential: bool, condition: str = "", collection: str = "=[10, 20, 30]") -> str:
    done = f"<bpmn:completionCondition>={condition}</bpmn:completionCondition>" if condition else ""
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"><bpmn:extensionElements>'
        f'<zeebe:loopCharacteristics inputCollection="{collection}" inputElement="i" outputCollection="all" outputElement="=r"/>'
        f"</bpmn:extensionElements>{done}</bpmn:multiInstanceLoopCharacteristics>"
    )


def hosts(many: str) -> dict[str, str]:
    """Every activity that can run several times and waits for something, called x."""
    job = '<zeebe:taskDefinition type="x"/>'
    return {
        "user task": user("x", many),
        "service task": element("serviceTask", "x", many, job),
        "send task": element("sendTask", "x", many, job),
        "business rule task": element("businessRuleTask", "x", many, job),
        "script task that an operation does": element("scriptTask", "x", many, job),
        "receive task": element("receiveTask", "x", many, messageRef="m_own"),
        "subprocess": element("subProcess", "x", INSIDE + many),
        "call activity": element("callActivity", "x", many, '<zeebe:calledElement processId="q"/>'),
        "ad-hoc subprocess": element("adHocSubProcess", "x", user("a") + many, CHOSEN),
    }


def driver(host: str, many: str, border: str = "") -> Driver:
    body = element("startEvent", "s") + hosts(many)[host] + border + user("after") + flows("s>x", "x>after")
    called = process(INSIDE, "q") if host == "call activity" else ""
    return Driver(OWN + process(body) + called).start()


def waiting(d: Driver) -> list[Any]:
    return [token for token in d.waiting() if token.task_spec.name in ("x", "a") and not token.passive]


def work(d: Driver, place: int = 0) -> None:
    """Do one of the instances; what it gives says which it was."""
    token = waiting(d)[place]
    i = token.workflow.context(token)["i"]
    if token.wait["kind"] == "message":
        d.execution.fire(token, {"r": i + 1})
    else:
        d.execution.complete(token, {"r": i + 1})
    d.run()


HOSTS = list(hosts(""))


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("sequential", [False, True])
def test_what_each_gives_is_collected_in_the_order_of_the_list(host: str, sequential: bool) -> None:
    """Whoever is done first; in turn there is one at a time."""
    d = driver(host, loop(sequential))
    assert len(waiting(d)) == (1 if sequential else 3)
    while waiting(d):
        work(d, -1)
    assert d.tasks == ["after"] and d.variables["all"] == [11, 21, 31]
    assert "i" not in d.variables and "loopCounter" not in d.variables
    assert (d.complete("after").state, d.incidents) == ("completed", [])


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("sequential", [False, True])
def test_a_completion_condition_ends_the_rest(host: str, sequential: bool) -> None:
    """It is asked when an instance is done; those that were ended early, or never began, have given null."""
    d = driver(host, loop(sequential, "numberOfCompletedInstances &gt;= 2"))
    work(d)
    assert "after" not in d.tasks
    work(d)
    assert d.tasks == ["after"] and waiting(d) == []
    assert d.variables["all"] == [11, 21, None]
    assert d.complete("after").state == "completed"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("sequential", [False, True])
def test_a_boundary_event_and_cancelling_end_all_of_them(host: str, sequential: bool) -> None:
    """Nothing is collected then; the way of the boundary event is walked once."""
    border = element("boundaryEvent", "b", timer("timeDuration", "P1D"), attachedToRef="x") + user("late") + flows("b>late")
    d = driver(host, loop(sequential), border)
    work(d)
    assert d.wait(days=1).tasks == ["late"] and "all" not in d.variables
    assert d.complete("late").state == "completed"
    cancelled = driver(host, loop(sequential), border)
    work(cancelled)
    cancelled.execution.cancel_all("enough")
    assert cancelled.run().state == "terminated" and list(cancelled.execution.all_tokens()) == []


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("sequential", [False, True])
def test_an_empty_list_is_done_at_once(host: str, sequential: bool) -> None:
    """With an empty collection, so that what comes behind can read it."""
    d = driver(host, loop(sequential, collection="=[]"))
    assert d.tasks == ["after"] and d.variables["all"] == []


@pytest.mark.parametrize("number", [Decimal("1.5"), -1, True, "many", [1], None, Decimal("-1E6000")])
def test_a_number_of_instances_is_a_whole_number(number: Any) -> None:
    """Half an instance, or fewer than none, is an incident; with the number put right it begins."""
    times = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>=n</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    body = element("startEvent", "s") + user("x", times) + user("after") + flows("s>x", "x>after")
    d = Driver(process(body), save=False).start(n=number)
    (stuck,) = [token for token in d.execution.all_tokens() if token.incident]
    assert d.tasks == [] and "number of instances" in stuck.incident
    d.execution.assign("n", 2)
    d.execution.retry(stuck)
    assert d.run().tasks == ["x", "x"] and d.incidents == []
    assert Driver(process(body)).start(n="0").tasks == ["after"]


def test_more_instances_than_can_be_written_out_are_an_incident() -> None:
    """A number with thousands of digits is told in short, and nothing runs."""
    times = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>=n</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    d = Driver(process(element("startEvent", "s") + user("x", times) + flows("s>x")), save=False).start(n=Decimal("1E6000"))
    (stuck,) = [token for token in d.execution.all_tokens() if token.incident]
    assert "1.000E+6000 times" in stuck.incident

"""Boundary events: every trigger, interrupting and not, on every activity that waits. Saved and restored after every step."""

from __future__ import annotations

import pytest
from driving import Driver, element, flows, message_definition, process, timer, user

DECLARED = (
    message_definition("hello") + message_definition("own")
    + '<bpmn:signal id="sg" name="alarm"/><bpmn:error id="er" name="bad" errorCode="E"/>'
    '<bpmn:escalation id="es" name="up" escalationCode="U"/>'
)  # fmt: skip
ESCALATION = '<bpmn:escalationEventDefinition escalationRef="es"/>'
TRIGGERS = {
    "message": '<bpmn:messageEventDefinition messageRef="m_hello"/>',
    "signal": '<bpmn:signalEventDefinition signalRef="sg"/>',
    "timer": timer("timeDuration", "P1D"),
    "conditional": "<bpmn:conditionalEventDefinition><bpmn:condition>=hot</bpmn:condition></bpmn:conditionalEventDefinition>",
    "error": '<bpmn:errorEventDefinition errorRef="er"/>',
    "escalation": ESCALATION,
    "multiple": '<bpmn:messageEventDefinition messageRef="m_hello"/>' + timer("timeDuration", "P1D"),
}


def many(sequential: bool) -> str:
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"><bpmn:extensionElements>'
        '<zeebe:loopCharacteristics inputCollection="=[1,2]"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>'
    )


INSIDE = element("startEvent", "is") + user("a") + element("endEvent", "ie", ESCALATION) + flows("is>a", "a>ie")
HOSTS = {
    "user task": user("x"),
    "service task": element("serviceTask", "x", ext='<zeebe:taskDefinition type="x"/>'),
    "send task": element("sendTask", "x", ext='<zeebe:taskDefinition type="x"/>'),
    "business rule task": element("businessRuleTask", "x", ext='<zeebe:taskDefinition type="x"/>'),
    "receive task": element("receiveTask", "x", messageRef="m_own"),
    "subprocess": element("subProcess", "x", INSIDE),
    "transaction": element("transaction", "x", INSIDE),
    "ad-hoc subprocess": element(
        "adHocSubProcess", "x", user("a") + element("intermediateThrowEvent", "ie", ESCALATION) + flows("a>ie"),
        '<zeebe:adHoc activeElementsCollection="=[&quot;a&quot;]"/>',
    ),
    "call activity": element("callActivity", "x", ext='<zeebe:calledElement processId="q"/>'),
    "several user tasks": user("x", many(False)),
    "several user tasks in turn": user("x", many(True)),
    "several subprocesses": element("subProcess", "x", INSIDE + many(False)),
    "standard loop": user("x", '<bpmn:standardLoopCharacteristics loopMaximum="2"/>'),
}  # fmt: skip
ESCALATE = {"subprocess", "transaction", "ad-hoc subprocess", "call activity", "several subprocesses"}
"""Hosts in which something can throw an escalation, which the end of their work does."""
CASES = [
    (host, trigger, interrupting)
    for host in HOSTS for trigger in TRIGGERS for interrupting in (True, False)
    if (trigger != "error" or interrupting) and (trigger != "escalation" or host in ESCALATE)
]  # fmt: skip


def driver(host: str, trigger: str, interrupting: bool) -> Driver:
    border = element("boundaryEvent", "b", TRIGGERS[trigger], attachedToRef="x", cancelActivity=str(interrupting).lower())
    body = element("startEvent", "s") + HOSTS[host] + border + user("z") + user("after") + flows("s>x", "b>z", "x>after")
    called = process(INSIDE, "q") if host == "call activity" else ""
    return Driver(DECLARED + process(body) + called).start(reference="r", hot=False)


def work(d: Driver) -> None:
    """Do one thing of what the host waits for."""
    token = next(token for token in d.waiting() if token.task_spec.name in ("x", "a") and not token.passive)
    if token.wait["kind"] == "message":
        d.execution.fire(token, {})
    else:
        d.execution.complete(token, {})
    d.run()


def trigger_it(d: Driver, trigger: str) -> None:
    if trigger == "error":
        token = next(token for token in d.waiting() if token.task_spec.name in ("x", "a") and not token.passive)
        assert d.execution.throw_error(token, "E", "said so")
        d.run()
    elif trigger == "timer":
        d.wait(days=1)
    elif trigger == "escalation":
        work(d)
    elif trigger == "conditional":
        d.execution.assign("hot", True)
        d.execution.twin.assign("hot", True)
        d.run()
    else:
        d.signal("alarm") if trigger == "signal" else d.message("b")


def active(d: Driver) -> set[str]:
    return {token.task_spec.name for token in d.waiting() if not token.passive}


@pytest.mark.parametrize(("host", "trigger", "interrupting"), CASES)
def test_it_waits_beside_its_activity_and_leaves_it_or_ends_it(host: str, trigger: str, interrupting: bool) -> None:
    """Interrupting: nothing of the activity is left. Otherwise it goes on to its own end, and both ways are walked."""
    d = driver(host, trigger, interrupting)
    assert not d.tasks or "z" not in d.tasks
    trigger_it(d, trigger)
    if interrupting:
        assert active(d) == {"z"}
    else:
        assert "z" in active(d)
        while active(d) & {"x", "a"}:
            work(d)
        assert set(d.tasks) == {"z", "after"}
        d.complete("after")
    while d.tasks:
        assert d.tasks[0] == "z"
        d.complete("z")
    assert (d.state, d.incidents) == ("completed", [])


@pytest.mark.parametrize(("host", "trigger", "interrupting"), CASES)
def test_it_is_gone_when_its_activity_has_ended(host: str, trigger: str, interrupting: bool) -> None:
    """Nothing waits for its trigger any more, be the activity done or the instance cancelled."""
    d = driver(host, trigger, interrupting)
    while trigger != "escalation" and active(d) & {"x", "a"}:
        work(d)
    if trigger != "escalation":
        assert [token.task_spec.name for token in d.execution.all_tokens() if token.passive] == []
        assert d.complete("after").state == "completed"
    else:
        d.execution.cancel_all("enough")
        d.run()
    assert list(d.execution.all_tokens()) == []
    cancelled = driver(host, trigger, interrupting)
    cancelled.execution.cancel_all("enough")
    assert cancelled.run().state == "terminated" and list(cancelled.execution.all_tokens()) == []

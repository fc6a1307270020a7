"""Event subprocesses at every level, for every trigger, interrupting and not. Saved and restored after every step."""

from __future__ import annotations

import pytest
from driving import Driver, element, flows, message_definition, process, timer, user

DECLARED = (
    message_definition("hello") + '<bpmn:signal id="sg" name="alarm"/><bpmn:error id="er" name="bad" errorCode="E"/>'
    '<bpmn:escalation id="es" name="up" escalationCode="U"/>'
)
TRIGGERS = {
    "message": '<bpmn:messageEventDefinition messageRef="m_hello"/>',
    "signal": '<bpmn:signalEventDefinition signalRef="sg"/>',
    "timer": timer("timeDuration", "P1D"),
    "conditional": "<bpmn:conditionalEventDefinition><bpmn:condition>=hot</bpmn:condition></bpmn:conditionalEventDefinition>",
    "error": '<bpmn:errorEventDefinition errorRef="er"/>',
    "escalation": '<bpmn:escalationEventDefinition escalationRef="es"/>',
}
LEVELS = ("process", "subprocess", "subprocess of a subprocess", "event subprocess", "called process", "several instances")
MANY = (
    '<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="=[1]"/>'
    "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
)


def content(trigger: str, interrupting: bool) -> str:
    """A scope in which task `a` is done, then task `b`, and where the trigger begins `h`. An escalation is thrown between them."""
    throw = element("intermediateThrowEvent", "t", TRIGGERS["escalation"]) if trigger == "escalation" else element("task", "t")
    inner = element("startEvent", "hs", TRIGGERS[trigger], isInterrupting=str(interrupting).lower()) + user("h") + flows("hs>h")
    body = element("startEvent", "is") + user("a") + throw + user("b") + element("endEvent", "ie") + flows("is>a", "a>t", "t>b", "b>ie")
    return body + element("subProcess", "handler", inner, triggeredByEvent="true")


def diagram(level: str, trigger: str, interrupting: bool) -> str:
    """The scope at a level; what comes after it is task `z` (but at the top)."""
    scope = content(trigger, interrupting)
    start, after = element("startEvent", "s"), user("z") + flows("x>z")
    if level == "process":
        return DECLARED + process(scope)
    if level == "called process":
        call = element("callActivity", "x", ext='<zeebe:calledElement processId="q"/>')
        return DECLARED + process(start + call + after + flows("s>x")) + process(scope, "q")
    if level == "event subprocess":
        begins = scope.replace('<bpmn:startEvent id="is">', '<bpmn:startEvent id="is"><bpmn:signalEventDefinition signalRef="begin"/>', 1)
        outer = element("subProcess", "x", begins, triggeredByEvent="true")
        return DECLARED + '<bpmn:signal id="begin" name="begin"/>' + process(start + user("w") + flows("s>w") + outer)
    inner = element("subProcess", "inner", scope)
    if level == "subprocess of a subprocess":
        scope = element("startEvent", "os") + inner + flows("os>inner")
    return DECLARED + process(start + element("subProcess", "x", scope + (MANY if "instances" in level else "")) + after + flows("s>x"))


def trigger_it(d: Driver, trigger: str) -> None:
    if trigger == "error":
        assert d.error("a", "E")
    elif trigger == "escalation":
        d.complete("a")
    elif trigger == "timer":
        d.wait(days=1)
    elif trigger == "conditional":
        (scope,) = (token.workflow for token in d.waiting("conditional"))
        scope.assign("hot", True)
        d.execution.assign("hot", True)
        d.run()
    else:
        d.message("hello") if trigger == "message" else d.signal("alarm")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("interrupting", [True, False])
def test_it_waits_with_its_scope_and_begins_when_it_is_triggered(level: str, trigger: str, interrupting: bool) -> None:
    """Interrupting: the scope's own work is gone, and the scope ends with it. Otherwise both go on, and the scope ends with the last."""
    if trigger == "error" and not interrupting:
        return  # BPMN has none
    d = Driver(diagram(level, trigger, interrupting), save=trigger != "conditional" or level != "called process")
    d.start(reference="r", hot=False)
    if level == "event subprocess":
        d.signal("begin")
    assert d.tasks == ["a"]
    after = [] if level in ("process", "event subprocess") else ["z"]
    trigger_it(d, trigger)
    if not interrupting:
        left = "b" if trigger == "escalation" else "a"
        assert sorted(d.tasks) == [left, "h"]
        if left == "a":
            d.complete("a")
        assert sorted(d.complete("b").tasks) == ["h"]
    assert d.complete("h").tasks == after
    if after:
        d.complete("z")
    assert d.state == "completed" and d.incidents == []


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_it_is_gone_when_its_scope_has_ended_or_is_cancelled(level: str, trigger: str) -> None:
    """Nothing waits for its trigger any more."""
    d = Driver(diagram(level, trigger, True)).start(reference="r", hot=False)
    if level == "event subprocess":
        d.signal("begin")
    kept = {token.task_spec.name for token in d.execution.all_tokens() if token.passive}
    assert "handler" in kept
    if trigger != "escalation":
        d.complete("a").complete("b")
        assert "handler" not in {token.task_spec.name for token in d.execution.all_tokens()}
    if d.execution.ended is None:
        d.execution.cancel_all("enough")
        d.run()
    assert list(d.execution.all_tokens()) == []

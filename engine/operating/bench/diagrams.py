"""The processes that are measured: one in our dialect and in bare SpiffWorkflow's, one with many tasks and timers."""

from __future__ import annotations

_HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="bench" targetNamespace="urn:amends:bench">{}</bpmn:definitions>'
)
VALUES = {"severity": "low", "subject": "x" * 80, "narrative": "lorem ipsum " * 80, "name": "A B", "email": "a@b.example"}
"""What a complaint begins with here: 1.1 kB."""


def _flow(name: str, source: str, target: str, condition: str = "") -> str:
    inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>' if condition else ""
    return f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'


def _user(name: str, feel: bool = True, more: str = "") -> str:
    inner = f"<bpmn:extensionElements><zeebe:userTask/>{more}</bpmn:extensionElements>" if feel else ""
    return f'<bpmn:userTask id="{name}" name="{name}">{inner}</bpmn:userTask>'


def _script(name: str, variable: str, feel: bool) -> str:
    ours = f'<bpmn:extensionElements><zeebe:script expression="=true" resultVariable="{variable}"/></bpmn:extensionElements>'
    return f'<bpmn:scriptTask id="{name}">{ours if feel else f"<bpmn:script>{variable} = True</bpmn:script>"}</bpmn:scriptTask>'


def _late(host: str, duration: str) -> str:
    timer = f'<bpmn:timeDuration xsi:type="bpmn:tFormalExpression">{duration}</bpmn:timeDuration>'
    definition = f'<bpmn:timerEventDefinition id="after">{timer}</bpmn:timerEventDefinition>'
    return f'<bpmn:boundaryEvent id="late" attachedToRef="{host}" cancelActivity="false">{definition}</bpmn:boundaryEvent>'


def complaint(feel: bool) -> bytes:
    """Five user tasks, two scripts on the way and one at a timer, a gateway, a boundary timer; with `feel` in our dialect."""
    steps = [
        '<bpmn:startEvent id="start"/>', _user("register", feel), _script("ack", "acked", feel),
        '<bpmn:exclusiveGateway id="how" default="f3"/>', _user("assess", feel), _user("investigate", feel),
        _late("investigate", "P10D" if feel else '"P10D"'), _script("esc", "escalated", feel), '<bpmn:endEvent id="escalated"/>',
        _user("decide", feel), _script("comm", "sent", feel), _user("close", feel), '<bpmn:endEvent id="end"/>',
    ]  # fmt: skip
    high = '=severity = "high"' if feel else 'severity == "high"'
    flows = [
        _flow("f0", "start", "register"), _flow("f1", "register", "ack"), _flow("f2", "ack", "how"), _flow("f3", "how", "assess"),
        _flow("f4", "how", "investigate", high), _flow("f5", "assess", "investigate"), _flow("f6", "investigate", "decide"),
        _flow("f7", "late", "esc"), _flow("f8", "esc", "escalated"), _flow("f9", "decide", "comm"), _flow("f10", "comm", "close"),
        _flow("f11", "close", "end"),
    ]  # fmt: skip
    return _HEAD.format(f'<bpmn:process id="bench" isExecutable="true">{"".join(steps + flows)}</bpmn:process>').encode()


def waiting(process_id: str, duration: str) -> bytes:
    """A task for a group, with a due time and a timer at it that starts a script: what is copied a million times."""
    more = '<zeebe:assignmentDefinition assignee="=who" candidateGroups="=groups"/><zeebe:taskSchedule dueDate="=due"/>'
    body = [
        '<bpmn:startEvent id="start"/>', _user("work", more=more), _late("work", duration), _script("esc", "escalated", True),
        '<bpmn:endEvent id="escalated"/>', '<bpmn:endEvent id="end"/>', _flow("f0", "start", "work"), _flow("f1", "work", "end"),
        _flow("f2", "late", "esc"), _flow("f3", "esc", "escalated"),
    ]  # fmt: skip
    return _HEAD.format(f'<bpmn:process id="{process_id}" isExecutable="true">{"".join(body)}</bpmn:process>').encode()

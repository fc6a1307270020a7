"""The marks inside BPMN's shapes, as SVG paths around the point 0,0."""

from __future__ import annotations

from collections.abc import Mapping

EVENT_MARKS: Mapping[str, str] = {
    "message": "M-8,-5h16v10h-16zM-8,-5l8,6l8,-6",
    "timer": "M0,-9a9,9 0 1 0 0.01,0zM0,-6v6l4,3",
    "signal": "M0,-8l8,13h-16z",
    "error": "M-8,7l5,-13l5,8l6,-10l-5,14l-5,-8z",
    "escalation": "M0,-9l7,16l-7,-6l-7,6z",
    "link": "M-8,-3h9v-4l8,7l-8,7v-4h-9z",
    "terminate": "M0,-8a8,8 0 1 0 0.01,0z",
    "compensation": "M-1,-6v12l-8,-6zM8,-6v12l-8,-6z",
    "conditional": "M-7,-8h14v16h-14zM-4,-4h8M-4,0h8M-4,4h8",
    "cancel": "M-7,-7l14,14M7,-7l-14,14",
    "multiple": "M0,-9l9,7l-3,10h-12l-3,-10z",
}
"""What an event waits for or throws. A thrown one is filled."""

GATEWAY_MARKS: Mapping[str, str] = {
    "exclusiveGateway": "M-7,-8L7,8M7,-8L-7,8",
    "parallelGateway": "M-10,0H10M0,-10V10",
    "inclusiveGateway": "M0,-9a9,9 0 1 0 0.01,0z",
    "eventBasedGateway": "M0,-11a11,11 0 1 0 0.01,0zM0,-6l6,5l-2,7h-8l-2,-7z",
    "complexGateway": "M-10,0H10M0,-10V10M-7,-7L7,7M7,-7L-7,7",
}
"""How a gateway splits or joins."""

TASK_WORDS: Mapping[str, str] = {
    "userTask": "person",
    "serviceTask": "service",
    "sendTask": "send",
    "receiveTask": "receive",
    "scriptTask": "script",
    "businessRuleTask": "table",
    "manualTask": "by hand",
    "callActivity": "process",
}
"""The kind of a task, as a small word in its corner."""

"""Doubles of the operations that reach outside, which write down what they were asked to do; clocks are the real ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields

from amends.engine.calendars import Clock
from amends.engine.feel import evaluate
from amends.engine.services import Operation, OperationContext

PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


@dataclass
class Desk:
    """What left the house: letters by complaint, who was told what, and how complaints were closed."""

    letters: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    told: dict[str, list[tuple[str, int, str]]] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    works: bool = True


def write(name: str, inputs: dict[str, Any], context: OperationContext) -> str:
    """The letter with its placeholders replaced."""
    body = context.package.letter(name)
    assert body is not None, f"there is no letter {name!r}"
    names = {**context.variables, "settings": context.settings, **inputs}
    return PLACEHOLDER.sub(lambda found: _text(evaluate(found[1].strip(), names), found[1], name), body.decode())


def _text(value: Any, placeholder: str, letter: str) -> str:
    assert value is not None, f"the placeholder {placeholder} of the letter {letter!r} says nothing"
    return str(value)


def inputs(*needed: str) -> type[Schema]:
    """A schema that needs these inputs, of any type."""
    return Schema.from_dict({name: fields.Raw(required=True) for name in needed})


class SendMessage(Operation):
    type = "send-message"
    title = "SendMessage"
    Inputs = inputs("letter", "to")

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        desk: Desk = context.shared["desk"]
        if not desk.works:
            raise OSError("The post does not work today.")
        assert inputs["to"] == "complainant"
        self.send(inputs["letter"], inputs, context)

    def send(self, letter: str, inputs: dict[str, Any], context: OperationContext) -> None:
        text = write(letter, inputs, context)
        context.shared["desk"].letters.setdefault(context.variables["reference"], []).append((letter, text))


class CommunicateDecision(SendMessage):
    type = "communicate-decision"
    title = "CommunicateDecision"
    Inputs = inputs("letter", "involved_letter", "outcome", "reasons")

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        assert inputs["outcome"] in context.package.manifest.outcomes and inputs["reasons"]
        self.send(inputs["letter"], inputs, context)
        self.send(inputs["involved_letter"], inputs, context)


class Escalate(Operation):
    type = "escalate"
    title = "Escalate"
    Inputs = inputs("level", "role", "reason", "letter")
    inside = True

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        assert inputs["role"] in context.package.manifest.roles
        told = context.shared["desk"].told.setdefault(context.variables["reference"], [])
        told.append((inputs["reason"], int(inputs["level"]), inputs["role"]))
        write(inputs["letter"], inputs, context)


class CloseComplaint(Operation):
    type = "close-complaint"
    title = "CloseComplaint"
    Inputs = inputs("outcome", "reason")
    inside = True

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        reference, desk = context.variables["reference"], context.shared["desk"]
        assert reference not in desk.closed, f"{reference} is closed twice"
        assert inputs["outcome"] in context.package.manifest.outcomes
        desk.closed[reference] = inputs["outcome"]
        desk.reasons[reference] = inputs["reason"]


class ClockOperation(Operation):
    """Changes one clock with the clock's own rules: what they refuse is an incident."""

    inside = True
    what = ""

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        assert context.instance is not None
        context.instance.put_clock(self.change(inputs, context.instance.clocks, context.now), self.what)

    def change(self, inputs: dict[str, Any], clocks: Any, now: datetime) -> Clock:
        raise NotImplementedError


class StartClock(ClockOperation):
    type, what = "start-clock", "started"
    title = "StartClock"
    Inputs = inputs("name", "length", "start")

    def change(self, inputs: dict[str, Any], clocks: Any, now: datetime) -> Clock:
        return Clock.begin(inputs["name"], inputs["start"], inputs["length"])


class StopClock(ClockOperation):
    type, what = "stop-clock", "met"
    title = "StopClock"
    Inputs = inputs("name", "result")

    def change(self, inputs: dict[str, Any], clocks: Any, now: datetime) -> Clock:
        assert inputs["result"] == "met"
        met: Clock = clocks[inputs["name"]].met(now)
        return met


class PauseClock(ClockOperation):
    type, what = "pause-clock", "paused"
    title = "PauseClock"
    Inputs = inputs("name", "reason")

    def change(self, inputs: dict[str, Any], clocks: Any, now: datetime) -> Clock:
        paused: Clock = clocks[inputs["name"]].paused(now, inputs["reason"])
        return paused


class ResumeClock(ClockOperation):
    type, what = "resume-clock", "resumed"
    title = "ResumeClock"
    Inputs = inputs("name")

    def change(self, inputs: dict[str, Any], clocks: Any, now: datetime) -> Clock:
        resumed: Clock = clocks[inputs["name"]].resumed(now)
        return resumed


DOUBLES: dict[str, type[Operation]] = {
    operation.type: operation
    for operation in (SendMessage, CommunicateDecision, Escalate, CloseComplaint, StartClock, StopClock, PauseClock, ResumeClock)
}

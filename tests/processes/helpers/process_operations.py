"""The real operations, which also write down at a desk what they were asked to do, and a post that can fail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from amends.engine.services import CloseComplaint, CommunicateDecision, Escalate, NotSent, Operation, OperationContext, SendMessage
from amends.engine.services.letters import render


@dataclass
class Desk:
    """What left the house: letters by complaint, who was told what, and how complaints were closed."""

    letters: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    told: dict[str, list[tuple[str, int, str]]] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    """What each letter would have been in other languages, by its name there."""

    def write(self, names: Iterable[str], inputs: dict[str, Any], context: OperationContext) -> None:
        """Keep letters as they are sent: subject and plain text. A placeholder with nothing to say is a fault."""
        for name in names:
            letter = render(name, context, **inputs)
            self.letters.setdefault(context.variables["reference"], []).append((name, f"{letter.subject}\n\n{letter.text}"))
            for other in (one for one in context.package.letters if one.endswith(f"/{name}")):
                self.elsewhere[other] = render(other, context, **inputs).text


class Post:
    """A mailer that delivers to nobody, or fails."""

    sender = "complaints@example.org"

    def __init__(self) -> None:
        self.works = True

    def send(self, message: EmailMessage, key: str) -> str:
        if not self.works:
            raise NotSent("The post does not work today.")
        return f"delivered {key}"


class RecordedMessage(SendMessage):
    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        result = super().run(inputs, context)
        context.shared["desk"].write([inputs["letter"]], {}, context)
        return result


class RecordedDecision(CommunicateDecision):
    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        assert inputs["outcome"] in context.package.manifest.outcomes
        result = super().run(inputs, context)
        given = {"outcome": inputs["outcome"], "reasons": inputs["reasons"]}
        context.shared["desk"].write([inputs["letter"], inputs["involved_letter"]], given, context)
        return result


class RecordedEscalation(Escalate):
    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        told = context.shared["desk"].told.setdefault(context.variables["reference"], [])
        told.append((inputs["reason"], inputs["level"], inputs["role"]))
        context.shared["desk"].write([inputs["letter"]], {name: inputs[name] for name in ("level", "role", "reason")}, context)
        return super().run(inputs, context)


class RecordedClose(CloseComplaint):
    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        reference, desk = context.variables["reference"], context.shared["desk"]
        assert reference not in desk.closed, f"{reference} is closed twice"
        assert inputs["outcome"] in context.package.manifest.outcomes
        desk.closed[reference] = inputs["outcome"]
        desk.reasons[reference] = inputs["reason"]
        return super().run(inputs, context)


RECORDED: dict[str, type[Operation]] = {
    operation.type: operation for operation in (RecordedMessage, RecordedDecision, RecordedEscalation, RecordedClose)
}

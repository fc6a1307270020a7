"""Escalate: tell those who can help that a complaint needs them (ISO 10002, 4.12)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from amends.engine.services.base import Operation, OperationContext
from amends.engine.services.letters import Rendered, render, written
from amends.engine.services.messages import for_staff, letter_field
from amends.engine.services.outbox import Outbox
from amends.engine.services.recipients import resolve


class Escalate(Operation):
    """Write to the staff of a role, and mail those who have an address. How far it has gone becomes a variable."""

    type = "escalate"
    title = "Escalate"
    group = "Complaints"
    help = "Tells the staff of a role that this complaint needs them, on its page and by mail."
    outputs = ("escalation_level", "escalated_to")

    class Inputs(Schema):
        """What the diagram gives."""

        level = fields.Integer(required=True, validate=validate.Range(min=0, max=99), metadata={"label": "Level", "feel": "optional"})
        role = fields.String(
            required=True,
            validate=validate.Length(min=1, max=320),
            metadata={"label": "To the role", "feel": "optional", "names": "role", "help": "A role under [roles] in package.toml."},
        )
        reason = fields.String(
            required=True, validate=validate.Length(min=1), metadata={"label": "Reason", "feel": "optional", "help": "Why it needs them."}
        )
        letter = letter_field(required=False)

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        """Tell them."""
        outbox = Outbox(context)
        level, role, reason = inputs["level"], inputs["role"], inputs["reason"]
        with outbox.database.reading() as connection:
            recipients = resolve(connection, role, None, context)
        letter = inputs["letter"]
        given = {"level": level, "role": role, "reason": reason}
        rendered = render(for_staff(letter, context), context, **given) if letter else _plain(level, reason, context)
        outbox.tell(recipients, letter or "", rendered)
        return {"escalation_level": level, "escalated_to": role}


def _plain(level: int, reason: str, context: OperationContext) -> Rendered:
    """What is written where the package has no letter for it."""
    which = context.business_key or context.variables.get("reference") or context.instance_id
    return written(f"Complaint {which} needs you (level {level})", f"The complaint {which} needs you.\n\nReason: {reason}")

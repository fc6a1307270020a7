"""Close a complaint (ISO 10002, 7.9)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from amends.engine.execution import Fault
from amends.engine.services.base import Operation, OperationContext

FELL_AWAY = "The complaint was closed"


class CloseComplaint(Operation):
    """Record the outcome. What is still promised then falls away: clocks that run are cancelled, so no closed complaint shows late."""

    type = "close-complaint"
    title = "Close the complaint"
    help = "Records the outcome and why it is closed; clocks that still run are cancelled."
    inside = True
    outputs = ("outcome", "close_reason")

    class Inputs(Schema):
        """What the diagram gives."""

        outcome = fields.String(
            required=True,
            validate=validate.Length(min=1, max=80),
            metadata={"label": "Outcome", "feel": "optional", "names": "outcome", "help": "Its id under [outcomes] in package.toml."},
        )
        reason = fields.String(load_default="", metadata={"label": "Why it is closed", "feel": "optional"})

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        """Close it."""
        if context.instance is None:
            raise Fault("A complaint can only be closed inside the step of its instance.")
        outcome, reason = inputs["outcome"], inputs["reason"]
        for clock in list(context.instance.clocks.values()):
            if not clock.ended:
                context.instance.put_clock(clock.cancelled(context.now, FELL_AWAY), "cancelled")
        context.instance.note("closed", {"reason": reason}, outcome=outcome)
        return {"outcome": outcome, "close_reason": reason}

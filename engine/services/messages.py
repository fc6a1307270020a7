"""Send a letter of the package to somebody (ISO 10002, 7.3 and 7.4)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from amends.engine.services.base import Operation, OperationContext
from amends.engine.services.letters import render
from amends.engine.services.outbox import Outbox
from amends.engine.services.recipients import resolve

CHANNELS = {
    "email": "E-mail, or what the complainant can be reached by",
    "post": "Post: somebody prints it",
    "web": "The follow-up page only",
}


def letter_field(label: str = "Letter", required: bool = True) -> fields.String:
    """The input that names a letter of the package."""
    metadata = {"label": label, "feel": "optional", "names": "letter", "help": "The name of a file in letters/, without .md."}
    if required:
        return fields.String(required=True, validate=validate.Length(min=1, max=120), metadata=metadata)
    return fields.String(load_default=None, validate=validate.Length(max=120), metadata=metadata)


class SendMessage(Operation):
    """Send a letter. Without an e-mail address it is kept to be printed, so that nothing is lost."""

    type = "send-message"
    title = "Send a message"
    group = "Messages"
    help = "Sends a letter of the package to the complainant, to the staff of a role, or to an address."

    class Inputs(Schema):
        """What the diagram gives."""

        letter = letter_field()
        to = fields.String(
            load_default="complainant",
            validate=validate.Length(min=1, max=320),
            metadata={"label": "To", "feel": "optional", "names": "role", "help": "“complainant”, a role, or an e-mail address."},
        )
        channel = fields.String(
            load_default=None,
            validate=validate.OneOf(["", *CHANNELS]),
            metadata={"label": "By", "feel": "no", "choices": CHANNELS, "help": "Left out: as the complainant prefers."},
        )

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        """Send it."""
        outbox = Outbox(context)
        with outbox.database.reading() as connection:
            recipients = resolve(connection, inputs["to"], inputs["channel"] or None, context)
        outbox.tell(recipients, inputs["letter"], render(inputs["letter"], context))

"""Communicate the decision to the complainant and to the staff involved (ISO 10002, 7.8)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from amends.engine.services.base import Operation, OperationContext
from amends.engine.services.fields import TextList
from amends.engine.services.letters import render
from amends.engine.services.messages import LetterBox, for_staff, goes_on_field, letter_field, letter_to, sent
from amends.engine.services.recipients import complainant, involved, named


class CommunicateDecision(Operation):
    """Tell the complainant, and the staff involved: those named, or else everybody who has worked on the complaint."""

    type = "communicate-decision"
    title = "Communicate the decision"
    group = "Messages"
    help = "Sends the decision to the complainant, and a letter about it to the staff involved."
    outputs = of_this_run = ("sent_at",)

    class Inputs(Schema):
        """What the diagram gives."""

        letter = letter_field("Letter to the complainant")
        involved_letter = letter_field("Letter to the staff involved", required=False)
        outcome = fields.String(
            required=True,
            validate=validate.Length(min=1, max=80),
            metadata={"label": "Outcome", "feel": "optional", "names": "outcome", "help": "Its id under [outcomes] in package.toml."},
        )
        reasons = fields.String(
            required=True,
            validate=validate.Length(min=1),
            metadata={"label": "Reasons", "feel": "optional", "help": "As the letters give them."},
        )
        involved = TextList(
            load_default=None,
            metadata={
                "label": "Staff involved",
                "feel": "optional",
                "help": "Accounts or roles, with commas between; left out: everybody who has worked on the complaint.",
            },
        )
        goes_on = goes_on_field()

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        """Tell them. The letters find `outcome` and `reasons` as they were given here. Staff are told at once, whatever the post does."""
        outbox = LetterBox(context)
        given = {"outcome": inputs["outcome"], "reasons": inputs["reasons"]}
        letter, to_staff = inputs["letter"], inputs["involved_letter"]
        with outbox.database.reading() as connection:
            person = complainant(connection, context)
            wanted = inputs["involved"]
            staff = [] if not to_staff else involved(connection, context.instance_id) if wanted is None else named(connection, wanted)
        # Both are written before either leaves: a letter with a hole stops everything, not half of it.
        about_it = render(for_staff(to_staff, context), context, **given) if staff else None
        if outbox.left([person], letter) is None:
            outbox.tell([person], letter, letter_to(person, letter, context, **given))
        if about_it is not None:
            outbox.tell(staff, to_staff, about_it)
        return sent(outbox, [person], letter, inputs["goes_on"])

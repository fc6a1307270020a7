"""Send a letter of the package to somebody (ISO 10002, 7.3 and 7.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Connection

from amends.engine.definitions.translations import letter_in
from amends.engine.execution import Fault
from amends.engine.services.base import Operation, OperationContext
from amends.engine.services.letters import Rendered, asks_for_link, render, with_link
from amends.engine.services.outbox import Outbox
from amends.engine.services.recipients import COMPLAINANT, Recipient, resolve

CHANNELS = {
    "email": "E-mail, or what the complainant can be reached by",
    "post": "Post: somebody prints it",
    "phone": "Telephone: somebody rings and says it",
    "web": "The follow-up page only",
}


LEFT = "once it has left"
GOES_ON = {
    "": "At once, also while the letter still waits in the post room",
    LEFT: "Once the letter has left: the mail is taken, the letter posted, the call made",
}


def goes_on_field() -> fields.String:
    """The input that says what the task waits for."""
    told = "Where a clock or a time to answer depends on it: once it has left."
    metadata = {"label": "Goes on", "feel": "no", "choices": GOES_ON, "help": told}
    return fields.String(load_default="", validate=validate.OneOf(list(GOES_ON)), metadata=metadata)


def letter_field(label: str = "Letter", required: bool = True) -> fields.String:
    """The input that names a letter of the package."""
    metadata = {"label": label, "feel": "optional", "names": "letter", "help": "The name of a file in letters/, without .md."}
    if required:
        return fields.String(required=True, validate=validate.Length(min=1, max=120), metadata=metadata)
    return fields.String(load_default=None, validate=validate.Length(max=120), metadata=metadata)


class LetterBox(Outbox):
    """An outbox whose thread keeps no secrets: what a letter holds for its reader alone goes only into the mail."""

    def _message(self, connection: Connection, everybody: Sequence[Recipient], letter: str, rendered: Rendered, state: str) -> str:
        return super()._message(connection, everybody, letter, rendered.kept or rendered, state)


def letter_to(recipient: Recipient, letter: str, context: OperationContext, **more: Any) -> Rendered:
    """A letter as this recipient gets it: with a personal link of its own if it is a mail to the complainant that names `follow_link`.

    Nobody else gets one, nor does what is printed or shown, nor a replay of the past. Raises `Fault` where it cannot be made.
    The complainant gets it in the language they are written to in (`language`), where the package has it.
    """
    if recipient.id == COMPLAINANT:
        letter = letter_in(context.package, letter, str(context.variables.get("language") or ""))
    personal = recipient.id == COMPLAINANT and recipient.channel == "email" and not context.historical
    if not personal or not asks_for_link(letter, context):
        return render(letter, context, **more)
    return with_link(letter, context, lambda: _new_link(letter, context), **more)


def sent(outbox: Outbox, recipients: Sequence[Recipient], letter: str, goes_on: str) -> dict[str, Any]:
    """When a letter had left, as the operation's result. Raises `NotYet` for one that is waited for and is in the post room still."""
    at = outbox.left(recipients, letter)
    if at is None and goes_on == LEFT:
        if outbox.waits(recipients, letter):
            raise outbox.wait(recipients, letter)
        # Somebody may have recorded it between the two.
        at = outbox.left(recipients, letter)
        if at is None:
            raise Fault(f"The letter {letter!r} has not left, and it is not in the post room either. Retry, and it is sent.")
    return {"sent_at": at}


def for_staff(letter: str, context: OperationContext) -> str:
    """The name of a letter among staff in the language they work in (the setting `staff_language`), else in the package's own."""
    return letter_in(context.package, letter, str(context.settings.get("staff_language") or ""))


def _new_link(letter: str, context: OperationContext) -> str:
    """The address of a new follow-up link. What is kept of it is written before the mail leaves, so that it works when it arrives."""
    register = context.shared.get("register")
    base = _base(context, f"letter {letter!r}")
    if register is None:
        return f"{base}/follow"  # an engine by itself knows no links: here one enters with what one was given
    return follow_address(base, register.new_link(context.instance_id, f"letter {letter}"))


def link_address(context: OperationContext, secret: str) -> str:
    """Where the link with this secret leads. Raises `Fault` where the installation does not say where its pages are."""
    return follow_address(_base(context, "mail"), secret)


def follow_address(base: object, secret: str) -> str:
    """A follow-up link below the address of the pages (the setting `base_url`); empty where that is none."""
    told = str(base or "").strip().rstrip("/")
    return f"{told}/f/{secret}" if told.startswith(("https://", "http://")) else ""


def _base(context: OperationContext, what: str) -> str:
    base = str(context.settings.get("base_url") or "").strip().rstrip("/")
    if not base.startswith(("https://", "http://")):
        told = "set base_url to the address of these pages, such as https://complaints.example.org, and retry"
        raise Fault(f"The {what} holds a personal link, but the setting base_url is no address; {told}.")
    return base


class SendMessage(Operation):
    """Send a letter. Without an e-mail address it is kept to be printed, so that nothing is lost."""

    type = "send-message"
    title = "Send a message"
    group = "Messages"
    help = "Sends a letter of the package to the complainant, to the staff of a role, or to an address."
    outputs = of_this_run = ("sent_at",)

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
        goes_on = goes_on_field()

    def run(self, inputs: dict[str, Any], context: OperationContext) -> dict[str, Any]:
        """Send it. One that was posted or said meanwhile is not written anew."""
        outbox, letter = LetterBox(context), inputs["letter"]
        with outbox.database.reading() as connection:
            recipients = resolve(connection, inputs["to"], inputs["channel"] or None, context)
        if outbox.left(recipients, letter) is None:
            outbox.tell(recipients, letter, letter_to(recipients[0], letter, context))
        return sent(outbox, recipients, letter, inputs["goes_on"])

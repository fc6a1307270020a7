"""Publish a message to the instances of this engine: what a message throw event, message end event or send task does."""

from __future__ import annotations

import datetime as dt
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from amends.engine.calendars import Clock
from amends.engine.definitions.publishing import PUBLISHES
from amends.engine.errors import AmendsError, NotFound
from amends.engine.execution import BpmnError, Fault, as_key
from amends.engine.services.base import Operation, OperationContext
from amends.engine.services.fields import LengthField

NOBODY_WAITS = "nobody-waits"
"""The BPMN error of a message that is not kept and that nobody waits for."""


class KeyField(fields.Field[str]):
    """A correlation key: a text or a whole number, as text, as what waits has it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        try:
            return as_key(value)
        except ValueError as error:
            raise ValidationError(f"A correlation key {error}") from error


class ContextField(fields.Field[dict[str, Any]]):
    """Variables as a FEEL context."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError(f"Give a context such as ={{amount: amount}}, not {value!r}.")
        return dict(value)


class PublishMessage(Operation):
    """Gives a message to the one instance that waits for its name and key, else starts one, else keeps it for a while.

    Published once, however often the job is tried: a message of the same name and key is known by the element's token.
    """

    type = PUBLISHES
    title = "Publish a message"
    group = "Messages"
    help = "Tells another process: the instance that waits for this message and key goes on, or one begins."
    throws = True

    class Inputs(Schema):
        """What the diagram gives; further inputs are local variables, for the context to name."""

        class Meta:
            unknown = EXCLUDE

        message_name = fields.String(
            required=True,
            validate=validate.Length(min=1, max=200),
            metadata={"label": "Message name", "feel": "optional", "names": "message"},
        )
        correlation_key = KeyField(
            load_default="",
            error_messages={"null": "The key has no value; without one the message would be for somebody else."},
            metadata={
                "label": "Correlation key", "feel": "optional", "placeholder": "=reference", "null": "refused",
                "help": "What the one who waits has as its key. Left out: for a message that begins a process.",
            },
        )  # fmt: skip
        variables = ContextField(
            load_default=dict,
            metadata={
                "label": "Variables", "feel": "required", "placeholder": "{amount: amount}",
                "help": "What the message brings, as a context.",
            },
        )  # fmt: skip
        time_to_live = LengthField(
            load_default="PT1H",
            metadata={
                "label": "Kept for", "feel": "optional", "placeholder": "PT1H",
                "help": "How long it is kept if nobody waits yet; left out: an hour. PT0S: not at all, which is the error “nobody-waits”.",
            },
        )  # fmt: skip

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        """Publish it. Nothing is published while the past is replayed: what it led to is replayed as well."""
        if context.historical:
            return
        if context.publish is None:
            raise Fault(f"{context.element_id} publishes a message, which is a job and cannot be done inside a step.")
        name, key = inputs["message_name"], inputs["correlation_key"]
        kept = _kept(inputs["time_to_live"], context)
        try:
            context.publish(name, key, inputs["variables"], kept)
        except NotFound as error:
            raise BpmnError(NOBODY_WAITS, f"Nobody waits for the message {name!r} with this key, and it is not kept.") from error


def _kept(length: str, context: OperationContext) -> dt.timedelta | None:
    """A time to live from now, measured by the default calendar; None for no time."""
    try:
        until = Clock.begin("time to live", context.now, length).due(context.calendars)
    except (AmendsError, OverflowError) as error:
        raise Fault(f"{context.element_id} keeps its message for {length!r}, which cannot be: {error}") from error
    kept = None if until is None else until - context.now
    return kept if kept else None

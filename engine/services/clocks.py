"""Operations on clocks: start, pause, resume, extend and stop a running deadline (ISO 10002, 4.15 and 7.3).

They run inside the step, so a timer, a task's due date and the page see the same clock at the same instant. Doing again what
is done already (pausing a paused clock, stopping a stopped one) changes nothing and is noted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate

from amends.engine.calendars import Clock, Pause
from amends.engine.execution import Fault
from amends.engine.services.base import Inside, Operation, OperationContext
from amends.engine.services.fields import LengthField, MomentField, WarningList

RESULTS = {"met": "The promise was kept, or is kept now", "cancelled": "The promise fell away"}


def _name() -> fields.String:
    label = {"label": "Clock", "feel": "optional", "names": "clock", "help": "Its name under [clocks] in package.toml."}
    return fields.String(required=True, validate=validate.Length(min=1, max=120), metadata=label)


def _reason(required: bool = False) -> fields.String:
    kept = {"label": "Reason", "feel": "optional"}
    if required:
        return fields.String(required=True, validate=validate.Length(min=1), metadata=kept)
    return fields.String(load_default=None, metadata=kept)


class ClockOperation(Operation):
    """What the operations on clocks have in common."""

    group: ClassVar[str] = "Clocks"
    inside: ClassVar[bool] = True

    @staticmethod
    def instance(context: OperationContext) -> Inside:
        """The instance whose clocks these are."""
        if context.instance is None:
            raise Fault("A clock can only be changed inside the step of its instance.")
        return context.instance

    def clock(self, name: str, context: OperationContext) -> Clock:
        """The clock of this name; a `Fault` names those there are."""
        clocks = self.instance(context).clocks
        if name not in clocks:
            known = ", ".join(sorted(clocks)) or "none"
            raise Fault(f"There is no clock {name!r} at {context.element_id}; start it first. Started are: {known}.")
        return clocks[name]

    def leave(self, clock: Clock, why: str, context: OperationContext) -> None:
        """Note that nothing was to be done."""
        self.instance(context).note("operation", None, type=self.type, clock=clock.name, what=f"left as it is: {why}")


class AgainField(fields.String):
    """What is done where there is such a clock: true, false or keep; a boolean as well."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        given = str(value).strip().lower()
        if given not in ("true", "false", "keep"):
            raise ValidationError("Write true (set its deadline anew), keep (leave it as it is) or false (stop).")
        return given


class StartClock(ClockOperation):
    """Start a clock; one that runs already gets the new length and start, and keeps its pauses and extensions."""

    type = "start-clock"
    title = "Start a clock"
    help = "Starts a deadline, or sets the one of a clock that runs anew."

    class Inputs(Schema):
        """What the diagram gives."""

        name = _name()
        length = LengthField(
            required=True,
            metadata={"label": "Length", "feel": "optional", "placeholder": "5 working days", "help": "“5 working days”, “P8W”, “PT24H”."},
        )
        calendar = fields.String(load_default="default", metadata={"label": "Calendar", "feel": "optional", "names": "calendar"})
        start = MomentField(
            load_default=None,
            metadata={"label": "Counts from", "feel": "optional", "help": "A date, or a date and time; left out: now."},
        )
        warnings = WarningList(
            load_default=list, metadata={"label": "Warnings", "feel": "optional", "help": "“1 working day”, “80%”, with commas between."}
        )
        again = AgainField(
            load_default="true",
            metadata={
                "label": "If there is such a clock",
                "feel": "no",
                "choices": {"true": "Set its deadline anew", "keep": "Leave it as it is", "false": "Stop with an incident"},
            },
        )

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        """Start it, or set its deadline anew."""
        name = inputs["name"]
        known = self.instance(context).clocks.get(name)
        if known is not None and inputs["again"] == "keep":
            return
        if known is not None and inputs["again"] == "false":
            raise Fault(f"The clock {name!r} was started already, and {context.element_id} does not allow to start it again.")
        if inputs["calendar"] not in context.calendars:
            there = ", ".join(sorted(context.calendars))
            raise Fault(f"There is no calendar {inputs['calendar']!r} to measure the clock {name!r} by. There are: {there}.")
        start = _instant(inputs["start"], inputs["calendar"], context)
        clock = Clock.begin(name, start, inputs["length"], inputs["calendar"], inputs["warnings"])
        if known is None or known.ended:
            self.instance(context).put_clock(clock, "started")
        else:
            kept = tuple(_from(pause, clock.start) for pause in known.pauses if pause.resumed_at is None or pause.resumed_at > clock.start)
            self.instance(context).put_clock(replace(clock, pauses=kept, extensions=known.extensions), "changed")


def _from(pause: Pause, start: dt.datetime) -> Pause:
    """A pause does not begin before the clock does."""
    return replace(pause, at=max(pause.at, start))


def _instant(moment: dt.date | dt.datetime | None, calendar: str, context: OperationContext) -> dt.datetime:
    """A moment as an instant: a date begins in the calendar's zone, and a time without a zone is one there."""
    if moment is None:
        return context.now
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    if moment.utcoffset() is None:
        moment = moment.replace(tzinfo=context.calendars[calendar].zone)
    return moment


class PauseClock(ClockOperation):
    """Let a clock stand still, for example while the complainant is asked for information."""

    type = "pause-clock"
    title = "Pause a clock"
    help = "The deadline stands still until the clock is resumed."

    class Inputs(Schema):
        """What the diagram gives."""

        name = _name()
        reason = _reason()

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        """Pause it from now."""
        clock = self.clock(inputs["name"], context)
        if clock.ended or clock.is_paused:
            self.leave(clock, "it has ended" if clock.ended else "it is paused", context)
        else:
            # One that only starts later stands still from its start.
            self.instance(context).put_clock(clock.paused(max(context.now, clock.start), inputs["reason"]), "paused")


class ResumeClock(ClockOperation):
    """Let a paused clock go on, with as much time left as it had."""

    type = "resume-clock"
    title = "Resume a clock"
    help = "The deadline moves by as long as the clock stood still."

    class Inputs(Schema):
        """What the diagram gives."""

        name = _name()

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        """Resume it from now."""
        clock = self.clock(inputs["name"], context)
        if clock.is_paused:
            self.instance(context).put_clock(clock.resumed(max(context.now, clock.pauses[-1].at)), "resumed")
        else:
            self.leave(clock, "it has ended" if clock.ended else "it runs", context)


class ExtendClock(ClockOperation):
    """Put a deadline off, for a reason."""

    type = "extend-clock"
    title = "Extend a clock"
    help = "Puts the deadline off; the reason goes into the record."

    class Inputs(Schema):
        """What the diagram gives."""

        name = _name()
        by = LengthField(extension=True, required=True, metadata={"label": "By", "feel": "optional", "placeholder": "10 working days"})
        reason = _reason(required=True)

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        """Extend it."""
        clock = self.clock(inputs["name"], context)
        self.instance(context).put_clock(clock.extended(inputs["by"], inputs["reason"], context.now, context.actor), "extended")


class StopClock(ClockOperation):
    """End a clock: the promise was kept, or fell away."""

    type = "stop-clock"
    title = "Stop a clock"
    help = "Ends the deadline: met (in time or late), or cancelled."

    class Inputs(Schema):
        """What the diagram gives."""

        name = _name()
        result = fields.String(
            load_default="met", validate=validate.OneOf(list(RESULTS)), metadata={"label": "Result", "feel": "no", "choices": RESULTS}
        )
        at = MomentField(load_default=None, metadata={"label": "When", "feel": "optional", "help": "Left out: now."})
        reason = _reason()

    def run(self, inputs: dict[str, Any], context: OperationContext) -> None:
        """Stop it."""
        clock = self.clock(inputs["name"], context)
        if clock.ended:
            self.leave(clock, "it has ended", context)
            return
        at = _instant(inputs["at"], clock.calendar, context)
        stopped = clock.met(at) if inputs["result"] == "met" else clock.cancelled(at, inputs["reason"])
        self.instance(context).put_clock(stopped, inputs["result"])


CLOCK_OPERATIONS: tuple[type[Operation], ...] = (StartClock, PauseClock, ResumeClock, ExtendClock, StopClock)

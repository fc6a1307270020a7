"""Timers whose date has passed at the time of the check: what is meant to happen later happens at once, or never."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, the
from amends.engine.definitions.model import EventDefinition, Process, is_feel
from amends.engine.definitions.timers import instant_of, shortened

_BEHIND = timedelta(hours=12)
"""How far behind UTC a place's clock may be."""


def check_dates(found: Findings, process: Process, now: datetime, expressions: Expressions) -> None:
    """The dates of a process that are written, or computed from nothing. What is said changes with time, so it is never an error."""
    for element in process.all_elements():
        for event in element.events:
            if event.kind == "timer" and event.timer_kind == "date" and event.text and _passed(event.text, now, expressions):
                begins = element.type == "startEvent" and element.scope_id == process.id
                then = "nothing begins by it when it is deployed" if begins else "it happens as soon as it is waited for"
                message = f"The time of {the(element)}, {_shown(event)}, has passed: {then}."
                help = "Write a time to come, a duration, or FEEL that reads a variable."
                found.warn(element, "timer-past", message, help, line=event.line or element.line)


def _shown(event: EventDefinition) -> str:
    return shortened((event.text or "").strip())


def _passed(text: str, now: datetime, expressions: Expressions) -> bool:
    certain, value = expressions.constant(text) if is_feel(text) else (True, text)
    if not certain or not isinstance(value, (str, date)):
        return False
    due = instant_of(value)
    return due is not None and due <= now - _slack(value)  # what is no date is said as that


def _slack(value: str | date) -> timedelta:
    """How long after its instant in UTC a date has passed for everybody: the whole of a day, and wherever no offset is written."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text)
        except ValueError:
            value = datetime.fromisoformat(text)
    if not isinstance(value, datetime):
        return _BEHIND + timedelta(days=1)
    return timedelta() if value.tzinfo is not None else _BEHIND

"""Whether what stands for a number, a name, a list or a time is one: plain, or an expression that always gives the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, the
from amends.engine.definitions.model import MOST_INSTANCES, Element, EventDefinition, is_feel
from amends.engine.definitions.timers import EXAMPLES, literal_fault, shortened
from amends.engine.feel import YearMonthDuration

_SETTING = re.compile(r"=\s*settings\.(\w+)\s*")
_WANTED = {
    "number": "a whole number, such as 3",
    "priority": "a whole number from 0 to 100",
    "instances": f"a whole number up to {MOST_INSTANCES:,}",
    "name": "one name",
    "names": "a list of names, or names with commas between them",
    "list": "a list",
    "key": "a text or a whole number",
    **EXAMPLES,
}


def check_values(found: Findings, element: Element, expressions: Expressions, settings: Mapping[str, Any]) -> None:
    """The values of one element. `settings` are the package's: a timer that reads one is checked by the setting's default."""
    for what, text, kind, line in _places(element):
        if not text:
            continue
        if not is_feel(text):
            fault = plain_fault(kind, text)
        else:
            certain, value = expressions.constant(text)
            fault = _fault(kind, value) if certain else ""
        if fault:
            help = f"Write {_WANTED[kind]}, or FEEL after =."
            found.add(element, "value", f"The {what} of {the(element)} {fault}.", help, line=line)
    for event in element.events:
        _timer(found, element, event, expressions, settings)


def _places(element: Element) -> Iterator[tuple[str, str | None, str, int | None]]:
    """What is worked out to a value of one kind."""
    ext, loop = element.ext, element.loop
    yield "number of retries", ext.retries, "number", None
    yield "priority", ext.priority, "priority", None
    yield "due date", ext.due_date, "date", None
    yield "follow-up date", ext.follow_up_date, "date", None
    yield "assignee", ext.assignee, "name", None
    yield "candidate groups", ext.candidate_groups, "names", None
    yield "candidate users", ext.candidate_users, "names", None
    for event in element.events:
        yield "correlation key", event.correlation_key, "key", event.line or None
        yield "number of retries", event.ext.retries, "number", event.line or None
    if loop is not None:
        yield "number of instances", loop.cardinality, "instances", loop.line
        yield "maximum", loop.maximum, "number", loop.line
        yield "input collection", loop.input_collection if is_feel(loop.input_collection or "") else None, "list", loop.line


_MOST: dict[str, int | Decimal] = {"number": Decimal("Infinity"), "instances": MOST_INSTANCES, "priority": 100}
"""The kinds of whole numbers from 0, and their most. What may be any number is written so for “as often as need be”."""


def _count(kind: str, value: Any) -> bool:
    """Whether a number is one of such a kind. Numbers stay Decimal: they may have more digits than Python makes an int of."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return False
    return 0 <= value <= _MOST[kind] and _name(value)


def _name(value: Any) -> bool:
    """A text or a whole number, of any size."""
    if isinstance(value, Decimal):
        return value.is_finite() and (not value or value.adjusted() >= 0 and value == value.to_integral_value())
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))


_FITS: dict[str, Callable[[Any], bool]] = {
    **{kind: partial(_count, kind) for kind in _MOST},
    "name": lambda value: value is None or _name(value),
    "names": lambda value: value is None or all(_name(item) for item in (value if isinstance(value, list) else [value])),
    "list": lambda value: isinstance(value, list),
    "key": _name,
    "date": lambda value: value is None or isinstance(value, (date, datetime)),
    "duration": lambda value: isinstance(value, (timedelta, YearMonthDuration)),
    "cycle": lambda value: isinstance(value, (timedelta, YearMonthDuration)),
}


def plain_fault(kind: str, text: str) -> str:
    """What is wrong with a text that is no expression; empty if nothing."""
    if kind == "date":
        return literal_fault(kind, text)
    return f"is {shortened(text)!r}" if kind in _MOST and not (text.isdecimal() and _count(kind, Decimal(text))) else ""


def _fault(kind: str, value: Any) -> str:
    """What is wrong with a constant; empty if nothing. Texts of times and numbers are as they would be without the sign."""
    if isinstance(value, str) and kind in EXAMPLES:
        return literal_fault(kind, value)
    if isinstance(value, str) and kind in _MOST:
        return plain_fault(kind, value.strip()).replace("is ", "is always ", 1)
    return "" if _FITS[kind](value) else f"is always {_told(value)}"


def _told(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (Decimal, str)):
        return shortened(str(value)) if isinstance(value, Decimal) else repr(shortened(value))
    return f"a {_KINDS.get(type(value), 'value')}"


_KINDS = {list: "list", dict: "context", timedelta: "duration", YearMonthDuration: "duration", datetime: "date and time", date: "date"}


def _timer(found: Findings, element: Element, event: EventDefinition, expressions: Expressions, settings: Mapping[str, Any]) -> None:
    """A timer that is constant is that time; one that is a setting is as right as the setting."""
    if event.kind != "timer" or not event.text or event.timer_kind is None or not is_feel(event.text):
        return
    match = _SETTING.fullmatch(event.text)
    certain, value = expressions.constant(event.text)
    if match is not None and isinstance(settings.get(match[1]), str):
        fault = literal_fault(event.timer_kind, settings[match[1]])
        message = f"The time of {the(element)} is the setting {match[1]!r}, which {fault}."
        help = f"Write {EXAMPLES[event.timer_kind]} in package.toml, or choose another kind of timer."
    else:
        fault = ("is always null" if value is None else _fault(event.timer_kind, value)) if certain else ""
        message = f"The time of {the(element)} {fault}."
        help = f"Write {EXAMPLES[event.timer_kind]}."
    if fault:
        found.add(element, "timer-literal", message, help, line=event.line)

"""Whether every job names an operation that exists, and gives it what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from amends.engine.calendars import read_length
from amends.engine.definitions.check_references import BUILT_IN_ROLES, awaited
from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings, called
from amends.engine.definitions.model import Element, Process, Zeebe, is_feel
from amends.engine.definitions.package import Package
from amends.engine.definitions.problems import ERROR, WARNING
from amends.engine.errors import AmendsError

DEFAULT_CALENDAR = "default"
"""Every package has it: without one of its own, a plain one."""
ABSENT = object()
"""The value of an input that is only known when it runs."""


@dataclass(frozen=True, slots=True)
class Given:
    """An input of an operation as a diagram gives it: its constant value, or ABSENT, and where."""

    name: str
    value: Any
    line: int
    header: bool


def check_operations(found: Findings, package: Package, process: Process, operations: Mapping[str, Any], expressions: Expressions) -> None:
    """The jobs of a process against the operations that are known, by type."""
    for element in process.all_elements():
        for ext in (element.ext, element.event.ext if element.event is not None else None):
            kind = expressions.text(ext.task_type) if ext is not None and ext.task_type else None
            if ext is None or kind is None:
                continue
            operation = operations.get(kind)
            if operation is None:
                message = f"{called(element)} calls the operation {kind!r}, which is not built in and no plugin brings."
                help = f"It waits for somebody outside to complete it. Known are {', '.join(sorted(operations)) or 'none'}."
                found.warn(element, "unknown-operation", message, help)
            else:
                _inputs(found, package, element, operation, list(_given(element, ext, expressions)))
    for element in (process.itself, *process.all_elements()):
        for listener in (*element.ext.execution_listeners, *element.ext.task_listeners):
            operation = operations.get(expressions.text(listener.type) or "")
            if operation is not None:
                ext = replace(element.ext, task_type=listener.type, headers={**element.ext.headers, **listener.headers})
                # What only the element itself needs is not meant for its listener.
                known = {field.data_key or name for name, field in operation.Inputs().fields.items()} | listener.headers.keys()
                given = [item for item in _given(replace(element, ext=ext), ext, expressions) if item.name in known]
                _inputs(found, package, element, operation, given)


def _given(element: Element, ext: Zeebe, expressions: Expressions) -> Iterator[Given]:
    """What reaches an operation: the headers, overlaid by the inputs."""
    mapped = {entry.target.split(".")[0] for source in {id(ext): ext, id(element.ext): element.ext}.values() for entry in source.inputs}
    for name, header in ext.headers.items():
        if name not in mapped:
            yield Given(name, header, element.line, True)
    for source in {id(ext): ext, id(element.ext): element.ext}.values():
        for entry in source.inputs:
            whole = "." not in entry.target
            value: Any = ABSENT
            if whole and not is_feel(entry.source):
                value = entry.source
            elif whole:
                certain, computed = expressions.constant(entry.source)
                value = computed if certain else ABSENT
            yield Given(entry.target.split(".")[0], value, entry.line, False)


def _inputs(found: Findings, package: Package, element: Element, operation: Any, given: list[Given]) -> None:
    schema: Schema = operation.Inputs()
    wanted = {field.data_key or name: field for name, field in schema.fields.items() if not field.dump_only}
    names = {item.name for item in given}
    title = getattr(operation, "title", "") or element.ext.task_type
    for name, field in wanted.items():
        if field.required and name not in names:
            message = f"{called(element)} does not give the operation {title!r} its {_label(field, name)} ({name})."
            help = f"Fill it in by its element template, as a header, or as an input {name!r}."
            found.add(element, "operation-input-missing", message, help)
    for item in given:
        wanted_field = wanted.get(item.name)
        if wanted_field is None:
            _unknown(found, element, str(title), item, list(wanted), schema.unknown == EXCLUDE)
        elif item.value is not ABSENT:
            _value(found, package, element, str(title), wanted_field, item)


def _unknown(found: Findings, element: Element, title: str, item: Given, wanted: list[str], ignored: bool) -> None:
    """A header nobody reads is a slip; an input nobody reads may be a local variable, of a letter for instance."""
    if ignored and not item.header:
        return
    message = f"{called(element)} gives the operation {title!r} an input {item.name!r}, which it does not know."
    help = f"Its inputs are {', '.join(wanted) or 'none'}."
    severity = WARNING if ignored else ERROR
    found.add(element, "operation-input-unknown", message, help, severity=severity, line=item.line)


def _label(field: fields.Field[Any], name: str) -> str:
    return str(field.metadata.get("label") or name.replace("_", " "))


def _value(found: Findings, package: Package, element: Element, title: str, field: fields.Field[Any], item: Given) -> None:
    """A constant: right for the schema, and what it names is there."""
    try:
        field.deserialize(item.value)
    except ValidationError as error:
        reasons = "; ".join(str(text) for text in error.messages) if isinstance(error.messages, list) else str(error.messages)
        message = f"{called(element)} gives the operation {title!r} {item.name} = {item.value!r}: {reasons}"
        help = _choices(field)
        found.add(element, "operation-input-value", message, help, line=item.line)
        return
    except Exception as error:  # a plugin's schema may raise anything; one plugin must not hide all other problems
        message = f"The operation {title!r} cannot tell whether {item.name} = {item.value!r} is right: {type(error).__name__}: {error}."
        found.warn(element, "operation-input-value", message, "Tell the author of the operation.", line=item.line)
        return
    if isinstance(item.value, str) and item.value:
        _names(found, package, element, field, item)


def _choices(field: fields.Field[Any]) -> str:
    choices = field.metadata.get("choices")
    if isinstance(choices, Mapping):
        choices = list(choices)
    return f"Choose one of {', '.join(map(str, choices))}." if isinstance(choices, list | tuple) else "Correct it."


def _names(found: Findings, package: Package, element: Element, field: fields.Field[Any], item: Given) -> None:
    """What a constant names: `metadata["names"]` of a field says which kind, its name does where that is silent."""
    manifest, value = package.manifest, str(item.value)
    kind = field.metadata.get("names") or _kind(element.ext.task_type or "", item.name)
    if kind == "letter" and value not in package.letters:
        message = f"{called(element)} sends the letter {value!r}, which is not there."
        known = f"; there are {', '.join(sorted(package.letters))}" if package.letters else ""
        found.absent(element, "missing-letter", message, f"Add letters/{value}.md{known}.", line=item.line)
    elif package.single:
        return
    elif kind == "message":
        _waits_for(found, package, element, item)
    elif kind == "role" and value not in manifest.roles and value not in BUILT_IN_ROLES and not _is_address(value):
        message = f"{called(element)} is for the role {value!r}, which the package does not have."
        found.add(element, "unknown-role", message, f"The roles are {', '.join(manifest.roles)}.", line=item.line)
    elif kind == "clock" and manifest.clocks and value not in manifest.clocks:
        message = f"{called(element)} is about the clock {value!r}, which the package does not have."
        found.add(element, "unknown-clock", message, f"The clocks are {', '.join(manifest.clocks)}.", line=item.line)
    elif kind == "calendar" and value not in manifest.calendars and value != DEFAULT_CALENDAR:
        message = f"{called(element)} uses the calendar {value!r}, which the package does not have."
        found.add(element, "missing-calendar", message, f"The calendars are {', '.join(manifest.calendars) or 'none'}.", line=item.line)
    elif kind == "outcome" and manifest.outcomes and value not in manifest.outcomes:
        message = f"{called(element)} gives the outcome {value!r}, which the package does not have."
        found.add(element, "unknown-outcome", message, f"The outcomes are {', '.join(manifest.outcomes)}.", line=item.line)
    elif kind == "length":
        _length(found, element, item)


def _kind(operation: str, name: str) -> str:
    if name == "letter" or name.endswith("_letter"):
        return "letter"
    if name in ("to", "role"):
        return "role"
    if operation.endswith("-clock"):
        return {"name": "clock", "length": "length"}.get(name, name)
    return name


def _waits_for(found: Findings, package: Package, element: Element, item: Given) -> None:
    """A message that is published has somebody who waits for it, unless another package's process does."""
    heard = awaited(package.processes)
    if item.value not in heard and not any(is_feel(name) for name in heard):
        message = f"{called(element)} publishes the message {item.value!r}, which no process of the package waits for."
        help = f"Another package's may. Here they wait for {', '.join(sorted(heard)) or 'none'}."
        found.warn(element, "unknown-message", message, help, line=item.line)


def _is_address(value: str) -> bool:
    return "@" in value or value == "complainant"


def _length(found: Findings, element: Element, item: Given) -> None:
    try:
        read_length(str(item.value))
    except AmendsError as error:
        message = f"{called(element)} sets a clock to a length that is none: {error}"
        found.add(element, "operation-input-value", message, "Write a length such as “5 working days” or “P15D”.", line=item.line)

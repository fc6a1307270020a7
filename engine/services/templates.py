"""Camunda element templates made from the operations, so that a process owner picks one in the modeler and fills in its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from marshmallow import fields

from amends.engine.definitions.package import Package
from amends.engine.services.base import Operation

SCHEMA = "https://unpkg.com/@camunda/zeebe-element-templates-json-schema/resources/schema.json"
VERSION = 1
ENGINES = {"camunda": "^8.2"}
"""Which versions of the dialect a diagram may have been drawn for."""
_EVENTS = (("throw", "bpmn:IntermediateThrowEvent", "throw event"), ("end", "bpmn:EndEvent", "end event"))
_INPUTS, _RUNNING, _RESULTS = "inputs", "running", "results"
_DRAWN = {
    "Clocks": '<circle cx="9" cy="9" r="7"/><path d="M9 5v4l3 2"/>',
    "Messages": '<rect x="2" y="4" width="14" height="10" rx="1"/><path d="m2 5 7 5 7-5"/>',
    "Complaints": '<path d="M3 3h12v9H9l-3 3v-3H3z"/><path d="M6 7.5h6"/>',
}
"""The picture of each group, 18 by 18; anything else gets the last one."""


def element_templates(
    operations: Mapping[str, type[Operation]] | Iterable[type[Operation]], package: Package | None = None
) -> list[dict[str, Any]]:
    """One element template for each operation, in the order of their titles, as plain data for a JSON file.

    With a `package`, what an input names there (letters, roles, clocks, …) is listed in its description.
    """
    classes = operations.values() if isinstance(operations, Mapping) else operations
    ordered = sorted(classes, key=lambda operation: (operation.group, operation.title))
    return [made for operation in ordered for made in (_template(operation, package), *_throwing(operation, package))]


def _throwing(operation: type[Operation], package: Package | None) -> list[dict[str, Any]]:
    """Of an operation that message events may do, a template for each kind of them: the modeler has one kind of element in one template."""
    made = []
    for kind, value, title in _EVENTS if operation.throws else ():
        event = {"value": value, "eventDefinition": "bpmn:MessageEventDefinition"}
        template = _template(operation, package)
        named = {
            "id": "message", "label": "Message", "description": "Its name in the diagram.", "type": "String", "group": _INPUTS,
            "constraints": {"notEmpty": True}, "binding": {"type": "bpmn:Message#property", "name": "name"},
        }  # fmt: skip
        # The operation is given the name of the message that the event throws.
        properties = [entry for entry in template["properties"] if entry.get("id") != "message_name"]
        made.append(
            template | {
                "id": f"{template['id']}.{kind}", "name": f"{operation.title} ({title})", "appliesTo": [value], "elementType": event,
                "properties": [properties[0], named, *properties[1:]],
            }
        )  # fmt: skip
    return made


def _template(operation: type[Operation], package: Package | None) -> dict[str, Any]:
    schema = operation.Inputs()
    inputs = [_input(field.data_key or name, field, package) for name, field in schema.fields.items() if not field.dump_only]
    kind = {"type": "Hidden", "value": operation.type, "binding": {"type": "zeebe:taskDefinition", "property": "type"}}
    results = [_result(name) for name in getattr(operation, "outputs", ())]
    return {
        "$schema": SCHEMA,
        "name": operation.title,
        "id": f"amends.{operation.type}",
        "version": VERSION,
        "description": operation.help or operation.title,
        **({"documentationRef": operation.documentation} if operation.documentation else {}),
        "engines": ENGINES,
        "icon": {"contents": _icon(operation.group)},
        "category": {"id": f"amends.{operation.group.lower().replace(' ', '-')}", "name": operation.group},
        "appliesTo": ["bpmn:Task", "bpmn:ServiceTask", "bpmn:SendTask"],
        "elementType": {"value": "bpmn:ServiceTask"},
        "groups": _groups(operation, bool(results)),
        "properties": [kind, *inputs, *results, *([] if operation.inside else [_retries()])],
    }


def _icon(group: str) -> str:
    """A picture as an address that needs no network."""
    drawn = _DRAWN.get(group, _DRAWN["Complaints"])
    style = 'fill="none" stroke="#1b1f24" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"'
    return "data:image/svg+xml," + quote(f'<svg xmlns="http://www.w3.org/2000/svg" width="18" height="18" {style}>{drawn}</svg>')


def _groups(operation: type[Operation], results: bool) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = [{"id": _INPUTS, "label": operation.title}]
    if results:
        groups.append({"id": _RESULTS, "label": "What comes of it", "openByDefault": False})
    if not operation.inside:
        groups.append({"id": _RUNNING, "label": "If it fails"})
    return groups


def _result(name: str) -> dict[str, Any]:
    """Where one result goes; left out, it becomes the variable of its own name."""
    return {
        "id": f"result-{name}",
        "label": f"Keep {name.replace('_', ' ')} as",
        "description": f"Left empty everywhere, it is the variable {name}. If one is named, only those named are kept.",
        "type": "String",
        "placeholder": name,
        "optional": True,
        "group": _RESULTS,
        "binding": {"type": "zeebe:output", "source": f"={name}"},
    }


def _retries() -> dict[str, Any]:
    return {
        "id": "retries",
        "label": "Attempts",
        "description": "How often it is tried before it becomes an incident.",
        "type": "String",
        "value": "3",
        "group": _RUNNING,
        "constraints": {"notEmpty": True, "pattern": {"value": "^[1-9][0-9]?$", "message": "A number from 1 to 99."}},
        "binding": {"type": "zeebe:taskDefinition", "property": "retries"},
    }


def _input(name: str, field: fields.Field[Any], package: Package | None) -> dict[str, Any]:
    """One input as a property: a choice becomes a dropdown, everything else a text that may be FEEL."""
    about = field.metadata
    made: dict[str, Any] = {"id": name, "label": str(about.get("label") or name.replace("_", " ").capitalize())}
    hints = [str(about[key]) for key in ("help",) if about.get(key)] + _there(about.get("names"), package)
    if hints:
        made["description"] = " ".join(hints)
    made |= _control(field)
    made |= {"constraints": {"notEmpty": True}} if field.required else {"optional": True}
    return {**made, "group": _INPUTS, "binding": {"type": "zeebe:input", "name": name}}


def _control(field: fields.Field[Any]) -> dict[str, Any]:
    choices = field.metadata.get("choices")
    if choices:
        named = choices.items() if isinstance(choices, Mapping) else [(choice, choice) for choice in choices]
        # The empty choice leaves the input out, and the operation takes its default.
        offered = [] if field.required else [{"name": "(as usual)", "value": ""}]
        return {"type": "Dropdown", "choices": offered + [{"name": str(label), "value": str(value)} for value, label in named]}
    feel = field.metadata.get("feel", "optional")
    shown = {"placeholder": str(field.metadata["placeholder"])} if field.metadata.get("placeholder") else {}
    return {"type": "String", **shown, **({} if feel == "no" else {"feel": "required" if feel == "required" else "optional"})}


def _there(kind: Any, package: Package | None) -> list[str]:
    """What of this kind the package has, as a sentence."""
    if package is None:
        return []
    manifest = package.manifest
    known: Mapping[str, Iterable[str]] = {
        "letter": [name for name in package.letters if "/" not in name],  # others are translations
        "role": manifest.roles,
        "clock": manifest.clocks,
        "calendar": manifest.calendars,
        "outcome": manifest.outcomes,
    }
    names = sorted(known.get(str(kind), ()))
    return [f"There are: {', '.join(names)}."] if names else []

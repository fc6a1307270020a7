"""Forms that are a JSON schema (react-jsonschema-form, as SpiffWorkflow's are) as form-js forms, where they are flat."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from amends.engine.conversion.feel import Untranslatable

_HELP = "Draw the form in the modeler."
_FORMATS = {"date": "date", "date-time": "datetime"}
_CHECKS = {"minLength": "minLength", "maxLength": "maxLength", "pattern": "pattern", "minimum": "min", "maximum": "max"}
_KNOWN = {
    "type", "title", "description", "default", "enum", "enumNames", "oneOf", "format", "items", "uniqueItems", "readOnly", "examples",
    "$comment", *_CHECKS,
}  # fmt: skip


def form_of(schema: Mapping[str, Any], ui: Mapping[str, Any], form_id: str) -> tuple[bytes, list[str], list[str]]:
    """A form-js form as bytes, its keys, and the properties that could not be carried. Untranslatable if the schema is no flat object."""
    properties = schema.get("properties")
    if schema.get("type", "object") != "object" or not isinstance(properties, Mapping):
        raise Untranslatable("The schema is no flat object", _HELP)
    for key in ("allOf", "anyOf", "oneOf", "if", "dependencies", "dependentSchemas", "$ref"):
        if key in schema:
            raise Untranslatable(f"The schema has {key}, so that one answer bears on other questions", _HELP)
    required = schema.get("required") or []
    components, left = [], []
    for name in _ordered(list(properties), ui.get("ui:order")):
        made = _component(name, properties[name], ui.get(name) or {}, name in required)
        if made is None:
            left.append(name)
        else:
            components.append(made)
    heading = [{"type": "text", "id": "Heading", "text": f"# {schema['title']}"}] if schema.get("title") else []
    body = {"type": "default", "schemaVersion": 17, "id": form_id, "components": heading + components}
    return (json.dumps(body, indent=2, ensure_ascii=False) + "\n").encode(), [one["key"] for one in components], left


def _ordered(names: list[str], order: Any) -> list[str]:
    if not isinstance(order, list):
        return names
    first = [name for name in order if name in names]
    return first + [name for name in names if name not in first]


def _component(name: str, about: Any, ui: Mapping[str, Any], required: bool) -> dict[str, Any] | None:
    """One property as a component; None for what has no equal."""
    if not isinstance(about, Mapping) or set(about) - _KNOWN:
        return None
    label = str(about.get("title") or ui.get("ui:title") or name)
    made: dict[str, Any] = {"id": f"Field_{name}", "key": name, "label": label}
    kind = _kind(about, ui)
    if kind is None:
        return None
    made |= kind
    if made["type"] == "datetime":
        made["dateLabel"] = made.pop("label")
        if made["subtype"] == "datetime":
            made["timeLabel"] = "Time"
    help = about.get("description") or ui.get("ui:help")
    if help:
        made["description"] = str(help)
    if "default" in about and made["type"] != "datetime":
        made["defaultValue"] = about["default"]
    if about.get("readOnly") or ui.get("ui:readonly"):
        made["readonly"] = True
    checks = {ours: about[theirs] for theirs, ours in _CHECKS.items() if theirs in about} | ({"required": True} if required else {})
    return made | ({"validate": checks} if checks else {})


def _kind(about: Mapping[str, Any], ui: Mapping[str, Any]) -> dict[str, Any] | None:
    widget, choices = ui.get("ui:widget"), _choices(about)
    if widget == "hidden":
        return None
    match about.get("type", "string"):
        case "string" if choices is not None:
            return {"type": "radio" if widget == "radio" else "select", "values": choices}
        case "string" if about.get("format") in _FORMATS or widget in ("date", "datetime"):
            return {"type": "datetime", "subtype": _FORMATS.get(str(about.get("format"))) or str(widget)}
        case "string" if about.get("format") in (None, "email"):
            return {"type": "textarea" if widget == "textarea" else "textfield"}
        case "integer" | "number" as kind if choices is None:
            return {"type": "number"} | ({"decimalDigits": 0} if kind == "integer" else {})
        case "boolean":
            return {"type": "checkbox"}
        case "array" if isinstance(about.get("items"), Mapping) and (choices := _choices(about["items"])) is not None:
            return {"type": "checklist", "values": choices}
        case _:
            return None


def _choices(about: Mapping[str, Any]) -> list[dict[str, str]] | None:
    """The values of an enumeration with their names; None where there is none, or one of something else than texts."""
    if isinstance(about.get("oneOf"), list):
        pairs = [(one.get("const"), one.get("title")) for one in about["oneOf"] if isinstance(one, Mapping)]
    elif isinstance(about.get("enum"), list):
        names = about.get("enumNames") or about["enum"]
        pairs = list(zip(about["enum"], names, strict=False))
    else:
        return None
    if not pairs or any(not isinstance(value, str) for value, _ in pairs):
        return None
    return [{"label": str(label or value), "value": str(value)} for value, label in pairs]

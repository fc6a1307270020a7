"""Camunda 7's forms: form references, and generated forms as form-js forms beside the diagram."""

from __future__ import annotations

import json
import re
from typing import Any

from lxml import etree

from amends.engine.conversion.camunda_values import written
from amends.engine.conversion.juel_tokens import has_expression
from amends.engine.conversion.work import CAMUNDA, Work, outer, take, taken
from amends.engine.definitions import xml

_KINDS = {"string": "textfield", "long": "number", "boolean": "checkbox", "date": "datetime", "enum": "select"}
_DRAW = "Draw the form in the modeler, and name it at the task."


def start_form(work: Work, element: etree._Element) -> None:
    """The form of a start event."""
    form(work, element)


def form(work: Work, element: etree._Element) -> None:
    """What a user task or start event says about its form."""
    reference = take(element, "formRef", CAMUNDA)
    binding, version = take(element, "formRefBinding", CAMUNDA), take(element, "formRefVersion", CAMUNDA)
    if reference is not None:
        made = written(work, element, "formRef", reference)
        if binding == "version":
            work.leave(
                element,
                "formRefBinding",
                f"version {version}",
                "A version cannot be named by its number",
                "Bind to the deployment, or to a version tag.",
            )
        work.zeebe(element, "formDefinition", formId=made, bindingType="deployment" if binding == "deployment" else None)
    key = take(element, "formKey", CAMUNDA)
    if key is not None:
        _form_key(work, element, key)
    for data in taken(element, "formData", CAMUNDA):
        _form_data(work, element, data)


def _form_key(work: Work, element: etree._Element, key: str) -> None:
    """camunda-forms:deployment:name.form names a form-js form; everything else is a page of its own."""
    match = re.fullmatch(r"camunda-forms:(?:deployment|app):(?:.*/)?([^/]+)\.form", key)
    if match is None:
        return work.leave(element, "formKey", key, "It is a page of HTML or of another application", _DRAW)
    form_id, note = _id_of(work, f"{match[1]}.form")
    work.zeebe(element, "formDefinition", formId=form_id)
    work.carry(element, "formKey", key, form_id, note)
    return None


def _id_of(work: Work, file: str) -> tuple[str, str]:
    """The id in a form's file beside the diagram; its name without ending where the file is not there."""
    stem = file.removesuffix(".form")
    for place in () if work.folder is None else (work.folder / file, work.folder / "forms" / file):
        try:
            found = json.loads(place.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict) and isinstance(found.get("id"), str):
            return found["id"], ""
    return stem, f"the form in {file} is taken to have the id «{stem}»"


def _form_data(work: Work, element: etree._Element, data: etree._Element) -> None:
    fields = [made for entry in data if xml.local(entry) == "formField" and (made := _field(work, element, entry)) is not None]
    form_id = f"{element.get('id') or 'task'}-form"
    body = {"type": "default", "schemaVersion": 17, "id": form_id, "components": fields}
    file = f"{form_id}.form"
    work.files[file] = (json.dumps(body, indent=2, ensure_ascii=False) + "\n").encode()
    work.zeebe(element, "formDefinition", formId=form_id)
    work.carry(element, "formData", f"{len(fields)} fields", f"{file}, a form of {len(fields)} fields")
    if data.get("businessKey"):
        work.leave(
            element,
            "businessKey",
            str(data.get("businessKey")),
            "A field is the key of the instance",
            "Give the key where the instance is started.",
        )


def _field(work: Work, element: etree._Element, entry: etree._Element) -> dict[str, Any] | None:
    """One generated field as a component of form-js."""
    key, kind = entry.get("id") or "", entry.get("type") or "string"
    if kind not in _KINDS or not key:
        work.leave(element, f"form field {key}", outer(entry), f"A field of type {kind} is not known", "Add it in the form editor.")
        return None
    label = entry.get("label") or key
    if has_expression(label):
        work.leave(element, f"form field {key}", label, "Its label is computed", "Put it right in the form editor.")
        label = key
    made: dict[str, Any] = {"id": f"Field_{key}", "key": key, "label": label, "type": _KINDS[kind]}
    if kind == "enum":
        made["values"] = [
            {"label": item.get("name") or item.get("id") or "", "value": item.get("id") or ""}
            for item in entry
            if xml.local(item) == "value"
        ]
    if kind == "date":
        made |= {"subtype": "date", "dateLabel": label}
        made.pop("label")
    _default(work, element, entry, made, kind)
    _constraints(work, element, entry, made)
    return made


def _default(work: Work, element: etree._Element, entry: etree._Element, made: dict[str, Any], kind: str) -> None:
    default = entry.get("defaultValue")
    if default is None or default == "":
        return
    if has_expression(default) or kind == "date":
        work.leave(
            element, f"form field {made['key']}", default, "Its first value is computed, or a date", "Set the variable before the task."
        )
    elif kind == "long" and re.fullmatch(r"-?\d{1,18}", default):
        made["defaultValue"] = int(default)
    elif kind == "boolean":
        made["defaultValue"] = default == "true"
    elif kind != "long":
        made["defaultValue"] = default
    else:
        work.leave(element, f"form field {made['key']}", default, "Its first value is no whole number", "Set it in the form editor.")


def _constraints(work: Work, element: etree._Element, entry: etree._Element, made: dict[str, Any]) -> None:
    checks: dict[str, Any] = {}
    names = {"min": "min", "max": "max", "minlength": "minLength", "maxlength": "maxLength"}
    for holder in entry:
        if xml.local(holder) == "properties" and len(holder):
            work.leave(
                element,
                f"form field {made['key']}",
                outer(holder),
                "Properties of a field belong to the program that showed it",
                "Look at the form.",
            )
        for check in holder if xml.local(holder) == "validation" else ():
            rule, config = check.get("name") or "", check.get("config") or ""
            if rule == "required" and config != "false":
                checks["required"] = True
            elif rule == "readonly":
                made["readonly"] = config != "false"
            elif rule in names and re.fullmatch(r"-?\d{1,18}", config):
                checks[names[rule]] = int(config)
            elif not (rule == "required" and config == "false"):
                work.leave(
                    element, f"form field {made['key']}", outer(check), f"The validation «{rule}» is not known", "Put it into the form."
                )
    if checks:
        made["validate"] = checks

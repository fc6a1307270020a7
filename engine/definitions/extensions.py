"""The extension elements of an element: `zeebe:` into its own record, everything else kept as data."""

from __future__ import annotations

from typing import Any

from lxml import etree

from amends.engine.definitions import xml
from amends.engine.definitions.model import Assignment, Extension, Listener, Zeebe

_NOTHING = Zeebe()


def read_extensions(element: etree._Element) -> Zeebe:
    """What the `extensionElements` and the vendors' attributes of a BPMN element say."""
    attributes = {str(name): str(value) for name, value in element.attrib.items() if str(name).startswith("{")}
    holders = list(xml.bpmn(element, "extensionElements"))
    ours = dialect_holder(element)
    if not holders and not attributes:
        return _NOTHING
    found: dict[str, Any] = {"attributes": attributes}
    template = attributes.get(f"{{{xml.ZEEBE}}}modelerTemplate")
    if template is not None:
        found["template"] = template
    names: set[str] = set()
    for child in (child for holder in holders for child in holder if holder is ours or xml.namespace(child) != xml.ZEEBE):
        if xml.namespace(child) == xml.ZEEBE:
            found.setdefault("present", []).append(xml.local(child))
            if xml.local(child) in names:
                found.setdefault("repeated", []).append(xml.local(child))
            names.add(xml.local(child))
        if xml.namespace(child) != xml.ZEEBE or not _known(child, found):
            found.setdefault("other", []).append(_extension(child))
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return Zeebe(**fields)


def zeebe(element: etree._Element, name: str) -> etree._Element | None:
    """The `zeebe:` extension of this name inside an element's `extensionElements`, or None."""
    holder = dialect_holder(element)
    return None if holder is None else holder.find(f"{{{xml.ZEEBE}}}{name}")


def dialect_holder(element: etree._Element) -> etree._Element | None:
    """The `extensionElements` in which the dialect speaks; of several, the first that does.

    BPMN has one, but some tools write a second for their own. What the dialect says in another is refused, and never read.
    """
    holders = xml.bpmn(element, "extensionElements")
    return next((holder for holder in holders if any(xml.namespace(child) == xml.ZEEBE for child in holder)), None)


_FIELDS: dict[str, dict[str, str]] = {
    "taskDefinition": {"type": "task_type", "retries": "retries"},
    "assignmentDefinition": {"assignee": "assignee", "candidateGroups": "candidate_groups", "candidateUsers": "candidate_users"},
    "taskSchedule": {"dueDate": "due_date", "followUpDate": "follow_up_date"},
    "priorityDefinition": {"priority": "priority"},
    "formDefinition": {"formId": "form_id", "formKey": "form_key", "externalReference": "external_reference"},
    "calledDecision": {"decisionId": "called_decision", "resultVariable": "result_variable"},
    "adHoc": {"activeElementsCollection": "active_elements", "outputCollection": "collected", "outputElement": "collected_element"},
    "script": {"expression": "script", "resultVariable": "result_variable"},
    "calledElement": {"processId": "called_process"},
    "publishMessage": {"messageId": "message_id", "timeToLive": "message_ttl", "correlationKey": "message_correlation_key"},
    "conditionalFilter": {"variableNames": "filter_names", "variableEvents": "filter_events"},
    "versionTag": {"value": "version_tag"},
}
_ELSEWHERE = frozenset({"id", "bindingType", "versionTag", "propagateAllChildVariables", "propagateAllParentVariables"})
"""Attributes of those elements that say nothing, or are read by themselves."""
_BOUND = {"formDefinition": "form", "calledDecision": "decision", "calledElement": "process"}


def _known(child: etree._Element, found: dict[str, Any]) -> bool:
    """Take over one `zeebe:` element; False where its name is unknown."""
    name = xml.local(child)
    if name in _FIELDS:
        for attribute, target in _FIELDS[name].items():
            value = child.get(attribute)
            if value is not None:
                found[target] = value.strip()
        unread = [str(attribute) for attribute in child.attrib if attribute not in _FIELDS[name] and attribute not in _ELSEWHERE]
        found.setdefault("unread", []).extend(f"zeebe:{name}/@{attribute}" for attribute in unread)
        _binding(child, name, found)
        if name == "publishMessage":
            found["publishes"] = True
        return True
    match name:
        case "userTask":
            found["user_task"] = True
        case "ioMapping":
            for kind in ("input", "output"):
                found.setdefault(f"{kind}s", []).extend(_assignments(child, kind))
        case "taskHeaders":
            found["headers"] = found.get("headers", {}) | _pairs(child, "header", "key")
            found.setdefault("same_names", []).extend(_twice(child, "header", "key"))
        case "properties":
            found["properties"] = found.get("properties", {}) | _pairs(child, "property", "name")
            found.setdefault("same_names", []).extend(_twice(child, "property", "name"))
        case "executionListeners" | "taskListeners":
            target = "execution_listeners" if name == "executionListeners" else "task_listeners"
            found.setdefault(target, []).extend(_listener(entry) for entry in child)
        case "subscription" | "loopCharacteristics":
            pass  # read where they belong: on the message and on the loop
        case _:
            return False
    return True


def _binding(child: etree._Element, name: str, found: dict[str, Any]) -> None:
    if name not in _BOUND:
        return
    if child.get("bindingType"):
        found.setdefault("bindings", {})[_BOUND[name]] = child.get("bindingType")
    if child.get("versionTag"):
        found.setdefault("version_tags", {})[_BOUND[name]] = child.get("versionTag")
    if name == "calledElement":
        for attribute in ("propagateAllChildVariables", "propagateAllParentVariables"):
            if child.get(attribute, "true").strip() not in ("true", "false"):
                found.setdefault("unread", []).append(f"zeebe:calledElement/@{attribute} with {child.get(attribute)!r}")
        found["propagate_all_child"] = xml.flag(child.get("propagateAllChildVariables"), True)
        found["propagate_all_parent"] = xml.flag(child.get("propagateAllParentVariables"), True)


def _assignments(holder: etree._Element, kind: str) -> list[Assignment]:
    return [
        Assignment((entry.get("source") or "").strip(), (entry.get("target") or "").strip(), xml.line(entry))
        for entry in holder
        if xml.local(entry) == kind
    ]


def _pairs(holder: etree._Element, kind: str, key: str) -> dict[str, str]:
    return {(entry.get(key) or "").strip(): entry.get("value") or "" for entry in holder if xml.local(entry) == kind}


def _twice(holder: etree._Element, kind: str, key: str) -> list[str]:
    """The headers or properties whose name another one before has."""
    names = [(entry.get(key) or "").strip() for entry in holder if xml.local(entry) == kind]
    return [f"{kind} {name!r}" for place, name in enumerate(names) if name in names[:place]]


def _listener(entry: etree._Element) -> Listener:
    headers = [pair for child in entry if xml.local(child) == "taskHeaders" for pair in _pairs(child, "header", "key").items()]
    return Listener(entry.get("eventType") or "", entry.get("type") or "", entry.get("retries"), xml.line(entry), dict(headers))


def _extension(element: etree._Element) -> Extension:
    return Extension(
        str(element.tag),
        {str(name): str(value) for name, value in element.attrib.items()},
        (element.text or "").strip(),
        tuple(_extension(child) for child in element if isinstance(child.tag, str)),
        xml.line(element),
    )

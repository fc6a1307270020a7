"""The event definitions of a BPMN file, with what they refer to looked up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from amends.engine.definitions import xml
from amends.engine.definitions.extensions import read_extensions, zeebe
from amends.engine.definitions.model import EVENT_TYPES, Declared, EventDefinition, expression, is_feel
from amends.engine.feel import FeelError, parse

_KINDS = {
    "messageEventDefinition": "message",
    "timerEventDefinition": "timer",
    "signalEventDefinition": "signal",
    "errorEventDefinition": "error",
    "escalationEventDefinition": "escalation",
    "terminateEventDefinition": "terminate",
    "linkEventDefinition": "link",
    "compensateEventDefinition": "compensation",
    "conditionalEventDefinition": "conditional",
    "cancelEventDefinition": "cancel",
}
_TIMERS = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}


@dataclass(slots=True)
class Declarations:
    """What the top of a file declares, by id; `definitions` are event definitions shared by reference."""

    messages: dict[str, Declared] = field(default_factory=dict)
    signals: dict[str, Declared] = field(default_factory=dict)
    errors: dict[str, Declared] = field(default_factory=dict)
    escalations: dict[str, Declared] = field(default_factory=dict)
    definitions: dict[str, etree._Element] = field(default_factory=dict)


def read_declared(element: etree._Element, kind: str, declared_id: str) -> Declared:
    """A message, signal, error or escalation at the top of a file."""
    subscription = zeebe(element, "subscription")
    return Declared(
        declared_id,
        kind,
        _literal(xml.name_of(element)),
        _literal((element.get(f"{kind}Code") or "").strip()) or None,
        None if subscription is None else (subscription.get("correlationKey") or "").strip() or None,
        xml.line(element),
    )


def _literal(text: str) -> str:
    """A name or code as it is compared: FEEL that gives the same text always is that text; anything else stays as it is written."""
    if not is_feel(text):
        return text
    try:
        parsed = parse(expression(text))
        value = parsed.evaluate({}) if parsed.constant else None
    except FeelError:
        return text  # said as an expression that cannot be read
    return value if isinstance(value, str) and value.strip() and not is_feel(value) else text


def element_event(element: etree._Element, kind: str, declared: Declarations) -> EventDefinition | None:
    """The event definition of an event, or of a receive or send task that names a message; None for anything else."""
    if kind in ("receiveTask", "sendTask"):
        if kind == "sendTask" and element.get("messageRef") is None:
            return None
        return _message(element, declared)
    if kind not in EVENT_TYPES:
        return None
    parts = []
    for child in element:
        name = xml.bpmn_name(child)
        if name in _KINDS:
            parts.append(event_definition(child, declared))
        elif name == "eventDefinitionRef":
            shared = declared.definitions.get(xml.reference(child, child.text) or "")
            if shared is not None and xml.bpmn_name(shared) in _KINDS:
                parts.append(event_definition(shared, declared))
    if not parts:
        return EventDefinition("none", line=xml.line(element))
    if len(parts) == 1:
        return parts[0]
    parallel = xml.flag(element.get("parallelMultiple"), False)
    return EventDefinition("multiple", parallel=parallel, parts=tuple(parts), line=xml.line(element))


def not_understood(element: etree._Element, declared: Declarations) -> Iterator[tuple[etree._Element, str]]:
    """What an event is triggered by or throws, and nobody here knows, each with a word on it: it would be an event without a trigger."""
    inside = {child.get("id") for child in element if xml.bpmn_name(child) in _KINDS}
    for child in element:
        name = xml.local(child)
        if xml.bpmn_name(child) == "eventDefinitionRef":
            ref = xml.reference(child, child.text) or ""
            if ref in inside:
                continue  # it is read where it stands
            if ref not in declared.definitions or xml.bpmn_name(declared.definitions[ref]) not in _KINDS:
                yield child, f"the event definition {ref!r}, which the file does not have"
        elif name.endswith("EventDefinition") or name == "eventDefinition":
            if xml.bpmn_name(child) not in _KINDS:
                yield child, f"a {name}, which is no event definition of BPMN"


def event_definition(element: etree._Element, declared: Declarations) -> EventDefinition:
    """One `…EventDefinition` element."""
    kind = _KINDS[xml.bpmn_name(element)]
    match kind:
        case "message":
            event = _message(element, declared)
        case "signal":
            event = _refers(element, kind, "signalRef", declared.signals)
        case "error":
            event = _refers(element, kind, "errorRef", declared.errors)
        case "escalation":
            event = _refers(element, kind, "escalationRef", declared.escalations)
        case "timer":
            event = _timer(element)
        case "link":
            event = EventDefinition(kind, link_name=xml.name_of(element) or None)
        case "compensation":
            waits = xml.flag(element.get("waitForCompletion"), True)
            event = EventDefinition(kind, activity=xml.reference(element, element.get("activityRef")), waits=waits)
        case "conditional":
            event = EventDefinition(kind, condition=xml.text(xml.first(element, "condition")) or None)
        case _:
            event = EventDefinition(kind)
    return replace(event, ext=read_extensions(element), line=xml.line(element))


def _message(element: etree._Element, declared: Declarations) -> EventDefinition:
    event = _refers(element, "message", "messageRef", declared.messages)
    found = declared.messages.get(event.ref or "")
    key = None if found is None else found.correlation_key
    return replace(event, correlation_key=key)


def _refers(element: etree._Element, kind: str, attribute: str, known: dict[str, Declared]) -> EventDefinition:
    ref = xml.reference(element, element.get(attribute))
    found = known.get(ref or "")
    name = None if found is None else found.name or None
    return EventDefinition(kind, ref=ref, ref_name=name, code=None if found is None else found.code, line=xml.line(element))


def _timer(element: etree._Element) -> EventDefinition:
    for child in xml.bpmn(element, *_TIMERS):
        return EventDefinition("timer", timer_kind=_TIMERS[xml.bpmn_name(child)], text=xml.text(child) or None)
    return EventDefinition("timer")

"""SpiffWorkflow's `spiffworkflow:` extensions, as spiff-arena writes them, in our dialect; its expressions are Python."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from amends.engine.conversion import python_text
from amends.engine.conversion.spiff_activities import (
    business_rule_task,
    call_activity,
    forms,
    loop,
    manual_task,
    script_task,
    service_task,
)
from amends.engine.conversion.spiff_messages import messages, payloads
from amends.engine.conversion.spiff_scripts import pre_and_post
from amends.engine.conversion.work import SPIFF, Work, name, outer, remove, taken
from amends.engine.definitions import xml
from amends.engine.definitions.timers import literal_fault

_ADVICE = {
    "unitTests": "Test the package by scenarios: `amends test`.",
    "allowGuest": "What somebody without an account may see is a matter of the package.",
    "guestConfirmation": "What somebody without an account may see is a matter of the package.",
    "signalButtonLabel": "Use an event that a person triggers by a form instead.",
    "preScript": "Put a script task before.",
    "postScript": "Put a script task behind.",
    "taskMetadataValues": "Use extension properties.",
    "properties": "Use extension properties.",
}
_LEFT = "It has no meaning here and is left out."
_TIMERS = {"timeDate": "date", "timeDuration": "duration", "timeCycle": "cycle"}


def convert_spiff(work: Work) -> None:
    """Convert everything of `spiffworkflow:` in the tree; what is not understood is listed and left out."""
    messages(work)
    payloads(work)
    for element in [item for item in work.root.iter() if isinstance(item.tag, str) and xml.namespace(item) == xml.BPMN]:
        _instructions(work, element)
        for handler in _HANDLERS.get(xml.local(element), ()):
            handler(work, element)
    _sweep(work)


def _instructions(work: Work, element: etree._Element) -> None:
    """What the person is told becomes the element's documentation."""
    for entry in taken(element, "instructionsForEndUser", SPIFF):
        said = xml.text(entry) or ""
        if not said:
            continue
        made = etree.Element(name("documentation"))
        made.text = said
        element.insert(0, made)
        work.carry(element, "instructionsForEndUser", said, "documentation", "it is shown as it is written" if "{" in said else "")


def condition(work: Work, element: etree._Element) -> None:
    """A condition in Python. One that cannot be translated is written so that nobody can take it for FEEL."""
    said = xml.text(element) or ""
    made = work.feel(element, "condition", said, lambda text: python_text.translate(text, condition=True))
    element.text = made if made is not None else f"python: {said}"
    element.attrib.pop("language", None)


def _flow(work: Work, element: etree._Element) -> None:
    held = xml.first(element, "conditionExpression")
    if held is not None:
        condition(work, held)


def _timer(work: Work, element: etree._Element) -> None:
    """The time is a Python expression: mostly a text in quotation marks."""
    for held in xml.bpmn(element, *_TIMERS):
        said, kind = xml.text(held) or "", _TIMERS[xml.local(held)]
        plain = said.strip().strip("\"'")
        if said.strip() != plain and not literal_fault(kind, plain):
            held.text = plain
            work.carry(held, f"timer ({kind})", said, plain)
            continue
        made = work.feel(held, f"timer ({kind})", said)
        held.text = f"python: {said}" if made is None else made


def _conditional(work: Work, element: etree._Element) -> None:
    held = xml.first(element, "condition")
    if held is not None:
        condition(work, held)


def _sweep(work: Work) -> None:
    gone: set[etree._Element] = set()
    for element in list(work.root.iter()):
        if element.getparent() in gone:
            gone.add(element)
        if not isinstance(element.tag, str) or element in gone:
            continue
        if xml.namespace(element) == SPIFF:
            kind = xml.local(element)
            work.leave(element, kind, outer(element), "There is nothing like it here", _ADVICE.get(kind, _LEFT))
            gone.add(element)
            continue
        for key in [str(key) for key in element.attrib if str(key).startswith(f"{{{SPIFF}}}")]:
            local = key.rpartition("}")[2]
            work.leave(element, local, str(element.attrib.pop(key)), "There is nothing like it here", _ADVICE.get(local, _LEFT))
    for element in gone:
        remove(element)
    for holder in list(work.root.iter(name("extensionElements"))):
        if len(holder) == 0:
            remove(holder)


Handler = Callable[[Work, etree._Element], None]
_HANDLERS: dict[str, tuple[Handler, ...]] = {
    "userTask": (forms, pre_and_post, loop),
    "manualTask": (manual_task, pre_and_post, loop),
    "scriptTask": (script_task, pre_and_post, loop),
    "serviceTask": (service_task, pre_and_post, loop),
    "businessRuleTask": (business_rule_task, pre_and_post, loop),
    "sendTask": (pre_and_post, loop),
    "receiveTask": (pre_and_post, loop),
    "callActivity": (call_activity, pre_and_post, loop),
    "subProcess": (pre_and_post, loop),
    "transaction": (pre_and_post, loop),
    "sequenceFlow": (_flow,),
    "timerEventDefinition": (_timer,),
    "conditionalEventDefinition": (_conditional,),
}

"""Camunda 7's events: timers, messages, conditions and errors."""

from __future__ import annotations

from lxml import etree

from amends.engine.conversion.camunda_values import condition
from amends.engine.conversion.juel_tokens import has_expression
from amends.engine.conversion.work import Work, name
from amends.engine.definitions import xml

_KEY = "Say at the message which variable tells this instance from the others (Subscription correlation key)."


def timer(work: Work, element: etree._Element) -> None:
    """A date, duration or cycle. A text without an expression is the same in both; cron is Quartz's in Camunda 7."""
    for held in xml.bpmn(element, "timeDate", "timeDuration", "timeCycle"):
        said = xml.text(held) or ""
        if has_expression(said):
            made = work.feel(held, f"timer ({xml.local(held)})", said)
            held.text = said if made is None else made


def message(work: Work, element: etree._Element) -> None:
    """A message that an event inside of a process waits for needs a key, which Camunda 7 keeps in the program that sends it."""
    owner = element.getparent()
    kind = "" if owner is None else xml.local(owner)
    inside = owner is not None and kind == "startEvent" and _in_event_subprocess(owner)
    if kind in ("intermediateCatchEvent", "boundaryEvent") or inside:
        _keyless(work, element)


def receive(work: Work, element: etree._Element) -> None:
    """A receive task waits for a message as an event does."""
    _keyless(work, element)


def _in_event_subprocess(owner: etree._Element) -> bool:
    around = owner.getparent()
    return around is not None and around.get("triggeredByEvent") == "true"


def _keyless(work: Work, element: etree._Element) -> None:
    wanted = xml.reference(element, element.get("messageRef"))
    for declared in xml.bpmn(work.root, "message"):
        if declared.get("id") == wanted:
            if declared.find(f"{name('extensionElements')}/{name('subscription', xml.ZEEBE)}") is None:
                reason = "Whom it is for is said by the program that sends it"
                work.leave(element, "message correlation", xml.name_of(declared), reason, _KEY)
            return


def conditional(work: Work, element: etree._Element) -> None:
    """The condition of a conditional event; which variable it watches follows from it."""
    held = xml.first(element, "condition")
    if held is not None:
        condition(work, held, "condition of the event")


def error(work: Work, element: etree._Element) -> None:
    """An error's code may be an expression."""
    code = element.get("errorCode") or ""
    if has_expression(code):
        made = work.feel(element, "error code", code)
        if made is not None:
            element.set("errorCode", made)

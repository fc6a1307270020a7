"""Camunda 7's `camunda:` extensions (Camunda 7 reference, «Extension Attributes» and «Extension Elements») in our dialect."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from amends.engine.conversion.camunda_activities import (
    business_rule_task,
    call_activity,
    job,
    job_of_event,
    loop,
    script_task,
    user_task,
)
from amends.engine.conversion.camunda_events import conditional, error, message, receive, timer
from amends.engine.conversion.camunda_forms import start_form
from amends.engine.conversion.camunda_values import condition, parameter, proposed_type, written
from amends.engine.conversion.work import CAMUNDA, Work, name, outer, remove, take, taken
from amends.engine.definitions import xml

_NOT_NEEDED = {
    "asyncBefore": "not needed: every command is one transaction, and a service task waits for a job of its own",
    "asyncAfter": "not needed: every command is one transaction",
    "async": "not needed: every command is one transaction",
    "exclusive": "not needed: commands on one instance wait for each other",
    "diagramRelationId": "not needed: it links the file with its place in a modeler",
}
_ADVICE = {
    "executionListener": "What it does has to be drawn as a service task, or be an operation.",
    "taskListener": "What it does has to be drawn as a service task, or be an operation.",
    "connector": "Choose an operation from the element templates that does this.",
    "field": "Give it to the operation as an input.",
    "historyTimeToLive": "How long finished instances are kept is a setting of the installation.",
    "candidateStarterGroups": "Who may start a process is a matter of roles.",
    "candidateStarterUsers": "Who may start a process is a matter of roles.",
    "isStartableInTasklist": "Who may start a process is a matter of roles.",
    "initiator": "The history knows who started an instance; pass it as a variable where the process reads it.",
    "jobPriority": "Jobs run in the order in which they fall due.",
    "taskPriority": "Jobs run in the order in which they fall due.",
    "modelerTemplate": "Choose the template anew: `amends templates` writes those that there are.",
    "modelerTemplateVersion": "Choose the template anew.",
    "modelerTemplateIcon": "Choose the template anew.",
    "failedJobRetryTimeCycle": "Only service tasks are retried; anything else that fails becomes an incident, and is tried again there.",
    "errorCodeVariable": "Let the operation that throws the error write what happened into a variable.",
    "errorMessageVariable": "Let the operation that throws the error write what happened into a variable.",
    "escalationCodeVariable": "Give each code a boundary event of its own.",
    "errorMessage": "Say it in the error's name.",
    "validation": "Form-js has its own validation; see the form.",
    "errorEventDefinition": "Throw the error from the operation that fails.",
}
_LEFT = "It has no meaning here and is left out."


def convert_camunda(work: Work) -> None:
    """Convert everything of `camunda:` in the tree; what is not understood is listed and left out."""
    for element in [item for item in work.root.iter() if isinstance(item.tag, str) and xml.namespace(item) == xml.BPMN]:
        for handler in _HANDLERS.get(xml.local(element), ()):
            handler(work, element)
        _common(work, element)
    _sweep(work)


def _common(work: Work, element: etree._Element) -> None:
    """What many elements may have."""
    for holder in taken(element, "inputOutput", CAMUNDA):
        _input_output(work, element, holder)
    for holder in taken(element, "properties", CAMUNDA):
        for entry in holder:
            key, text = entry.get("name") or entry.get("id") or "", entry.get("value") or ""
            work.property(element, key, text)
            work.carry(element, f"property {key}", text, text)
    for attribute, why in _NOT_NEEDED.items():
        said = take(element, attribute, CAMUNDA)
        if said is not None:
            work.carry(element, attribute, said, why)


def _input_output(work: Work, element: etree._Element, holder: etree._Element) -> None:
    """Input parameters become local variables, in order, and output parameters leave the element, in both dialects."""
    for entry in [child for child in holder if isinstance(child.tag, str)]:
        kind = "input" if xml.local(entry) == "inputParameter" else "output"
        source, target = parameter(work, element, entry), entry.get("name") or ""
        if source is not None:
            work.mapping(element, kind, source, target)
    holder_out = [child for child in holder if xml.local(child) == "outputParameter"]
    if holder_out and xml.local(element) in ("userTask", "serviceTask", "sendTask", "receiveTask", "businessRuleTask"):
        names = ", ".join(str(child.get("name")) for child in holder_out)
        work.carry(element, "output parameters", names, names, "nothing else that the task is completed with leaves it")


def _process(work: Work, element: etree._Element) -> None:
    tag = take(element, "versionTag", CAMUNDA)
    if tag:
        work.zeebe(element, "versionTag", value=tag)
        work.carry(element, "versionTag", tag, tag)


def _flow(work: Work, element: etree._Element) -> None:
    held = xml.first(element, "conditionExpression")
    if held is not None:
        condition(work, held, "condition")


def _retries(work: Work, element: etree._Element) -> None:
    """R3/PT10M: tried three times; how long is waited between is ours."""
    for entry in taken(element, "failedJobRetryTimeCycle", CAMUNDA):
        said = xml.text(entry) or ""
        times = said.partition("/")[0].removeprefix("R")
        if times.isdecimal() and times.strip("0"):
            work.zeebe(element, "taskDefinition", retries=times)
            work.carry(
                element,
                "failedJobRetryTimeCycle",
                said,
                f"retries={times}",
                "the wait between attempts is the installation's" if "/" in said else "",
            )
        else:
            work.leave(element, "failedJobRetryTimeCycle", said, "It is no R…/… with a number", "Set the retries of the task.")


def _listeners(work: Work, element: etree._Element) -> None:
    for kind in ("executionListener", "taskListener"):
        for entry in taken(element, kind, CAMUNDA):
            said = next(
                (f"{key}={entry.get(key)}" for key in ("class", "delegateExpression", "expression") if entry.get(key)), outer(entry)
            )
            reason = f"It runs Java or a script at «{entry.get('event')}»"
            work.leave(
                element, kind, said, reason, f"{_ADVICE[kind]} Its job type could be «{proposed_type(said.partition('=')[2], kind)}»."
            )


def _sweep(work: Work) -> None:
    """Whatever of Camunda 7 is still there is listed and taken out: nothing goes silently."""
    gone: set[etree._Element] = set()
    for element in list(work.root.iter()):
        if element.getparent() in gone:
            gone.add(element)
        if not isinstance(element.tag, str) or element in gone:
            continue
        if xml.namespace(element) == CAMUNDA:
            kind = xml.local(element)
            work.leave(element, kind, outer(element), "There is nothing like it here", _ADVICE.get(kind, _LEFT))
            gone.add(element)
            continue
        for key in [str(key) for key in element.attrib if str(key).startswith(f"{{{CAMUNDA}}}")]:
            local = key.rpartition("}")[2]
            work.leave(element, local, str(element.attrib.pop(key)), "There is nothing like it here", _ADVICE.get(local, _LEFT))
    for element in gone:
        remove(element)
    for holder in list(work.root.iter(name("extensionElements"))):
        if len(holder) == 0:
            remove(holder)


def _message_name(work: Work, element: etree._Element) -> None:
    said = element.get("name") or ""
    made = written(work, element, "message name", said) if "{" in said else said
    if made is not None:
        element.set("name", made)


Handler = Callable[[Work, etree._Element], None]
_JOB: tuple[Handler, ...] = (job, _retries)
_HANDLERS: dict[str, tuple[Handler, ...]] = {
    "process": (_process, _listeners),
    "userTask": (user_task, _listeners, loop),
    "serviceTask": (*_JOB, _listeners, loop),
    "sendTask": (*_JOB, _listeners, loop),
    "businessRuleTask": (business_rule_task, _retries, _listeners, loop),
    "scriptTask": (script_task, _listeners, loop),
    "receiveTask": (receive, _listeners, loop),
    "callActivity": (call_activity, _listeners, loop),
    "subProcess": (_listeners, loop),
    "transaction": (_listeners, loop),
    "task": (_listeners, loop),
    "manualTask": (_listeners, loop),
    "startEvent": (start_form, _listeners),
    "endEvent": (job_of_event, _listeners),
    "intermediateThrowEvent": (job_of_event, _listeners),
    "intermediateCatchEvent": (_listeners,),
    "boundaryEvent": (_listeners,),
    "exclusiveGateway": (_listeners,),
    "inclusiveGateway": (_listeners,),
    "parallelGateway": (_listeners,),
    "eventBasedGateway": (_listeners,),
    "sequenceFlow": (_flow, _listeners),
    "timerEventDefinition": (timer,),
    "messageEventDefinition": (message,),
    "conditionalEventDefinition": (conditional,),
    "error": (error,),
    "message": (_message_name,),
}

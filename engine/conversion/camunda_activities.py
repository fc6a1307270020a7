"""Camunda 7's activities: who does them, what carries them out, how often, and what they call."""

from __future__ import annotations

import re

from lxml import etree

from amends.engine.conversion.camunda_forms import form
from amends.engine.conversion.camunda_values import condition, proposed_type, script, value, written
from amends.engine.conversion.feel import NUMBER
from amends.engine.conversion.juel_tokens import has_expression
from amends.engine.conversion.work import CAMUNDA, Work, outer, remove, take, taken
from amends.engine.definitions import xml

_CODE = ("class", "delegateExpression", "expression")
_WORKER = "Let an operation or a worker claim that job type, or choose an operation from the element templates."


def user_task(work: Work, element: etree._Element) -> None:
    """Assignment, dates, priority and form of a user task."""
    work.zeebe(element, "userTask")
    for local, target, attribute in (
        ("assignee", "assignmentDefinition", "assignee"),
        ("candidateGroups", "assignmentDefinition", "candidateGroups"),
        ("candidateUsers", "assignmentDefinition", "candidateUsers"),
        ("dueDate", "taskSchedule", "dueDate"),
        ("followUpDate", "taskSchedule", "followUpDate"),
        ("priority", "priorityDefinition", "priority"),
    ):
        made = value(work, element, local, local)
        if made is not None:
            work.zeebe(element, target, **{attribute: made})
    form(work, element)


def job(work: Work, element: etree._Element) -> None:
    """What carries a service or send task out: a topic is a job type; code of Java gets a proposed one."""
    _job(work, element, element)


def job_of_event(work: Work, element: etree._Element) -> None:
    """The same for an event that throws a message; the job type stands at the event."""
    for definition in xml.bpmn(element, "messageEventDefinition"):
        _job(work, element, definition)


def _job(work: Work, element: etree._Element, said_at: etree._Element) -> None:
    topic, kind = value(work, said_at, "topic", "topic"), take(said_at, "type", CAMUNDA)
    if topic is not None:
        work.zeebe(element, "taskDefinition", type=topic)
    elif kind == "external":
        work.leave(element, "type", "external", "It has no topic", "Give it a job type.")
    elif kind is not None:
        work.zeebe(element, "taskDefinition", type=kind)
        work.leave(element, "type", kind, f"Camunda 7 has {kind} built in", _WORKER)
    for local in _CODE:
        said = take(said_at, local, CAMUNDA)
        if said is not None:
            proposed = proposed_type(said, element.get("id") or "job")
            work.zeebe(element, "taskDefinition", type=proposed)
            result = take(said_at, "resultVariable", CAMUNDA)
            more = f" Its result goes into «{result}»." if result else ""
            work.leave(element, local, said, "It calls Java", f"Its job type is now «{proposed}».{more} {_WORKER}")


def business_rule_task(work: Work, element: etree._Element) -> None:
    """A decision and what becomes of its result; or a job."""
    decision = value(work, element, "decisionRef", "decisionRef")
    if decision is None:
        return job(work, element)
    result = take(element, "resultVariable", CAMUNDA)
    if result is None:
        result = f"{element.get('id') or 'decision'}_result".replace("-", "_")
        help = f"It is in «{result}» now; name it, and read it there."
        work.leave(element, "resultVariable", "", "Camunda 7 calls the result decisionResult inside of the task", help)
    else:
        work.carry(element, "resultVariable", result, result)
    binding, tag = _binding(work, element, "decisionRef")
    work.zeebe(element, "calledDecision", decisionId=decision, resultVariable=result, bindingType=binding, versionTag=tag)
    mapped = take(element, "mapDecisionResult", CAMUNDA)
    if mapped == "singleEntry":
        work.carry(element, "mapDecisionResult", mapped, "the value of a decision with one output and one match")
    elif mapped == "collectEntries":
        work.carry(
            element,
            "mapDecisionResult",
            mapped,
            "the values of a table that collects",
            "the table has the hit policy collect and one output",
        )
    else:
        help = "Several outputs give a context, one gives its value, a table that collects a list. Look at what reads the result."
        work.leave(element, "mapDecisionResult", mapped or "resultList", "The result has another shape here", help)
    take(element, "decisionRefTenantId", CAMUNDA)
    return None


def _binding(work: Work, element: etree._Element, what: str) -> tuple[str | None, str | None]:
    """Binding type and version tag of a decision, form or called process, by the attributes that begin with `what`."""
    kind = take(element, f"{what}Binding", CAMUNDA) or "latest"
    version, tag = take(element, f"{what}Version", CAMUNDA), take(element, f"{what}VersionTag", CAMUNDA)
    if kind == "deployment":
        work.carry(element, f"{what}Binding", kind, kind)
        return "deployment", None
    if kind == "versionTag" and tag and not has_expression(tag):
        work.carry(element, f"{what}VersionTag", tag, tag)
        return "versionTag", tag
    if kind != "latest":
        said = f"{kind} {version or tag or ''}".strip()
        work.leave(element, f"{what}Binding", said, "A version cannot be named by its number", "Give that version a tag, and bind to it.")
    return None, None


def script_task(work: Work, element: etree._Element) -> None:
    """A script of one expression becomes FEEL; any other stays as it is, so that `check` refuses it."""
    language, result = element.get("scriptFormat") or "", take(element, "resultVariable", CAMUNDA)
    held = xml.first(element, "script")
    resource = take(element, "resource", CAMUNDA)
    said = resource or (xml.text(held) or "" if held is not None else "")
    if resource:
        return work.leave(element, "script", said, "The script is in another file", "Write it in FEEL here, or make it a service task.")
    made = work.feel(element, f"script in {language or 'no language'}", said, lambda body: script(language, body))
    if made is None:
        return None
    element.attrib.pop("scriptFormat", None)
    if held is not None:
        remove(held)
    if result is None:
        result = f"{element.get('id') or 'script'}_result".replace("-", "_")
        work.leave(element, "resultVariable", "", "The script's value goes nowhere", f"It goes into «{result}» now.")
    work.zeebe(element, "script", expression=made, resultVariable=result)
    return None


def call_activity(work: Work, element: etree._Element) -> None:
    """The called process, its binding, and which variables go there and back."""
    called = element.attrib.pop("calledElement", None)
    if called is not None:
        made = written(work, element, "calledElement", str(called))
        binding, tag = _binding(work, element, "calledElement")
        everything = {kind: _variables(work, element, kind) for kind in ("in", "out")}
        work.zeebe(
            element,
            "calledElement",
            processId=made,
            propagateAllParentVariables=str(everything["in"]).lower(),
            propagateAllChildVariables=str(everything["out"]).lower(),
            bindingType=binding,
            versionTag=tag,
        )
    for local in ("variableMappingClass", "variableMappingDelegateExpression"):
        said = take(element, local, CAMUNDA)
        if said is not None:
            work.leave(element, local, said, "It calls Java", "Map the variables in the diagram.")


def _variables(work: Work, element: etree._Element, kind: str) -> bool:
    """The `camunda:in` or `camunda:out` entries; true if all variables are passed."""
    everything = False
    for entry in taken(element, kind, CAMUNDA):
        target, source, expression = entry.get("target") or "", entry.get("source"), entry.get("sourceExpression")
        if entry.get("local") == "true" and (kind == "out" or entry.get("variables") != "all"):
            help = "Map the variable in the diagram, and look where else it is set."
            work.leave(element, kind, outer(entry), "It is about variables of the activity alone", help)
        elif entry.get("local") == "true":
            work.carry(element, kind, "all local variables", "the local variables")
        elif entry.get("variables") == "all":
            everything = True
            work.carry(element, kind, "all variables", "all variables")
        elif entry.get("businessKey") is not None:
            key = str(entry.get("businessKey"))
            work.leave(
                element, "businessKey", key, "A called process lives in its caller and has its key", "Pass it as a variable if it is read."
            )
        elif source is not None and target:
            made = work.feel(element, f"{kind} {target}", f"${{{source}}}")
            if made is not None:
                work.mapping(element, f"{kind}put", made, target)
        elif expression is not None and target:
            made = work.feel(element, f"{kind} {target}", expression)
            if made is not None:
                work.mapping(element, f"{kind}put", made, target)
        else:
            work.leave(element, kind, outer(entry), "It names no source and target", "Map the variable in the diagram.")
    return everything


_NUMBER = re.compile(r"\d+")


def loop(work: Work, element: etree._Element) -> None:
    """A multi-instance activity: its list, the variable of each item, its number, and when it ends early."""
    for multiple in xml.bpmn(element, "multiInstanceLoopCharacteristics"):
        said, variable = take(multiple, "collection", CAMUNDA), take(multiple, "elementVariable", CAMUNDA)
        if said is not None:
            made = work.feel(multiple, "collection", said if has_expression(said) else f"${{{said}}}")
            work.zeebe(multiple, "loopCharacteristics", inputCollection=made, inputElement=variable)
            if variable:
                work.carry(multiple, "elementVariable", variable, variable)
        count = xml.first(multiple, "loopCardinality")
        if count is not None and not _NUMBER.fullmatch(xml.text(count) or ""):
            condition(work, count, "loopCardinality", NUMBER)
        end = xml.first(multiple, "completionCondition")
        if end is not None:
            condition(work, end, "completionCondition")
        for local in ("asyncBefore", "asyncAfter", "exclusive"):
            found = take(multiple, local, CAMUNDA)
            if found is not None:
                work.carry(multiple, local, found, "not needed: every command is one transaction")
        for entry in taken(multiple, "failedJobRetryTimeCycle", CAMUNDA):
            work.leave(
                multiple, "failedJobRetryTimeCycle", xml.text(entry) or "", "Retries are a matter of the task itself", "Set them there."
            )

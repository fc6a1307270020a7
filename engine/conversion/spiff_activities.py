"""SpiffWorkflow's activities: forms, scripts, service calls, decisions, called processes and loops."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from amends.engine.conversion.feel import Untranslatable
from amends.engine.conversion.python_scripts import Assigned, translate_script
from amends.engine.conversion.schema_forms import form_of
from amends.engine.conversion.work import SPIFF, Work, name, remove, taken
from amends.engine.definitions import xml

_SCRIPT = "Write it in FEEL, or make it a service task that an operation or a worker carries out."


def forms(work: Work, element: etree._Element) -> None:
    """A user task and its form, whose JSON schema is a file beside the diagram."""
    work.zeebe(element, "userTask")
    names: dict[str, str] = {}
    for holder in taken(element, "properties", SPIFF):
        for entry in holder:
            key, value = entry.get("name") or "", entry.get("value") or ""
            if key in ("formJsonSchemaFilename", "formUiSchemaFilename"):
                names[key] = value
            else:
                work.property(element, key, value)
                work.carry(element, f"property {key}", value, value)
    file = names.get("formJsonSchemaFilename")
    if file:
        _schema_form(work, element, file, names.get("formUiSchemaFilename") or "")


def _schema_form(work: Work, element: etree._Element, file: str, ui_file: str) -> None:
    form_id = re.sub(r"(-schema)?\.json$", "", Path(file).name)
    try:
        body, keys, left = form_of(_json(work, file), _json(work, ui_file) if ui_file else {}, form_id)
    except Untranslatable as error:
        return work.leave(element, "formJsonSchemaFilename", file, str(error), error.help)
    work.files[f"{form_id}.form"] = body
    if not left:
        work.fields[element] = list(keys)
    work.zeebe(element, "formDefinition", formId=form_id)
    work.carry(element, "formJsonSchemaFilename", file, f"{form_id}.form, a form of {len(keys)} fields")
    for key in left:
        work.leave(element, f"form field {key}", file, "There is no field like it", "Add it in the form editor.")
    return None


def _json(work: Work, file: str) -> Mapping[str, Any]:
    if work.folder is None or Path(file).name != file:
        raise Untranslatable(
            "The form's file is not beside the diagram", "Put it there, and convert again; or draw the form in the modeler."
        )
    try:
        found = json.loads((work.folder / file).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Untranslatable("The form's file is not there, or is no JSON", "Draw the form in the modeler.") from error
    if not isinstance(found, dict):
        raise Untranslatable("The form's file is no JSON schema", "Draw the form in the modeler.")
    return found


def manual_task(work: Work, element: etree._Element) -> None:
    """In SpiffWorkflow a manual task waits until somebody says that it is done; here it would pass through."""
    element.tag = name("userTask")
    work.carry(element, "manualTask", "waits for a person", "userTask", "it has no form: completing it is all there is")
    work.zeebe(element, "userTask")
    work.fields[element] = []


def script_task(work: Work, element: etree._Element) -> None:
    """Assignments become FEEL: the last one is the script, those before it local variables, and all of them leave the task."""
    held = xml.first(element, "script")
    said = "" if held is None else "".join(str(part) for part in held.itertext())
    try:
        steps = translate_script(said)
        if not steps:
            raise Untranslatable("The script sets no variable", _SCRIPT)
    except Untranslatable as error:
        element.set("scriptFormat", "python")  # so that `check` refuses it
        return work.leave(element, "script", said.strip(), str(error), error.help)
    if held is not None:
        remove(held)
    element.attrib.pop("scriptFormat", None)
    last = steps[-1]
    work.zeebe(element, "script", expression=last.value.source, resultVariable=last.target)
    _note(work, element, "script", steps)
    if len(steps) > 1:
        for step in steps[:-1]:
            work.mapping(element, "input", step.value.source, step.target)
        for target in dict.fromkeys(step.target for step in steps):
            work.mapping(element, "output", f"={target}", target)
    return None


def _note(work: Work, element: etree._Element, what: str, steps: list[Assigned]) -> None:
    for step in steps:
        work.carry(element, what, step.target, f"{step.target} {step.value.source}", "; ".join(step.value.notes))


def service_task(work: Work, element: etree._Element) -> None:
    """The operator's id becomes the job type, its parameters inputs, its result what the output mapping names."""
    for entry in taken(element, "serviceTaskOperator", SPIFF):
        kind = (entry.get("id") or "").strip()
        work.zeebe(element, "taskDefinition", type=kind or element.get("id") or "job")
        work.carry(element, "serviceTaskOperator", kind, f"job type {kind}", "an operation or a worker has to claim this job type")
        for item in entry.iter(name("parameter", SPIFF)):
            key, value = item.get("id") or "", item.get("value") or ""
            made = work.feel(element, f"parameter {key}", value) if value.strip() else None
            if made is not None:
                work.mapping(element, "input", made, key)
        result = entry.get("resultVariable")
        if result:
            work.mapping(element, "output", "=result", result)
            work.carry(
                element, "resultVariable", result, f"{result} =result", "the worker is taken to complete the task with a variable «result»"
            )


def business_rule_task(work: Work, element: etree._Element) -> None:
    """SpiffWorkflow puts each output of a decision into the variable of its name; so do the output mappings."""
    for entry in taken(element, "calledDecisionId", SPIFF):
        decision = xml.text(entry) or ""
        result = re.sub(r"\W", "_", decision) + "_result"
        work.zeebe(element, "calledDecision", decisionId=decision, resultVariable=result)
        work.carry(element, "calledDecisionId", decision, decision)
        outputs = _outputs(work, decision)
        if not outputs:
            help = f"What it decides is in «{result}» now: map it to the variables that are read."
            work.leave(
                element,
                "calledDecisionId",
                decision,
                "The decision is not in a file beside the diagram, so its outputs are not known",
                help,
            )
        for output in outputs:
            source = f"={result}" if len(outputs) == 1 else f"={result}.{output}"
            work.mapping(element, "output", source, output)
            work.carry(element, "decision output", output, f"{output} {source}")


def _outputs(work: Work, decision: str) -> list[str]:
    """The outputs of a decision table that gives one result, found in the files beside the diagram."""
    for path in sorted(work.folder.glob("*.dmn")) if work.folder is not None else ():
        try:
            root = xml.parse(path.read_bytes()) if path.stat().st_size <= xml.MAX_BYTES else None
        except (OSError, xml.Unreadable):
            continue
        for element in () if root is None else root.iter("{*}decision"):
            table = element.find("{*}decisionTable") if element.get("id") == decision else None
            if table is not None and table.get("hitPolicy", "UNIQUE").upper() in ("UNIQUE", "FIRST", "ANY"):
                found = [column.get("name") or "" for column in table.findall("{*}output")]
                return found if all(re.fullmatch(r"[^\W\d]\w*", one) for one in found) else []
    return []


def call_activity(work: Work, element: etree._Element) -> None:
    """All variables go to the called process, and come back."""
    called = element.attrib.pop("calledElement", None)
    if called is not None:
        work.zeebe(element, "calledElement", processId=str(called), propagateAllParentVariables="true", propagateAllChildVariables="true")
        work.carry(element, "calledElement", str(called), str(called), "all variables go there and come back")


def loop(work: Work, element: etree._Element) -> None:
    """A multi-instance activity: BPMN's data inputs and outputs name the lists and the items."""
    for multiple in xml.bpmn(element, "multiInstanceLoopCharacteristics"):
        names = {
            "inputCollection": _reference(multiple, "loopDataInputRef"),
            "inputElement": _item(multiple, "inputDataItem"),
            "outputCollection": _reference(multiple, "loopDataOutputRef"),
            "outputElement": _item(multiple, "outputDataItem"),
        }
        if names["inputCollection"]:
            made = {key: (f"={value}" if key in ("inputCollection", "outputElement") else value) for key, value in names.items() if value}
            work.zeebe(multiple, "loopCharacteristics", **made)
            work.carry(
                multiple,
                "loopDataInputRef",
                str(names["inputCollection"]),
                str(made["inputCollection"]),
                "the data input is taken for a list",
            )
        for kind in ("loopCardinality", "completionCondition"):
            held = xml.first(multiple, kind)
            if held is not None and not (xml.text(held) or "").isdigit():
                made_text = work.feel(held, kind, xml.text(held) or "")
                held.text = made_text if made_text is not None else f"python: {xml.text(held) or ''}"
    for standard in xml.bpmn(element, "standardLoopCharacteristics"):
        held = xml.first(standard, "loopCondition")
        if held is not None:
            work.leave(
                standard,
                "loopCondition",
                xml.text(held) or "",
                "SpiffWorkflow's loop ends when it is true, ours goes on",
                "Write its opposite in FEEL.",
            )
            held.text = f"python: {xml.text(held) or ''}"


def _reference(multiple: etree._Element, kind: str) -> str | None:
    held = xml.first(multiple, kind)
    if held is None:
        return None
    said = xml.text(held) or ""
    # It refers to a data object or an input by id, which in SpiffWorkflow is the variable's name.
    remove(held)
    return said or None


def _item(multiple: etree._Element, kind: str) -> str | None:
    held = xml.first(multiple, kind)
    if held is None:
        return None
    remove(held)
    return held.get("id") or held.get("name")

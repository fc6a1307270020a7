"""SpiffWorkflow's scripts before and after an activity: input and output mappings, where it is known what else leaves the activity.

There, an activity shares all variables with its process; here, output mappings keep everything that they do not name inside of it.
"""

from __future__ import annotations

from lxml import etree

from amends.engine.conversion.feel import Untranslatable
from amends.engine.conversion.python_scripts import Assigned, translate_script
from amends.engine.conversion.work import SPIFF, Work, name, take, taken
from amends.engine.definitions import xml

_BEFORE, _BEHIND = "Put a script task before.", "Put a script task behind."
_SILENT = frozenset({"serviceTask", "sendTask", "receiveTask"})
"""What gives its process nothing but what its output mappings say: there, results go nowhere unless a variable is named for them."""


def pre_and_post(work: Work, element: etree._Element) -> None:
    """Both scripts of an activity; the one that cannot be carried is listed with what to draw instead."""
    before, after = (" ".join(xml.text(entry) or "" for entry in taken(element, kind, SPIFF)) for kind in ("preScript", "postScript"))
    on_instances = [take(loop, "scriptsOnInstances", SPIFF) for loop in _loops(element)]
    if not before and not after:
        return
    if on_instances and on_instances != ["true"]:
        for what, said, help in (("preScript", before, _BEFORE), ("postScript", after, _BEHIND)):
            if said:
                work.leave(element, what, said, "It runs once for all instances, mappings run for each", help)
        return
    leaving = _leaving(work, element)
    first = [] if not before else _steps(work, element, "preScript", before)
    if xml.local(element) == "scriptTask" and first:
        work.leave(element, "preScript", before, "A script task has one script", _BEFORE)
        first = []
    _write(work, element, "input", "preScript", first, "" if leaving is not None else "the variable stays inside of the element")
    if leaving is None:
        if after:
            work.leave(element, "postScript", after, "Output mappings would keep everything else inside of the element", _BEHIND)
        return
    last = [] if not after else _steps(work, element, "postScript", after)
    if first or last:
        already = set(_outputs(element))
        for target in dict.fromkeys((*leaving, *(step.target for step in first))):
            if target not in already:
                work.mapping(element, "output", f"={target}", target)
        _write(work, element, "output", "postScript", last, "")


def _loops(element: etree._Element) -> list[etree._Element]:
    return list(xml.bpmn(element, "multiInstanceLoopCharacteristics", "standardLoopCharacteristics"))


def _write(work: Work, element: etree._Element, kind: str, what: str, steps: list[Assigned], note: str) -> None:
    for place, step in enumerate(steps):
        work.mapping(element, kind, step.value.source, step.target, place)  # what else is put in sees what the script has set
        notes = (*step.value.notes, note) if note else step.value.notes
        work.carry(element, what, step.target, f"{step.target} {step.value.source}", "; ".join(notes))


def _steps(work: Work, element: etree._Element, what: str, said: str) -> list[Assigned]:
    try:
        return translate_script(said)
    except Untranslatable as error:
        work.leave(element, what, said, str(error), error.help)
        return []


def _outputs(element: etree._Element) -> list[str]:
    found = element.iterfind(f"{name('extensionElements')}/{name('ioMapping', xml.ZEEBE)}/{name('output', xml.ZEEBE)}")
    return [entry.get("target") or "" for entry in found]


def _leaving(work: Work, element: etree._Element) -> list[str] | None:
    """The variables that leave an activity, by all that is known of it; None where they cannot be told."""
    said = _outputs(element)
    if said:
        return said
    kind, holder = xml.local(element), xml.first(element, "extensionElements")
    if kind == "scriptTask":
        script = None if holder is None else holder.find(name("script", xml.ZEEBE))
        return None if script is None else [script.get("resultVariable") or ""]
    if kind == "userTask":
        return work.fields.get(element)
    if kind in ("subProcess", "transaction") or kind in _SILENT:
        return []  # what is set inside of a subprocess is set in its process, which output mappings do not change
    return None

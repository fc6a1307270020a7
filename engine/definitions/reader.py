"""BPMN XML into a Diagram: everything that could be read, and a problem for everything that could not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from amends.engine.definitions import xml
from amends.engine.definitions.events import Declarations, element_event, not_understood, read_declared
from amends.engine.definitions.extensions import read_extensions, zeebe
from amends.engine.definitions.layout import read_layout
from amends.engine.definitions.model import (
    ACTIVITY_TYPES,
    EVENT_TYPES,
    GATEWAY_TYPES,
    SUBPROCESS_TYPES,
    Artifact,
    Declared,
    Diagram,
    Element,
    Flow,
    Lane,
    Loop,
    Participant,
    Process,
    Scope,
)
from amends.engine.definitions.problems import ERROR, INFO, WARNING, Problem
from amends.engine.definitions.publishing import THROWS_MESSAGES, publishing
from amends.engine.definitions.schema import schema_problems

_NODES = ACTIVITY_TYPES | EVENT_TYPES | GATEWAY_TYPES | {"choreographyTask", "subChoreography", "callChoreography"}
_ARTIFACTS = frozenset({"dataObject", "dataObjectReference", "dataStoreReference", "textAnnotation", "group", "association"})
_ONCE = {
    "timeDate": "time", "timeDuration": "time", "timeCycle": "time", "condition": "condition", "conditionExpression": "condition",
    "script": "script", "multiInstanceLoopCharacteristics": "loop", "standardLoopCharacteristics": "loop", "loopCondition": "condition",
    "loopCardinality": "number of instances", "completionCondition": "completion condition", "extensionElements": "set of extensions",
}  # fmt: skip
"""What an element can have one of: of two, one would win and nobody would see which."""
_REFERRING = {
    "association": ("sourceRef", "targetRef"), "messageFlow": ("sourceRef", "targetRef"), "flowNodeRef": ("flowNodeRef",),
    "dataObjectReference": ("dataObjectRef",),
}  # fmt: skip
"""What only refers for the eye, and by what."""
_UNSAID = "_undefined"
"""What a tool writes where nobody has written a condition (itp-commerce): no variable of that name, which would never be true."""
_PERFORMERS = ("potentialOwner", "humanPerformer", "performer", "resourceRole")
_DECLARED = {"message": "messages", "signal": "signals", "error": "errors", "escalation": "escalations"}


def read_diagram(body: bytes, file: str) -> Diagram:
    """Read one BPMN 2.0 file.

    `body` is the file's bytes in any encoding XML allows, `file` how problems call it. Never raises: what is wrong is in the
    diagram's `problems`, and a diagram without processes is what a file that cannot be read at all becomes.
    """
    try:
        root = xml.parse(body)
    except xml.Unreadable as error:
        return Diagram(file, problems=[Problem(file, "", error.line, error.code, ERROR, str(error), error.help)])
    if xml.bpmn_name(root) != "definitions":
        message = f"The file is no BPMN 2.0: its root is <{xml.local(root)}> in the namespace {xml.namespace(root)!r}."
        problem = Problem(file, "", xml.line(root), "not-bpmn", ERROR, message, "Save it as BPMN 2.0 from a modeler.")
        return Diagram(file, problems=[problem])
    return _Reader(file).diagram(root)


class _Reader:
    """Reads one file; holds what a whole file has once: its problems, the ids seen, and its declarations."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.ids: dict[str, int] = {}
        self.declarations = Declarations()
        self.lanes: list[Lane] = []
        self.associations: dict[str, list[tuple[str, etree._Element]]] = {}
        """All of the file by each of their ends: the other end, and the association."""
        self.executable = False

    def diagram(self, root: etree._Element) -> Diagram:
        for child in root:
            self.declare(child)
        for element in root.iter(f"{{{xml.BPMN}}}association"):
            ends = [xml.reference(element, element.get(end)) or "" for end in ("sourceRef", "targetRef")]
            for end, other in (ends, reversed(ends)):
                self.associations.setdefault(end, []).append((other, element))
        processes = [self.process(child) for child in xml.bpmn(root, "process")]
        participants: list[Participant] = []
        message_flows: list[Flow] = []
        for collaboration in xml.bpmn(root, "collaboration"):
            participants += [self.participant(child) for child in xml.bpmn(collaboration, "participant")]
            message_flows += [self.flow(child) for child in xml.bpmn(collaboration, "messageFlow")]
        self.references(root)
        shapes, edges = read_layout(root)
        declared = self.declarations
        return Diagram(
            self.file,
            processes,
            declared.messages,
            declared.signals,
            declared.errors,
            declared.escalations,
            tuple(participants),
            tuple(message_flows),
            shapes,
            edges,
            root.get("exporter") or "",
            self.problems,
            schema_problems(root, self.file),
        )

    def declare(self, element: etree._Element) -> None:
        name = xml.bpmn_name(element)
        if name in _DECLARED:
            declared: Declared = read_declared(element, name, self.id(element, name))
            getattr(self.declarations, _DECLARED[name])[declared.id] = declared
            self.once(element, declared.id)
        elif name.endswith("EventDefinition"):
            self.declarations.definitions[element.get("id") or ""] = element
            self.once(element, element.get("id") or "")

    def id(self, element: etree._Element, what: str) -> str:
        """The element's id; where it has none or one that is taken, a problem and an id of its own."""
        line = xml.line(element)
        value = (element.get("id") or "").strip()
        if not value:
            value = self.unused(f"{what}_at_line_{line}")
            self.problem(value, line, "missing-id", f"This {what} has no id.", "Open and save the file in a modeler, which gives it one.")
        elif value in self.ids:
            message = f"The id {value!r} of this {what} is taken, by line {self.ids[value]}."
            self.problem(value, line, "duplicate-id", message, "Give one of the two another id.")
            value = self.unused(f"{value}_at_line_{line}")
        self.ids[value] = line
        return value

    def once(self, element: etree._Element, element_id: str) -> None:
        """Note what an element, or one of its event definitions and loops, has two of."""
        had: dict[str, str] = {}
        for child in element:
            name = xml.bpmn_name(child)
            if name == "extensionElements" and not any(xml.namespace(each) == xml.ZEEBE for each in child):
                continue  # a tool's own, beside those of the dialect
            if name in _ONCE:
                what = _ONCE[name]
                if what in had:
                    named = name if had[what] == name else f"{had[what]} and {name}"
                    message = f"It has a second {what} ({named}), of which only one could be meant."
                    self.problem(element_id, xml.line(child), "repeated-element", message, "Leave the one that is meant; delete the other.")
                had.setdefault(what, name)
            if name.endswith(("EventDefinition", "LoopCharacteristics")):
                self.once(child, element_id)

    def unused(self, wanted: str) -> str:
        while wanted in self.ids:
            wanted += "_"
        return wanted

    def problem(self, element_id: str, line: int, code: str, message: str, help: str, severity: str = ERROR) -> None:
        self.problems.append(Problem(self.file, element_id, line, code, severity, message, help))

    def references(self, root: etree._Element) -> None:
        """Warn of what is drawn, not executed, and refers to what the file does not have."""
        there = {element.get("id") for element in root.iter() if element.get("id")}
        for element in root.iter(*(f"{{{xml.BPMN}}}{name}" for name in _REFERRING)):
            name = xml.bpmn_name(element)
            for end in _REFERRING[name]:
                said = element.text if name == end else element.get(end)
                ref = xml.reference(element, said)
                if ref and ref not in there:
                    around = element.getparent()
                    owner = element if around is None or element.get("id") else around
                    of = owner.get("id") or ""
                    message = f"The {xml.bpmn_name(owner)} refers to {ref!r} ({end}), which the file does not have."
                    help = "Draw it again, or open and save the file in a modeler."
                    self.problem(of, xml.line(element), "dangling-reference", message, help, WARNING)

    def process(self, element: etree._Element) -> Process:
        process_id = self.id(element, "process")
        self.lanes = []
        self.executable = xml.flag(element.get("isExecutable"), False)
        self.once(element, process_id)
        elements, flows, artifacts, attached = self.content(element, process_id, None)
        ext = read_extensions(element)
        return Process(
            id=process_id,
            elements=elements,
            flows=flows,
            artifacts=artifacts,
            attached=attached,
            name=xml.name_of(element),
            executable=self.executable,
            lanes=tuple(self.lanes),
            version_tag=ext.version_tag,
            properties=ext.properties,
            documentation=xml.documentation(element),
            ext=ext,
            line=xml.line(element),
        )

    def content(
        self, holder: etree._Element, scope_id: str, lane: str | None
    ) -> tuple[dict[str, Element], dict[str, Flow], tuple[Artifact, ...], dict[str, tuple[str, ...]]]:
        """The elements, flows, artifacts and boundary events of a process or subprocess."""
        flows = {flow.id: flow for flow in (self.flow(child) for child in xml.bpmn(holder, "sequenceFlow"))}
        incoming: dict[str, list[str]] = {}
        outgoing: dict[str, list[str]] = {}
        for flow in flows.values():
            outgoing.setdefault(flow.source, []).append(flow.id)
            incoming.setdefault(flow.target, []).append(flow.id)
        lanes = self.lanes_of(holder)
        elements: dict[str, Element] = {}
        attached: dict[str, list[str]] = {}
        for child in xml.bpmn(holder, *_NODES):
            element_id = self.id(child, xml.bpmn_name(child))
            ways = tuple(incoming.get(element_id, ())), tuple(outgoing.get(element_id, ()))
            element = self.element(child, element_id, scope_id, ways, lanes.get(element_id, lane))
            elements[element_id] = element
            if element.attached_to is not None:
                attached.setdefault(element.attached_to, []).append(element_id)
        artifacts = tuple(self.artifact(child) for child in xml.bpmn(holder, *_ARTIFACTS))
        artifacts += tuple(self.joined_elsewhere(elements, artifacts))
        return elements, flows, artifacts, {host: tuple(events) for host, events in attached.items()}

    def joined_elsewhere(self, elements: Mapping[str, Element], artifacts: tuple[Artifact, ...]) -> Iterator[Artifact]:
        """Associations outside of a scope, such as in the collaboration, from its compensation boundary events to what undoes.

        Only for events that none in the scope itself connects: what is drawn where it belongs means what it says.
        """
        undoing = {element.id for element in elements.values() if element.for_compensation}
        pairs = [(item.source, item.target) for item in artifacts if item.type == "association"]
        own = {end for pair in pairs if not undoing.isdisjoint(pair) for end in pair}
        for element in elements.values():
            if element.type == "boundaryEvent" and element.kind == "compensation" and element.id not in own:
                others = {other: found for other, found in self.associations.get(element.id, ()) if other in undoing}
                yield from (_association(found) for found in others.values())

    def element(
        self, element: etree._Element, element_id: str, scope_id: str, ways: tuple[tuple[str, ...], tuple[str, ...]], lane: str | None
    ) -> Element:
        kind = xml.bpmn_name(element)
        scope = None
        self.once(element, element_id)
        if kind in SUBPROCESS_TYPES:
            elements, flows, artifacts, attached = self.content(element, element_id, lane)
            scope = Scope(id=element_id, parent_id=scope_id, elements=elements, flows=flows, artifacts=artifacts, attached=attached)
        event, ext = element_event(element, kind, self.declarations), read_extensions(element)
        if kind in EVENT_TYPES:
            for child, what in not_understood(element, self.declarations):
                message = f"The {kind} refers to {what}." if xml.local(child) == "eventDefinitionRef" else f"The {kind} has {what}."
                severity = ERROR if self.executable else INFO  # a pool that is not executed may say what it likes
                self.problem(element_id, xml.line(child), "event-unknown", message, "Choose in a modeler what triggers it.", severity)
        return Element(
            id=element_id,
            name=xml.name_of(element),
            type=kind,
            line=xml.line(element),
            scope_id=scope_id,
            incoming=ways[0],
            outgoing=ways[1],
            declared_incoming=_references(element, "incoming"),
            declared_outgoing=_references(element, "outgoing"),
            default=xml.reference(element, element.get("default")),
            attached_to=xml.reference(element, element.get("attachedToRef")),
            interrupting=xml.flag(element.get("cancelActivity" if kind == "boundaryEvent" else "isInterrupting"), True),
            event=event,
            lane=lane,
            documentation=xml.documentation(element),
            ext=publishing(ext, event, xml.line(element)) if kind in THROWS_MESSAGES else ext,
            loop=_loop(element),
            scope=scope,
            triggered_by_event=xml.flag(element.get("triggeredByEvent"), False),
            for_compensation=xml.flag(element.get("isForCompensation"), False),
            called_element=xml.reference(element, element.get("calledElement")),
            script=xml.text(xml.first(element, "script")),
            completion_condition=xml.text(xml.first(element, "completionCondition")) or None,
            performer=next((xml.bpmn_name(child) for child in xml.bpmn(element, *_PERFORMERS)), ""),
            attributes={str(name): str(value) for name, value in element.attrib.items()},
        )

    def flow(self, element: etree._Element) -> Flow:
        condition = xml.first(element, "conditionExpression")
        said = xml.text(condition)
        flow_id = self.id(element, xml.bpmn_name(element))
        self.once(element, flow_id)
        return Flow(
            id=flow_id,
            name=xml.name_of(element),
            source=xml.reference(element, element.get("sourceRef")) or "",
            target=xml.reference(element, element.get("targetRef")) or "",
            condition=None if said == _UNSAID else said or None,
            line=xml.line(element),
            language=None if condition is None else condition.get("language"),
            documentation=xml.documentation(element),
        )

    def lanes_of(self, holder: etree._Element, depth: int = 0) -> dict[str, str]:
        """The innermost lane's name by element id; the lanes themselves are noted on the way."""
        found: dict[str, str] = {}
        beside: dict[str, str] = {}
        for lane_set in xml.bpmn(holder, "laneSet", "childLaneSet"):
            for lane in xml.bpmn(lane_set, "lane"):
                name = xml.name_of(lane)
                members = _references(lane, "flowNodeRef")
                self.lanes.append(Lane(self.id(lane, "lane"), name, members, depth, xml.line(lane)))
                inside = {**dict.fromkeys(members, name), **self.lanes_of(lane, depth + 1)}
                for member in inside.keys() & beside.keys():
                    message = f"The element lies in two lanes, {beside[member]!r} and {inside[member]!r}, of which only one could be meant."
                    self.problem(member, xml.line(lane), "repeated-element", message, "Move it in a modeler, which puts it into one.")
                beside.update(inside)
                found.update(inside)
        return found

    def participant(self, element: etree._Element) -> Participant:
        process = xml.reference(element, element.get("processRef"))
        return Participant(self.id(element, "participant"), xml.name_of(element), process, xml.line(element))

    def artifact(self, element: etree._Element) -> Artifact:
        kind = xml.bpmn_name(element)
        source = xml.reference(element, element.get("sourceRef")) or xml.reference(element, element.get("dataObjectRef"))
        return Artifact(
            self.id(element, kind),
            kind,
            xml.name_of(element),
            xml.text(xml.first(element, "text")) or "",
            source or "",
            xml.reference(element, element.get("targetRef")) or "",
            xml.line(element),
        )


def _association(element: etree._Element) -> Artifact:
    ends = [xml.reference(element, element.get(end)) or "" for end in ("sourceRef", "targetRef")]
    return Artifact(element.get("id") or "", "association", xml.name_of(element), "", ends[0], ends[1], xml.line(element))


def _references(element: etree._Element, name: str) -> tuple[str, ...]:
    return tuple(filter(None, (xml.reference(child, child.text) for child in xml.bpmn(element, name))))


def _loop(element: etree._Element) -> Loop | None:
    """The multi-instance or standard loop of an activity, or None."""
    standard = xml.first(element, "standardLoopCharacteristics")
    if standard is not None:
        return Loop(
            "standard",
            condition=xml.text(xml.first(standard, "loopCondition")) or None,
            maximum=standard.get("loopMaximum"),
            test_before=xml.flag(standard.get("testBefore"), False),
            line=xml.line(standard),
        )
    multiple = xml.first(element, "multiInstanceLoopCharacteristics")
    if multiple is None:
        return None
    details = zeebe(multiple, "loopCharacteristics")
    given = {} if details is None else {str(name): str(value) for name, value in details.attrib.items()}
    return Loop(
        "sequential" if xml.flag(multiple.get("isSequential"), False) else "parallel",
        input_collection=given.get("inputCollection") or None,
        input_element=given.get("inputElement") or None,
        output_collection=given.get("outputCollection") or None,
        output_element=given.get("outputElement") or None,
        completion_condition=xml.text(xml.first(multiple, "completionCondition")) or None,
        cardinality=xml.text(xml.first(multiple, "loopCardinality")) or None,
        behavior=multiple.get("behavior", "All"),
        line=xml.line(multiple),
    )

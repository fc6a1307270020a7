"""Writes a diagram anew in the manner of a modeler: the same process, as another tool would have put it.

The manners are data (`tests/data/manners/*.yaml`): how the tools of the public interchange suite write namespaces, ids, references, names,
flows, conditions, events, lanes, data, extensions and layout. `Manner.write` gives the bytes and which id became which.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from lxml import etree

FOLDER = Path(__file__).resolve().parents[1] / "data" / "manners"
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
KNOWN = {
    "bpmn": BPMN, "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI", "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI", "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "zeebe": "http://camunda.org/schema/zeebe/1.0",
}  # fmt: skip
"""What the manners call the namespaces every tool has."""
_XSI_TYPE = f"{{{KNOWN['xsi']}}}type"
_NODES = re.compile(r"(.*Task|task|.*Event|.*Gateway|.*[sS]ubProcess|transaction|callActivity)$")
_ACTIVITY = re.compile(r"(.*Task|task|subProcess|transaction|callActivity)$")
_REFERS = frozenset({
    "sourceRef", "targetRef", "attachedToRef", "default", "processRef", "messageRef", "signalRef", "errorRef", "escalationRef",
    "activityRef",
    "dataObjectRef", "dataStoreRef", "categoryValueRef", "bpmnElement", "calledElement", "itemSubjectRef", "definitionalCollaborationRef",
    "incoming", "outgoing", "flowNodeRef", "eventDefinitionRef", "dataInputRefs", "dataOutputRefs", "participantRef",
})  # fmt: skip
"""Attributes, and elements by their text, that name an id."""
_NAMES = frozenset({
    "attachedToRef", "processRef", "messageRef", "signalRef", "errorRef", "escalationRef", "activityRef", "categoryValueRef", "bpmnElement",
    "itemSubjectRef", "incoming", "outgoing", "eventDefinitionRef",
})  # fmt: skip
"""Those of them that may have the prefix of a namespace (QName); the others are bare ids (IDREF)."""
_ARTIFACTS = ("association", "textAnnotation", "group")
_LEADING = ("documentation", "extensionElements", "incoming", "outgoing", "ioSpecification", "laneSet", "property")
"""What the schema wants before the elements of a process or subprocess."""
_DEFINITIONS = ("message", "signal", "error", "escalation")


def manners() -> list[Manner]:
    """All there are, by name."""
    return [Manner(path.stem, yaml.safe_load(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*.yaml"))]


def local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def is_bpmn(element: etree._Element, *names: str) -> bool:
    return isinstance(element.tag, str) and etree.QName(element).namespace == BPMN and (not names or local(element) in names)


@dataclass(frozen=True)
class Manner:
    """How one modeler writes; `data` is its file."""

    name: str
    data: Mapping[str, Any]

    @cached_property
    def deserves(self) -> frozenset[str]:
        """The codes of problems that writing so has earned."""
        return frozenset(self.data.get("deserves", ()))

    @property
    def is_laid_out(self) -> bool:
        return self.data.get("layout") != "none"

    def write(self, body: bytes, keep: frozenset[str] = frozenset()) -> tuple[bytes, dict[str, str]]:
        """A diagram in this manner, and the new ids by the old; those of `keep`, which others refer to, stay."""
        root = etree.fromstring(body, etree.XMLParser(remove_comments=True, remove_blank_text=True, resolve_entities=False))
        return _Writer(self.data, root, keep).written()


class _Writer:
    def __init__(self, data: Mapping[str, Any], root: Any, keep: frozenset[str]) -> None:
        self.data, self.root, self.keep = data, root, keep
        self.ids: dict[str, str] = {}
        self.count = 0

    def written(self) -> tuple[bytes, dict[str, str]]:
        for step in (
            self._executable, self._flows, self._events, self._items, self._lanes, self._pools, self._associations, self._conditions,
            self._data, self._performers, self._documented, self._attributes, self._names, self._layout, self._order, self._renamed,
            self._references, self._extended, self._commented, self._without_ids,
        ):  # fmt: skip
            step()
        return self._serialised(self._rooted()), self.ids

    def _all(self, *names: str) -> Iterator[Any]:
        """The BPMN elements of these names, not those within extensions."""
        wanted = {name for name in names if name != "node"}
        for element in list(self.root.iter(etree.Element)):
            if is_bpmn(element) and (local(element) in wanted or ("node" in names and _is_node(element))):
                yield element

    def _new(self, parent: Any, tag: str, place: int | None = None, text: str | None = None, /, **attributes: str) -> Any:
        made = etree.Element(f"{{{BPMN}}}{tag}", attributes, nsmap=self.root.nsmap)
        made.text = text
        parent.insert(len(parent) if place is None else place, made)
        return made

    def _fresh(self, what: str) -> str:
        self.count += 1
        return f"made_{what}_{self.count}"

    # What the process is

    def _executable(self) -> None:
        for process in self._all("process"):
            executable = process.get("isExecutable", "false") in ("true", "1")
            said = self.data.get("executable", {}).get(executable, "true" if executable else "false")
            process.attrib.pop("isExecutable", None)
            if said != "missing":
                process.set("isExecutable", said)

    def _flows(self) -> None:
        """What elements say of the flows that lead to and from them: `none`, the `first` of each kind, or all `listed`."""
        how = self.data.get("flows")
        if how is None:
            return
        for element in self._all("incoming", "outgoing"):
            element.getparent().remove(element)
        if how == "none":
            return
        nodes = {node.get("id"): node for node in self._all("node")}
        for flow in self._all("sequenceFlow"):
            for end, said in (("targetRef", "incoming"), ("sourceRef", "outgoing")):
                node = nodes.get(flow.get(end))
                if node is not None and flow.get("id") and not (how == "first" and node.find(f"{{{BPMN}}}{said}") is not None):
                    before = ("documentation", "extensionElements", "incoming", *(("outgoing",) if said == "outgoing" else ()))
                    self._new(node, said, _after(node, *before), flow.get("id"))

    def _events(self) -> None:
        """Event definitions at the top of the file, referred to; or with ids of their own."""
        how = self.data.get("events", {})
        for event in self._all("node"):
            for definition in [child for child in event if is_bpmn(child) and local(child).endswith("EventDefinition")]:
                if how.get("ids") and not definition.get("id"):
                    definition.set("id", self._fresh("definition"))
                if how.get("referenced"):
                    identity = definition.get("id") or self._fresh("definition")
                    definition.set("id", identity)
                    place = event.index(definition)
                    event.remove(definition)
                    self.root.insert(self._top(), definition)
                    self._new(event, "eventDefinitionRef", place, identity)

    def _top(self) -> int:
        """Where declarations stand: before the first diagram."""
        return next((place for place, child in enumerate(self.root) if not is_bpmn(child)), len(self.root))

    def _first(self) -> int:
        """Where they begin: after what is imported."""
        return _after(self.root, "documentation", "import", "extension", "extensionElements")

    def _items(self) -> None:
        how = self.data.get("items", {})
        for name in how.get("of", ()):
            for declared in list(self.root.iterchildren(f"{{{BPMN}}}{name}")):
                identity = self._fresh("item")
                self._new(self.root, "itemDefinition", self._first(), None, id=identity, **how.get("attributes", {}))
                declared.set("itemRef" if name == "message" else "structureRef", identity)
        for name, attributes in self.data.get("declared", {}).items():
            given = {"id": self._fresh(name)} | attributes
            place = self._first() if name != "import" else 0
            self._new(self.root, name, place, None, **{key: value for key, value in given.items() if value is not None})

    def _lanes(self) -> None:
        how = self.data.get("lanes", {})
        for lane_set in list(self._all("laneSet")):
            if how.get("nested"):
                outer = self._new(lane_set, "lane", 0, id=self._fresh("lane"), name="All of them")
                there = {node.get("id") for node in self._all("node")}
                for named in [child.text for child in lane_set.iter(f"{{{BPMN}}}flowNodeRef") if (child.text or "").strip() in there]:
                    self._new(outer, "flowNodeRef", None, named)
                inner = self._new(outer, "childLaneSet", id=self._fresh("lanes"))
                for lane in [child for child in lane_set if child is not outer]:
                    inner.append(lane)
        if how.get("unnamed"):
            for process in self._all("process"):
                if not any(is_bpmn(child, "laneSet") for child in process):
                    self._new(process, "laneSet", _after(process, "documentation", "extensionElements", "ioSpecification", "property"),
                              id=self._fresh("lanes"))
                    lane = self._new(process.find(f"{{{BPMN}}}laneSet"), "lane", id=self._fresh("lane"))
                    for node in [child for child in process if _is_node(child)]:
                        self._new(lane, "flowNodeRef", None, node.get("id"))
        for lane in list(self._all("lane")):
            if how.get("empty_child") and lane.find(f"{{{BPMN}}}childLaneSet") is None:
                self._new(lane, "childLaneSet", id=self._fresh("lanes"))
            for reference in lane.iterchildren(f"{{{BPMN}}}flowNodeRef"):
                reference.text = how.get("around", "{}").format(reference.text)

    def _pools(self) -> None:
        """A pool around every process, and one that is closed."""
        how = self.data.get("pools")
        if how is None:
            return
        processes = list(self._all("process"))
        around = self.root.find(f"{{{BPMN}}}collaboration")
        if around is None:
            around = self._new(self.root, "collaboration", self._first(), id=self._fresh("collaboration"), **how.get("collaboration", {}))
            for process in processes if how.get("each", True) else ():
                pool = self._new(around, "participant", id=self._fresh("pool"), name=process.get("name", ""), processRef=process.get("id"))
                if how.get("multiplicity"):
                    self._new(pool, "participantMultiplicity", **how["multiplicity"])
        if how.get("closed"):
            closed = self._new(around, "participant", 0, id=self._fresh("pool"), name="Somebody else")
            if how["closed"] == "empty process":
                process = self._new(self.root, "process", self._top(), id=self._fresh("process"), isExecutable="false")
                closed.set("processRef", process.get("id"))

    def _associations(self) -> None:
        """Artifacts in the collaboration instead of in the process."""
        around = self.root.find(f"{{{BPMN}}}collaboration")
        if self.data.get("artifacts") == "in the collaboration" and around is not None:
            for artifact in list(self._all(*_ARTIFACTS)):
                around.append(artifact)
        for node in list(self._all("node")) if self.data.get("annotated") else ():
            holder = node.getparent()
            note = self._new(holder, "textAnnotation", id=self._fresh("note"))
            self._new(note, "text", None, "A note\nof two lines")
            self._new(holder, "association", id=self._fresh("association"), sourceRef=node.get("id"), targetRef=note.get("id"))

    def _conditions(self) -> None:
        how = self.data.get("conditions", {})
        for condition in self._all("conditionExpression"):
            if "type" in how:
                condition.attrib.pop(_XSI_TYPE, None)
                if how["type"]:
                    condition.set(_XSI_TYPE, how["type"])
            for name, value in how.get("attributes", {}).items():
                condition.set(name, value.format(n=self._fresh("condition")))
            condition.text = how.get("around", "{}").format(condition.text or "")
            if how.get("documented"):
                self._new(condition, "documentation", 0, "Why it is so").tail = condition.text
                condition.text = None
        if how.get("empty") is not None:
            for flow in self._all("sequenceFlow"):
                if flow.find(f"{{{BPMN}}}conditionExpression") is None:
                    made = self._new(flow, "conditionExpression", None, how["empty"] or None)
                    for name, value in how.get("attributes", {}).items():
                        made.set(name, value.format(n=self._fresh("condition")))
                    if how.get("type"):
                        made.set(_XSI_TYPE, how["type"])

    def _data(self) -> None:
        """Input and output specifications, data objects and associations as tools write them for what does nothing."""
        how = self.data.get("data", {})
        for kind in ("process", "activity"):
            for holder in list(self._all("process")) if kind == "process" else [each for each in self._all("node") if _is_activity(each)]:
                if kind in how.get("specified", ()) and holder.find(f"{{{BPMN}}}ioSpecification") is None:
                    place = _after(holder, "documentation", "extensionElements", "incoming", "outgoing")
                    self._specification(holder, place, how)
        if how.get("objects"):
            for process in self._all("process"):
                kept = self._new(process, "dataObject", id=self._fresh("data"), name="what is known", isCollection="false")
                shown = self._new(process, "dataObjectReference", id=self._fresh("reference"), dataObjectRef=kept.get("id"), name="what")
                for output in list(process.iterdescendants(f"{{{BPMN}}}dataOutput")):
                    task = output.getparent().getparent()
                    if not is_bpmn(task, "userTask"):
                        continue
                    flow = self._new(task, "dataOutputAssociation", task.index(output.getparent()) + 1, id=self._fresh("association"))
                    self._new(flow, "sourceRef", None, output.get("id"))
                    self._new(flow, "targetRef", None, shown.get("id"))

    def _specification(self, holder: Any, place: int, how: Mapping[str, Any]) -> None:
        made = self._new(holder, "ioSpecification", place, id=self._fresh("io"))
        ports = how.get("ports", True) and _is_activity(holder)
        into = self._new(made, "dataInput", id=self._fresh("input"), name="in") if ports else None
        out = self._new(made, "dataOutput", id=self._fresh("output"), name="out") if ports else None
        inputs = self._new(made, "inputSet", id=self._fresh("set"))
        outputs = self._new(made, "outputSet", id=self._fresh("set"))
        if into is not None and out is not None:
            self._new(inputs, "dataInputRefs", None, into.get("id"))
            self._new(outputs, "dataOutputRefs", None, out.get("id"))

    def _performers(self) -> None:
        if self.data.get("performers"):
            for task in self._all("userTask"):
                owner = self._new(task, "potentialOwner", _before_loop(task), id=self._fresh("owner"))
                self._new(owner, "resourceRef", None, "somebody")

    def _documented(self) -> None:
        how = self.data.get("documentation")
        if how is not None:
            for node in self._all("node", "process"):
                if node.find(f"{{{BPMN}}}documentation") is None:
                    self._new(node, "documentation", 0, how.get("text") or None, **how.get("attributes", {}))

    def _attributes(self) -> None:
        for names, attributes in self.data.get("attributes", {}).items():
            for element in self._of(names):
                for name, value in attributes.items():
                    if self._qualified(name) not in element.attrib:
                        element.set(self._qualified(name), value.format(id=element.get("id", "")))

    def _of(self, names: str) -> Iterator[Any]:
        """Elements by their names, with `node` and `activity` for all of those."""
        wanted = names.split()
        for element in list(self.root.iter(etree.Element)):
            if local(element) in wanted or (_is_node(element) and "node" in wanted) or (_is_activity(element) and "activity" in wanted):
                yield element

    def _qualified(self, name: str) -> str:
        prefix, colon, rest = name.partition(":")
        return f"{{{self._namespaces()[prefix]}}}{rest}" if colon else name

    def _namespaces(self) -> dict[str, str]:
        given = {prefix: KNOWN.get(value, value) for prefix, value in self.data["namespaces"].items()}
        return {"xml": "http://www.w3.org/XML/1998/namespace"} | given | self.data.get("vendor", {})

    def _names(self) -> None:
        how = self.data.get("names", {})
        for element in self._all("node", "sequenceFlow", "lane"):
            if element.get("name") and "space" in how:
                element.set("name", element.get("name").replace(" ", how["space"], 1))
            if not element.get("name") and local(element) in how.get("empty", ()):
                element.set("name", "")

    def _layout(self) -> None:
        how = self.data.get("layout")
        diagrams = [child for child in self.root if not is_bpmn(child)]
        if how == "none":
            for diagram in diagrams:
                self.root.remove(diagram)
        elif how == "twice":
            for diagram in diagrams:
                self.root.append(deepcopy(diagram))

    def _order(self) -> None:
        """`flows` first or last in their scope, `nodes` reversed or shuffled, `declarations` and others of the top first or last."""
        how = self.data.get("order", {})
        for holder in [*self._all("process"), *(each for each in self._all("subProcess", "transaction"))]:
            flows = [child for child in holder if is_bpmn(child, "sequenceFlow")]
            nodes = [child for child in holder if _is_node(child)]
            if how.get("nodes") in ("reversed", "shuffled") and nodes:
                places = [holder.index(node) for node in nodes]
                order = list(reversed(nodes))
                if how["nodes"] == "shuffled":
                    random.Random(len(nodes)).shuffle(order)  # noqa: S311
                for node in nodes:
                    holder.remove(node)
                for place, node in zip(places, order, strict=True):
                    holder.insert(place, node)
            if how.get("flows") in ("first", "last"):
                first = _after(holder, *_LEADING)
                for number, flow in enumerate(flows):
                    holder.remove(flow)
                    last = next((holder.index(child) for child in holder if is_bpmn(child, *_ARTIFACTS)), len(holder))
                    holder.insert(first + number if how["flows"] == "first" else last, flow)
        for what, names in (("declarations", _DEFINITIONS), ("collaboration", ("collaboration",)), ("processes", ("process",))):
            moved = [child for child in self.root if is_bpmn(child, *names)] if what in how else []
            for child in moved:
                self.root.remove(child)
            place = self._first() if how.get(what) == "first" else self._top()
            for number, child in enumerate(moved):
                self.root.insert(place + number, child)
        if how.get("extensions") == "last":
            for holder in list(self._all("extensionElements")):
                holder.getparent().append(holder)

    def _renamed(self) -> None:
        shape = self.data.get("ids", "{id}")
        for element in self.root.iter(etree.Element):
            old = element.get("id")
            if old and (not is_bpmn(element) or not self._stays(element, old)) and old not in self.ids:
                self.count += 1
                digest = hashlib.md5(old.encode(), usedforsecurity=False)
                plain = digest.hexdigest()
                uuid = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
                b64 = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
                shapes = {"uuid": uuid, "UUID": uuid.upper(), "__": uuid.replace("-", "_"), "b64": b64}
                self.ids[old] = shape.format(id=old, n=self.count, kind=local(element), **shapes)
        for element in self.root.iter(etree.Element):
            if element.get("id") in self.ids:
                element.set("id", self.ids[element.get("id")])
            for name, value in element.attrib.items():
                if name in _REFERS and value.rpartition(":")[2] in self.ids:
                    element.set(name, self.ids[value.rpartition(":")[2]])
            text = (element.text or "").strip()
            if local(element) in _REFERS and text.rpartition(":")[2] in self.ids:
                element.text = element.text.replace(text, self.ids[text.rpartition(":")[2]])

    @cached_property
    def _spoken(self) -> frozenset[str]:
        """What expressions and extensions of our dialect say, word by word: ids among it stay."""
        zeebe = f"{{{KNOWN['zeebe']}}}"
        said = [value for element in self.root.iter(etree.Element) if element.tag.startswith(zeebe) for value in element.attrib.values()]
        return frozenset(word for text in said for word in re.findall(r"[\w.-]+", text))

    def _stays(self, element: Any, identity: str) -> bool:
        """Ids that expressions or other files name."""
        return identity in self.keep or identity in self._spoken or is_bpmn(element, "process")

    def _references(self) -> None:
        """References as names of a namespace, where the manner has a prefix for them."""
        prefix = self.data.get("references")
        if prefix:
            for element in self.root.iter(etree.Element):
                for name, value in element.attrib.items():
                    if name in _NAMES and value and ":" not in value:
                        element.set(name, f"{prefix}:{value}")
                if local(element) in _NAMES and (element.text or "").strip() and ":" not in element.text:
                    element.text = element.text.replace(element.text.strip(), f"{prefix}:{element.text.strip()}")

    def _extended(self) -> None:
        declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in self._namespaces().items() if prefix and prefix != "xml")
        for entry in self.data.get("extensions", ()):
            text = f'<x {declared} xmlns="{self._namespaces().get("", "")}">{entry.get("xml", "")}</x>'
            inside = etree.fromstring(text.replace(' xmlns=""', ""))
            for element in list(self._of(entry["at"])):
                if entry.get("direct"):
                    for child in reversed(inside):
                        element.insert(_after(element, "documentation", "extensionElements"), deepcopy(child))
                    continue
                holder = element.find(f"{{{BPMN}}}extensionElements")
                if entry.get("again") and holder is not None:
                    holder = self._new(element, "extensionElements", element.index(holder) + 1)
                if holder is None:
                    holder = self._new(element, "extensionElements", 0 if entry.get("first") else _after(element, "documentation"))
                for number, child in enumerate(inside):
                    holder.insert(number if entry.get("first") else len(holder), deepcopy(child))
                if not len(holder):
                    holder.text = entry.get("text")

    def _commented(self) -> None:
        for node in list(self._all("node")) if self.data.get("comments") else ():
            node.addprevious(etree.Comment(f" {local(node)} "))
            if len(node):
                node.insert(0, etree.ProcessingInstruction("drawn", "here"))

    def _without_ids(self) -> None:
        """Elements that this tool gives no id, where nothing needs one."""
        for element in self.root.iter(etree.Element):
            if local(element) in self.data.get("no_ids", ()):
                element.attrib.pop("id", None)

    # The file

    def _rooted(self) -> Any:
        """The tree under a root that declares the manner's prefixes."""
        spaces = self._namespaces()
        spaces.pop("xml")
        there = set(spaces.values())
        for element in self.root.iter(etree.Element):
            for prefix, uri in element.nsmap.items():
                if uri not in there and prefix and prefix not in spaces:
                    spaces[prefix] = uri
                    there.add(uri)
        root = etree.Element(f"{{{BPMN}}}definitions", nsmap={prefix or None: uri for prefix, uri in spaces.items()})
        said = self.data.get("definitions", {})
        for name, value in {"id": self.root.get("id"), "targetNamespace": self.root.get("targetNamespace"), **said}.items():
            if value is not None:
                root.set(self._qualified(name), value)
        by_uri = {uri: prefix for prefix, uri in reversed(spaces.items())}
        _copied(self.root, root, by_uri)
        return root

    def _serialised(self, root: Any) -> bytes:
        how = self.data.get("file", {})
        indented = how.get("indent", "  ")
        if indented is not None:
            etree.indent(root, indented)
        text = etree.tostring(root, encoding="unicode")
        if how.get("single_quotes"):
            text = re.sub(r'="([^"\']*)"', r"='\1'", text)
        if how.get("open_and_close"):
            text = re.sub(r"<([^\s/>]+)([^<>]*)/>", r"<\1\2></\1>", text)
        if how.get("attribute_lines"):
            text = re.sub(r'" (?=[\w:.-]+=")', '"\n      ', text)
        if self.data.get("conditions", {}).get("cdata"):
            text = re.sub(r"(conditionExpression[^<>]*[^<>/]>)([^<]+)(</)", _as_cdata, text)
        for old, new in how.get("replace", ()):
            text = text.replace(old, new)
        encoding = how.get("encoding", "UTF-8")
        said = "" if how.get("declared", True) is False else f' encoding="{encoding}"'
        said += f' standalone="{how["standalone"]}"' if "standalone" in how else ""
        between = "\n" if indented is not None else how.get("between", "")
        head = f'<?xml version="1.0"{said}?>{between}' if how.get("declaration", True) else ""
        before = "".join(f"<!--{comment}-->{between}" for comment in how.get("comments", ()))
        body = (head + before + text + how.get("after", "")).replace("\n", how.get("newline", "\n"))
        coded = body.encode(how.get("coded", encoding), "xmlcharrefreplace")
        return (b"\xef\xbb\xbf" if how.get("bom") else b"") + coded


def _as_cdata(found: re.Match[str]) -> str:
    plain = found[2].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return f"{found[1]}\n        <![CDATA[{plain.strip()}]]>\n      {found[3]}"


def _is_node(element: Any) -> bool:
    return is_bpmn(element) and _NODES.match(local(element)) is not None


def _is_activity(element: Any) -> bool:
    return is_bpmn(element) and _ACTIVITY.match(local(element)) is not None


def _after(holder: Any, *names: str) -> int:
    """The place behind the leading children of these names."""
    place = 0
    for child in holder:
        if not is_bpmn(child, *names):
            break
        place += 1
    return place


def _before_loop(task: Any) -> int:
    return next((place for place, child in enumerate(task) if local(child).endswith("LoopCharacteristics")), len(task))


def _copied(source: Any, target: Any, by_uri: Mapping[str, str]) -> None:
    """The children of one element under another, with the prefixes that are declared there."""
    target.text = source.text
    for child in source:
        if not isinstance(child.tag, str):
            target.append(deepcopy(child))
            continue
        made = etree.SubElement(target, child.tag, dict(child.attrib))
        kind = made.get(_XSI_TYPE)
        if kind is not None:
            prefix, _, named = kind.rpartition(":")
            uri = BPMN if named in ("tFormalExpression", "tExpression") else child.nsmap.get(prefix or None) or KNOWN.get(prefix, "")
            made.set(_XSI_TYPE, ":".join(filter(None, (by_uri.get(uri, prefix), named))))
        made.tail = child.tail
        _copied(child, made, by_uri)

"""Diagrams in a notation of a line or less an element: what a diagram consists of, without its layout, names and texts.

A file of shapes has an entry for each shape, with an empty line between them. Lines of an entry that begin with

- `@` name the files that have the shape, after a folder `@ folder/` for all that follow (`/path` is in none);
- `!` say that it is wrong on purpose, and what refuses it: `! CODE ELEMENT`;
- `-` say that it is refused by design: `- CODE ELEMENT: why`;
- `+` say that it is wrong on purpose and deployed all the same, and why;
- `~` say with which variables it comes to its end, `~ {"n": 1}`, or what keeps it from one here;
- `>` say what happens to it when it is started with nothing known (but what `~` says on the way): `> job j, timer b`;
- `=` begin a process: `= q doc` is one that is not executable, `= -` one without an id. Without one there is one process, `main`.

All others draw. `s>j>e` are three elements and their flows, `x>*e` is a default flow, `x>e ? n > 1` one with a condition, `S{ s2>e2 }` is
what is in a subprocess, `pools p q -` and `lane name: j u` are what they say, `keep dataObject` is an artifact, `note j` a text beside an
element. The first letter of an id is the kind of the element (`KINDS`). `j: type=work; in a=b` says more about an element
(`_Drawing.word`), `j: undone=j2` has it undone by another; what stands after `=` is FEEL where nothing else can stand there, and as it is
written elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

KINDS = {
    "s": "startEvent", "e": "endEvent", "c": "intermediateCatchEvent", "i": "intermediateThrowEvent", "b": "boundaryEvent",
    "x": "exclusiveGateway", "p": "parallelGateway", "o": "inclusiveGateway", "v": "eventBasedGateway", "g": "complexGateway",
    "t": "task", "j": "serviceTask", "u": "userTask", "w": "userTask", "m": "manualTask", "r": "receiveTask", "n": "sendTask",
    "q": "scriptTask", "d": "businessRuleTask", "a": "callActivity", "S": "subProcess", "E": "subProcess", "T": "transaction",
    "H": "adHocSubProcess",
}  # fmt: skip
"""By the first letter of an id. `u` is a user task as people see it, `w` one that a worker does, `E` an event subprocess."""

_HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="definitions" targetNamespace="shapes">\n{}</bpmn:definitions>\n'
)
_DECLARED = {"msg": "message", "sig": "signal", "err": "error", "esc": "escalation"}
_ATTRIBUTES = {
    "assignee": "assignmentDefinition", "candidateGroups": "assignmentDefinition", "candidateUsers": "assignmentDefinition",
    "dueDate": "taskSchedule", "followUpDate": "taskSchedule", "priority": "priorityDefinition",
    "formId": "formDefinition", "formKey": "formDefinition", "externalReference": "formDefinition",
    "calls": "calledElement", "decides": "calledDecision", "activeElementsCollection": "adHoc",
}  # fmt: skip
_SHORT = {
    "groups": "candidateGroups", "users": "candidateUsers", "due": "dueDate", "follow": "followUpDate", "prio": "priority",
    "form": "formId", "formkey": "formKey", "formref": "externalReference", "runs": "activeElementsCollection",
}  # fmt: skip
_FORM = '{"components": [{"key": "a", "label": "A", "type": "textfield"}], "type": "default"}'
_TIMERS = {"date": "timeDate", "duration": "timeDuration", "cycle": "timeCycle"}
_LOOPS = {"each": "inputCollection", "item": "inputElement", "into": "outputCollection", "of": "outputElement"}


@dataclass
class Entry:
    """A shape: the files that have it, what is to become of it, and its drawing."""

    files: list[str] = field(default_factory=list)
    wrong: str = ""
    """What refuses it, where it is wrong on purpose: the code, and the id of the element."""
    refused: str = ""
    """What refuses it by design."""
    why: str = ""
    lenient: bool = False
    moves: list[str] | None = None
    known: dict[str, Any] = field(default_factory=dict)
    """The variables with which it comes to its end, where any will not do."""
    stuck: str = ""
    """Why it comes to no end here."""
    drawing: list[str] = field(default_factory=list)
    line: int = 0

    def xml(self) -> str:
        """The diagram as BPMN."""
        return _Drawing(self.drawing).xml()


def entries(path: Path) -> list[Entry]:
    """The entries of a file of shapes."""
    found: list[Entry] = []
    folder, entry = "", Entry()
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        sign, _, rest = line.partition(" ")
        if not line.strip():
            if entry.files:
                found.append(entry)
            entry = Entry()
        elif sign == "#":
            continue
        elif sign == "@" and rest.endswith("/"):
            folder = rest
        elif sign == "@":
            entry.line = entry.line or number
            entry.files += [name[1:] if name.startswith("/") else folder + name for name in rest.split(", ")]
        elif sign == "!":
            entry.wrong = rest
        elif sign == "-":
            entry.refused, _, entry.why = rest.partition(": ")
        elif sign == "+":
            entry.lenient, entry.why = True, rest
        elif sign == "~" and rest.startswith("{"):
            entry.known = json.loads(rest)
        elif sign == "~":
            entry.stuck = rest
        elif sign == ">":
            entry.moves = [move for move in rest.split(", ") if move]
        else:
            entry.drawing.append(line)
    return found


@dataclass
class _Node:
    """An element that is drawn: what is inside its tag, by where the schema wants it."""

    id: str
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    extensions: list[str] = field(default_factory=list)
    grouped: dict[str, dict[str, str]] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    loop: dict[str, str] = field(default_factory=dict)
    inside: list[str] = field(default_factory=list)
    scope: _Scope | None = None
    home: _Scope | None = None
    job: bool = False


@dataclass
class _Scope:
    """A process or subprocess that is drawn."""

    nodes: dict[str, _Node] = field(default_factory=dict)
    flows: list[str] = field(default_factory=list)
    lanes: list[str] = field(default_factory=list)
    artifacts: list[str] = field(default_factory=list)


def _tag(name: str, attributes: dict[str, str], inside: str = "") -> str:
    given = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{given}>{inside}</{name}>" if inside else f"<{name}{given}/>"


def _feel(text: str) -> str:
    """An expression as it stands in a diagram; what begins with an apostrophe is a literal."""
    return text[1:] if text.startswith("'") else f"={text}"


class _Drawing:
    """Draws one entry."""

    def __init__(self, lines: list[str]) -> None:
        self.declared: dict[tuple[str, str, str], str] = {}
        self.processes: list[_Node] = []
        self.known: dict[str, _Node] = {}
        self.scopes: list[_Scope] = []
        self.pools: list[str] = []
        self.message_flows: list[str] = []
        self.flows = 0
        if not any(line.startswith("=") for line in lines):
            self.process("main")
        for line in lines:
            self.line(line.strip())

    # -- reading
    def line(self, line: str) -> None:
        sign, _, rest = line.partition(" ")
        if sign == "=":
            self.process(rest)
        elif sign == "pools":
            self.pools = rest.split()
        elif sign == "mflow":
            self.message_flows += rest.split()
        elif sign == "declare":
            kind, _, name = rest.partition("=")
            self.declare(kind, name, "")
        elif sign == "lane":
            name, _, members = rest.partition(": ")
            self.scopes[-1].lanes.append(f"{name}: {members}")
        elif sign == "note":
            for name in rest.split():
                said = f"note_{name}"
                text = _tag("bpmn:textAnnotation", {"id": said}, "<bpmn:text>said</bpmn:text>")
                way = {"id": f"way_{said}", "sourceRef": name, "targetRef": said}
                self.scopes[-1].artifacts += [text, _tag("bpmn:association", way)]
        elif sign == "keep":
            for name in rest.split():
                place = len(self.scopes[-1].artifacts)
                self.scopes[-1].artifacts.append(_tag(f"bpmn:{name}", {"id": f"kept_{len(self.known)}_{place}"}))
        elif sign.endswith(":"):
            self.more(self.node(sign[:-1]), rest)
        elif " ? " in line:
            way, _, condition = line.partition(" ? ")
            self.flow(*way.split(">"), condition=condition)
        else:
            for word in line.split():
                self.drawn(word)

    def process(self, words: str) -> None:
        name, _, more = words.partition(" ")
        self.scopes = [_Scope()]
        node = _Node(name, "process", {"id": name, "isExecutable": "true"}, scope=self.scopes[0])
        if name == "-":
            del node.attributes["id"]
        self.processes.append(node)
        self.more(node, more)

    def node(self, name: str, home: _Scope | None = None) -> _Node:
        if name not in self.known:
            kind = name[0]
            node = _Node(name, KINDS[kind], {"id": name})
            if kind == "u":
                node.grouped["userTask"] = {}
            if kind == "E":
                node.attributes["triggeredByEvent"] = "true"
            node.job = kind in "jn"
            if kind in "SETH":
                node.scope = _Scope()
            node.home = home or self.scopes[-1]
            self.known[name] = node.home.nodes[name] = node
        return self.known[name]

    def drawn(self, word: str) -> None:
        if word.endswith("{"):
            scope = self.node(word[:-1]).scope
            assert scope is not None
            self.scopes.append(scope)
        elif word == "}":
            self.scopes.pop()
        else:
            names = word.split(">")
            self.node(names[0].lstrip("*"))
            for source, target in zip(names, names[1:], strict=False):
                self.flow(source.lstrip("*"), target)

    def flow(self, source: str, target: str, condition: str = "") -> None:
        self.flows += 1
        name = f"flow{self.flows}"
        if target.startswith("*"):
            target = target[1:]
            self.node(source).attributes["default"] = name
        self.node(source)
        self.node(target)
        inside = _tag("bpmn:conditionExpression", {"xsi:type": "bpmn:tFormalExpression"}, "=" + escape(condition)) if condition else ""
        self.scopes[-1].flows.append(_tag("bpmn:sequenceFlow", {"id": name, "sourceRef": source, "targetRef": target}, inside))

    def more(self, node: _Node, words: str) -> None:
        for word in filter(None, words.split("; ")):
            self.word(node, word)

    def declare(self, kind: str, name: str, key: str) -> str:
        place = (kind, name, key)
        if place not in self.declared:
            self.declared[place] = f"{kind}{len(self.declared) + 1}"
        return self.declared[place]

    def event(self, node: _Node, name: str, attributes: dict[str, str], inside: str = "") -> None:
        node.events.append(_tag(f"bpmn:{name}EventDefinition", attributes, inside))

    def word(self, node: _Node, word: str) -> None:
        """One thing that is said about an element."""
        name, given, value = word.partition("=")
        name, _, what = name.partition(" ")
        if word == "doc":
            node.attributes["isExecutable"] = "false"
        elif name in _DECLARED:
            self.trigger(node, name, given, value)
        elif name in _TIMERS or name == "timer":
            literal = value.removeprefix("=")
            kind = "cycle" if re.match(r"R|@|[\d*/]+ ", literal) else "date" if literal[:4].isdigit() else "duration"
            inside = _tag(f"bpmn:{_TIMERS.get(name, _TIMERS[kind])}", {"xsi:type": "bpmn:tFormalExpression"}, escape(value))
            self.event(node, "timer", {}, inside if value else "")
        elif name == "cond":
            condition = _tag("bpmn:condition", {"xsi:type": "bpmn:tFormalExpression"}, "=" + escape(value))
            self.event(node, "conditional", {}, condition if value else "")
        elif name == "filter":
            names, _, events = value.partition("/")
            said = {key: text for key, text in (("variableNames", names), ("variableEvents", events)) if text}
            begin = "<bpmn:conditionalEventDefinition>"
            inside = begin + _tag("bpmn:extensionElements", {}, _tag("zeebe:conditionalFilter", said))
            node.events[-1] = node.events[-1].replace(begin, inside)
        elif name in ("link", "term", "cancel", "undo"):
            kind = {"term": "terminate", "undo": "compensate"}.get(name, name)
            reference = {"link": "name", "undo": "activityRef"}.get(name, "")
            self.event(node, kind, {reference: value} if value else {"waitForCompletion": "false"} if what == "on" else {})
        elif name == "on":
            node.attributes["attachedToRef"] = value
        elif name == "beside":
            node.attributes["cancelActivity" if node.tag == "boundaryEvent" else "isInterrupting"] = "false"
        elif name == "by":
            way = {"id": f"undo_{node.id}", "associationDirection": "One", "sourceRef": node.id, "targetRef": value}
            assert node.home is not None
            node.home.artifacts.append(_tag("bpmn:association", way))
        elif name == "undone":
            event, handler = self.node(f"b_{node.id}", node.home), self.node(value, node.home)
            self.more(event, f"on={node.id}; undo; by={value}")
            self.word(handler, "undoer")
        elif name == "undoer":
            node.attributes["isForCompensation"] = "true"
        elif name.startswith("@"):
            node.attributes[name[1:]] = value
        else:
            self.extension(node, name, what, value, word)

    def trigger(self, node: _Node, kind: str, given: str, value: str) -> None:
        """A message, signal, error or escalation, by name or code; `msg=name/key` has a correlation key."""
        long = _DECLARED[kind]
        reference: dict[str, str] = {}
        if given:
            name, _, key = value.partition("/") if kind == "msg" else (value, "", "")
            reference = {f"{long}Ref": self.declare(kind, name, key)}
        if node.tag in ("receiveTask", "sendTask"):
            node.attributes |= reference
        else:
            self.event(node, long, reference)
            node.job = node.job or (kind == "msg" and node.id[0] in "ei")

    def extension(self, node: _Node, name: str, what: str, value: str, word: str) -> None:
        name = _SHORT.get(name, name)
        if name in ("in", "out"):
            source = _feel(value)
            tag = _tag("zeebe:input" if name == "in" else "zeebe:output", {"source": source, "target": what})
            node.listed.setdefault("ioMapping", []).append(tag)
        elif name in ("lis", "tl"):
            kind, _, retries = value.partition("*")
            attributes = {"eventType": what, "type": kind} | ({"retries": retries} if retries else {})
            tag = _tag("zeebe:executionListener" if name == "lis" else "zeebe:taskListener", attributes)
            node.listed.setdefault("executionListeners" if name == "lis" else "taskListeners", []).append(tag)
        elif name == "hdr":
            node.listed.setdefault("taskHeaders", []).append(_tag("zeebe:header", {"key": what, "value": value}))
        elif name == "prop":
            node.listed.setdefault("properties", []).append(_tag("zeebe:property", {"name": what, "value": value}))
        elif name in ("type", "retries"):
            node.grouped.setdefault("taskDefinition", {})[name] = value
        elif name == "body":
            node.extensions.append(_tag("zeebe:userTaskForm", {"id": value}, escape(_FORM)))
        elif name == "shows":
            node.grouped["formDefinition"] = {"formKey": f"camunda-forms:bpmn:{value}"}
        elif name == "nojob":
            node.job = False
        elif name in _ATTRIBUTES:
            attribute = {"calls": "processId", "decides": "decisionId"}.get(name, name)
            node.grouped.setdefault(_ATTRIBUTES[name], {})[attribute] = f"={value}" if name == "activeElementsCollection" else value
        elif name in ("bind", "bindtag"):
            bound = next(one for one in ("calledElement", "calledDecision", "formDefinition") if one in node.grouped)
            node.grouped[bound]["bindingType" if name == "bind" else "versionTag"] = value
        elif name in ("noall", "noparent"):
            which = "propagateAllChildVariables" if name == "noall" else "propagateAllParentVariables"
            node.grouped["calledElement"][which] = "false"
        elif name == "script":
            node.grouped["script"] = {"expression": f"={value}", **node.grouped.get("script", {})}
        elif name == "result":
            node.grouped.setdefault("calledDecision" if "calledDecision" in node.grouped else "script", {})["resultVariable"] = value
        elif name == "tag":
            node.grouped["versionTag"] = {"value": value}
        elif name in _LOOPS and node.tag == "adHocSubProcess" and name in ("into", "of") and "each" not in node.loop:
            node.grouped["adHoc"][_LOOPS[name]] = value if name == "into" else f"={value}"
        elif name in ("seq", "until", *_LOOPS):
            node.loop[name] = value
        elif name == "ext":
            node.extensions.append(word.partition(" ")[2])
        elif name == "raw":
            node.inside.append(word.partition(" ")[2])
        else:
            raise ValueError(f"nothing is called {word!r}")

    # -- writing
    def xml(self) -> str:
        """The whole."""
        processes = "".join(self.written(node) for node in self.processes)
        top = "".join(self.top(kind, name, key, declared) for (kind, name, key), declared in self.declared.items())
        if self.pools:
            inside = "".join(
                _tag("bpmn:participant", {"id": f"pool{number}"} | ({"processRef": name} if name != "-" else {}))
                for number, name in enumerate(self.pools, 1)
            )
            for number, way in enumerate(self.message_flows, 1):
                source, _, target = way.partition(">")
                inside += _tag("bpmn:messageFlow", {"id": f"mflow{number}", "sourceRef": source, "targetRef": target})
            top += _tag("bpmn:collaboration", {"id": "collaboration"}, inside)
        return _HEAD.format(top + processes)

    def top(self, kind: str, name: str, key: str, declared: str) -> str:
        attributes = {"id": declared, "name": name or declared}
        if kind in ("err", "esc") and name:
            attributes[f"{_DECLARED[kind]}Code"] = name
        if kind in ("msg", "sig") and not name:
            del attributes["name"]
        subscription = _tag("zeebe:subscription", {"correlationKey": _feel(key)}) if key else ""
        return _tag(f"bpmn:{_DECLARED[kind]}", attributes, _tag("bpmn:extensionElements", {}, subscription) if subscription else "")

    def written(self, node: _Node) -> str:
        if node.job:
            node.grouped = {**node.grouped, "taskDefinition": {"type": node.id, **node.grouped.get("taskDefinition", {})}}
        parts = [_tag(f"zeebe:{name}", attributes) for name, attributes in node.grouped.items()]
        parts += [_tag(f"zeebe:{name}", {}, "".join(items)) for name, items in node.listed.items()]
        parts += node.extensions
        inside = _tag("bpmn:extensionElements", {}, "".join(parts)) if parts else ""
        inside += "".join(node.events)
        until = node.loop.get("until")
        done = _tag("bpmn:completionCondition", {"xsi:type": "bpmn:tFormalExpression"}, "=" + escape(until)) if until else ""
        if node.loop.keys() - {"until"} or (node.loop and node.tag != "adHocSubProcess"):
            inside += self.repeated(node, done)
            done = ""
        inside += "".join(self.lines(node.scope)) if node.scope is not None else ""
        return _tag(f"bpmn:{node.tag}", node.attributes, inside + done + "".join(node.inside)) + "\n"

    def repeated(self, node: _Node, done: str) -> str:
        feel = {"each", "of"}
        said = {_LOOPS[name]: f"={value}" if name in feel else value for name, value in node.loop.items() if name in _LOOPS}
        characteristics = _tag("bpmn:extensionElements", {}, _tag("zeebe:loopCharacteristics", said)) if said else ""
        sequential = {"isSequential": "true"} if "seq" in node.loop else {}
        return _tag("bpmn:multiInstanceLoopCharacteristics", sequential, characteristics + done)

    def lines(self, scope: _Scope) -> Iterator[str]:
        if scope.lanes:
            lanes = ""
            for number, lane in enumerate(scope.lanes):
                name, _, members = lane.partition(": ")
                references = "".join(f"<bpmn:flowNodeRef>{member}</bpmn:flowNodeRef>" for member in members.split())
                lanes += _tag("bpmn:lane", {"id": f"lane_{number}_{name}", "name": name}, references)
            yield _tag("bpmn:laneSet", {"id": f"lanes_{id(scope)}"}, lanes)
        for node in scope.nodes.values():
            yield self.written(node)
        yield from scope.flows
        # The schema wants what is a flow element before what only is beside the flow.
        yield from sorted(scope.artifacts, key=lambda item: not item.startswith("<bpmn:data"))

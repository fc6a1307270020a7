"""Where the checks put what they find, and the words they call things by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from amends.engine.definitions.model import Element, Flow, Scope
from amends.engine.definitions.problems import ERROR, INFO, WARNING, Problem

_WORDS = {
    "process": "process",
    "task": "task",
    "userTask": "user task",
    "serviceTask": "service task",
    "sendTask": "send task",
    "receiveTask": "receive task",
    "scriptTask": "script task",
    "businessRuleTask": "business rule task",
    "manualTask": "manual task",
    "callActivity": "call activity",
    "subProcess": "subprocess",
    "adHocSubProcess": "ad-hoc subprocess",
    "transaction": "transaction",
    "exclusiveGateway": "exclusive gateway",
    "parallelGateway": "parallel gateway",
    "inclusiveGateway": "inclusive gateway",
    "complexGateway": "complex gateway",
    "eventBasedGateway": "event-based gateway",
    "startEvent": "start event",
    "endEvent": "end event",
    "intermediateCatchEvent": "intermediate catch event",
    "intermediateThrowEvent": "intermediate throw event",
    "boundaryEvent": "boundary event",
}


class Placed(Protocol):
    """Anything a problem can point at."""

    @property
    def id(self) -> str: ...


@dataclass(slots=True)
class Findings:
    """Collects the problems of a package, file by file.

    `single` is True for one file outside a package: what it refers to may be elsewhere, so that is a warning. While
    `documentation` is True, the file at hand has no executable process, and everything found is information.
    """

    single: bool
    problems: list[Problem] = field(default_factory=list)
    file: str = ""
    documentation: bool = False

    def add(self, where: Placed | None, code: str, message: str, help: str, *, severity: str = ERROR, line: int | None = None) -> None:
        """Note one problem at an element (or at none, for the file)."""
        if line is None:
            line = getattr(where, "line", None)
        if self.documentation:
            severity = INFO
        element_id = "" if where is None else where.id
        self.problems.append(Problem(self.file, element_id, line, code, severity, message, help))

    def warn(self, where: Placed | None, code: str, message: str, help: str, *, line: int | None = None) -> None:
        """Note what runs, but hardly as meant."""
        self.add(where, code, message, help, severity=WARNING, line=line)

    def absent(self, where: Placed | None, code: str, message: str, help: str, *, line: int | None = None) -> None:
        """Note what is referred to and not there: an error in a package, a warning in a single file."""
        self.add(where, code, message, help, severity=WARNING if self.single else ERROR, line=line)


def words(type_name: str) -> str:
    """What BPMN calls a type of element."""
    return _WORDS.get(type_name, type_name)


def called(element: Element) -> str:
    """How a message names an element: its type and name, `The user task "Decide"`."""
    kind = words(element.type)
    if element.type not in ("startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"):
        return f'The {kind} "{element.name or element.id}"'
    trigger = "" if element.kind in ("none", "") else element.kind + " "
    return f'The {trigger}{kind} "{element.name or element.id}"'


def the(element: Element) -> str:
    """The same within a sentence: `the user task "Decide"`."""
    return "the" + called(element)[3:]


def flow_called(flow: Flow, scope: Scope) -> str:
    """How a message names a flow: by its name, or by what it connects."""
    if flow.name:
        return f'The flow "{flow.name}"'
    ends = []
    for element_id in (flow.source, flow.target):
        element = scope.elements.get(element_id)
        ends.append((element.name if element is not None else "") or element_id or "nothing")
    return f'The flow from "{ends[0]}" to "{ends[1]}"'

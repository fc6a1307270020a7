"""Which elements and flows of a package its scenarios have run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amends.engine.definitions.package import Package


@dataclass(frozen=True, slots=True)
class Part:
    """An element (`kind` its BPMN type) or a flow (`sequenceFlow`), and how often it was run."""

    id: str
    name: str
    kind: str
    line: int
    runs: int

    @property
    def is_flow(self) -> bool:
        return self.kind == "sequenceFlow"


@dataclass(frozen=True, slots=True)
class ProcessCoverage:
    """The parts of one process, elements before flows, in the order of the file."""

    id: str
    file: str
    parts: tuple[Part, ...]

    def count(self, flows: bool) -> tuple[int, int]:
        """How many elements (or flows) were run, of how many."""
        chosen = [part for part in self.parts if part.is_flow == flows]
        return sum(part.runs > 0 for part in chosen), len(chosen)

    @property
    def missed(self) -> list[Part]:
        """What was never run."""
        return [part for part in self.parts if not part.runs]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The processes of a package by id."""

    processes: tuple[ProcessCoverage, ...]

    @property
    def percent(self) -> float:
        """The share of all elements and flows that was run, from 0 to 100; 100 where there is nothing to run."""
        parts = [part for process in self.processes for part in process.parts]
        return 100 * sum(part.runs > 0 for part in parts) / len(parts) if parts else 100.0


def coverage_of(package: Package, runs: Mapping[str, int]) -> Coverage:
    """How much of each executable process was run; `runs` says how often, by id."""
    found = []
    for process_id, process in sorted(package.processes.items()):
        diagram = package.diagram_of(process_id)
        elements = [Part(each.id, each.name, each.type, each.line, runs.get(each.id, 0)) for each in process.all_elements()]
        flows = [Part(each.id, each.name, "sequenceFlow", each.line, runs.get(each.id, 0)) for each in process.all_flows()]
        found.append(ProcessCoverage(process_id, diagram.file if diagram else "", (*elements, *flows)))
    return Coverage(tuple(found))

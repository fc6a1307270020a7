"""Everything that is wrong with a package or a file, at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from amends.engine.decisions import DecisionInfo
from amends.engine.definitions.check_bindings import check_bindings
from amends.engine.definitions.check_calls import EndlessCalls, check_calls
from amends.engine.definitions.check_choices import check_choices
from amends.engine.definitions.check_compensation import check_compensation
from amends.engine.definitions.check_dates import check_dates
from amends.engine.definitions.check_elements import check_elements
from amends.engine.definitions.check_events import check_events
from amends.engine.definitions.check_expressions import check_expressions
from amends.engine.definitions.check_flows import check_flows
from amends.engine.definitions.check_layout import check_layout
from amends.engine.definitions.check_listeners import check_listeners
from amends.engine.definitions.check_names import check_names, keys_of
from amends.engine.definitions.check_operations import check_operations
from amends.engine.definitions.check_package import check_files, check_manifest, check_message_starts, read_decisions
from amends.engine.definitions.check_references import check_references
from amends.engine.definitions.check_thrown import Surroundings, check_thrown
from amends.engine.definitions.expressions import Expressions
from amends.engine.definitions.findings import Findings
from amends.engine.definitions.known import Forms, Names, known_names, letter_names
from amends.engine.definitions.model import Diagram, Process
from amends.engine.definitions.package import Package, read_package
from amends.engine.definitions.problems import ERROR, INFO, Problem, in_order
from amends.engine.definitions.sites import sites
from amends.engine.definitions.soundness import check_soundness
from amends.engine.definitions.timers import shortened
from amends.engine.definitions.translations import check_translations

LONGEST = 1_000
"""How many characters of a message are told."""
_FILE_FAULTS = frozenset({"xml", "too-large", "doctype", "not-bpmn"})
_OTHERS = (".dmn", ".form", ".md", ".toml")


def check(
    path: str | Path | Mapping[str, bytes], forms: Forms | None = None, operations: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> list[Problem]:  # fmt: skip
    """Check a package folder, a single file, or files by relative path.

    `forms` checks forms and tells their fields; without it forms are only looked for by id. `operations` maps task types to
    operation classes; without it jobs are not checked. `now` (aware) is what dates are held against: this moment, if it is not given.
    Returns all problems, by file and line. Never raises for bad content; a path that is not there is a problem, too.
    """
    try:
        package = read_package(path)
    except OSError as error:
        help = "Give the path of a package folder or of a file."
        return [Problem(str(path), "", None, "unreadable", ERROR, f"The path cannot be read: {error}.", help)]
    return check_package(package, forms, operations, now or datetime.now(UTC))


def check_package(
    package: Package, forms: Forms | None = None, operations: Mapping[str, Any] | None = None, now: datetime | None = None
) -> list[Problem]:
    """Check a package that was read; as `check`, but without `now` no date is said to have passed."""
    problems = in_order(_once(_Check(package, forms, operations, now).run()) + check_translations(package))
    # Whatever a file has for names: nobody reads a message of many lines.
    return [replace(one, message=shortened(one.message, LONGEST)) if len(one.message) > LONGEST else one for one in problems]


def _once(problems: list[Problem]) -> list[Problem]:
    """Without violations of the schema by an element about which something better is said on that line."""
    said = {(problem.file, problem.line, problem.element_id) for problem in problems if problem.code != "schema"}
    return [item for item in problems if item.code != "schema" or (item.file, item.line, item.element_id) not in said]


class _Check:
    """One check of one package: what all its diagrams share."""

    def __init__(self, package: Package, forms: Forms | None, operations: Mapping[str, Any] | None, now: datetime | None) -> None:
        self.package = package
        self.forms = forms
        self.operations = operations
        self.now = now
        self.expressions = Expressions()
        self.found = Findings(package.single)
        self.known: dict[str, Names] = {}
        self.keys: dict[str, frozenset[str]] = {}
        self.decisions: dict[str, DecisionInfo] = {}
        processes = [process for diagram in package.diagrams for process in _checked(diagram)]
        self.endless = EndlessCalls(processes, self.expressions)
        self.surroundings = None if package.single else Surroundings(package.processes.values(), self.expressions)

    def run(self) -> list[Problem]:
        package, found = self.package, self.found
        documents = {diagram.file for diagram in package.diagrams if not any(each.executable for each in diagram.processes)}
        for problem in package.problems:
            is_document = problem.file in documents and problem.code not in _FILE_FAULTS
            found.problems.append(replace(problem, severity=INFO) if is_document else problem)
        if package.single and not package.diagrams and not next(iter(package.files), "").endswith(_OTHERS):
            found.file = next(iter(package.files), "")
            found.add(None, "not-bpmn", "The file is no diagram, decision table, form or letter.", "Give a .bpmn file.", line=1)
        self.known = known_names(package, self.forms, self.operations)
        self.keys = keys_of(package, self.forms, self.operations)
        self.decisions = read_decisions(package)
        check_manifest(found, package, self.forms)
        check_message_starts(found, package)
        check_files(found, package, self.forms, self.expressions, letter_names(package, self.known, self.operations))
        for diagram in package.diagrams:
            self.diagram(diagram)
        return found.problems

    def diagram(self, diagram: Diagram) -> None:
        found = self.found
        found.file = diagram.file
        executable = [process for process in diagram.processes if process.executable]
        unreadable = any(problem.code in _FILE_FAULTS for problem in diagram.problems)
        if not executable and not unreadable:
            what = "executable process" if diagram.processes else "process"
            message = f"The file has no {what}: it is kept as documentation, and nothing in it can start."
            line = diagram.processes[0].line if diagram.processes else 1
            help = "If it is to run, make its process executable in the modeler's properties."
            if not diagram.processes:
                help = "If it is to run, draw a process: begin with a start event."
            found.warn(diagram.processes[0] if diagram.processes else None, "not-executable", message, help, line=line)
        known = {process.id for process in diagram.processes}
        for participant in diagram.participants:
            if participant.process_id is not None and participant.process_id not in known:
                pool = participant.name or participant.id
                message = f"The pool {pool!r} shows the process {participant.process_id!r}, which is not there."
                found.warn(participant, "dangling-reference", message, "Open and save the file in a modeler.")
        found.problems += diagram.violations if executable else [replace(item, severity=INFO) for item in diagram.violations]
        found.documentation = not executable
        for process in _checked(diagram):
            self.process(diagram, process)
        found.documentation = False

    def process(self, diagram: Diagram, process: Process) -> None:
        found, package = self.found, self.package
        places = list(sites(process))
        check_flows(found, diagram, process)
        check_elements(found, process)
        check_compensation(found, process)
        check_events(found, diagram, process)
        check_expressions(found, process, places, self.expressions, package.manifest.settings)
        known = self.known.get(process.id)
        check_choices(found, process, self.expressions)
        check_references(found, package, process, self.decisions, known, self.expressions)
        if known is not None:
            check_names(found, places, known, self.keys, self.expressions)
        if self.operations is not None:
            check_operations(found, package, process, self.operations, self.expressions)
        check_listeners(found, process, self.operations, self.expressions)
        check_bindings(found, package, process)
        check_soundness(found, process, self.expressions)
        check_calls(found, process, self.endless)
        if self.surroundings is not None and process.executable:
            check_thrown(found, process, self.surroundings, self.expressions)
        if self.now is not None:
            check_dates(found, process, self.now, self.expressions)
        check_layout(found, diagram, process)


def _checked(diagram: Diagram) -> list[Process]:
    """The processes that run, or where none does, all of them: as documentation."""
    return [process for process in diagram.processes if process.executable] or diagram.processes

"""What a new version of a package changes under instances that run on an older one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amends.engine.definitions.findings import called
from amends.engine.definitions.model import Element, EventDefinition, Process
from amends.engine.definitions.package import Package
from amends.engine.definitions.problems import WARNING, Problem, in_order

HELP = "They go on with their own version. To move them, migrate them, and say where each is to stand."


@dataclass(frozen=True, slots=True)
class Standing:
    """How many running instances of a version (its `number` and `package`) stand at each element, by element id."""

    number: int
    package: Package
    at: Mapping[str, int]


def differences(new: Package, standing: list[Standing]) -> list[Problem]:
    """A warning for each element at which instances stand and that the new version lacks, or has as something else."""
    after = {element.id: (process, element) for process in new.processes.values() for element in process.all_elements()}
    found: list[Problem] = []
    for version in standing:
        before = {element.id: (process, element) for process in version.package.processes.values() for element in process.all_elements()}
        for stood, count in sorted(version.at.items()):
            element_id = stood if stood in before else stood.partition(":")[0]  # a listener stands for its activity
            if element_id in before:
                found += _at(new, version, before[element_id], after.get(element_id), count)
    return in_order(found)


def _at(
    new: Package, version: Standing, before: tuple[Process, Element], after: tuple[Process, Element] | None, count: int
) -> Iterator[Problem]:
    process, element = before
    who = f"{count} running instance{'s' if count > 1 else ''} of version {version.number} {'stand' if count > 1 else 'stands'}"
    where = f"{who} at {called(element)[0].lower()}{called(element)[1:]}"
    if after is None or after[0].id != process.id:
        gone = "the process is not there any more" if new.process(process.id) is None else "which is not there any more"
        yield _problem(new, process, element.id, None, f"{where}, {gone if gone.startswith('which') else f'and {gone}'}.")
        return
    for change in _changes(process, element, *after):
        yield _problem(new, process, element.id, after[1].line, f"{where}, {change}.")


def _problem(new: Package, process: Process, element_id: str, line: int | None, message: str) -> Problem:
    diagram = new.diagram_of(process.id)
    if line is None and diagram is not None:
        there = new.process(process.id)
        line = None if there is None else there.line
    return Problem("" if diagram is None else diagram.file, element_id, line, "running-instances", WARNING, message, HELP)


def _changes(old_process: Process, old: Element, new_process: Process, new: Element) -> Iterator[str]:
    if old.type != new.type:
        yield f"which is a {new.type} now"
        return
    if _around(old_process, old) != _around(new_process, new):
        yield "which lies in another subprocess now"
    if (old.loop and old.loop.kind) != (new.loop and new.loop.kind):
        yield "which runs another number of times now"
    if old.attached_to != new.attached_to:
        yield "which is attached to another activity now"
    if (change := _event(old.event, new.event)) is not None:
        yield change


def _event(old: EventDefinition | None, new: EventDefinition | None) -> str | None:
    if old is None or new is None:
        return None
    if old.kind != new.kind:
        return f"which waits for a {new.kind} instead of a {old.kind} now"
    if old.ref_name != new.ref_name or old.correlation_key != new.correlation_key:
        return f"which waits for {new.ref_name or 'nothing'!r} by {new.correlation_key or 'no key'} now"
    return None


def _around(process: Process, element: Element) -> tuple[str, ...]:
    """The subprocesses around an element, outermost first."""
    homes = {each.id: each for each in process.all_elements()}
    found: list[str] = []
    at = element.scope_id
    while at in homes:
        found.append(at)
        at = homes[at].scope_id
    return tuple(reversed(found))

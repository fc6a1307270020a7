"""How `amends test` says what it did: results, and a table of what the scenarios have run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from amends.engine.decisions.table_tests import TableTestResult
from amends.engine.definitions import Package
from amends.engine.scenarios import Coverage, Report, Result, draw

_PASSED, _FAILED = ("passed", "green"), ("FAILED", "red")


def _mark(passed: bool) -> str:
    word, colour = _PASSED if passed else _FAILED
    return click.style(word, fg=colour)


def table_test(result: TableTestResult) -> str:
    """One example of a decision table, in a line."""
    return f"{_mark(result.passed)} {result.file}:{result.line} {result.decision} {result.name} {result.message}".rstrip()


def scenario(result: Result) -> str:
    """One scenario: a line, and where it failed all that helps to see why."""
    head = f"{_mark(result.passed)} {result.file}:{result.line} {result.name}".rstrip()
    if result.failure is None:
        return head
    return "\n".join([head, *(f"    {line}" for line in str(result.failure).splitlines())])


def coverage(found: Coverage, missed: bool = True) -> Iterator[str]:
    """A line a process: elements and flows run, the share of both; below it, with `missed`, what was never run."""
    width = max([len("process"), *(len(process.id) for process in found.processes)])
    yield f"{'process':<{width}}  {'elements':>11}  {'flows':>11}  {'run':>5}"
    for process in found.processes:
        (elements, of_elements), (flows, of_flows) = process.count(False), process.count(True)
        share = _share(elements + flows, of_elements + of_flows)
        line = f"{process.id:<{width}}  {f'{elements} of {of_elements}':>11}  {f'{flows} of {of_flows}':>11}  {share:>5}"
        yield click.style(line, fg="yellow") if process.missed else line
        for part in process.missed if missed else ():
            what = "flow" if part.is_flow else part.kind
            name = f" “{' '.join(part.name.split())}”" if part.name else ""
            yield f"    never run: {process.file}:{part.line} {what} {part.id}{name}"
    yield f"{'all':<{width}}  {'':>11}  {'':>11}  {_percent(found.percent):>5}"


def _share(run: int, total: int) -> str:
    return _percent(100 * run / total if total else 100.0)


def _percent(value: float) -> str:
    """Rounded down: 100 % is said only where nothing is missing."""
    return f"{int(value)} %"


def write_pictures(package: Package, report: Report, folder: Path) -> list[Path]:
    """Write each diagram with what was run as SVG into a folder; the files written."""
    written = []
    for diagram in package.diagrams:
        if any(process.executable for process in diagram.processes):
            path = folder / Path(diagram.file).with_suffix(".svg")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(draw(diagram, report.runs, package.files[diagram.file]), encoding="utf-8")
            written.append(path)
    return written


def as_json(tables: list[TableTestResult], report: Report | None, found: Coverage | None) -> dict[str, Any]:
    """All of it as plain values."""
    return {
        "table_tests": [asdict(result) for result in tables],
        "scenarios": [] if report is None else [{**asdict(result), "passed": result.passed} for result in report.results],
        "coverage": None if found is None else {"percent": found.percent, "processes": [asdict(process) for process in found.processes]},
    }

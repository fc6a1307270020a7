"""How `amends check` says what it found: for people, for programs (JSON), and for code scanning (SARIF 2.1.0)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from amends import __version__
from amends.engine.definitions import Problem, read_package
from amends.engine.definitions.model import Element, Flow
from amends.engine.definitions.problems import CODES

COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
"""What SARIF calls our severities."""
MOST_OF_A_NAME = 32
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem, and the path on the command line under which it was found."""

    path: Path
    problem: Problem

    @property
    def file(self) -> str:
        """The file, as seen from where the command was called."""
        folder = self.path if self.path.is_dir() else self.path.parent
        return self.path.as_posix() if self.problem.code == "unreadable" else (folder / self.problem.file).as_posix()


@dataclass(frozen=True, slots=True)
class Place:
    """An element or flow, its process, all flows of that by id, and what people call its elements."""

    process_id: str
    part: Element | Flow
    flows: Mapping[str, Flow]
    labels: Mapping[str, str]


def rule_help(code: str, file: str) -> str:
    """The page and section that explain a code, from the top of the documentation's repository."""
    if code in CODES:
        return f"docs/check.md#{code}"
    return "docs/forms.md" if file.endswith(".form") else "docs/decisions.md" if file.endswith(".dmn") else "docs/check.md"


# -- for people
def told(findings: Sequence[Finding], checked: int) -> Iterator[str]:
    """The findings by file and element, each element with what stands before and after it, and a last line that sums up."""
    parts = {path: _parts(path) for path in dict.fromkeys(finding.path for finding in findings)}
    for file, of_file in groupby(sorted(findings, key=lambda finding: finding.file), lambda finding: finding.file):
        yield click.style(file, bold=True)
        by_element: dict[str, list[Finding]] = {}
        for finding in of_file:
            by_element.setdefault(finding.problem.element_id, []).append(finding)
        for element_id, of_element in by_element.items():
            first = of_element[0]
            yield from _where(first.problem, parts[first.path].get((first.problem.file, element_id)))
            for finding in of_element:
                yield from _said(finding.problem)
        yield ""
    yield summary(findings, checked)


def summary(findings: Sequence[Finding], checked: int) -> str:
    """How many errors, warnings and remarks there are, in how many files."""
    if not findings:
        return click.style(f"No problem found in {_many(checked, 'path')}.", fg="green")
    counts = [(severity, sum(finding.problem.severity == severity for finding in findings)) for severity in LEVELS]
    words = {"error": "error", "warning": "warning", "info": "remark"}
    listed = ", ".join(click.style(_many(count, words[severity]), fg=COLOURS[severity]) for severity, count in counts if count)
    return f"{listed} in {_many(len({finding.file for finding in findings}), 'file')}."


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _said(problem: Problem) -> Iterator[str]:
    line = "" if problem.line is None else f"line {problem.line}: "
    yield f"    {click.style(f'{problem.severity:<8}', fg=COLOURS.get(problem.severity))} {line}{problem.message}"
    if problem.help:
        yield f"             {problem.help}"
    yield click.style(f"             {rule_help(problem.code, problem.file)} [{problem.code}]", dim=True)


def _where(problem: Problem, place: Place | None) -> Iterator[str]:
    if not problem.element_id:
        return
    if place is None:
        yield f"  {problem.element_id}"
        return
    found = place.part
    kind = _words(found.type) if isinstance(found, Element) else "flow"
    name = f" “{' '.join(found.name.split())}”" if found.name else ""
    yield f"  {click.style(found.id, bold=True)} ({kind}{name}, process {place.process_id})"
    yield f"    {_picture(place)}"


def _words(kind: str) -> str:
    return "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in kind)


def _picture(place: Place) -> str:
    """What leads to an element and what it leads to, in one line: `Assess → [Investigate] → Result?`."""
    part, flows = place.part, place.flows

    def label(name: str) -> str:
        return place.labels.get(name) or name or "?"

    if isinstance(part, Flow):
        return f"{label(part.source)} →[{_short(part.name) or part.id}]→ {label(part.target)}"
    before = _few([label(flows[name].source) for name in part.incoming if name in flows])
    after = _few([label(flows[name].target) for name in part.outgoing if name in flows])
    attached = f" (on {label(part.attached_to)})" if part.attached_to else ""
    return f"{before + ' → ' if before else ''}[{label(part.id)}]{attached}{' → ' + after if after else ''}"


def _short(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= MOST_OF_A_NAME else name[: MOST_OF_A_NAME - 1] + "…"


def _few(names: list[str]) -> str:
    return " | ".join(names[:3]) + (f" | … {len(names) - 3} more" if len(names) > 3 else "")


def _parts(path: Path) -> dict[tuple[str, str], Place]:
    """Every element and flow of a package by file and id."""
    try:
        package = read_package(path)
    except OSError:
        return {}
    found: dict[tuple[str, str], Place] = {}
    for diagram in package.diagrams:
        for process in diagram.processes:
            flows = {flow.id: flow for flow in process.all_flows()}
            labels = {element.id: _short(element.name) for element in process.all_elements()}
            parts: list[Element | Flow] = [*process.all_elements(), *flows.values()]
            found.update({(diagram.file, part.id): Place(process.id, part, flows, labels) for part in parts})
    return found


# -- for programs
def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The findings as plain values; `path` is the one on the command line, `file` is relative to it, `element_name` as drawn."""
    names = _names(findings)
    return [
        {**finding.problem.to_plain(), "element_name": name, "path": finding.path.as_posix()}
        for finding, name in zip(findings, names, strict=True)
    ]


def _names(findings: Sequence[Finding]) -> list[str]:
    """The name of the element of each finding, empty where it has none."""
    parts = {path: _parts(path) for path in dict.fromkeys(finding.path for finding in findings)}
    places = (parts[finding.path].get((finding.problem.file, finding.problem.element_id)) for finding in findings)
    return ["" if place is None else " ".join(place.part.name.split()) for place in places]


def as_sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as a SARIF 2.1.0 log (OASIS), which code hosts and editors show beside the files."""
    codes = {finding.problem.code: finding.problem for finding in findings}
    rules = [
        {
            "id": code,
            "shortDescription": {"text": _sentence(CODES.get(code, code.replace("-", " ")))},
            "help": {"text": f"See {rule_help(code, problem.file)}."},
        }
        for code, problem in sorted(codes.items())
    ]
    order = [rule["id"] for rule in rules]
    driver = {"name": "amends check", "semanticVersion": __version__, "rules": rules}
    numbers = {code: number for number, code in enumerate(order)}
    results = [_result(finding, numbers[finding.problem.code], name) for finding, name in zip(findings, _names(findings), strict=True)]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding, index: int, name: str) -> dict[str, Any]:
    problem = finding.problem
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": _uri(finding.file)}}}
    if problem.line:
        place["physicalLocation"]["region"] = {"startLine": problem.line}
    if problem.element_id:
        place["logicalLocations"] = [{"name": name or problem.element_id, "fullyQualifiedName": problem.element_id, "kind": "element"}]
    return {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": LEVELS.get(problem.severity, "warning"),
        "message": {"text": f"{problem.message} {problem.help}".strip()},
        "locations": [place],
        "partialFingerprints": {"amends/v1": f"{problem.code}:{problem.file}:{problem.element_id}"},
    }


def _uri(file: str) -> str:
    return Path(file).as_uri() if Path(file).is_absolute() else quote(file)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."

"""Examples that lie beside a model, run against it: each says what comes in and what must come out.

Beside `escalation.dmn` that is `escalation.tests.csv`, `escalation.tests.yaml` or `escalation.tests.json`, or any
`escalation.….tests.csv`. docs/decisions.md describes the forms.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from os import PathLike
from pathlib import Path
from typing import Any

from amends.engine.decisions.loading import read_bytes
from amends.engine.decisions.model import Model, load
from amends.engine.decisions.values import from_python, read_temporal, same
from amends.engine.decisions.xml import DecisionError
from amends.engine.decisions.yaml_data import read_yaml
from amends.engine.errors import AmendsError
from amends.engine.feel import FeelError, to_plain

_ENDINGS = (".tests.csv", ".tests.json", ".tests.yaml", ".tests.yml")
_TEMPORAL = frozenset({"date", "time", "date and time", "days and time duration", "years and months duration"})


@dataclass(frozen=True)
class TableTest:
    """One example: `expected` is the whole value, or with `parts` a context of the outputs it names; `rules` are rule numbers from 1."""

    file: str
    line: int
    name: str
    decision: str
    inputs: dict[str, Any]
    expected: Any
    parts: bool = False
    rules: tuple[int, ...] | None = None


@dataclass(frozen=True)
class TableTestResult:
    """What became of one example; `message` is empty when it passed, else says what came out instead. Values are plain (JSON's)."""

    file: str
    line: int
    name: str
    decision: str
    passed: bool
    message: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    expected: Any = None
    actual: Any = None
    rules: tuple[int, ...] = ()


def run_table_tests(path: str | PathLike[str]) -> list[TableTestResult]:
    """Run the examples beside a `.dmn` file, or beside every one under a folder, in the order of their files and lines.

    A test file that cannot be read is one failed result. Raises DecisionError when the model cannot be read, or nothing is there.
    """
    start = Path(path)
    if not start.exists():
        raise DecisionError(f"{start} is not there. Name a .dmn file or a folder that holds some.")
    results: list[TableTestResult] = []
    for model_path in sorted(start.rglob("*.dmn")) if start.is_dir() else [start]:
        files = test_files(model_path)
        if files:
            model = load(model_path)
            for file in files:
                results.extend(_run_file(model, file))
    return results


def test_files(model: Path) -> list[Path]:
    """The test files of a model: `<model>.tests.csv`, `<model>.tests.yaml`, `<model>.<anything>.tests.csv` and so on."""
    stem = model.name.removesuffix(".dmn")
    return sorted(path for path in model.parent.iterdir() if path.name.startswith(stem + ".") and path.name.endswith(_ENDINGS))


def _run_file(model: Model, file: Path) -> Iterator[TableTestResult]:
    try:
        text = read_bytes(file).decode("utf-8-sig")
        if file.suffix == ".csv":
            tests = list(_read_csv(model, file.name, text))
        else:
            content = json.loads(text, parse_float=Decimal) if file.suffix == ".json" else read_yaml(text)
            tests = list(_read_data(model, file.name, content))
    except (UnicodeDecodeError, csv.Error, json.JSONDecodeError, AmendsError) as error:
        yield TableTestResult(file.name, 0, "", "", False, f"{file.name} cannot be read: {error}")
        return
    for test in tests:
        yield run_test(model, test)


def run_test(model: Model, test: TableTest) -> TableTestResult:
    """Run one example."""
    try:
        explained = model.explain(test.decision, model.read_inputs(test.decision, test.inputs))
    except FeelError as error:
        return TableTestResult(test.file, test.line, test.name, test.decision, False, str(error), test.inputs, test.expected)
    except AmendsError as error:
        return TableTestResult(test.file, test.line, test.name, test.decision, False, str(error), test.inputs, test.expected)
    rules = tuple(rule.index for rule in explained.matched if rule.decision == _name(model, test.decision))
    message = _difference(test, explained.value)
    if not message and test.rules is not None and test.rules != rules:
        message = f"Rules {_listed(test.rules)} were expected to match, rules {_listed(rules)} did."
    if message and explained.warnings:
        message += " " + " ".join(f"({warning.message})" for warning in explained.warnings[:3])
    return TableTestResult(
        test.file, test.line, test.name, test.decision, not message, message, test.inputs, test.expected, to_plain(explained.value), rules
    )


def _name(model: Model, decision: str) -> str:
    return next((info.name for info in model.decisions if decision in (info.id, info.name)), decision)


def _listed(rules: tuple[int, ...]) -> str:
    return ", ".join(map(str, rules)) or "none"


def _difference(test: TableTest, actual: Any) -> str:
    if not test.parts:
        return "" if _matches(actual, test.expected) else f"{_plain(test.expected)} was expected, {_plain(actual)} came out."
    if not isinstance(actual, Mapping):
        return f"A context with {', '.join(test.expected)} was expected, {_plain(actual)} came out."
    wrong = [name for name, value in test.expected.items() if not _matches(actual.get(name), value)]
    return " ".join(f"{name}: {_plain(test.expected[name])} was expected, {_plain(actual.get(name))} came out." for name in wrong)


def _plain(value: Any) -> str:
    return json.dumps(to_plain(from_python(value)), ensure_ascii=False)


def _matches(actual: Any, expected: Any) -> bool:
    """Whether a value is the expected one, where a text may stand for a date, time or duration."""
    if isinstance(expected, dict):
        return isinstance(actual, Mapping) and actual.keys() == expected.keys() and all(_matches(actual[k], expected[k]) for k in expected)
    if isinstance(expected, list):
        return isinstance(actual, list) and len(actual) == len(expected) and all(map(_matches, actual, expected))
    if isinstance(expected, str) and not isinstance(actual, str):
        expected = read_temporal(expected, actual)
    return same(actual, from_python(expected))


def _only_decision(model: Model, file: str) -> str:
    names = [info.name for info in model.decisions]
    if len(names) != 1:
        raise DecisionError(f"{file} does not say which decision it tests. The model has: {', '.join(names)}. Name it in «decision».")
    return names[0]


def _read_data(model: Model, file: str, content: Any) -> Iterator[TableTest]:
    """JSON or YAML: a list of tests, or an object with `decision` and `tests`."""
    default = ""
    if isinstance(content, dict):
        default, content = str(content.get("decision", "")), content.get("tests", [])
    if not isinstance(content, list) or not all(isinstance(test, dict) for test in content):
        raise DecisionError(f"{file} should hold a list of tests, or an object with «tests». See the documentation of table tests.")
    for number, test in enumerate(content, 1):
        if "expected" not in test:
            raise DecisionError(f"Test {number} of {file} has no «expected».")
        rules = test.get("rules")
        yield TableTest(
            file,
            number,
            str(test.get("name", number)),
            str(test.get("decision", default)) or _only_decision(model, file),
            dict(test.get("inputs", {})),
            test["expected"],
            rules=None if rules is None else tuple(int(rule) for rule in rules),
        )


def _read_csv(model: Model, file: str, text: str) -> Iterator[TableTest]:
    """One test a line; the header names inputs, `expected` or `expected.<output>`, and `test`, `decision`, `rules` if wanted."""
    reader = csv.DictReader(
        io.StringIO(text), strict=True, delimiter=";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    )
    header = [name.strip() for name in reader.fieldnames or []]
    if not any(name == "expected" or name.startswith("expected.") for name in header):
        raise DecisionError(f"{file} has no column «expected» or «expected.<output>».")
    reader.fieldnames = header
    for row in reader:
        if not any((value or "").strip() for value in row.values() if not isinstance(value, list)):
            continue
        yield _csv_test(model, file, reader.line_num, row)


def _csv_test(model: Model, file: str, line: int, row: dict[str, str]) -> TableTest:
    decision = (row.get("decision") or "").strip() or _only_decision(model, file)
    kinds = model.input_kinds(decision)
    inputs: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for name, cell in row.items():
        if name is None or name in ("decision", "test", "rules", "expected"):
            continue
        if name.startswith("expected."):
            parts[name[len("expected.") :]] = plain_cell(cell, "")
        elif (cell or "").strip():
            inputs[name] = plain_cell(cell, kinds.get(name, ""))
    rules = (row.get("rules") or "").replace(";", " ").replace(",", " ").split()
    expected = parts or plain_cell(row.get("expected", ""), "")
    return TableTest(
        file,
        line,
        (row.get("test") or "").strip() or f"line {line}",
        decision,
        inputs,
        expected,
        bool(parts),
        tuple(int(rule) for rule in rules if rule.isdigit()) if "rules" in row and rules else None,
    )


def plain_cell(cell: str | None, kind: str) -> Any:
    """What a cell of a CSV file stands for: by the declared type of the input, else by its look.

    Empty and `null` are null; `true` and `false` booleans; a number a number; what begins with [ { or " is JSON; all else is text.
    """
    text = (cell or "").strip()
    if text in ("", "null"):
        return None
    if text[0] in '[{"':
        try:
            return json.loads(text, parse_float=Decimal)
        except json.JSONDecodeError:
            return text
    if kind == "string" or kind in _TEMPORAL:
        return text
    if text in ("true", "false"):
        return text == "true"
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text
